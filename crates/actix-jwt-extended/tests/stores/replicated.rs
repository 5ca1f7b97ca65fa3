//! The replica, over a feed that the test can make lose, lie, fail and stall.

use actix_jwt_extended::store::{
    Changes, FeedPosition, MemoryStore, Replicated, Revocation, RevocationFeed, SessionRecord, SnapshotPage,
    StoreError, TokenIds, TokenStore,
};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager, jwt_required, verify_jwt_in_request};
use actix_web::ResponseError as _;
use actix_web::test::TestRequest;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

const NOW: i64 = 1_800_000_000_000;
const LATER: i64 = NOW + 3_600_000;
const FRESH: Duration = Duration::from_secs(5);

/// What is wrong with the store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mood {
    Well,
    /// It answers requests; the follower gets nothing.
    Unfollowed,
    /// Its client library panics in the follower.
    Broken,
    Down,
    Silent,
}

/// A store in memory, with a feed.
#[derive(Clone, Debug)]
struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    memory: Mutex<MemoryStore>,
    /// With the number and tag of each.
    log: Mutex<Vec<(u64, String, Revocation)>>,
    live: Mutex<Vec<Revocation>>,
    mood: Mutex<Mood>,
    news: Notify,
    tags: Mutex<u64>,
    /// So long it takes to keep one.
    slow: Mutex<Duration>,
    /// How often it was asked of a token.
    asked: AtomicUsize,
    /// Whether others revoke while a snapshot is read, and the log goes back a few entries only.
    busy: Mutex<bool>,
}

impl Feed {
    fn new() -> Self {
        Self(Arc::new(Inner {
            memory: Mutex::new(MemoryStore::new()),
            log: Mutex::default(),
            live: Mutex::default(),
            mood: Mutex::new(Mood::Well),
            news: Notify::new(),
            tags: Mutex::new(0),
            slow: Mutex::default(),
            asked: AtomicUsize::new(0),
            busy: Mutex::new(false),
        }))
    }

    fn set(&self, mood: Mood) {
        *self.0.mood.lock().unwrap() = mood;
    }

    async fn answer(&self) -> Result<(), StoreError> {
        let mood = *self.0.mood.lock().unwrap();
        match mood {
            Mood::Well | Mood::Unfollowed | Mood::Broken => Ok(()),
            Mood::Down => Err(StoreError::new("connection refused")),
            Mood::Silent => pending().await,
        }
    }

    async fn answer_follower(&self) -> Result<(), StoreError> {
        let mood = *self.0.mood.lock().unwrap();
        match mood {
            Mood::Unfollowed => Err(StoreError::new("the stream cannot be read")),
            Mood::Broken => panic!("on purpose"),
            _ => self.answer().await,
        }
    }

    fn memory(&self) -> MemoryStore {
        self.0.memory.lock().unwrap().clone()
    }

    /// As by another process: without telling anybody.
    fn revoke_silently(&self, id: &str) {
        let mut log = self.0.log.lock().unwrap();
        let mut tags = self.0.tags.lock().unwrap();
        *tags += 1;
        let number = log.last().map_or(0, |(number, ..)| *number) + 1;
        let revocation = Revocation::of_token(id, LATER);
        log.push((number, format!("tag {tags}"), revocation.clone()));
        self.0.live.lock().unwrap().push(revocation);
    }

    /// The last revocations were never written: a failover to a replica that lagged.
    fn lose_last(&self, count: usize) {
        let mut log = self.0.log.lock().unwrap();
        let keep = log.len() - count;
        log.truncate(keep);
        self.0.live.lock().unwrap().truncate(keep);
        let memory = MemoryStore::new();
        *self.0.memory.lock().unwrap() = memory;
    }

    /// The log was cut at its beginning.
    fn trim(&self, count: usize) {
        self.0.log.lock().unwrap().drain(..count);
    }
}

