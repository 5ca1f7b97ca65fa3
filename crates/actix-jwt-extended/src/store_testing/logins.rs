//! Logins over the store: what sessions and their tokens do by a manager.

use super::{LATER, Timed, ids};
use crate::claims::VerifiedToken;
use crate::clock::ManualClock;
use crate::config::JwtConfig;
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::request::pipeline::verify_jwt_in_request;
use crate::request::required::jwt_required;
use crate::request::verdict::Jwt;
use crate::session::TokenPair;
use crate::store::{SharedStore, TokenStore};
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::future::IntoFuture as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

pub(super) async fn many_sessions_of_one_subject_are_found_and_ended(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let bobs = login.jwt.start_session("bob").await.expect("start_session");
    let mut pairs = Vec::new();
    for _ in 0..6 {
        let some = join_all((0..50).map(|_| login.jwt.start_session("ada").into_future())).await;
        pairs.extend(some.into_iter().map(|pair| pair.expect("start_session")));
    }
    let found = login.jwt.sessions("ada").await.expect("sessions");
    let found: BTreeSet<_> = found.iter().map(|session| session.id().to_owned()).collect();
    assert_eq!(found, pairs.iter().map(|pair| pair.session_id.clone()).collect(), "all, and each once");
    login.jwt.revoke_all("ada").await.expect("revoke_all");
    assert!(login.jwt.sessions("ada").await.expect("sessions").is_empty());
    for pair in &pairs {
        assert!(!login.is_good(&pair.access_token).await);
    }
    // Each by its ID, too: the cut-off alone would leave this one.
    for pair in [&pairs[0], &pairs[299]] {
        let store = login.jwt.store().expect("a store");
        let by_id = ids("j", Some(&pair.session_id), "ada", LATER);
        assert!(store.is_revoked(&by_id).await.expect("is_revoked"));
    }
    assert!(login.is_good(&bobs.access_token).await);
    assert_eq!(login.jwt.sessions("bob").await.expect("sessions").len(), 1);
}

/// A manager over the store, and how often it detected a reuse.
struct Login {
    jwt: JwtManager,
    clock: ManualClock,
    reused: Arc<AtomicUsize>,
}

impl Login {
    fn over(Timed(store, clock): Timed<impl Into<SharedStore>>) -> Self {
        let reused = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&reused);
        let config = JwtConfig::new()
            .secret_key("the secret of a test, 32 bytes or more")
            .store_timeout(Duration::from_secs(60));
        let jwt = JwtManager::builder(config)
            .token_store(store)
            .clock(clock.clone())
            .on_reuse_detected(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                async {}
            })
            .build()
            .expect("a manager");
        Self { jwt, clock, reused }
    }

    fn request(&self, token: &str) -> HttpRequest {
        let bearer = format!("Bearer {token}");
        TestRequest::default().app_data(self.jwt.clone()).insert_header((AUTHORIZATION, bearer)).to_http_request()
    }

    /// As a request of a refresh route.
    async fn refresh(&self, token: &str) -> Result<TokenPair, JwtError> {
        // A wrap has let it in; what happened since then is for `rotate` to find.
        let presented = self.present(token).await;
        self.jwt.rotate(&presented, &self.request(token)).await
    }

    async fn present(&self, token: &str) -> Jwt {
        let any = jwt_required().verify_type(false).skip_revocation_check();
        let presented = verify_jwt_in_request(&self.request(token), &any).await;
        presented.expect("a genuine token").expect("no OPTIONS request")
    }

    fn decode(&self, token: &str) -> VerifiedToken {
        self.jwt.decode_token(token).expect("a genuine token")
    }

    async fn is_good(&self, token: &str) -> bool {
        !self.jwt.is_revoked(&self.decode(token)).await.expect("is_revoked")
    }
}

