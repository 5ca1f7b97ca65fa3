use crate::common::{
    self, LATER, NOW, knows, loses_nothing, manager, token, trusted_url, trusting, until, works_again,
};
use crate::postgres_server::PostgresServer;
use crate::proxy::Proxy;
use crate::service::{Service as _, program};
use actix_jwt_extended::JwtError;
use actix_jwt_extended::store::{Changes, PostgresStore, Replicated, Revocation, RevocationFeed as _, TokenStore as _};
use actix_web::ResponseError as _;
use futures_util::future::join_all;
use std::future::IntoFuture as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

#[actix_web::test]
async fn passes_every_check() {
    let Some(server) = PostgresServer::start() else { return };
    let number = AtomicUsize::new(0);
    let next = || async {
        let prefix = format!("t{}_", number.fetch_add(1, Ordering::Relaxed));
        PostgresStore::builder().prefix(prefix).connect(&server.url()).await.unwrap()
    };
    common::passes_every_check(next).await;
}

#[actix_web::test]
async fn tables_are_made_where_and_when_they_are_wanted() {
    let Some(server) = PostgresServer::start() else { return };
    // By fifty nodes at once.
    let url = server.url();
    let stores = join_all((0..50).map(|_| async { PostgresStore::connect(&url).await })).await;
    assert!(stores.iter().all(Result::is_ok), "{stores:?}");
    drop(stores);

    server.execute("CREATE SCHEMA auth");
    let builder = PostgresStore::builder().schema("auth").prefix("Jwt_");
    let store = builder.clone().connect(&url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert_eq!(server.execute("SELECT count(*) FROM auth.\"Jwt_revocation\""), "1");

    // Names as long as they may be.
    let long = "n".repeat(40);
    server.execute(&format!("CREATE SCHEMA {long}"));
    let store = PostgresStore::builder().schema(&*long).prefix(&*long).connect(&url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&token("a")).await.unwrap());

    // By somebody who may, for somebody who may not.
    let builder = PostgresStore::builder().prefix("byhand_").migrate(false);
    assert!(builder.clone().connect(&url).await.is_err(), "nobody has made them");
    server.execute(&builder.migration().unwrap());
    server.execute(&builder.migration().unwrap());
    server.execute("CREATE USER app; REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app");
    let apps_url = url.replace("test@", "app@");
    let store = PostgresStore::builder().prefix("byhand_").connect(&apps_url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&token("a")).await.unwrap());
    assert!(PostgresStore::builder().prefix("no_").connect(&apps_url).await.is_err());

    server.execute("INSERT INTO ajx_schema VALUES (2)");
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert!(error.to_string().contains("version 2") && error.to_string().contains("update"), "{error}");
}

#[actix_web::test]
async fn what_will_not_do_is_an_error_without_the_password() {
    for prefix in ["", "a b", "a\"b", "ü", "a-b", &"x".repeat(41)] {
        let error = PostgresStore::builder().prefix(prefix).connect("postgres://localhost/x").await.unwrap_err();
        assert!(error.to_string().contains("prefix"), "{error}");
        assert!(PostgresStore::builder().schema(prefix).migration().is_err());
    }
    for url in ["", "nonsense", "mysql://me:pass-word@host/x", "postgres://me:pass-word@127.0.0.1:1/x"] {
        let error = timeout(Duration::from_secs(30), PostgresStore::connect(url)).await.unwrap().unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("pass-word"), "{said}");
    }
    let Some(server) = PostgresServer::start() else { return };
    // The server has no TLS.
    let url = server.url().replace("sslmode=disable", "sslmode=require");
    assert!(PostgresStore::connect(&url).await.is_err());
    let store = PostgresStore::connect(&server.url().replace("sslmode=disable", "sslmode=prefer")).await.unwrap();
    assert!(!format!("{store:?}").contains("127.0.0.1"), "{store:?}");
}

#[actix_web::test]
async fn a_password_is_needed_where_the_server_says_so() {
    let Some(server) = PostgresServer::start() else { return };
    server.execute("CREATE USER app PASSWORD 'pass-word'; GRANT CREATE ON SCHEMA public TO app");
    server.ask_for_passwords("app");
    let url = server.url().replace("test@", "app:pass-word@");
    let store = PostgresStore::connect(&url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    for wrong in ["app:wrong-word@", "app@"] {
        let error = PostgresStore::connect(&server.url().replace("test@", wrong)).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("wrong-word"), "{said}");
    }
}

/// One statement waits for another's, whatever the database's own default is.
#[actix_web::test]
async fn a_stricter_default_changes_nothing() {
    let Some(server) = PostgresServer::start() else { return };
    server.execute("ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'");
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let revocations: Vec<_> = (0..200).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        revoked.unwrap();
    }
}

#[actix_web::test]
async fn a_pool_of_ones_own_will_do() {
    let Some(server) = PostgresServer::start() else { return };
    let config = server.url().parse().unwrap();
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(2).build().unwrap();
    let store = PostgresStore::builder().with_pool(pool).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    until("followed", || replica.is_revoked_at_once(&token("a"), Duration::MAX) == Some(true)).await;
}

