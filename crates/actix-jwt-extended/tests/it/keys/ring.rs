//! Keys of every kind, right and wrong, and managers with several.

use crate::app::{SECRET, builder, config, manager};
use crate::forge::{good, with_header};
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{ConfigError, JwtConfig, JwtManager, Location};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../keys/", $name, ".pem"))
    };
}

const PAIRS: &[(&[Algorithm], &str, &str)] = {
    use Algorithm::{
        ES256, ES384, ES512, Ed25519, EdDSA, MlDsa44, MlDsa65, MlDsa87, PS256, PS384, PS512, RS256, RS384, RS512,
    };
    &[
        (&[RS256, RS384, RS512, PS256, PS384, PS512], key!("rsa2048"), key!("rsa2048.pub")),
        (&[RS256, PS256], key!("rsa2048_pkcs1"), key!("rsa2048_pkcs1.pub")),
        (&[RS256, PS384], key!("rsa3072"), key!("rsa3072.pub")),
        (&[RS256, PS512], key!("rsa4096"), key!("rsa4096.pub")),
        (&[RS256, PS512], key!("rsa8192"), key!("rsa8192.pub")),
        (&[ES256], key!("ec256"), key!("ec256.pub")),
        (&[ES256], key!("ec256_sec1"), key!("ec256.pub")),
        (&[ES256], key!("ec256_params"), key!("ec256.pub")),
        (&[ES384], key!("ec384"), key!("ec384.pub")),
        (&[ES512], key!("ec521"), key!("ec521.pub")),
        (&[EdDSA, Ed25519], key!("ed25519"), key!("ed25519.pub")),
        (&[MlDsa44], key!("mldsa44"), key!("mldsa44.pub")),
        (&[MlDsa65], key!("mldsa65"), key!("mldsa65.pub")),
        (&[MlDsa87], key!("mldsa87"), key!("mldsa87.pub")),
    ]
};

#[test]
fn every_asymmetric_algorithm_with_every_form_of_key() {
    for (algorithms, private, public) in PAIRS {
        for algorithm in *algorithms {
            let config = || JwtConfig::new().algorithm(*algorithm);
            let pair = manager(config().private_key(*private).public_key(*public));
            let derived = manager(config().private_key(*private));
            let verifier = manager(config().public_key(*public));
            let escaped = manager(config().private_key(private.replace('\n', "\\n")));
            for issuer in [&pair, &derived, &escaped] {
                let token = issuer.create_access_token("ada").unwrap();
                for judge in [&pair, &derived, &verifier, &escaped] {
                    let verified = judge.decode_token(&token).unwrap();
                    assert_eq!((verified.identity().as_ref(), verified.header().algorithm()), ("ada", *algorithm));
                }
                let (message, _) = token.rsplit_once('.').unwrap();
                let error = verifier.decode_token(&format!("{message}.{}", "A".repeat(342))).unwrap_err();
                assert_eq!(error.to_string(), "Signature verification failed");
            }
        }
    }
}

#[test]
fn an_ed25519_key_has_two_names_for_its_algorithm() {
    let pair = |algorithm| manager(JwtConfig::new().algorithm(algorithm).private_key(key!("ed25519")));
    let (old, new) = (pair(Algorithm::EdDSA), pair(Algorithm::Ed25519));
    for (jwt, name) in [(&old, "EdDSA"), (&new, "Ed25519")] {
        let token = jwt.create_access_token("ada").unwrap();
        for judge in [&old, &new] {
            assert_eq!(judge.decode_token(&token).unwrap().header().get("alg").unwrap(), name);
        }
    }
    let either = VerifyingKey::from_pem(&[Algorithm::Ed25519], key!("ed25519.pub")).unwrap();
    let loaded = builder(config()).decode_key_loader(move |_, _| Some(either.clone())).build().unwrap();
    let token = old.create_access_token("ada").unwrap();
    // The settings' allow-list holds.
    assert_eq!(loaded.decode_token(&token).unwrap_err().to_string(), "The specified alg value is not allowed");
    let both = JwtConfig::new().algorithm(Algorithm::EdDSA).decode_algorithms([Algorithm::Ed25519]);
    assert!(manager(both.public_key(key!("ed25519.pub"))).decode_token(&token).is_ok());
}

