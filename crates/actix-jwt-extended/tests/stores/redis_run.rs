//! Redis as it is really run: failovers, a server that is full, replicas, sockets, logins that may do little.

use crate::common::{LATER, NOW, knows, manager, rotate, token, until};
use crate::logged;
use crate::proxy::Proxy;
use crate::redis_server::{RedisCluster, RedisServer};
use crate::service::Service as _;
use actix_jwt_extended::store::{RedisStore, Replicated, Revocation, RevocationFeed as _, TokenStore as _};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// What is revoked when the server takes writes again.
pub(crate) async fn until_revoked(store: &RedisStore, id: &str) {
    let begin = Instant::now();
    while let Err(error) = store.revoke(&Revocation::of_token(id, LATER), NOW).await {
        assert!(begin.elapsed() < Duration::from_secs(60), "{id}: {error}");
        sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) fn role(server: &RedisServer) -> String {
    let info: String = server.ask(redis::cmd("INFO").arg("replication")).unwrap_or_default();
    info.lines().find_map(|line| line.strip_prefix("role:")).unwrap_or_default().trim().to_owned()
}

/// Roles are swapped, all connections stay open, and the address leads to the new primary.
#[actix_web::test]
async fn a_planned_failover_is_followed() {
    let options = ["--repl-diskless-sync-delay", "0"];
    let Some(primary) = RedisServer::start_with(&options) else { return };
    let port = primary.address().port().to_string();
    let replica = RedisServer::start_with(&[&options[..], &["--replicaof", "127.0.0.1", &port]].concat()).unwrap();
    let way = Proxy::to(primary.address());
    let url = format!("redis://127.0.0.1:{}", way.port());
    let store = RedisStore::connect(&url).await.unwrap();
    let node = Replicated::start(RedisStore::connect(&url).await.unwrap()).await.unwrap();
    let jwt = manager(node.clone());
    store.revoke(&Revocation::of_token("before", LATER), NOW).await.unwrap();
    let session = jwt.start_session("ada").await.unwrap();
    until("followed", || knows(&node, "before")).await;
    until("the replica is there", || {
        let info: String = primary.ask(redis::cmd("INFO").arg("replication")).unwrap();
        info.contains("state=online")
    })
    .await;

    let mut failover = redis::cmd("FAILOVER");
    failover.arg("TO").arg("127.0.0.1").arg(replica.address().port());
    until("it begins", || primary.ask::<()>(&failover).is_ok()).await;
    until("the roles are swapped", || (role(&primary), role(&replica)) == ("slave".into(), "master".into())).await;
    way.lead_new_to(replica.address());

    logged::take();
    until_revoked(&store, "after").await;
    assert!(logged::take().iter().any(|line| line.contains("connected anew")));
    until("followed", || knows(&node, "after")).await;
    for id in ["before", "after"] {
        assert!(store.is_revoked(&token(id)).await.unwrap());
    }
    let rotated = rotate(&jwt, &session.refresh_token).await.unwrap();
    jwt.revoke_session(&rotated.session_id).await.unwrap();
    jwt.start_session("ada").await.unwrap();
    let there = RedisStore::connect(&replica.url()).await.unwrap();
    assert!(there.is_revoked(&token("after")).await.unwrap(), "it is where it belongs");
    assert_eq!(there.position().await.unwrap(), store.position().await.unwrap());
}

#[actix_web::test]
async fn nobody_starts_on_a_replica_and_the_error_says_what_to_do() {
    let Some(primary) = RedisServer::start_with(&[]) else { return };
    let port = primary.address().port().to_string();
    let replica = RedisServer::start_with(&["--replicaof", "127.0.0.1", &port]).unwrap();
    let error = RedisStore::connect(&replica.url()).await.unwrap_err().to_string();
    assert!(error.contains("read-only replica") && error.contains("let the URL lead to its primary"), "{error}");
}

/// What ends something works where nothing can begin any more.
#[actix_web::test]
async fn a_full_server_still_takes_logouts() {
    let Some(server) = RedisServer::start_with(&["--maxmemory-policy", "noeviction"]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let node = Replicated::start(store.clone()).await.unwrap();
    let jwt = manager(node.clone());
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(jwt.start_session("ada").await.unwrap());
    }
    let limit = |bytes: u32| {
        server.ask::<()>(redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes)).unwrap();
    };
    limit(1_000_000 / 10);
    // Also where the server does not know the scripts yet.
    server.ask::<()>(redis::cmd("SCRIPT").arg("FLUSH")).unwrap();
    for _ in 0..3 {
        assert!(jwt.start_session("bob").await.is_err(), "a login beyond the limit");
    }
    assert!(jwt.sessions("bob").await.unwrap().is_empty());
    assert!(rotate(&jwt, &sessions[0].refresh_token).await.is_err());
    let dead = |token: &str| jwt.decode_token(token).unwrap();
    jwt.revoke(&dead(&sessions[0].access_token)).await.unwrap();
    jwt.revoke_session(&sessions[1].session_id).await.unwrap();
    for session in &sessions[..2] {
        assert!(jwt.is_revoked(&dead(&session.access_token)).await.unwrap());
    }
    assert!(!jwt.is_revoked(&dead(&sessions[2].access_token)).await.unwrap());
    store.revoke(&Revocation::of_token("elsewhere", LATER), NOW).await.unwrap();
    until("followed", || knows(&node, "elsewhere")).await;
    jwt.revoke_all("ada").await.unwrap();
    for session in &sessions {
        assert!(jwt.is_revoked(&dead(&session.access_token)).await.unwrap());
    }
    assert!(jwt.sessions("ada").await.unwrap().is_empty());
    assert!(knows(&Replicated::start(store).await.unwrap(), "elsewhere"), "a node starts");
    limit(0);
    let session = jwt.start_session("bob").await.unwrap();
    rotate(&jwt, &session.refresh_token).await.unwrap();
}