#[actix_web::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let Some(mut server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    let acknowledged = loses_nothing(&mut server, &store, [1, 40, 120]).await;
    let known = |id: &str| replica.is_revoked_at_once(&token(id), Duration::MAX) == Some(true);
    until("the replica follows again", || acknowledged.iter().all(|id| known(id))).await;
    assert_eq!(replica.stats().gaps, 0, "numbers and tags go on where they were");
}

#[actix_web::test]
async fn a_server_that_says_nothing_hangs_nobody_who_gives_up() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    server.pause();
    let begin = Instant::now();
    let revocations: Vec<_> = (0..50).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    let patience = Duration::from_millis(300);
    let revoked = join_all(revocations.iter().map(|one| timeout(patience, store.revoke(one, NOW)))).await;
    assert!(revoked.iter().all(|answer| !matches!(answer, Ok(Ok(())))), "nothing is acknowledged");
    assert!(!matches!(timeout(patience, store.is_revoked(&token("a"))).await, Ok(Ok(_))));
    assert!(begin.elapsed() < Duration::from_secs(30));
    server.resume();
    assert!(works_again(&store, "a").await);
    // Those who gave up left nothing half done in their connections.
    for at in 0..50 {
        store.revoke(&Revocation::of_token(&format!("later {at}"), LATER), NOW).await.unwrap();
        assert!(store.is_revoked(&token(&format!("later {at}"))).await.unwrap());
        assert!(!store.is_revoked(&token(&format!("never {at}"))).await.unwrap());
    }
}

#[actix_web::test]
async fn connections_that_fall_silent_are_replaced() {
    let Some(server) = PostgresServer::start() else { return };
    let proxy = Proxy::to(server.address());
    let url = server.url().replace(&server.address().port().to_string(), &proxy.port().to_string());
    common::recovers_from_silence(
        || async { PostgresStore::connect(&url).await.unwrap() },
        &[proxy],
        Duration::from_secs(6),
    )
    .await;
}

#[test]
fn one_of_a_thousand_wins() {
    let Some(server) = PostgresServer::start() else { return };
    common::one_of_a_thousand_wins(|| async { PostgresStore::connect(&server.url()).await.unwrap() });
}

