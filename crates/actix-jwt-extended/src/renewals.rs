//! Which tokens have just been replaced, so that requests at the same time do not all do it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// For this long, in seconds, a replaced token is not replaced again. If the answer with the new one
/// was lost, the old one is replaced after that.
const PAUSE: i64 = 30;

/// More than these many at once are not remembered: then some token is replaced twice, which is harmless.
const CAPACITY: usize = 65_536;

/// Shared by all workers of the process; locked only where a token is due.
#[derive(Debug, Default)]
pub(crate) struct Renewals(Mutex<HashMap<Box<str>, i64>>);

impl Renewals {
    /// Whether the caller is the one to replace the token.
    pub(crate) fn claim(&self, jwt_id: Option<&str>, now: i64) -> bool {
        let Some(jwt_id) = jwt_id else { return true };
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.get(jwt_id).is_some_and(|at| now.saturating_sub(*at) < PAUSE) {
            return false;
        }
        if recent.len() >= CAPACITY {
            recent.retain(|_, at| now.saturating_sub(*at) < PAUSE);
        }
        if recent.len() < CAPACITY {
            recent.insert(jwt_id.into(), now);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many_replaces_a_token() {
        let renewals = Renewals::default();
        assert!(renewals.claim(Some("a"), 100));
        assert!(!renewals.claim(Some("a"), 100));
        assert!(!renewals.claim(Some("a"), 129));
        assert!(renewals.claim(Some("b"), 129));
        assert!(renewals.claim(Some("a"), 130));
        assert!(renewals.claim(None, 130) && renewals.claim(None, 130));
    }

    #[test]
    fn memory_is_bounded() {
        let renewals = Renewals::default();
        for id in 0..CAPACITY + 100 {
            assert!(renewals.claim(Some(&id.to_string()), 100));
        }
        assert_eq!(renewals.0.lock().unwrap().len(), CAPACITY);
        assert!(renewals.claim(Some("later"), 200));
        assert_eq!(renewals.0.lock().unwrap().len(), 1);
    }
}
