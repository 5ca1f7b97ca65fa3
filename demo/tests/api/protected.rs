//! `GET /protected`, as Flask-JWT-Extended's example answers.

use crate::helpers::{Folder, msg};
use crate::http;
use serde_json::json;

#[test]
fn a_token_opens_it() {
    let folder = Folder::empty();
    let demo = folder.start();
    let token = demo.token();
    let response = demo.protected(Some(&format!("Bearer {token}")));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.json(), json!({ "logged_in_as": "test" }));
    assert_eq!(response.body, r#"{"logged_in_as":"test"}"#);
}

#[test]
fn without_a_token_it_stays_closed() {
    let folder = Folder::empty();
    let demo = folder.start();
    let response = demo.protected(None);
    assert_eq!((response.status, response.json()), (401, msg("Missing Authorization Header")));
    assert!(response.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    // Tokens are looked for in the header only.
    let path = format!("/protected?jwt={}", demo.token());
    let response = http::request(demo.port(), "GET", &path, &[], b"");
    assert_eq!((response.status, response.json()), (401, msg("Missing Authorization Header")));
}

#[test]
fn another_token_does_not_open_it() {
    let (folder, other) = (Folder::empty(), Folder::empty());
    let (demo, other) = (folder.start(), other.start());
    let expected = (422, msg("Signature verification failed"));
    let response = demo.protected(Some(&format!("Bearer {}", other.token())));
    assert_eq!((response.status, response.json()), expected);
    let response = demo.protected(Some("Bearer not-a-token"));
    assert_eq!((response.status, response.json()), (422, msg("Not enough segments")));
    let response = demo.protected(Some("Basic dGVzdDp0ZXN0"));
    assert_eq!(response.status, 401);
}
