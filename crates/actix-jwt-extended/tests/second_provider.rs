//! Another dependency switched on jsonwebtoken's second crypto provider. Its own entry points panic
//! then, in a process where nobody chose one; ours do not, because they never ask it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::{JwtConfig, JwtManager};

#[test]
fn two_providers_never_make_us_panic() {
    let secret = "a secret for tests: 0123456789 abcdef";
    let jwt = JwtManager::new(JwtConfig::new().secret_key(secret)).unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "ada");
    let rsa = JwtConfig::new().algorithm(Algorithm::RS256).private_key(include_str!("keys/rsa2048.pem"));
    let rsa = JwtManager::new(rsa).unwrap();
    assert!(rsa.decode_token(&rsa.create_access_token("ada").unwrap()).is_ok());

    // The situation is real: this is what a direct call does here.
    let theirs = std::panic::catch_unwind(|| {
        let key = jsonwebtoken::DecodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::decode::<serde_json::Value>(&token, &key, &jsonwebtoken::Validation::default())
    });
    assert!(theirs.is_err());
    assert!(jwt.decode_token(&token).is_ok());
}
