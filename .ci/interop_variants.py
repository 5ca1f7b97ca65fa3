"""Tokens that are odd in one way each, and what both sides must say to them."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass

ACCEPTED = "accepted"
BAD_SIGNATURE = "Signature verification failed"
NOT_ALLOWED = "The specified alg value is not allowed"
EXPIRED = "Token has expired"
HEADER = "Invalid header string: …"
PAYLOAD = "Invalid payload string: …"
NO_OBJECT = "Invalid payload string: must be a json object"
DUPLICATE = "Invalid payload string: duplicate member name"
PADDING = "Invalid crypto padding"
EXP = "Expiration Time claim (exp) must be an integer."
NBF = "Not Before claim (nbf) must be an integer."
IAT = "Issued At claim (iat) must be an integer."
RANGE = "Expiration Time claim (exp) must be in seconds since 1970; it is out of range"
MILLISECONDS = "Expiration Time claim (exp) must be in seconds since 1970; it looks like milliseconds"
ENCRYPTED = "The token is encrypted (JWE), which is not supported"

# Why we differ on purpose.
DATE = "a NumericDate is a number within the calendar (RFC 7519 §2)"
NO_JSON = "a claims set is JSON in UTF-8 (RFC 7519 §7.2), without NaN, overflow or half characters"
ONE_SPELLING = "one token has one spelling and one meaning (RFC 7515 §2, RFC 8725 §2.4)"
TYPES = "a type confusion must not pass"
SIGNATURE_FIRST = "no claim is looked at before the signature"
ALGORITHM_FIRST = "nothing is decoded for an algorithm that is not allowed"
THREE_SEGMENTS = "segments are counted before any is decoded"
B64 = "unencoded payloads (RFC 7797) do not exist here, so it is an extension like any other"
NOBODY = "null names nobody, and nobody is not somebody called null"
OPTIONAL = "sub is optional (RFC 7519 §4.1.2); routes refuse such a token, as theirs do, but it can be decoded"
TYPES_FIRST = "the types of all claims are judged before any of their values"
NO_5XX = "bad input is never a 5xx"
SIZE = "length and depth are bounded"


@dataclass
class Variant:
    name: str
    settings: dict
    token: str
    ours: str
    theirs: str
    why: str = ""


def b64(data):
    data = data if isinstance(data, bytes) else data.encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(segment):
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def text(value):
    """JSON of a dict; anything else is sent as it is."""
    return json.dumps(value) if isinstance(value, dict) else value


def signed(settings, payload, header=None, algorithm="HS256"):
    """A token with a genuine signature, whatever it says."""
    message = f"{b64(text({'alg': 'HS256', 'typ': 'JWT'} if header is None else header))}.{b64(text(payload))}"
    return f"{message}.{b64(mac(settings['JWT_SECRET_KEY'], message, algorithm))}"


def mac(secret, message, algorithm="HS256"):
    return hmac.new(secret.encode(), message.encode(), getattr(hashlib, f"sha{algorithm[2:]}")).digest()


def pair_signed(settings, payload, algorithm, named=None, der=False):
    """A token signed with a private key; its header may name another algorithm than the real one."""
    from jwt.algorithms import get_default_algorithms
    from jwt.utils import raw_to_der_signature

    signer = get_default_algorithms()[algorithm]
    private = signer.prepare_key(settings["JWT_PRIVATE_KEY"])
    message = f"{b64(text({'alg': named or algorithm}))}.{b64(text(payload))}"
    signature = signer.sign(message.encode(), private)
    return f"{message}.{b64(raw_to_der_signature(signature, private.curve) if der else signature)}"


def variants(keys, now):
    found = []
    plain = keys["HS256"]

    def case(name, token, verdict, differs=None, settings=plain):
        """`differs`: what they say, and why we do not."""
        theirs, why = differs or (verdict, "")
        found.append(Variant(name, settings, token, verdict, theirs, why))

    def claims(name, verdict, differs=None, settings=plain, **members):
        """A good token but for these members; None = null, ... = absent."""
        payload = {"sub": "ada", "exp": now + 600, **members}
        payload = {member: value for member, value in payload.items() if value is not ...}
        case(name, signed(settings, payload), verdict, differs, settings)

    def raw(name, payload, verdict, differs=None):
        case(name, signed(plain, payload), verdict, differs)

    def header(name, members, verdict, differs=None):
        case(name, signed(plain, good, members), verdict, differs)

    good = {"sub": "ada", "exp": now + 600}
    token = signed(plain, good)
    head, body, signature = token.split(".")
    case("nothing odd", token, ACCEPTED)

    # Times.
    claims("exp long past", EXPIRED, exp=now - 600)
    claims("exp now", EXPIRED, exp=now)
    claims("exp negative", EXPIRED, exp=-1)
    claims("exp with a fraction", ACCEPTED, exp=now + 600.5)
    claims("exp absent", ACCEPTED, exp=...)
    claims("exp null", EXP, exp=None)
    claims("exp a word", EXP, exp="soon")
    claims("exp a list", EXP, exp=[now + 600])
    claims("exp an object", EXP, exp={})
    claims("exp a numeric string", EXP, (ACCEPTED, DATE), exp=str(now + 600))
    claims("exp true", EXP, (EXPIRED, DATE), exp=True)
    claims("exp the last second of 9999", ACCEPTED, exp=253402300799)
    claims("exp a second later", MILLISECONDS, (ACCEPTED, DATE), exp=253402300800)
    claims("exp in milliseconds", MILLISECONDS, (ACCEPTED, DATE), exp=1000 * (now + 600))
    claims("exp 1e300", RANGE, (ACCEPTED, DATE), exp=1e300)
    claims("exp over 64 bits", RANGE, (ACCEPTED, DATE), exp=2**64)
    raw("exp 1e400", '{"sub":"ada","exp":1e400}', "Invalid payload string: number out of range", (EXP, NO_JSON))
    raw("exp NaN", '{"sub":"ada","exp":NaN}', PAYLOAD, (EXP, NO_JSON))
    raw("exp Infinity", '{"sub":"ada","exp":Infinity}', PAYLOAD, (EXP, NO_JSON))
    claims("nbf past", ACCEPTED, nbf=now - 600)
    claims("nbf now", ACCEPTED, nbf=now)
    claims("nbf future", "The token is not yet valid (nbf)", nbf=now + 300)
    claims("nbf null", NBF, nbf=None)
    claims("nbf a word", NBF, nbf="soon")
    claims("nbf a numeric string", NBF, (ACCEPTED, DATE), nbf=str(now))
    claims("nbf with a fraction", ACCEPTED, nbf=now - 0.5)
    claims("nbf true", NBF, (ACCEPTED, DATE), nbf=True)
    claims("iat future", "The token is not yet valid (iat)", iat=now + 300)
    claims("iat null", IAT, iat=None)
    claims("iat a list", IAT, iat=[])
    claims("iat a numeric string", IAT, (ACCEPTED, DATE), iat=str(now))
    claims("iat negative", ACCEPTED, iat=-1)
    lenient = {**plain, "JWT_DECODE_LEEWAY": 1000}
    claims("leeway: exp just out of it", EXPIRED, settings=lenient, exp=now - 1000)
    claims("leeway: exp within", ACCEPTED, settings=lenient, exp=now - 700)
    claims("leeway: nbf just within", ACCEPTED, settings=lenient, nbf=now + 1000)
    claims("leeway: nbf out of it", "The token is not yet valid (nbf)", settings=lenient, nbf=now + 1300)
    claims("leeway: iat just within", ACCEPTED, settings=lenient, iat=now + 1000)
    claims("leeway: iat out of it", "The token is not yet valid (iat)", settings=lenient, iat=now + 1300)

    # Whom it is about.
    claims("sub absent", ACCEPTED, ("Missing claim: sub", OPTIONAL), sub=...)
    claims("sub empty", ACCEPTED, sub="")
    for name, value in {"a number": 7, "null": None, "a list": ["ada"], "true": True}.items():
        claims(f"sub {name}", "Subject must be a string", sub=value)
    loose = {**plain, "JWT_VERIFY_SUB": False}
    claims("JWT_VERIFY_SUB off: sub a number", ACCEPTED, settings=loose, sub=7)
    claims("JWT_VERIFY_SUB off: sub absent", ACCEPTED, ("Missing claim: sub", OPTIONAL), settings=loose, sub=...)
    uid = {**plain, "JWT_IDENTITY_CLAIM": "uid"}
    claims("JWT_IDENTITY_CLAIM: there", ACCEPTED, settings=uid, sub=..., uid="ada")
    claims("JWT_IDENTITY_CLAIM: absent", ACCEPTED, ("Missing claim: uid", OPTIONAL), settings=uid)
    claims("JWT_IDENTITY_CLAIM: sub a number", "Subject must be a string", settings=uid, uid="ada", sub=7)
    claims("JWT_IDENTITY_CLAIM: a number", ACCEPTED, settings=uid, sub=..., uid=7)
    claims("JWT_IDENTITY_CLAIM: null", "Missing claim: uid", (ACCEPTED, NOBODY), settings=uid, sub=..., uid=None)
    claims("JWT_VERIFY_SUB off: sub null", "Missing claim: sub", (ACCEPTED, NOBODY), settings=loose, sub=None)
    for name, value in {"a number": 7, "null": None, "a list": []}.items():
        claims(f"jti {name}", "JWT ID must be a string", jti=value)

    # For whom, and by whom.
    claims("aud, none configured", ACCEPTED, aud="anyone")
    claims("aud a number, none configured", ACCEPTED, aud=7)
    web = {**plain, "JWT_DECODE_AUDIENCE": ["web", "app"]}
    missing = 'Token is missing the "aud" claim'
    claims("aud right", ACCEPTED, settings=web, aud="app")
    claims("aud right, of a list", ACCEPTED, settings=web, aud=["other", "web"])
    claims("aud wrong", "Audience doesn't match", settings=web, aud="other")
    claims("aud wrong, a list", "Audience doesn't match", settings=web, aud=["other", "Web"])
    claims("aud part of a name", "Audience doesn't match", settings={**plain, "JWT_DECODE_AUDIENCE": "web"}, aud="we")
    claims("aud absent", missing, settings=web)
    claims("aud an empty list", missing, settings=web, aud=[])
    claims("aud null", missing, settings=web, aud=None)
    claims("aud empty", missing, settings=web, aud="")
    form = "Invalid claim format in token"
    claims("aud a number", form, settings=web, aud=7)
    claims("aud an object", form, settings=web, aud={"web": 1})
    claims("aud a list with a number", form, settings=web, aud=["web", 7])
    login = {**plain, "JWT_DECODE_ISSUER": "https://login.example"}
    claims("iss, none configured", ACCEPTED, iss=7)
    claims("iss right", ACCEPTED, settings=login, iss="https://login.example")
    claims("iss of several", ACCEPTED, settings={**plain, "JWT_DECODE_ISSUER": ["a", "b"]}, iss="b")
    claims("iss wrong", "Invalid issuer", settings=login, iss="https://login.example/")
    claims("iss absent", 'Token is missing the "iss" claim', settings=login)
    claims("iss null", "Payload Issuer (iss) must be a string", settings=login, iss=None)
    claims("iss a list", "Payload Issuer (iss) must be a string", settings=login, iss=["https://login.example"])

    # Flask-JWT-Extended's own claims.
    claims("type unknown", ACCEPTED, type="other")
    claims("type a number", "type must be a string", (ACCEPTED, TYPES), type=7)
    claims("fresh a number", ACCEPTED, fresh=now)
    claims("fresh a string", "fresh must be true, false or a number", (ACCEPTED, TYPES), fresh="yes")
    claims("csrf a number, not needed", ACCEPTED, csrf=7)

    # The JOSE header.
    none = b64('{"alg":"none","typ":"JWT"}')
    case("alg none, no signature", f"{none}.{body}.", NOT_ALLOWED)
    case("alg none, signature kept", f"{none}.{body}.{signature}", NOT_ALLOWED)
    for name in ("None", "NONE", "hs256", "HS257", ""):
        header(f"alg {name!r}", {"alg": name}, NOT_ALLOWED)
    header("alg absent", {"typ": "JWT"}, "Algorithm not specified")
    header("alg null", {"alg": None}, NOT_ALLOWED)
    header("alg a number", {"alg": 256}, NOT_ALLOWED)
    header("alg a list", {"alg": ["HS256"]}, NOT_ALLOWED)
    case("alg HS512, genuine, not allowed", signed(plain, good, {"alg": "HS512"}, "HS512"), NOT_ALLOWED)
    both = {**plain, "JWT_DECODE_ALGORITHMS": ["HS256", "HS384"]}
    both["JWT_SECRET_KEY"] = keys["HS384"]["JWT_SECRET_KEY"]
    case("alg HS384, genuine, allowed", signed(both, good, {"alg": "HS384"}, "HS384"), ACCEPTED, settings=both)
    case("alg HS384 over a HS256 signature", signed(both, good, {"alg": "HS384"}), BAD_SIGNATURE, settings=both)
    for family in ("RS256", "PS256", "ES256", "EdDSA"):
        public = {"JWT_SECRET_KEY": keys[family]["JWT_PUBLIC_KEY"]}
        forged = signed(public, good)
        case(f"HS256 with {family}'s public key as the secret", forged, NOT_ALLOWED, settings=keys[family])
        mixed = {**keys[family], **plain, "JWT_ALGORITHM": family, "JWT_DECODE_ALGORITHMS": ["HS256"]}
        case(f"the same, HS256 allowed beside {family}", forged, BAD_SIGNATURE, ("status 500", NO_5XX), settings=mixed)
    header("crit unknown", {"alg": "HS256", "crit": ["x"], "x": 1}, "Unsupported critical extension: x")
    header("crit exp", {"alg": "HS256", "crit": ["exp"], "exp": 1}, "Unsupported critical extension: exp")
    header("crit an empty list", {"alg": "HS256", "crit": []}, "Invalid 'crit' header: must be a non-empty list")
    header("crit a string", {"alg": "HS256", "crit": "x"}, "Invalid 'crit' header: must be a non-empty list")
    header("crit a list with a number", {"alg": "HS256", "crit": [7]}, "Invalid 'crit' header: values must be strings")
    header("b64 true", {"alg": "HS256", "b64": True}, ACCEPTED)
    unencoded = ("Payload segment must be empty when 'b64' is false.", B64)
    for crit in ({}, {"crit": ["b64"]}):
        members = {"alg": "HS256", "b64": False, **crit}
        header(f"b64 false, {crit or 'no crit'}", members, "Unsupported critical extension: b64", unencoded)
    header("kid unknown", {"alg": "HS256", "kid": "../../etc/passwd"}, ACCEPTED)
    header("kid a number", {"alg": "HS256", "kid": 7}, "Key ID header parameter must be a string")
    header("kid null", {"alg": "HS256", "kid": None}, "Key ID header parameter must be a string")
    header("typ absent", {"alg": "HS256"}, ACCEPTED)
    header("typ another", {"alg": "HS256", "typ": "at+jwt"}, ACCEPTED)
    header("typ a number", {"alg": "HS256", "typ": 7}, ACCEPTED)
    own_key = {"kty": "oct", "k": b64("attacker")}
    header("jwk and jku", {"alg": "HS256", "jwk": own_key, "jku": "https://evil.example"}, ACCEPTED)
    stranger = {"JWT_SECRET_KEY": "attacker"}
    case("jwk, signed with it", signed(stranger, good, {"alg": "HS256", "jwk": own_key}), BAD_SIGNATURE)
    header("header a list", '["HS256"]', "Invalid header string: must be a json object")
    header("header no JSON", "{alg:HS256}", HEADER)
    header("header empty", "", HEADER)
    twice = (ACCEPTED, ONE_SPELLING)
    header("alg twice", '{"alg":"none","alg":"HS256"}', "Invalid header string: duplicate member name", twice)

    # The compact form.
    case("one segment", "token", "Not enough segments")
    case("two segments", f"{head}.{body}", "Not enough segments")
    more = ("Invalid payload padding", THREE_SEGMENTS)
    case("four segments", f"{token}.{signature}", "Not enough segments", more)
    case("five segments", f"{token}.{body}.{signature}", ENCRYPTED, more)
    case("dots only", "..", HEADER)
    case("no header", f".{body}.{signature}", HEADER)
    case("no payload", f"{head}..{signature}", BAD_SIGNATURE, (PAYLOAD, SIGNATURE_FIRST))
    case("no signature", f"{head}.{body}.", BAD_SIGNATURE)
    case("signature cut to half", f"{head}.{body}.{signature[:20]}", BAD_SIGNATURE)
    case("signature cut by a byte", f"{head}.{body}.{b64(unb64(signature)[:-1])}", BAD_SIGNATURE)
    case("signature cut within a byte", f"{head}.{body}.{signature[:41]}", PADDING)
    case("signature longer", f"{token}AAAA", BAD_SIGNATURE)
    case("signature of another key", signed(stranger, good), BAD_SIGNATURE)
    case("signature of another token", f"{head}.{body}.{signed(plain, {'sub': 'eve'}).split('.')[2]}", BAD_SIGNATURE)
    loose_bits = signature[:-1] + chr(ord(signature[-1]) + 1)
    case("signature with loose bits", f"{head}.{body}.{loose_bits}", PADDING)
    case("signature padded", f"{token}=", PADDING, twice)
    case("header padded", f"{head}=.{body}.{signature}", "Invalid header padding")
    case("a space before", f" {token}", "Invalid header padding")
    case("a line end after", f"{token}\n", PADDING)
    case("a letter beyond ASCII", f"{head}.{body}.ä{signature[2:]}", PADDING)
    case("the alphabet of plain base64", f"{head}.{body}.{'+/' + signature[2:]}", PADDING)

    # Signatures of key pairs.
    for algorithm in ("RS256", "PS256", "ES256", "ES384", "EdDSA"):
        pair = keys[algorithm]
        genuine = pair_signed(pair, good, algorithm)
        message, own = genuine.rsplit(".", 1)
        case(f"{algorithm}: nothing odd", genuine, ACCEPTED, settings=pair)
        case(f"{algorithm}: expired", pair_signed(pair, {**good, "exp": 1}, algorithm), EXPIRED, settings=pair)
        own = unb64(own)
        others = {
            "no": b"",
            "a short": own[:30],
            "a long": own + b"x",
            "an all-zero": bytes(len(own)),
            "an all-one": b"\xff" * len(own),
        }
        for what, other in others.items():
            case(f"{algorithm}: {what} signature", f"{message}.{b64(other)}", BAD_SIGNATURE, settings=pair)
    rsa = {**keys["RS256"], "JWT_DECODE_ALGORITHMS": ["RS256", "PS256"]}
    for other, named in (("RS256", "PS256"), ("PS256", "RS256")):
        case(f"{other}'s signature as {named}", pair_signed(rsa, good, other, named), BAD_SIGNATURE, settings=rsa)
        case(f"{other} beside {named}", pair_signed(rsa, good, other), ACCEPTED, settings=rsa)
    ec = keys["ES256"]
    case("ES256's signature in DER", pair_signed(ec, good, "ES256", der=True), BAD_SIGNATURE, settings=ec)

    # The payload.
    for name, payload in {"a list": "[]", "a string": '"ada"', "a number": "7", "null": "null"}.items():
        raw(f"payload {name}", payload, NO_OBJECT)
    raw("payload empty", "", PAYLOAD)
    raw("payload no JSON", "{sub:ada}", PAYLOAD)
    raw("payload and more", '{"sub":"ada"}{}', PAYLOAD)
    raw("payload not UTF-8", b'{"sub":"\xff"}', PAYLOAD)
    no_json = (ACCEPTED, NO_JSON)
    raw("payload in UTF-16", '{"sub":"ada"}'.encode("utf-16-le"), PAYLOAD, no_json)
    raw("payload after a byte order mark", '\ufeff{"sub":"ada"}', PAYLOAD, no_json)
    raw("payload with spaces around", ' {"sub": "ada"}\n', ACCEPTED)
    raw("payload with NaN in it", '{"sub":"ada","x":NaN}', PAYLOAD, no_json)
    raw("payload with half a surrogate pair", r'{"sub":"ada","x":"\ud800"}', PAYLOAD, no_json)
    raw("payload with a number of 400 digits", '{"sub":"ada","x":%s}' % ("7" * 400), PAYLOAD, no_json)
    raw("sub twice", '{"sub":"eve","sub":"ada"}', DUPLICATE, twice)
    raw("sub twice, once escaped", r'{"sub":"eve","s\u0075b":"ada"}', DUPLICATE, twice)
    raw("sub escaped", r'{"s\u0075b":"a\u0064a"}', ACCEPTED)
    raw("a member twice within", '{"sub":"ada","x":{"y":1,"y":2}}', DUPLICATE, twice)
    large = (ACCEPTED, SIZE)
    raw("nested 31 deep", '{"sub":"ada","x":%s%s}' % ("[" * 30, "]" * 30), ACCEPTED)
    deep = '{"sub":"ada","x":%s%s}' % ("[" * 100, "]" * 100)
    raw("nested 100 deep", deep, "Invalid payload string: nested too deeply", large)
    raw("longer than 8 KiB", '{"sub":"ada","x":"%s"}' % ("x" * 9000), "Token is too long", large)

    # Several faults: which is told.
    claims("iat and nbf future", "The token is not yet valid (iat)", iat=now + 300, nbf=now + 300)
    claims("expired, nbf future", "The token is not yet valid (nbf)", exp=now - 600, nbf=now + 300)
    claims("expired, aud wrong", "Audience doesn't match", settings=web, exp=now - 600, aud="other")
    claims("expired, sub a number", "Subject must be a string", exp=now - 600, sub=7)
    claims("expired, sub absent", EXPIRED, ("Missing claim: sub", OPTIONAL), exp=now - 600, sub=...)
    claims("iss and aud absent", 'Token is missing the "iss" claim', settings={**web, **login})
    claims("sub and jti numbers", "Subject must be a string", sub=7, jti=7)
    claims("exp null, sub a number", EXP, exp=None, sub=7)
    claims("nbf future, exp null", EXP, ("The token is not yet valid (nbf)", TYPES_FIRST), nbf=now + 300, exp=None)
    case("expired, bad signature", signed(stranger, {**good, "exp": 1}), BAD_SIGNATURE)
    case("payload a list, bad signature", signed(stranger, "[]"), BAD_SIGNATURE, (NO_OBJECT, SIGNATURE_FIRST))
    no_base64 = ("Invalid payload padding", ALGORITHM_FIRST)
    case("alg none, payload no base64", f"{none}.!.{signature}", NOT_ALLOWED, no_base64)
    header("alg HS512, kid a number", {"alg": "HS512", "kid": 7}, "Key ID header parameter must be a string")
    header("alg none, kid a number", {"alg": "none", "kid": 7}, NOT_ALLOWED, ("Key ID header parameter must be a string", ALGORITHM_FIRST))
    header("alg none, crit unknown", {"alg": "none", "crit": ["x"]}, NOT_ALLOWED, ("Unsupported critical extension: x", ALGORITHM_FIRST))
    return found
