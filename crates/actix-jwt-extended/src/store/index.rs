//! Live revocations in memory: found in a few nanoseconds, small, and gone when their time is over.

use super::revocation::{EVERYONE, split_realm};
use super::{FOREVER, Revocation, TokenIds, indexed};
use foldhash::fast::{FixedState, RandomState};
use std::collections::HashMap;
use std::collections::hash_map::{self, Entry};
use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};
use uuid::Uuid;

/// Requests that look at the same time rarely meet in one of so many.
const SHARDS: usize = 64;

/// So many are kept in a shard before it is worth looking for expired ones.
const FEW: usize = 64;

#[derive(Debug)]
pub(crate) struct RevocationIndex {
    tokens: Sharded<()>,
    sessions: Sharded<()>,
    subjects: Sharded<i64>,
    /// Everybody's cut-off; `i64::MIN` = none. Kept forever: it is one number.
    everyone_ms: AtomicI64,
    /// How often something was added or widened.
    added: AtomicU64,
    ids: IdHasher,
}

impl Default for RevocationIndex {
    fn default() -> Self {
        Self {
            tokens: Sharded::default(),
            sessions: Sharded::default(),
            subjects: Sharded::default(),
            everyone_ms: AtomicI64::new(i64::MIN),
            added: AtomicU64::new(0),
            ids: IdHasher::default(),
        }
    }
}

impl RevocationIndex {
    /// Adds a revocation, or widens the one that is there; `false` = it says nothing new.
    pub(crate) fn insert(&self, revocation: &Revocation, over_by_ms: i64) -> bool {
        let (until, now) = (seconds_up(revocation.until_ms()), seconds(over_by_ms));
        let issued_until = revocation.issued_until_ms();
        let (realm, key) = split_realm(revocation.key());
        let is_new = match key.split_at_checked(2) {
            Some(("t:", id)) => self.tokens.insert(self.ids.of(realm, id), (), until, now),
            Some(("s:", id)) => self.sessions.insert(self.ids.of(realm, id), (), until, now),
            Some(("u:", id)) => self.subjects.insert(self.ids.of(realm, id), issued_until, until, now),
            _ if key == EVERYONE && realm.is_empty() => {
                self.everyone_ms.fetch_max(issued_until, Ordering::SeqCst) < issued_until
            }
            _ if key == EVERYONE => self.subjects.insert(self.ids.of_everyone(realm), issued_until, until, now),
            _ => false,
        };
        if is_new {
            // After it can be found: whoever looks between the two looks once more.
            self.added.fetch_add(1, Ordering::SeqCst);
        }
        is_new
    }

    pub(crate) fn added(&self) -> u64 {
        self.added.load(Ordering::SeqCst)
    }

    pub(crate) fn contains(&self, token: &TokenIds<'_>) -> bool {
        let TokenIds { realm, jwt_id, session_id, subject, issued_at_ms } = *token;
        let is_cut_off = |id| self.subjects.get(&id).is_some_and(|until| until >= issued_at_ms);
        let of = |id: &str| self.ids.of(realm, &indexed(id));
        (realm.is_empty() && self.everyone_ms.load(Ordering::Relaxed) >= issued_at_ms)
            || (!self.tokens.is_empty() && self.tokens.get(&of(jwt_id)).is_some())
            || session_id.is_some_and(|id| !self.sessions.is_empty() && self.sessions.get(&of(id)).is_some())
            || (!self.subjects.is_empty()
                && (is_cut_off(of(subject)) || (!realm.is_empty() && is_cut_off(self.ids.of_everyone(realm)))))
    }

    /// How many are kept, the expired among them that nobody has swept yet.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len() + self.sessions.len() + self.subjects.len()
    }
}

/// An ID in 16 bytes: a UUID as it is, anything else as a keyed digest that nobody can aim at another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Id([u8; 16]);

#[derive(Debug, Default)]
struct IdHasher([hash_map::RandomState; 2]);

impl IdHasher {
    fn of(&self, realm: &str, id: &str) -> Id {
        if !realm.is_empty() {
            return self.digest(&(realm, id));
        }
        // Only as we write them: another spelling is another ID.
        if id.len() == 36
            && !id.bytes().any(|byte| byte.is_ascii_uppercase())
            && let Ok(uuid) = Uuid::try_parse(id)
        {
            return Id(uuid.into_bytes());
        }
        self.digest(id)
    }

    fn of_everyone(&self, realm: &str) -> Id {
        self.digest(&(EVERYONE, realm, EVERYONE))
    }

    fn digest<T: Hash + ?Sized>(&self, id: &T) -> Id {
        let [one, other] = &self.0;
        let both = (u128::from(one.hash_one(id)) << 64) | u128::from(other.hash_one(id));
        Id(both.to_ne_bytes())
    }
}

/// A map in parts, each with a lock of its own.
struct Sharded<V> {
    shards: Box<[RwLock<Shard<V>>]>,
    len: AtomicUsize,
}

impl<V> std::fmt::Debug for Sharded<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} revocations", self.len.load(Ordering::Relaxed))
    }
}

struct Shard<V> {
    /// With the second until which each must be kept: four bytes, which last until the year 2106.
    entries: HashMap<Id, (V, u32), RandomState>,
    sweep_at: usize,
}

