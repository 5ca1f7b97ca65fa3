//! Somebody with very many sessions, in a store that takes its time.

use crate::app::{NOW, config};
use actix_jwt_extended::JwtManager;
use actix_jwt_extended::store::{
    MemoryStore, Revocation, SessionRecord, SessionsPage, StoreError, TokenIds, TokenStore,
};
use actix_jwt_extended::test_util::ManualClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// How many requests it serves at this moment, and how many it has at most.
#[derive(Debug, Clone, Default)]
struct Slow {
    store: MemoryStore,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Slow {
    async fn take(&self, time: Duration) {
        self.most.fetch_max(self.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        sleep(time).await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TokenStore for Slow {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.take(Duration::from_millis(20)).await;
        self.store.revoke(revocation, now_ms).await
    }
    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        self.store.is_revoked(token).await
    }
    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.store.insert_session(session, now_ms).await
    }
    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        self.store.session(session_id).await
    }
    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.store.replace_session(session).await
    }
    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.take(Duration::from_millis(20)).await;
        self.store.remove_session(session).await
    }
    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.store.sessions(subject).await
    }
    /// A hundred a page, each in a quarter of the time that an answer may take.
    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        sleep(Duration::from_millis(500)).await;
        let mut all = self.store.sessions(subject).await?;
        all.retain(|session| after.is_none_or(|after| session.session_id() > after));
        all.sort_by(|a, b| a.session_id().cmp(b.session_id()));
        all.truncate(100);
        let next = all.last().filter(|_| all.len() == 100).map(|last| last.session_id().to_owned());
        Ok(SessionsPage { sessions: all, next })
    }
}

/// The time that passes here is tokio's.
#[tokio::test(start_paused = true)]
async fn all_are_listed_and_ended_some_at_a_time() {
    let store = Slow::default();
    let builder = JwtManager::builder(config().store_timeout(Duration::from_secs(2)));
    let jwt = builder.clock(ManualClock::at(NOW as u64)).token_store(store.clone()).build().unwrap();
    let mut ids = Vec::new();
    for _ in 0..1_050 {
        ids.push(jwt.start_session("ada").await.unwrap().session_id);
    }
    // Eleven pages take longer than one answer may.
    let listed = jwt.sessions("ada").await.unwrap();
    assert_eq!(listed.len(), 1_050);
    // As many as asked for, and no more pages than that takes.
    let begin = tokio::time::Instant::now();
    assert_eq!(jwt.sessions_up_to("ada", 150).await.unwrap().len(), 150);
    assert!(begin.elapsed() < Duration::from_millis(1_100), "{:?}", begin.elapsed());
    assert_eq!(jwt.sessions_up_to("ada", 0).await.unwrap().len(), 0);
    let begin = tokio::time::Instant::now();
    jwt.revoke_all("ada").await.unwrap();
    let (most, took) = (store.most.load(Ordering::SeqCst), begin.elapsed());
    assert!((32..=64).contains(&most), "{most} at once");
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(jwt.sessions("ada").await.unwrap().is_empty());
    for id in &ids {
        let token =
            TokenIds { realm: "", jwt_id: "j", session_id: Some(id), subject: "ada", issued_at_ms: i64::MAX - 1 };
        assert!(store.is_revoked(&token).await.unwrap());
    }
}
