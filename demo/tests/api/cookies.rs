//! `/auth/cookies`, and what the cookies open.

use crate::helpers::{Demo, Folder, PATIENCE, claims_in, msg, sign, test_user};
use crate::http::Response;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Instant;

const ALL: [&str; 4] = ["access_token_cookie", "csrf_access_token", "refresh_token_cookie", "csrf_refresh_token"];

/// What a browser keeps.
#[derive(Default)]
struct Jar(BTreeMap<String, String>);

impl Jar {
    fn logged_in(demo: &Demo) -> Self {
        let mut jar = Self::default();
        let response = demo.send_json("POST", "/auth/cookies", &test_user());
        assert_eq!((response.status, response.json()), (200, json!({ "login": true })));
        jar.keep(&response);
        jar
    }

    fn keep(&mut self, response: &Response) {
        for cookie in response.headers("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            if cookie.contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// With the cookies, and the CSRF value if there is one.
    fn send(&self, demo: &Demo, method: &str, path: &str, csrf: Option<&str>) -> Response {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let headers = [("Cookie", cookies.as_str()), ("X-CSRF-TOKEN", csrf.unwrap_or_default())];
        demo.send(method, path, &headers[..if csrf.is_some() { 2 } else { 1 }], "")
    }
}

#[track_caller]
fn assert_answer(response: &Response, status: u16, body: &Value) {
    assert_eq!((response.status, &response.json()), (status, body), "{response:?}");
}

/// Name and attributes, without the value.
fn shapes(response: &Response) -> Vec<String> {
    let shape = |cookie: &str| {
        let (name, rest) = cookie.split_once('=').unwrap();
        format!("{name}{}", rest.find(';').map_or("", |at| &rest[at..]))
    };
    response.headers("set-cookie").map(shape).collect()
}

#[test]
fn from_login_to_logout() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"cookies\"");
    let demo = folder.start();
    let mut jar = Jar::logged_in(&demo);
    assert_eq!(jar.0.keys().map(String::as_str).collect::<Vec<_>>(), {
        let mut names = ALL;
        names.sort_unstable();
        names
    });
    let csrf = jar.0["csrf_access_token"].clone();
    let refresh_csrf = jar.0["csrf_refresh_token"].clone();
    assert_eq!(claims_in(&jar.0["access_token_cookie"])["csrf"], json!(csrf));

    let who = json!({ "logged_in_as": "test" });
    assert_answer(&jar.send(&demo, "GET", "/protected", None), 200, &who);
    assert_answer(&jar.send(&demo, "GET", "/fresh", None), 200, &who);
    assert_answer(&jar.send(&demo, "GET", "/location", None), 200, &json!({ "location": "cookies" }));
    assert_answer(&jar.send(&demo, "GET", "/me", None), 200, &json!({ "username": "test", "full_name": "Test User" }));
    assert_answer(&jar.send(&demo, "POST", "/protected", None), 401, &msg("Missing CSRF token"));
    let other = msg("CSRF double submit tokens do not match");
    assert_answer(&jar.send(&demo, "POST", "/protected", Some(&refresh_csrf)), 401, &other);
    assert_answer(&jar.send(&demo, "POST", "/protected", Some(&csrf)), 200, &who);

    assert_answer(&jar.send(&demo, "PUT", "/auth/cookies", None), 401, &msg("Missing CSRF token"));
    assert_answer(&jar.send(&demo, "PUT", "/auth/cookies", Some(&csrf)), 401, &other);
    let refreshed = jar.send(&demo, "PUT", "/auth/cookies", Some(&refresh_csrf));
    assert_answer(&refreshed, 200, &json!({ "refresh": true }));
    // The refresh token is good once, so there is another.
    assert_eq!(
        shapes(&refreshed),
        [
            "access_token_cookie; HttpOnly; Path=/",
            "csrf_access_token; Path=/",
            "refresh_token_cookie; HttpOnly; Path=/",
            "csrf_refresh_token; Path=/",
        ]
    );
    let before = jar.0["access_token_cookie"].clone();
    jar.keep(&refreshed);
    assert_ne!(jar.0["access_token_cookie"], before);
    assert_answer(&jar.send(&demo, "GET", "/protected", None), 200, &who);
    assert_answer(&jar.send(&demo, "GET", "/fresh", None), 401, &msg("Fresh token required"));
    // The session's own: other tabs hold it.
    assert_eq!(jar.0["csrf_access_token"], csrf);
    assert_answer(&jar.send(&demo, "POST", "/protected", Some(&csrf)), 200, &who);

