//! Which tokens have just been replaced, so that requests at the same time do not all do it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// For this long, in seconds, a replaced token is not replaced again. If the answer with the new one
/// was lost, the old one is replaced after that.
const PAUSE: i64 = 30;

/// More than these many at once are not remembered: then some token is replaced twice, which is harmless.
const CAPACITY: usize = 65_536;

/// Shared by all workers of the process; locked only where a token is due.
///
/// A token is known by the hash of its claims: not every token has a JWT ID, and some have a long one. If two
/// have one hash, the second is replaced at its next request after the pause.
#[derive(Debug, Default)]
pub(crate) struct Renewals {
    recent: Mutex<HashMap<u64, i64>>,
    hasher: RandomState,
}

impl Renewals {
    /// Whether the caller is the one to replace the token.
    pub(crate) fn claim<T: Hash + ?Sized>(&self, token: &T, now: i64) -> bool {
        let key = self.hasher.hash_one(token);
        let mut recent = self.recent();
        if recent.get(&key).is_some_and(|at| now.saturating_sub(*at) < PAUSE) {
            return false;
        }
        if recent.len() >= CAPACITY {
            recent.retain(|_, at| now.saturating_sub(*at) < PAUSE);
        }
        if recent.len() < CAPACITY {
            recent.insert(key, now);
        }
        true
    }

    /// It was not replaced after all: the next request may try.
    pub(crate) fn release<T: Hash + ?Sized>(&self, token: &T) {
        self.recent().remove(&self.hasher.hash_one(token));
    }

    fn recent(&self) -> MutexGuard<'_, HashMap<u64, i64>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_replaces_a_token() {
        let renewals = Renewals::default();
        assert!(renewals.claim("a", 100));
        assert!(!renewals.claim("a", 100));
        assert!(!renewals.claim("a", 129));
        assert!(renewals.claim("b", 129));
        assert!(renewals.claim("a", 130));
        renewals.release("a");
        assert!(renewals.claim("a", 130));
    }

    #[test]
    fn memory_is_bounded() {
        let renewals = Renewals::default();
        for id in 0..CAPACITY + 100 {
            assert!(renewals.claim(&id, 100));
        }
        assert_eq!(renewals.recent().len(), CAPACITY);
        assert!(renewals.claim("later", 200));
        assert_eq!(renewals.recent().len(), 1);
    }
}
