use crate::common::{
    self, LATER, NOW, knows, loses_nothing, manager, passes_every_check, recovers_from_silence, successor, token,
    until, works_again,
};
use crate::logged;
use crate::proxy::Proxy;
use crate::redis_server::{RedisCluster, RedisServer};
use crate::service::{Service as _, free_port};
use actix_jwt_extended::store::{
    Changes, RedisStore, Replicated, Revocation, RevocationFeed as _, SessionRecord, TokenStore as _,
};
use actix_jwt_extended::{JwtConfig, JwtManager};
use futures_util::future::join_all;
use redis::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

/// A session of its own, whose ID falls into some slot.
async fn begin(store: &RedisStore) -> Result<(), actix_jwt_extended::store::StoreError> {
    let id = uuid::Uuid::new_v4().to_string();
    let record = serde_json::json!({
        "sid": id, "subject": id, "created_at_ms": NOW, "ends_at_ms": LATER, "expires_at_ms": LATER,
        "rotation": 0, "current": "r0", "rotated_at_ms": NOW,
    });
    store.insert_session(&serde_json::from_value(record).unwrap(), NOW).await
}

fn connection(server: &RedisServer) -> Connection {
    redis::Client::open(server.url()).unwrap().get_connection().unwrap()
}

async fn is_revoked(store: &RedisStore, jwt_id: &str) -> bool {
    store.is_revoked(&token(jwt_id)).await.unwrap()
}

/// Every store with keys of its own.
async fn passes(url: String) {
    let number = AtomicUsize::new(0);
    let next = || {
        let (url, prefix) = (url.clone(), format!("test-{}", number.fetch_add(1, Ordering::Relaxed)));
        async move { RedisStore::connect_with_prefix(&url, &prefix).await.unwrap() }
    };
    passes_every_check(next).await;
}

#[actix_web::test]
async fn a_server_passes_every_check() {
    let Some(server) = RedisServer::start() else { return };
    passes(server.url()).await;
}

#[actix_web::test]
async fn a_cluster_passes_every_check() {
    let Some(cluster) = RedisCluster::start() else { return };
    passes(cluster.url()).await;
}

#[actix_web::test]
async fn a_login_is_needed_where_the_server_says_so() {
    let Some(server) = RedisServer::start_with(&[
        "--user",
        "default",
        "off",
        "--user",
        "ajx",
        "on",
        ">pass-word",
        "~*",
        "&*",
        "+@all",
    ]) else {
        return;
    };
    let port = server.address().port();
    let store = RedisStore::connect(&format!("redis://ajx:pass-word@127.0.0.1:{port}")).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert!(!format!("{store:?}").contains("pass-word"));
    // One that may not ask what server this is can be followed all the same.
    let mut admin =
        redis::Client::open(format!("redis://ajx:pass-word@127.0.0.1:{port}")).unwrap().get_connection().unwrap();
    let rules = ["SETUSER", "less", "on", ">pass-word", "~*", "&*", "+@all", "-info", "-config"];
    redis::cmd("ACL").arg(&rules).query::<()>(&mut admin).unwrap();
    let less = RedisStore::connect(&format!("redis://less:pass-word@127.0.0.1:{port}")).await.unwrap();
    assert!(knows(&Replicated::start(less).await.unwrap(), "a"));
    for login in ["", "ajx:wrong-word@", ":pass-word@"] {
        let error = RedisStore::connect(&format!("redis://{login}127.0.0.1:{port}")).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("wrong-word") && !said.contains("pass-word"), "{said}");
    }
}

#[actix_web::test]
async fn what_is_no_server_is_an_error() {
    for url in ["", "nonsense", "http://127.0.0.1", "redis://127.0.0.1:1", "redis+cluster://127.0.0.1:1,127.0.0.1:2"] {
        assert!(timeout(Duration::from_secs(30), RedisStore::connect(url)).await.unwrap().is_err(), "{url}");
    }
    for prefix in ["", "a b", "a{b}", "ü"] {
        let error = RedisStore::connect_with_prefix("redis://127.0.0.1:1", prefix).await.unwrap_err();
        assert!(error.to_string().contains("prefix"), "{error}");
    }
}

#[actix_web::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let Some(mut server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    loses_nothing(&mut server, &store, [0, 1, 20, 80, 150]).await;
}

