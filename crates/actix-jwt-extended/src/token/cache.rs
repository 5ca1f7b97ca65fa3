//! What this thread has verified before: so that a token is decoded, and its signature checked, once and
//! not with every request.
//!
//! Each thread remembers for itself, and what it remembers ends with it: no lock, and no memory that two workers
//! write to. Only tokens that were found good get in, so what is made up can push nothing out. Time, type, freshness,
//! revocation and scopes are no part of what is remembered; they are checked each time.

use crate::claims::{JoseHeader, VerifiedToken};
use foldhash::fast::RandomState;
use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, UnitWeighter, Weighter};
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// What a token weighs at least: so that the limit on bytes is one on the number of tokens, too.
const UNIT: usize = 5 * 512;

/// Headers that are not of the usual two spellings: those with a key ID, mostly.
const HEADERS: usize = 1024;

/// A longer segment of a header is parsed each time.
const LONGEST_HEADER: usize = 512;

/// So much of a token's end is hashed: nobody but the key's owner chooses what a signature ends with, so a
/// fast hash does. What is equal, all of the text decides.
const HASHED: usize = 16;

pub(crate) struct VerifiedTokens {
    /// In tokens for each thread; 0 = nothing is remembered.
    capacity: usize,
    shared: Arc<Shared>,
}

/// What all threads have of one manager's cache.
#[derive(Default)]
struct Shared {
    /// Raised when a key is withdrawn: all that was remembered before is void.
    generation: AtomicU64,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    /// Of each thread, so that another can add them up.
    threads: Vec<Arc<Apart<Counters>>>,
    /// By threads that have ended.
    before: TokenCacheStats,
}

thread_local! {
    /// What this thread remembers, for each manager that it has asked.
    static SHELVES: RefCell<Vec<Apart<Shelf>>> = const { RefCell::new(Vec::new()) };
}

struct Shelf {
    of: Weak<Shared>,
    remembered: Remembered,
}

/// What one thread remembers.
struct Remembered {
    generation: u64,
    tokens: Cache<TokenText, VerifiedToken, Weight, RandomState>,
    headers: Cache<Box<[u8]>, Arc<JoseHeader>, UnitWeighter, RandomState>,
    counters: Arc<Apart<Counters>>,
}

/// On cache lines of its own: processors fetch them in pairs, and what one thread writes is not to hold up another.
#[derive(Default)]
#[repr(align(128))]
struct Apart<T>(T);