    let response = jar.send(&demo, "DELETE", "/auth/cookies", Some(&csrf));
    assert_answer(&response, 200, &json!({ "logout": true }));
    jar.keep(&response);
    assert_eq!(jar.0.len(), 0);
    let missing = msg("Missing cookie \"access_token_cookie\"");
    assert_answer(&jar.send(&demo, "GET", "/protected", None), 401, &missing);
}

#[test]
fn all_four_are_set_and_unset() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"cookies\"");
    let demo = folder.start();
    let set = demo.send_json("POST", "/auth/cookies", &test_user());
    assert_eq!(
        shapes(&set),
        [
            "access_token_cookie; HttpOnly; Path=/",
            "csrf_access_token; Path=/",
            "refresh_token_cookie; HttpOnly; Path=/",
            "csrf_refresh_token; Path=/",
        ]
    );
    // Whoever asks, logged in or not.
    let unset = demo.send("DELETE", "/auth/cookies", &[], "");
    assert_answer(&unset, 200, &json!({ "logout": true }));
    let cookies: Vec<_> = unset.headers("set-cookie").collect();
    assert_eq!(cookies.len(), 4);
    for (name, cookie) in ALL.into_iter().zip(cookies) {
        assert!(cookie.starts_with(&format!("{name}=; ")), "{cookie}");
        assert!(cookie.contains("Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "{cookie}");
    }
}

#[test]
fn the_settings_shape_them() {
    let folder = Folder::with_secret_and(
        r#"
        JWT_TOKEN_LOCATION = ["headers", "cookies"]
        JWT_ACCESS_COOKIE_NAME = "a"
        JWT_REFRESH_COOKIE_NAME = "r"
        JWT_REFRESH_COOKIE_PATH = "/auth/cookies"
        JWT_COOKIE_SECURE = true
        JWT_COOKIE_SAMESITE = "Strict"
        JWT_COOKIE_DOMAIN = "app.example"
        JWT_CSRF_IN_COOKIES = false
        "#,
    );
    let demo = folder.start();
    let response = demo.send_json("POST", "/auth/cookies", &test_user());
    let cookies: Vec<_> = response.headers("set-cookie").collect();
    assert_eq!(cookies.len(), 2, "{response:?}");
    for (cookie, start, path) in [(cookies[0], "a=", "Path=/;"), (cookies[1], "r=", "Path=/auth/cookies;")] {
        assert!(cookie.starts_with(start), "{cookie}");
        let cookie = format!("{cookie};");
        for attribute in [path, "HttpOnly;", "Secure;", "SameSite=Strict;", "Domain=app.example;"] {
            assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
        }
    }
}

#[test]
fn without_csrf_protection_the_cookie_is_enough() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"cookies\"\nJWT_COOKIE_CSRF_PROTECT = false");
    let demo = folder.start();
    let jar = Jar::logged_in(&demo);
    assert_eq!(jar.0.len(), 2);
    for (method, path, expected) in [
        ("POST", "/protected", json!({ "logged_in_as": "test" })),
        ("PUT", "/auth/cookies", json!({ "refresh": true })),
        ("DELETE", "/auth/logout", msg("Access token successfully revoked")),
    ] {
        assert_answer(&jar.send(&demo, method, path, None), 200, &expected);
    }
}

/// `verify_type(false)` looks in the access cookie only, as Flask-JWT-Extended does.
#[test]
fn logging_out_revokes_the_access_cookie() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"cookies\"");
    let demo = folder.start();
    let mut jar = Jar::logged_in(&demo);
    let csrf = jar.0["csrf_access_token"].clone();
    assert_answer(&jar.send(&demo, "DELETE", "/auth/logout", None), 401, &msg("Missing CSRF token"));
    let response = jar.send(&demo, "DELETE", "/auth/logout", Some(&csrf));
    assert_answer(&response, 200, &msg("Access token successfully revoked"));
    assert_answer(&jar.send(&demo, "GET", "/protected", None), 401, &msg("Token has been revoked"));
    // The refresh cookie is of the same session …
    let refresh_csrf = jar.0["csrf_refresh_token"].clone();
    assert_eq!(jar.send(&demo, "PUT", "/auth/cookies", Some(&refresh_csrf)).status, 401);
    // … and not looked for here.
    jar.0.remove("access_token_cookie");
    let response = jar.send(&demo, "DELETE", "/auth/logout", Some(&refresh_csrf));
    assert_answer(&response, 401, &msg("Missing cookie \"access_token_cookie\""));
}

