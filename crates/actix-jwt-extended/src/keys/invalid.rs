//! The error of a key that cannot be used, and the settings that it names.

use crate::claims::Algorithm;
use crate::error::ConfigError;

pub(super) const SECRET_KEY: &str = "JWT_SECRET_KEY";
#[cfg(feature = "asymmetric")]
pub(super) const PRIVATE_KEY: &str = "JWT_PRIVATE_KEY";
pub(super) const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";

pub(super) fn invalid(setting: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::InvalidKey { setting, reason: reason.into() }
}

pub(super) fn not_for(setting: &'static str, algorithm: Algorithm, what: &str) -> ConfigError {
    invalid(setting, format!("cannot serve {algorithm}: that algorithm does not take {what}"))
}