/// Which keys were in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl VerifiedTokens {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, shared: Arc::default() }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// To be taken before a token is verified.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.shared.generation.load(Ordering::SeqCst))
    }

    /// Forgets everything, on all threads, and what is being verified just now.
    pub(crate) fn forget(&self) {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The token as it was verified, if this thread did it under the keys in force.
    pub(crate) fn get(&self, token: &[u8]) -> Option<VerifiedToken> {
        if !self.is_on() {
            return None;
        }
        self.here(|remembered| {
            let current = self.generation();
            if remembered.generation != current.0 {
                remembered.begin_again(current.0);
            }
            let found = remembered.tokens.get(&Presented(token)).cloned();
            let Apart(counters) = &*remembered.counters;
            count(if found.is_some() { &counters.hits } else { &counters.misses });
            found
        })?
    }

    pub(crate) fn insert(&self, token: &[u8], verified: &VerifiedToken, generation: Generation) {
        if !self.is_on() {
            return;
        }
        self.here(|remembered| {
            if remembered.generation == generation.0 {
                remembered.tokens.insert(TokenText(token.into()), verified.clone());
                let tokens = remembered.tokens.len() as u64;
                remembered.counters.0.tokens.store(tokens, Ordering::Relaxed);
            }
        });
    }

    /// A header that a verified token had.
    pub(crate) fn header(&self, segment: &[u8]) -> Option<Arc<JoseHeader>> {
        self.here(|remembered| remembered.headers.get(segment).cloned())?
    }

    pub(crate) fn insert_header(&self, segment: &[u8], header: Arc<JoseHeader>) {
        if segment.len() > LONGEST_HEADER {
            return;
        }
        self.here(|remembered| remembered.headers.insert(segment.into(), header));
    }

    pub(crate) fn stats(&self) -> TokenCacheStats {
        let counted = self.shared.counted();
        counted.threads.iter().fold(counted.before, |sum, counters| sum.and(&counters.0))
    }

    /// What this thread remembers of this manager's tokens; `None` = the thread is at its end.
    #[inline]
    fn here<T>(&self, look: impl FnOnce(&mut Remembered) -> T) -> Option<T> {
        let of = Arc::as_ptr(&self.shared);
        let look_in = |shelves: &mut Vec<Apart<Shelf>>| {
            // Nearly every application has one manager.
            let at = match shelves.first() {
                Some(Apart(first)) if first.of.as_ptr() == of => 0,
                _ => self.place_here(shelves),
            };
            shelves.get_mut(at).map(|Apart(shelf)| look(&mut shelf.remembered))
        };
        SHELVES.try_with(|shelves| look_in(&mut *shelves.try_borrow_mut().ok()?)).ok()?
    }

    #[inline(never)]
    fn place_here(&self, shelves: &mut Vec<Apart<Shelf>>) -> usize {
        let of = Arc::as_ptr(&self.shared);
        let known = shelves.iter().position(|Apart(shelf)| shelf.of.as_ptr() == of);
        known.unwrap_or_else(|| self.first_here(shelves))
    }

    /// Its place among the shelves.
    #[cold]
    fn first_here(&self, shelves: &mut Vec<Apart<Shelf>>) -> usize {
        // Of managers that are gone.
        shelves.retain(|Apart(shelf)| shelf.of.strong_count() > 0);
        let weight = self.capacity.saturating_mul(UNIT) as u64;
        let remembered = Remembered {
            generation: self.generation().0,
            // Grows with what is in it.
            tokens: Cache::with(self.capacity, weight, Weight, Default::default(), Default::default()),
            headers: Cache::with(HEADERS, HEADERS as u64, UnitWeighter, Default::default(), Default::default()),
            counters: self.shared.new_counters(),
        };
        shelves.push(Apart(Shelf { of: Arc::downgrade(&self.shared), remembered }));
        shelves.len() - 1
    }
}

impl Drop for VerifiedTokens {
    /// Other threads notice when they meet another manager, or end.
    fn drop(&mut self) {
        let of = Arc::as_ptr(&self.shared);
        let _ = SHELVES.try_with(|shelves| {
            if let Ok(mut shelves) = shelves.try_borrow_mut() {
                shelves.retain(|Apart(shelf)| shelf.of.as_ptr() != of);
            }
        });
    }
}

impl Shared {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn new_counters(&self) -> Arc<Apart<Counters>> {
        let mut counted = self.counted();
        let Counted { threads, before } = &mut *counted;
        // Nobody counts with them any more.
        threads.retain_mut(|counters| match Arc::get_mut(counters) {
            Some(Apart(counters)) => {
                *before = before.and(counters);
                false
            }
            None => true,
        });
        let counters = Arc::<Apart<Counters>>::default();
        threads.push(Arc::clone(&counters));
        counters
    }
}

impl Drop for Remembered {
    fn drop(&mut self) {
        self.counters.0.tokens.store(0, Ordering::Relaxed);
    }
}

impl Remembered {
    #[cold]
    fn begin_again(&mut self, generation: u64) {
        self.tokens.clear();
        self.generation = generation;
        self.counters.0.tokens.store(0, Ordering::Relaxed);
    }
}

/// Only its own thread writes; so this need not be one atomic step.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
    tokens: AtomicU64,
}

/// A token as it stands. No `Debug`: it is one.
#[derive(PartialEq, Eq)]
struct TokenText(Box<[u8]>);

impl Hash for TokenText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Presented(&self.0).hash(state);
    }
}

/// A token that somebody presents: equal only if all of it is.
struct Presented<'a>(&'a [u8]);

impl Hash for Presented<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.end() {
            Some(end) => state.write_u128(end),
            None => state.write(self.0),
        }
    }
}

