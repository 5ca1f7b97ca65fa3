//! The jsonwebtoken crate as a second opinion: the same verdict on the same signatures.

use crate::app::{NOW, manager};
use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::{JwtConfig, JwtManager};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};

const SECRET: &str = "a secret that is long enough for SHA-512: 0123456789 abcdef ghijklmnop qrstuvwxyz";

struct Both {
    algorithm: Algorithm,
    ours: JwtManager,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl Both {
    fn all() -> Vec<Self> {
        use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
        // Both providers are on in this build, so one must be chosen before jsonwebtoken is used.
        let _ = jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER.install_default();
        [HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA].map(Self::new).into()
    }

    fn new(algorithm: Algorithm) -> Self {
        let config = JwtConfig::new().algorithm(algorithm);
        let (private, public) = match algorithm {
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Self {
                    algorithm,
                    ours: manager(config.secret_key(SECRET)),
                    encoding: EncodingKey::from_secret(SECRET.as_bytes()),
                    decoding: DecodingKey::from_secret(SECRET.as_bytes()),
                };
            }
            Algorithm::ES256 => (include_str!("../../keys/ec256.pem"), include_str!("../../keys/ec256.pub.pem")),
            Algorithm::ES384 => (include_str!("../../keys/ec384.pem"), include_str!("../../keys/ec384.pub.pem")),
            Algorithm::EdDSA => (include_str!("../../keys/ed25519.pem"), include_str!("../../keys/ed25519.pub.pem")),
            _ => (include_str!("../../keys/rsa2048.pem"), include_str!("../../keys/rsa2048.pub.pem")),
        };
        let (encoding, decoding) = match algorithm {
            Algorithm::ES256 | Algorithm::ES384 => {
                (EncodingKey::from_ec_pem(private.as_bytes()), DecodingKey::from_ec_pem(public.as_bytes()))
            }
            Algorithm::EdDSA => {
                (EncodingKey::from_ed_pem(private.as_bytes()), DecodingKey::from_ed_pem(public.as_bytes()))
            }
            _ => (EncodingKey::from_rsa_pem(private.as_bytes()), DecodingKey::from_rsa_pem(public.as_bytes())),
        };
        let ours = manager(config.private_key(private).public_key(public));
        Self { algorithm, ours, encoding: encoding.unwrap(), decoding: decoding.unwrap() }
    }

    fn theirs_accepts(&self, token: &str) -> bool {
        let mut validation = Validation::new(self.algorithm.try_into().unwrap());
        // Signatures only: times are judged elsewhere.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        jsonwebtoken::decode::<Value>(token, &self.decoding, &validation).is_ok()
    }
}

#[test]
fn each_accepts_the_others_tokens() {
    for both in Both::all() {
        let ours = both.ours.create_access_token("ada").unwrap();
        assert!(both.theirs_accepts(&ours), "{:?}", both.algorithm);
        let claims = json!({ "sub": "ada", "exp": NOW + 60 });
        let theirs =
            jsonwebtoken::encode(&Header::new(both.algorithm.try_into().unwrap()), &claims, &both.encoding).unwrap();
        assert_eq!(both.ours.decode_token(&theirs).unwrap().identity(), "ada", "{:?}", both.algorithm);
    }
}

#[test]
fn both_refuse_the_same_alterations() {
    for both in Both::all() {
        let token = both.ours.create_access_token("ada").unwrap();
        let signature_at = token.rfind('.').unwrap() + 1;
        // Spread over the whole token; every character of a short signature.
        let step = (token.len() / 60).max(1);
        for at in (0..token.len()).step_by(step).chain(signature_at..token.len().min(signature_at + 86)) {
            for other in ["A", "B", "_", "="] {
                let altered = format!("{}{other}{}", &token[..at], &token[at + 1..]);
                let ours = both.ours.decode_token(&altered).is_ok();
                assert_eq!(ours, both.theirs_accepts(&altered), "{:?}: {altered}", both.algorithm);
                assert_eq!(ours, altered == token, "{:?}: {altered}", both.algorithm);
            }
        }
        for cut in [1, 2, 3, 4, 10, 22] {
            let altered = &token[..token.len() - cut];
            assert!(both.ours.decode_token(altered).is_err() && !both.theirs_accepts(altered));
        }
    }
}

#[test]
fn a_signature_of_one_algorithm_is_none_of_another() {
    let all = Both::all();
    for issuer in &all {
        let token = issuer.ours.create_access_token("ada").unwrap();
        for judge in all.iter().filter(|judge| judge.algorithm != issuer.algorithm) {
            assert!(judge.ours.decode_token(&token).is_err(), "{:?} {:?}", issuer.algorithm, judge.algorithm);
            // Nor with the header rewritten to fit.
            let (_, rest) = token.split_once('.').unwrap();
            let header = crate::forge::b64(json!({ "alg": judge.algorithm, "typ": "JWT" }).to_string());
            assert!(judge.ours.decode_token(&format!("{header}.{rest}")).is_err());
        }
    }
}
