//! Keys in the forms in which people have them: read, or named with the way out.

use crate::app::{SECRET, manager};
use crate::logged;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtConfig, JwtManager};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const PRIVATE: &str = include_str!("../../keys/ec256.pem");
const PUBLIC: &str = include_str!("../../keys/ec256.pub.pem");
const CERTIFICATE: &str = include_str!("../../keys/certificate.pem");

fn private(key: impl Into<String>) -> JwtConfig {
    JwtConfig::new().algorithm(Algorithm::ES256).private_key(key)
}

fn public(key: impl Into<String>) -> JwtConfig {
    JwtConfig::new().algorithm(Algorithm::ES256).public_key(key)
}

/// The text after the setting's name. It never shows the key.
#[track_caller]
fn refusal(config: JwtConfig) -> String {
    let error = JwtManager::new(config).unwrap_err();
    let body = PRIVATE.lines().nth(1).unwrap();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(&body[30..]) && !shown.contains("AAAA"), "{shown}");
    let text = error.to_string();
    text.strip_prefix("JWT_PRIVATE_KEY ").or(text.strip_prefix("JWT_PUBLIC_KEY ")).unwrap_or(&text).to_owned()
}

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    BASE64_STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn block(label: &str) -> String {
    format!("-----BEGIN {label}-----\nMIIB\n-----END {label}-----\n")
}

/// As `base64` writes it, and as `base64 -w0` does.
fn in_base64(text: &str) -> [String; 3] {
    let line = BASE64_STANDARD.encode(text);
    let lines =
        line.as_bytes().chunks(76).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
    [format!("{lines}\n"), format!("base64:{line}"), line]
}