#[actix_web::test]
async fn a_server_that_says_nothing_is_an_error_in_time() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    server.pause();
    let begin = Instant::now();
    assert!(store.is_revoked(&token("a")).await.is_err());
    assert!(store.revoke(&Revocation::of_token("b", LATER), NOW).await.is_err());
    assert!(begin.elapsed() < Duration::from_secs(30));
    server.resume();
    assert!(works_again(&store, "a").await);
}

#[actix_web::test]
async fn a_connection_that_falls_silent_is_replaced() {
    let Some(server) = RedisServer::start() else { return };
    let proxy = Proxy::to(server.address());
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    recovers_from_silence(|| async { RedisStore::connect(&url).await.unwrap() }, &[proxy], Duration::from_secs(1))
        .await;
}

#[actix_web::test]
async fn connections_to_a_cluster_that_fall_silent_are_replaced() {
    let ports = [(); 3].map(|()| free_port());
    let proxies = ports.map(|port| Proxy::to(([127, 0, 0, 1], port).into()));
    let Some(_cluster) = RedisCluster::at([0, 1, 2].map(|node| (ports[node], proxies[node].port()))) else { return };
    let nodes = proxies.each_ref().map(|proxy| format!("127.0.0.1:{}", proxy.port()));
    let url = format!("redis+cluster://{}", nodes.join(","));
    recovers_from_silence(|| async { RedisStore::connect(&url).await.unwrap() }, &proxies, Duration::from_secs(1))
        .await;
}