impl Presented<'_> {
    /// The last characters as one number, so that comparing them takes the same time whatever they are.
    fn end(&self) -> Option<u128> {
        self.0.last_chunk::<HASHED>().map(|end| u128::from_ne_bytes(*end))
    }
}

impl Equivalent<TokenText> for Presented<'_> {
    fn equivalent(&self, key: &TokenText) -> bool {
        // The end first: whoever does not know it, and it is 16 characters of a signature, learns nothing from how
        // long the rest takes to compare.
        self.end() == Presented(&key.0).end() && self.0 == &*key.0
    }
}

#[derive(Clone)]
struct Weight;

impl Weighter<TokenText, VerifiedToken> for Weight {
    fn weight(&self, text: &TokenText, token: &VerifiedToken) -> u64 {
        (text.0.len() + token.memory()).max(UNIT) as u64
    }
}

/// How often tokens were recognised as verified before: `JwtManager::token_cache_stats`.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let token = jwt.create_access_token("ada")?;
/// jwt.decode_token(&token)?;
/// jwt.decode_token(&token)?;
/// let stats = jwt.token_cache_stats();
/// assert_eq!((stats.hits, stats.misses, stats.tokens), (1, 1, 1));
/// # Ok::<(), actix_jwt_extended::JwtError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenCacheStats {
    /// Tokens that were recognised.
    pub hits: u64,
    /// Tokens that had to be verified, good or bad.
    pub misses: u64,
    /// How many are remembered now, by all threads together.
    pub tokens: u64,
}

impl TokenCacheStats {
    fn and(self, counters: &Counters) -> Self {
        let Counters { hits, misses, tokens } = counters;
        Self {
            hits: self.hits + hits.load(Ordering::Relaxed),
            misses: self.misses + misses.load(Ordering::Relaxed),
            tokens: self.tokens + tokens.load(Ordering::Relaxed),
        }
    }
}

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").field("capacity", &self.capacity).field("stats", &self.stats()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;
    use std::sync::mpsc;
    use std::thread;

    fn header() -> Arc<JoseHeader> {
        Arc::new(JoseHeader::new(crate::claims::Algorithm::HS256, None, Cow::Borrowed("{}")))
    }

    #[test]
    fn what_a_thread_remembers_ends_with_it() {
        let (seen, header) = (VerifiedTokens::new(8), header());
        for _ in 0..100 {
            let read = || {
                seen.insert_header(b"segment", Arc::clone(&header));
                assert_eq!(Arc::strong_count(&header), 2);
                seen.get(b"token")
            };
            assert!(thread::scope(|scope| scope.spawn(read).join()).unwrap().is_none());
            assert_eq!(Arc::strong_count(&header), 1);
        }
        assert_eq!(seen.stats().misses, 100);
        assert!(seen.shared.counted().threads.len() <= 2, "their counters are added up");
    }

    #[test]
    fn what_a_thread_remembers_ends_with_the_manager() {
        let header = header();
        let (seen, other) = (VerifiedTokens::new(8), VerifiedTokens::new(8));
        seen.insert_header(b"segment", Arc::clone(&header));
        assert!(other.header(b"segment").is_none());
        drop(seen);
        assert_eq!(Arc::strong_count(&header), 1);
    }

    #[test]
    fn and_on_another_thread_with_the_next_manager() {
        let (seen, own) = (VerifiedTokens::new(8), header());
        let (done, gone) = (mpsc::channel(), mpsc::channel());
        thread::scope(|scope| {
            let (seen, own) = (Arc::new(seen), &own);
            let there = Arc::clone(&seen);
            let worker = scope.spawn(move || {
                there.insert_header(b"segment", Arc::clone(own));
                drop(there);
                done.0.send(()).unwrap();
                gone.1.recv().unwrap();
                assert!(VerifiedTokens::new(8).header(b"segment").is_none());
                assert_eq!(Arc::strong_count(own), 1);
            });
            done.1.recv().unwrap();
            drop(seen);
            gone.0.send(()).unwrap();
            worker.join().unwrap();
        });
    }
}
