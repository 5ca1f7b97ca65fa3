//! Keys as the settings give them: hidden, and zeroised when they go.

use super::value::{FromSetting, SettingValue};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::fmt;
use std::path::PathBuf;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Text that must not be seen: zeroised on drop, absent from `Debug`.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Where the secret of the `HS*` algorithms is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    Inline(Secret),
    File(PathBuf),
}

impl SecretSource {
    pub(super) fn new(text: String) -> Self {
        Self::Inline(Secret::new(text))
    }

    /// Bytes have a form as text, so that there is one way to read a secret.
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self::new(format!("base64:{}", BASE64_STANDARD.encode(&*bytes)))
    }
}

impl FromSetting for SecretSource {
    const EXPECTED: &'static str = "a string";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) | SettingValue::Untyped(text) => Some(Self::Inline(Secret(text))),
            SettingValue::Path(path) => Some(Self::File(path)),
            _ => None,
        }
    }
}

/// Where a key's text is: PEM, or a JWK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PemSource {
    Inline(Secret),
    File(PathBuf),
}

/// The base64 of a PEM text, as it is often put into an environment variable. `None` = it is something else.
pub(crate) fn base64_of_pem(text: &str) -> Option<&str> {
    let text = text.trim();
    let digits = text.strip_prefix("base64:").unwrap_or(text);
    // "-----BEGIN"
    digits.starts_with("LS0tLS1CRUdJT").then_some(digits)
}

impl PemSource {
    pub(super) fn new(pem_or_path: String) -> Self {
        let is_jwk = pem_or_path.trim_start().starts_with('{');
        if is_jwk || pem_or_path.contains("-----BEGIN") || base64_of_pem(&pem_or_path).is_some() {
            Self::Inline(Secret::new(pem_or_path))
        } else {
            Self::File(pem_or_path.into())
        }
    }
}

impl FromSetting for PemSource {
    const EXPECTED: &'static str = "PEM text or the path of a PEM file";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Path(path) => Some(Self::File(path)),
            value => String::from_setting(value).map(Self::new),
        }
    }
}
