//! What this thread has verified before: so that a token is decoded, and its signature checked, once and
//! not with every request.
//!
//! Each thread remembers for itself: no lock, and no memory that two workers write to. Only tokens that were
//! found good get in, so what is made up can push nothing out. Time, type, freshness, revocation and scopes
//! are no part of what is remembered; they are checked each time.

use crate::claims::{JoseHeader, VerifiedToken};
use foldhash::fast::RandomState;
use quick_cache::unsync::Cache;
use quick_cache::{Equivalent, UnitWeighter, Weighter};
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use thread_local::ThreadLocal;

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
    /// Raised when a key is withdrawn: all that was remembered before is void.
    generation: AtomicU64,
    threads: ThreadLocal<Apart<RefCell<Remembered>>>,
    /// Of each thread, so that another can add them up.
    counters: Mutex<Vec<Arc<Apart<Counters>>>>,
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
        Self { capacity, generation: AtomicU64::new(0), threads: ThreadLocal::new(), counters: Mutex::default() }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    /// To be taken before a token is verified.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.generation.load(Ordering::SeqCst))
    }

    /// Forgets everything, on all threads, and what is being verified just now.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// The token as it was verified, if this thread did it under the keys in force.
    pub(crate) fn get(&self, token: &[u8]) -> Option<VerifiedToken> {
        if !self.is_on() {
            return None;
        }
        let mut remembered = self.here().borrow_mut();
        let current = self.generation();
        if remembered.generation != current.0 {
            remembered.begin_again(current.0);
        }
        let found = remembered.tokens.get(&Presented(token)).cloned();
        let Apart(counters) = &*remembered.counters;
        count(if found.is_some() { &counters.hits } else { &counters.misses });
        found
    }

    pub(crate) fn insert(&self, token: &[u8], verified: &VerifiedToken, generation: Generation) {
        if !self.is_on() {
            return;
        }
        let mut remembered = self.here().borrow_mut();
        if remembered.generation == generation.0 {
            remembered.tokens.insert(TokenText(token.into()), verified.clone());
            let tokens = remembered.tokens.len() as u64;
            remembered.counters.0.tokens.store(tokens, Ordering::Relaxed);
        }
    }

    /// A header that a verified token had.
    pub(crate) fn header(&self, segment: &[u8]) -> Option<Arc<JoseHeader>> {
        self.here().borrow().headers.get(segment).cloned()
    }

    pub(crate) fn insert_header(&self, segment: &[u8], header: Arc<JoseHeader>) {
        if segment.len() > LONGEST_HEADER {
            return;
        }
        self.here().borrow_mut().headers.insert(segment.into(), header);
    }

    pub(crate) fn stats(&self) -> TokenCacheStats {
        let mut sum = TokenCacheStats::default();
        for counters in &*self.counters.lock().unwrap_or_else(PoisonError::into_inner) {
            let Counters { hits, misses, tokens } = &counters.0;
            sum.hits += hits.load(Ordering::Relaxed);
            sum.misses += misses.load(Ordering::Relaxed);
            sum.tokens += tokens.load(Ordering::Relaxed);
        }
        sum
    }

    fn here(&self) -> &RefCell<Remembered> {
        match self.threads.get() {
            Some(remembered) => &remembered.0,
            None => self.first_here(),
        }
    }

    #[cold]
    fn first_here(&self) -> &RefCell<Remembered> {
        let here = self.threads.get_or(|| {
            let counters = Arc::<Apart<Counters>>::default();
            self.counters.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&counters));
            let weight = self.capacity.saturating_mul(UNIT) as u64;
            Apart(RefCell::new(Remembered {
                generation: self.generation().0,
                // Grows with what is in it.
                tokens: Cache::with(self.capacity, weight, Weight, Default::default(), Default::default()),
                headers: Cache::with(HEADERS, HEADERS as u64, UnitWeighter, Default::default(), Default::default()),
                counters,
            }))
        });
        &here.0
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

impl fmt::Debug for VerifiedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedTokens").field("capacity", &self.capacity).field("stats", &self.stats()).finish()
    }
}