impl TokenStore for Feed {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.answer().await?;
        let slow = *self.0.slow.lock().unwrap();
        sleep(slow).await;
        {
            let mut live = self.0.live.lock().unwrap();
            if live.contains(revocation) {
                return Ok(());
            }
            live.push(revocation.clone());
            let mut log = self.0.log.lock().unwrap();
            let mut tags = self.0.tags.lock().unwrap();
            *tags += 1;
            let number = log.last().map_or(0, |(number, ..)| *number) + 1;
            log.push((number, format!("tag {tags}"), revocation.clone()));
        }
        self.memory().revoke(revocation, now_ms).await?;
        self.0.news.notify_waiters();
        Ok(())
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        self.answer().await?;
        let keys: Vec<_> = token.keys().collect();
        Ok(self.0.live.lock().unwrap().iter().any(|one| keys.iter().any(|key| key == one.key())))
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.memory().insert_session(session, now_ms).await
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        self.memory().session(session_id).await
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.memory().replace_session(session).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.memory().remove_session(session).await
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.memory().sessions(subject).await
    }
}

impl RevocationFeed for Feed {
    async fn position(&self) -> Result<FeedPosition, StoreError> {
        self.answer_follower().await?;
        let log = self.0.log.lock().unwrap();
        Ok(log
            .last()
            .map(|(sequence, tag, _)| FeedPosition { sequence: *sequence, tag: tag.clone() })
            .unwrap_or_default())
    }

    async fn snapshot(&self, after: Option<&str>) -> Result<SnapshotPage, StoreError> {
        self.answer_follower().await?;
        let from: usize = after.map_or(0, |after| after.parse().unwrap());
        let live = self.0.live.lock().unwrap();
        let revocations: Vec<_> = live.iter().skip(from).take(3).cloned().collect();
        let next = (from + 3 < live.len()).then(|| (from + 3).to_string());
        drop(live);
        if *self.0.busy.lock().unwrap() && next.is_some() {
            for n in 0..2 {
                self.revoke_silently(&format!("meanwhile {from} {n}"));
            }
            let length = self.0.log.lock().unwrap().len();
            self.trim(length.saturating_sub(3));
        }
        Ok(SnapshotPage { revocations, next })
    }

    async fn changes(&self, after: &FeedPosition) -> Result<Changes, StoreError> {
        self.answer_follower().await?;
        let log = self.0.log.lock().unwrap();
        let start = match after.sequence {
            0 if log.first().is_none_or(|(number, ..)| *number == 1) => 0,
            sequence => match log.iter().position(|(number, tag, _)| (*number, tag) == (sequence, &after.tag)) {
                Some(at) => at + 1,
                None => return Ok(Changes::Gap),
            },
        };
        let new: Vec<_> = log.iter().skip(start).take(1000).collect();
        let position = new
            .last()
            .map_or_else(|| after.clone(), |(sequence, tag, _)| FeedPosition { sequence: *sequence, tag: tag.clone() });
        Ok(Changes::Next { revocations: new.iter().map(|(.., revocation)| revocation.clone()).collect(), position })
    }

    async fn wait(&self, _: &FeedPosition, at_most: Duration) {
        let _ = tokio::time::timeout(at_most, self.0.news.notified()).await;
    }
}

fn token(jwt_id: &str) -> TokenIds<'_> {
    TokenIds { realm: "", jwt_id, session_id: None, subject: "ada", issued_at_ms: NOW }
}

fn known(replica: &Replicated<Feed>, jwt_id: &str) -> Option<bool> {
    replica.is_revoked_at_once(&token(jwt_id), FRESH)
}