impl<V> Default for Sharded<V> {
    fn default() -> Self {
        let shard = || RwLock::new(Shard { entries: HashMap::default(), sweep_at: FEW });
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), len: AtomicUsize::new(0) }
    }
}

impl<V: Copy + Ord> Sharded<V> {
    fn shard(&self, id: &Id) -> Option<&RwLock<Shard<V>>> {
        // Another hash than the shard's own map has.
        self.shards.get(FixedState::default().hash_one(id) as usize % SHARDS)
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    fn get(&self, id: &Id) -> Option<V> {
        let shard = self.shard(id)?.read().unwrap_or_else(PoisonError::into_inner);
        shard.entries.get(id).map(|(value, _)| *value)
    }

    fn insert(&self, id: Id, value: V, until: u32, now: u32) -> bool {
        let Some(shard) = self.shard(&id) else { return false };
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        let before = shard.entries.len();
        if before >= shard.sweep_at {
            shard.entries.retain(|_, (_, until)| *until >= now);
            // At twice what is left, so that each entry is looked at a few times only.
            shard.sweep_at = FEW.max(2 * shard.entries.len());
            if shard.entries.capacity() > 2 * shard.sweep_at {
                let room = shard.sweep_at;
                shard.entries.shrink_to(room);
            }
        }
        let new = match shard.entries.entry(id) {
            Entry::Vacant(place) => {
                place.insert((value, until));
                true
            }
            Entry::Occupied(mut place) => {
                let (known, known_until) = *place.get();
                place.insert((value.max(known), until.max(known_until)));
                value > known || until > known_until
            }
        };
        let after = shard.entries.len();
        // Under the lock; wrapping, so that it is one step either way.
        self.len.fetch_add(after.wrapping_sub(before), Ordering::AcqRel);
        new
    }
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms.div_euclid(1000)).unwrap_or(if ms < 0 { 0 } else { u32::MAX })
}

fn seconds_up(ms: i64) -> u32 {
    if ms == FOREVER { u32::MAX } else { seconds(ms.saturating_add(999)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(jwt_id: &str) -> TokenIds<'_> {
        TokenIds { realm: "", jwt_id, session_id: Some("sid"), subject: "ada", issued_at_ms: 5_000 }
    }

    #[test]
    fn each_kind_concerns_its_own_tokens() {
        for (revocation, concerned) in [
            (Revocation::of_token("one", 9), true),
            (Revocation::of_token("two", 9), false),
            (Revocation::of_token("ada", 9), false),
            (Revocation::of_session("sid", 9), true),
            (Revocation::of_session("one", 9), false),
            (Revocation::of_subject("ada", 5_000, 9), true),
            (Revocation::of_subject("ada", 4_999, 9), false),
            (Revocation::of_subject("bob", 5_000, 9), false),
            (Revocation::of_everyone(5_000, 9), true),
            (Revocation::of_everyone(4_999, 9), false),
        ] {
            let index = RevocationIndex::default();
            assert!(!index.contains(&token("one")));
            assert!(index.insert(&revocation, 0));
            assert_eq!(index.contains(&token("one")), concerned, "{revocation:?}");
            assert!(!index.insert(&revocation, 0), "{revocation:?} says nothing new");
        }
    }

    #[test]
    fn realms_are_apart() {
        let (of, everyone) = (|realm| TokenIds { realm, ..token("one") }, Revocation::of_everyone(5_000, FOREVER));
        for revocation in [
            Revocation::of_token("one", FOREVER),
            Revocation::of_session("sid", FOREVER),
            Revocation::of_subject("ada", 5_000, FOREVER),
            everyone,
        ] {
            for realm in ["", "a", "b"] {
                let index = RevocationIndex::default();
                assert!(index.insert(&revocation.clone().in_realm(realm), 0));
                assert!(!index.insert(&revocation.clone().in_realm(realm), 0), "{revocation:?} says nothing new");
                for other in ["", "a", "b", "ab"] {
                    assert_eq!(index.contains(&of(other)), other == realm, "{revocation:?} {realm:?} {other:?}");
                }
            }
        }
    }

    #[test]
    fn spellings_of_a_uuid_are_different_ids() {
        let index = RevocationIndex::default();
        index.insert(&Revocation::of_token("067e6162-3b6f-4ae2-a171-2470b63dff00", FOREVER), 0);
        assert!(index.contains(&token("067e6162-3b6f-4ae2-a171-2470b63dff00")));
        assert!(!index.contains(&token("067E6162-3B6F-4AE2-A171-2470B63DFF00")));
        assert!(!index.contains(&token("067e61623b6f4ae2a1712470b63dff00")));
    }

    #[test]
    fn memory_follows_what_lives() {
        let index = RevocationIndex::default();
        index.insert(&Revocation::of_token("forever", FOREVER), 0);
        for second in 0..200_000_i64 {
            let id = Uuid::from_u128(second as u128).to_string();
            index.insert(&Revocation::of_token(&id, (second + 10) * 1000), second * 1000);
            assert!(index.len() <= 2 * SHARDS * FEW);
        }
        assert!(index.contains(&token("forever")));
        assert!(index.contains(&token(&Uuid::from_u128(199_999).to_string())));
    }

    /// What CONTRIBUTING and the guide say of memory: counted in the table, which is all there is.
    #[test]
    fn an_entry_is_twenty_bytes() {
        assert_eq!(size_of::<(Id, ((), u32))>(), 20);
    }
}
