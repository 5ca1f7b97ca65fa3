//! A key that signs and its verifying half, from text.

use super::invalid::invalid;
use super::{SigningKey, VerifyingKey, secret};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::error::ConfigError;
use zeroize::Zeroizing;

/// Both halves of a key, from the content of a file: PEM, a JWK, or a secret. `place`: what an error calls it.
pub(super) fn halves(
    setting: &'static str,
    place: &str,
    algorithm: Algorithm,
    content: &[u8],
) -> Result<(SigningKey, VerifyingKey), ConfigError> {
    let wrong = |error: ConfigError| match error {
        ConfigError::InvalidKey { reason, .. } => invalid(setting, format!("{place} {reason}")),
        ConfigError::WeakSecret { reason } => invalid(setting, format!("{place} {reason}")),
        error => error,
    };
    let key = if algorithm.family() == AlgorithmFamily::Hmac {
        let line = Zeroizing::new(secret::without_line_end(content).to_vec());
        let bytes = secret::decode(&line).map_err(wrong)?;
        SigningKey::from_secret(algorithm, &bytes)
    } else {
        let text = std::str::from_utf8(content).map_err(|_| invalid(setting, format!("{place} is no text")))?;
        of_text(setting, algorithm, text)
    };
    let key = key.map_err(wrong)?;
    let verifying = key.verifying_key(&[algorithm]).map_err(wrong)?;
    Ok((key, verifying))
}

#[cfg(feature = "asymmetric")]
fn of_text(_: &'static str, algorithm: Algorithm, text: &str) -> Result<SigningKey, ConfigError> {
    if text.trim_start().starts_with('{') {
        SigningKey::from_jwk(algorithm, text)
    } else {
        SigningKey::from_pem(algorithm, text)
    }
}

#[cfg(not(feature = "asymmetric"))]
fn of_text(setting: &'static str, algorithm: Algorithm, _: &str) -> Result<SigningKey, ConfigError> {
    Err(ConfigError::NotBuiltIn { setting, algorithm: algorithm.to_string(), feature: "asymmetric" })
}

pub(super) fn thumbprint(key: &VerifyingKey) -> Option<String> {
    #[cfg(feature = "asymmetric")]
    return key.thumbprint();
    #[cfg(not(feature = "asymmetric"))]
    return None.or(key.key_id().map(str::to_owned));
}
