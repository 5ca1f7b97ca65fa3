//! The settings: where they come from, and what they must satisfy.

mod cookies;
mod elsewhere;
mod environment;
#[cfg(feature = "settings")]
mod file;
mod keys;
mod proxies;
mod secret;
mod setters;
mod settings;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod stores;
mod types;
mod url;
mod value;

pub(crate) use keys::KeySource;
pub use keys::{KeySetting, KeyState};
pub use proxies::ForwardedHeader;
pub use settings::JwtConfig;
pub use types::{CookiePrefix, ErrorFormat, Lifetime, Location, OneOrMany, ParseLifetimeError, SameSite};

use crate::claims::Algorithm;
use crate::claims::{MAX_NUMERIC_DATE, name};
use crate::error::ConfigError;
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use value::SettingValue;

pub(crate) use cookies::{MAX_COOKIE_BYTES, Names, begins_with, is_domain, warn_of_plain_cookies};
pub(crate) use proxies::{TrustedProxies, warn_of_long_headers};
pub(crate) use secret::{PemSource, SecretSource, base64_of_pem};
pub(crate) use url::HttpsUrl;

/// What all our settings begin with; names without it are somebody else's.
const PREFIX: &str = "JWT_";

impl JwtConfig {
    /// The defaults. A key must be set before a manager can be built.
    ///
    /// ```
    /// use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Settings from the environment's `JWT_*` variables, over the defaults.
    ///
    /// ```
    /// use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::from_env()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// An unknown `JWT_*` name, or a value of the wrong type.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new().with_vars(std::env::vars_os())
    }

    /// Settings from a TOML file, and over them the environment's `JWT_*` variables.
    ///
    /// Names that do not begin with `JWT_` are left to the application. A relative path of a key's
    /// file counts from the settings file's folder.
    ///
    /// ```no_run
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let jwt = JwtManager::new(JwtConfig::from_file("Settings.toml")?)?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML, an unknown `JWT_*` name, a value of the wrong type.
    #[cfg(feature = "settings")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        file::read(path.as_ref())?.with_vars(std::env::vars_os())
    }

    /// What can be judged without looking at keys.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let invalid =
            |setting, expected: &str| Err(ConfigError::InvalidValue { setting, expected: expected.to_owned() });
        for (setting, lifetime) in [
            ("JWT_ACCESS_TOKEN_EXPIRES", self.access_token_expires),
            ("JWT_REFRESH_TOKEN_EXPIRES", self.refresh_token_expires),
        ] {
            if let Lifetime::After(duration) = lifetime
                && !(1..=MAX_NUMERIC_DATE.unsigned_abs() / 2).contains(&duration.as_secs())
            {
                return invalid(setting, "at least one second and at most 4000 years; false means never");
            }
        }
        if self.decode_leeway.as_secs() > 86_400 {
            return invalid("JWT_DECODE_LEEWAY", "at most a day");
        }
        // Compared in whole seconds, it would be none at all.
        if self.decode_leeway.as_secs() == 0 && !self.decode_leeway.is_zero() {
            return invalid("JWT_DECODE_LEEWAY", "0, or at least one second");
        }
        if self.max_token_size < 256 {
            return invalid("JWT_MAX_TOKEN_SIZE", "at least 256 bytes");
        }
        if self.token_cache_size > 10_000_000 {
            return invalid("JWT_TOKEN_CACHE_SIZE", "at most 10000000; each worker has such a cache");
        }
        for (setting, lifetime) in
            [("JWT_SESSION_LIFETIME", self.session_lifetime), ("JWT_SESSION_IDLE", self.session_idle)]
        {
            if lifetime == Lifetime::After(Duration::ZERO) {
                return invalid(setting, "more than 0, or false for a session that does not end so");
            }
        }
        if self.store_timeout.is_zero() {
            return invalid("JWT_STORE_TIMEOUT", "more than 0");
        }
        let in_realms = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if self.realm.len() > 32 || !self.realm.bytes().all(in_realms) {
            return invalid("JWT_REALM", "at most 32 letters, digits and . _ -, or empty");
        }
        if TrustedProxies::of(self).is_none() {
            return invalid("JWT_TRUSTED_PROXIES", TrustedProxies::EXPECTED);
        }
        if self.token_location.is_empty() {
            return invalid("JWT_TOKEN_LOCATION", "at least one location");
        }
        if self.max_body_size == 0 || self.body_timeout.is_zero() {
            let setting = if self.max_body_size == 0 { "JWT_MAX_BODY_SIZE" } else { "JWT_BODY_TIMEOUT" };
            return invalid(setting, "more than 0");
        }
        for (setting, name) in [
            ("JWT_HEADER_NAME", &self.header_name),
            ("JWT_ACCESS_CSRF_HEADER_NAME", &self.access_csrf_header_name),
            ("JWT_REFRESH_CSRF_HEADER_NAME", &self.refresh_csrf_header_name),
        ] {
            if HeaderName::try_from(name.as_str()).is_err() {
                return invalid(setting, "the name of an HTTP header");
            }
        }
        for (setting, name) in [
            ("JWT_QUERY_STRING_NAME", &self.query_string_name),
            ("JWT_JSON_KEY", &self.json_key),
            ("JWT_REFRESH_JSON_KEY", &self.refresh_json_key),
            ("JWT_ACCESS_CSRF_FIELD_NAME", &self.access_csrf_field_name),
            ("JWT_REFRESH_CSRF_FIELD_NAME", &self.refresh_csrf_field_name),
        ] {
            if name.is_empty() {
                return invalid(setting, "a non-empty string");
            }
        }
        if self.csrf_methods.iter().next().is_none() {
            return invalid("JWT_CSRF_METHODS", "at least one method; JWT_COOKIE_CSRF_PROTECT = false turns it off");
        }
        if !self.csrf_methods.iter().all(|method| Method::from_bytes(method.as_bytes()).is_ok()) {
            return invalid("JWT_CSRF_METHODS", "a list of HTTP methods such as [\"POST\", \"PUT\"]");
        }
        if self.resource_metadata.as_ref().is_some_and(|url| HttpsUrl::read(url).is_none()) {
            return invalid("JWT_RESOURCE_METADATA", HttpsUrl::EXPECTED);
        }
        self.validate_cookies()?;
        if !self.header_type.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',' && byte != b'"') {
            return invalid("JWT_HEADER_TYPE", "one word such as \"Bearer\", or empty");
        }
        if self.error_message_key.is_empty() {
            return invalid("JWT_ERROR_MESSAGE_KEY", "a non-empty string");
        }
        let set_by_us = |claim: &str| reserved_claim(claim).is_some() && claim != name::SUBJECT;
        if self.identity_claim.is_empty() || set_by_us(&self.identity_claim) {
            return invalid("JWT_IDENTITY_CLAIM", "a claim that the library does not set itself, such as \"sub\"");
        }
        for (setting, value) in
            [("JWT_DECODE_AUDIENCE", &self.decode_audience), ("JWT_DECODE_ISSUER", &self.decode_issuer)]
        {
            if value.as_ref().is_some_and(|value| value.iter().next().is_none() || value.iter().any(str::is_empty)) {
                return invalid(setting, "a string or a list with at least one, none of them empty");
            }
        }
        Ok(())
    }

    /// Once the keys are prepared, their text is not needed any more: it is zeroised.
    pub(crate) fn forget_keys(&mut self) {
        self.keys.clear();
        self.secret_key = None;
        self.private_key = None;
        self.private_key_password = None;
        self.public_key = None;
    }

    /// The allow-list: what may verify, without repeats.
    pub(crate) fn allowed_algorithms(&self) -> Vec<Algorithm> {
        let mut allowed = vec![self.algorithm];
        for algorithm in self.decode_algorithms.iter().flatten() {
            if !allowed.iter().any(|known: &Algorithm| known.is_same_as(*algorithm)) {
                allowed.push(*algorithm);
            }
        }
        allowed
    }
}