/// Whoever waits for the one that hangs gives up, and connections are made anew: the others' slots know nothing of it.
#[actix_web::test]
async fn a_master_that_hangs_takes_its_own_slots_along_and_no_others() {
    let Some(cluster) = RedisCluster::start() else { return };
    for node in &cluster.nodes {
        node.ask::<()>(redis::cmd("CONFIG").arg("SET").arg("cluster-require-full-coverage").arg("no")).unwrap();
    }
    let store = RedisStore::connect(&cluster.url()).await.unwrap();
    let (master, hung) = (cluster.master(), (cluster.master() + 1) % 3);
    let of = |node: usize| {
        let mut ids = (0..).map(|at| format!("s{at}"));
        ids.find(|id| cluster.nodes[node].holds(&format!("ajx:{{{id}}}:session"))).unwrap()
    };
    let (well, lost) = (of(master), of(hung));
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    cluster.nodes[hung].pause();
    let begin = Instant::now();
    let hangs = || begin.elapsed() < Duration::from_secs(9);
    let losing = async {
        let mut failures = 0;
        while hangs() {
            failures += usize::from(store.session(&lost).await.is_err());
        }
        failures
    };
    let going_on = async {
        while hangs() {
            assert!(store.session(&well).await.unwrap().is_none());
            assert!(is_revoked(&store, "a").await);
            sleep(Duration::from_millis(20)).await;
        }
    };
    let (failures, ()) = tokio::join!(losing, going_on);
    assert!(failures > 1, "nobody hung");
    cluster.nodes[hung].resume();
    cluster.wait_until_whole();
    while store.session(&lost).await.is_err() {
        assert!(begin.elapsed() < Duration::from_secs(60), "its slots do not come back");
        sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn one_of_a_thousand_wins() {
    let Some(server) = RedisServer::start() else { return };
    common::one_of_a_thousand_wins(|| async { RedisStore::connect(&server.url()).await.unwrap() });
}

#[test]
fn one_of_a_thousand_wins_in_a_cluster() {
    let Some(cluster) = RedisCluster::start() else { return };
    common::one_of_a_thousand_wins(|| async { RedisStore::connect(&cluster.url()).await.unwrap() });
}

#[actix_web::test]
async fn what_the_server_forgets_is_a_gap() {
    let Some(mut server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    for id in 0..5 {
        store.revoke(&Revocation::of_token(&format!("a{id}"), LATER), NOW).await.unwrap();
    }
    until("followed", || knows(&replica, "a4")).await;
    let position = store.position().await.unwrap();
    redis::cmd("FLUSHALL").query::<()>(&mut connection(&server)).unwrap();
    until("healed", || replica.stats().gaps >= 1 && replica.stats().snapshots >= 2).await;
    for id in 0..5 {
        assert!(is_revoked(&store, &format!("a{id}")).await, "told to the server again");
    }
    // It has as many entries as before, and yet they are others.
    assert_eq!(store.position().await.unwrap().sequence, position.sequence);
    assert!(matches!(store.changes(&position).await.unwrap(), Changes::Gap));

    let gaps = replica.stats().gaps;
    server.forget();
    server.restart();
    until("healed again", || replica.stats().gaps > gaps).await;
    until("told again", || replica.stats().snapshots >= 3).await;
    assert!(works_again(&store, "a0").await);
}

#[actix_web::test]
async fn a_feed_that_is_gone_while_its_head_stays_is_no_endless_gap() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    store.revoke(&Revocation::of_token("one", LATER), NOW).await.unwrap();
    until("followed", || knows(&replica, "one")).await;
    redis::cmd("DEL").arg("{ajx}:feed").query::<()>(&mut connection(&server)).unwrap();
    // Nothing is missing to the replica: it reads nothing again, and is up to date.
    for _ in 0..3 {
        let now = Instant::now();
        until("it has looked", || replica.stats().staleness < now.elapsed()).await;
        let stats = replica.stats();
        assert_eq!((stats.gaps, stats.snapshots), (0, 1));
    }
    store.revoke(&Revocation::of_token("two", LATER), NOW).await.unwrap();
    until("followed again", || knows(&replica, "two")).await;
    assert!(replica.stats().gaps <= 1);
}

/// As an evicting server does it: the feed is read all the time, the head is not.
#[actix_web::test]
async fn a_head_that_is_gone_while_its_feed_stays_is_known_again() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    for id in ["a", "b", "c"] {
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
    until("followed", || knows(&replica, "c")).await;
    let position = store.position().await.unwrap();
    for id in ["d", "e"] {
        redis::cmd("DEL").arg("{ajx}:head").query::<()>(&mut connection(&server)).unwrap();
        if id == "d" {
            assert_eq!(store.position().await.unwrap(), position);
            let fresh = Replicated::start(store.clone()).await.unwrap();
            assert!(["a", "b", "c"].iter().all(|id| knows(&fresh, id)));
        }
        // It failed as often as anything had been revoked before.
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
    assert_eq!(store.position().await.unwrap().sequence, 5);
    until("followed again", || knows(&replica, "d") && knows(&replica, "e")).await;
    assert_eq!((replica.stats().gaps, replica.stats().snapshots), (0, 1));
}

/// What is revoked is one large key, and an evicting server may take it whole.
#[actix_web::test]
async fn an_index_that_is_gone_while_its_feed_stays_is_made_again() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    store.revoke(&Revocation::of_subject("bob", NOW, LATER), NOW).await.unwrap();
    // More than are read in one step.
    let revocations: Vec<_> = (0..1_500).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    store.revoke_many(&revocations, NOW).await.unwrap();
    until("followed", || knows(&replica, "0") && knows(&replica, "1499")).await;
    let mut server = connection(&server);
    let mut forget = |keys: &[&str]| redis::cmd("DEL").arg(keys).query::<()>(&mut server).unwrap();
    let index = ["{ajx}:until", "{ajx}:cutoff"];

    forget(&index);
    assert!(is_revoked(&store, "0").await && is_revoked(&store, "1499").await && !is_revoked(&store, "1500").await);
    forget(&index);
    let fresh = Replicated::start(store.clone()).await.unwrap();
    assert!(knows(&fresh, "0") && knows(&fresh, "1499") && !knows(&fresh, "1500"));
    forget(&index);
    store.revoke(&Revocation::of_token("1500", LATER), NOW).await.unwrap();
    assert!(is_revoked(&store, "0").await && is_revoked(&store, "1500").await);
    let page = store.snapshot(None).await.unwrap();
    assert!(page.next.is_some() || page.revocations.len() == 1_502);
    let mut bob = token("of-bob");
    (bob.subject, bob.issued_at_ms) = ("bob", NOW);
    assert!(store.is_revoked(&bob).await.unwrap());
    bob.issued_at_ms = NOW + 1;
    assert!(!store.is_revoked(&bob).await.unwrap(), "what he was given later lives");
    until("followed again", || knows(&replica, "1500")).await;
    assert_eq!((replica.stats().gaps, replica.stats().snapshots), (0, 1));

    // Not even the feed is left: followers notice, and tell the server again.
    forget(&[&index[..], &["{ajx}:feed"]].concat());
    until("noticed", || replica.stats().gaps >= 1 && replica.stats().snapshots >= 2).await;
    for id in ["0", "1499", "1500"] {
        assert!(is_revoked(&store, id).await, "{id} was not told again");
    }
}

#[actix_web::test]
async fn waiting_ends_with_a_revocation_or_in_time() {
    let Some(server) = RedisServer::start() else { return };
    let (store, other) =
        (RedisStore::connect(&server.url()).await.unwrap(), RedisStore::connect(&server.url()).await.unwrap());
    let position = store.position().await.unwrap();
    timeout(Duration::from_secs(30), store.wait(&position, Duration::from_millis(50))).await.unwrap();
    let revocation = Revocation::of_token("a", LATER);
    let ((), revoked) = tokio::join!(
        async { timeout(Duration::from_secs(30), store.wait(&position, Duration::from_secs(3600))).await.unwrap() },
        async {
            sleep(Duration::from_millis(50)).await;
            other.revoke(&revocation, NOW).await
        }
    );
    revoked.unwrap();
    // Its own connection was lost meanwhile.
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("normal").query::<()>(&mut connection(&server)).ok();
    let end = other_position(&store).await;
    timeout(Duration::from_secs(30), store.wait(&end, Duration::from_millis(50))).await.unwrap();
}

async fn other_position(store: &RedisStore) -> actix_jwt_extended::store::FeedPosition {
    for _ in 0..100 {
        match store.position().await {
            Ok(position) => return position,
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("the connection does not come back");
}

/// A cursor of one process says nothing to the next.
#[actix_web::test]
async fn a_snapshot_is_of_one_server() {
    let Some(mut server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let revocations: Vec<_> = (0..5_000).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        revoked.unwrap();
    }
    let first = store.snapshot(None).await.unwrap();
    let next = first.next.expect("there are more");
    assert!(store.snapshot(Some(&next)).await.is_ok());
    server.restart();
    assert!(works_again(&store, "0").await);
    let error = store.snapshot(Some(&next)).await.unwrap_err();
    assert!(error.to_string().contains("between two pages"), "{error}");
}

#[actix_web::test]
async fn a_feed_that_was_cut_is_a_gap() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let start = store.position().await.unwrap();
    for id in ["a", "b", "c"] {
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
    let end = store.position().await.unwrap();
    redis::cmd("XTRIM").arg("{ajx}:feed").arg("MAXLEN").arg(1).query::<()>(&mut connection(&server)).unwrap();
    assert!(matches!(store.changes(&start).await.unwrap(), Changes::Gap));
    assert!(matches!(store.changes(&end).await.unwrap(), Changes::Next { .. }));
}

#[actix_web::test]
async fn waiting_for_a_server_that_says_nothing_ends() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let position = store.position().await.unwrap();
    store.wait(&position, Duration::from_millis(10)).await;
    server.pause();
    let waits = join_all((0..3).map(|_| store.wait(&position, Duration::from_millis(100))));
    timeout(Duration::from_secs(30), waits).await.expect("no wait hangs");
    server.resume();
    assert!(!works_again(&store, "a").await);
}

#[actix_web::test]
async fn scripts_may_be_flushed() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    redis::cmd("SCRIPT").arg("FLUSH").query::<()>(&mut connection(&server)).unwrap();
    store.revoke(&Revocation::of_token("b", LATER), NOW).await.unwrap();
    assert!(is_revoked(&store, "a").await && is_revoked(&store, "b").await);
}

#[actix_web::test]
async fn the_log_says_what_a_server_would_forget() {
    for (options, expected) in [
        (&["--appendonly", "no"][..], &["keeps no append-only file"][..]),
        (&["--appendonly", "yes", "--appendfsync", "everysec"], &["appendfsync everysec"]),
        (&["--appendonly", "yes", "--appendfsync", "no"], &["appendfsync no"]),
        (&["--appendonly", "yes", "--appendfsync", "always"], &[]),
        (
            &["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "allkeys-lru"],
            &["maxmemory-policy noeviction"],
        ),
    ] {
        let Some(server) = RedisServer::start_with(options) else { return };
        logged::take();
        RedisStore::connect(&server.url()).await.unwrap();
        let said = logged::take();
        assert_eq!(said.len(), expected.len(), "{options:?}: {said:?}");
        for (line, part) in said.iter().zip(expected) {
            assert!(line.contains(part) && line.contains(" set "), "{options:?}: {line}");
        }
    }
}

/// A hundred days of a thousand logouts. A million takes ten times as long, and its size is that of the first hundred thousand.
#[actix_web::test]
async fn a_hundred_thousand_dead_tokens_leave_nothing_behind() {
    // On the disk it would take long; nothing is killed here.
    let Some(server) = RedisServer::start_with(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    store.revoke(&Revocation::of_token("lives", i64::MAX), NOW).await.unwrap();
    let mut server = connection(&server);
    let mut sizes = Vec::new();
    for day in 0..100 {
        let now_ms = NOW + day * 86_400_000;
        let revocations: Vec<_> = (0..1_000)
            .map(|at| match at % 2 {
                0 => Revocation::of_token(&format!("{day} {at}"), now_ms + 30_000),
                _ => Revocation::of_subject(&format!("{day} {at}"), now_ms, now_ms + 30_000),
            })
            .collect();
        store.revoke_many(&revocations, now_ms).await.unwrap();
        sizes.push(used_memory(&mut server));
    }
    let live: i64 = redis::cmd("ZCARD").arg("{ajx}:until").query(&mut server).unwrap();
    let cutoffs: i64 = redis::cmd("HLEN").arg("{ajx}:cutoff").query(&mut server).unwrap();
    let told: i64 = redis::cmd("XLEN").arg("{ajx}:feed").query(&mut server).unwrap();
    assert!(live <= 2_001 && cutoffs <= 1_001 && told <= 65_536, "{live} live, {cutoffs} cut-offs, {told} told");
    assert!(is_revoked(&store, "lives").await);
    // Once the feed is as long as it gets, nothing grows any more.
    let (before, after) = (sizes[70], sizes[99]);
    assert!(after < before + before / 10, "{before} bytes, then {after}");
}

fn used_memory(server: &mut Connection) -> u64 {
    let info: String = redis::cmd("INFO").arg("memory").query(server).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    line.trim().parse().unwrap()
}

/// Twenty thousand sessions, each with a record and a list, that the server lets expire by itself.
#[actix_web::test]
async fn twenty_thousand_dead_sessions_leave_nothing_behind() {
    let Some(server) = RedisServer::start_with(&["--hz", "100", "--active-expire-effort", "10"]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    store.insert_session(&record("lives", "ada", LATER, LATER), NOW).await.unwrap();
    let mut server = connection(&server);
    let before = used_memory(&mut server);
    let sessions: Vec<_> =
        (0..20_000).map(|at| record(&format!("s{at}"), &format!("u{at}"), NOW + 8_000, NOW + 8_000)).collect();
    for some in sessions.chunks(1_000) {
        for kept in join_all(some.iter().map(|session| store.insert_session(session, NOW))).await {
            kept.unwrap();
        }
    }
    let full = used_memory(&mut server);
    // On a slow machine the first are gone before the last are there.
    assert!(full > before + 10_000_000, "{full} bytes");
    let begin = Instant::now();
    while redis::cmd("DBSIZE").query::<i64>(&mut server).unwrap() > 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "they are still there");
        sleep(Duration::from_millis(50)).await;
    }
    let after = used_memory(&mut server);
    assert!(after < before + 5_000_000, "{before} bytes, then {full}, then {after}");
    assert_eq!(store.sessions("ada").await.unwrap().len(), 1);
}

#[actix_web::test]
async fn sessions_go_by_themselves() {
    let Some(server) = RedisServer::start() else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let config = JwtConfig::new()
        .secret_key("the secret of a test, 32 bytes or more")
        .session_lifetime(Duration::from_millis(1_500));
    let jwt = JwtManager::builder(config).token_store(store).build().unwrap();
    for _ in 0..10 {
        jwt.start_session("ada").await.unwrap();
    }
    let mut server = connection(&server);
    let keys = |server: &mut Connection| redis::cmd("DBSIZE").query::<i64>(server).unwrap();
    assert_eq!(keys(&mut server), 11, "ten sessions, and the list of them");
    for _ in 0..500 {
        if keys(&mut server) == 0 {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("{} keys are left", keys(&mut server));
}

fn record(sid: &str, subject: &str, ends_at_ms: i64, expires_at_ms: i64) -> SessionRecord {
    let record = serde_json::json!({
        "sid": sid, "subject": subject, "created_at_ms": NOW, "ends_at_ms": ends_at_ms,
        "expires_at_ms": expires_at_ms, "rotation": 0, "current": "r0", "rotated_at_ms": NOW,
    });
    serde_json::from_value(record).unwrap()
}

#[actix_web::test]
async fn a_list_holds_no_more_than_lives() {
    let Some(server) = RedisServer::start_with(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let mut server = connection(&server);
    let ask = |server: &mut Connection, command: &str, subject: &str| {
        redis::cmd(command).arg(format!("ajx:{{{subject}}}:sessions")).query::<i64>(server).unwrap()
    };
    // Without an end of their own, and idle for too long one after the other.
    for at in 0..500 {
        let now_ms = NOW + at * 1_000;
        store.insert_session(&record(&format!("i{at}"), "idle", i64::MAX, now_ms + 5_000), now_ms).await.unwrap();
    }
    let (length, life) = (ask(&mut server, "ZCARD", "idle"), ask(&mut server, "PTTL", "idle"));
    assert!(length <= 6 && (1..=5_000).contains(&life), "{length} entries for {life} ms");
    // One that is refreshed stays, as does the list with it.
    let idle = record("kept", "idle", i64::MAX, NOW + 505_000);
    store.insert_session(&idle, NOW + 500_000).await.unwrap();
    let mut next = successor(&idle);
    let moved = serde_json::json!({ "rotated_at_ms": NOW + 504_000, "expires_at_ms": NOW + 604_000 });
    let mut json = serde_json::to_value(&next).unwrap();
    json.as_object_mut().unwrap().extend(moved.as_object().unwrap().clone());
    next = serde_json::from_value(json).unwrap();
    assert!(store.replace_session(&next).await.unwrap());
    assert!(ask(&mut server, "PTTL", "idle") > 50_000);
    let later = record("later", "idle", i64::MAX, NOW + 605_000);
    store.insert_session(&later, NOW + 600_000).await.unwrap();
    assert_eq!(store.sessions("idle").await.unwrap(), [next, later]);

    // That never end; of each the list was not told that it is gone.
    for at in 0..500 {
        let session = record(&format!("g{at}"), "gone", i64::MAX, i64::MAX);
        store.insert_session(&session, NOW).await.unwrap();
        redis::cmd("DEL").arg(format!("ajx:{{g{at}}}:session")).query::<()>(&mut server).unwrap();
    }
    let length = ask(&mut server, "ZCARD", "gone");
    assert!(length < 40, "{length} entries");
    assert!(store.sessions("gone").await.unwrap().is_empty());
    assert_eq!(ask(&mut server, "ZCARD", "gone"), 0);
}

#[actix_web::test]
async fn a_cluster_that_loses_a_node_says_so_and_comes_back() {
    let Some(mut cluster) = RedisCluster::start() else { return };
    let store = RedisStore::connect(&cluster.url()).await.unwrap();
    let jwt = manager(store.clone());
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(jwt.start_session("ada").await.unwrap().session_id);
    }
    cluster.nodes[0].kill();
    let answers = timeout(Duration::from_secs(60), join_all(sessions.iter().map(|session| store.session(session))));
    let answers = answers.await.expect("answers in time");
    assert!(answers.iter().any(Result::is_err), "a third of the slots is gone");
    // The others go on, also where they have never seen a script.
    for node in &cluster.nodes[1..] {
        redis::cmd("SCRIPT").arg("FLUSH").query::<()>(&mut connection(node)).unwrap();
    }
    let begun = timeout(Duration::from_secs(60), join_all((0..20).map(|_| begin(&store)))).await.unwrap();
    assert!(begun.iter().any(Result::is_ok) && begun.iter().any(Result::is_err), "two thirds are there: {begun:?}");
    cluster.nodes[0].restart();
    cluster.wait_until_whole();
    assert!(works_again(&store, "a").await);
    for session in &sessions {
        let mut found = store.session(session).await;
        for _ in 0..100 {
            if found.is_ok() {
                break;
            }
            sleep(Duration::from_millis(100)).await;
            found = store.session(session).await;
        }
        assert!(found.unwrap().is_some());
    }
}
