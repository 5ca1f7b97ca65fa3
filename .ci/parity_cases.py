"""The settings that both servers get, and the requests that are sent to both."""

import itertools
import json
import os
import time
import uuid
from dataclasses import dataclass
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from flask import Flask
from flask_jwt_extended import JWTManager

LOCATIONS = ["headers", "cookies", "query_string", "json"]
# Method, path, and whether it wants a refresh token.
GUARDED = [
    ("GET", "/protected", False),
    ("POST", "/protected", False),
    ("GET", "/optional", False),
    ("GET", "/fresh", False),
    ("POST", "/auth/refresh", True),
    ("DELETE", "/auth/logout", False),
    ("PUT", "/auth/cookies", True),
    ("GET", "/claims", False),
    ("GET", "/header", False),
    ("GET", "/location", False),
    ("GET", "/me", False),
]
FORM = "application/x-www-form-urlencoded"
REVOKED = str(uuid.uuid4())


def configurations():
    every = {"JWT_TOKEN_LOCATION": LOCATIONS}
    return {
        "defaults": {},
        "cookies": {"JWT_TOKEN_LOCATION": "cookies"},
        "query string": {"JWT_TOKEN_LOCATION": "query_string"},
        "JSON": {"JWT_TOKEN_LOCATION": ["json"]},
        "headers, then cookies": {"JWT_TOKEN_LOCATION": ["headers", "cookies"]},
        "cookies, then headers": {"JWT_TOKEN_LOCATION": ["cookies", "headers"]},
        "every location": {"JWT_TOKEN_LOCATION": ["json", "query_string", "cookies", "headers"]},
        "cookies that stay, for other sites too": {
            "JWT_TOKEN_LOCATION": ["cookies"],
            "JWT_COOKIE_SECURE": True,
            "JWT_COOKIE_SAMESITE": "None",
            "JWT_COOKIE_DOMAIN": "example.com",
            "JWT_SESSION_COOKIE": False,
        },
        "cookies of other names and paths": {
            "JWT_TOKEN_LOCATION": ["cookies"],
            "JWT_COOKIE_SAMESITE": "Strict",
            "JWT_ACCESS_COOKIE_NAME": "access",
            "JWT_ACCESS_COOKIE_PATH": "/protected",
            "JWT_REFRESH_COOKIE_NAME": "refresh",
            "JWT_REFRESH_COOKIE_PATH": "/auth",
            "JWT_ACCESS_CSRF_COOKIE_NAME": "access_xsrf",
            "JWT_ACCESS_CSRF_COOKIE_PATH": "/app",
            "JWT_REFRESH_CSRF_COOKIE_NAME": "refresh_xsrf",
            "JWT_REFRESH_CSRF_COOKIE_PATH": "/login",
        },
        "CSRF values in forms, and of other names": {
            "JWT_TOKEN_LOCATION": ["cookies", "query_string"],
            "JWT_COOKIE_SAMESITE": "Lax",
            "JWT_CSRF_CHECK_FORM": True,
            "JWT_ACCESS_CSRF_HEADER_NAME": "X-Access",
            "JWT_ACCESS_CSRF_FIELD_NAME": "access",
            "JWT_REFRESH_CSRF_HEADER_NAME": "X-Refresh",
            "JWT_REFRESH_CSRF_FIELD_NAME": "refresh",
        },
        "CSRF values not in cookies, for other methods": {
            "JWT_TOKEN_LOCATION": ["cookies"],
            "JWT_CSRF_IN_COOKIES": False,
            "JWT_CSRF_METHODS": ["GET", "DELETE"],
        },
        "no CSRF protection": {"JWT_TOKEN_LOCATION": ["cookies", "json"], "JWT_COOKIE_CSRF_PROTECT": False},
        "another header": {"JWT_HEADER_NAME": "X-Access-Token", "JWT_HEADER_TYPE": "JWT"},
        "a header without a type": {**every, "JWT_HEADER_TYPE": ""},
        "another query parameter, other JSON keys": {
            "JWT_TOKEN_LOCATION": ["query_string", "json"],
            "JWT_QUERY_STRING_NAME": "token",
            "JWT_QUERY_STRING_VALUE_PREFIX": "Bearer ",
            "JWT_JSON_KEY": "access",
            "JWT_REFRESH_JSON_KEY": "refresh",
        },
        "another identity claim, another message key": {
            "JWT_IDENTITY_CLAIM": "user_id",
            "JWT_ERROR_MESSAGE_KEY": "detail",
        },
        "an audience and an issuer, with leeway": {
            "JWT_ENCODE_AUDIENCE": "web",
            "JWT_DECODE_AUDIENCE": "web",
            "JWT_ENCODE_ISSUER": "https://login.example",
            "JWT_DECODE_ISSUER": "https://login.example",
            "JWT_DECODE_LEEWAY": 30,
        },
        "several audiences and issuers": {
            "JWT_ENCODE_AUDIENCE": ["web", "app"],
            "JWT_DECODE_AUDIENCE": ["app", "other"],
            "JWT_ENCODE_ISSUER": "https://login.example",
            "JWT_DECODE_ISSUER": ["https://old.example", "https://login.example"],
        },
        "tokens that soon expire": {**every, "JWT_ACCESS_TOKEN_EXPIRES": 2, "JWT_REFRESH_TOKEN_EXPIRES": 2},
        "tokens that never expire, without nbf": {
            "JWT_ACCESS_TOKEN_EXPIRES": False,
            "JWT_REFRESH_TOKEN_EXPIRES": False,
            "JWT_ENCODE_NBF": False,
        },
        "any subject": {"JWT_VERIFY_SUB": False, "JWT_ACCESS_TOKEN_EXPIRES": 3600, "JWT_REFRESH_TOKEN_EXPIRES": 7200},
        "RS256": key_pair("RS256", rsa.generate_private_key(65537, 2048)),
        "ES256": key_pair("ES256", ec.generate_private_key(ec.SECP256R1())),
        "EdDSA": key_pair("EdDSA", ed25519.Ed25519PrivateKey.generate()),
        "HS512, and HS256 too": {"JWT_ALGORITHM": "HS512", "JWT_DECODE_ALGORITHMS": ["HS256"]},
    }


