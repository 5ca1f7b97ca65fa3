//! Tokens in the query and in a JSON body.

use crate::helpers::{Folder, claims_in, msg};
use serde_json::{Value, json};

#[test]
fn in_the_query() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"query_string\"");
    let demo = folder.start();
    let ((access, _), (_, refresh)) = (demo.tokens(), demo.tokens());
    for (method, path, token, expected) in [
        ("GET", "/protected", &access, json!({ "logged_in_as": "test" })),
        ("POST", "/protected", &access, json!({ "logged_in_as": "test" })),
        ("GET", "/optional", &access, json!({ "logged_in_as": "test" })),
        ("GET", "/fresh", &access, json!({ "logged_in_as": "test" })),
        ("GET", "/claims", &access, claims_in(&access)),
        ("GET", "/location", &access, json!({ "location": "query_string" })),
        ("GET", "/me", &access, json!({ "username": "test", "full_name": "Test User" })),
        ("DELETE", "/auth/logout", &access, msg("Access token successfully revoked")),
        ("DELETE", "/auth/logout", &refresh, msg("Refresh token successfully revoked")),
    ] {
        let response = demo.send(method, &format!("{path}?jwt={token}"), &[], "");
        assert_eq!((response.status, response.json()), (200, expected), "{method} {path}");
    }
    let response = demo.send("POST", &format!("/auth/refresh?jwt={refresh}"), &[], "");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
    let response = demo.bearing(&access, "GET", "/protected");
    assert_eq!((response.status, response.json()), (401, msg("Missing 'jwt' query paramater")));
}

#[test]
fn in_a_json_body() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = \"json\"");
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    let body = json!({ "access_token": access, "more": [1] });
    for (method, path, expected) in [
        ("POST", "/protected", json!({ "logged_in_as": "test" })),
        ("GET", "/location", json!({ "location": "json" })),
        ("GET", "/me", json!({ "username": "test", "full_name": "Test User" })),
    ] {
        let response = demo.send_json(method, path, &body);
        assert_eq!((response.status, response.json()), (200, expected), "{method} {path}");
    }
    let response = demo.send_json("POST", "/auth/refresh", &json!({ "refresh_token": refresh }));
    let refreshed = response.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims_in(&refreshed)["fresh"], false);
    // A refresh token is to be under its own name, and for logging out under the other.
    let response = demo.send_json("POST", "/auth/refresh", &json!({ "access_token": refresh }));
    assert_eq!((response.status, response.json()), (401, msg("Missing \"refresh_token\" key in json data.")));
    let (_, other) = demo.tokens();
    for (token, kind) in [(&refreshed, "Access"), (&other, "Refresh")] {
        let response = demo.send_json("DELETE", "/auth/logout", &json!({ "access_token": token }));
        assert_eq!((response.status, response.json()), (200, msg(&format!("{kind} token successfully revoked"))));
    }
    let response = demo.send("POST", "/protected", &[("Content-Type", "text/plain")], &body.to_string());
    let expected: Value = msg("Invalid content-type. Must be application/json.");
    assert_eq!((response.status, response.json()), (401, expected));
}

#[test]
fn in_several_places() {
    let folder = Folder::with_secret_and("JWT_TOKEN_LOCATION = [\"headers\", \"cookies\", \"json\", \"query_string\"]");
    let demo = folder.start();
    let (access, _) = demo.tokens();
    let located = |path: &str, headers: &[(&str, &str)], body: &str| demo.send("GET", path, headers, body).json();
    let (header, cookie) = (format!("Bearer {access}"), format!("access_token_cookie={access}"));
    let (path, body) = (format!("/location?jwt={access}"), json!({ "access_token": access }).to_string());
    let headers = [("Content-Type", "application/json"), ("Cookie", cookie.as_str()), ("Authorization", &header)];
    assert_eq!(located(&path, &headers, &body), json!({ "location": "headers" }));
    assert_eq!(located(&path, &headers[..2], &body), json!({ "location": "cookies" }));
    assert_eq!(located(&path, &headers[..1], &body), json!({ "location": "json" }));
    assert_eq!(located(&path, &[], ""), json!({ "location": "query_string" }));
    assert_eq!(located("/location", &[], ""), json!({ "location": null }));
}
