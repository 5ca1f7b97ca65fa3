//! The directory of `JWT_KEYS_DIR`, and what was read of it last.

use crate::config::JwtConfig;
use crate::error::ConfigError;
use crate::keys::{KeyDirectory, Known, TimedKey};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The directory, and what has been read of it.
pub(super) struct FollowedKeys {
    pub(super) directory: KeyDirectory,
    last: Mutex<Last>,
    pub(super) reloads: AtomicU64,
    pub(super) failures: AtomicU64,
}

#[derive(Default)]
pub(super) struct Last {
    pub(super) known: Known,
    /// Why the last attempt failed, so that the log says it once.
    pub(super) error: Option<String>,
    /// Why the next key could not be made, likewise.
    unkept: Option<String>,
}

/// How often the keys of `JWT_KEYS_DIR` were read anew.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let stats = jwt.key_reload_stats();
/// assert_eq!((stats.reloads, stats.failures), (0, 0));
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReloadStats {
    /// How often what had changed was put in force.
    pub reloads: u64,
    /// How often it was not, because something was wrong with it: the keys before it stayed in force.
    pub failures: u64,
}

impl FollowedKeys {
    /// The directory of the settings, if they name one, and its keys.
    pub(super) fn open(config: &JwtConfig, now: i64) -> Result<Option<(Self, Vec<TimedKey>)>, ConfigError> {
        if config.keys_dir.is_none() {
            return Ok(None);
        }
        let directory = KeyDirectory::open(config)?;
        let mut last = Last::default();
        let keys = directory.load(&mut last.known, now)?;
        let (reloads, failures) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Some((Self { directory, last: Mutex::new(last), reloads, failures }, keys)))
    }

    pub(super) fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does what the keys' age asks for. A directory that cannot be written to is no error: somebody else may do it.
    pub(super) fn keep(&self, now: i64) {
        let unkept = self.directory.keep(now).err().map(|error| error.to_string());
        let mut last = self.last();
        if let Some(error) = unkept.as_ref().filter(|_| unkept != last.unkept) {
            log::warn!("the next key cannot be made here: {error}");
        }
        last.unkept = unkept;
    }

    pub(super) fn none_signs() -> ConfigError {
        let reason = "holds no key that signs; make one, for example with `openssl genpkey -algorithm ED25519 -out \
                      DIRECTORY/jwt.pem`";
        ConfigError::InvalidKey { setting: "JWT_KEYS_DIR", reason: reason.to_owned() }
    }

    pub(super) fn is_known(&self) -> bool {
        self.directory.is_known(&self.last().known)
    }
}

impl fmt::Debug for FollowedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedKeys").field("directory", &self.directory).finish_non_exhaustive()
    }
}
