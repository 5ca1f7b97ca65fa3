//! Tokens that nobody may use any more.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// By how much `JWT_DECODE_LEEWAY` can outlive a token, at most.
const MAX_LEEWAY: i64 = 24 * 60 * 60;

/// So many are kept before it is worth looking for expired ones.
const FEW: usize = 1024;

/// The JWT IDs of revoked tokens, for as long as their tokens would be accepted otherwise.
/// In this process only: a durable store comes in a later version.
#[derive(Default)]
pub struct Revoked(Mutex<Tokens>);

#[derive(Default)]
struct Tokens {
    /// Until when each must be remembered.
    until: HashMap<String, i64>,
    sweep_at: usize,
}

impl Revoked {
    /// Holds from the moment this returns. `None` = a token that never expires.
    pub fn insert(&self, jwt_id: &str, expires_at: Option<i64>) {
        self.insert_at(now(), jwt_id, expires_at);
    }

    pub fn contains(&self, jwt_id: &str) -> bool {
        // What is under the lock is whole at any time, so it does not matter if somebody panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).until.contains_key(jwt_id)
    }

    fn insert_at(&self, now: i64, jwt_id: &str, expires_at: Option<i64>) {
        let until = expires_at.map_or(i64::MAX, |time| time.saturating_add(MAX_LEEWAY));
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.until.len() >= tokens.sweep_at {
            tokens.until.retain(|_, until| *until >= now);
            // At twice what is left, so that each token is looked at a few times only.
            tokens.sweep_at = FEW.max(2 * tokens.until.len());
        }
        match tokens.until.entry(jwt_id.to_owned()) {
            // Another token of the same ID, made by somebody else: both are remembered.
            Entry::Occupied(mut known) => *known.get_mut() = until.max(*known.get()),
            Entry::Vacant(unknown) => {
                unknown.insert(until);
            }
        }
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs().cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_inserted_is_contained() {
        let revoked = Revoked::default();
        assert!(!revoked.contains("one"));
        revoked.insert("one", Some(now() + 1));
        revoked.insert("forever", None);
        assert!(revoked.contains("one") && revoked.contains("forever"));
        assert!(!revoked.contains("other") && !revoked.contains(""));
    }

    #[test]
    fn expired_ones_are_removed_and_others_stay() {
        let revoked = Revoked::default();
        revoked.insert_at(0, "forever", None);
        revoked.insert_at(0, "twice", Some(1_000_000));
        revoked.insert_at(0, "twice", Some(0));
        // A token a second, each living for ten.
        for second in 0..500_000 {
            revoked.insert_at(second, &second.to_string(), Some(second + 10));
            assert!(revoked.0.lock().unwrap().until.len() <= 200_000);
        }
        assert!(revoked.contains("forever") && revoked.contains("twice"));
        // Within the longest leeway of its expiry.
        assert!(revoked.contains("499999") && revoked.contains("413700"));
        assert!(!revoked.contains("0"));
    }
}
