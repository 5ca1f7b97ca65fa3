//! What a failure in the midst of a rotation costs, and what the next pair takes over.

use crate::app::{NOW, config};
use actix_jwt_extended::{
    JwtConfig, JwtError, JwtManager, JwtManagerBuilder, ManualClock, MemoryStore, Revocation, SessionRecord, StoreError,
    TokenIds, TokenPair, TokenStore, jwt_required, verify_jwt_in_request,
};
use actix_web::test::TestRequest;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

/// A manager, its clock, and how often a reuse was detected.
struct Login {
    jwt: JwtManager,
    clock: ManualClock,
    reused: Arc<AtomicUsize>,
}

impl Login {
    fn with(config: JwtConfig, with: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> Self {
        let (clock, reused) = (ManualClock::at(NOW as u64), Arc::<AtomicUsize>::default());
        let count = Arc::clone(&reused);
        let builder = JwtManager::builder(config).clock(clock.clone()).token_store(MemoryStore::new());
        let builder = builder.on_reuse_detected(move |_| {
            count.fetch_add(1, SeqCst);
            async {}
        });
        Self { jwt: with(builder).build().unwrap(), clock, reused }
    }

    async fn rotate(&self, token: &str) -> Result<TokenPair, JwtError> {
        let bearer = ("Authorization", format!("Bearer {token}"));
        let request = TestRequest::default().app_data(self.jwt.clone()).insert_header(bearer).to_http_request();
        let any = jwt_required().refresh().skip_revocation_check();
        let presented = verify_jwt_in_request(&request, &any).await.unwrap().unwrap();
        self.jwt.rotate(&presented, &request).await
    }
}

#[actix_web::test]
async fn a_loader_that_fails_for_long_costs_no_session() {
    let broken = Arc::new(AtomicBool::new(false));
    let now_broken = Arc::clone(&broken);
    let login = Login::with(config(), |builder| {
        builder.additional_claims_loader(move |_| match now_broken.load(SeqCst) {
            true => Err("the database is down"),
            false => Ok(json!({})),
        })
    });
    let pair = login.jwt.start_session("ada").await.unwrap();
    broken.store(true, SeqCst);
    for _ in 0..3 {
        let failed = login.rotate(&pair.refresh_token).await;
        assert!(matches!(failed, Err(JwtError::Hook { .. })), "{failed:?}");
        login.clock.advance(Duration::from_secs(60));
    }
    broken.store(false, SeqCst);
    let next = login.rotate(&pair.refresh_token).await.unwrap();
    assert!(login.rotate(&next.refresh_token).await.is_ok());
    assert_eq!(login.reused.load(SeqCst), 0, "nobody used anything twice");
}

/// A store that replaces a session, and whose answer is lost.
#[derive(Debug, Clone, Default)]
struct Lossy(MemoryStore);

impl TokenStore for Lossy {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.0.revoke(revocation, now_ms).await
    }
    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        self.0.is_revoked(token).await
    }
    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.0.insert_session(session, now_ms).await
    }
    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        self.0.session(session_id).await
    }
    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.0.replace_session(session).await?;
        Err(StoreError::new("the connection broke"))
    }
    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.0.remove_session(session).await
    }
    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.0.sessions(subject).await
    }
}

#[actix_web::test]
async fn a_rotation_whose_answer_was_lost_is_seen_by_asking() {
    let login = Login::with(config(), |builder| builder.token_store(Lossy::default()));
    let pair = login.jwt.start_session("ada").await.unwrap();
    let next = login.rotate(&pair.refresh_token).await.unwrap();
    login.clock.advance(Duration::from_secs(60));
    assert!(login.rotate(&next.refresh_token).await.is_ok());
    assert_eq!(login.reused.load(SeqCst), 0);
}