/// Claims that the library sets, and what sets them: an own claim must not carry their name.
pub(crate) fn reserved_claim(claim: &str) -> Option<&'static str> {
    Some(match claim {
        name::FRESH => "`.fresh()` or `.fresh_for()`",
        name::EXPIRATION => "`.expires_in()` or `.never_expires()`",
        name::AUDIENCE => "`.audience()`",
        name::ISSUER => "`.issuer()`",
        name::JWT_ID => "`.jwt_id()`",
        name::NOT_BEFORE => "`.not_before_in()`",
        name::TYPE => "`.access_token()` and `.refresh_token()`",
        name::SUBJECT => "the identity given to `.access_token()` or `.refresh_token()`",
        name::ISSUED_AT => "the manager's clock",
        name::CSRF => "JWT_COOKIE_CSRF_PROTECT",
        name::SESSION_ID | name::ROTATION => "`.start_session()`",
        name::GIVEN => "another name: it says which claims were given by `.claim()`",
        _ => return None,
    })
}

/// In whatever spelling: in another one than ours it is in force nowhere, and the error says so.
fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|prefix| prefix.replace('-', "_").eq_ignore_ascii_case(PREFIX))
}

/// The settings whose value may stand in a file of its own, which is named with `_FILE` behind the setting's name.
const KEYS: [&str; 4] = ["JWT_SECRET_KEY", "JWT_PRIVATE_KEY", "JWT_PRIVATE_KEY_PASSWORD", "JWT_PUBLIC_KEY"];

