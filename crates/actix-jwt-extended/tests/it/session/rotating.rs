//! What a failure in the midst of a rotation costs, and what the next pair takes over.

use crate::app::{NOW, config};
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::{MemoryStore, Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{
    JwtConfig, JwtError, JwtManager, JwtManagerBuilder, Location, jwt_required, verify_jwt_in_request,
};
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
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

/// A loader whose word the test changes.
fn says(word: &Arc<Mutex<Value>>) -> impl Fn(&str) -> Value + Send + Sync + 'static {
    let word = Arc::clone(word);
    move |_: &str| word.lock().unwrap().clone()
}

#[actix_web::test]
async fn what_the_loader_no_longer_says_is_gone() {
    let word = Arc::new(Mutex::new(json!({ "roles": ["admin"], "both": "loaded" })));
    let login = Login::with(config(), |builder| builder.additional_claims_loader(says(&word)));
    let begun = login.jwt.start_session("ada").claim("team", "engine").claim("both", "given");
    let pair = begun.await.unwrap();
    let claims = |token: &str| login.jwt.decode_token(token).unwrap().claims().clone();
    assert_eq!(claims(&pair.access_token)["both"], "given");
    *word.lock().unwrap() = json!({});
    let next = login.rotate(&pair.refresh_token).await.unwrap();
    let next = login.rotate(&next.refresh_token).await.unwrap();
    for token in [&next.access_token, &next.refresh_token] {
        let claims = claims(token);
        assert_eq!((claims.get("roles"), &claims["team"], &claims["both"]), (None, &json!("engine"), &json!("given")));
    }
    *word.lock().unwrap() = json!({ "both": "loaded", "roles": ["editor"] });
    let next = login.rotate(&next.refresh_token).await.unwrap();
    assert_eq!(
        (&claims(&next.access_token)["roles"], &claims(&next.access_token)["both"]),
        (&json!(["editor"]), &json!("loaded"))
    );
}

#[actix_web::test]
async fn a_session_keeps_its_csrf_values() {
    let login = Login::with(config(), |builder| builder);
    let pair = login.jwt.start_session("ada").await.unwrap();
    let next = login.rotate(&pair.refresh_token).await.unwrap();
    let again = login.rotate(&pair.refresh_token).await.unwrap();
    let csrf = |token: &str| login.jwt.get_csrf_token(token).unwrap();
    for next in [next, again] {
        assert_eq!(csrf(&next.access_token), csrf(&pair.access_token));
        assert_eq!(csrf(&next.refresh_token), csrf(&pair.refresh_token));
    }
    let other = login.jwt.start_session("ada").await.unwrap();
    let values = [&pair, &other].map(|pair| [csrf(&pair.access_token), csrf(&pair.refresh_token)]);
    assert_eq!(values.iter().flatten().collect::<HashSet<_>>().len(), 4, "each its own");
}

#[actix_web::test]
async fn a_session_ends_with_its_last_usable_token() {
    const DAY: u64 = 86_400;
    let store = MemoryStore::new();
    let login = Login::with(config(), |builder| builder.token_store(store.clone()));
    login.jwt.start_session("ada").await.unwrap();
    login.clock.advance(Duration::from_secs(30 * DAY - 1));
    assert_eq!(login.jwt.sessions("ada").await.unwrap().len(), 1);
    login.clock.advance(Duration::from_secs(1));
    assert!(login.jwt.sessions("ada").await.unwrap().is_empty());
    login.clock.advance(Duration::from_secs(1));
    login.jwt.start_session("bob").await.unwrap();
    assert!(TokenStore::sessions(&store, "ada").await.unwrap().is_empty(), "nor is it kept");
}