/// As by a migration, or an administrator who has gone for lunch.
#[actix_web::test]
async fn a_lock_that_somebody_holds_is_an_error_in_time() {
    let Some(server) = PostgresServer::start() else { return };
    // With fewer connections they would wait for one another.
    let store = PostgresStore::builder().pool_size(40).connect(&server.url()).await.unwrap();
    let jwt = manager(store.clone());
    let session = jwt.start_session("ada").await.unwrap();
    let (holder, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    actix_web::rt::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE ajx_revocation IN ACCESS EXCLUSIVE MODE").await.unwrap();

    // The store's own limit: four seconds for a lock.
    let revocations: Vec<_> = (0..40).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    let begin = Instant::now();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        assert!(revoked.is_err(), "nothing is acknowledged that is not kept");
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    // A request's: `JWT_STORE_TIMEOUT`, two seconds, for each of its questions.
    let begin = Instant::now();
    let error = jwt.revoke_session(&session.session_id).await.unwrap_err();
    assert!(matches!(error, JwtError::Store(_)) && error.status_code() == 503, "{error:?}");
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    // The server has given them up, too: they do not come to pass when nobody expects it any more.
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let begin = Instant::now();
    while server.execute(waiting) != "0" {
        assert!(begin.elapsed() < Duration::from_secs(30), "statements wait for ever");
        sleep(Duration::from_millis(50)).await;
    }
    holder.batch_execute("ROLLBACK").await.unwrap();

    for revocation in &revocations {
        assert!(!store.is_revoked(&token(&revocation.key()[2..])).await.unwrap());
        store.revoke(revocation, NOW).await.unwrap();
        assert!(store.is_revoked(&token(&revocation.key()[2..])).await.unwrap());
    }
    assert!(!jwt.is_revoked(&jwt.decode_token(&session.access_token).unwrap()).await.unwrap());
    jwt.revoke_session(&session.session_id).await.unwrap();
    assert!(jwt.is_revoked(&jwt.decode_token(&session.access_token).unwrap()).await.unwrap());
}

#[actix_web::test]
async fn waiting_ends_with_a_revocation_or_in_time() {
    let Some(mut server) = PostgresServer::start() else { return };
    let url = server.url();
    let (store, other) = (PostgresStore::connect(&url).await.unwrap(), PostgresStore::connect(&url).await.unwrap());
    let position = store.position().await.unwrap();
    timeout(Duration::from_secs(30), store.wait(&position, Duration::from_millis(50))).await.unwrap();
    for round in 0..2 {
        let revocation = Revocation::of_token(&format!("a{round}"), LATER);
        let ((), revoked) = tokio::join!(
            async { timeout(Duration::from_secs(30), store.wait(&position, Duration::from_secs(3600))).await.unwrap() },
            async {
                sleep(Duration::from_millis(50)).await;
                other.revoke(&revocation, NOW).await
            }
        );
        revoked.unwrap();
        if round == 0 {
            // The connection that listens is lost, and comes back.
            server.restart();
            assert!(works_again(&store, "a0").await && works_again(&other, "a0").await);
            let position = store.position().await.unwrap();
            timeout(Duration::from_secs(30), store.wait(&position, Duration::from_millis(300))).await.unwrap();
        }
    }
}

/// Of each so many as died while nobody wrote: they are in no answer's way, and go with what is written.
#[actix_web::test]
async fn many_dead_tokens_and_sessions_leave_nothing_behind() {
    const DEAD: i64 = 300_000;
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    store.revoke(&Revocation::of_token("lives", i64::MAX), NOW).await.unwrap();
    server.execute(&format!(
        "INSERT INTO ajx_revocation SELECT convert_to('t:' || n, 'UTF8'), {max}, {NOW} + n FROM generate_series(1, {DEAD}) n;
         INSERT INTO ajx_session SELECT convert_to('s' || n, 'UTF8'), 'x', 0, {NOW} - n, '' FROM generate_series(1, {DEAD}) n;
         ANALYZE",
        max = i64::MAX
    ));
    let later = NOW + 2_000_000;
    let jwt = manager(store.clone());
    for write in 0..400 {
        store.revoke(&Revocation::of_token(&format!("w{write}"), later + 1), later).await.unwrap();
    }
    // Each takes away five hundred, or a hundred, and adds one.
    let left = |table: &str| server.execute(&format!("SELECT count(*) FROM {table}")).parse::<i64>().unwrap();
    assert_eq!(left("ajx_revocation"), DEAD + 401 - 400 * 500);
    assert_eq!(left("ajx_feed"), 401);
    for some in 0..20 {
        for begun in join_all((0..50).map(|_| jwt.start_session("ada").into_future())).await {
            begun.unwrap_or_else(|error| panic!("{some}: {error}"));
        }
    }
    let sessions = left("ajx_session");
    let expected = DEAD + 1_000 - 1_000 * 100;
    assert!((expected..=expected + 20_000).contains(&sessions), "of {DEAD} and one thousand {sessions} are left");
    assert!(store.is_revoked(&token("lives")).await.unwrap());
    assert_eq!(jwt.sessions("ada").await.unwrap().len(), 1_000);
}

#[actix_web::test]
async fn a_history_that_is_another_is_a_gap() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    for id in 0..5 {
        store.revoke(&Revocation::of_token(&format!("a{id}"), LATER), NOW).await.unwrap();
    }
    until("followed", || knows(&replica, "a4")).await;
    let position = store.position().await.unwrap();
    // As after a failover to a standby that lacked the last two.
    server.execute(
        "DELETE FROM ajx_feed WHERE seq > 3; DELETE FROM ajx_revocation WHERE key IN ('t:a3', 't:a4');
         UPDATE ajx_head SET seq = 3, tag = (SELECT tag FROM ajx_feed WHERE seq = 3)",
    );
    assert!(matches!(store.changes(&position).await.unwrap(), Changes::Gap));
    until("healed", || replica.stats().gaps >= 1 && replica.stats().snapshots >= 2).await;
    assert!(store.is_revoked(&token("a3")).await.unwrap() && store.is_revoked(&token("a4")).await.unwrap());
}

#[actix_web::test]
async fn of_several_servers_the_one_that_can_be_written_to_is_taken() {
    let (Some(standby), Some(mut primary)) = (PostgresServer::start(), PostgresServer::start()) else { return };
    standby.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    standby.execute("SELECT pg_reload_conf()");
    let hosts = format!("test@127.0.0.1:1,{},{}/", standby.address(), primary.address());
    let url = primary.url().replace(&format!("test@{}/", primary.address()), &hosts);
    let store = PostgresStore::connect(&url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert_eq!(primary.execute("SELECT count(*) FROM ajx_revocation"), "1");
    // A failover.
    primary.kill();
    standby.execute("ALTER SYSTEM SET default_transaction_read_only = off");
    standby.execute("SELECT pg_reload_conf()");
    let after = PostgresStore::connect(&url).await.unwrap();
    after.revoke(&Revocation::of_token("b", LATER), NOW).await.unwrap();
    assert_eq!(standby.execute("SELECT count(*) FROM ajx_revocation"), "1");
}

#[actix_web::test]
async fn over_tls_the_certificate_counts() {
    let Some(server) = PostgresServer::start() else { return };
    if program("openssl", &[]).is_none() {
        return;
    }
    server.use_own_certificate();
    let url = server.url().replace("sslmode=disable", "sslmode=require");
    // Signed by nobody whom this machine knows.
    let error = PostgresStore::connect(&url).await.unwrap_err();
    assert!(format!("{error:?}").to_lowercase().contains("certificate"), "{error:?}");
    trusting(&server.certificate(), "postgres::whoever_trusts_it_connects", &url);
}

#[actix_web::test]
async fn whoever_trusts_it_connects() {
    let Some(url) = trusted_url() else { return };
    let store = PostgresStore::connect(&url).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&token("a")).await.unwrap());
}
