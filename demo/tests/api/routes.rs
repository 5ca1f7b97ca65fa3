//! Every route, with tokens in the header.

use crate::helpers::{Folder, claims_in, msg, sign, test_user};
use crate::http::Response;
use serde_json::{Value, json};

/// Those that want an access token.
const PROTECTED: [(&str, &str); 6] = [
    ("GET", "/protected"),
    ("POST", "/protected"),
    ("GET", "/fresh"),
    ("GET", "/claims"),
    ("GET", "/header"),
    ("GET", "/me"),
];

/// Every path with its methods; each has OPTIONS besides.
const METHODS: [(&str, &str); 18] = [
    ("/", "GET, HEAD"),
    ("/page.css", "GET, HEAD"),
    ("/page.js", "GET, HEAD"),
    ("/login", "POST"),
    ("/protected", "GET, HEAD, POST"),
    ("/optional", "GET, HEAD"),
    ("/fresh", "GET, HEAD"),
    ("/auth/login", "POST"),
    ("/auth/refresh", "POST"),
    ("/auth/logout", "DELETE"),
    ("/auth/cookies", "POST, PUT, DELETE"),
    ("/auth/sessions", "GET, HEAD, DELETE"),
    ("/auth/sessions/some", "DELETE"),
    ("/claims", "GET, HEAD"),
    ("/header", "GET, HEAD"),
    ("/location", "GET, HEAD"),
    ("/me", "GET, HEAD"),
    ("/metrics", "GET, HEAD"),
];

const OPTIONAL: [(&str, &str); 2] = [("GET", "/optional"), ("GET", "/location")];

#[track_caller]
fn assert_answer(response: &Response, status: u16, body: &Value) {
    assert_eq!((response.status, &response.json()), (status, body), "{response:?}");
}

#[test]
fn each_answers_a_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, _) = demo.tokens();
    for (method, path, expected) in [
        ("GET", "/protected", json!({ "logged_in_as": "test" })),
        ("POST", "/protected", json!({ "logged_in_as": "test" })),
        ("GET", "/optional", json!({ "logged_in_as": "test" })),
        ("GET", "/fresh", json!({ "logged_in_as": "test" })),
        ("GET", "/claims", claims_in(&access)),
        ("GET", "/header", json!({ "alg": "HS256", "typ": "JWT" })),
        ("GET", "/location", json!({ "location": "headers" })),
        ("GET", "/me", json!({ "username": "test", "full_name": "Test User" })),
    ] {
        let response = demo.bearing(&access, method, path);
        assert_answer(&response, 200, &expected);
        assert_eq!(response.header("content-type"), Some("application/json"));
    }
}

#[test]
fn none_is_open_without_a_token_but_the_optional() {
    let folder = Folder::empty();
    let demo = folder.start();
    for (method, path) in PROTECTED.into_iter().chain([("POST", "/auth/refresh"), ("DELETE", "/auth/logout")]) {
        let response = demo.send(method, path, &[], "");
        assert_answer(&response, 401, &msg("Missing Authorization Header"));
        assert!(response.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")), "{path}");
    }
    assert_answer(&demo.send("PUT", "/auth/cookies", &[], ""), 401, &msg("Missing cookie \"refresh_token_cookie\""));
    assert_answer(&demo.send("GET", "/optional", &[], ""), 200, &json!({ "logged_in_as": null }));
    assert_answer(&demo.send("GET", "/location", &[], ""), 200, &json!({ "location": null }));
}

#[test]
fn each_refuses_a_bad_token() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let expired = sign(&json!({ "sub": "test", "jti": "1", "fresh": true, "exp": 1_000_000_000 }));
    for (method, path) in PROTECTED.into_iter().chain(OPTIONAL) {
        assert_answer(&demo.bearing(&expired, method, path), 401, &msg("Token has expired"));
        assert_answer(&demo.bearing("a.b", method, path), 422, &msg("Not enough segments"));
    }
    // Who logs out may be late: a genuine token ends what it is of, though it has expired.
    let logged_out = msg("Access token successfully revoked");
    assert_answer(&demo.bearing(&expired, "DELETE", "/auth/logout"), 200, &logged_out);
    assert_answer(&demo.bearing("a.b", "DELETE", "/auth/logout"), 422, &msg("Not enough segments"));
    let expired = sign(&json!({ "sub": "test", "jti": "1", "type": "refresh", "exp": 1_000_000_000 }));
    assert_answer(&demo.bearing(&expired, "POST", "/auth/refresh"), 401, &msg("Token has expired"));
}

