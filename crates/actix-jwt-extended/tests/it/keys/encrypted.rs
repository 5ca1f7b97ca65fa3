//! Private keys under a password, and the settings that hold it.

use crate::app::manager;
use crate::logged;
use actix_jwt_extended::keys::{Algorithm, SigningKey};
use actix_jwt_extended::{JwtConfig, JwtManager};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const ENCRYPTED: &str = include_str!("../../data/keys/openssl-p256-encrypted.pem");
const PLAIN: &str = include_str!("../../data/keys/openssl-p256.pem");
const PASSWORD: &str = "a test's password";
const WRONG: &str = "is not its password, or the file is damaged";

fn config(key: &str) -> JwtConfig {
    JwtConfig::new().algorithm(Algorithm::ES256).private_key(key)
}

#[track_caller]
fn refusal(config: JwtConfig) -> String {
    let error = JwtManager::new(config).unwrap_err();
    assert!(!format!("{error:?}").contains("password, not"), "{error:?}");
    error.to_string()
}

fn in_code(pem: &str, password: &str) -> Result<SigningKey, String> {
    SigningKey::from_encrypted_pem(Algorithm::ES256, pem, password).map_err(|error| error.to_string())
}

#[test]
fn another_password_is_told() {
    let wrong = ["", "A test's password", "a test's password ", "a password, not this key's"];
    for password in &wrong[1..] {
        let refusal = refusal(config(ENCRYPTED).private_key_password(*password));
        assert_eq!(refusal, format!("JWT_PRIVATE_KEY cannot be decrypted: JWT_PRIVATE_KEY_PASSWORD {WRONG}"));
    }
    assert_eq!(refusal(config(ENCRYPTED).private_key_password("")), "JWT_PRIVATE_KEY_PASSWORD is empty");
    for password in wrong {
        assert_eq!(
            in_code(ENCRYPTED, password).unwrap_err(),
            format!("the private key cannot be decrypted: the password {WRONG}")
        );
    }
    assert_eq!(in_code(ENCRYPTED, PASSWORD).unwrap().algorithm(), Algorithm::ES256);
    assert_eq!(in_code(PLAIN, PASSWORD).unwrap_err(), "the private key is not encrypted; `from_pem` reads it");
    let error = SigningKey::from_pem(Algorithm::ES256, ENCRYPTED).unwrap_err().to_string();
    assert!(error.starts_with("the private key is encrypted; decrypt it with `openssl pkey"), "{error}");
}

/// Some passwords leave something behind that looks well padded: one in 256.
#[test]
fn no_password_but_the_right_one_makes_a_key() {
    let soon = include_str!("../../data/keys/openssl-p256-encrypted-soon.pem");
    assert!(in_code(soon, PASSWORD).is_ok());
    for n in 0..1000 {
        assert!(in_code(soon, &format!("wrong {n}")).unwrap_err().ends_with(WRONG));
    }
}

#[test]
fn the_password_stands_in_a_setting_or_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    write("password", &format!("{PASSWORD}\r\n"));
    write("jwt.pem", ENCRYPTED);
    let settings = write(
        "Settings.toml",
        "JWT_ALGORITHM = \"ES256\"\nJWT_PRIVATE_KEY_FILE = \"jwt.pem\"\nJWT_PRIVATE_KEY_PASSWORD_FILE = \"password\"",
    );
    let jwt = manager(JwtConfig::from_file(&settings).unwrap());
    assert!(jwt.decode_token(&jwt.create_access_token("ada").unwrap()).is_ok());
    // White space belongs to a password, but for one line end.
    write("password", &format!("{PASSWORD}\n\n"));
    assert!(refusal(JwtConfig::from_file(&settings).unwrap()).ends_with(WRONG));
    let both = format!("JWT_PRIVATE_KEY_PASSWORD = \"{PASSWORD}\"\nJWT_PRIVATE_KEY_PASSWORD_FILE = \"password\"");
    let error = JwtConfig::from_file(write("Both.toml", &both)).unwrap_err().to_string();
    assert_eq!(error, "JWT_PRIVATE_KEY_PASSWORD and JWT_PRIVATE_KEY_PASSWORD_FILE are both set; take one of them away");
    std::fs::remove_file(folder.path().join("password")).unwrap();
    let error = refusal(JwtConfig::from_file(&settings).unwrap());
    assert!(error.starts_with("JWT_PRIVATE_KEY_PASSWORD cannot be read from "), "{error}");
}