#[test]
fn a_key_is_read_whatever_it_is_wrapped_in() {
    let token = manager(private(PRIVATE)).create_access_token("ada").unwrap();
    let wrap = |key: &str| {
        let mut texts = vec![
            key.replace('\n', "\\n"),
            key.replace('\n', "\\r\\n"),
            key.replace('\n', "\r\n"),
            format!("\u{feff}{key}"),
            format!("Bag Attributes\n    friendlyName: jwt\n{key}"),
            format!("{CERTIFICATE}{key}"),
            format!("{key}{CERTIFICATE}{CERTIFICATE}"),
        ];
        texts.extend(in_base64(key));
        texts.extend(in_base64(&key.replace('\n', "\r\n")));
        texts
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("jwt.pem");
    let in_file = |text: &str| {
        std::fs::write(&file, text).unwrap();
        file.display().to_string()
    };
    for text in wrap(PUBLIC) {
        assert!(manager(public(&text)).decode_token(&token).is_ok(), "{text}");
        assert!(manager(public(in_file(&text))).decode_token(&token).is_ok(), "{text}");
        assert!(VerifyingKey::from_pem(&[Algorithm::ES256], &text).is_ok(), "{text}");
    }
    for text in wrap(PRIVATE) {
        assert!(manager(private(&text)).decode_token(&token).is_ok(), "{text}");
        assert!(manager(private(in_file(&text))).decode_token(&token).is_ok(), "{text}");
        assert!(SigningKey::from_pem(Algorithm::ES256, &text).is_ok(), "{text}");
        assert!(refusal(public(text)).starts_with("holds a private key"));
    }
    // Both halves in one file: the private one is found, and has no place in a public key's setting.
    assert!(refusal(public(format!("{PUBLIC}{PRIVATE}"))).starts_with("holds a private key"));
    assert!(manager(private(format!("{PUBLIC}{PRIVATE}"))).decode_token(&token).is_ok());
}

#[test]
fn what_cannot_be_read_is_named_with_the_command_that_converts_it() {
    let decrypt = "decrypt it with `openssl pkey -in FILE -out jwt.pem`";
    let with_parameters = format!("{}{}", block("EC PARAMETERS"), include_str!("../../keys/encrypted_old.pem"));
    for (key, said) in [
        (include_str!("../../keys/encrypted.pem"), format!("is encrypted; {decrypt}")),
        (include_str!("../../keys/encrypted_old.pem"), format!("is encrypted, in OpenSSL's old way; {decrypt}")),
        (&with_parameters, format!("is encrypted, in OpenSSL's old way; {decrypt}")),
        (
            include_str!("../../keys/openssh.pem"),
            "is in OpenSSH's own form; convert a copy of it with `ssh-keygen -p -m PKCS8 -N '' -f COPY`".to_owned(),
        ),
        (CERTIFICATE, "is a certificate, which holds no private key".to_owned()),
        (PUBLIC, "holds a public key; the private one is needed to sign".to_owned()),
        (&block("CERTIFICATE REQUEST"), "is PEM of a kind that is no key".to_owned()),
    ] {
        for text in [key.to_owned(), key.replace('\n', "\\n"), key.replace('\n', "\r\n"), BASE64_STANDARD.encode(key)] {
            assert!(refusal(private(&text)).starts_with(&said), "{}", refusal(private(&text)));
            let error = SigningKey::from_pem(Algorithm::ES256, &text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the private key {said}")), "{error}");
        }
    }
    for (key, said) in [
        (include_str!("../../keys/encrypted.pem"), "holds a private key"),
        (include_str!("../../keys/openssh.pem"), "holds a private key"),
        // The key of a certificate is taken; here it is another one.
        (CERTIFICATE, "is not an EC P-256 key, which ES256 needs"),
        (&block("CERTIFICATE"), "is a certificate that cannot be read: it is damaged, or no X.509"),
        (
            include_str!("../../keys/openssh.pub"),
            "is a public key in OpenSSH's form; convert it with `ssh-keygen -e -m PKCS8 -f FILE`",
        ),
        (r#"{"kty":"EC","crv":"P-256"}"#, "is a JWK; `from_jwk` reads it"),
    ] {
        // A setting may be a JWK.
        let of_setting = if key.starts_with('{') { "is a JWK without `x`" } else { said };
        assert!(refusal(public(key)).starts_with(of_setting), "{}", refusal(public(key)));
        let error = VerifyingKey::from_pem(&[Algorithm::ES256], key).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the public key {said}")), "{error}");
    }
    // A key without its first line and its last.
    let bare = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let said = "is base64 of DER, without the lines -----BEGIN …----- and -----END …-----; convert it with";
    assert_eq!(refusal(private(bare(PRIVATE))), format!("{said} `base64 -d FILE | openssl pkey -inform DER`"));
    let public_refusal = refusal(public(bare(PUBLIC)));
    assert_eq!(public_refusal, format!("{said} `base64 -d FILE | openssl pkey -pubin -inform DER`"));
}

#[test]
fn files_that_are_no_text_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwt.der");
    let name = path.display().to_string();
    let pkcs12 = [0x30, 0x05, 0x02, 0x01, 0x03, 0x30, 0x00];
    for (bytes, of_private, of_public) in [
        (
            der(PRIVATE),
            "DER; convert it with `openssl pkey -inform DER -in FILE -out jwt.pem`",
            "DER; convert it with `openssl pkey -pubin -inform DER -in FILE -out jwt.pub.pem`",
        ),
        (
            der(PUBLIC),
            "DER; convert it with `openssl pkey -inform DER -in FILE -out jwt.pem`",
            "DER; convert it with `openssl pkey -pubin -inform DER -in FILE -out jwt.pub.pem`",
        ),
        (der(CERTIFICATE), "a certificate in DER; take its key with", "a certificate in DER; take its key with"),
        (pkcs12.to_vec(), "PKCS#12; take the key out with `openssl pkcs12", "PKCS#12; take the key out with"),
        (vec![0xff, 0xfe, b'-', 0], "UTF-16; save it as UTF-8", "UTF-16; save it as UTF-8"),
        (vec![0x80, 0xff], "no text", "no text"),
        (vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], "no text", "no text"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        for (refusal, said) in [(refusal(private(&name)), of_private), (refusal(public(&name)), of_public)] {
            assert!(refusal.starts_with(&format!("is no PEM: {name} holds {said}")), "{refusal}");
        }
    }
}

#[test]
fn an_ed25519_key_that_holds_its_public_half() {
    // RFC 8410 §7: after 16 bytes the seed; the public key's last 32 bytes are itself.
    let seed = der(include_str!("../../keys/ed25519.pem"))[16..].to_vec();
    let public = der(include_str!("../../keys/ed25519.pub.pem"))[12..].to_vec();
    let pkcs8 = |tag: &[u8], public: &[u8]| {
        let parts = [&[2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32], &seed[..], tag, public].concat();
        [&[0x30, parts.len() as u8], &parts[..]].concat()
    };
    let (old, new): (&[u8], &[u8]) = (&[0xa1, 35, 3, 33, 0], &[0x81, 33, 0]);
    let pem = |der: &[u8]| {
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", BASE64_STANDARD.encode(der))
    };
    let config = |key: String| JwtConfig::new().algorithm(Algorithm::EdDSA).private_key(key);
    let usual = manager(config(include_str!("../../keys/ed25519.pem").to_owned()));
    // As ring 0.16 wrote it, and as RFC 8410 has it.
    for (tag, octets) in [(old, 85), (new, 83)] {
        let der = pkcs8(tag, &public);
        assert_eq!(der.len(), octets);
        let jwt = manager(config(pem(&der)));
        assert!(usual.decode_token(&jwt.create_access_token("ada").unwrap()).is_ok());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("jwt.p8");
        std::fs::write(&file, &der).unwrap();
        let error = refusal(config(file.display().to_string()));
        assert!(error.contains("holds PKCS#8 of version 2 in DER; convert it with"), "{error}");
        // Another's public key, and one that is cut off.
        for wrong in [&[7; 32][..], &public[1..]] {
            assert_eq!(
                refusal(config(pem(&pkcs8(tag, wrong)))),
                "is not an Ed25519 key, which EdDSA needs (unencrypted, in PEM)"
            );
        }
    }
}

#[test]
fn of_a_missing_file_the_path_is_named_but_of_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let gone = folder.path().join("keys/of-the-year-2026-and-the-one-before/gone.pem").display().to_string();
    assert!(refusal(private(&gone)).ends_with(&format!("; tried {gone}")), "{}", refusal(private(&gone)));
    // A relative one as it was understood.
    let here = std::env::current_dir().unwrap().join("no/such/key.pem").display().to_string();
    assert!(refusal(public("no/such/key.pem")).ends_with(&format!("; tried {here}")));
    // A settings file's counts from its folder.
    let settings = folder.path().join("Settings.toml");
    let seed = "3Jd9sLq0ZpWm4XvTb7RnYcUe1GhAf5IoK8yQ2wEx6Hr";
    for (value, tried) in [("jwt-key", Some(folder.path().join("jwt-key"))), (seed, None)] {
        std::fs::write(&settings, format!("JWT_ALGORITHM = \"ES256\"\nJWT_PRIVATE_KEY = \"{value}\"")).unwrap();
        let error = refusal(JwtConfig::from_file(&settings).unwrap());
        assert!(error.starts_with("must be PEM text or the path of a PEM file; cannot read that file: "), "{error}");
        assert_eq!(error.split_once("; tried ").map(|(_, path)| path.into()), tried, "{error}");
        assert!(!error.contains(seed), "{error}");
    }
    for key in [format!("/{seed}"), format!("{seed}="), r#"{"d":"abc"}"#.to_owned(), "0123456789abcdef".repeat(4)] {
        let error = refusal(private(&key));
        assert!(!error.contains("tried") && !error.contains(&key), "{error}");
    }
}

#[test]
fn a_key_in_base64_is_no_secret() {
    for key in in_base64(PUBLIC) {
        let config = JwtConfig::new().secret_key(key.trim()).allow_weak_secret(true);
        let error = JwtManager::new(config).unwrap_err().to_string();
        assert!(error.starts_with("JWT_SECRET_KEY holds a PEM key, which is no HMAC secret"), "{error}");
    }
}

/// Somebody believes that key pairs are in force, and whoever has the secret makes tokens.
#[test]
fn a_key_that_no_algorithm_uses_is_told() {
    let told = |config: JwtConfig| {
        logged::lines_of(|| drop(JwtManager::new(config.secret_key(SECRET)).unwrap()))
            .into_iter()
            .filter(|line| line.contains("not in force"))
            .collect::<Vec<_>>()
    };
    let pem = include_str!("../../keys/ed25519.pem");
    assert_eq!(
        told(JwtConfig::new().private_key(pem)),
        ["JWT_PRIVATE_KEY is set and not in force: JWT_ALGORITHM is HS256, which needs JWT_SECRET_KEY"]
    );
    assert_eq!(told(JwtConfig::new().private_key(pem).public_key("no/file.pem")).len(), 2);
    let none: [&str; 0] = [];
    assert_eq!(told(JwtConfig::new()), none);
    assert_eq!(told(JwtConfig::new().private_key(pem).algorithm(Algorithm::EdDSA)), none);
    assert_eq!(told(JwtConfig::new().private_key(pem).decode_algorithms([Algorithm::EdDSA])), none);
}
