//! A standby that lags takes the place of its primary: what it has not got, was acknowledged all the same.

use crate::common::{LATER, NOW, knows, manager, rotate, token, until, works_again};
use crate::pgpool::Pgpool;
use crate::postgres_server::PostgresServer;
use crate::proxy::{Proxy, Way};
use crate::redis_server::{RedisCluster, RedisServer};
use crate::service::{Service as _, free_port};
use actix_jwt_extended::JwtError;
use actix_jwt_extended::store::{
    PostgresStore, RedisStore, Replicated, Revocation, RevocationFeed, StoreError, TokenStore,
};
use std::time::{Duration, Instant};
use tokio::time::sleep;

async fn revoke(store: &impl TokenStore, ids: &[&str]) {
    for id in ids {
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
}

/// What was lost with the old primary, the new one is told again.
async fn until_told(store: &impl TokenStore, ids: &[&str]) {
    let begin = Instant::now();
    for id in ids {
        while !works_again(store, id).await {
            assert!(begin.elapsed() < Duration::from_secs(30), "{id} was not told to the new primary");
            sleep(Duration::from_millis(10)).await;
        }
    }
}

/// What a standby has got: the number of the last revocation, and of sessions.
type Got = (u64, u64);

/// `at` connects to the server behind a port; `link` is the standby's way to its primary.
async fn forgets_nothing<S, F>(
    at: impl Fn(u16) -> F,
    way: &Proxy,
    (standby, got): (u16, impl Fn() -> Got),
    link: &Proxy,
    promote: impl FnOnce(),
) where
    S: RevocationFeed + Clone,
    F: Future<Output = S>,
{
    let one = Replicated::start(at(way.port()).await).await.unwrap();
    let other = Replicated::start(at(way.port()).await).await.unwrap();
    let nodes = [&one, &other];
    let all_know = |ids: &[&str]| ids.iter().all(|id| nodes.iter().all(|node| knows(node, id)));
    let (jwt, other_jwt) = (manager(one.clone()), manager(other.clone()));
    let [refreshed, logged_out] = [jwt.start_session("ada").await.unwrap(), jwt.start_session("ada").await.unwrap()];

    revoke(&one, &["a0", "a1", "a2"]).await;
    until("followed", || all_know(&["a0", "a1", "a2"])).await;
    until("the standby has them", || got() == (3, 2)).await;
    link.set(Way::Stalled);

    // Acknowledged, and known to both nodes.
    revoke(&other, &["b0", "b1", "b2"]).await;
    other_jwt.revoke_session(&logged_out.session_id).await.unwrap();
    let rotated = rotate(&jwt, &refreshed.refresh_token).await.unwrap();
    revoke(&one, &["b3"]).await;
    // As the feed tells them in order, both have heard of all before.
    until("followed", || all_know(&["b0", "b1", "b2", "b3"])).await;
    // Acknowledged, and perhaps known to the one alone that has done it.
    revoke(&one, &["c"]).await;
    promote();
    assert_eq!(got().0, 3, "the standby has got what it should not have");
    let copy = at(standby).await;
    // Somebody else is faster: when the nodes look, it has come as far as they are, and by another way.
    revoke(&copy, &["d0", "d1", "d2", "d3", "d4", "d5"]).await;
    way.lead_to(([127, 0, 0, 1], standby).into());

    let all = ["a0", "a1", "a2", "b0", "b1", "b2", "b3", "c", "d0", "d1", "d2", "d3", "d4", "d5"];
    until("healed", || {
        // What a node knows, it does not forget meanwhile.
        assert!(all_know(&all[..7]) && knows(&one, "c"));
        nodes.iter().all(|node| node.stats().gaps >= 1 && node.stats().snapshots >= 2) && all_know(&all)
    })
    .await;
    until_told(&copy, &all).await;
    // Nor does a node that has seen nothing of it admit anything.
    let fresh = Replicated::start(at(standby).await).await.unwrap();
    assert!(all.iter().all(|id| knows(&fresh, id)));
    let jwt = manager(fresh);
    assert!(jwt.is_revoked(&jwt.decode_token(&logged_out.access_token).unwrap()).await.unwrap());
    for token in [&logged_out.refresh_token, &rotated.refresh_token] {
        // The session of the second is behind its token: it cannot be refreshed, and that is no theft.
        assert!(matches!(rotate(&jwt, token).await, Err(JwtError::Revoked(_))));
    }
    assert!(!jwt.is_revoked(&jwt.decode_token(&rotated.access_token).unwrap()).await.unwrap());
}

#[actix_web::test]
async fn redis() {
    let Some(mut primary) = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]) else { return };
    let link = Proxy::to(primary.address());
    let standby = RedisServer::start_with(&["--replicaof", "127.0.0.1", &link.port().to_string()]).unwrap();
    let way = Proxy::to(primary.address());
    let at = |port| async move { RedisStore::connect(&format!("redis://127.0.0.1:{port}")).await.unwrap() };
    let got = || redis_got(&standby);
    forgets_nothing(at, &way, (standby.address().port(), got), &link, || {
        primary.kill();
        standby.promote();
    })
    .await;
}