#[test]
fn a_password_that_is_not_needed_is_told() {
    let told = |config: JwtConfig| {
        let config = config.private_key_password(PASSWORD);
        logged::lines_of(|| drop(JwtManager::new(config).unwrap()))
            .into_iter()
            .filter(|line| line.contains("not in force"))
            .collect::<Vec<_>>()
    };
    let said = "JWT_PRIVATE_KEY_PASSWORD is set and not in force: JWT_PRIVATE_KEY is";
    assert_eq!(told(config(PLAIN)), [format!("{said} not encrypted")]);
    let jwk = include_str!("../../data/keys/joserfc-p256.json");
    assert_eq!(told(config(jwk)), [format!("{said} a JWK, which is not encrypted")]);
    let public = include_str!("../../data/keys/openssl-p256.pub.pem");
    let verifier = JwtConfig::new().algorithm(Algorithm::ES256).public_key(public);
    assert_eq!(told(verifier), [format!("{said} not set")]);
    let none: [String; 0] = [];
    assert_eq!(told(config(ENCRYPTED)), none);
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    assert!(content.len() < 128);
    [&[tag, content.len() as u8], &content[..]].concat()
}

/// Encrypted by a function of these numbers.
fn with_derivation(id: &[u8], numbers: &[u64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(|n| der(2, &[&[0], &n.to_be_bytes()])).collect();
    let parameters = der(0x30, &[&der(4, &[&[7; 8]]), &numbers.concat()]);
    let function = der(0x30, &[&der(6, &[id]), &parameters]);
    let cipher = der(0x30, &[&der(6, &[b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a"]), &der(4, &[&[7; 16]])]);
    let pbes2 = der(0x30, &[&der(6, &[b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"]), &der(0x30, &[&function, &cipher])]);
    let content = [pbes2, der(4, &[&[7; 16]])].concat();
    let all = [&[0x30, 0x81, content.len() as u8], &content[..]].concat();
    format!(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(all)
    )
}

#[test]
fn what_opening_a_key_may_cost_is_bounded() {
    const PBKDF2: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c";
    const SCRYPT: &[u8] = b"\x2b\x06\x01\x04\x01\xda\x47\x04\x0b";
    let said = |id, numbers: &[u64]| in_code(&with_derivation(id, numbers), PASSWORD).unwrap_err();
    for (id, numbers, cost) in [
        (PBKDF2, &[10_000_001][..], "10000001 iterations of PBKDF2"),
        (PBKDF2, &[1_000_000_000], "1000000000 iterations of PBKDF2"),
        (PBKDF2, &[u64::MAX], "18446744073709551615 iterations of PBKDF2"),
        (SCRYPT, &[1 << 25, 1, 1], "4096 MiB for scrypt, 1 times"),
        (SCRYPT, &[1 << 19, 8, 1], "512 MiB for scrypt, 1 times"),
        (SCRYPT, &[1 << 14, 8, 1000], "16 MiB for scrypt, 1000 times"),
        (SCRYPT, &[u64::MAX, u64::MAX, u64::MAX], "17592186044415 MiB for scrypt, 18446744073709551615 times"),
    ] {
        assert_eq!(
            said(id, numbers),
            format!(
                "the private key is encrypted so that opening it takes {cost}, which is too much; \
                 decrypt it with `openssl pkey -in FILE -out jwt.pem`"
            )
        );
    }
    // Less is tried; what is odd is refused in some way.
    assert!(said(PBKDF2, &[1]).starts_with("the private key "));
    for numbers in [&[][..], &[0], &[0, 0, 0], &[3, 0, 1]] {
        assert!(said(SCRYPT, numbers).starts_with("the private key is encrypted in a way that is not supported"));
    }
}
