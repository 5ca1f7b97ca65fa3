//! What the stores' own tests have in common.

use crate::proxy::Proxy;
use crate::service::Service;
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::{
    Replicated, Revocation, RevocationFeed, SessionRecord, SharedStore, TokenIds, TokenStore,
};
use actix_jwt_extended::test_util::{ManualClock, store_testing};
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required, verify_jwt_in_request};
use actix_web::HttpRequest;
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::env;
use std::future::IntoFuture as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const LATER: i64 = NOW + 3_600_000;

pub(crate) fn token(jwt_id: &str) -> TokenIds<'_> {
    TokenIds { realm: "", jwt_id, session_id: None, subject: "nobody", issued_at_ms: NOW }
}

/// A manager whose clock stands at [`NOW`].
pub(crate) fn manager(store: impl Into<SharedStore>) -> JwtManager {
    JwtManager::builder(JwtConfig::new().secret_key("the secret of a test, 32 bytes or more"))
        .clock(ManualClock::at(NOW as u64 / 1000))
        .token_store(store)
        .build()
        .unwrap()
}

/// All that a shared store promises: itself, its feed, and a replica that follows it.
pub(crate) async fn passes_every_check<S, F>(next: impl Fn() -> F)
where
    S: RevocationFeed + Clone,
    F: Future<Output = S>,
{
    store_testing::check(|_| next()).await;
    store_testing::check_cleanup(|_| next()).await;
    store_testing::check_feed(|_| next()).await;
    two_thousand_sessions_are_ended(next().await).await;
    realms_share_nothing(next().await).await;
    store_testing::check(|_| async { Replicated::start(next().await).await.unwrap() }).await;
}

/// Two managers in one store, with tokens and sessions of the same subject.
pub(crate) async fn realms_share_nothing(store: impl TokenStore + Clone) {
    let of = |realm: &str| {
        JwtManager::builder(JwtConfig::new().secret_key("the secret of a test, 32 bytes or more").realm(realm))
            .clock(ManualClock::at(NOW as u64 / 1000))
            .token_store(store.clone())
            .build()
            .unwrap()
    };
    let realms = ["", "staff", "customers"].map(of);
    let mut pairs = Vec::new();
    for jwt in &realms {
        pairs.push(jwt.start_session("7").await.unwrap());
    }
    let ids: BTreeSet<_> = pairs.iter().map(|pair| &pair.session_id).collect();
    let tokens: Vec<_> = pairs.iter().map(|pair| realms[0].decode_token(&pair.access_token).unwrap()).collect();
    assert_eq!(ids.len(), 3);
    for (at, jwt) in realms.iter().enumerate() {
        let listed = jwt.sessions("7").await.unwrap();
        assert_eq!(
            listed.iter().map(|one| (one.id(), one.subject())).collect::<Vec<_>>(),
            [(&*pairs[at].session_id, "7")]
        );
        for other in (0..3).filter(|other| *other != at) {
            assert!(!jwt.revoke_session_of("7", &pairs[other].session_id).await.unwrap(), "{at} {other}");
            // Of all that it may do to its own subject.
            jwt.revoke_session(&pairs[other].session_id).await.unwrap();
            jwt.revoke(&tokens[other]).await.unwrap();
        }
        assert!(!realms[at].is_revoked(&tokens[at]).await.unwrap());
    }
    // Nor is it a name that leads into a realm.
    assert!(realms[0].sessions("@staff:7").await.unwrap().is_empty());
    assert!(!realms[0].revoke_session_of("@staff:7", &pairs[1].session_id).await.unwrap());
    realms[0].revoke_all("@staff:7").await.unwrap();
    assert!(!realms[1].is_revoked(&tokens[1]).await.unwrap());
    for end in [0, 1] {
        match end {
            0 => realms[1].revoke_all("7").await.unwrap(),
            _ => realms[0].revoke_everyone().await.unwrap(),
        }
        for (at, jwt) in realms.iter().enumerate() {
            let is_over = at == 1 || (at == 0 && end == 1);
            assert_eq!(jwt.is_revoked(&tokens[at]).await.unwrap(), is_over, "{at} {end}");
            assert_eq!(jwt.sessions("7").await.unwrap().is_empty(), is_over, "{at} {end}");
        }
    }
}

/// More than there are on two pages of any store.
async fn two_thousand_sessions_are_ended(store: impl TokenStore + Clone) {
    let jwt = manager(store.clone());
    let mut ids = BTreeSet::new();
    for _ in 0..41 {
        let some = join_all((0..50).map(|_| jwt.start_session("ada").into_future())).await;
        ids.extend(some.into_iter().map(|pair| pair.unwrap().session_id));
    }
    let found: BTreeSet<_> = jwt.sessions("ada").await.unwrap().iter().map(|one| one.id().to_owned()).collect();
    assert!(found == ids, "all, and each once");
    let begin = Instant::now();
    jwt.revoke_all("ada").await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(120), "a hang: {:?}", begin.elapsed());
    assert!(store.sessions("ada").await.unwrap().is_empty());
    for id in &ids {
        let token = TokenIds { realm: "", jwt_id: "j", session_id: Some(id), subject: "ada", issued_at_ms: LATER };
        assert!(store.is_revoked(&token).await.unwrap());
    }
}

