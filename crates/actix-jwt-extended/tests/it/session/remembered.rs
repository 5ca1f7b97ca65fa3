//! How long it is remembered that a session was ended: until the last of its tokens has expired, and no longer.

use crate::app::{NOW, config};
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::{MemoryStore, Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{Jwt, JwtConfig, JwtManager, Lifetime, jwt_required, verify_jwt_in_request};
use actix_web::HttpRequest;
use actix_web::test::TestRequest;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

const DAY: u64 = 86_400;
const LEEWAY: i64 = 10;
/// What may be under way when a session is ended, and some more.
const SLACK: i64 = 60;

/// A store that tells what was revoked, and lets somebody end a session just after it was rotated.
#[derive(Debug, Clone, Default)]
struct Told {
    store: MemoryStore,
    revoked: Arc<Mutex<Vec<Revocation>>>,
    interrupt: Arc<OnceLock<JwtManager>>,
    clock: Option<ManualClock>,
}

impl TokenStore for Told {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.revoked.lock().unwrap().push(revocation.clone());
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
        let replaced = self.store.replace_session(session).await?;
        if let Some(other) = self.interrupt.get() {
            Box::pin(other.revoke_session(session.session_id())).await.unwrap();
            // The answer is late, but not too late.
            self.clock.as_ref().unwrap().advance(Duration::from_secs(1));
        }
        Ok(replaced)
    }
    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.store.remove_session(session).await
    }
    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.store.sessions(subject).await
    }
}

struct Login {
    store: Told,
    clock: ManualClock,
    jwt: JwtManager,
}

impl Login {
    fn with(config: JwtConfig) -> Self {
        let clock = ManualClock::at(NOW as u64);
        let store = Told { clock: Some(clock.clone()), ..Told::default() };
        let jwt = manager(config, &clock, &store);
        Self { store, clock, jwt }
    }

    /// The same store, at a later time, with other settings.
    fn restarted(&self, config: JwtConfig) -> JwtManager {
        manager(config, &self.clock, &self.store)
    }

    async fn rotate(&self, pair: &TokenPair) -> TokenPair {
        let (jwt, request) = presented(&self.jwt, &pair.refresh_token).await;
        self.jwt.rotate(&jwt, &request).await.unwrap()
    }

    /// In seconds; `None` = for ever.
    fn remembered_until(&self) -> Option<i64> {
        let revoked = self.store.revoked.lock().unwrap();
        let last = revoked.last().unwrap();
        assert!(last.key().starts_with("s:"), "{last:?}");
        (last.until_ms() != i64::MAX).then(|| last.until_ms() / 1000)
    }

    fn last_expiry(&self, pair: &TokenPair) -> i64 {
        let expiry = |token: &str| self.jwt.decode_token(token).unwrap().expires_at().unwrap();
        expiry(&pair.access_token).max(expiry(&pair.refresh_token))
    }
}

fn manager(config: JwtConfig, clock: &ManualClock, store: &Told) -> JwtManager {
    let config = config.decode_leeway(Duration::from_secs(LEEWAY as u64));
    JwtManager::builder(config).clock(clock.clone()).token_store(store.clone()).build().unwrap()
}

async fn presented(jwt: &JwtManager, token: &str) -> (Jwt, HttpRequest) {
    let bearer = ("Authorization", format!("Bearer {token}"));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
    let presented = verify_jwt_in_request(&request, &jwt_required().refresh()).await.unwrap().unwrap();
    (presented, request)
}

/// All of it, and hardly more.
#[track_caller]
fn just_covers(until: Option<i64>, expiry: i64) {
    let needed = expiry + LEEWAY;
    assert!(until.is_some_and(|until| (needed..=needed + SLACK).contains(&until)), "{until:?} for {needed}");
}

#[actix_web::test]
async fn until_the_last_token_has_expired() {
    // A month, though the session could have lived for three.
    let login = Login::with(config());
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.jwt.revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), login.last_expiry(&pair));
    // It is not there any more: what the settings let a token live.
    login.clock.advance(Duration::from_secs(DAY));
    login.jwt.revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), NOW + 31 * DAY as i64);
    login.jwt.revoke_all("nobody").await.unwrap();
    let cut_off = login.store.revoked.lock().unwrap().last().unwrap().until_ms() / 1000;
    just_covers(Some(cut_off), NOW + 31 * DAY as i64);

    // Near its end no token outlives it; and everywhere means this one.
    let login = Login::with(config());
    let mut pair = login.jwt.start_session("ada").await.unwrap();
    for _ in 0..4 {
        login.clock.advance(Duration::from_secs(20 * DAY));
        pair = login.rotate(&pair).await;
    }
    login.jwt.revoke_all("ada").await.unwrap();
    assert_eq!(login.last_expiry(&pair), NOW + 90 * DAY as i64);
    just_covers(login.remembered_until(), NOW + 90 * DAY as i64);
}

#[actix_web::test]
async fn whatever_the_settings_were_when_they_were_made() {
    let days = |days| config().refresh_token_expires(Duration::from_secs(days * DAY));
    // Shorter now: the tokens of before live yet.
    let login = Login::with(days(30));
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.restarted(days(1)).revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), login.last_expiry(&pair));
    // Longer now: a rotation that is under way makes them so.
    let login = Login::with(days(1));
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.restarted(days(30)).revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), NOW + 30 * DAY as i64);
}

#[actix_web::test]
async fn for_ever_where_tokens_live_for_ever() {
    let endless = || config().session_lifetime(Lifetime::Never);
    let login = Login::with(endless().refresh_token_expires(Lifetime::Never));
    let pair = login.jwt.start_session("ada").await.unwrap();
    assert_eq!(login.jwt.decode_token(&pair.refresh_token).unwrap().expires_at(), None);
    login.jwt.revoke_session(&pair.session_id).await.unwrap();
    assert_eq!(login.remembered_until(), None);
    // The session has an end, and its tokens with it.
    let login = Login::with(config().refresh_token_expires(Lifetime::Never));
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.jwt.revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), NOW + 90 * DAY as i64);
    // The session has none, and its tokens have.
    let login = Login::with(endless());
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.jwt.revoke_session(&pair.session_id).await.unwrap();
    just_covers(login.remembered_until(), login.last_expiry(&pair));
}

#[actix_web::test]
async fn with_what_a_rotation_under_way_has_made() {
    let login = Login::with(config().access_token_expires(Duration::from_secs(31 * DAY)));
    let pair = login.jwt.start_session("ada").await.unwrap();
    login.clock.advance(Duration::from_secs(5 * DAY));
    login.store.interrupt.set(login.jwt.clone()).unwrap();
    let next = login.rotate(&pair).await;
    // Made before the session moved on.
    assert_eq!(login.last_expiry(&next), NOW + 36 * DAY as i64);
    just_covers(login.remembered_until(), login.last_expiry(&next));
    let access = login.jwt.decode_token(&next.access_token).unwrap();
    assert!(login.jwt.is_revoked(&access).await.unwrap());
}
