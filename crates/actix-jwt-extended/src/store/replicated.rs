//! All live revocations in this process's memory, followed through the store's feed: so that a request asks
//! nobody.

use super::feed::AT_ONCE;
use super::index::RevocationIndex;
use super::{
    CLOCKS_APART, Changes, FeedPosition, Revocation, RevocationFeed, SessionRecord, SessionsPage, StoreError, TokenIds,
    TokenStore,
};
use crate::clock::{Clock as _, SystemClock, unix_millis};
use futures_util::FutureExt as _;
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// So long the follower waits for something to happen before it asks again.
const WAIT: Duration = Duration::from_millis(500);

/// So long the store may take for one answer to the follower.
const ANSWER: Duration = Duration::from_secs(2);

/// After a failure, in steps from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// So many of the last revocations are kept as they came, to be told again to a store that has forgotten them.
const RECENT: usize = 10_000;

/// So many of them in one step.
const TOLD_AT_ONCE: usize = 256;

/// A store, with a replica of its live revocations in memory that follows it.
///
/// Whether a token is revoked is then known without asking, in the time of a few look-ups in a table. How old
/// that knowledge is, is known too: where it is older than `JWT_REVOCATION_MAX_STALENESS`, the store itself is
/// asked. What was revoked through this process counts at once.
///
/// Nothing revoked is forgotten: each revocation has a number, so that one that is missing is noticed, as
/// is a store that lost some in a failover. Then all of them are read again, and what the store
/// has lost is told to it, of the last 10,000 that this replica was told since it started; what was revoked through this
/// process, too, if the feed does not tell it. What the replica knows to be revoked stays so.
///
/// Sessions are not replicated: they are read and written in the store. It takes about 45 bytes for each revoked token,
/// and follows until the last clone is dropped. A store that fails or panics is followed again as soon as it answers; until
/// then the knowledge grows old.
///
/// Clones share one replica: give all managers of a process clones of one, or of one [`SharedStore`](super::SharedStore),
/// and not a replica each, which would take its memory and its connections twice.
///
/// ```
/// use actix_jwt_extended::store::{Replicated, RevocationFeed, SharedStore, StoreError};
///
/// async fn replicate(store: impl RevocationFeed) -> Result<SharedStore, StoreError> {
///     Ok(Replicated::start(store).await?.into())
/// }
/// ```
pub struct Replicated<S> {
    replica: Arc<Replica<S>>,
    _follower: Arc<Follower>,
}

/// How a replica is doing: [`Replicated::stats`].
///
/// ```
/// use actix_jwt_extended::store::ReplicatedStats;
/// fn is_well(stats: &ReplicatedStats) -> bool {
///     stats.staleness < std::time::Duration::from_secs(5)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicatedStats {
    /// How old the knowledge is, at most.
    pub staleness: Duration,
    /// How many revocations are held, some of them over.
    pub revocations: usize,
    /// How often all of them were read, the first time at the start.
    pub snapshots: u64,
    /// How often something was missing.
    pub gaps: u64,
    /// How often the store did not answer the follower.
    pub failures: u64,
}

struct Replica<S> {
    store: S,
    index: RevocationIndex,
    recent: Mutex<VecDeque<Revocation>>,
    /// By its key: what was revoked through this process and the feed has not told yet; and when the store had it.
    untold: Mutex<HashMap<String, (Revocation, Instant)>>,
    begin: Instant,
    /// When the store was asked for what the replica knows, in nanoseconds after the begin.
    synced_at: AtomicU64,
    snapshots: AtomicU64,
    gaps: AtomicU64,
    failures: AtomicU64,
}