#[actix_web::test]
async fn an_evicting_server_is_warned_of_where_it_denies_config() {
    let options = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"];
    let Some(server) = RedisServer::start_with(&options) else { return };
    let rules = ["SETUSER", "less", "on", ">word", "~*", "&*", "+@all", "-config"];
    server.ask::<()>(redis::cmd("ACL").arg(&rules)).unwrap();
    logged::take();
    RedisStore::connect(&format!("redis://less:word@{}", server.address())).await.unwrap();
    let said = logged::take();
    assert!(matches!(&said[..], [line] if line.contains("maxmemory-policy noeviction")), "{said:?}");
}

/// Makes the user that the guide lists, with some rules more, and gives all rules.
pub(crate) fn listed_user(server: &RedisServer, more: &str) -> Vec<String> {
    let rules = format!("{} {more}", include_str!("redis_acl.txt").replace("PASSWORD", "pass-word"));
    let rules: Vec<_> = rules.split_whitespace().map(str::to_owned).collect();
    server.ask::<()>(redis::cmd(&rules[0]).arg(&rules[1..])).unwrap();
    rules
}

/// What an `ACL LOG` says, but for `CLIENT SETINFO`: the client library sends it when it connects, and needs no answer.
fn denied_to(log: Vec<Vec<redis::Value>>) -> Vec<String> {
    let entries = log.iter().map(|entry| format!("{entry:?}"));
    entries.filter(|entry| !entry.contains("client|") && !entry.contains("\"client\"")).collect()
}

#[actix_web::test]
async fn a_user_of_a_cluster_may_do_what_the_guide_lists() {
    let Some(cluster) = RedisCluster::start() else { return };
    for node in &cluster.nodes {
        listed_user(node, "+cluster|slots");
    }
    let url = cluster.url().replace("://", "://ajx:pass-word@");
    let store = RedisStore::connect(&url).await.unwrap();
    let jwt = manager(Replicated::start(store.clone()).await.unwrap());
    for _ in 0..6 {
        let session = jwt.start_session("ada").await.unwrap();
        rotate(&jwt, &session.refresh_token).await.unwrap();
    }
    jwt.revoke_all("ada").await.unwrap();
    for node in &cluster.nodes {
        let denied: Vec<Vec<redis::Value>> = node.ask(redis::cmd("ACL").arg("LOG")).unwrap();
        assert_eq!(denied_to(denied), [""; 0]);
    }
}

/// Through a socket, as a user who may do what the guide lists, and nothing else. Everything on the list is needed.
#[actix_web::test]
async fn a_user_may_do_what_the_guide_lists() {
    let Some(server) = RedisServer::start_with(&["--unixsocket", "socket"]) else { return };
    let rules = listed_user(&server, "");
    server.ask::<()>(redis::cmd("CONFIG").arg("RESETSTAT")).unwrap();
    let socket = server.folder().join("socket");
    let url = format!("redis+unix://{}?user=ajx&pass=pass-word", socket.display());
    let store = RedisStore::connect(&url).await.unwrap();
    assert!(!format!("{store:?}").contains("pass-word"));
    let node = Replicated::start(store.clone()).await.unwrap();
    let jwt = manager(node.clone());
    let session = jwt.start_session("ada").await.unwrap();
    let rotated = rotate(&jwt, &session.refresh_token).await.unwrap();
    for _ in 0..20 {
        jwt.start_session("ada").await.unwrap();
    }
    store.revoke(&Revocation::of_token("over", NOW), NOW).await.unwrap();
    store.revoke(&Revocation::of_subject("bob", NOW, LATER), LATER - 1).await.unwrap();
    until("followed", || node.stats().revocations >= 1).await;
    jwt.revoke_session(&rotated.session_id).await.unwrap();
    assert_eq!(jwt.sessions("ada").await.unwrap().len(), 20);
    let last = jwt.start_session("bob").await.unwrap().session_id;
    let last = store.session(&last).await.unwrap().unwrap();
    assert!(store.remove_session(&last).await.unwrap() && !store.remove_session(&last).await.unwrap());
    jwt.revoke_all("ada").await.unwrap();
    assert!(jwt.is_revoked(&jwt.decode_token(&rotated.access_token).unwrap()).await.unwrap());
    assert!(store.is_revoked(&token("none")).await.is_ok());
    // A connection that is in doubt is asked by PING.
    server.pause();
    assert!(store.is_revoked(&token("none")).await.is_err());
    server.resume();
    let begin = Instant::now();
    while store.is_revoked(&token("none")).await.is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "it does not come back");
    }

    let denied: Vec<Vec<redis::Value>> = server.ask(redis::cmd("ACL").arg("LOG")).unwrap();
    assert_eq!(denied_to(denied), [""; 0]);
    let stats: String = server.ask(redis::cmd("INFO").arg("commandstats")).unwrap();
    let called = |rule: &str| stats.contains(&format!("cmdstat_{}:calls=", &rule[1..])) || rule == "+config|get";
    let idle: Vec<_> = rules.iter().filter(|rule| rule.starts_with('+') && !called(rule)).collect();
    assert!(idle.is_empty(), "on the list, and never called: {idle:?}");
}
