//! The same work by jsonwebtoken.

use super::common::{Keys, SECRET, pems};
use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

/// One algorithm with its keys, prepared for jsonwebtoken, and our token.
pub(crate) struct Theirs {
    algorithm: Algorithm,
    token: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl Theirs {
    pub(crate) fn new(keys: &Keys) -> Self {
        let _ = FASTEST.install_default();
        let (algorithm, token) = (keys.algorithm.try_into().unwrap(), keys.token.clone());
        let (encoding, decoding) =
            match pems(keys.algorithm).map(|(private, public)| (private.as_bytes(), public.as_bytes())) {
                None => (EncodingKey::from_secret(SECRET.as_bytes()), DecodingKey::from_secret(SECRET.as_bytes())),
                Some((private, public)) => match algorithm {
                    Algorithm::ES256 => {
                        (EncodingKey::from_ec_pem(private).unwrap(), DecodingKey::from_ec_pem(public).unwrap())
                    }
                    Algorithm::EdDSA => {
                        (EncodingKey::from_ed_pem(private).unwrap(), DecodingKey::from_ed_pem(public).unwrap())
                    }
                    _ => (EncodingKey::from_rsa_pem(private).unwrap(), DecodingKey::from_rsa_pem(public).unwrap()),
                },
            };
        Self { algorithm, token, encoding, decoding, validation: Validation::new(algorithm) }
    }

    /// One typed decode, as its documentation shows.
    pub(crate) fn verify(&self) {
        let token = black_box(&self.token);
        black_box(jsonwebtoken::decode::<TheirClaims>(token, &self.decoding, &self.validation).unwrap());
    }

    /// The same claims as ours, built by hand.
    pub(crate) fn issue(&self) {
        let now = jsonwebtoken::get_current_timestamp();
        let claims = TheirClaims {
            fresh: false,
            iat: now,
            jti: uuid::Uuid::new_v4().to_string(),
            r#type: "access".to_owned(),
            sub: black_box("ada.lovelace@example.org").to_owned(),
            nbf: now,
            csrf: uuid::Uuid::new_v4().to_string(),
            exp: now + 900,
        };
        black_box(jsonwebtoken::encode(&Header::new(self.algorithm), &claims, &self.encoding).unwrap());
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct TheirClaims {
    fresh: bool,
    iat: u64,
    jti: String,
    r#type: String,
    sub: String,
    nbf: u64,
    csrf: String,
    exp: u64,
}

/// jsonwebtoken's cryptography: both of its providers are on in this build, and for each algorithm it gets the faster.
static FASTEST: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm: &Algorithm, key: &EncodingKey| (fastest(*algorithm).signer_factory)(algorithm, key),
    verifier_factory: |algorithm: &Algorithm, key: &DecodingKey| (fastest(*algorithm).verifier_factory)(algorithm, key),
    // For JWKs, of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};

fn fastest(algorithm: Algorithm) -> &'static CryptoProvider {
    let by_rust_crypto = matches!(algorithm, Algorithm::HS256 | Algorithm::EdDSA);
    match by_rust_crypto != SLOWER.load(Ordering::Relaxed) {
        true => &rust_crypto::DEFAULT_PROVIDER,
        false => &aws_lc::DEFAULT_PROVIDER,
    }
}

/// Whether it gets the other one, for once.
static SLOWER: AtomicBool = AtomicBool::new(false);

/// Some work of jsonwebtoken's with the slower of its providers.
#[allow(dead_code, reason = "only the ratios look at it")]
pub(crate) fn by_the_slower(work: impl FnOnce()) {
    SLOWER.store(true, Ordering::Relaxed);
    work();
    SLOWER.store(false, Ordering::Relaxed);
}