/// Stops following when the last handle is gone.
struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<S: RevocationFeed> Replicated<S> {
    /// Reads all live revocations, and begins to follow. Needs a tokio runtime around it, such as
    /// `#[actix_web::main]`, that lives as long as the replica.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn start(store: S) -> Result<Self, StoreError> {
        let replica = Arc::new(Replica {
            store,
            index: RevocationIndex::default(),
            recent: Mutex::default(),
            untold: Mutex::default(),
            begin: Instant::now(),
            synced_at: AtomicU64::new(0),
            snapshots: AtomicU64::new(0),
            gaps: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        });
        let position = replica.read_all().await?;
        let follower = tokio::spawn(follow(Arc::clone(&replica), position));
        Ok(Self { replica, _follower: Arc::new(Follower(follower)) })
    }

    /// How the replica is doing, for a metric or a health check.
    #[must_use]
    pub fn stats(&self) -> ReplicatedStats {
        let replica = &self.replica;
        ReplicatedStats {
            staleness: replica.staleness(),
            revocations: replica.index.len(),
            snapshots: replica.snapshots.load(Ordering::Relaxed),
            gaps: replica.gaps.load(Ordering::Relaxed),
            failures: replica.failures.load(Ordering::Relaxed),
        }
    }

    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.replica.store
    }
}

impl<S> Clone for Replicated<S> {
    fn clone(&self) -> Self {
        Self { replica: Arc::clone(&self.replica), _follower: Arc::clone(&self._follower) }
    }
}

impl<S: RevocationFeed> fmt::Debug for Replicated<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replicated").field("store", &self.replica.store).field("stats", &self.stats()).finish()
    }
}

impl<S: RevocationFeed> Replica<S> {
    fn staleness(&self) -> Duration {
        self.begin.elapsed().saturating_sub(Duration::from_nanos(self.synced_at.load(Ordering::Acquire)))
    }

    fn synced(&self, asked: Instant) {
        let nanos = u64::try_from(asked.duration_since(self.begin).as_nanos()).unwrap_or(u64::MAX);
        self.synced_at.fetch_max(nanos, Ordering::AcqRel);
    }

    fn apply(&self, revocation: &Revocation) {
        self.index.insert(revocation, now_ms());
    }

    fn remember(&self, revocation: Revocation) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= RECENT {
            recent.pop_front();
        }
        recent.push_back(revocation);
    }

    /// The store has it, and the feed will tell it. If not, a failover has lost it before anybody was told.
    fn await_telling(&self, revocation: &Revocation) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        untold.insert(revocation.key().to_owned(), (revocation.clone(), Instant::now()));
    }

    /// It was revoked through this process, and counts here at once.
    fn kept(&self, revocation: &Revocation, over_by_ms: i64) {
        self.await_telling(revocation);
        if !self.index.insert(revocation, over_by_ms) {
            // The feed was faster than the answer.
            self.told(revocation);
        }
    }

    fn told(&self, revocation: &Revocation) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let covers = |(own, _): &(Revocation, Instant)| {
            revocation.until_ms() >= own.until_ms() && revocation.issued_until_ms() >= own.issued_until_ms()
        };
        if untold.get(revocation.key()).is_some_and(covers) {
            untold.remove(revocation.key());
        }
    }

    /// All live revocations. What comes while they are read, the feed tells, and it is followed meanwhile: reading
    /// may take longer than the feed goes back.
    async fn read_all(&self) -> Result<FeedPosition, StoreError> {
        let mut asked = Instant::now();
        let mut position = in_time(self.store.position()).await?;
        let mut after: Option<String> = None;
        loop {
            let page = in_time(self.store.snapshot(after.as_deref())).await?;
            for revocation in &page.revocations {
                self.apply(revocation);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
            let asked_now = Instant::now();
            // A gap will be noticed by whoever goes on from the position.
            if let Changes::Next { revocations, position: next } = in_time(self.store.changes(&position)).await? {
                if self.take(revocations) {
                    asked = asked_now;
                }
                position = next;
            }
        }
        self.snapshots.fetch_add(1, Ordering::Relaxed);
        self.synced(asked);
        Ok(position)
    }

    /// Tells the store what it told us lately: where it has forgotten that, it knows it again.
    async fn tell_again(&self) -> Result<(), StoreError> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = now_ms();
        let live: Vec<_> = recent.into_iter().filter(|revocation| revocation.until_ms() >= now).collect();
        for some in live.chunks(TOLD_AT_ONCE) {
            in_time(self.store.revoke_many(some, now)).await?;
        }
        Ok(())
    }

    /// Revokes again, once, what the store had before `asked`, and yet did not tell when it was asked.
    async fn tell_lost(&self, asked: Instant) -> Result<(), StoreError> {
        let lost: Vec<_> = {
            let untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
            untold.values().filter(|(_, had)| *had < asked).map(|(revocation, _)| revocation.clone()).collect()
        };
        for some in lost.chunks(TOLD_AT_ONCE) {
            in_time(self.store.revoke_many(some, now_ms())).await?;
            // A store to which it was nothing new does not tell it either.
            some.iter().for_each(|revocation| self.told(revocation));
        }
        Ok(())
    }

    /// What the feed told; whether that was all.
    fn take(&self, revocations: Vec<Revocation>) -> bool {
        let all = revocations.len() < AT_ONCE;
        for revocation in revocations {
            self.apply(&revocation);
            self.told(&revocation);
            self.remember(revocation);
        }
        all
    }

    async fn step(&self, position: &mut FeedPosition) -> Result<(), StoreError> {
        let asked = Instant::now();
        match in_time(self.store.changes(position)).await? {
            Changes::Next { revocations, position: next } => {
                let all = self.take(revocations);
                *position = next;
                if all {
                    self.synced(asked);
                    self.tell_lost(asked).await?;
                    // A hint may never come. The store's own patience ends first: it keeps its connection then.
                    let _ = timeout(2 * WAIT, self.store.wait(position, WAIT)).await;
                }
            }
            // The feed has lost what it had told, and no more: nothing is newer than what is known here.
            Changes::Gap if position.sequence > 0 && in_time(self.store.position()).await? == *position => {
                self.synced(asked);
                sleep(PAUSES.0).await;
            }
            Changes::Gap => {
                self.gaps.fetch_add(1, Ordering::Relaxed);
                log::warn!("revocations are missing after number {}: reading all of them again", position.sequence);
                self.tell_again().await?;
                *position = self.read_all().await?;
            }
        }
        Ok(())
    }
}

