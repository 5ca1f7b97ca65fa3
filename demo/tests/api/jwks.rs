//! `GET /.well-known/jwks.json`.

use crate::helpers::Folder;
use serde_json::{Value, json};
use std::fs;

const PATH: &str = "/.well-known/jwks.json";

#[test]
fn others_get_the_public_key() {
    let folder = Folder::with_settings("JWT_ALGORITHM = \"ES256\"\nJWT_PRIVATE_KEY = \"jwt.pem\"\n");
    let pem = include_str!("../../../crates/actix-jwt-extended/tests/keys/ec256.pem");
    fs::write(folder.path().join("jwt.pem"), pem).unwrap();
    let demo = folder.start();
    let response = demo.send("GET", PATH, &[], "");
    assert_eq!((response.status, response.header("content-type")), (200, Some("application/jwk-set+json")));
    assert_eq!(response.header("cache-control"), Some("public, max-age=3600"));
    let keys = response.json()["keys"].clone();
    let key = keys[0].as_object().unwrap();
    assert!(key.keys().eq(["alg", "crv", "kty", "use", "x", "y"]), "{keys}");
    assert_eq!(keys.as_array().map(Vec::len), Some(1));
    let tag = response.header("etag").unwrap();
    assert_eq!(demo.send("GET", PATH, &[("If-None-Match", tag)], "").status, 304);
    for (method, status) in [("HEAD", 200), ("OPTIONS", 204), ("POST", 405), ("DELETE", 405)] {
        let response = demo.send(method, PATH, &[], "");
        assert_eq!((response.status, &*response.body), (status, ""), "{method}");
        assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    }
}

#[test]
fn a_secret_is_published_to_nobody() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let keys: Value = demo.send("GET", PATH, &[], "").json();
    assert_eq!(keys, json!({ "keys": [] }));
}