fn redis_got(server: &RedisServer) -> Got {
    let sequence: Option<u64> = server.ask(redis::cmd("HGET").arg("{ajx}:head").arg("seq")).unwrap();
    let sessions: Vec<String> = server.ask(redis::cmd("KEYS").arg("ajx:*:session")).unwrap();
    (sequence.unwrap_or(0), sessions.len() as u64)
}

#[actix_web::test]
async fn postgres() {
    let Some(mut primary) = PostgresServer::start() else { return };
    // So that there are tables to copy.
    let at = |port| async move {
        let url = format!("postgres://test@127.0.0.1:{port}/postgres?sslmode=disable");
        PostgresStore::connect(&url).await.unwrap()
    };
    let way = Proxy::to(primary.address());
    at(way.port()).await;
    let link = Proxy::to(primary.address());
    let standby = PostgresServer::standby_of(link.port());
    let got = || postgres_got(&standby);
    forgets_nothing(at, &way, (standby.address().port(), got), &link, || {
        primary.kill();
        standby.promote();
    })
    .await;
}

fn postgres_got(server: &PostgresServer) -> Got {
    let number = |sql| server.execute(sql).parse().unwrap();
    (number("SELECT seq FROM ajx_head"), number("SELECT count(*) FROM ajx_session"))
}

/// Led to a standby by mistake, one that is cut off from its primary: what is revoked meanwhile, it never hears of.
async fn believes_no_standby<S, F>(
    at: impl Fn(u16) -> F,
    (primary, standby): (u16, u16),
    got: impl Fn() -> Got,
    link: &Proxy,
) where
    S: RevocationFeed + Clone,
    F: Future<Output = Result<S, StoreError>>,
{
    let way = Proxy::to(([127, 0, 0, 1], primary).into());
    let (well, led) = (at(primary).await.unwrap(), at(way.port()).await.unwrap());
    let node = Replicated::start(led.clone()).await.unwrap();
    revoke(&well, &["a0", "a1", "a2"]).await;
    until("followed", || knows(&node, "a2")).await;
    until("the standby has them", || got().0 == 3).await;
    link.set(Way::Stalled);
    revoke(&well, &["b"]).await;
    until("followed", || knows(&node, "b")).await;

    way.lead_to(([127, 0, 0, 1], standby).into());
    revoke(&well, &["c"]).await;
    // It would say that it knows of nothing, again and again.
    until("it is seen that nothing arrives", || node.stats().staleness > Duration::from_secs(2)).await;
    for store in [&led, node.store()] {
        assert!(store.is_revoked(&token("c")).await.is_err(), "it was believed");
        assert!(store.revoke(&Revocation::of_token("d", LATER), NOW).await.is_err());
    }
    assert_eq!(node.is_revoked_at_once(&token("c"), Duration::from_secs(2)), None);
    assert!(knows(&node, "a0") && knows(&node, "b"), "what is revoked stays so");
    assert!(at(standby).await.is_err(), "nobody starts on one");

    way.lead_to(([127, 0, 0, 1], primary).into());
    until("followed again", || knows(&node, "c") && node.stats().staleness < Duration::from_secs(2)).await;
    assert_eq!((got().0, node.stats().gaps), (3, 0));
}

#[actix_web::test]
async fn a_redis_replica_is_not_believed() {
    let Some(primary) = RedisServer::start_with(&["--repl-diskless-sync-delay", "0"]) else { return };
    let link = Proxy::to(primary.address());
    let standby = RedisServer::start_with(&["--replicaof", "127.0.0.1", &link.port().to_string()]).unwrap();
    let at = |port| async move { RedisStore::connect(&format!("redis://127.0.0.1:{port}")).await };
    let ports = (primary.address().port(), standby.address().port());
    believes_no_standby(at, ports, || redis_got(&standby), &link).await;
}