#[test]
fn each_wants_its_type() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    for (method, path) in PROTECTED.into_iter().chain(OPTIONAL) {
        assert_answer(&demo.bearing(&refresh, method, path), 422, &msg("Only non-refresh tokens are allowed"));
    }
    let response = demo.bearing(&access, "POST", "/auth/refresh");
    assert_answer(&response, 422, &msg("Only refresh tokens are allowed"));
}

#[test]
fn only_a_password_makes_a_fresh_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    assert_eq!(claims_in(&access)["fresh"], true);
    assert_eq!(claims_in(&refresh)["type"], "refresh");
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    let refreshed = response.json()["access_token"].as_str().unwrap().to_owned();
    let next = response.json()["refresh_token"].as_str().unwrap().to_owned();
    assert_answer(&response, 200, &json!({ "access_token": refreshed, "refresh_token": next }));
    demo.assert_accepts(&refreshed);
    // Nor is that of /login, as in the Flask example.
    for token in [refreshed, demo.token()] {
        assert_eq!((&claims_in(&token)["fresh"], &claims_in(&token)["sub"]), (&json!(false), &json!("test")));
        assert_answer(&demo.bearing(&token, "GET", "/fresh"), 401, &msg("Fresh token required"));
    }
}

#[test]
fn every_login_refuses_in_the_same_words() {
    let folder = Folder::empty();
    let demo = folder.start();
    for path in ["/login", "/auth/login", "/auth/cookies"] {
        for (body, status, text) in [
            (json!({ "password": "test" }), 400, "Missing username parameter"),
            (json!({ "username": "test" }), 400, "Missing password parameter"),
            (json!({ "username": "test", "password": "wrong" }), 401, "Bad username or password"),
            (json!({ "username": 7, "password": "test" }), 401, "Bad username or password"),
        ] {
            let response = demo.send_json("POST", path, &body);
            assert_answer(&response, status, &msg(text));
            assert_eq!(response.headers("set-cookie").count(), 0);
        }
        let response = demo.send("POST", path, &[("Content-Type", "text/plain")], &test_user().to_string());
        assert_answer(&response, 400, &msg("Missing JSON in request"));
        let response = demo.send("POST", path, &[("Content-Type", "application/json")], "{");
        assert_answer(&response, 400, &msg("Malformed JSON in request"));
        let response = demo.send("POST", path, &[("Content-Type", "application/json")], &" ".repeat(16 * 1024 + 1));
        assert_answer(&response, 413, &msg("Request body is longer than 16384 bytes"));
    }
}

#[test]
fn answers_with_tokens_are_kept_by_no_cache() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (_, refresh) = demo.tokens();
    for response in [
        demo.send_json("POST", "/auth/login", &test_user()),
        demo.send_json("POST", "/auth/cookies", &test_user()),
        demo.bearing(&refresh, "POST", "/auth/refresh"),
    ] {
        assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    }
}

/// Another server with the same secret may have made the token.
#[test]
fn only_me_wants_a_user_of_ours() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let token = sign(&json!({ "sub": "ada", "jti": "1", "fresh": true }));
    for path in ["/protected", "/optional", "/fresh"] {
        assert_answer(&demo.bearing(&token, "GET", path), 200, &json!({ "logged_in_as": "ada" }));
    }
    assert_answer(&demo.bearing(&token, "GET", "/me"), 401, &msg("Error loading the user ada"));
    let refresh = sign(&json!({ "sub": "ada", "jti": "2", "type": "refresh" }));
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!(claims_in(response.json()["access_token"].as_str().unwrap())["sub"], "ada");
}