/// The key that stands in a file, and the file's path.
fn named_file(name: &str, value: &SettingValue) -> Result<Option<(&'static str, PathBuf)>, ConfigError> {
    let Some(setting) = KEYS.into_iter().find(|key| name.strip_suffix("_FILE") == Some(key)) else { return Ok(None) };
    match value {
        SettingValue::Text(path) | SettingValue::Untyped(path) if !path.is_empty() => {
            Ok(Some((setting, path.as_str().into())))
        }
        _ => Err(ConfigError::InvalidValue { setting, expected: format!("a path, where it is given as {name}") }),
    }
}

/// Of one place, which of a key and its file is meant, nobody knows.
fn refuse_two_forms(names: &[impl AsRef<str>]) -> Result<(), ConfigError> {
    let has = |name: &str| names.iter().any(|own| own.as_ref() == name);
    match KEYS.into_iter().find(|key| has(key) && has(&format!("{key}_FILE"))) {
        Some(key) => Err(ConfigError::Conflict(format!("{key} and {key}_FILE are both set; take one of them away"))),
        None => Ok(()),
    }
}

/// The setting whose name is nearest, if one is near at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    JwtConfig::SETTINGS
        .iter()
        .map(|setting| (strsim::normalized_damerau_levenshtein(&name, setting), *setting))
        .filter(|(similarity, _)| *similarity > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, setting)| setting)
}

/// For an application that reads its settings with serde: a map with upper-case `JWT_*` names
/// (`#[serde(flatten)]` works). Names without the prefix are left alone; a setting below one of them is an error.
impl<'de> Deserialize<'de> for JwtConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ConfigVisitor;

        impl<'de> Visitor<'de> for ConfigVisitor {
            type Value = JwtConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JwtConfig, A::Error> {
                let mut config = JwtConfig::new();
                let mut names = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if is_ours(&name) {
                        config.set(&name, map.next_value()?).map_err(A::Error::custom)?;
                        names.push(name);
                    } else {
                        map.next_value_seed(elsewhere::Elsewhere(&name))?;
                    }
                }
                refuse_two_forms(&names).map_err(A::Error::custom)?;
                Ok(config)
            }
        }

        deserializer.deserialize_map(ConfigVisitor)
    }
}

#[cfg(test)]
mod tests;