def with_sessions():
    """Under which the demo's logins begin sessions, which Flask-JWT-Extended does not know."""
    both = {"JWT_TOKEN_LOCATION": ["headers", "cookies"]}
    return {
        "defaults, and cookies": both,
        "ES256": {**both, **key_pair("ES256", ec.generate_private_key(ec.SECP256R1()))},
        "tokens that never expire": {**both, "JWT_ACCESS_TOKEN_EXPIRES": False, "JWT_REFRESH_TOKEN_EXPIRES": False},
    }


def key_pair(algorithm, private):
    pem = serialization.Encoding.PEM
    private_pem = private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public_pem = private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {"JWT_ALGORITHM": algorithm, "JWT_PRIVATE_KEY": private_pem.decode(), "JWT_PUBLIC_KEY": public_pem.decode()}


def defaults():
    """All settings that Flask-JWT-Extended has."""
    app = Flask(__name__)
    JWTManager(app)
    return {name: value for name, value in app.config.items() if name.startswith("JWT_")}


@dataclass
class Part:
    """Of a request: parts are joined with `|`."""

    headers: tuple = ()
    cookies: tuple = ()
    query: tuple = ()
    body: bytes = b""

    def __or__(self, other):
        joined = (getattr(self, name) + getattr(other, name) for name in ("headers", "cookies", "query"))
        return Part(*joined, other.body or self.body)


@dataclass
class Case:
    """A request. Its name says what it is, so that no token is ever shown."""

    method: str
    path: str
    part: Part
    name: str
    # Both must accept it, with a token of either side.
    accepted: bool = False

    def target(self):
        query = "&".join(f"{name}={value}" for name, value in self.part.query)
        return f"{self.path}?{query}" if query else self.path

    def headers(self):
        cookies = "; ".join(f"{name}={value}" for name, value in self.part.cookies)
        return [*self.part.headers, *([("Cookie", cookies)] if cookies else [])]

    def __str__(self):
        return f"{self.method} {self.path}: {self.name}"


def body(content, content_type):
    return Part(headers=(("Content-Type", content_type),), body=content)


def of_json(value, content_type="application/json"):
    return body(json.dumps(value).encode(), content_type)


def of_form(name, value):
    return body(f"{name}={quote(value)}".encode(), FORM)


