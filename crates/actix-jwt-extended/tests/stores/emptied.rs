//! Some of what a server holds is gone, and the rest is not: noticed while nodes run, and healed.

use crate::common::{LATER, NOW, knows, token, until};
use crate::logged;
use crate::postgres_server::PostgresServer;
use crate::redis_server::RedisServer;
use actix_jwt_extended::store::{
    PostgresStore, RedisStore, Replicated, Revocation, RevocationFeed, TokenIds, TokenStore,
};

async fn revoke(store: &impl TokenStore, ids: &[&str]) {
    for id in ids {
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
}

async fn is_revoked(store: &impl TokenStore, ids: &[&str]) -> bool {
    for id in ids {
        if !store.is_revoked(&token(id)).await.unwrap() {
            return false;
        }
    }
    true
}

fn of<'a>(subject: &'a str, issued_at_ms: i64) -> TokenIds<'a> {
    TokenIds { subject, issued_at_ms, ..token("of-somebody") }
}

/// `TRUNCATE` of the table of revocations alone: whoever asks, revokes or follows next fills it from the feed.
#[actix_web::test]
async fn postgres_revocations_are_filled_from_the_feed_while_nodes_run() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let there = |count: &str| server.execute("SELECT count(*) FROM ajx_revocation") == count;
    revoke(&store, &["a", "b"]).await;
    store.revoke(&Revocation::of_subject("bob", NOW, LATER), NOW).await.unwrap();
    assert!(there("3"));

    server.execute("TRUNCATE ajx_revocation");
    let _ = logged::take();
    assert!(is_revoked(&store, &["a", "b"]).await && !is_revoked(&store, &["c"]).await);
    assert!(there("3") && logged::take().iter().any(|line| line.contains("filled again")));
    assert!(store.is_revoked(&of("bob", NOW)).await.unwrap() && !store.is_revoked(&of("bob", NOW + 1)).await.unwrap());

    server.execute("TRUNCATE ajx_revocation");
    revoke(&store, &["c"]).await;
    assert!(there("4"), "the one that comes after it hides nothing");
    // One that is known already says nothing new, and yet it was gone.
    server.execute("TRUNCATE ajx_revocation");
    revoke(&store, &["a"]).await;
    assert!(there("4"));

    let replica = Replicated::start(store.clone()).await.unwrap();
    server.execute("TRUNCATE ajx_revocation");
    until("filled by the follower", || there("4")).await;
    assert_eq!((replica.stats().gaps, replica.stats().snapshots), (0, 1));

    // The feed as well, and the head's row is kept: the replica tells what it was told.
    revoke(&store, &["d", "e"]).await;
    until("followed", || knows(&replica, "e")).await;
    server.execute("TRUNCATE ajx_revocation, ajx_feed");
    until("told again", || replica.stats().gaps == 1 && there("2")).await;
    assert!(is_revoked(&store, &["d", "e"]).await);
    let fresh = Replicated::start(PostgresStore::connect(&server.url()).await.unwrap()).await.unwrap();
    assert!(knows(&fresh, "d") && knows(&fresh, "e"));

    // Nobody is left who remembers: that is said.
    drop((replica, fresh));
    server.execute("TRUNCATE ajx_revocation, ajx_feed");
    let _ = logged::take();
    assert!(!is_revoked(&store, &["d"]).await && !is_revoked(&store, &["d"]).await);
    let said = logged::take();
    assert_eq!(said.iter().filter(|line| line.contains("revoke_everyone")).count(), 1, "{said:?}");
    revoke(&store, &["f"]).await;
    assert!(is_revoked(&store, &["f"]).await);
}

/// The key that says up to when what is revoked by a time was issued.
#[actix_web::test]
async fn redis_cut_offs_that_are_gone_are_known_again_from_the_feed() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let forget = |key: &str| server.ask::<()>(redis::cmd("DEL").arg(key)).unwrap();
    revoke(&store, &["a"]).await;
    for revocation in [
        Revocation::of_subject("bob", NOW - 5, LATER),
        Revocation::of_subject("bob", NOW, LATER),
        Revocation::of_everyone(NOW - 100, LATER),
        Revocation::of_subject("eve", NOW, LATER).in_realm("staff"),
    ] {
        store.revoke(&revocation, NOW).await.unwrap();
    }
    let staff = |issued_at_ms| TokenIds { realm: "staff", ..of("eve", issued_at_ms) };
    let dead = [of("bob", NOW), of("ada", NOW - 100), staff(NOW)];
    let alive = [of("bob", NOW + 1), of("ada", NOW - 99), staff(NOW + 1)];
    let all_is_well = || async {
        for (dead, alive) in dead.iter().zip(&alive) {
            assert!(store.is_revoked(dead).await.unwrap() && !store.is_revoked(alive).await.unwrap());
        }
        assert!(is_revoked(&store, &["a"]).await);
    };
    all_is_well().await;
    forget("{ajx}:cutoff");
    all_is_well().await;

    // A node that starts is told the same.
    forget("{ajx}:cutoff");
    let fresh = Replicated::start(store.clone()).await.unwrap();
    let asked = |ids: &TokenIds<'_>| fresh.is_revoked_at_once(ids, std::time::Duration::MAX);
    assert_eq!((asked(&of("bob", NOW)), asked(&of("bob", NOW + 1))), (Some(true), Some(false)));
    // And so is whoever is logged out once more.
    forget("{ajx}:cutoff");
    store.revoke(&Revocation::of_subject("bob", NOW + 10, LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&of("bob", NOW + 10)).await.unwrap());
    assert!(!store.is_revoked(&of("bob", NOW + 11)).await.unwrap());
    let last = store.position().await.unwrap();
    until("followed", || asked(&of("bob", NOW + 10)) == Some(true)).await;
    assert_eq!(asked(&of("bob", NOW + 11)), Some(false));
    assert_eq!(fresh.stats().gaps, 0);

    // What the feed does not tell any more is revoked whenever it was issued: too much, and never too little.
    forget("{ajx}:cutoff");
    server.ask::<()>(redis::cmd("XTRIM").arg("{ajx}:feed").arg("MAXLEN").arg(1)).unwrap();
    for ids in [of("ada", NOW + 500), staff(NOW + 500)] {
        assert!(store.is_revoked(&ids).await.unwrap());
    }
    assert_eq!(store.position().await.unwrap(), last);
}
