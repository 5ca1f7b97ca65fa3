//! The error of a key that cannot be used, and the settings that it names.

use crate::claims::Algorithm;
use crate::error::ConfigError;

pub(super) const SECRET_KEY: &str = "JWT_SECRET_KEY";
#[cfg(feature = "asymmetric")]
pub(super) const PRIVATE_KEY: &str = "JWT_PRIVATE_KEY";
#[cfg(feature = "asymmetric")]
pub(super) const PRIVATE_KEY_PASSWORD: &str = "JWT_PRIVATE_KEY_PASSWORD";
pub(super) const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";

pub(super) fn invalid(setting: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::InvalidKey { setting, reason: reason.into() }
}

pub(super) fn not_for(setting: &'static str, algorithm: Algorithm, what: &str) -> ConfigError {
    invalid(setting, format!("cannot serve {algorithm}: that algorithm does not take {what}"))
}

/// The kind of key that an algorithm takes: "an RSA" key.
pub(super) fn wanted_kind(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => "a secret",
        Algorithm::ES256 => "an EC P-256",
        Algorithm::ES384 => "an EC P-384",
        Algorithm::ES512 => "an EC P-521",
        Algorithm::EdDSA | Algorithm::Ed25519 => "an Ed25519",
        Algorithm::MlDsa44 => "an ML-DSA-44",
        Algorithm::MlDsa65 => "an ML-DSA-65",
        Algorithm::MlDsa87 => "an ML-DSA-87",
        _ => "an RSA",
    }
}
