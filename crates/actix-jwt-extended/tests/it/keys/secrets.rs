//! Secrets: where they stand, how they are spelt, and which are refused.

use crate::app::manager;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtConfig, JwtManager};

const TEXT: &str = "a secret for tests: 0123456789 abcdef";

fn accepts(verifier: JwtConfig, signer: JwtConfig) -> bool {
    manager(verifier).decode_token(&manager(signer).create_access_token("ada").unwrap()).is_ok()
}

fn refusal(config: JwtConfig) -> String {
    JwtManager::new(config).unwrap_err().to_string()
}

#[test]
fn a_secret_can_stand_in_a_file_whose_last_line_end_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (secret, settings) = (folder.path().join("secret"), folder.path().join("Settings.toml"));
    std::fs::write(&settings, "JWT_SECRET_KEY_FILE = \"secret\"").unwrap();
    for end in ["", "\n", "\r\n"] {
        std::fs::write(&secret, format!("{TEXT}{end}")).unwrap();
        assert!(accepts(JwtConfig::from_file(&settings).unwrap(), JwtConfig::new().secret_key(TEXT)), "{end:?}");
        assert!(accepts(JwtConfig::new().secret_key_file(&secret), JwtConfig::new().secret_key(TEXT)), "{end:?}");
    }
    std::fs::write(&secret, format!("{TEXT}\n\n")).unwrap();
    let error = refusal(JwtConfig::new().secret_key_file(&secret));
    assert!(error.starts_with("JWT_SECRET_KEY has white space at an end"), "{error}");
    std::fs::write(&secret, vec![b'x'; 100_000]).unwrap();
    let error = refusal(JwtConfig::new().secret_key_file(&secret));
    assert!(error.ends_with(": it is longer than 65536 bytes"), "{error}");
    std::fs::remove_file(&secret).unwrap();
    let error = refusal(JwtConfig::new().secret_key_file(&secret));
    assert!(error.starts_with(&format!("JWT_SECRET_KEY cannot be read from {}: ", secret.display())), "{error}");

    // The keys of the other algorithms, too.
    let pem = include_str!("../../keys/ed25519.pem");
    std::fs::write(folder.path().join("key"), pem).unwrap();
    std::fs::write(&settings, "JWT_ALGORITHM = \"EdDSA\"\nJWT_PRIVATE_KEY_FILE = \"key\"").unwrap();
    let inline = JwtConfig::new().algorithm(Algorithm::EdDSA).private_key(pem);
    assert!(accepts(JwtConfig::from_file(&settings).unwrap(), inline));
}

