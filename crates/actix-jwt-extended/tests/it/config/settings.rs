//! From a settings file to a running route.

use crate::app::{TestApp, builder};
use actix_jwt_extended::{JwtConfig, JwtIdentity, JwtManager};
use actix_web::web;

#[test]
fn a_settings_file_shapes_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    let text = r#"
        JWT_SECRET_KEY = "the settings file's secret, 32 bytes or more"
        JWT_ACCESS_TOKEN_EXPIRES = "2h"
        JWT_HEADER_NAME = "X-Auth"
        JWT_HEADER_TYPE = "Token"
        JWT_ERROR_MESSAGE_KEY = "detail"
    "#;
    std::fs::write(&path, text).unwrap();
    let jwt = builder(JwtConfig::from_file(&path).unwrap()).build().unwrap();
    let app = TestApp::start(&jwt, |config| {
        config.route("/", web::get().to(async |user: JwtIdentity| user.into_inner()));
    });
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(app.get("/", &[("X-Auth", &format!("Token {token}"))]).text(), "ada");
    assert_eq!(app.get("/", &[]).json(), serde_json::json!({ "detail": "Missing X-Auth Header" }));
    let verified = jwt.decode_token(&token).unwrap();
    assert_eq!(verified.expires_at().unwrap() - verified.issued_at().unwrap(), 7200);
}

#[test]
fn a_broken_settings_file_stops_the_program_before_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    for (text, message) in [
        ("", "JWT_SECRET_KEY is not set"),
        ("JWT_SECRET_KEY = \"secret\"", "JWT_SECRET_KEY is a well-known example"),
        ("JWT_SECRET = \"x\"", "JWT_SECRET is no setting; did you mean JWT_SECRET_KEY?"),
        ("JWT_SECRET_KEY = 7", "JWT_SECRET_KEY must be a string"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = JwtConfig::from_file(&path).and_then(JwtManager::new).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
