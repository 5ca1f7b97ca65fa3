//! RSA keys that are for PSS alone (RFC 4055 §1.2).

use crate::app::manager;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtConfig, JwtManager};

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../keys/", $name, ".pem"))
    };
}

const ALL: [Algorithm; 6] = {
    use Algorithm::{PS256, PS384, PS512, RS256, RS384, RS512};
    [PS256, PS384, PS512, RS256, RS384, RS512]
};

#[test]
fn a_key_for_pss_serves_no_other_and_keeps_to_its_parameters() {
    let nothing = "with parameters that neither PS256, PS384 nor PS512 has";
    for (private, public, serves, says) in [
        (Some(key!("rsapss")), key!("rsapss.pub"), &ALL[..3], "for PS256, PS384 and PS512 only"),
        (Some(key!("rsapss256")), key!("rsapss256.pub"), &ALL[..1], "for PS256 only"),
        // A shorter salt than the hash is the least that it must have.
        (None, key!("rsapss512.pub"), &ALL[2..3], "for PS512 only"),
        (None, key!("rsapss_sha1.pub"), &[], nothing),
        (None, key!("rsapss_mgf.pub"), &[], nothing),
        (None, key!("rsapss_salt.pub"), &[], nothing),
    ] {
        for algorithm in ALL {
            let refused = |setting: &str| {
                format!("{setting} is an RSA-PSS key {says} (RFC 4055 §1.2); it cannot serve {algorithm:?}")
            };
            let verifier = JwtConfig::new().algorithm(algorithm).public_key(public);
            if serves.contains(&algorithm) {
                let verifier = manager(verifier);
                if let Some(private) = private {
                    let signer = JwtConfig::new().algorithm(algorithm).private_key(private);
                    let both = manager(signer.clone().public_key(public));
                    let token = manager(signer).create_access_token("ada").unwrap();
                    assert!(verifier.decode_token(&token).is_ok() && both.decode_token(&token).is_ok());
                }
                continue;
            }
            assert_eq!(JwtManager::new(verifier).unwrap_err().to_string(), refused("JWT_PUBLIC_KEY"));
            let error = VerifyingKey::from_pem(&[algorithm], public).unwrap_err().to_string();
            assert_eq!(error, refused("the public key"));
            if let Some(private) = private {
                let signer = JwtConfig::new().algorithm(algorithm).private_key(private);
                assert_eq!(JwtManager::new(signer).unwrap_err().to_string(), refused("JWT_PRIVATE_KEY"));
                let error = SigningKey::from_pem(algorithm, private).unwrap_err().to_string();
                assert_eq!(error, refused("the private key"));
                // Nor does its public half, where another algorithm signs.
                let beside = JwtConfig::new().algorithm(serves[0]).decode_algorithms([algorithm]).private_key(private);
                assert_eq!(JwtManager::new(beside).unwrap_err().to_string(), refused("JWT_PRIVATE_KEY"));
            }
        }
    }
}

#[test]
fn a_key_for_pss_is_judged_as_any_other_rsa_key() {
    let config = || JwtConfig::new().algorithm(Algorithm::PS256);
    let refusal = |config: JwtConfig| JwtManager::new(config).unwrap_err().to_string();
    let short = "is an RSA key of less than 2048 bits";
    assert!(refusal(config().private_key(key!("rsapss1024"))).starts_with(&format!("JWT_PRIVATE_KEY {short}")));
    assert!(refusal(config().public_key(key!("rsapss1024.pub"))).starts_with(&format!("JWT_PUBLIC_KEY {short}")));
    let other = config().private_key(key!("rsapss256")).public_key(key!("rsapss.pub"));
    assert!(refusal(other).starts_with("JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY"));
    let no_ec = |config: JwtConfig| refusal(config.algorithm(Algorithm::ES256));
    assert!(no_ec(config().private_key(key!("rsapss"))).starts_with("JWT_PRIVATE_KEY is not an EC P-256 key"));
    assert!(no_ec(config().public_key(key!("rsapss.pub"))).starts_with("JWT_PUBLIC_KEY is not an EC P-256 key"));
}
