//! What the stores' own tests have in common.

use crate::service::Service;
use actix_jwt_extended::{
    JwtConfig, JwtManager, ManualClock, Replicated, Revocation, RevocationFeed, SessionRecord, SharedStore, TokenIds,
    TokenStore, store_testing,
};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::env;
use std::future::IntoFuture as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::time::sleep;

pub(crate) const NOW: i64 = 1_800_000_000_000;
pub(crate) const LATER: i64 = NOW + 3_600_000;

pub(crate) fn token(jwt_id: &str) -> TokenIds<'_> {
    TokenIds { jwt_id, session_id: None, subject: "nobody", issued_at_ms: NOW }
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
    many_thousand_sessions_are_ended(next().await).await;
    store_testing::check(|_| async { Replicated::start(next().await).await.unwrap() }).await;
}

/// More than there are on a page.
async fn many_thousand_sessions_are_ended(store: impl TokenStore + Clone) {
    let jwt = manager(store.clone());
    let mut ids = BTreeSet::new();
    for _ in 0..60 {
        let some = join_all((0..50).map(|_| jwt.start_session("ada").into_future())).await;
        ids.extend(some.into_iter().map(|pair| pair.unwrap().session_id));
    }
    let found: BTreeSet<_> = jwt.sessions("ada").await.unwrap().iter().map(|one| one.id().to_owned()).collect();
    assert!(found == ids, "all, and each once");
    let begin = Instant::now();
    jwt.revoke_all("ada").await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert!(store.sessions("ada").await.unwrap().is_empty());
    for id in &ids {
        let token = TokenIds { jwt_id: "j", session_id: Some(id), subject: "ada", issued_at_ms: LATER };
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

/// Kills the server in the midst of revocations and rotations, some times over, each a little later. What was
/// acknowledged is there afterwards; the same store goes on, and is told nothing.
pub(crate) async fn loses_nothing<S: TokenStore + Clone>(
    server: &mut impl Service,
    store: &S,
    kills: impl IntoIterator<Item = Duration>,
) -> Vec<String> {
    let jwt = manager(store.clone());
    let (mut acknowledged, mut rotated) = (Vec::new(), 0);
    for (round, after) in kills.into_iter().enumerate() {
        let session = jwt.start_session("ada").await.unwrap().session_id;
        let next = successor(&store.session(&session).await.unwrap().unwrap());
        let revocations: Vec<_> =
            (0..200).map(|at| format!("{round} {at}")).map(|id| (Revocation::of_token(&id, LATER), id)).collect();
        let work = async {
            let revoking =
                join_all(revocations.iter().map(|(revocation, id)| async move {
                    store.revoke(revocation, NOW).await.ok().map(|()| id.clone())
                }));
            let replacing = join_all((0..20).map(|_| store.replace_session(&next)));
            // Rotations first, so that some are on their way at least.
            tokio::join!(replacing, revoking)
        };
        let killing = async {
            sleep(after).await;
            server.kill();
        };
        let ((replaced, revoked), ()) = tokio::join!(work, killing);
        acknowledged.extend(revoked.into_iter().flatten());
        let won = replaced.into_iter().filter(|replaced| matches!(replaced, Ok(true))).count();
        assert!(won <= 1, "round {round}: replaced {won} times");
        server.restart();
        for id in &acknowledged {
            assert!(works_again(store, id).await, "round {round}: {id} was forgotten");
        }
        rotated += won;
        if won == 1 {
            assert!(!store.replace_session(&next).await.unwrap(), "round {round}: replaced again");
        }
    }
    assert!(!acknowledged.is_empty() && rotated > 0, "hardly anything happened");
    acknowledged
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
