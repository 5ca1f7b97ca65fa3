//! From when to when a key does what: its state is read off the clock, so that every process that knows the same times is in the
//! same state at the same moment, and no step can be interrupted.

use super::{SigningKey, VerifyingKey};
use crate::error::ConfigError;
use std::fmt;
use std::sync::Arc;

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
    /// As settings and the journal of a directory of keys write it: "next", "active", "retiring", "withdrawn".
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

/// In seconds since the epoch. Before all time is what has no beginning: keys of settings and of the builder.
pub(crate) const ALWAYS: i64 = i64::MIN;
pub(crate) const NEVER: i64 = i64::MAX;

/// When a key does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Term {
    /// Since when others can know it.
    pub(crate) published: i64,
    /// From when on it signs, until a later one does. [`NEVER`] = nobody has said.
    pub(crate) signs_from: i64,
    pub(crate) withdrawn: bool,
}

impl Term {
    /// A key of the settings or the builder that signs. Of several the one of the highest rank does.
    pub(crate) const fn signing(rank: i64) -> Self {
        Self { published: ALWAYS, signs_from: ALWAYS + rank, withdrawn: false }
    }

    /// A key that verifies, from the beginning to the end.
    pub(crate) const VERIFYING: Self = Self { published: ALWAYS, signs_from: ALWAYS, withdrawn: false };
}

/// No rank of keys without a beginning is higher.
const HIGHEST_RANK: i64 = 1000;

/// A key and when it does what.
#[derive(Debug, Clone)]
pub(crate) struct TimedKey {
    pub(crate) verifying: VerifyingKey,
    pub(crate) signing: Option<SigningKey>,
    pub(crate) term: Term,
}

impl TimedKey {
    /// A key of the builder, which signs.
    pub(crate) fn signing(key: SigningKey) -> Result<Self, ConfigError> {
        let verifying = key.verifying_key(&[key.algorithm()])?;
        Ok(Self { verifying, signing: Some(key), term: Term::signing(2) })
    }

    /// A key of the builder, which only verifies.
    pub(crate) fn verifying(key: VerifyingKey) -> Self {
        Self { verifying: key, signing: None, term: Term::VERIFYING }
    }

    /// A key that comes while the manager works.
    pub(crate) fn of_code(key: SigningKey) -> Result<Self, ConfigError> {
        let key = key.with_some_key_id();
        if key.key_id().is_none() {
            return Err(ConfigError::Conflict("a secret that replaces another key needs a key ID".to_owned()));
        }
        Self::signing(key)
    }

    pub(crate) fn key_id(&self) -> Option<&Arc<str>> {
        self.verifying.key_id.as_ref()
    }
}

/// The state of a key at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) state: KeyState,
    /// [`ALWAYS`] = from the beginning.
    pub(crate) since: i64,
    /// [`NEVER`] = until somebody says otherwise.
    pub(crate) until: i64,
}

/// What each key does at `now`; `None` = it has gone. `retires_for`: how long after a key's last signature its last token
/// may live, if not for ever.
pub(crate) fn phases(keys: &[TimedKey], now: i64, retires_for: Option<i64>) -> Vec<Option<Phase>> {
    let begun = |key: &&TimedKey| key.signing.is_some() && !key.term.withdrawn && key.term.signs_from <= now;
    let active = keys.iter().filter(begun).map(|key| key.term.signs_from).max();
    let first_after = |time: i64| {
        let later = |key: &&TimedKey| key.signing.is_some() && !key.term.withdrawn && key.term.signs_from > time;
        keys.iter().filter(later).map(|key| key.term.signs_from).min().unwrap_or(NEVER)
    };
    let phase = |key: &TimedKey| {
        let Term { published, signs_from, withdrawn } = key.term;
        if withdrawn {
            return Some(Phase { state: KeyState::Withdrawn, since: ALWAYS, until: NEVER });
        }
        if signs_from > now {
            return Some(Phase { state: KeyState::Next, since: published, until: signs_from });
        }
        if key.signing.is_some() && active == Some(signs_from) {
            return Some(Phase { state: KeyState::Active, since: signs_from, until: first_after(now) });
        }
        let since = if key.signing.is_some() { first_after(signs_from) } else { ALWAYS };
        // What replaced it has no date: neither has its end.
        let until = match retires_for {
            Some(seconds) if since > ALWAYS + HIGHEST_RANK => {
                since.saturating_add(seconds).max(key.signing.as_ref().map_or(ALWAYS, SigningKey::last_expiry))
            }
            _ => NEVER,
        };
        (until > now).then_some(Phase { state: KeyState::Retiring, since, until })
    };
    keys.iter().map(phase).collect()
}
