//! New keys.

use super::Algorithm;
use crate::claims::AlgorithmFamily;
#[cfg(feature = "asymmetric")]
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
#[cfg(feature = "asymmetric")]
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, PqdsaKeyPair, RsaKeyPair};
#[cfg(feature = "asymmetric")]
use base64::Engine as _;
#[cfg(feature = "asymmetric")]
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

/// The text of a key's file, and what its name ends with. `None` = the crypto library refuses, or is not built in.
pub(super) fn generate(algorithm: Algorithm) -> Option<(Zeroizing<String>, &'static str)> {
    match algorithm.family() {
        AlgorithmFamily::Hmac => Some((secret()?, "secret")),
        #[cfg(feature = "asymmetric")]
        _ => Some((key_pair(algorithm)?, "pem")),
        #[cfg(not(feature = "asymmetric"))]
        _ => None,
    }
}

/// 64 bytes, enough for each hash, from the operating system.
fn secret() -> Option<Zeroizing<String>> {
    use std::fmt::Write as _;
    let mut bytes = Zeroizing::new([0; 64]);
    getrandom::fill(&mut *bytes).ok()?;
    // Allocated once: what grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(4 + 2 * bytes.len() + 1));
    text.push_str("hex:");
    for byte in &*bytes {
        write!(text, "{byte:02x}").ok()?;
    }
    text.push('\n');
    Some(text)
}

#[cfg(feature = "asymmetric")]
fn key_pair(algorithm: Algorithm) -> Option<Zeroizing<String>> {
    let ec = |curve| Some(EcdsaKeyPair::generate(curve).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec());
    let ml_dsa = |set| Some(PqdsaKeyPair::generate(set).ok()?.to_pkcs8v1().ok()?.as_ref().to_vec());
    let der = Zeroizing::new(match algorithm {
        Algorithm::ES256 => ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?,
        Algorithm::ES384 => ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?,
        Algorithm::ES512 => ec(&signature::ECDSA_P521_SHA512_FIXED_SIGNING)?,
        Algorithm::EdDSA | Algorithm::Ed25519 => Ed25519KeyPair::generate().ok()?.to_pkcs8v1().ok()?.as_ref().to_vec(),
        Algorithm::MlDsa44 => ml_dsa(&signature::ML_DSA_44_SIGNING)?,
        Algorithm::MlDsa65 => ml_dsa(&signature::ML_DSA_65_SIGNING)?,
        Algorithm::MlDsa87 => ml_dsa(&signature::ML_DSA_87_SIGNING)?,
        _ => {
            let pair = RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa3072).ok()?;
            let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
            der.as_ref().to_vec()
        }
    });
    Some(in_pem(&der))
}

/// RFC 7468 §10.
#[cfg(feature = "asymmetric")]
fn in_pem(der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(BASE64_STANDARD.encode(der));
    let mut text = Zeroizing::new(String::with_capacity(base64.len() + base64.len() / 64 + 64));
    text.push_str("-----BEGIN PRIVATE KEY-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).unwrap_or_default());
        text.push('\n');
    }
    text.push_str("-----END PRIVATE KEY-----\n");
    text
}