#[test]
fn algorithms_are_told_by_their_names() {
    for algorithm in Algorithm::ALL {
        assert_eq!(algorithm.to_string().parse(), Ok(*algorithm));
        assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
        let theirs = jsonwebtoken::Algorithm::try_from(*algorithm);
        assert_eq!(theirs.is_ok(), algorithm.name().parse::<jsonwebtoken::Algorithm>().is_ok(), "{algorithm}");
        assert!(theirs.is_err() || theirs.map(Algorithm::try_from) == Ok(Ok(*algorithm)), "{algorithm}");
    }
    for name in ["none", "None", "ES256K", "hs256", "HS256 ", "ML-DSA-4", ""] {
        assert!(name.parse::<Algorithm>().is_err(), "{name}");
        assert!(serde_json::from_value::<Algorithm>(name.into()).is_err(), "{name}");
    }
}

#[test]
fn a_signature_must_have_room() {
    let with = |name: &str| JwtConfig::new().algorithm(name.parse().unwrap());
    let cookies = |config: JwtConfig| config.token_location([Location::Headers, Location::Cookies]).cookie_secure(true);
    assert!(JwtManager::new(cookies(with("ML-DSA-44").private_key(key!("mldsa44")))).is_ok());
    for (name, key) in [("ML-DSA-65", key!("mldsa65")), ("ML-DSA-87", key!("mldsa87"))] {
        let error = JwtManager::new(cookies(with(name).private_key(key))).unwrap_err().to_string();
        assert!(
            error.starts_with("JWT_TOKEN_LOCATION has \"cookies\", and browsers keep no cookie of more"),
            "{error}"
        );
        assert!(error.contains(name), "{error}");
        let error = JwtManager::new(with(name).private_key(key).max_token_size(4000)).unwrap_err().to_string();
        assert!(error.starts_with("JWT_MAX_TOKEN_SIZE = 4000 leaves no room for tokens of ML-DSA"), "{error}");
    }
    // Who only verifies, writes none.
    assert!(JwtManager::new(cookies(with("ML-DSA-65").public_key(key!("mldsa65.pub")))).is_ok());
}

#[test]
fn keys_from_files() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("jwt.pem"), key!("ed25519")).unwrap();
    let path = folder.path().join("jwt.pem").display().to_string();
    let jwt = manager(JwtConfig::new().algorithm(Algorithm::EdDSA).private_key(path));
    assert!(jwt.decode_token(&jwt.create_access_token("ada").unwrap()).is_ok());
    let gone = JwtConfig::new().algorithm(Algorithm::EdDSA).private_key("no/such/key.pem");
    let error = JwtManager::new(gone).unwrap_err().to_string();
    assert!(error.starts_with("JWT_PRIVATE_KEY must be PEM text or the path of a PEM file; cannot read that file: "));
}

#[track_caller]
fn refused(config: JwtConfig, start: &str) {
    let error = JwtManager::new(config).unwrap_err();
    assert!(error.to_string().starts_with(start), "{error}");
    assert!(!format!("{error} {error:?}").contains("MII"), "key material in {error:?}");
}