async fn follow<S: RevocationFeed>(replica: Arc<Replica<S>>, mut position: FeedPosition) {
    let mut pause = PAUSES.0;
    loop {
        // A store that panics is one that fails: whoever stopped following for it would be stale for ever.
        let step = AssertUnwindSafe(replica.step(&mut position)).catch_unwind().await;
        match step.unwrap_or_else(|_| Err(StoreError::new("it panicked"))) {
            Ok(()) => pause = PAUSES.0,
            Err(error) => {
                // Once for each outage.
                if pause == PAUSES.0 {
                    log::error!("revocations cannot be followed: {error}");
                }
                replica.failures.fetch_add(1, Ordering::Relaxed);
                sleep(pause).await;
                pause = PAUSES.1.min(pause * 2);
            }
        }
    }
}

/// Only to sweep out what is long over, for which the machine's own clock will do.
fn now_ms() -> i64 {
    unix_millis(SystemClock.now()).saturating_sub(CLOCKS_APART)
}

async fn in_time<T>(answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    timeout(ANSWER, answer).await.unwrap_or_else(|_| Err(StoreError::new("no answer in time")))
}

impl<S: RevocationFeed> TokenStore for Replicated<S> {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        self.replica.store.revoke(revocation, over_by_ms).await?;
        self.replica.kept(revocation, over_by_ms);
        Ok(())
    }

    async fn revoke_many(&self, revocations: &[Revocation], over_by_ms: i64) -> Result<(), StoreError> {
        self.replica.store.revoke_many(revocations, over_by_ms).await?;
        for revocation in revocations {
            self.replica.kept(revocation, over_by_ms);
        }
        Ok(())
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        Ok(self.replica.index.contains(token) || self.replica.store.is_revoked(token).await?)
    }

    fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool> {
        // What is known to be revoked stays revoked, however long ago the store was heard of.
        if self.replica.index.contains(token) {
            return Some(true);
        }
        (self.replica.staleness() <= max_staleness).then_some(false)
    }

    fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64> {
        (self.replica.staleness() <= max_staleness).then(|| self.replica.index.added())
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.replica.store.insert_session(session, now_ms).await
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        self.replica.store.session(session_id).await
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.replica.store.replace_session(session).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.replica.store.remove_session(session).await
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.replica.store.sessions(subject).await
    }

    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        self.replica.store.sessions_page(subject, after).await
    }

    async fn remove_sessions(&self, sessions: &[SessionRecord]) -> Result<(), StoreError> {
        self.replica.store.remove_sessions(sessions).await
    }
}
