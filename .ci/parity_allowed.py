"""The differences on purpose. Each names a row of docs/src/differences.md by its first cell.

Those of ALLOWED are rows of "What clients see"; those of WITH_SESSIONS, rows of "What sessions change".
"""

NULL = "an identity that is `null`"
BEARER = "`bearer` in lower case"
NO_OBJECT = "a JSON body that is a list, a text or a number"
NO_STRING = "a JSON body's token that is no string"
TWICE = "a JSON body in which the token's key comes twice"
COOKIES = "a cookie that comes twice, the first no good"
CSRF_VALUE = "a CSRF value beyond ASCII"
CSRF_CLAIM = "a `csrf` claim that is no string, where one is needed"
OTHER_TYPE = "a `type` that is neither `access` nor `refresh`, where an access token is needed"
ABSENT = "claims that a token does not have, in `GET /claims`"
MULTIPART = "a CSRF value in a multipart form"
MAX_AGE = "cookies that are unset"
MALFORMED = "a login with malformed JSON"
NO_PAIR = "a login with JSON that is a list"

NO_LOGOUT = "a logout with cookies, without their CSRF value"
EXPIRED_LOGOUT = "`DELETE /auth/logout` with a token that has expired"

NO_ID = "a token without `jti`"
OPTIONS = "`OPTIONS`"
NO_METHOD = "a method that a route does not have"
JWT_ID = "the JWT ID of a token that is issued"

ANONYMOUS = r'200 .*: null}|401 .*"(Missing|Invalid content-type).*'
LOGGED_IN = r'200 .*"test"}|401 .*"Token has expired"}'
PAGE_500 = r'500 text/html "…"'
PYTHON = "Invalid token type. Token must be a <class 'bytes'>"
NO_CSRF = r'401 .*"Missing CSRF token"}'

# Row, requests, our answer and theirs, as patterns of the whole; or what of ours is something else in theirs.
ALLOWED = [
    (NULL, r"null as the identity", r'422 .*"Missing claim: (sub|user_id)"}', r"200 .*|401 .*the user None.*"),
    (BEARER, r"in headers, in lower case", LOGGED_IN, ANONYMOUS),
    (NO_OBJECT, r"in json, a (list|string|number)$", ANONYMOUS, PAGE_500),
    (NO_STRING, r"in json, token", r'The \\".*\\" key in .* string', PYTHON),
    (TWICE, r"in json, the key twice", ANONYMOUS, LOGGED_IN),
    (COOKIES, r"in cookies, twice, garbage first", LOGGED_IN, r'422 .*"Not enough segments"}'),
    (CSRF_VALUE, r"CSRF value: beyond ASCII", NO_CSRF, PAGE_500),
    (CSRF_CLAIM, r"csrf (a number|null), CSRF value: the right one", r'422 .*"csrf must be a string"}', PAGE_500),
    (JWT_ID, r"POST /login|POST /auth/(login|refresh)|(POST|PUT) /auth/cookies", r"UUID of version 7", "UUID of version 4"),
    (MAX_AGE, r"DELETE /auth/cookies", r"; Max-Age=0", ""),
    (NO_LOGOUT, r"DELETE /auth/cookies: a browser, with(out its| no) CSRF value", r'401 .*"Missing CSRF token".*', r'200 .*"logout": true.*'),
    (EXPIRED_LOGOUT, r"DELETE /auth/logout: ", r'200 .* token successfully revoked"}', r'401 .*"Token has expired"}'),
    (MALFORMED, r"POST /login: malformed", r'400 .*"Malformed JSON in request"}', r'400 text/html "…"'),
    (NO_PAIR, r"POST /login: a list", r'400 .*"Missing username parameter"}', PAGE_500),
    (OTHER_TYPE, r".*of another type.*", r'422 .*"Only access tokens are allowed"}', r"(200|401) .*"),
    (ABSENT, r"GET /claims: .*without type", r'((, "user_id": "test")?})$', r', "type": "access"\1'),
    (ABSENT, r"GET /claims: .*without fresh", r'("exp": \d+, |{(?="iat"))', r'\1"fresh": false, '),
    (NO_ID, r".*without jti", r'422 .*"Missing claim: jti"}', r"(200|401|422) .*"),
    (OPTIONS, r"OPTIONS /", r"^200 text/plain", r"200 text/html"),
    (NO_METHOD, r"(PATCH|GET) /.*, a method that is not there", r"405 application/json {.*}", r'405 text/html "…"'),
    (NO_METHOD, r"HEAD /.*, a method that is not there", r"405 application/json", r"405 text/html"),
    (MULTIPART, r"CSRF value: in a multipart form", NO_CSRF, r"200 .*"),
]

LOGIN = "`POST /auth/login`, `POST /auth/cookies`"
REFRESH = "`POST /auth/refresh`"
COOKIES_REFRESH = "`PUT /auth/cookies`"
AGAIN = "the same refresh token again"
LOGOUT = "`DELETE /auth/logout`"
COOKIES_LOGOUT = "`DELETE /auth/cookies`"
LIFE = "`exp`"

SESSION_ID = r', "sid": "[0-9a-f-]{36}"(, "rot": \d+)?'
REVOKED = r'401 .*"Token has been revoked"}'

# Likewise. What is left out of ours comes before what is compared with theirs, so several may hold for one answer.
WITH_SESSIONS = [
    (REFRESH, r"POST /auth/refresh", r', "refresh_token": "\[.*?\]"(?=}$)', ""),
    (COOKIES_REFRESH, r"PUT /auth/cookies", r"\n      Set-Cookie: (csrf_refresh_token|refresh_token_cookie)=[^\n]*", ""),
    (LOGIN, r"POST /auth/(login|cookies)", SESSION_ID, ""),
    (LOGIN, r"(POST /auth/refresh|PUT /auth/cookies)", SESSION_ID, ""),
    # 90 days, of which no more than a moment has passed.
    (LIFE, r"never expire: (POST|PUT) /auth/", r', "exp": "iat \+ 77(76000|759\d\d)"', ""),
    (AGAIN, r"after its successor was used", REVOKED, r"200 .*"),
    (LOGOUT, r"the session's refresh token, after logging out", REVOKED, r"200 .*"),
    (COOKIES_LOGOUT, r"a copy of the cookie, after logging out with its CSRF value", REVOKED, r"200 .*"),
]
