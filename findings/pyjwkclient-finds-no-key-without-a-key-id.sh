#!/usr/bin/env bash
# Guess: `kid` is optional in a JWK and in a token. A JWK Set with one key and a token that name none fit together, so PyJWT's client
#   for JWK Sets finds the key, as a verifier does that is handed the set.
# What happens: PyJWKClient passes over every key without `kid`, and says that the endpoint "did not contain any signing keys", though
#   PyJWKSet has read the key and jwt.decode accepts it. With a `kid` in the key and none in the token it says that no key matches: "None".
# Version: PyJWT 2.15.1, cryptography 48.0.0.
# Source: RFC 7517 section 4.5 and RFC 7515 section 4.1.4 (both: "Use of this ... is OPTIONAL"); https://pyjwt.readthedocs.io/en/stable/api.html
# Exits 1 if that changes. Needs python3 with venv, and network access; installs nothing outside of its folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyjwt==2.15.1 cryptography==48.0.0

"$folder/venv/bin/python" - << 'PYTHON'
import http.server
import json
import sys
import threading

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from importlib.metadata import version

print("PyJWT", version("pyjwt"))
key = generate_private_key(SECP256R1())
public = jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
token = jwt.encode({"sub": "ada"}, key, algorithm="ES256")
served = {}


class Endpoint(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps(served[self.path]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Endpoint)
threading.Thread(target=server.serve_forever, daemon=True).start()


def found(path, members):
    served[path] = {"keys": [public | members]}
    # Handed the same set, it decodes.
    assert jwt.decode(token, jwt.PyJWKSet.from_dict(served[path]).keys[0], algorithms=["ES256"])["sub"] == "ada"
    try:
        jwt.PyJWKClient(f"http://127.0.0.1:{server.server_port}{path}").get_signing_key_from_jwt(token)
        return "found"
    except jwt.PyJWTError as error:
        return f"{type(error).__name__}: {error}"


neither, only_the_key = found("/neither", {}), found("/key", {"kid": "k"})
print("no kid anywhere:", neither)
print("a kid in the key only:", only_the_key)
sys.exit(0 if "did not contain any signing keys" in neither and "None" in only_the_key else 1)
PYTHON