#[test]
fn every_route_is_under_the_settings_of_the_file() {
    let folder = Folder::with_secret_and(
        r#"
        JWT_ALGORITHM = "HS512"
        JWT_HEADER_NAME = "X-Token"
        JWT_HEADER_TYPE = ""
        JWT_IDENTITY_CLAIM = "user"
        JWT_ENCODE_ISSUER = "us"
        JWT_DECODE_ISSUER = "us"
        JWT_ENCODE_AUDIENCE = ["web", "app"]
        JWT_DECODE_AUDIENCE = "app"
        JWT_ENCODE_NBF = false
        JWT_ACCESS_TOKEN_EXPIRES = 60
        JWT_REFRESH_TOKEN_EXPIRES = false
        JWT_SESSION_LIFETIME = false
        JWT_ERROR_MESSAGE_KEY = "error"
        "#,
    );
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    let get = |token: &str, path| demo.send("GET", path, &[("X-Token", token)], "");
    for (path, expected) in [
        ("/protected", json!({ "logged_in_as": "test" })),
        ("/header", json!({ "alg": "HS512", "typ": "JWT" })),
        ("/claims", claims_in(&access)),
        ("/me", json!({ "username": "test", "full_name": "Test User" })),
    ] {
        assert_answer(&get(&access, path), 200, &expected);
    }
    let claims = claims_in(&access);
    assert_eq!(
        (&claims["user"], &claims["iss"], &claims["aud"]),
        (&json!("test"), &json!("us"), &json!(["web", "app"]))
    );
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert!(claims.get("nbf").is_none() && claims.get("sub").is_none());
    assert!(claims_in(&refresh).get("exp").is_none());
    assert_answer(&demo.send("GET", "/me", &[], ""), 401, &json!({ "error": "Missing X-Token Header" }));
}

/// A preflight carries no token; a bad one is not looked at.
#[test]
fn options_is_answered_without_a_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    for (path, methods) in METHODS {
        for headers in [&[][..], &[("Authorization", "Bearer a.b.c")]] {
            let response = demo.send("OPTIONS", path, headers, "");
            let expected = format!("{methods}, OPTIONS");
            assert_eq!((response.status, response.header("allow")), (200, Some(&*expected)), "{path}: {response:?}");
            assert_eq!(response.body, "");
        }
    }
    assert_eq!(demo.send("OPTIONS", "/nowhere", &[], "").status, 404);
}

#[test]
fn head_answers_as_get_without_the_body() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, _) = demo.tokens();
    let has = |methods: &str, method| methods.split(", ").any(|own| own == method);
    for (path, _) in METHODS.into_iter().filter(|(_, methods)| has(methods, "GET")) {
        for token in [&*access, "a.b.c", ""] {
            let (get, head) = (demo.bearing(token, "GET", path), demo.bearing(token, "HEAD", path));
            assert_eq!((head.status, &*head.body), (get.status, ""), "{path}");
            for name in ["content-type", "content-length", "www-authenticate"] {
                assert_eq!(head.header(name), get.header(name), "{path}: {name}");
            }
        }
    }
}

#[test]
fn a_method_that_a_route_does_not_have_is_told_those_that_it_has() {
    let folder = Folder::empty();
    let demo = folder.start();
    for (path, methods) in METHODS {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let response = demo.send(method, path, &[], "");
            if methods.split(", ").any(|own| own == method) {
                assert!(![404, 405].contains(&response.status), "{method} {path}: {response:?}");
                continue;
            }
            assert_eq!(response.status, 405, "{method} {path}");
            assert_eq!(response.header("allow"), Some(&*format!("{methods}, OPTIONS")), "{method} {path}");
            if method != "HEAD" {
                assert_eq!(response.json(), msg("Method not allowed"));
            }
        }
    }
}

#[test]
fn an_identity_keeps_its_type() {
    let folder = Folder::with_secret_and("JWT_VERIFY_SUB = false");
    let demo = folder.start();
    let access = sign(&json!({ "sub": 42, "jti": "1", "fresh": true, "exp": 4_000_000_000_u64 }));
    for (method, path) in [("GET", "/protected"), ("POST", "/protected"), ("GET", "/optional"), ("GET", "/fresh")] {
        assert_answer(&demo.bearing(&access, method, path), 200, &json!({ "logged_in_as": 42 }));
    }
    let refresh = sign(&json!({ "sub": 42, "jti": "1", "type": "refresh", "exp": 4_000_000_000_u64 }));
    let refreshed = demo.bearing(&refresh, "POST", "/auth/refresh").json();
    assert_eq!(claims_in(refreshed["access_token"].as_str().unwrap())["sub"], 42);
}
