//! What anybody may know of a key.

use super::term::{ALWAYS, NEVER, Phase, TimedKey, phases};
use super::{Algorithm, KeyState};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A key of a manager: what it is called, what it does, and until when. Nothing of the key itself.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_jwt_extended::keys::KeyState;
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// for key in jwt.keys() {
///     println!("{:?} {:?} {}", key.key_id(), key.algorithms(), key.state());
///     assert_eq!(key.state() == KeyState::Active, key.until().is_none());
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    key_id: Option<String>,
    algorithms: Vec<Algorithm>,
    phase: Phase,
}

impl KeyInfo {
    /// Of all that have not gone; `retires_for` as of [`phases`].
    pub(super) fn of_all(keys: &[TimedKey], now: i64, retires_for: Option<i64>) -> Vec<Self> {
        let phases = phases(keys, now, retires_for);
        keys.iter().zip(phases).filter_map(|(key, phase)| Some(Self::of(key, phase?))).collect()
    }

    fn of(key: &TimedKey, phase: Phase) -> Self {
        let key_id = key.key_id().map(|id| id.to_string());
        Self { key_id, algorithms: key.verifying.algorithms().collect(), phase }
    }

    /// The `kid`, where it has one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// What it verifies.
    #[must_use]
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    /// What it does at present.
    #[must_use]
    pub fn state(&self) -> KeyState {
        self.phase.state
    }

    /// Since when it does that; `None` = since before there was this manager.
    #[must_use]
    pub fn since(&self) -> Option<SystemTime> {
        (self.phase.since > ALWAYS / 2).then(|| time(self.phase.since)).flatten()
    }

    /// When its state will change by itself; `None` = not before somebody changes it.
    #[must_use]
    pub fn until(&self) -> Option<SystemTime> {
        (self.phase.until != NEVER).then(|| time(self.phase.until)).flatten()
    }
}

fn time(seconds: i64) -> Option<SystemTime> {
    let length = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { UNIX_EPOCH.checked_sub(length) } else { UNIX_EPOCH.checked_add(length) }
}
