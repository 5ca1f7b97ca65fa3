//! jsonwebtoken's cryptography: for each algorithm the faster one of its two providers.
//!
//! An application with one algorithm would choose the one for it. One process can install one provider only, and
//! here it measures all algorithms.

use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};

/// For this process; again is not an error.
pub fn install() {
    let _ = FASTEST.install_default();
}

static FASTEST: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm: &Algorithm, key: &EncodingKey| (fastest(*algorithm).signer_factory)(algorithm, key),
    verifier_factory: |algorithm: &Algorithm, key: &DecodingKey| (fastest(*algorithm).verifier_factory)(algorithm, key),
    // For JWKs, of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};

fn fastest(algorithm: Algorithm) -> &'static CryptoProvider {
    match algorithm {
        Algorithm::HS256 | Algorithm::EdDSA => &rust_crypto::DEFAULT_PROVIDER,
        _ => &aws_lc::DEFAULT_PROVIDER,
    }
}