pub(super) async fn one_of_a_thousand_rotates(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let first = login.jwt.start_session("ada").await.expect("start_session");
    let presented = login.present(&first.refresh_token).await;
    let request = login.request(&first.refresh_token);
    let pairs = join_all((0..1000).map(|_| login.jwt.rotate(&presented, &request))).await;
    let mut successors = BTreeSet::new();
    for mut pair in pairs {
        // A store that so many ask at once may fail some of them: these ask again, as clients do.
        for _ in 0..20 {
            if matches!(pair, Err(JwtError::Store(_))) {
                pair = login.jwt.rotate(&presented, &request).await;
            }
        }
        let pair = pair.expect("a usable answer within the grace period");
        let refresh = login.decode(&pair.refresh_token);
        successors.insert(refresh.jti().expect("a JWT ID").to_owned());
        assert!(login.is_good(&pair.access_token).await);
    }
    assert_eq!(successors.len(), 1, "one refresh token has one successor");
    assert_eq!(login.reused.load(Ordering::SeqCst), 0);
    assert_eq!(login.jwt.sessions("ada").await.expect("sessions").len(), 1);
}

pub(super) async fn used_again_after_the_grace_period_ends_the_session(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let other = login.jwt.start_session("ada").await.expect("start_session");
    let first = login.jwt.start_session("ada").await.expect("start_session");
    let second = login.refresh(&first.refresh_token).await.expect("rotate");
    login.clock.advance(Duration::from_millis(9_999));
    let again = login.refresh(&first.refresh_token).await.expect("within the grace period");
    assert_eq!(login.decode(&again.refresh_token).jti(), login.decode(&second.refresh_token).jti());
    login.clock.advance(Duration::from_millis(1));
    let replays = join_all((0..20).map(|_| login.refresh(&first.refresh_token))).await;
    assert!(replays.iter().all(|replay| matches!(replay, Err(JwtError::Revoked(_)))), "{replays:?}");
    assert_eq!(login.reused.load(Ordering::SeqCst), 1, "it is told once");
    for token in [&first.access_token, &second.access_token, &again.access_token, &second.refresh_token] {
        assert!(!login.is_good(token).await);
    }
    assert!(matches!(login.refresh(&second.refresh_token).await, Err(JwtError::Revoked(_))));
    assert!(login.is_good(&other.access_token).await, "another session of the same subject");
    assert!(login.refresh(&other.refresh_token).await.is_ok());
}

pub(super) async fn everywhere_means_before_and_not_after(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let before = login.jwt.start_session("ada").await.expect("start_session");
    let plain = login.jwt.create_access_token("ada").expect("a token");
    let bobs = login.jwt.start_session("bob").await.expect("start_session");
    login.jwt.revoke_all("ada").await.expect("revoke_all");
    // The clock has not moved: all of this is the same millisecond.
    let after = login.jwt.start_session("ada").await.expect("start_session");
    let plain_after = login.jwt.create_access_token("ada").expect("a token");
    for token in [&before.access_token, &before.refresh_token, &plain] {
        assert!(!login.is_good(token).await);
    }
    for token in [&after.access_token, &after.refresh_token, &plain_after, &bobs.access_token, &bobs.refresh_token] {
        assert!(login.is_good(token).await);
    }
    assert!(login.refresh(&before.refresh_token).await.is_err());
    assert!(login.refresh(&after.refresh_token).await.is_ok());
    let sessions = login.jwt.sessions("ada").await.expect("sessions");
    assert_eq!(sessions.iter().map(crate::session::Session::id).collect::<Vec<_>>(), [after.session_id]);
}

pub(super) async fn a_session_that_was_ended_is_over(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let pair = login.jwt.start_session("ada").await.expect("start_session");
    login.jwt.revoke_session(&pair.session_id).await.expect("revoke_session");
    login.jwt.revoke_session(&pair.session_id).await.expect("revoke_session, again");
    assert!(!login.is_good(&pair.access_token).await);
    assert!(login.refresh(&pair.refresh_token).await.is_err());
    assert!(login.jwt.sessions("ada").await.expect("sessions").is_empty());
    assert_eq!(login.reused.load(Ordering::SeqCst), 0);
}
