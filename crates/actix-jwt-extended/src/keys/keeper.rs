//! The keys of a manager through time: one ring in force, and the next one whenever the clock or somebody says so.

use super::invalid::invalid;
use super::term::{self, ALWAYS, NEVER, Origin, Phase, Term, TimedKey, phases};
use super::{KeyInfo, KeyRing, KeyState};
use crate::claims::Algorithm;
use crate::config::{JwtConfig, Lifetime};
use crate::error::ConfigError;
use arc_swap::{ArcSwap, Guard};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Which keys there are, and which of them are in force. A request reads the ring and waits for nobody.
pub(crate) struct KeyKeeper {
    ring: ArcSwap<KeyRing>,
    kept: Mutex<Vec<TimedKey>>,
    rules: KeyRules,
}

/// What the settings say of all keys.
#[derive(Debug)]
pub(crate) struct KeyRules {
    /// Allowed whatever keys there are: those of keys that hooks load.
    pub(crate) allowed: Vec<Algorithm>,
    /// How many seconds after its last signature a key's last token may live; `None` = for ever.
    pub(crate) retires_for: Option<i64>,
    /// How many seconds a key is published before it signs.
    pub(crate) published_for: i64,
}

impl KeyRules {
    pub(crate) fn of(config: &JwtConfig) -> Self {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let leeway = seconds(config.decode_leeway);
        let lifetime = |lifetime| match lifetime {
            Lifetime::After(duration) => Some(seconds(duration)),
            Lifetime::Never => None,
        };
        let access = lifetime(config.access_token_expires);
        let refresh = lifetime(config.refresh_token_expires);
        Self {
            allowed: config.allowed_algorithms(),
            retires_for: access.zip(refresh).map(|(access, refresh)| access.max(refresh).saturating_add(leeway)),
            published_for: seconds(config.jwks_max_age).saturating_add(leeway),
        }
    }
}

/// What else a ring must satisfy.
pub(crate) type Judge<'a> = &'a dyn Fn(&KeyRing) -> Result<(), ConfigError>;

/// What came of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Changed {
    /// What was verified before would be verified again.
    More,
    /// A key is gone, or is another one: what it verified is void.
    Less,
}

impl KeyKeeper {
    pub(crate) fn new(keys: Vec<TimedKey>, rules: KeyRules, now: i64) -> Result<Self, ConfigError> {
        check(&keys)?;
        let ring = ring_of(&keys, &rules, now);
        Ok(Self { ring: ArcSwap::from_pointee(ring), kept: Mutex::new(keys), rules })
    }

    /// The ring in force.
    pub(crate) fn ring(&self) -> Guard<Arc<KeyRing>> {
        self.ring.load()
    }

    /// Whether the clock says that another ring is to be in force.
    pub(crate) fn is_over(&self, now: i64) -> bool {
        self.ring.load().changes_at <= now
    }

    /// Puts the ring of this moment in force.
    pub(crate) fn turn(&self, now: i64) -> Changed {
        let mut kept = self.kept();
        drop_gone(&mut kept, &self.rules, now);
        self.put(&kept, now)
    }

    /// Changes which keys there are, if `judge` finds nothing wrong with the ring that comes of it. Otherwise all stays as it is.
    pub(crate) fn change(
        &self,
        now: i64,
        change: impl FnOnce(&mut Vec<TimedKey>) -> Result<(), ConfigError>,
        judge: Judge<'_>,
    ) -> Result<Changed, ConfigError> {
        let mut kept = self.kept();
        let mut keys = kept.clone();
        drop_gone(&mut keys, &self.rules, now);
        change(&mut keys)?;
        check(&keys)?;
        judge(&ring_of(&keys, &self.rules, NEVER - 1))?;
        judge(&ring_of(&keys, &self.rules, now))?;
        *kept = keys;
        Ok(self.put(&kept, now))
    }

    fn put(&self, keys: &[TimedKey], now: i64) -> Changed {
        let ring = ring_of(keys, &self.rules, now);
        let changed = if self.ring.load().verifies_no_more_than(&ring) { Changed::More } else { Changed::Less };
        self.ring.store(Arc::new(ring));
        changed
    }

