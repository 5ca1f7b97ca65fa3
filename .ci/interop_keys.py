"""Keys between this library and others: theirs are read here as JWKs, ours are published, and tokens verified with them.

PyJWT's PyJWKClient and npm's jose fetch the JWK Set over HTTP, as applications do. joserfc reads its text. ML-DSA, which the
Python libraries do not have yet, is verified by jose and by `cryptography` itself.
"""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEYS = ROOT / "crates/actix-jwt-extended/tests/data/keys"
RSA = "RS256 RS384 RS512 PS256 PS384 PS512".split()
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ED = ["EdDSA", "Ed25519"]
ML_DSA = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"]
# RFC 9864's name, which PyJWT does not know: it passes over the key.
NOT_PYJWT = ["Ed25519", *ML_DSA]
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}


def check(ours, folder):
    """What does not agree."""
    failures, keys, tokens = [], [], {}
    for algorithm in [*RSA, *CURVES, *ED, *ML_DSA]:
        private, public = make(algorithm)
        settings = {"JWT_ALGORITHM": algorithm, "JWT_PRIVATE_KEY": json.dumps(private)}
        published = json.loads(ours.jwks(settings))["keys"]
        expected = {**public, "kid": private["kid"], "alg": algorithm, "use": "sig"}
        if published != [expected]:
            failures.append(f"{algorithm}: published as {published}, not {expected}")
        if any(key.keys() & PRIVATE for key in published):
            failures.append(f"{algorithm}: private members are published")
        keys += published
        tokens[algorithm] = ours.issue(settings, algorithm)
    failures += thumbprints()
    failures += joserfc(keys, tokens)
    failures += cryptography(keys, tokens)
    # All in one set: what a verifier does not know, it must pass over.
    with Served(json.dumps({"keys": keys})) as url:
        failures += pyjwt(url, tokens)
        failures += jose(url, tokens, folder)
    print(f"{len(keys)} keys of others read here, published, and their tokens verified elsewhere")
    return failures


def make(algorithm):
    """A private JWK with its thumbprint as `kid`, and the public members."""
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if algorithm in ML_DSA:
        return make_ml_dsa(algorithm)
    if algorithm in CURVES:
        key = ECKey.generate_key(CURVES[algorithm])
    else:
        key = OKPKey.generate_key("Ed25519") if algorithm in ED else RSAKey.generate_key(2048)
    public = {name: value for name, value in key.as_dict(private=False).items() if name != "kid"}
    return {**key.as_dict(private=True), "kid": key.thumbprint()}, public


def make_ml_dsa(algorithm):
    from cryptography.hazmat.primitives.asymmetric import mldsa

    key = getattr(mldsa, f"MLDSA{algorithm[-2:]}PrivateKey").generate()
    pub, seed = text(key.public_key().public_bytes_raw()), text(key.private_bytes_raw())
    public = {"kty": "AKP", "alg": algorithm, "pub": pub}
    # RFC 9964 §6.
    digest = hashlib.sha256(json.dumps(public, sort_keys=True, separators=(",", ":")).encode()).digest()
    return {**public, "priv": seed, "kid": text(digest)}, public


def text(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def octets(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprints():
    """Those that `cargo test` compares ours with are joserfc's."""
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kinds, seen = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}, 0
    for line in (KEYS / "thumbprints.tsv").read_text().splitlines():
        file, thumbprint = line.split("\t")[:2]
        if not file.endswith(".json"):
            continue
        jwk = json.loads((KEYS / file).read_text())
        if jwk.get("kty") not in kinds:
            continue
        seen += 1
        if (theirs := kinds[jwk["kty"]].import_key(jwk).thumbprint()) != thumbprint:
            yield f"{file}: the thumbprint is {theirs}, not {thumbprint}"
    if not seen:
        yield "no thumbprint was compared"


def joserfc(keys, tokens):
    from joserfc import jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set({"keys": [key for key in keys if key["kty"] != "AKP"]})
    for algorithm, token in tokens.items():
        if algorithm not in ML_DSA:
            found = jwt.decode(token, keys, algorithms=[algorithm])
            if found.claims["sub"] != algorithm:
                yield f"joserfc reads {found.claims} in a token of {algorithm}"


def cryptography(keys, tokens):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import mldsa

    for key in keys:
        if key["alg"] not in ML_DSA:
            continue
        kind = getattr(mldsa, f"MLDSA{key['alg'][-2:]}PublicKey")
        message, _, signature = tokens[key["alg"]].rpartition(".")
        try:
            kind.from_public_bytes(octets(key["pub"])).verify(octets(signature), message.encode())
        except InvalidSignature:
            yield f"{key['alg']}: cryptography does not verify the token"


def pyjwt(url, tokens):
    import jwt

    client = jwt.PyJWKClient(url)
    for algorithm, token in tokens.items():
        if algorithm not in NOT_PYJWT:
            key = client.get_signing_key_from_jwt(token)
            claims = jwt.decode(token, key, algorithms=[algorithm])
            if claims["sub"] != algorithm:
                yield f"PyJWT reads {claims} in a token of {algorithm}"


def jose(url, tokens, folder):
    """With Node 24, whose crypto library has ML-DSA; the npm package `node` is Node itself."""
    if not shutil.which("npm") and os.environ.get("CI"):
        install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm > /dev/null"
        subprocess.run(install, shell=True, check=True)
    packages = ["jose@6", "node@24"]
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--prefix", folder, *packages]
    if not shutil.which("npm") or subprocess.run(install).returncode != 0:
        reason = f"{' and '.join(packages)} cannot be installed with npm"
        if os.environ.get("CI"):
            return [reason]
        print(f"skipped: {reason}")
        return []
    script = folder / "interop_keys.mjs"
    shutil.copy(ROOT / ".ci" / script.name, script)
    node = [folder / "node_modules/.bin/node", "--no-warnings", script, url]
    done = subprocess.run(node, input=json.dumps(tokens), capture_output=True, text=True)
    return [f"jose: {line}" for line in (done.stdout + done.stderr).splitlines()]


class Served:
    """A JWK Set on a port of its own."""

    def __init__(self, jwks):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.end_headers()
                self.wfile.write(jwks.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/.well-known/jwks.json"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