#[test]
fn keys_of_another_kind_are_refused_at_start_up() {
    let with = |algorithm, private: &str| JwtConfig::new().algorithm(algorithm).private_key(private);
    let verify = |algorithm, public: &str| JwtConfig::new().algorithm(algorithm).public_key(public);
    refused(with(Algorithm::ES256, key!("rsa2048")), "JWT_PRIVATE_KEY is not an EC P-256 key, which ES256 needs");
    refused(with(Algorithm::ES256, key!("ec384")), "JWT_PRIVATE_KEY is not an EC P-256 key");
    refused(with(Algorithm::ES384, key!("ec256")), "JWT_PRIVATE_KEY is not an EC P-384 key");
    refused(with(Algorithm::ES256, key!("ec521")), "JWT_PRIVATE_KEY is not an EC P-256 key");
    refused(with(Algorithm::RS256, key!("ec256")), "JWT_PRIVATE_KEY is not an RSA key");
    refused(with(Algorithm::EdDSA, key!("ec256")), "JWT_PRIVATE_KEY is not an Ed25519 key");
    refused(verify(Algorithm::ES256, key!("rsa2048.pub")), "JWT_PUBLIC_KEY is not an EC P-256 key");
    refused(verify(Algorithm::ES384, key!("ec256.pub")), "JWT_PUBLIC_KEY is not an EC P-384 key");
    refused(verify(Algorithm::RS256, key!("ed25519.pub")), "JWT_PUBLIC_KEY is not an RSA key");
    refused(verify(Algorithm::EdDSA, key!("rsa2048.pub")), "JWT_PUBLIC_KEY is not an Ed25519 key");
    // One EC key is for one curve: it cannot serve both algorithms.
    refused(
        with(Algorithm::ES256, key!("ec256")).decode_algorithms([Algorithm::ES384]),
        "JWT_PRIVATE_KEY is not an EC P-384 key",
    );
    refused(with(Algorithm::ES256, key!("ec256.pub")), "JWT_PRIVATE_KEY holds a public key");
    refused(verify(Algorithm::ES256, key!("ec256")), "JWT_PUBLIC_KEY holds a private key");
    refused(with(Algorithm::ES256, key!("encrypted")), "JWT_PRIVATE_KEY is encrypted");
    refused(verify(Algorithm::ES256, key!("certificate")), "JWT_PUBLIC_KEY is not an EC P-256 key");
    refused(with(Algorithm::RS256, key!("certificate")), "JWT_PRIVATE_KEY is a certificate");
    refused(with(Algorithm::ES256, "-----BEGIN PRIVATE KEY-----\nMII\n"), "JWT_PRIVATE_KEY is no PEM");
    let garbage = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n";
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        refused(with(algorithm, garbage), "JWT_PRIVATE_KEY is not ");
    }
    let odd = "-----BEGIN DH PARAMETERS-----\nMIIB\n-----END DH PARAMETERS-----\n";
    refused(with(Algorithm::RS256, odd), "JWT_PRIVATE_KEY is PEM of a kind that is no key");
}

#[test]
fn rsa_keys_under_2048_bits_are_refused() {
    for algorithm in [Algorithm::RS256, Algorithm::PS512] {
        let config = || JwtConfig::new().algorithm(algorithm);
        refused(config().private_key(key!("rsa1024")), "JWT_PRIVATE_KEY is an RSA key of less than 2048 bits");
        refused(config().public_key(key!("rsa1024.pub")), "JWT_PUBLIC_KEY is an RSA key of less than 2048 bits");
    }
}

#[test]
fn a_public_key_that_is_not_the_private_ones_is_found_at_start_up() {
    let config = JwtConfig::new().algorithm(Algorithm::RS256).private_key(key!("rsa2048"));
    refused(config.public_key(key!("rsa2048_other.pub")), "JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY");
}

