//! `[[JWT_KEYS]]`: keys of the settings with what each of them does.

use super::value::{FromSetting, SettingValue};
use super::{JwtConfig, PemSource, SecretSource};
use crate::claims::Algorithm;
use crate::error::ConfigError;
use std::fmt;
use std::path::Path;
#[cfg(feature = "settings")]
use std::path::PathBuf;

const SETTING: &str = "JWT_KEYS";

/// What a key does, in the order in which it comes.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_jwt_extended::keys::KeyState;
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// assert_eq!(jwt.keys()[0].state(), KeyState::Active);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum KeyState {
    /// It is published and verifies, so that whoever verifies elsewhere knows it before the first token comes.
    Next,
    /// It signs. One key does.
    Active,
    /// It verifies until the last token that it signed has expired, and then goes by itself.
    Retiring,
    /// It does nothing any more.
    Withdrawn,
}

impl KeyState {
    const ALL: [Self; 4] = [Self::Next, Self::Active, Self::Retiring, Self::Withdrawn];

    /// As settings write it: "next", "active", "retiring", "withdrawn".
    ///
    /// ```
    /// use actix_jwt_extended::keys::KeyState;
    /// assert_eq!(KeyState::Active.as_str(), "active");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One key of `JWT_KEYS`: its algorithm, where it is, what it does, and what it is called.
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, KeySetting, KeyState};
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// let old = KeySetting::secret(Algorithm::HS256, "last year's secret, 32 bytes or more").key_id("2025");
/// let new = KeySetting::secret(Algorithm::HS256, "this year's secret, 32 bytes or more").key_id("2026");
/// let config = JwtConfig::new().keys([old.state(KeyState::Retiring), new.state(KeyState::Active)]);
/// assert_eq!(JwtManager::new(config)?.keys()[1].key_id(), Some("2026"));
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeySetting {
    pub(crate) algorithm: Algorithm,
    pub(crate) source: Option<KeySource>,
    pub(crate) key_id: Option<String>,
    pub(crate) state: KeyState,
}

#[derive(Debug, Clone)]
#[cfg_attr(
    not(any(feature = "asymmetric", feature = "settings")),
    expect(dead_code, reason = "key pairs are refused, and not read")
)]
pub(crate) enum KeySource {
    Secret(SecretSource),
    Private(PemSource),
    Public(PemSource),
}

impl KeySetting {
    /// A secret, written as in `JWT_SECRET_KEY`.
    #[must_use]
    pub fn secret(algorithm: Algorithm, secret: impl Into<String>) -> Self {
        Self::of(algorithm, KeySource::Secret(SecretSource::new(secret.into())))
    }

    /// A private key, written as in `JWT_PRIVATE_KEY`.
    #[must_use]
    pub fn private_key(algorithm: Algorithm, key_or_path: impl Into<String>) -> Self {
        Self::of(algorithm, KeySource::Private(PemSource::new(key_or_path.into())))
    }

    /// A public key, written as in `JWT_PUBLIC_KEY`: it verifies only.
    #[must_use]
    pub fn public_key(algorithm: Algorithm, key_or_path: impl Into<String>) -> Self {
        Self::of(algorithm, KeySource::Public(PemSource::new(key_or_path.into()))).state(KeyState::Retiring)
    }

    fn of(algorithm: Algorithm, source: KeySource) -> Self {
        Self { algorithm, source: Some(source), key_id: None, state: KeyState::Active }
    }

