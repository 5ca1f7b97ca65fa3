//! Which tokens have just been replaced, so that requests at the same time do not all do it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// For this long, in seconds, a replaced token is not replaced again. If the answer with the new one
/// was lost, the old one is replaced after that.
const PAUSE: i64 = 30;

/// More than these many at once are not remembered: then some token is replaced twice, which is harmless.
const CAPACITY: usize = 65_536;

/// Shared by all workers of the process; locked only where a token is due, for a few steps whatever is remembered.
///
/// A token is known by the hash of its claims: not every token has a JWT ID, and some have a long one. If two
/// have one hash, the second is replaced at its next request after the pause.
#[derive(Debug, Default)]
pub(crate) struct Renewals {
    recent: Mutex<Recent>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Recent {
    replaced_at: HashMap<u64, i64>,
    /// In their order, the oldest first; and those that were released.
    in_order: VecDeque<(u64, i64)>,
}

impl Renewals {
    /// Whether the caller is the one to replace the token.
    pub(crate) fn claim<T: Hash + ?Sized>(&self, token: &T, now: i64) -> bool {
        self.recent().claim(self.hasher.hash_one(token), now)
    }

    /// It was not replaced after all: the next request may try.
    pub(crate) fn release<T: Hash + ?Sized>(&self, token: &T) {
        self.recent().replaced_at.remove(&self.hasher.hash_one(token));
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn claim(&mut self, key: u64, now: i64) -> bool {
        self.forget_old(now);
        if self.replaced_at.get(&key).is_some_and(|at| is_recent(*at, now)) {
            return false;
        }
        if self.in_order.len() < CAPACITY {
            self.replaced_at.insert(key, now);
            self.in_order.push_back((key, now));
        }
        true
    }

    /// Each is looked at until it goes, and the first that stays: nothing is ever searched through. Returns how many
    /// were looked at, one by one.
    fn forget_old(&mut self, now: i64) -> usize {
        let mut looked_at = 0;
        let is_old = |end: Option<&(u64, i64)>| end.is_some_and(|(_, at)| !is_recent(*at, now));
        if is_old(self.in_order.front()) && is_old(self.in_order.back()) {
            self.replaced_at.clear();
            self.in_order.clear();
        }
        while is_old(self.in_order.front()) {
            let Some((key, at)) = self.in_order.pop_front() else { break };
            looked_at += 1;
            // Unless it was released, and claimed again.
            if self.replaced_at.get(&key) == Some(&at) {
                self.replaced_at.remove(&key);
            }
        }
        looked_at
    }
}

fn is_recent(at: i64, now: i64) -> bool {
    now.saturating_sub(at) < PAUSE
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
        let lengths = || {
            let recent = renewals.recent();
            (recent.replaced_at.len(), recent.in_order.len())
        };
        assert_eq!(lengths(), (CAPACITY, CAPACITY));
        assert!(renewals.claim("later", 200));
        assert_eq!(lengths(), (1, 1));
        for _ in 0..CAPACITY + 100 {
            renewals.release("later");
            assert!(renewals.claim("later", 200));
        }
        assert_eq!(lengths().1, CAPACITY);
    }

    /// All that was remembered was searched for what could go, by each that came while it was full.
    #[test]
    fn many_at_once_take_no_more_steps_than_few() {
        let renewals = Renewals::default();
        (0..2 * CAPACITY).for_each(|id| assert!(renewals.claim(&id, 100 + i64::from(id >= CAPACITY / 2))));
        assert_eq!(renewals.recent().forget_old(100 + PAUSE - 1), 0);
        assert_eq!(renewals.recent().forget_old(100 + PAUSE), CAPACITY / 2);
        assert_eq!(renewals.recent().forget_old(100 + PAUSE), 0);
    }

    /// As a clock may that is set back.
    #[test]
    fn times_need_not_rise() {
        let renewals = Renewals::default();
        assert!(renewals.claim("a", 100) && renewals.claim("b", 50) && !renewals.claim("b", 79));
        assert!(renewals.claim("b", 80) && !renewals.claim("a", 129) && renewals.claim("a", 130));
        assert!(renewals.claim("c", 200));
        assert_eq!(renewals.recent().in_order.len(), 1);
    }
}