#[actix_web::test]
async fn after_everyone_was_revoked_nothing_is_listed() {
    let login = Login::with(config(), |builder| builder);
    for _ in 0..3 {
        login.jwt.start_session("ada").await.unwrap();
        login.clock.advance(Duration::from_secs(1));
    }
    login.jwt.revoke_everyone().await.unwrap();
    assert!(login.jwt.sessions("ada").await.unwrap().is_empty());
    // In the same millisecond, and later.
    let mut after = Vec::new();
    for _ in 0..3 {
        after.push(login.jwt.start_session("ada").await.unwrap().session_id);
        login.clock.advance(Duration::from_secs(1));
    }
    after.reverse();
    let listed = login.jwt.sessions("ada").await.unwrap();
    assert_eq!(listed.iter().map(actix_jwt_extended::session::Session::id).collect::<Vec<_>>(), after);
}

#[actix_web::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let login = Login::with(config(), |builder| builder);
    let adas = login.jwt.start_session("ada").await.unwrap();
    let bobs = login.jwt.start_session("bob").await.unwrap();
    assert!(!login.jwt.revoke_session_of("bob", &adas.session_id).await.unwrap());
    assert!(!login.jwt.revoke_session_of("bob", "no session").await.unwrap());
    assert!(login.rotate(&adas.refresh_token).await.is_ok());
    assert!(login.jwt.revoke_session_of("bob", &bobs.session_id).await.unwrap());
    assert!(login.rotate(&bobs.refresh_token).await.is_err());
    assert!(login.jwt.is_revoked(&login.jwt.decode_token(&bobs.access_token).unwrap()).await.unwrap());
}

/// After the cookie's domain or path was changed browsers send both, the old one first.
#[actix_web::test]
async fn an_old_cookie_beside_the_current_one_is_no_theft() {
    let blocked = Arc::new(Mutex::new(None));
    let block = Arc::clone(&blocked);
    let login = Login::with(config().token_location([Location::Cookies]), |builder| {
        builder.token_in_blocklist_loader(move |token| {
            let is_blocked = token.jti().is_some() && token.jti() == block.lock().unwrap().as_deref();
            async move { is_blocked }
        })
    });
    let refresh = async |tokens: &[&str]| {
        let cookies: Vec<_> = tokens.iter().map(|token| format!("refresh_token_cookie={token}")).collect();
        let request = TestRequest::post().app_data(login.jwt.clone());
        let request = request.insert_header(("X-CSRF-TOKEN", login.jwt.get_csrf_token(tokens[0]).unwrap()));
        let request = request.insert_header(("Cookie", cookies.join("; "))).to_http_request();
        let presented = verify_jwt_in_request(&request, &jwt_required().refresh()).await.unwrap().unwrap();
        login.jwt.rotate(&presented, &request).await
    };
    let minute = || login.clock.advance(Duration::from_secs(60));
    let old = login.jwt.start_session("ada").await.unwrap().refresh_token;
    let mut current = refresh(&[&old]).await.unwrap().refresh_token;
    let others = login.jwt.start_session("ada").await.unwrap().refresh_token;
    for _ in 0..3 {
        minute();
        current = refresh(&[&old, &others, "garbage", &current]).await.unwrap().refresh_token;
    }
    assert_eq!(login.reused.load(SeqCst), 0);
    assert_eq!(login.jwt.sessions("ada").await.unwrap().len(), 2);

    // One that the application has revoked is not taken instead; nor is another session's.
    minute();
    *blocked.lock().unwrap() = login.jwt.get_jti(&current).unwrap();
    assert!(matches!(refresh(&[&old, &current]).await, Err(JwtError::Revoked(_))));
    assert_eq!(login.reused.load(SeqCst), 1);
    *blocked.lock().unwrap() = None;
    let used = login.jwt.start_session("bob").await.unwrap().refresh_token;
    let next = refresh(&[&used]).await.unwrap().refresh_token;
    refresh(&[&next]).await.unwrap();
    minute();
    // Whoever has only what was used has a copy.
    assert!(matches!(refresh(&[&used, &next, &others]).await, Err(JwtError::Revoked(_))));
    assert_eq!(login.reused.load(SeqCst), 2);
    assert!(login.jwt.sessions("bob").await.unwrap().is_empty());
}