/// Whether the replica has heard of the revocation.
pub(crate) fn knows<S: RevocationFeed>(replica: &Replicated<S>, jwt_id: &str) -> bool {
    replica.is_revoked_at_once(&token(jwt_id), Duration::MAX) == Some(true)
}

/// As after one more rotation.
pub(crate) fn successor(session: &SessionRecord) -> SessionRecord {
    let mut json = serde_json::to_value(session).unwrap();
    json["rotation"] = (session.rotation() + 1).into();
    serde_json::from_value(json).unwrap()
}

pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}

/// At first the connections must come back.
pub(crate) async fn works_again(store: &impl TokenStore, jwt_id: &str) -> bool {
    for _ in 0..100 {
        match store.is_revoked(&token(jwt_id)).await {
            Ok(revoked) => return revoked,
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("the store does not come back");
}

/// Kills the server in the midst of revocations and rotations, once for each of `kills`: as soon as a rotation and so
/// many of 200 revocations have been acknowledged, or at once. What was acknowledged is there afterwards; the same
/// store goes on, and is told nothing.
pub(crate) async fn loses_nothing<S: TokenStore + Clone>(
    server: &mut impl Service,
    store: &S,
    kills: impl IntoIterator<Item = usize>,
) -> Vec<String> {
    let jwt = manager(store.clone());
    let (acknowledged, rotated) = (RefCell::new(Vec::new()), Cell::new(0));
    for (round, enough) in kills.into_iter().enumerate() {
        let session = jwt.start_session("ada").await.unwrap().session_id;
        let next = successor(&store.session(&session).await.unwrap().unwrap());
        let revocations: Vec<_> =
            (0..200).map(|at| format!("{round} {at}")).map(|id| (Revocation::of_token(&id, LATER), id)).collect();
        let (before, won, over) = (acknowledged.borrow().len(), Cell::new(0), Cell::new(false));
        let work = async {
            let revoking = join_all(revocations.iter().map(|(revocation, id)| async {
                if store.revoke(revocation, NOW).await.is_ok() {
                    acknowledged.borrow_mut().push(id.clone());
                }
            }));
            let replacing = join_all((0..20).map(|_| async {
                if store.replace_session(&next).await.is_ok_and(|replaced| replaced) {
                    won.set(won.get() + 1);
                }
            }));
            // Rotations first, so that some are on their way at least.
            tokio::join!(replacing, revoking);
            over.set(true);
        };
        let killing = async {
            let waits = || acknowledged.borrow().len() < before + enough || won.get() == 0;
            while enough > 0 && !over.get() && waits() {
                yield_now().await;
            }
            server.kill();
        };
        tokio::join!(work, killing);
        assert!(won.get() <= 1, "round {round}: replaced {} times", won.get());
        server.restart();
        let known = acknowledged.borrow().clone();
        for id in &known {
            assert!(works_again(store, id).await, "round {round}: {id} was forgotten");
        }
        rotated.set(rotated.get() + won.get());
        if won.get() == 1 {
            assert!(!store.replace_session(&next).await.unwrap(), "round {round}: replaced again");
        }
    }
    let acknowledged = acknowledged.into_inner();
    assert!(!acknowledged.is_empty() && rotated.get() > 0, "nothing happened");
    acknowledged
}

/// A refresh token as a route gets it, whatever has become of it.
pub(crate) async fn present(jwt: &JwtManager, token: &str) -> (Jwt, HttpRequest) {
    let header = ("Authorization", format!("Bearer {token}"));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(header).to_http_request();
    let any = jwt_required().verify_type(false).skip_revocation_check();
    (verify_jwt_in_request(&request, &any).await.unwrap().unwrap(), request)
}

pub(crate) async fn rotate(jwt: &JwtManager, token: &str) -> Result<TokenPair, JwtError> {
    let (presented, request) = present(jwt, token).await;
    jwt.rotate(&presented, &request).await
}

/// One refresh token, a thousand times at once, at five nodes: each with threads and connections of its own.
pub(crate) fn one_of_a_thousand_wins<S, F>(connect: impl Fn() -> F + Sync)
where
    S: TokenStore,
    F: Future<Output = S>,
{
    const NODES: usize = 5;
    const EACH: usize = 200;
    for grace in [Duration::ZERO, Duration::from_secs(10)] {
        let (reused, begin) = (Arc::<AtomicUsize>::default(), Barrier::new(NODES));
        let node = || async {
            let (config, count) =
                (JwtConfig::new().secret_key("the secret of a test, 32 bytes or more"), reused.clone());
            JwtManager::builder(config.refresh_grace(grace).store_timeout(Duration::from_secs(60)))
                .clock(ManualClock::at(NOW as u64 / 1000))
                .token_store(connect().await)
                .on_reuse_detected(move |_| {
                    count.fetch_add(1, Ordering::SeqCst);
                    async {}
                })
                .build()
                .unwrap()
        };
        let login = actix_web::rt::System::new().block_on(async { node().await.start_session("ada").await.unwrap() });
        let successors: Vec<Option<TokenPair>> = thread::scope(|scope| {
            let nodes: Vec<_> = (0..NODES)
                .map(|_| {
                    scope.spawn(|| {
                        actix_web::rt::System::new().block_on(async {
                            let jwt = node().await;
                            let (presented, request) = present(&jwt, &login.refresh_token).await;
                            begin.wait();
                            let pairs = join_all((0..EACH).map(|_| jwt.rotate(&presented, &request))).await;
                            let pair = |pair| match pair {
                                Ok(pair) => Some(pair),
                                Err(JwtError::Revoked(_)) => None,
                                Err(error) => panic!("{error:?}"),
                            };
                            pairs.into_iter().map(pair).collect::<Vec<_>>()
                        })
                    })
                })
                .collect();
            nodes.into_iter().flat_map(|node| node.join().unwrap()).collect()
        });
        let won: Vec<_> = successors.iter().flatten().collect();
        actix_web::rt::System::new().block_on(async {
            let jwt = node().await;
            let id = |pair: &&TokenPair| jwt.decode_token(&pair.refresh_token).unwrap().jti().unwrap().to_owned();
            assert_eq!(won.iter().map(id).collect::<BTreeSet<_>>().len(), 1, "one successor");
            let access = jwt.decode_token(&won[0].access_token).unwrap();
            if grace.is_zero() {
                // The others are taken for thieves, and one of them may be: nobody keeps anything.
                assert_eq!((won.len(), reused.load(Ordering::SeqCst)), (1, 1));
                assert!(jwt.is_revoked(&access).await.unwrap());
                assert!(jwt.sessions("ada").await.unwrap().is_empty());
            } else {
                assert_eq!((won.len(), reused.load(Ordering::SeqCst)), (NODES * EACH, 0), "everybody has it");
                assert!(!jwt.is_revoked(&access).await.unwrap());
                assert_eq!(jwt.sessions("ada").await.unwrap().len(), 1, "one family");
                assert!(rotate(&jwt, &won[0].refresh_token).await.is_ok());
            }
        });
    }
}

/// The connections of a store fall silent, and nobody closes them: it gets others by itself; the one that waits for news
/// after so long.
pub(crate) async fn recovers_from_silence<S, F>(connect: impl Fn() -> F, proxies: &[Proxy], waiting: Duration)
where
    S: RevocationFeed + Clone,
    F: Future<Output = S>,
{
    let store = connect().await;
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    let position = store.position().await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    store.wait(&position, Duration::from_millis(10)).await;
    assert!(proxies.iter().all(|proxy| proxy.silence() > 0));
    let silent = Instant::now();
    // As a request does: it waits no longer than that, and has gone when the answer is overdue. A pool may have another
    // connection, and come back to the silent one.
    let (mut failures, mut in_a_row) = (0, 0);
    while in_a_row < 40 {
        match timeout(Duration::from_millis(200), store.is_revoked(&token("a"))).await {
            Ok(Ok(true)) => in_a_row += 1,
            _ => (failures, in_a_row) = (failures + 1, 0),
        }
        assert!(failures < 150, "nobody answers any more");
    }
    let other = connect().await;
    other.revoke(&Revocation::of_token("b", LATER), NOW).await.unwrap();
    until("the replica follows", || knows(&replica, "b")).await;
    drop(replica);
    let position = other.position().await.unwrap();
    while silent.elapsed() < waiting {
        store.wait(&position, Duration::from_millis(100)).await;
    }
    let revocation = Revocation::of_token("c", LATER);
    let told = timeout(Duration::from_secs(30), store.wait(&position, Duration::from_secs(3600)));
    let (told, revoked) = tokio::join!(told, other.revoke(&revocation, NOW));
    revoked.unwrap();
    told.expect("somebody is told");
}

const TRUSTED: &str = "AJX_TRUSTED_URL";

/// Runs a test of this program again, by itself, where the machine trusts this certificate.
pub(crate) fn trusting(certificate: &Path, test: &str, url: &str) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", test]).env("SSL_CERT_FILE", certificate).env(TRUSTED, url);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Where that test is to connect to; `None` = it runs with all the others, and has nothing to do.
pub(crate) fn trusted_url() -> Option<String> {
    env::var(TRUSTED).ok()
}
