//! From a settings file to a running route.

use crate::app::{TestApp, builder, config};
use crate::logged;
use actix_jwt_extended::{CookieOptions, JwtConfig, JwtIdentity, JwtManager, Location};
use actix_web::{HttpResponse, web};
use serde_json::Value;

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
fn headers_that_proxies_refuse_are_told_of() {
    let warned = |config: JwtConfig| {
        let lines = logged::lines_of(|| drop(builder(config).build().unwrap()));
        lines.iter().any(|line| line.contains("nginx"))
    };
    assert!(!warned(config()));
    assert!(!warned(config().max_token_size(8_168)));
    assert!(warned(config().max_token_size(8_169)));
    assert!(!warned(config().max_token_size(8_169).token_location([Location::Cookies])));
}

#[test]
fn a_broken_settings_file_stops_the_program_before_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    for (text, message) in [
        ("", "JWT_SECRET_KEY is not set"),
        ("JWT_SECRET_KEY = \"secret\"", "JWT_SECRET_KEY is a well-known example"),
        ("JWT_SECRET = \"x\"", "JWT_SECRET is no setting; did you mean JWT_SECRET_KEY?"),
        (
            "JWT_SECRET_KEY = \"the settings file's secret, 32 bytes or more\"\nJWT_TRUSTED_PROXIES = \"*\"",
            "JWT_TRUSTED_PROXIES must be a list",
        ),
        ("JWT_SECRET_KEY = 7", "JWT_SECRET_KEY must be a string"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = JwtConfig::from_file(&path).and_then(JwtManager::new).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn settings_below_a_table_header_are_an_error_that_says_to_move_them_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    for (text, table, setting) in [
        ("[server]\nJWT_COOKIE_SECURE = true", "server", "JWT_COOKIE_SECURE"),
        ("[server.tls]\nJWT_DECODE_AUDIENCE = \"web\"", "server.tls", "JWT_DECODE_AUDIENCE"),
        ("[server]\njwt_cookie_secure = true", "server", "JWT_COOKIE_SECURE"),
        ("server.JWT_COOKIE_SECURE = true", "server", "JWT_COOKIE_SECURE"),
        ("server = { JWT_COOKIE_SECURE = true }", "server", "JWT_COOKIE_SECURE"),
        ("[[server]]\nport = 1\n[[server]]\nJWT_COOKIE_SECURE = true", "server", "JWT_COOKIE_SECURE"),
        ("[JWT]\nCOOKIE_SECURE = true", "JWT", "JWT_COOKIE_SECURE"),
        ("jwt.cookie_secure = true", "jwt", "JWT_COOKIE_SECURE"),
        ("[jwt.cookie]\nsecure = true", "jwt.cookie", "JWT_COOKIE_SECURE"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = JwtConfig::from_file(&path).unwrap_err().to_string();
        let expected = format!(
            "{setting} stands in the table [{table}], where it is not in force; move it up, above the first [table]"
        );
        assert_eq!(error, expected, "{text}");
    }
    std::fs::write(&path, "JWT-COOKIE-SECURE = true").unwrap();
    let error = JwtConfig::from_file(&path).unwrap_err().to_string();
    assert_eq!(error, "JWT-COOKIE-SECURE is no setting; did you mean JWT_COOKIE_SECURE?");
    // Tables are the application's, with all that is not ours.
    std::fs::write(&path, "[server]\nport = 1\n[jwt]\ncolour = 1\n[[mails]]\nto = [\"a\", { b = 1 }]").unwrap();
    JwtConfig::from_file(&path).unwrap();
}

#[test]
fn settings_whose_own_tokens_would_be_refused_are_found_at_start_up() {
    for (config, what) in [
        (config().encode_issuer("me").decode_issuer("you"), "ISSUER"),
        (config().encode_audience(["a", "b"]).decode_audience("c"), "AUDIENCE"),
    ] {
        let error = JwtManager::new(config).unwrap_err().to_string();
        assert!(
            error.starts_with(&format!("JWT_ENCODE_{what} and JWT_DECODE_{what} have nothing in common")),
            "{error}"
        );
    }
    let fine =
        config().encode_issuer("me").decode_issuer(["you", "me"]).encode_audience(["a", "b"]).decode_audience("b");
    JwtManager::new(fine.identity_claim("uid")).unwrap();
    // Tokens get an audience at the call, or are others' with the same secret.
    JwtManager::new(config().decode_audience("web").decode_issuer("login")).unwrap();
}

#[test]
fn a_cookie_domain_is_one_domain_name_in_the_settings_and_at_the_call() {
    for (domain, right) in [
        ("example.com", true),
        (".example.com", true),
        ("a_b.example", true),
        ("localhost", true),
        ("10.0.0.1", true),
        ("", false),
        (".", false),
        ("example.com:443", false),
        ("https://example.com", false),
        ("*.example.com", false),
        ("example.com,example.org", false),
        ("a b", false),
        ("a..b", false),
        ("example.com.", false),
        ("bücher.example", false),
    ] {
        let built = JwtManager::new(config().cookie_domain(domain));
        assert_eq!(built.is_ok(), right, "{domain}");
        assert!(right || built.unwrap_err().to_string().starts_with("JWT_COOKIE_DOMAIN must be a domain name"));
        let jwt = JwtManager::new(config()).unwrap();
        let options = CookieOptions::new().domain(domain);
        let mut response = HttpResponse::Ok();
        assert_eq!(jwt.unset_jwt_cookies_with(&mut response, &options).is_ok(), right, "{domain}");
    }
}

/// An application that reads its settings with serde has tables, too.
#[test]
fn serde_passes_no_setting_over_that_stands_in_a_table() {
    #[derive(serde::Deserialize)]
    struct Mine {
        #[serde(flatten)]
        _jwt: JwtConfig,
        own: Value,
    }
    for (text, table, setting) in [
        (r#"{"x": {"JWT_COOKIE_SECURE": true}}"#, "x", "JWT_COOKIE_SECURE"),
        (r#"{"x": [1, {"y": {"jwt_cookie_secure": null}}]}"#, "x.y", "JWT_COOKIE_SECURE"),
        (r#"{"jwt": {"cookie_secure": true}}"#, "jwt", "JWT_COOKIE_SECURE"),
        (r#"{"JWT": {"cookie-secure": true}}"#, "JWT", "JWT_COOKIE_SECURE"),
    ] {
        let expected = format!("{setting} stands in the table [{table}], where it is not in force");
        let error = serde_json::from_str::<JwtConfig>(text).unwrap_err().to_string();
        assert!(error.starts_with(&expected), "{text}: {error}");
        let flattened = text.replacen('{', r#"{"own": 1, "#, 1);
        let error = serde_json::from_str::<Mine>(&flattened).err().unwrap().to_string();
        assert!(error.starts_with(&expected), "{flattened}: {error}");
    }
    let text =
        r#"{"own": {"a": [1, -1, 1.5, null, true, "b", {}]}, "other": {"a": [1, -1, 1.5, null, true, "b", {}]}}"#;
    assert!(serde_json::from_str::<Mine>(text).unwrap().own.is_object());
    serde_json::from_str::<JwtConfig>(text).unwrap();
}