#[test]
fn a_missing_key_names_the_setting_and_how_to_make_it() {
    for (config, setting, make) in [
        (JwtConfig::new(), "JWT_SECRET_KEY is not set, and HS256 needs it", "openssl rand -hex 32"),
        (
            JwtConfig::new().algorithm(Algorithm::HS512),
            "JWT_SECRET_KEY is not set, and HS512 needs it",
            "openssl rand -hex 64",
        ),
        (
            JwtConfig::new().algorithm(Algorithm::RS256),
            "JWT_PRIVATE_KEY is not set, and RS256 needs it",
            "openssl genpkey -algorithm RSA",
        ),
        (JwtConfig::new().algorithm(Algorithm::ES384), "JWT_PRIVATE_KEY is not set, and ES384 needs it", "P-384"),
        (JwtConfig::new().algorithm(Algorithm::EdDSA), "JWT_PRIVATE_KEY is not set, and EdDSA needs it", "ED25519"),
        (
            config().decode_algorithms([Algorithm::RS256]),
            "JWT_PUBLIC_KEY is not set, and RS256 needs it; whoever has the private key gets it with",
            "`openssl pkey -in jwt.pem -pubout -out jwt.pub.pem`",
        ),
        // Perhaps it only verifies.
        (
            JwtConfig::new().algorithm(Algorithm::ES256),
            "JWT_PRIVATE_KEY is not set, and ES256 needs it",
            "or set JWT_PUBLIC_KEY where tokens are only verified",
        ),
        (
            JwtConfig::new()
                .algorithm(Algorithm::EdDSA)
                .private_key(key!("ed25519"))
                .decode_algorithms([Algorithm::HS256]),
            "JWT_SECRET_KEY is not set, and HS256 needs it",
            "openssl rand",
        ),
        // A secret is no substitute for a key pair, nor the other way round.
        (config().algorithm(Algorithm::RS256), "JWT_PRIVATE_KEY is not set", "openssl"),
        (JwtConfig::new().private_key(key!("rsa2048")), "JWT_SECRET_KEY is not set", "openssl rand"),
    ] {
        let error = JwtManager::new(config).unwrap_err();
        assert!(matches!(error, ConfigError::MissingKey { .. }));
        let text = error.to_string();
        assert!(text.starts_with(setting) && text.contains(make), "{text}");
    }
}

#[test]
fn weak_secrets_are_refused_unless_allowed() {
    let long = |n: usize| "k3Jd9sLq0ZpWm4XvTb7RnYcUe1GhAf5IoK8yQ2wEx6HrNtSjDgLzBuPiMaVlCoF-".repeat(2)[..n].to_owned();
    for (algorithm, secret, reason) in [
        (Algorithm::HS256, "secret".to_owned(), "is a well-known example"),
        (Algorithm::HS256, "super-secret".to_owned(), "is a well-known example"),
        (Algorithm::HS256, "ChangeMe".to_owned(), "is a well-known example"),
        (Algorithm::HS256, "a-string-secret-at-least-256-bits-long".to_owned(), "is a well-known example"),
        (Algorithm::HS256, long(31), "has 31 bytes and needs at least 32"),
        (Algorithm::HS384, long(47), "has 47 bytes and needs at least 48"),
        (Algorithm::HS512, long(63), "has 63 bytes and needs at least 64"),
        (Algorithm::HS256, "super-secret-super-secret-super-secret".to_owned(), "is a well-known example"),
        (Algorithm::HS256, "changemechangemechangemechangeme".to_owned(), "is a well-known example"),
    ] {
        let config = || JwtConfig::new().algorithm(algorithm).secret_key(secret.clone());
        let error = JwtManager::new(config()).unwrap_err();
        assert!(matches!(error, ConfigError::WeakSecret { .. }));
        let text = error.to_string();
        assert!(text.starts_with(&format!("JWT_SECRET_KEY {reason}; make a strong one")), "{text}");
        assert!(secret == "secret" || !text.contains(&secret), "{text}");
        let allowed = JwtManager::new(config().allow_weak_secret(true)).unwrap();
        assert!(allowed.decode_token(&allowed.create_access_token("ada").unwrap()).is_ok());
        assert!(SigningKey::from_secret(algorithm, secret.as_bytes()).is_err());
        assert!(VerifyingKey::from_secret(&[algorithm], secret.as_bytes()).is_err());
    }
    refused(
        JwtConfig::new().secret_key("/etc/app/keys/jwt-private-key-of-2026.pem").allow_weak_secret(true),
        "JWT_SECRET_KEY names a PEM file",
    );
    // An empty one is none, allowed or not.
    for weak in [false, true] {
        refused(JwtConfig::new().secret_key("").allow_weak_secret(weak), "JWT_SECRET_KEY is empty");
    }
    let error = SigningKey::from_secret(Algorithm::HS256, b"short").unwrap_err().to_string();
    assert_eq!(error, "the secret has 5 bytes and needs at least 32; make a strong one with `openssl rand -hex 32`");
    // One secret for several algorithms must be long enough for the longest.
    refused(
        config().decode_algorithms([Algorithm::HS512]).secret_key(long(63)),
        "JWT_SECRET_KEY has 63 bytes and needs at least 64",
    );
    // A PEM is no secret, allowed or not.
    for weak in [false, true] {
        let config = JwtConfig::new().secret_key(key!("rsa2048.pub")).allow_weak_secret(weak);
        refused(config, "JWT_SECRET_KEY holds a PEM key, which is no HMAC secret");
    }
}