    /// All keys that have not gone, and what they do.
    pub(crate) fn list(&self, now: i64) -> Vec<KeyInfo> {
        KeyInfo::of_all(&self.kept(), now, self.rules.retires_for)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<TimedKey>> {
        // Whoever panicked had replaced nothing yet.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for KeyKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyKeeper").field("ring", &self.ring.load()).field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// That no two keys have one ID, and no two sign at the same time.
fn check(keys: &[TimedKey]) -> Result<(), ConfigError> {
    let mut ids = std::collections::HashSet::new();
    for id in keys.iter().filter_map(TimedKey::key_id) {
        if !ids.insert(id) {
            return Err(ConfigError::Conflict(format!("two keys have the key ID {id:?}; rename one")));
        }
    }
    let mut beginnings = std::collections::HashMap::new();
    for key in keys.iter().filter(|key| key.signing.is_some() && !key.term.withdrawn && key.term.signs_from != NEVER) {
        if let Some(other) = beginnings.insert(key.term.signs_from, key) {
            let name =
                |key: &TimedKey| key.key_id().map_or("the key without a key ID".to_owned(), |id| format!("{id:?}"));
            return Err(ConfigError::Conflict(format!(
                "{} and {} are to sign at the same time; make one of them next, retiring or withdrawn",
                name(other),
                name(key)
            )));
        }
    }
    Ok(())
}

/// What has gone stays so, whatever becomes of the keys that came after it.
fn drop_gone(keys: &mut Vec<TimedKey>, rules: &KeyRules, now: i64) {
    let mut phases = phases(keys, now, rules.retires_for).into_iter();
    keys.retain(|_| phases.next().flatten().is_some());
}

fn ring_of(keys: &[TimedKey], rules: &KeyRules, now: i64) -> KeyRing {
    let phases = phases(keys, now, rules.retires_for);
    let in_force = || keys.iter().zip(&phases).filter_map(|(key, phase)| phase.map(|phase| (key, phase)));
    let mut verifying: Vec<_> = in_force().filter(|(_, phase)| phase.state != KeyState::Withdrawn).collect();
    // Latest first; `sort_by_key` keeps the order of those that have no beginning.
    verifying.sort_by_key(|(key, _)| std::cmp::Reverse(key.term.signs_from));
    let signing = verifying.iter().find(|(_, phase)| phase.state == KeyState::Active);
    let signing = signing.and_then(|(key, _)| key.signing.clone());
    let withdrawn = in_force().filter(|(_, phase)| phase.state == KeyState::Withdrawn);
    let withdrawn = withdrawn.filter_map(|(key, _)| key.key_id().cloned());
    let changes_at = in_force().map(|(_, Phase { until, .. })| until).filter(|until| *until > now).min();
    let keys = |of: &[(&TimedKey, Phase)]| of.iter().map(|(key, _)| key.verifying.clone()).collect::<Vec<_>>();
    let mut ring = KeyRing::new(signing, &keys(&verifying), withdrawn, &rules.allowed, changes_at.unwrap_or(NEVER));
    // There are verifiers that take the first.
    verifying.sort_by_key(|(_, phase)| phase.state != KeyState::Active);
    ring.published = keys(&verifying);
    ring
}

/// Steps of a rotation, as somebody asks for them.
impl KeyKeeper {
    /// Publishes a key, which takes over as soon as it has been published for long enough; when that is.
    pub(crate) fn prepare(&self, key: TimedKey, now: i64, judge: Judge<'_>) -> Result<(i64, Changed), ConfigError> {
        let signs_from = now.saturating_add(self.rules.published_for);
        let add = |keys: &mut Vec<TimedKey>| {
            let term = term::prepare(terms(keys), now, signs_from);
            keys.push(TimedKey { term, ..key });
            Ok(())
        };
        let changed = self.change(now, add, judge)?;
        Ok((signs_from, changed))
    }

    /// The key of this ID signs from now on, however long it has been published.
    pub(crate) fn activate(&self, key_id: &str, now: i64, judge: Judge<'_>) -> Result<Changed, ConfigError> {
        let activate = |keys: &mut Vec<TimedKey>| {
            let key = find(keys, key_id)?;
            if key.signing.is_none() {
                return Err(invalid("the key", format!("{key_id:?} has no private half, so that it cannot sign")));
            }
            if key.origin == Origin::Directory {
                let text = format!("the key {key_id:?} is of JWT_KEYS_DIR, which says when it signs; rotate it there");
                return Err(ConfigError::Conflict(text));
            }
            if key.term.withdrawn {
                return Err(invalid("the key", format!("{key_id:?} is withdrawn; make a new one")));
            }
            key.term.signs_from = ALWAYS;
            term::make_room(terms(keys), now);
            find(keys, key_id)?.term.signs_from = now;
            Ok(())
        };
        self.change(now, activate, judge)
    }

    /// The key of this ID does nothing from now on. `false` = there is none.
    pub(crate) fn withdraw(&self, key_id: &str, now: i64) -> bool {
        let mut kept = self.kept();
        drop_gone(&mut kept, &self.rules, now);
        let Ok(key) = find(&mut kept, key_id) else { return false };
        key.term.withdrawn = true;
        if !term::sign_at_all(terms(&mut kept).collect(), now) {
            log::error!("the key that signed is withdrawn, and there is no other; no token can be issued");
        }
        let _ = self.put(&kept, now);
        true
    }

    /// What `origin` said before is replaced by this.
    pub(crate) fn replace(
        &self,
        origin: Origin,
        keys: Vec<TimedKey>,
        now: i64,
        judge: Judge<'_>,
    ) -> Result<Changed, ConfigError> {
        let replace = |kept: &mut Vec<TimedKey>| {
            let mut keys = keys;
            // What this process was told to withdraw, stays so.
            for key in kept.iter().filter(|key| key.origin == origin && key.term.withdrawn) {
                let same = |new: &&mut TimedKey| new.key_id() == key.key_id();
                keys.iter_mut().filter(same).for_each(|new| new.term.withdrawn = true);
            }
            kept.retain(|key| key.origin != origin);
            kept.extend(keys);
            Ok(())
        };
        self.change(now, replace, judge)
    }
}

/// Of the keys that can sign.
fn terms(keys: &mut [TimedKey]) -> impl Iterator<Item = &mut Term> {
    keys.iter_mut().filter(|key| key.signing.is_some()).map(|key| &mut key.term)
}

fn find<'a>(keys: &'a mut [TimedKey], key_id: &str) -> Result<&'a mut TimedKey, ConfigError> {
    let named = |key: &&mut TimedKey| key.key_id().is_some_and(|own| **own == *key_id);
    keys.iter_mut().find(named).ok_or_else(|| invalid("the key", format!("{key_id:?} is no key of this manager")))
}
