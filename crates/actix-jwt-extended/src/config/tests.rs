use super::*;
use std::ffi::OsString;
use std::time::Duration;

fn vars(pairs: &[(&str, &str)]) -> Result<JwtConfig, ConfigError> {
    JwtConfig::new().with_vars(pairs.iter().map(|(name, value)| (name.into(), value.into())))
}

fn toml(text: &str) -> Result<JwtConfig, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    std::fs::write(&path, text).unwrap();
    file::read(&path)
}

fn message(result: Result<JwtConfig, ConfigError>) -> String {
    result.and_then(|config| config.validate().map(|()| config)).unwrap_err().to_string()
}

#[test]
fn defaults_are_those_of_flask_jwt_extended() {
    let config = &JwtConfig::new();
    assert_eq!(config.access_token_expires, Lifetime::After(Duration::from_secs(900)));
    assert_eq!(config.refresh_token_expires, Lifetime::After(Duration::from_secs(2_592_000)));
    assert_eq!(config.algorithm, Algorithm::HS256);
    assert_eq!(config.allowed_algorithms(), [Algorithm::HS256]);
    assert!(config.secret_key.is_none() && config.private_key.is_none() && config.public_key.is_none());
    assert!(config.decode_audience.is_none() && config.encode_audience.is_none());
    assert!(config.decode_issuer.is_none() && config.encode_issuer.is_none());
    assert_eq!(config.decode_leeway, Duration::ZERO);
    assert!(config.encode_nbf && config.verify_sub && config.cookie_csrf_protect && !config.allow_weak_secret);
    assert_eq!(config.identity_claim, "sub");
    assert_eq!(config.error_message_key, "msg");
    assert_eq!(config.error_format, ErrorFormat::Flask);
    assert_eq!(config.token_location, [Location::Headers]);
    assert_eq!((config.header_name.as_str(), config.header_type.as_str()), ("Authorization", "Bearer"));
    assert_eq!((config.max_token_size, config.token_cache_size), (8000, 4096));
    assert_eq!((config.refresh_grace, config.store_timeout), (Duration::from_secs(10), Duration::from_secs(2)));
    assert_eq!(config.session_lifetime, Lifetime::After(Duration::from_secs(90 * 86_400)));
    assert_eq!(config.session_idle, Lifetime::Never);
    assert_eq!(config.revocation_max_staleness, Duration::from_secs(5));
    assert!(!config.require_session && !config.revocation_fail_open);
    assert_eq!((config.query_string_name.as_str(), config.query_string_value_prefix.as_str()), ("jwt", ""));
    assert_eq!((config.json_key.as_str(), config.refresh_json_key.as_str()), ("access_token", "refresh_token"));
    assert_eq!((config.max_body_size, config.body_timeout), (262_144, Duration::from_secs(30)));
    for (kind, refresh) in [("access", false), ("refresh", true)] {
        let names = config.names(refresh);
        assert_eq!(
            (names.cookie, names.csrf_cookie),
            (&*format!("{kind}_token_cookie"), &*format!("csrf_{kind}_token"))
        );
        assert_eq!((names.cookie_path, names.csrf_cookie_path), ("/", "/"));
        assert_eq!((names.csrf_header, names.csrf_field), ("X-CSRF-TOKEN", "csrf_token"));
    }
    assert!(config.session_cookie && config.csrf_in_cookies);
    assert!(
        !config.cookie_secure && !config.csrf_check_form && !config.csrf_fetch_metadata && !config.cookie_partitioned
    );
    assert!(config.cookie_domain.is_none() && config.cookie_samesite.is_none() && config.cookie_prefix.is_none());
    assert!(config.csrf_methods.iter().eq(["POST", "PUT", "PATCH", "DELETE"]));
}