#[test]
fn a_key_is_for_algorithms_of_its_family() {
    assert!(SigningKey::from_secret(Algorithm::RS256, SECRET.as_bytes()).is_err());
    assert!(VerifyingKey::from_secret(&[Algorithm::HS256, Algorithm::RS256], SECRET.as_bytes()).is_err());
    assert!(SigningKey::from_pem(Algorithm::HS256, key!("rsa2048")).is_err());
    assert!(VerifyingKey::from_pem(&[Algorithm::HS256], key!("rsa2048.pub")).is_err());
    assert!(VerifyingKey::from_pem(&[Algorithm::RS256, Algorithm::ES256], key!("rsa2048.pub")).is_err());
    assert!(VerifyingKey::from_pem(&[], key!("rsa2048.pub")).is_err());
    let rsa = VerifyingKey::from_pem(&[Algorithm::RS256, Algorithm::PS512], key!("rsa2048.pub")).unwrap();
    assert!(rsa.algorithms().eq([Algorithm::RS256, Algorithm::PS512]));
}

#[test]
fn a_key_id_only_looks_up_a_map() {
    let key = |secret: &str| VerifyingKey::from_secret(&[Algorithm::HS256], secret.as_bytes()).unwrap();
    let old = "the secret of last year: 0123456789 abcdef";
    let jwt = builder(config()).verifying_key(key(old).with_key_id("old")).build().unwrap();
    // Ours has no key ID: absent and unknown ones are for it.
    assert!(jwt.decode_token(&good()).is_ok());
    assert!(jwt.decode_token(&with_header(r#"{"alg":"HS256","kid":"unknown"}"#)).is_ok());
    // A known key ID leaves only its key.
    assert!(jwt.decode_token(&with_header(r#"{"alg":"HS256","kid":"old"}"#)).is_err());
    let signing = SigningKey::from_secret(Algorithm::HS256, old.as_bytes()).unwrap().with_key_id("old");
    let last_year = builder(JwtConfig::new()).signing_key(signing).build().unwrap();
    let token = last_year.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some("old"));
    // And a named key is not tried for tokens that do not name it.
    assert!(last_year.decode_token(&good()).is_err());

    let twice = builder(config()).verifying_key(key(old).with_key_id("a")).verifying_key(key(SECRET).with_key_id("a"));
    assert!(matches!(twice.build(), Err(ConfigError::Conflict(_))));
}

#[test]
fn keys_of_several_families_beside_each_other() {
    let both =
        manager(config().decode_algorithms([Algorithm::RS256, Algorithm::PS256]).public_key(key!("rsa2048.pub")));
    let rsa = manager(JwtConfig::new().algorithm(Algorithm::PS256).private_key(key!("rsa2048")));
    assert!(both.decode_token(&rsa.create_access_token("ada").unwrap()).is_ok());
    assert!(both.decode_token(&good()).is_ok());
    // The public half of a private key serves too, where another algorithm signs.
    let derived = manager(config().decode_algorithms([Algorithm::PS256]).private_key(key!("rsa2048")));
    assert!(derived.decode_token(&rsa.create_access_token("ada").unwrap()).is_ok());
    assert_eq!(
        derived.decode_token(&derived.create_access_token("a").unwrap()).unwrap().header().algorithm(),
        Algorithm::HS256
    );
    let rs512 = manager(JwtConfig::new().algorithm(Algorithm::RS512).private_key(key!("rsa2048")));
    let error = both.decode_token(&rs512.create_access_token("ada").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "The specified alg value is not allowed");
    let other = manager(JwtConfig::new().algorithm(Algorithm::PS256).private_key(key!("rsa2048_other")));
    let error = both.decode_token(&other.create_access_token("ada").unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "Signature verification failed");
}