class Cases:
    """The requests for one configuration."""

    def __init__(self, settings, number):
        self.number = number
        self.settings = {**defaults(), **settings}
        self.algorithm = self.settings["JWT_ALGORITHM"]
        self.key, pem = self.settings["JWT_SECRET_KEY"], self.settings["JWT_PRIVATE_KEY"]
        if pem:
            # Once: checking an RSA key takes as long as a hundred requests.
            self.key = serialization.load_pem_private_key(pem.encode(), None)
        locations = self.settings["JWT_TOKEN_LOCATION"]
        self.locations = [locations] if isinstance(locations, str) else list(locations)
        self.short_lived = settings.get("JWT_ACCESS_TOKEN_EXPIRES") == 2

    def setting(self, name, refresh=None):
        kind = "" if refresh is None else "REFRESH_" if refresh else "ACCESS_"
        return self.settings[f"JWT_{kind}{name}"]

    # --- Where a token can be --------------------------------------------------------------------

    def at(self, location, token, refresh):
        if location == "headers":
            value = f"{self.setting('HEADER_TYPE')} {token}".strip()
            return Part(headers=((self.setting("HEADER_NAME"), value),))
        if location == "cookies":
            return Part(cookies=((self.setting("COOKIE_NAME", refresh), token),))
        if location == "query_string":
            return self.in_query(self.setting("QUERY_STRING_VALUE_PREFIX") + token)
        return of_json({self.json_key(refresh): token})

    def in_query(self, *values):
        return Part(query=tuple((self.setting("QUERY_STRING_NAME"), quote(value, safe="")) for value in values))

    def json_key(self, refresh):
        return self.setting("REFRESH_JSON_KEY" if refresh else "JSON_KEY")

    def csrf(self, value, refresh):
        return Part(headers=((self.setting("CSRF_HEADER_NAME", refresh), value),))

    def with_csrf(self, location, token, refresh):
        """With the right CSRF value, where one matters and the token has one."""
        part = self.at(location, token, refresh)
        value = claims_of(token).get("csrf")
        return part | self.csrf(value, refresh) if location == "cookies" and isinstance(value, str) else part

    # --- Logging in ------------------------------------------------------------------------------

    def logins(self):
        right = {"username": "test", "password": "test"}
        for path in ("/login", "/auth/login"):
            yield Case("POST", path, of_json(right), "the right pair")
        if self.number:
            # Once is enough: no setting matters here, and hashing passwords takes long.
            return
        for name, part in {
            "no body": Part(),
            "another content type": body(b'{"username":"test","password":"test"}', "text/plain"),
            "a form": of_form("username", "test"),
            "malformed": body(b'{"username":', "application/json"),
            "no username": of_json({"password": "test"}),
            "an empty username": of_json({**right, "username": ""}),
            "no password": of_json({"username": "test"}),
            "a null password": of_json({**right, "password": None}),
            "a wrong password": of_json({**right, "password": "wrong"}),
            "a password that is a number": of_json({**right, "password": 7}),
            "a username that is a list": of_json({**right, "username": ["test"]}),
            "a list": of_json([right]),
            "with a charset": of_json(right, "application/json; charset=utf-8"),
        }.items():
            yield Case("POST", "/login", part, name)

    def browsing(self):
        """A visit with cookies: requests, and whose CSRF value they come with (None, or refresh or not)."""
        right = of_json({"username": "test", "password": "test"})
        yield Case("POST", "/auth/cookies", right, "a browser logs in"), None
        for method, path, refresh in [
            ("GET", "/protected", None),
            ("POST", "/protected", None),
            ("POST", "/protected", False),
            ("GET", "/fresh", False),
            ("GET", "/me", False),
            ("PUT", "/auth/cookies", None),
            ("PUT", "/auth/cookies", True),
            ("POST", "/protected", False),
            ("GET", "/fresh", False),
            ("DELETE", "/auth/cookies", None),
            ("POST", "/protected", None),
            ("PUT", "/auth/cookies", None),
        ]:
            value = {None: "no", False: "the access token's", True: "the refresh token's"}[refresh]
            yield Case(method, path, Part(), f"a browser, with {value} CSRF value"), refresh

    # --- Kinds of tokens -------------------------------------------------------------------------

    def sign(self, claims, key=None, algorithm=None):
        return jwt.encode(claims, key or self.key, algorithm or self.algorithm)

    def kinds(self):
        """Names of kinds, and what makes a token of the kind from a genuine one."""
        now, identity = int(time.time()), self.setting("IDENTITY_CLAIM")
        stranger = os.urandom(64).hex()

        def but(**members):
            """A genuine token but for these claims; ... = absent."""
            return lambda token: self.sign(
                {name: value for name, value in {**claims_of(token), **members}.items() if value is not ...}
            )

        def without_signature(token):
            return jwt.encode(claims_of(token), None, "none")

        return {
            "expired": but(exp=now - 3600),
            "expired ten seconds ago": but(exp=now - 10),
            "without exp": but(exp=...),
            "valid in an hour": but(nbf=now + 3600),
            "valid in ten seconds": but(nbf=now + 10),
            "issued in an hour": but(iat=now + 3600),
            "of another type": but(type="other"),
            "without type": but(type=...),
            "without fresh": but(fresh=...),
            "fresh for an hour": but(fresh=now + 3600),
            "no longer fresh": but(fresh=now - 10),
            "without an identity": but(**{identity: ...}),
            "null as the identity": but(**{identity: None}),
            "a number as the identity": but(**{identity: 7}),
            "nothing as the identity": but(**{identity: ""}),
            "a stranger's": but(**{identity: "nobody"}),
            "a number as sub": but(sub=7),
            "without jti": but(jti=...),
            "a number as jti": but(jti=7),
            "revoked": but(jti=REVOKED),
            "without csrf": but(csrf=...),
            "another audience": but(aud="other"),
            "without an audience": but(aud=...),
            "another issuer": but(iss="https://other.example"),
            "without an issuer": but(iss=...),
            "own claims": but(role="admin", nested={"list": [1, 2.5, None, True, "é"]}),
            "garbage": lambda token: "garbage",
            "three segments of garbage": lambda token: "a.b.c",
            "alg none": without_signature,
            "alg none, the signature kept": lambda token: without_signature(token) + token.rsplit(".", 1)[1],
            "HS256": lambda token: self.sign(claims_of(token), self.settings["JWT_SECRET_KEY"], "HS256"),
            "another algorithm": lambda token: self.sign(claims_of(token), stranger, "HS384"),
            "another key": lambda token: self.sign(claims_of(token), stranger, "HS256"),
            "another payload": lambda token: swap_payload(token, self.sign({**claims_of(token), identity: "eve"})),
        }

    def revoking(self, genuine):
        """Revokes REVOKED. Not with a genuine token: it may be about to expire."""
        token = self.sign({**claims_of(genuine), "jti": REVOKED, "exp": int(time.time()) + 600})
        return Case("DELETE", "/auth/logout", self.with_csrf(self.locations[0], token, False), "a token to be revoked")

    # --- Tokens in places ------------------------------------------------------------------------

    def guarded(self, tokens, whose):
        """Every route, with tokens in every place. Odd kinds take turns from one configuration to the next."""
        for number, (method, path, refresh) in enumerate(GUARDED):
            yield Case(method, path, Part(), "no token")
            first = "cookies" if (method, path) == ("PUT", "/auth/cookies") else self.locations[0]
            for location in LOCATIONS:
                for name, token in self.renewed(tokens, path).items():
                    part = self.with_csrf(location, token, refresh)
                    accepted = location == first and (name == "fresh access") != refresh and name != "access"
                    yield Case(method, path, part, f"{whose} {name} token in {location}", accepted)
            for turn, (name, make) in enumerate(self.kinds().items(), self.number + number):
                location = self.locations[turn // 2 % len(self.locations)] if first != "cookies" else first
                if turn % 2:
                    token = make(self.renewed(tokens, path)["refresh" if refresh else "fresh access"])
                    part = self.with_csrf(location, token, refresh)
                    yield Case(method, path, part, f"{whose} token, {name}, in {location}")

    def other_methods(self, tokens, whose):
        """HEAD is answered where GET is, OPTIONS everywhere and without a look at tokens, and nothing else."""
        token, first = tokens["fresh access"], self.locations[0]
        part = self.with_csrf(first, token, False)
        reading = [path for method, path, _ in GUARDED if method == "GET"]
        for path in reading:
            yield Case("HEAD", path, Part(), "no token")
            yield Case("HEAD", path, part, f"{whose} fresh access token in {first}", True)
            yield Case("HEAD", path, self.at(first, "garbage", False), f"garbage in {first}")
        for path in sorted({path for _, path, _ in GUARDED} | {"/login", "/auth/login", "/auth/cookies"}):
            yield Case("OPTIONS", path, Part(), "no token")
            yield Case("OPTIONS", path, self.at(first, "garbage", False), f"garbage in {first}")
            for method in ("PATCH", *(["GET", "HEAD"] if path not in reading else [])):
                yield Case(method, path, part, f"{whose} fresh access token, a method that is not there")

    def renewed(self, tokens, path):
        """With JWT IDs of their own where logging out would revoke those in use."""
        if path != "/auth/logout":
            return tokens
        return {name: self.sign({**claims_of(token), "jti": str(uuid.uuid4())}) for name, token in tokens.items()}

    def two_places(self, tokens, whose):
        token, kinds = tokens["fresh access"], self.kinds()
        others = {"garbage": "garbage", "expired": kinds["expired"](token), "refresh": tokens["refresh"], "nothing": ""}
        for good, bad in itertools.permutations(LOCATIONS, 2):
            if good not in self.locations and bad not in self.locations:
                continue
            for name, other in others.items():
                part = self.with_csrf(good, token, False) | self.at(bad, other, False)
                for method, path in (("GET", "/location"), ("POST", "/protected")):
                    yield Case(method, path, part, f"{whose} token in {good}, {name} in {bad}")
        part = self.at("cookies", token, False) | self.at("headers", token, False)
        yield Case("POST", "/protected", part, f"{whose} token in cookies without CSRF value and in headers")

    def csrf_values(self, tokens, whose):
        kinds = self.kinds()
        routes = [("GET", "/optional", False), ("POST", "/protected", False), ("POST", "/auth/refresh", True)]
        for method, path, refresh in [*(routes if "cookies" in self.locations else []), ("PUT", "/auth/cookies", True)]:
            genuine = tokens["refresh" if refresh else "fresh access"]
            right, other = claims_of(genuine).get("csrf", "none"), str(uuid.uuid4())
            header, field = self.setting("CSRF_HEADER_NAME", refresh), self.setting("CSRF_FIELD_NAME", refresh)
            multipart = f'--b\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{right}\r\n--b--\r\n'.encode()
            values = {
                "no value": Part(),
                "the right one": self.csrf(right, refresh),
                "another one": self.csrf(other, refresh),
                "in capitals": self.csrf(right.upper(), refresh),
                "an empty one": self.csrf("", refresh),
                "in the other kind's header": self.csrf(right, not refresh),
                "in the form": of_form(field, right),
                "another one in the form": of_form(field, other),
                "an empty one in the form": of_form(field, ""),
                "another one before the form's right one": self.csrf(other, refresh) | of_form(field, right),
                "an empty one before the form's right one": self.csrf("", refresh) | of_form(field, right),
                "twice in the form": body(f"{field}={right}&{field}={other}".encode(), FORM),
                "in a form that says to be text": body(f"{field}={right}".encode(), "text/plain"),
                "in a multipart form": body(multipart, "multipart/form-data; boundary=b"),
                "in JSON": of_json({field: right}),
                "in the query": Part(query=((field, right),)),
                "in a cookie only": Part(cookies=((self.setting("CSRF_COOKIE_NAME", refresh), right),)),
                "twice in headers": Part(headers=((header, right), (header, other))),
                "beyond ASCII": self.csrf("é", refresh),
            }
            for name, part in values.items():
                part = self.at("cookies", genuine, refresh) | part
                yield Case(method, path, part, f"{whose} cookie, CSRF value: {name}")
            for kind in ("garbage", "expired", "revoked", "another key"):
                for name in ("no value", "another one"):
                    part = self.at("cookies", kinds[kind](genuine), refresh) | values[name]
                    yield Case(method, path, part, f"{whose} cookie, {kind}, CSRF value: {name}")
            odd = {"a number": {"csrf": 7}, "null": {"csrf": None}, "empty": {"csrf": ""}, "absent": {}}
            for name, claim in odd.items():
                token = self.sign({name: value for name, value in claims_of(genuine).items() if name != "csrf"} | claim)
                part = self.at("cookies", token, refresh) | self.csrf(right, refresh)
                yield Case(method, path, part, f"{whose} cookie, csrf {name}, CSRF value: the right one")

    # --- Odd forms -------------------------------------------------------------------------------

    def odd_forms(self, tokens, whose):
        token, refresh = tokens["fresh access"], tokens["refresh"]
        header, kind, key = self.setting("HEADER_NAME"), self.setting("HEADER_TYPE"), self.json_key(False)
        prefix, cookie = self.setting("QUERY_STRING_VALUE_PREFIX"), self.setting("ACCESS_COOKIE_NAME")
        headers = {
            "empty": "",
            "the type alone": kind,
            "the token alone": token,
            "three words": f"{kind} {token} {token}",
            "two spaces": f"{kind}  {token}",
            "a tab": f"{kind}\t{token}",
            "the type glued": f"{kind}{token}",
            "in lower case": f"{kind.lower()} {token}",
            "Basic": "Basic dGVzdDp0ZXN0",
            "Basic before": f"Basic dGVzdDp0ZXN0, {kind} {token}",
            "Basic after, no space": f"{kind} {token},Basic dGVzdDp0ZXN0",
            "twice": f"{kind} {token}, {kind} {token}",
            "commas around": f",{kind} {token},",
            "commas and spaces around": f" , {kind} {token} , ",
            "empty fields between": f"Basic x,,{kind} {token}",
            "beyond ASCII": f"{kind} é",
            "beyond ASCII in another field": f"Basic é, {kind} {token}",
        }
        good = f"{kind} {token}".strip()
        forms = {
            "headers": {name: Part(headers=((header, value),)) for name, value in headers.items()}
            | {
                "two headers": Part(headers=((header, good), (header, "Basic x"))),
                "two headers, the other first": Part(headers=((header, "Basic x"), (header, good))),
            },
            "query_string": {
                "empty": self.in_query(""),
                "the prefix alone": self.in_query(prefix),
                "without the prefix": self.in_query(token),
                "another prefix": self.in_query(f"Basic {token}"),
                "twice": self.in_query(prefix + token, "garbage"),
                "twice, garbage first": self.in_query("garbage", prefix + token),
                "twice, empty first": self.in_query("", prefix + token),
                "plus for space": Part(query=((self.setting("QUERY_STRING_NAME"), f"Bearer+{token}"),)),
                "the name in capitals": Part(query=((self.setting("QUERY_STRING_NAME").upper(), token),)),
                "no UTF-8": Part(query=((self.setting("QUERY_STRING_NAME"), "%ff"),)),
            },
            "cookies": {
                "empty": Part(cookies=((cookie, ""),)),
                "in quotes": Part(cookies=((cookie, f'"{token}"'),)),
                "twice": Part(cookies=((cookie, token), (cookie, "garbage"))),
                "twice, garbage first": Part(cookies=((cookie, "garbage"), (cookie, token))),
                "twice, empty first": Part(cookies=((cookie, ""), (cookie, token))),
                "among others": Part(cookies=(("a", "1"), (cookie, token), ("b", "2"))),
                "a refresh token's": self.at("cookies", refresh, True),
                "percent-encoded": Part(cookies=((cookie, token.replace(".", "%2E")),)),
            },
            "json": {
                "an empty object": of_json({}),
                "null": of_json(None),
                "an empty list": of_json([]),
                "a list": of_json([key]),
                "a string": of_json(key),
                "a number": of_json(7),
                "malformed": body(b'{"', "application/json"),
                "nothing": body(b"", "application/json"),
                "no UTF-8": body(b'{"\xff":1}', "application/json"),
                "another key": of_json({"other": token}),
                "a refresh token's key": self.at("json", refresh, True),
                "both keys": of_json({key: token, self.json_key(True): refresh}),
                "the key twice": body(f'{{"{key}":"garbage","{key}":"{token}"}}'.encode(), "application/json"),
                "as text": of_json({key: token}, "text/plain"),
                "as text/json": of_json({key: token}, "text/json"),
                "of a vendor": of_json({key: token}, "application/vnd.api+json"),
                "of a vendor, not application": of_json({key: token}, "text/x+json"),
                "with a charset": of_json({key: token}, "application/json; charset=utf-8"),
                "in capitals": of_json({key: token}, "APPLICATION/JSON"),
                "a form": of_form(key, token),
            }
            | {f"token {json.dumps(odd)}": of_json({key: odd}) for odd in ("", None, False, 0, 7, True, ["x"], [], {})},
        }
        for location in self.locations:
            for name, part in forms[location].items():
                yield Case("GET", "/optional", part, f"{whose} token in {location}, {name}")
                csrf = self.csrf(claims_of(token).get("csrf", ""), False) if location == "cookies" else Part()
                yield Case("POST", "/protected", part | csrf, f"{whose} token in {location}, {name}")


def claims_of(token):
    """What a token says, whoever signed it; nothing, if it is none."""
    try:
        return jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return {}


def swap_payload(token, other):
    header, _, signature = token.split(".")
    return f"{header}.{other.split('.')[1]}.{signature}"