    /// Its `kid`. A key pair without one is called by its thumbprint (RFC 7638); a secret must have one.
    #[must_use]
    pub fn key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into()), ..self }
    }

    /// What it does; by default it signs, and a public key only verifies.
    #[must_use]
    pub fn state(self, state: KeyState) -> Self {
        Self { state, ..self }
    }

    fn read(members: Vec<(String, SettingValue)>, number: usize) -> Result<Self, ConfigError> {
        let wrong = |what: &str| ConfigError::InvalidValue {
            setting: SETTING,
            expected: format!("a list of tables, and number {number} {what}"),
        };
        let text = |name: &str, value: SettingValue| {
            String::from_setting(value).ok_or_else(|| wrong(&format!("must have a string as {name}")))
        };
        let (mut algorithm, mut state, mut key_id, mut sources) = (None, None, None, Vec::new());
        for (name, value) in members {
            match &*name {
                "alg" => algorithm = Some(text("alg", value)?),
                "state" => state = Some(text("state", value)?),
                "kid" => key_id = Some(text("kid", value)?),
                "secret_key" => sources.push(KeySource::Secret(SecretSource::new(text(&name, value)?))),
                "secret_key_file" => sources.push(KeySource::Secret(SecretSource::File(text(&name, value)?.into()))),
                "private_key" => sources.push(KeySource::Private(PemSource::new(text(&name, value)?))),
                "private_key_file" => sources.push(KeySource::Private(PemSource::File(text(&name, value)?.into()))),
                "public_key" => sources.push(KeySource::Public(PemSource::new(text(&name, value)?))),
                "public_key_file" => sources.push(KeySource::Public(PemSource::File(text(&name, value)?.into()))),
                _ => {
                    return Err(wrong(&format!(
                        "has {name:?}, which is none of kid, alg, state, secret_key, private_key, public_key, and these \
                         three with _file behind them"
                    )));
                }
            }
        }
        let algorithm = algorithm.ok_or_else(|| wrong("lacks alg"))?.parse();
        let algorithm = algorithm.map_err(|_| wrong("has an alg that is no algorithm"))?;
        let state = state.as_deref().unwrap_or("active");
        let state = KeyState::ALL.into_iter().find(|known| known.as_str() == state);
        let state = state.ok_or_else(|| wrong("has a state that is none of next, active, retiring and withdrawn"))?;
        let source = sources.pop();
        if !sources.is_empty() {
            return Err(wrong("has several keys; each needs a table of its own"));
        }
        if source.is_none() && state != KeyState::Withdrawn {
            return Err(wrong(
                "has no key: secret_key, private_key or public_key, or one of these with _file behind it",
            ));
        }
        Ok(Self { algorithm, source, key_id, state })
    }

    /// Relative paths count from here.
    #[cfg(feature = "settings")]
    fn move_to(&mut self, folder: &Path) {
        let path: &mut PathBuf = match &mut self.source {
            Some(KeySource::Secret(SecretSource::File(path))) => path,
            Some(KeySource::Private(PemSource::File(path)) | KeySource::Public(PemSource::File(path))) => path,
            _ => return,
        };
        *path = folder.join(&*path);
    }
}

impl FromSetting for Vec<KeySetting> {
    const EXPECTED: &'static str = "a list of tables, [[JWT_KEYS]]; in the environment a JSON array of objects";

    /// Says nothing of why.
    fn from_setting(value: SettingValue) -> Option<Self> {
        Self::read(SETTING, value).ok()
    }

    fn read(setting: &'static str, value: SettingValue) -> Result<Self, ConfigError> {
        let value = match value {
            SettingValue::Untyped(text) => serde_json::from_str(&text).unwrap_or(SettingValue::Unusable),
            value => value,
        };
        match value {
            SettingValue::Tables(tables) => {
                tables.into_iter().zip(1..).map(|(table, number)| KeySetting::read(table, number)).collect()
            }
            SettingValue::List(items) if items.is_empty() => Ok(Vec::new()),
            _ => Err(ConfigError::InvalidValue { setting, expected: Self::EXPECTED.to_owned() }),
        }
    }
}

impl JwtConfig {
    /// The directory that `JWT_KEYS_DIR` names, if it is set.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// assert_eq!(JwtConfig::new().keys_directory(), None);
    /// ```
    #[must_use]
    pub fn keys_directory(&self) -> Option<&Path> {
        self.keys_dir.as_deref()
    }
}

#[cfg(feature = "settings")]
impl JwtConfig {
    /// Paths of a settings file count from its folder.
    pub(super) fn move_keys_to(&mut self, folder: &Path) {
        if let Some(path) = &mut self.keys_dir {
            *path = folder.join(&*path);
        }
        self.keys.iter_mut().for_each(|key| key.move_to(folder));
    }
}
