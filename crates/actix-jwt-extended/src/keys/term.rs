//! From when to when a key does what: its state is read off the clock, so that every process that knows the same times is in the
//! same state at the same moment, and no step can be interrupted.

use super::{SigningKey, VerifyingKey};
use crate::config::KeyState;
use crate::error::ConfigError;
use std::sync::Arc;

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

    pub(crate) const NEXT: Self = Self { published: ALWAYS, signs_from: NEVER, withdrawn: false };

    pub(crate) const WITHDRAWN: Self = Self { published: ALWAYS, signs_from: ALWAYS, withdrawn: true };
}

/// A rotation's steps, on the terms of all keys that can sign.
///
/// The key that `prepare` adds has this term. What waited for its turn does not take over any more.
pub(super) fn prepare<'a>(terms: impl Iterator<Item = &'a mut Term>, now: i64, signs_from: i64) -> Term {
    let waits = |term: &&mut Term| term.signs_from > now && term.signs_from != NEVER;
    terms.filter(waits).for_each(|term| term.signs_from = NEVER);
    Term { published: now, signs_from, withdrawn: false }
}

/// Nothing else begins to sign at `now`: what did, began a moment before.
pub(super) fn make_room<'a>(terms: impl Iterator<Item = &'a mut Term>, now: i64) {
    let mut begun: Vec<_> = terms.filter(|term| term.signs_from <= now).collect();
    begun.sort_by_key(|term| std::cmp::Reverse(term.signs_from));
    let mut taken = now;
    for term in begun {
        term.signs_from = term.signs_from.min(taken.saturating_sub(1));
        taken = term.signs_from;
    }
}

/// Where no key signs any more: the one that has been published for the longest time does. `false` = there is none.
pub(super) fn sign_at_all(mut terms: Vec<&mut Term>, now: i64) -> bool {
    terms.retain(|term| !term.withdrawn);
    if terms.iter().any(|term| term.signs_from <= now) {
        return true;
    }
    match terms.into_iter().min_by_key(|term| term.published) {
        Some(next) => {
            next.signs_from = now;
            true
        }
        None => false,
    }
}

/// No rank of keys without a beginning is higher.
const HIGHEST_RANK: i64 = 1000;

/// A key and when it does what.
#[derive(Debug, Clone)]
pub(crate) struct TimedKey {
    pub(crate) verifying: VerifyingKey,
    pub(crate) signing: Option<SigningKey>,
    pub(crate) term: Term,
    pub(crate) origin: Origin,
}

/// Who says which keys there are. What one of them says anew replaces what it said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Settings,
    Directory,
    Code,
}

impl TimedKey {
    /// A key of the builder, which signs.
    pub(crate) fn signing(key: SigningKey) -> Result<Self, ConfigError> {
        let verifying = key.verifying_key(&[key.algorithm()])?;
        Ok(Self { verifying, signing: Some(key), term: Term::signing(2), origin: Origin::Code })
    }

    /// A key of the builder, which only verifies.
    pub(crate) fn verifying(key: VerifyingKey) -> Self {
        Self { verifying: key, signing: None, term: Term::VERIFYING, origin: Origin::Code }
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
