//! `DELETE /auth/logout`, and that it holds.

use crate::helpers::{Folder, claims_in, msg, sign};
use crate::http;
use serde_json::json;
use std::thread;

#[test]
fn an_access_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    let response = demo.bearing(&access, "DELETE", "/auth/logout");
    assert_eq!((response.status, response.json()), (200, msg("Access token successfully revoked")));
    for (method, path) in [
        ("GET", "/protected"),
        ("POST", "/protected"),
        ("GET", "/optional"),
        ("GET", "/fresh"),
        ("GET", "/claims"),
        ("GET", "/me"),
        ("DELETE", "/auth/logout"),
    ] {
        let response = demo.bearing(&access, method, path);
        assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")), "{method} {path}");
    }
    // The whole session is over, and no other.
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
    demo.assert_accepts(&demo.token());
}

#[test]
fn a_refresh_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    let response = demo.bearing(&refresh, "DELETE", "/auth/logout");
    assert_eq!((response.status, response.json()), (200, msg("Refresh token successfully revoked")));
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
    let response = demo.bearing(&access, "GET", "/protected");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
}

/// The session may live long after an access token has expired.
#[test]
fn a_token_that_has_expired_ends_its_session() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let (access, refresh) = demo.tokens();
    let mut claims = claims_in(&access);
    (claims["iat"], claims["nbf"], claims["exp"]) = (json!(1), json!(1), json!(2));
    let expired = sign(&claims);
    let response = demo.bearing(&expired, "GET", "/protected");
    assert_eq!((response.status, response.json()), (401, msg("Token has expired")));
    let response = demo.bearing(&expired, "DELETE", "/auth/logout");
    assert_eq!((response.status, response.json()), (200, msg("Access token successfully revoked")));
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
}

/// As those of a Flask application before the move.
#[test]
fn a_token_without_a_session_goes_alone() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let made = |kind: &str| sign(&json!({ "sub": "test", "jti": kind, "type": kind, "fresh": false }));
    let (access, refresh) = (made("access"), made("refresh"));
    assert_eq!(demo.bearing(&access, "DELETE", "/auth/logout").status, 200);
    assert_eq!(demo.bearing(&access, "GET", "/protected").status, 401);
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!(response.status, 200);
    assert_eq!(response.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["access_token"]);
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 200, "it is good until it expires");
    let response = demo.bearing(&refresh, "DELETE", "/auth/logout");
    assert_eq!((response.status, response.json()), (200, msg("Refresh token successfully revoked")));
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 401);
}

#[test]
fn a_token_without_an_id_cannot_be_revoked() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let token = sign(&json!({ "sub": "test" }));
    let response = demo.bearing(&token, "DELETE", "/auth/logout");
    assert_eq!((response.status, response.json()), (422, msg("Missing claim: jti")));
    // So it opens nothing.
    let response = demo.bearing(&token, "GET", "/protected");
    assert_eq!((response.status, response.json()), (422, msg("Missing claim: jti")));
}

#[test]
fn a_token_that_never_expires_stays_revoked() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let token = sign(&json!({ "sub": "test", "jti": "forever" }));
    assert_eq!(demo.bearing(&token, "DELETE", "/auth/logout").status, 200);
    let response = demo.bearing(&token, "GET", "/protected");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
}

/// The list is the whole program's, not one worker's, and the answer comes after the entry.
#[test]
fn every_worker_knows_at_once() {
    let folder = Folder::empty();
    let demo = folder.start();
    let tokens: Vec<_> = (0..20).map(|_| demo.token()).collect();
    thread::scope(|scope| {
        for token in &tokens {
            let (port, bearer) = (demo.port(), format!("Bearer {token}"));
            scope.spawn(move || {
                let send = |method, path| http::request(port, method, path, &[("Authorization", &bearer)], b"").status;
                assert_eq!(send("DELETE", "/auth/logout"), 200);
                for _ in 0..10 {
                    assert_eq!(send("GET", "/protected"), 401);
                }
            });
        }
    });
}