#[actix_web::test]
async fn a_postgres_standby_is_not_believed() {
    let Some(primary) = PostgresServer::start() else { return };
    let at = |port| async move {
        PostgresStore::connect(&format!("postgres://test@127.0.0.1:{port}/postgres?sslmode=disable")).await
    };
    at(primary.address().port()).await.unwrap();
    let link = Proxy::to(primary.address());
    let standby = PostgresServer::standby_of(link.port());
    let ports = (primary.address().port(), standby.address().port());
    believes_no_standby(at, ports, || postgres_got(&standby), &link).await;
}

/// Every read that is one goes to the standby, which lags.
#[actix_web::test]
async fn a_postgres_standby_behind_pgpool_is_not_asked() {
    let Some(primary) = PostgresServer::start() else { return };
    let url = |port| format!("postgres://test@127.0.0.1:{port}/postgres?sslmode=disable");
    let well = PostgresStore::connect(&primary.url()).await.unwrap();
    let link = Proxy::to(primary.address());
    let standby = PostgresServer::standby_of(link.port());
    let ports = [&primary, &standby].map(|server| server.address().port());
    let Some(pgpool) = Pgpool::reading_from_the_standby(ports[0], ports[1]) else { return };
    link.set(Way::Stalled);

    let (reader, connection) = tokio_postgres::connect(&url(pgpool.port()), tokio_postgres::NoTls).await.unwrap();
    actix_web::rt::spawn(connection);
    let answer = reader.query_one("SELECT current_setting('port')", &[]).await.unwrap();
    assert_eq!(answer.get::<_, String>(0), ports[1].to_string(), "a read is one of the primary");

    let store = PostgresStore::connect(&url(pgpool.port())).await.unwrap();
    let node = Replicated::start(store.clone()).await.unwrap();
    revoke(&well, &["a"]).await;
    for _ in 0..60 {
        assert!(store.is_revoked(&token("a")).await.unwrap(), "a logout that the standby has not got is forgotten");
    }
    until("followed", || knows(&node, "a")).await;
    assert_eq!(postgres_got(&standby).0, 0, "the standby has got what it should not have");
}

/// The cluster elects the replica by itself.
#[actix_web::test]
async fn a_redis_cluster() {
    let ports = [(); 3].map(|()| free_port());
    let proxies = ports.map(|port| Proxy::to(([127, 0, 0, 1], port).into()));
    let cluster = RedisCluster::at([0, 1, 2].map(|node| (ports[node], proxies[node].port())));
    let Some(mut cluster) = cluster else { return };
    let (master, replica) = (cluster.master(), cluster.add_replica());
    let url = format!("{},{}", cluster.url(), replica.address());
    let connect = || async { RedisStore::connect(&url).await.unwrap() };
    let (one, other) =
        (Replicated::start(connect().await).await.unwrap(), Replicated::start(connect().await).await.unwrap());
    let both_know = |ids: &[&str]| ids.iter().all(|id| knows(&one, id) && knows(&other, id));

    revoke(&one, &["a0", "a1", "a2"]).await;
    // A connection each, for only that one may read there.
    let reached = |server: &RedisServer| {
        let mut it = redis::Client::open(server.url()).unwrap().get_connection().unwrap();
        redis::cmd("READONLY").query::<()>(&mut it).unwrap();
        redis::cmd("HGET").arg("{ajx}:head").arg("seq").query::<Option<u64>>(&mut it).unwrap()
    };
    until("the replica has them", || reached(&replica) == Some(3)).await;
    // The way from the master to its replica, and everybody else's, who makes another one.
    assert!(proxies[master].silence() > 0);
    assert!(works_again(&connect().await, "a0").await);
    for node in [&one, &other] {
        assert!(works_again(node.store(), "a0").await);
    }
    revoke(&other, &["b0", "b1", "b2"]).await;
    revoke(&one, &["b3"]).await;
    until("followed", || both_know(&["b0", "b1", "b2", "b3"])).await;
    revoke(&one, &["c"]).await;
    assert_eq!(reached(&replica), Some(3), "the replica has got what it should not have");
    cluster.kill();

    let all = ["a0", "a1", "a2", "b0", "b1", "b2", "b3", "c"];
    until("elected and healed", || {
        assert!(both_know(&all[..7]) && knows(&one, "c"));
        let well = |node: &Replicated<_>| node.stats().gaps >= 1 && node.stats().snapshots >= 2;
        well(&one) && well(&other) && both_know(&all)
    })
    .await;
    until_told(&connect().await, &all).await;
}