#[test]
fn a_secret_that_is_something_else_says_what() {
    for (secret, reason) in [
        ("/run/secrets/the-secret-of-our-application", "looks like a path; name the file in JWT_SECRET_KEY_FILE"),
        ("./secrets/the-secret-of-our-application", "looks like a path"),
        ("~/secrets/the-secret-of-our-application", "looks like a path"),
        ("/run/secrets/x", "looks like a path"),
        ("C:\\secrets\\the-secret-of-our-application", "looks like a path"),
        (concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/keys/secrets.rs"), "looks like a path"),
        ("tests/it/keys/secrets.rs", "looks like a path"),
        ("${THE_SECRET_OF_OUR_APPLICATION_AND_NO_OTHER}", "is a placeholder"),
        ("${SECRET:-}", "is a placeholder"),
        ("$THE_SECRET_OF_OUR_APPLICATION_AND_NO_OTHER", "is a placeholder"),
        ("$(openssl rand -hex 32)", "is a placeholder"),
        ("{{ .Values.ourApplication.secretKey | quote }}", "is a placeholder"),
        ("<your own secret with 32 bytes or more>", "is a placeholder"),
        ("a secret for tests: 0123456789 abcdef\n", "has white space at an end; cut it off"),
        (" a secret for tests: 0123456789 abcdef", "has white space at an end"),
        ("\"a secret for tests: 0123456789 abcdef\"", "stands in quotes"),
        ("'a secret for tests: 0123456789 abcdef'", "stands in quotes"),
        ("base64:no base64 at all, whatever it says", "begins with base64: or hex: and is not encoded so"),
        ("hex:0g", "begins with base64: or hex:"),
        ("hex:012", "begins with base64: or hex:"),
    ] {
        let error = refusal(JwtConfig::new().secret_key(secret).allow_weak_secret(true));
        assert!(error.starts_with(&format!("JWT_SECRET_KEY {reason}")), "{secret}: {error}");
        assert!(!error.contains(secret.trim()), "{error}");
        // Whatever else is wrong: of a path the length says nothing.
        let strict = refusal(JwtConfig::new().secret_key(secret));
        assert_eq!(strict, error);
    }
    for fine in ["$a-secret-for-tests: 0123456789 abcdef", "<a secret for tests: 0123456789 abcdef?>"] {
        manager(JwtConfig::new().secret_key(fine));
    }
    // A slash at the beginning is base64, too.
    manager(JwtConfig::new().secret_key("/9j+k3Jd9sLq0ZpWm4XvTb7RnYcUe1GhAf5IoK8yQ2w="));
}

#[test]
fn secrets_are_bytes_in_base64_or_hex() {
    let bytes: Vec<u8> = (200..=255).collect();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let of_bytes = || JwtConfig::new().secret_key_bytes(bytes.clone());
    let base64 = "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v8=";
    for text in [
        format!("hex:{hex}"),
        format!("hex:{}", hex.to_uppercase()),
        format!("base64:{base64}"),
        format!("base64:{}", base64.trim_end_matches('=')),
        format!("base64:{}", base64.replace('+', "-").replace('/', "_")),
    ] {
        assert!(accepts(JwtConfig::new().secret_key(&text), of_bytes()), "{text}");
    }
    let key = SigningKey::from_secret(Algorithm::HS256, &bytes).unwrap();
    let jwt = JwtManager::builder(JwtConfig::new()).signing_key(key).build().unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    assert!(JwtManager::new(of_bytes()).unwrap().decode_token(&token).is_ok());
    // What counts is their number, not the text's.
    assert!(refusal(JwtConfig::new().secret_key(format!("hex:{}", &hex[..48]))).contains("has 24 bytes"));
}

#[test]
fn a_short_secret_can_be_taken_over_for_a_migration() {
    // As `os.urandom(24)` made it for a Flask app.
    let old: Vec<u8> = (100..124).rev().collect();
    let flask = || JwtConfig::new().secret_key_bytes(old.clone()).allow_weak_secret(true);
    let token = JwtManager::new(flask()).unwrap().create_access_token("ada").unwrap();
    let hex: String = old.iter().map(|byte| format!("{byte:02x}")).collect();
    let settings = JwtConfig::new().secret_key(format!("hex:{hex}")).allow_weak_secret(true);
    assert!(JwtManager::new(settings).unwrap().decode_token(&token).is_ok());

    // In code: a strong one signs, the old one still verifies.
    assert!(VerifyingKey::from_secret(&[Algorithm::HS256], &old).is_err());
    let key = VerifyingKey::from_weak_secret(&[Algorithm::HS256], &old).unwrap();
    let jwt = JwtManager::builder(JwtConfig::new().secret_key(TEXT)).verifying_key(key).build().unwrap();
    assert!(jwt.decode_token(&token).is_ok());
    assert!(SigningKey::from_weak_secret(Algorithm::HS256, &old).is_ok());
    for no_secret in [&b""[..], b"-----BEGIN PUBLIC KEY-----"] {
        assert!(VerifyingKey::from_weak_secret(&[Algorithm::HS256], no_secret).is_err());
        assert!(SigningKey::from_weak_secret(Algorithm::HS256, no_secret).is_err());
    }
}

#[test]
fn secrets_that_repeat_themselves_are_refused() {
    for (secret, reason) in [
        ("a".repeat(32), "repeats the same 1 bytes and needs at least 32"),
        ("0".repeat(32), "repeats the same 1 bytes"),
        ("ab".repeat(16), "repeats the same 2 bytes"),
        ("12345678".repeat(4), "repeats the same 8 bytes"),
        ("k3Jd9sLq0ZpWm4Xv".repeat(3), "repeats the same 16 bytes"),
        ("0110100110010110100101100110100110010110".to_owned(), "has only 2 different bytes and needs at least 8"),
        ("abcabdabeabcbadacebadecabdbaceabcde".to_owned(), "has only 5 different bytes"),
    ] {
        let error = refusal(JwtConfig::new().secret_key(&secret));
        assert!(error.starts_with(&format!("JWT_SECRET_KEY {reason}")), "{secret}: {error}");
        assert!(SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).is_err());
        manager(JwtConfig::new().secret_key(secret).allow_weak_secret(true));
    }
    // Twice what is long enough once is no mistake.
    manager(JwtConfig::new().secret_key("k3Jd9sLq0ZpWm4XvTb7RnYcUe1GhAf5I".repeat(2)));
}
