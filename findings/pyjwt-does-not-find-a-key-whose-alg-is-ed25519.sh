#!/usr/bin/env bash
# Guess: two maintained Python libraries that both verify Ed25519 signatures read each other's keys and tokens. The one that follows
#   the newest RFC writes what the other reads, since both accept the key itself.
# What happens: RFC 9864 gave EdDSA with an Ed25519 key the name "Ed25519" and deprecated "EdDSA". joserfc warns of "EdDSA" and writes
#   "Ed25519" without a word. PyJWT knows "EdDSA" only. A key that says "alg": "Ed25519" is dropped while its JWK Set is read, so that
#   a set with this key alone is an error that asks whether 'cryptography' is installed, which it is. The same key without "alg" is
#   read, and the token is refused for its header.
# Version: PyJWT 2.15.1, joserfc 1.8.0, cryptography 48.0.0.
# Source: RFC 9864 sections 2.2 and 4.1.2; https://pyjwt.readthedocs.io/en/stable/algorithms.html
# Exits 1 if that changes. Needs python3 with venv, and network access; installs nothing outside of its folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyjwt==2.15.1 joserfc==1.8.0 cryptography==48.0.0

"$folder/venv/bin/python" - << 'PYTHON'
import json
import sys
import warnings

import jwt
from importlib.metadata import version
from joserfc import jwt as jose
from joserfc.jwk import OKPKey

print("PyJWT", version("pyjwt"), "and joserfc", version("joserfc"))
key = OKPKey.generate_key("Ed25519", {"kid": "k"})


def theirs(alg):
    """What PyJWT makes of joserfc's token and of the key it publishes."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        token = jose.encode({"alg": alg, "kid": "k"}, {"sub": "ada"}, key, algorithms=[alg])
    outcomes = []
    for says_alg in (True, False):
        public = key.as_dict(private=False) | ({"alg": alg} if says_alg else {})
        try:
            found = jwt.PyJWKSet.from_dict({"keys": [public]})["k"]
            jwt.decode(token, found, algorithms=["EdDSA", "Ed25519"])
            outcomes.append("accepted")
        except (jwt.PyJWTError, KeyError) as error:
            outcomes.append(f"{type(error).__name__}: {error}")
    return [str(w.message) for w in warned], outcomes


seen = {alg: theirs(alg) for alg in ("EdDSA", "Ed25519")}
for alg, (warned, (with_alg, without_alg)) in seen.items():
    print(f"{alg}: joserfc warns {warned}; PyJWT: key with alg: {with_alg}; key without alg: {without_alg}")
as_expected = (
    seen["EdDSA"][1] == ["accepted", "accepted"]
    and seen["EdDSA"][0] != []
    and "accepted" not in seen["Ed25519"][1]
)
sys.exit(0 if as_expected else 1)
PYTHON