/// What the browser forgets, somebody may have kept.
#[test]
fn a_browser_that_logs_out_ends_its_session() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = [\"headers\", \"cookies\"]");
    let demo = folder.start();
    for (name, ends) in [("csrf_access_token", true), ("csrf_refresh_token", true), ("", false)] {
        let mut jar = Jar::logged_in(&demo);
        let kept = jar.0["access_token_cookie"].clone();
        let csrf = jar.0.get(name).map(String::as_str);
        let answer = jar.send(&demo, "DELETE", "/auth/cookies", csrf);
        match ends {
            true => assert_answer(&answer, 200, &json!({ "logout": true })),
            // Nobody says that what goes on has ended.
            false => assert_answer(&answer, 401, &msg("Missing CSRF token")),
        }
        let again = jar.send(&demo, "DELETE", "/auth/cookies", csrf);
        assert_eq!(again.status, answer.status, "once more: {again:?}");
        // Another site's script could send the cookies, not the value: it can log nobody out.
        let status = demo.bearing(&kept, "GET", "/protected").status;
        assert_eq!(status, if ends { 401 } else { 200 }, "{name}");
        jar.keep(&answer);
        assert_eq!(jar.0.len(), 0, "the browser forgets them all the same");
    }
}

/// By whichever route: one error has one answer.
#[test]
fn a_logout_that_the_store_does_not_carry_out_says_so_in_the_words_of_the_settings() {
    let folder = Folder::with_secret_and(
        r#"
        JWT_TOKEN_LOCATION = ["headers", "cookies"]
        JWT_ERROR_MESSAGE_KEY = "detail"
        JWT_REVOCATION_MAX_STALENESS = "1h"
        "#,
    );
    // The replica knows that the token is good; only the store can end its session.
    let demo = Demo::start(folder.demo().args(["--port", "0"]).env("DEMO_STORE", "sqlite:demo.db?replicated=true"));
    let jar = Jar::logged_in(&demo);
    let csrf = jar.0["csrf_access_token"].clone();
    std::fs::rename(folder.path().join("demo.db"), folder.path().join("away.db")).unwrap();
    for path in ["/auth/logout", "/auth/cookies"] {
        let answer = jar.send(&demo, "DELETE", path, Some(&csrf));
        assert_answer(&answer, 503, &json!({ "detail": "Service Unavailable" }));
        assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
        // What a browser has forgotten it could not send again, and then nobody could tell whose session lives.
        assert_eq!(answer.headers("set-cookie").count(), 0, "{path}");
    }
    std::fs::rename(folder.path().join("away.db"), folder.path().join("demo.db")).unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut answer = jar.send(&demo, "DELETE", "/auth/cookies", Some(&csrf));
    while answer.status == 503 && Instant::now() < deadline {
        answer = jar.send(&demo, "DELETE", "/auth/cookies", Some(&csrf));
    }
    assert_answer(&answer, 200, &json!({ "logout": true }));
    let refresh_csrf = jar.0["csrf_refresh_token"].clone();
    assert_eq!(jar.send(&demo, "PUT", "/auth/cookies", Some(&refresh_csrf)).status, 401);
}

/// Its session may live long after an access token has expired.
#[test]
fn an_expired_cookie_ends_its_session() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"cookies\"");
    let demo = folder.start();
    for (csrf, ends) in [(true, true), (false, false)] {
        let mut jar = Jar::logged_in(&demo);
        let mut claims = claims_in(&jar.0["access_token_cookie"]);
        (claims["iat"], claims["nbf"], claims["exp"]) = (json!(1), json!(1), json!(2));
        jar.0.insert("access_token_cookie".to_owned(), sign(&claims));
        assert_answer(&jar.send(&demo, "GET", "/protected", None), 401, &msg("Token has expired"));

        let value = if csrf { jar.0["csrf_access_token"].clone() } else { "another".to_owned() };
        let answer = jar.send(&demo, "DELETE", "/auth/cookies", Some(&value));
        match ends {
            true => assert_answer(&answer, 200, &json!({ "logout": true })),
            false => assert_answer(&answer, 401, &msg("CSRF double submit tokens do not match")),
        }
        // Somebody has a copy of the refresh cookie.
        let refresh_csrf = jar.0["csrf_refresh_token"].clone();
        let status = jar.send(&demo, "PUT", "/auth/cookies", Some(&refresh_csrf)).status;
        assert_eq!(status, if ends { 401 } else { 200 }, "{csrf}");
    }
}

/// The refresh cookie counts for `PUT`, wherever tokens are looked for otherwise.
#[test]
fn refreshing_works_with_header_tokens_elsewhere() {
    let folder = Folder::empty();
    let demo = folder.start();
    let jar = Jar::logged_in(&demo);
    let refresh_csrf = jar.0["csrf_refresh_token"].clone();
    let response = jar.send(&demo, "PUT", "/auth/cookies", Some(&refresh_csrf));
    assert_answer(&response, 200, &json!({ "refresh": true }));
    assert_answer(&jar.send(&demo, "GET", "/protected", None), 401, &msg("Missing Authorization Header"));
}