/// The time that passes here is tokio's: it stands still while somebody works.
async fn until(what: &str, condition: impl Fn() -> bool) -> Duration {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < Duration::from_secs(60), "never: {what}");
        sleep(Duration::from_millis(10)).await;
    }
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn follows_what_others_revoke() {
    let feed = Feed::new();
    for id in 0..10 {
        feed.revoke_silently(&format!("old {id}"));
    }
    let replica = Replicated::start(feed.clone()).await.unwrap();
    assert_eq!(known(&replica, "old 9"), Some(true), "the snapshot, all pages of it");
    assert_eq!(known(&replica, "new"), Some(false));
    feed.revoke(&Revocation::of_token("new", LATER), NOW).await.unwrap();
    let passed = until("told", || known(&replica, "new") == Some(true)).await;
    assert!(passed < Duration::from_millis(100), "{passed:?}");
    // Without a hint it takes a little longer.
    feed.revoke_silently("newer");
    let passed = until("found", || known(&replica, "newer") == Some(true)).await;
    assert!(passed <= Duration::from_millis(600), "{passed:?}");
    assert_eq!((replica.stats().snapshots, replica.stats().gaps), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn more_than_one_answer_holds_is_followed_to_the_end() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    for id in 0..2500 {
        feed.revoke_silently(&id.to_string());
    }
    until("all", || (0..2500).all(|id| known(&replica, &id.to_string()) == Some(true))).await;
    assert_eq!(replica.stats().snapshots, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_missing_is_noticed_and_read_again() {
    let feed = Feed::new();
    for id in 0..5 {
        feed.revoke_silently(&format!("a{id}"));
    }
    let replica = Replicated::start(feed.clone()).await.unwrap();
    // So much happened while nobody looked that the log does not go back that far.
    for id in 0..5 {
        feed.revoke_silently(&format!("b{id}"));
    }
    feed.trim(8);
    until("read again", || replica.stats().snapshots == 2).await;
    assert_eq!(replica.stats().gaps, 1);
    for id in 0..5 {
        assert_eq!(known(&replica, &format!("a{id}")), Some(true));
        assert_eq!(known(&replica, &format!("b{id}")), Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_failover_lost_is_told_to_the_store_again() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    for id in 0..5 {
        feed.revoke_silently(&format!("a{id}"));
    }
    until("followed", || known(&replica, "a4") == Some(true)).await;
    // The new master lacks the last two; and somebody has revoked others since, up to the same number.
    feed.lose_last(2);
    feed.revoke_silently("b3");
    feed.revoke_silently("b4");
    until("noticed", || replica.stats().gaps == 1 && replica.stats().snapshots == 2).await;
    for id in ["a0", "a2", "a3", "a4", "b3", "b4"] {
        assert_eq!(known(&replica, id), Some(true), "{id}");
        assert!(feed.is_revoked(&token(id)).await.unwrap(), "{id}: told to the store again");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_before_anybody_was_told_is_told_again() {
    let feed = Feed::new();
    let (one, other) = (Replicated::start(feed.clone()).await.unwrap(), Replicated::start(feed.clone()).await.unwrap());
    for id in 0..3 {
        feed.revoke_silently(&format!("a{id}"));
    }
    until("followed", || [&one, &other].iter().all(|replica| known(replica, "a2") == Some(true))).await;
    // Acknowledged; and the new master lacks it before any follower has looked: no number is missing to them.
    one.revoke(&Revocation::of_token("b0", LATER), NOW).await.unwrap();
    feed.lose_last(1);
    until("told again", || known(&other, "b0") == Some(true)).await;
    assert_eq!((one.stats().gaps, other.stats().gaps), (0, 0));
    let length = feed.0.log.lock().unwrap().len();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(feed.0.log.lock().unwrap().len(), length, "once is enough");
}

#[tokio::test(start_paused = true)]
async fn what_is_told_is_not_told_again() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    for (id, until) in [("a", LATER), ("b", LATER), ("a", LATER + 1), ("a", LATER)] {
        replica.revoke(&Revocation::of_token(id, until), NOW).await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    let length = feed.0.log.lock().unwrap().len();
    sleep(Duration::from_secs(10)).await;
    assert_eq!(feed.0.log.lock().unwrap().len(), length);
}

#[tokio::test(start_paused = true)]
async fn a_flushed_store_is_noticed_and_filled() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    for id in 0..5 {
        feed.revoke_silently(&format!("a{id}"));
    }
    until("followed", || known(&replica, "a4") == Some(true)).await;
    feed.lose_last(5);
    until("noticed", || replica.stats().gaps == 1 && replica.stats().snapshots == 2).await;
    for id in 0..5 {
        assert!(feed.is_revoked(&token(&format!("a{id}"))).await.unwrap());
        assert_eq!(known(&replica, &format!("a{id}")), Some(true));
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_are_told_again_in_some_seconds() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    for id in 0..10_000 {
        feed.revoke_silently(&id.to_string());
    }
    until("followed", || known(&replica, "9999") == Some(true)).await;
    *feed.0.slow.lock().unwrap() = Duration::from_millis(20);
    feed.lose_last(10_000);
    let passed = until("healed", || replica.stats().snapshots == 2).await;
    assert!(passed < Duration::from_secs(20), "{passed:?}: one after the other they take 200 seconds");
    assert_eq!(feed.0.live.lock().unwrap().len(), 10_000);
}

#[tokio::test(start_paused = true)]
async fn many_that_were_lost_before_anybody_was_told_are_told_again_in_some_seconds() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    let revocations: Vec<_> = (0..1_000).map(|id| Revocation::of_token(&id.to_string(), LATER)).collect();
    replica.revoke_many(&revocations, NOW).await.unwrap();
    feed.lose_last(1_000);
    *feed.0.slow.lock().unwrap() = Duration::from_millis(20);
    let passed = until("told again", || feed.0.live.lock().unwrap().len() == 1_000).await;
    assert!(passed < Duration::from_secs(5), "{passed:?}: one after the other they take 20 seconds");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_makes_it_stale_and_is_followed_again() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    feed.set(Mood::Broken);
    sleep(FRESH + Duration::from_secs(2)).await;
    assert_eq!(known(&replica, "good"), None, "older than it may be");
    assert!(replica.stats().failures > 0, "{:?}", replica.stats());
    feed.revoke_silently("meanwhile");
    feed.set(Mood::Well);
    until("followed again", || known(&replica, "meanwhile") == Some(true)).await;
    assert_eq!(known(&replica, "good"), Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_may_take_longer_than_the_feed_goes_back() {
    let feed = Feed::new();
    for id in 0..30 {
        feed.revoke_silently(&format!("old {id}"));
    }
    *feed.0.busy.lock().unwrap() = true;
    let replica = Replicated::start(feed.clone()).await.unwrap();
    *feed.0.busy.lock().unwrap() = false;
    sleep(Duration::from_secs(1)).await;
    assert_eq!((replica.stats().snapshots, replica.stats().gaps), (1, 0));
    let live: Vec<String> = feed.0.live.lock().unwrap().iter().map(|one| one.key()[2..].to_owned()).collect();
    assert!(live.len() > 60 && live.iter().all(|id| known(&replica, id) == Some(true)));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_not_known() {
    for mood in [Mood::Down, Mood::Silent] {
        let feed = Feed::new();
        feed.revoke_silently("revoked");
        let replica = Replicated::start(feed.clone()).await.unwrap();
        feed.set(mood);
        assert_eq!(known(&replica, "good"), Some(false));
        sleep(Duration::from_millis(4_400)).await;
        assert_eq!(known(&replica, "good"), Some(false), "{mood:?}");
        sleep(Duration::from_secs(2)).await;
        assert_eq!(known(&replica, "good"), None, "{mood:?}: older than it may be");
        assert_eq!(known(&replica, "revoked"), Some(true), "{mood:?}: revoked once is revoked");
        assert_eq!(replica.is_revoked_at_once(&token("good"), Duration::MAX), Some(false));
        let stats = replica.stats();
        assert!(stats.failures > 0 && stats.staleness > FRESH, "{stats:?}");

        feed.revoke_silently("meanwhile");
        feed.set(Mood::Well);
        until("back", || known(&replica, "good") == Some(false)).await;
        assert_eq!(known(&replica, "meanwhile"), Some(true), "{mood:?}");
        assert_eq!(replica.stats().gaps, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn its_own_revocations_count_at_once() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    replica.revoke(&Revocation::of_token("mine", LATER), NOW).await.unwrap();
    assert_eq!(known(&replica, "mine"), Some(true));
    feed.set(Mood::Down);
    // One that the store did not keep is none: nobody was told that it was.
    assert!(replica.revoke(&Revocation::of_token("lost", LATER), NOW).await.is_err());
    assert_eq!(known(&replica, "lost"), Some(false));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_at_the_start_is_an_error() {
    let feed = Feed::new();
    feed.set(Mood::Down);
    assert!(Replicated::start(feed.clone()).await.is_err());
    feed.set(Mood::Silent);
    assert!(Replicated::start(feed).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn it_follows_until_the_last_handle_is_gone() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    let other = replica.clone();
    drop(replica);
    feed.revoke_silently("one");
    until("followed", || known(&other, "one") == Some(true)).await;
    drop(other);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&feed.0), 1, "nobody holds the store any more");
}

/// Which manager over which replica: a token, and how its requests are answered.
struct Node {
    jwt: JwtManager,
    token: String,
}

impl Node {
    fn over(replica: &Replicated<Feed>, config: JwtConfig) -> Self {
        let config = config.secret_key("the secret of a test, 32 bytes or more");
        let clock = ManualClock::at(NOW as u64 / 1000);
        let jwt = JwtManager::builder(config).clock(clock).token_store(replica.clone()).build().unwrap();
        Self { token: jwt.create_access_token("ada").unwrap(), jwt }
    }

    fn jti(&self) -> String {
        self.jwt.get_jti(&self.token).unwrap().unwrap()
    }

    async fn status(&self) -> u16 {
        let bearer = ("Authorization", format!("Bearer {}", self.token));
        let request = TestRequest::default().app_data(self.jwt.clone()).insert_header(bearer).to_http_request();
        match verify_jwt_in_request(&request, &jwt_required()).await {
            Ok(_) => 200,
            Err(error) => error.error_response().status().as_u16(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_is_judged_by_what_is_known_as_long_as_that_is_fresh() {
    let feed = Feed::new();
    let replica = Replicated::start(feed.clone()).await.unwrap();
    let limit = Duration::from_secs(20);
    let node = Node::over(&replica, JwtConfig::new().revocation_max_staleness(limit));
    let open = Node::over(&replica, JwtConfig::new().revocation_max_staleness(limit).revocation_fail_open(true));
    let (dead, other) = (Node::over(&replica, JwtConfig::new()), Node::over(&replica, JwtConfig::new()));
    feed.revoke_silently(&dead.jti());
    until("followed", || known(&replica, &dead.jti()) == Some(true)).await;
    let asked = || feed.0.asked.load(Ordering::SeqCst);

    // Nobody is asked, of tokens seen before and of new ones.
    for _ in 0..3 {
        assert_eq!((node.status().await, open.status().await, dead.status().await), (200, 200, 401));
    }
    assert_eq!(asked(), 0);

    // Down, and not for long yet.
    feed.set(Mood::Down);
    sleep(limit - Duration::from_secs(1)).await;
    assert_eq!((node.status().await, open.status().await, dead.status().await), (200, 200, 401));
    assert_eq!(asked(), 0);

    // For longer.
    sleep(Duration::from_secs(2)).await;
    assert_eq!((node.status().await, open.status().await, dead.status().await), (503, 200, 401));
    assert_eq!(asked(), 2, "each was asked of once; what is revoked, nobody asks of");
    feed.set(Mood::Silent);
    assert_eq!((node.status().await, open.status().await, dead.status().await), (503, 200, 401));

    // It answers requests, and the replica is behind: what others have revoked meanwhile, the store knows.
    feed.set(Mood::Unfollowed);
    feed.revoke_silently(&other.jti());
    let before = asked();
    assert_eq!((node.status().await, other.status().await), (200, 401));
    assert_eq!((asked() - before, replica.stats().staleness > limit), (2, true));

    // Well again: nobody is asked.
    feed.set(Mood::Well);
    until("followed again", || replica.stats().staleness < Duration::from_secs(1)).await;
    let before = asked();
    assert_eq!((node.status().await, open.status().await), (200, 200));
    assert_eq!((dead.status().await, other.status().await), (401, 401));
    assert_eq!(asked(), before);
}
