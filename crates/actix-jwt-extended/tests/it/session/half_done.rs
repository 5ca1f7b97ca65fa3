//! What is done in two steps, of which the second fails.

use crate::app::{NOW, config};
use actix_jwt_extended::store::{MemoryStore, Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtError, JwtManager};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A store of which one kind of request fails.
#[derive(Debug, Clone, Default)]
struct Failing {
    store: MemoryStore,
    what: Arc<Mutex<&'static str>>,
}

impl Failing {
    fn set(&self, what: &'static str) {
        *self.what.lock().unwrap() = what;
    }

    fn check(&self, what: &str) -> Result<(), StoreError> {
        if *self.what.lock().unwrap() == what { Err(StoreError::new("the connection was lost")) } else { Ok(()) }
    }
}

impl TokenStore for Failing {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.check("revoke")?;
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
        self.check("remove")?;
        self.store.remove_session(session).await
    }
    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.check("list")?;
        self.store.sessions(subject).await
    }
}

struct Set {
    jwt: JwtManager,
    store: Failing,
    clock: ManualClock,
}

impl Set {
    fn up(config: JwtConfig) -> Self {
        let (store, clock) = (Failing::default(), ManualClock::at(NOW as u64));
        let jwt = JwtManager::builder(config).clock(clock.clone()).token_store(store.clone()).build().unwrap();
        Self { jwt, store, clock }
    }

    async fn login(&self) -> String {
        self.clock.advance(Duration::from_secs(1));
        self.jwt.start_session("ada").await.unwrap().session_id
    }

    async fn listed(&self) -> Vec<String> {
        self.jwt.sessions("ada").await.unwrap().iter().map(|session| session.id().to_owned()).collect()
    }

    async fn kept(&self) -> usize {
        self.store.store.sessions("ada").await.unwrap().len()
    }
}

#[actix_web::test]
async fn a_session_that_has_ended_is_in_no_list_though_its_record_stays() {
    for realm in ["", "staff"] {
        let set = Set::up(config().realm(realm));
        let [one, two, three] = [set.login().await, set.login().await, set.login().await];
        set.store.set("remove");
        // Its tokens are dead, which is what was asked for.
        set.jwt.revoke_session(&two).await.unwrap();
        assert_eq!(set.listed().await, [three.clone(), one.clone()]);
        assert_eq!(set.jwt.sessions_up_to("ada", 2).await.unwrap().len(), 2);
        assert!(set.jwt.revoke_session_of("ada", &three).await.unwrap());
        assert_eq!(set.listed().await, std::slice::from_ref(&one));
        set.store.set("");
        assert_eq!(set.listed().await, [one]);
        if realm.is_empty() {
            assert_eq!(set.kept().await, 1, "the list takes them away");
        }
        set.store.set("remove");
        set.jwt.revoke_all("ada").await.unwrap();
        assert!(set.listed().await.is_empty());
    }
}

#[actix_web::test]
async fn a_session_that_has_ended_does_not_count() {
    let set = Set::up(config().max_sessions(2));
    let [one, two] = [set.login().await, set.login().await];
    set.store.set("remove");
    set.jwt.revoke_session(&two).await.unwrap();
    set.store.set("");
    let three = set.login().await;
    assert_eq!(set.listed().await, [three, one]);
}

#[actix_web::test]
async fn a_login_that_fails_leaves_no_session() {
    let set = Set::up(config().max_sessions(1));
    let one = set.login().await;
    for failing in ["list", "revoke"] {
        set.store.set(failing);
        set.clock.advance(Duration::from_secs(1));
        let refused = set.jwt.start_session("ada").await;
        assert!(matches!(refused, Err(JwtError::Store(_))), "{failing}");
        set.store.set("");
        assert_eq!(set.listed().await, std::slice::from_ref(&one), "{failing}");
        assert_eq!(set.kept().await, 1, "{failing}");
    }
}