#[test]
fn every_setting_is_read_from_toml_and_from_the_environment() {
    let from_toml = toml(
        r#"
        DEMO_PORT = 1
        something_else = "of the application's"
        JWT_ACCESS_TOKEN_EXPIRES = "1h 30m"
        JWT_REFRESH_TOKEN_EXPIRES = false
        JWT_ALGORITHM = "ES256"
        JWT_DECODE_ALGORITHMS = ["HS256", "EdDSA"]
        JWT_SECRET_KEY = "a secret"
        JWT_PRIVATE_KEY = "-----BEGIN x"
        JWT_PRIVATE_KEY_PASSWORD = "a password"
        JWT_PUBLIC_KEY = "/keys/public.pem"
        JWT_KEYS = [{ kid = "a", alg = "HS256", state = "next", secret_key = "x" }]
        JWT_KEYS_DIR = "/keys"
        JWT_KEY_LIFETIME = "30days"
        JWT_ALLOW_READABLE_KEYS = true
        JWT_JWKS_MAX_AGE = "10m"
        JWT_DECODE_AUDIENCE = ["a", "b"]
        JWT_ENCODE_AUDIENCE = "a"
        JWT_DECODE_ISSUER = "me"
        JWT_ENCODE_ISSUER = "me"
        JWT_DECODE_LEEWAY = 10
        JWT_ENCODE_NBF = false
        JWT_VERIFY_SUB = false
        JWT_REQUIRE_EXP = true
        JWT_REQUIRE_TYPE = true
        JWT_ACCEPT_TYPE_CLAIMS = "access_token"
        JWT_ACCEPT_TYP_HEADERS = ["x+jwt", "y"]
        JWT_ACCEPT_CNF = true
        JWT_IDENTITY_CLAIM = "uid"
        JWT_ERROR_MESSAGE_KEY = "detail"
        JWT_ERROR_FORMAT = "problem"
        JWT_RESOURCE_METADATA = "https://api.example/.well-known/oauth-protected-resource"
        JWT_TOKEN_LOCATION = ["cookies", "json"]
        JWT_HEADER_NAME = "X-Token"
        JWT_HEADER_TYPE = ""
        JWT_QUERY_STRING_NAME = "token"
        JWT_QUERY_STRING_VALUE_PREFIX = "Bearer "
        JWT_JSON_KEY = "a"
        JWT_REFRESH_JSON_KEY = "b"
        JWT_MAX_BODY_SIZE = 1024
        JWT_BODY_TIMEOUT = "5s"
        JWT_ACCESS_COOKIE_NAME = "c"
        JWT_REFRESH_COOKIE_NAME = "d"
        JWT_ACCESS_COOKIE_PATH = "/api"
        JWT_REFRESH_COOKIE_PATH = "/auth"
        JWT_COOKIE_SECURE = true
        JWT_COOKIE_DOMAIN = "example.com"
        JWT_COOKIE_SAMESITE = "Strict"
        JWT_SESSION_COOKIE = false
        JWT_COOKIE_PREFIX = "__Secure-"
        JWT_COOKIE_PARTITIONED = true
        JWT_COOKIE_CSRF_PROTECT = false
        JWT_CSRF_METHODS = ["POST", "PUT"]
        JWT_CSRF_IN_COOKIES = false
        JWT_CSRF_CHECK_FORM = true
        JWT_CSRF_FETCH_METADATA = true
        JWT_ACCESS_CSRF_COOKIE_NAME = "accessx"
        JWT_ACCESS_CSRF_COOKIE_PATH = "/x"
        JWT_ACCESS_CSRF_HEADER_NAME = "X-X"
        JWT_ACCESS_CSRF_FIELD_NAME = "x"
        JWT_REFRESH_CSRF_COOKIE_NAME = "refreshx"
        JWT_REFRESH_CSRF_COOKIE_PATH = "/x"
        JWT_REFRESH_CSRF_HEADER_NAME = "X-X"
        JWT_REFRESH_CSRF_FIELD_NAME = "x"
        JWT_TRUSTED_PROXIES = ["127.0.0.1", "10.0.0.0/8"]
        JWT_FORWARDED_HEADER = "Forwarded"
        JWT_MAX_TOKEN_SIZE = 4096
        JWT_TOKEN_CACHE_SIZE = 10
        JWT_REFRESH_GRACE = 0
        JWT_SESSION_LIFETIME = "30days"
        JWT_SESSION_IDLE = "3days"
        JWT_REQUIRE_SESSION = true
        JWT_REVOCATION_MAX_STALENESS = 2
        JWT_REVOCATION_FAIL_OPEN = true
        JWT_STORE_TIMEOUT = "500ms"
        JWT_STORE_CA_FILE = "/etc/ssl/ours.pem"
        JWT_MAX_SESSIONS = 20
        JWT_REALM = "staff"
        JWT_ALLOW_WEAK_SECRET = true
        "#,
    )
    .unwrap();
    let from_env = vars(&[("HOME", "/not/ours")]).unwrap();
    assert_eq!(format!("{from_env:?}"), format!("{:?}", JwtConfig::new()));
    let all = [
        ("JWT_ACCESS_TOKEN_EXPIRES", "5400"),
        ("JWT_REFRESH_TOKEN_EXPIRES", "False"),
        ("JWT_ALGORITHM", "ES256"),
        ("JWT_DECODE_ALGORITHMS", "HS256, EdDSA"),
        ("JWT_SECRET_KEY", "a secret"),
        ("JWT_PRIVATE_KEY", "-----BEGIN x"),
        ("JWT_PRIVATE_KEY_PASSWORD", "a password"),
        ("JWT_PUBLIC_KEY", "/keys/public.pem"),
        ("JWT_KEYS", r#"[{"kid":"a","alg":"HS256","state":"next","secret_key":"x"}]"#),
        ("JWT_KEYS_DIR", "/keys"),
        ("JWT_KEY_LIFETIME", "30days"),
        ("JWT_ALLOW_READABLE_KEYS", "1"),
        ("JWT_JWKS_MAX_AGE", "10m"),
        ("JWT_DECODE_AUDIENCE", "a,b"),
        ("JWT_ENCODE_AUDIENCE", "a"),
        ("JWT_DECODE_ISSUER", "me"),
        ("JWT_ENCODE_ISSUER", "me"),
        ("JWT_DECODE_LEEWAY", "10s"),
        ("JWT_ENCODE_NBF", "0"),
        ("JWT_VERIFY_SUB", "no"),
        ("JWT_REQUIRE_EXP", "1"),
        ("JWT_REQUIRE_TYPE", "yes"),
        ("JWT_ACCEPT_TYPE_CLAIMS", "access_token"),
        ("JWT_ACCEPT_TYP_HEADERS", "x+jwt, y"),
        ("JWT_ACCEPT_CNF", "on"),
        ("JWT_IDENTITY_CLAIM", "uid"),
        ("JWT_ERROR_MESSAGE_KEY", "detail"),
        ("JWT_ERROR_FORMAT", "problem"),
        ("JWT_RESOURCE_METADATA", "https://api.example/.well-known/oauth-protected-resource"),
        ("JWT_TOKEN_LOCATION", "cookies, json"),
        ("JWT_HEADER_NAME", "X-Token"),
        ("JWT_HEADER_TYPE", ""),
        ("JWT_QUERY_STRING_NAME", "token"),
        ("JWT_QUERY_STRING_VALUE_PREFIX", "Bearer "),
        ("JWT_JSON_KEY", "a"),
        ("JWT_REFRESH_JSON_KEY", "b"),
        ("JWT_MAX_BODY_SIZE", "1024"),
        ("JWT_BODY_TIMEOUT", "5"),
        ("JWT_ACCESS_COOKIE_NAME", "c"),
        ("JWT_REFRESH_COOKIE_NAME", "d"),
        ("JWT_ACCESS_COOKIE_PATH", "/api"),
        ("JWT_REFRESH_COOKIE_PATH", "/auth"),
        ("JWT_COOKIE_SECURE", "true"),
        ("JWT_COOKIE_DOMAIN", "example.com"),
        ("JWT_COOKIE_SAMESITE", "strict"),
        ("JWT_SESSION_COOKIE", "false"),
        ("JWT_COOKIE_PREFIX", "__Secure-"),
        ("JWT_COOKIE_PARTITIONED", "true"),
        ("JWT_COOKIE_CSRF_PROTECT", "off"),
        ("JWT_CSRF_METHODS", "POST,PUT"),
        ("JWT_CSRF_IN_COOKIES", "false"),
        ("JWT_CSRF_CHECK_FORM", "true"),
        ("JWT_CSRF_FETCH_METADATA", "true"),
        ("JWT_ACCESS_CSRF_COOKIE_NAME", "accessx"),
        ("JWT_ACCESS_CSRF_COOKIE_PATH", "/x"),
        ("JWT_ACCESS_CSRF_HEADER_NAME", "X-X"),
        ("JWT_ACCESS_CSRF_FIELD_NAME", "x"),
        ("JWT_REFRESH_CSRF_COOKIE_NAME", "refreshx"),
        ("JWT_REFRESH_CSRF_COOKIE_PATH", "/x"),
        ("JWT_REFRESH_CSRF_HEADER_NAME", "X-X"),
        ("JWT_REFRESH_CSRF_FIELD_NAME", "x"),
        ("JWT_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("JWT_FORWARDED_HEADER", "forwarded"),
        ("JWT_MAX_TOKEN_SIZE", "4096"),
        ("JWT_TOKEN_CACHE_SIZE", "10"),
        ("JWT_REFRESH_GRACE", "0"),
        ("JWT_SESSION_LIFETIME", "30days"),
        ("JWT_SESSION_IDLE", "259200"),
        ("JWT_REQUIRE_SESSION", "yes"),
        ("JWT_REVOCATION_MAX_STALENESS", "2s"),
        ("JWT_REVOCATION_FAIL_OPEN", "1"),
        ("JWT_STORE_TIMEOUT", "500ms"),
        ("JWT_STORE_CA_FILE", "/etc/ssl/ours.pem"),
        ("JWT_MAX_SESSIONS", "20"),
        ("JWT_REALM", "staff"),
        ("JWT_ALLOW_WEAK_SECRET", "true"),
    ];
    let from_env = vars(&all).unwrap();
    // The list is complete, and each line of it changes something.
    assert_eq!(all.map(|(name, _)| name), *JwtConfig::SETTINGS);
    for pair in &all {
        assert_ne!(format!("{:?}", vars(&[*pair]).unwrap()), format!("{:?}", JwtConfig::new()), "{pair:?}");
    }
    assert_eq!(format!("{from_toml:?}"), format!("{from_env:?}"));
    assert_eq!(from_toml.secret_key, from_env.secret_key);
    assert_eq!(from_toml.private_key, from_env.private_key);
    assert_eq!(from_toml.private_key_password, from_env.private_key_password);
}

#[test]
fn the_environment_wins_over_the_file() {
    let config = toml("JWT_HEADER_NAME = \"A\"\nJWT_HEADER_TYPE = \"B\"").unwrap();
    let config = config.with_vars([("JWT_HEADER_NAME".into(), "C".into())].into_iter()).unwrap();
    assert_eq!((config.header_name.as_str(), config.header_type.as_str()), ("C", "B"));
}

#[test]
fn serde_reads_the_same_names() {
    #[derive(serde::Deserialize)]
    struct Mine {
        port: u16,
        #[serde(flatten)]
        jwt: JwtConfig,
    }
    let mine: Mine = serde_json::from_value(serde_json::json!({
        "port": 1, "JWT_ALGORITHM": "HS512", "JWT_DECODE_AUDIENCE": ["a"], "JWT_ENCODE_ISSUER": null,
    }))
    .unwrap();
    assert_eq!((mine.port, mine.jwt.algorithm), (1, Algorithm::HS512));
    let unknown = serde_json::from_value::<JwtConfig>(serde_json::json!({"JWT_ALGORITHMS": "HS256"})).unwrap_err();
    assert!(unknown.to_string().contains("did you mean JWT_ALGORITHM?"), "{unknown}");
}

#[test]
fn unknown_names_suggest_the_nearest() {
    for (name, near) in [
        ("JWT_SECRET", Some("JWT_SECRET_KEY")),
        ("JWT_ACCESS_TOKEN_EXPIRE", Some("JWT_ACCESS_TOKEN_EXPIRES")),
        ("JWT_DECODE_AUDIANCE", Some("JWT_DECODE_AUDIENCE")),
        ("jwt_secret_key", Some("JWT_SECRET_KEY")),
        ("JWT_QQQQQQQQQQQQQQQQQ", None),
    ] {
        for error in [message(vars(&[(name, "x")])), message(toml(&format!("{name} = \"x\"")))] {
            match near {
                Some(near) => assert_eq!(error, format!("{name} is no setting; did you mean {near}?")),
                None => assert!(error.starts_with(&format!("{name} is no setting; the guide")), "{error}"),
            }
        }
    }
}

#[test]
fn a_wrong_type_names_the_setting_and_what_it_must_be() {
    for (line, setting, expected) in [
        ("JWT_SECRET_KEY = 12345", "JWT_SECRET_KEY", "a string"),
        ("JWT_ENCODE_NBF = \"true\"", "JWT_ENCODE_NBF", "true or false"),
        ("JWT_ACCESS_TOKEN_EXPIRES = true", "JWT_ACCESS_TOKEN_EXPIRES", "seconds"),
        ("JWT_ACCESS_TOKEN_EXPIRES = \"soon\"", "JWT_ACCESS_TOKEN_EXPIRES", "seconds"),
        ("JWT_ACCESS_TOKEN_EXPIRES = -5", "JWT_ACCESS_TOKEN_EXPIRES", "seconds"),
        ("JWT_ACCESS_TOKEN_EXPIRES = 0", "JWT_ACCESS_TOKEN_EXPIRES", "at least one second"),
        ("JWT_ACCESS_TOKEN_EXPIRES = 9223372036854775807", "JWT_ACCESS_TOKEN_EXPIRES", "at most 4000 years"),
        ("JWT_ACCESS_TOKEN_EXPIRES = 1.5", "JWT_ACCESS_TOKEN_EXPIRES", "seconds"),
        ("JWT_REFRESH_TOKEN_EXPIRES = {a = 1}", "JWT_REFRESH_TOKEN_EXPIRES", "seconds"),
        ("JWT_ALGORITHM = \"none\"", "JWT_ALGORITHM", "one of HS256"),
        ("JWT_ALGORITHM = \"hs256\"", "JWT_ALGORITHM", "one of HS256"),
        ("JWT_DECODE_ALGORITHMS = [\"HS256\", \"none\"]", "JWT_DECODE_ALGORITHMS", "a list of algorithms"),
        ("JWT_DECODE_AUDIENCE = [1]", "JWT_DECODE_AUDIENCE", "a string or a list"),
        ("JWT_DECODE_AUDIENCE = []", "JWT_DECODE_AUDIENCE", "none of them empty"),
        ("JWT_DECODE_AUDIENCE = [\"web\", \"\"]", "JWT_DECODE_AUDIENCE", "none of them empty"),
        ("JWT_DECODE_ISSUER = \"\"", "JWT_DECODE_ISSUER", "none of them empty"),
        ("JWT_CSRF_METHODS = []", "JWT_CSRF_METHODS", "at least one method"),
        ("JWT_DECODE_LEEWAY = false", "JWT_DECODE_LEEWAY", "seconds"),
        ("JWT_DECODE_LEEWAY = 86401", "JWT_DECODE_LEEWAY", "at most a day"),
        ("JWT_RESOURCE_METADATA = \"api.example\"", "JWT_RESOURCE_METADATA", "an https URL"),
        ("JWT_RESOURCE_METADATA = \"https://api.example/\\\"\"", "JWT_RESOURCE_METADATA", "an https URL"),
        ("JWT_TOKEN_LOCATION = []", "JWT_TOKEN_LOCATION", "at least one"),
        ("JWT_TOKEN_LOCATION = \"pockets\"", "JWT_TOKEN_LOCATION", "\"headers\""),
        ("JWT_HEADER_NAME = \"not a name\"", "JWT_HEADER_NAME", "the name of an HTTP header"),
        ("JWT_HEADER_NAME = \"\"", "JWT_HEADER_NAME", "the name of an HTTP header"),
        ("JWT_HEADER_TYPE = \"two words\"", "JWT_HEADER_TYPE", "one word"),
        ("JWT_IDENTITY_CLAIM = \"exp\"", "JWT_IDENTITY_CLAIM", "does not set itself"),
        ("JWT_IDENTITY_CLAIM = \"\"", "JWT_IDENTITY_CLAIM", "does not set itself"),
        ("JWT_ERROR_MESSAGE_KEY = \"\"", "JWT_ERROR_MESSAGE_KEY", "non-empty"),
        ("JWT_ERROR_FORMAT = \"xml\"", "JWT_ERROR_FORMAT", "\"flask\""),
        ("JWT_TOKEN_LOCATION = [\"headers\", 7]", "JWT_TOKEN_LOCATION", "\"query_string\""),
        ("JWT_QUERY_STRING_NAME = \"\"", "JWT_QUERY_STRING_NAME", "non-empty"),
        ("JWT_JSON_KEY = \"\"", "JWT_JSON_KEY", "non-empty"),
        ("JWT_MAX_BODY_SIZE = 0", "JWT_MAX_BODY_SIZE", "more than 0"),
        ("JWT_BODY_TIMEOUT = 0", "JWT_BODY_TIMEOUT", "more than 0"),
        ("JWT_COOKIE_SAMESITE = \"Loose\"", "JWT_COOKIE_SAMESITE", "\"Lax\""),
        ("JWT_COOKIE_PREFIX = \"__Other-\"", "JWT_COOKIE_PREFIX", "__Host-"),
        ("JWT_COOKIE_DOMAIN = \"a;b\"", "JWT_COOKIE_DOMAIN", "a domain name"),
        ("JWT_ACCESS_COOKIE_NAME = \"a=b\"", "JWT_ACCESS_COOKIE_NAME", "the name of a cookie"),
        ("JWT_REFRESH_CSRF_COOKIE_NAME = \"\"", "JWT_REFRESH_CSRF_COOKIE_NAME", "the name of a cookie"),
        ("JWT_ACCESS_COOKIE_PATH = \"api\"", "JWT_ACCESS_COOKIE_PATH", "a path"),
        ("JWT_REFRESH_COOKIE_PATH = \"/a; HttpOnly\"", "JWT_REFRESH_COOKIE_PATH", "a path"),
        ("JWT_ACCESS_CSRF_HEADER_NAME = \"a b\"", "JWT_ACCESS_CSRF_HEADER_NAME", "the name of an HTTP header"),
        ("JWT_REFRESH_CSRF_FIELD_NAME = \"\"", "JWT_REFRESH_CSRF_FIELD_NAME", "non-empty"),
        ("JWT_CSRF_METHODS = [\"PO ST\"]", "JWT_CSRF_METHODS", "a list of HTTP methods"),
        ("JWT_MAX_TOKEN_SIZE = -1", "JWT_MAX_TOKEN_SIZE", "whole number"),
        ("JWT_MAX_TOKEN_SIZE = 10", "JWT_MAX_TOKEN_SIZE", "at least 256"),
        ("JWT_TOKEN_CACHE_SIZE = -1", "JWT_TOKEN_CACHE_SIZE", "whole number"),
        ("JWT_TOKEN_CACHE_SIZE = 10000001", "JWT_TOKEN_CACHE_SIZE", "at most 10000000"),
        ("JWT_REFRESH_GRACE = \"soon\"", "JWT_REFRESH_GRACE", "seconds"),
        ("JWT_SESSION_LIFETIME = 0", "JWT_SESSION_LIFETIME", "more than 0"),
        ("JWT_SESSION_IDLE = 0", "JWT_SESSION_IDLE", "more than 0"),
        ("JWT_REALM = \"a b\"", "JWT_REALM", "letters"),
        ("JWT_REQUIRE_SESSION = 1", "JWT_REQUIRE_SESSION", "true or false"),
        ("JWT_REVOCATION_MAX_STALENESS = true", "JWT_REVOCATION_MAX_STALENESS", "seconds"),
        ("JWT_REVOCATION_FAIL_OPEN = \"x\"", "JWT_REVOCATION_FAIL_OPEN", "true or false"),
        ("JWT_STORE_TIMEOUT = 0", "JWT_STORE_TIMEOUT", "more than 0"),
    ] {
        let error = message(toml(line));
        assert!(error.starts_with(&format!("{setting} must be ")) && error.contains(expected), "{line}: {error}");
    }
    for name in ["JWT_DECODE_AUDIENCE", "JWT_DECODE_ISSUER"] {
        // What an unset variable becomes in a compose file must not turn a check off.
        for empty in ["", " "] {
            assert!(message(vars(&[(name, empty)])).starts_with(&format!("{name} must be not empty")));
        }
        assert!(message(vars(&[(name, "web,")])).contains("none of them empty"));
    }
    assert!(message(vars(&[("JWT_ENCODE_NBF", "maybe")])).starts_with("JWT_ENCODE_NBF must be true or false"));
}

#[test]
fn cookies_that_a_browser_would_drop_are_found_at_start_up() {
    for (text, said) in [
        ("JWT_COOKIE_SAMESITE = \"None\"", "JWT_COOKIE_SAMESITE = \"None\" needs JWT_COOKIE_SECURE = true"),
        ("JWT_COOKIE_PARTITIONED = true", "JWT_COOKIE_PARTITIONED needs JWT_COOKIE_SECURE = true"),
        ("JWT_COOKIE_PREFIX = \"__Secure-\"", "(JWT_ACCESS_COOKIE_NAME) needs JWT_COOKIE_SECURE = true"),
        ("JWT_REFRESH_COOKIE_NAME = \"__host-x\"", "(JWT_REFRESH_COOKIE_NAME) needs JWT_COOKIE_SECURE = true"),
        (
            "JWT_COOKIE_PREFIX = \"__Host-\"\nJWT_COOKIE_SECURE = true\nJWT_COOKIE_DOMAIN = \"a.example\"",
            "must not have a domain; take JWT_COOKIE_DOMAIN away",
        ),
        (
            "JWT_COOKIE_PREFIX = \"__Host-\"\nJWT_COOKIE_SECURE = true\nJWT_REFRESH_COOKIE_PATH = \"/auth\"",
            "needs JWT_REFRESH_COOKIE_PATH = \"/\"",
        ),
        (
            "JWT_ACCESS_COOKIE_NAME = \"a\"\nJWT_REFRESH_COOKIE_NAME = \"a\"",
            "JWT_ACCESS_COOKIE_NAME and JWT_REFRESH_COOKIE_NAME are both \"a\"",
        ),
    ] {
        let mut config = toml(text).unwrap();
        config.apply_cookie_prefix();
        let error = config.validate().unwrap_err();
        assert!(matches!(error, ConfigError::Conflict(_)) && error.to_string().contains(said), "{error}");
    }
    for text in [
        "JWT_COOKIE_PREFIX = \"__Host-\"\nJWT_COOKIE_SECURE = true",
        "JWT_COOKIE_PREFIX = \"__Secure-\"\nJWT_COOKIE_SECURE = true\nJWT_COOKIE_DOMAIN = \"a.example\"",
        "JWT_COOKIE_SAMESITE = \"None\"\nJWT_COOKIE_SECURE = true\nJWT_COOKIE_PARTITIONED = true",
    ] {
        let mut config = toml(text).unwrap();
        config.apply_cookie_prefix();
        config.validate().unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_named_and_not_shown() {
    use std::os::unix::ffi::OsStringExt as _;
    let value = OsString::from_vec(b"hush\xff".to_vec());
    let error = JwtConfig::new().with_vars([("JWT_SECRET_KEY".into(), value)].into_iter()).unwrap_err();
    assert_eq!(error.to_string(), "JWT_SECRET_KEY must be a string");
    assert!(!format!("{error:?}").contains("hush"));
}

#[test]
fn files_that_cannot_be_used_are_told_apart() {
    let missing = JwtConfig::from_file("no/such/Settings.toml").unwrap_err();
    assert!(matches!(missing, ConfigError::Read { .. }));
    assert!(missing.to_string().starts_with("cannot read no/such/Settings.toml: "), "{missing}");

    for broken in [
        "JWT_SECRET_KEY = \"hush-hush",
        "JWT_SECRET_KEY = hush-hush",
        "JWT_SECRET_KEY = \"hush-hush\"\nJWT_SECRET_KEY = 'hush-hush'",
        "hush-hush",
    ] {
        let error = toml(broken).unwrap_err();
        assert!(matches!(error, ConfigError::Syntax { .. }), "{broken}");
        assert!(error.to_string().contains("line "), "{error}");
        assert!(!format!("{error} {error:?}").contains("hush-hush"), "{error:?}");
    }
}

#[test]
fn secrets_are_absent_from_debug() {
    let config =
        JwtConfig::new().secret_key("hush-hush").private_key("-----BEGIN hush-hush").public_key("-----BEGIN hush-hush");
    assert!(!format!("{config:?} {config:#?}").contains("hush"));
}

#[test]
fn a_relative_pem_path_counts_from_the_settings_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Settings.toml");
    std::fs::write(&path, "JWT_PRIVATE_KEY = \"keys/a.pem\"\nJWT_PUBLIC_KEY = \"/keys/b.pem\"").unwrap();
    let config = file::read(&path).unwrap();
    std::fs::write(&path, "JWT_STORE_CA_FILE = \"ours.pem\"").unwrap();
    assert_eq!(file::read(&path).unwrap().store_ca_file, Some(folder.path().join("ours.pem")));
    assert!(toml("JWT_STORE_CA_FILE = \"\"").is_err());
    assert_eq!(config.private_key, Some(PemSource::File(folder.path().join("keys/a.pem"))));
    assert_eq!(config.public_key, Some(PemSource::File("/keys/b.pem".into())));
}

/// Fifteen months are what nobody means who writes that.
#[test]
fn an_m_is_minutes_and_never_months() {
    for wrong in ["15M", "1h 15M", "15 M", "1M"] {
        assert!(toml(&format!("JWT_ACCESS_TOKEN_EXPIRES = \"{wrong}\"")).is_err(), "{wrong}");
        assert!(vars(&[("JWT_SESSION_IDLE", wrong)]).is_err(), "{wrong}");
        assert!(vars(&[("JWT_STORE_TIMEOUT", wrong)]).is_err(), "{wrong}");
        assert!(wrong.parse::<Lifetime>().is_err(), "{wrong}");
    }
    for (right, seconds) in [("15m", 900), ("15 min", 900), ("2 months", 2 * 2_630_016), ("1h 30m", 5400)] {
        assert_eq!(right.parse(), Ok(Lifetime::After(Duration::from_secs(seconds))), "{right}");
    }
}

#[test]
fn a_leeway_that_would_be_none_is_an_error() {
    for (leeway, right) in [("500ms", false), ("1ns", false), ("0", true), ("0s", true), ("1s", true), ("1500ms", true)]
    {
        let config = vars(&[("JWT_DECODE_LEEWAY", leeway)]).unwrap();
        assert_eq!(config.validate().is_ok(), right, "{leeway}");
    }
}
