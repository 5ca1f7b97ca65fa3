//! PostgreSQL as it is really run: poolers, few connections, emptied tables, failovers with connections left open, roles.

use crate::common::{LATER, NOW, knows, manager, rotate, token, until, works_again};
use crate::pgbouncer::PgBouncer;
use crate::postgres_server::PostgresServer;
use crate::proxy::{Proxy, Way};
use crate::service::{Service as _, program};
use crate::{common, logged};
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::store::{PostgresStore, Replicated, Revocation, RevocationFeed as _, TokenStore};
use futures_util::future::join_all;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::time::{sleep, timeout};

async fn revoke(store: &impl TokenStore, ids: &[&str]) {
    for id in ids {
        store.revoke(&Revocation::of_token(id, LATER), NOW).await.unwrap();
    }
}

/// What other programs find in the sessions that they get from the pooler.
async fn nothing_is_left(pooler: &PgBouncer) {
    let sql = "SELECT current_setting('statement_timeout') || current_setting('lock_timeout')
                   || current_setting('synchronous_commit') || current_setting('default_transaction_isolation')
                   || (SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql)";
    let others = join_all((0..8).map(|_| async {
        let (client, connection) = tokio_postgres::connect(&pooler.url(), tokio_postgres::NoTls).await.unwrap();
        actix_web::rt::spawn(connection);
        client.batch_execute("BEGIN").await.unwrap();
        let rows = client.simple_query(sql).await.unwrap();
        let found = rows.iter().find_map(|row| match row {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap().to_owned()),
            _ => None,
        });
        (client, found.unwrap())
    }));
    for (_, found) in others.await {
        assert_eq!(found, "00offserializable0");
    }
}

async fn works_behind_pgbouncer(pool_mode: &str) {
    let Some(server) = PostgresServer::start() else { return };
    // What a program may have as its defaults, and ours does not want.
    server.execute("ALTER SYSTEM SET default_transaction_isolation = 'serializable'");
    server.execute("ALTER SYSTEM SET synchronous_commit = off");
    server.execute("SELECT pg_reload_conf()");
    let Some(pooler) = PgBouncer::before(server.address().port(), pool_mode, 40) else { return };
    let number = AtomicUsize::new(0);
    let next = || async {
        let prefix = format!("t{}_", number.fetch_add(1, Ordering::Relaxed));
        PostgresStore::builder().prefix(prefix).pool_size(2).connect(&pooler.url()).await.unwrap()
    };
    common::realms_share_nothing(next().await).await;
    if pool_mode == "session" {
        actix_jwt_extended::test_util::store_testing::check_feed(|_| next()).await;
    }

    let (one, other) = (next().await, PostgresStore::connect(&pooler.url()).await.unwrap());
    drop(one);
    let replica = Replicated::start(PostgresStore::connect(&pooler.url()).await.unwrap()).await.unwrap();
    // Many at once, two stores, and on a serializable default.
    let all: Vec<_> = (0..200).map(|at| at.to_string()).collect();
    let revoking = all.iter().enumerate().map(|(at, id)| {
        let store: &PostgresStore = if at % 2 == 0 { &other } else { replica.store() };
        let revocation = Revocation::of_token(id, LATER);
        async move { store.revoke(&revocation, NOW).await }
    });
    for revoked in join_all(revoking).await {
        revoked.unwrap();
    }
    until("followed", || all.iter().all(|id| knows(&replica, id))).await;
    assert_eq!(replica.stats().gaps, 0);
    let jwt = manager(replica);
    let pair = jwt.start_session("ada").await.unwrap();
    let pair = rotate(&jwt, &pair.refresh_token).await.unwrap();
    jwt.revoke_session(&pair.session_id).await.unwrap();
    assert!(other.is_revoked(&token("199")).await.unwrap());
    drop((jwt, other));
    nothing_is_left(&pooler).await;
}

#[actix_web::test]
async fn behind_pgbouncer_that_pools_sessions() {
    works_behind_pgbouncer("session").await;
}

#[actix_web::test]
async fn behind_pgbouncer_that_pools_transactions() {
    works_behind_pgbouncer("transaction").await;
}

/// More requests than connections, of which the server has no more: nobody is refused who can be served a moment later.
#[actix_web::test]
async fn requests_wait_for_a_connection() {
    let Some(server) = PostgresServer::start() else { return };
    server.execute("CREATE ROLE app LOGIN CONNECTION LIMIT 3; GRANT CREATE ON SCHEMA public TO app");
    let url = server.url().replace("test@", "app@");
    // It would take more than it gets.
    let store = PostgresStore::builder().pool_size(10).connect(&url).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    let ids: Vec<_> = (0..300).map(|at| at.to_string()).collect();
    let revocations: Vec<_> = ids.iter().map(|id| Revocation::of_token(id, LATER)).collect();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        revoked.unwrap();
    }
    until("followed", || ids.iter().all(|id| knows(&replica, id))).await;
    // A node that finds none at all waits for one.
    let late = async {
        let others = (replica, store);
        sleep(Duration::from_millis(500)).await;
        drop(others);
    };
    let (second, ()) = tokio::join!(async { PostgresStore::connect(&url).await }, late);
    assert!(second.unwrap().is_revoked(&token("0")).await.unwrap());

    // By default four, and one that listens.
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let position = store.position().await.unwrap();
    store.wait(&position, Duration::from_millis(10)).await;
    let asked = join_all(ids.iter().map(|id| async { store.is_revoked(&token(id)).await })).await;
    assert!(asked.into_iter().all(|answer| answer.unwrap()));
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'test' AND application_name LIKE 'actix%'";
    let open: u32 = server.execute(ours).parse().unwrap();
    assert!((1..=5).contains(&open), "{open} connections");
}

/// Whoever was answered with an error need not fear that it comes to pass when the lock is gone.
async fn what_was_given_up_is_cancelled_at(url: &str, server: &PostgresServer) {
    let store = PostgresStore::connect(url).await.unwrap();
    let (holder, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    actix_web::rt::spawn(connection);
    holder.batch_execute("BEGIN; LOCK TABLE ajx_revocation IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let revocation = Revocation::of_token("a", LATER);
    // Long enough for it to arrive, and shorter than the store's own limit.
    assert!(timeout(Duration::from_secs(2), store.revoke(&revocation, NOW)).await.is_err());
    let begin = Instant::now();
    while !server.log().contains("canceling statement due to user request") {
        assert!(begin.elapsed() < Duration::from_secs(60), "nobody has cancelled it: {}", server.log());
        sleep(Duration::from_millis(20)).await;
    }
    holder.batch_execute("ROLLBACK").await.unwrap();
    assert!(!store.is_revoked(&token("a")).await.unwrap());
    revoke(&store, &["a"]).await;
    assert!(store.is_revoked(&token("a")).await.unwrap());
}

#[actix_web::test]
async fn what_was_given_up_is_cancelled() {
    let Some(server) = PostgresServer::start() else { return };
    what_was_given_up_is_cancelled_at(&server.url(), &server).await;
}

#[actix_web::test]
async fn what_was_given_up_behind_a_pooler_is_cancelled() {
    for pool_mode in ["session", "transaction"] {
        let Some(server) = PostgresServer::start() else { return };
        let Some(pooler) = PgBouncer::before(server.address().port(), pool_mode, 10) else { return };
        what_was_given_up_is_cancelled_at(&pooler.url(), &server).await;
    }
}

/// By `TRUNCATE`, or by a restore of some of them.
#[actix_web::test]
async fn emptied_tables_are_filled_again() {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    let mut known = vec!["a", "b", "c"];
    revoke(&replica, &known).await;
    until("followed", || replica.stats().revocations == 3).await;
    sleep(Duration::from_millis(600)).await;
    let emptied = [
        ("TRUNCATE ajx_head, ajx_feed, ajx_revocation, ajx_session, ajx_schema", "d"),
        ("TRUNCATE ajx_head", "e"),
        ("TRUNCATE ajx_feed", "f"),
        ("UPDATE ajx_head SET seq = 1, tag = 'of an older copy'", "g"),
    ];
    for (how, next) in emptied {
        let gaps = replica.stats().gaps;
        server.execute(how);
        if next == "d" {
            // By those who remember.
            until("noticed", || replica.stats().gaps > gaps).await;
            for id in &known {
                let begin = Instant::now();
                while !works_again(&store, id).await {
                    assert!(begin.elapsed() < Duration::from_secs(30), "{id} is forgotten");
                    sleep(Duration::from_millis(20)).await;
                }
            }
        }
        // A node can start, logouts are kept, and all hear of them.
        let fresh = Replicated::start(PostgresStore::connect(&server.url()).await.unwrap()).await.unwrap();
        revoke(&fresh, &[next]).await;
        known.push(next);
        until(how, || known.iter().all(|id| knows(&fresh, id) && knows(&replica, id))).await;
        let last = store.position().await.unwrap();
        assert_eq!(server.execute("SELECT seq FROM ajx_head"), last.sequence.to_string(), "{how}");
    }
    // What only the feed has.
    let _ = logged::take();
    server.execute("TRUNCATE ajx_revocation");
    let mended = PostgresStore::connect(&server.url()).await.unwrap();
    assert!(mended.is_revoked(&token("g")).await.unwrap());
    assert!(logged::take().iter().any(|line| line.contains("filled again")));
}

/// Roles are swapped, and connections stay open: a proxy leads new ones to the new primary.
#[actix_web::test]
async fn a_server_that_takes_no_writes_any_more_is_left() {
    let (Some(old), Some(new)) = (PostgresServer::start(), PostgresServer::start()) else { return };
    let hosts = format!("test@{},{}/", old.address(), new.address());
    let url = old.url().replace(&format!("test@{}/", old.address()), &hosts);
    PostgresStore::connect(&new.url()).await.unwrap();
    let store = PostgresStore::connect(&url).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    revoke(&replica, &["a", "b"]).await;
    // All connections of the pool.
    join_all((0..20).map(|_| async { store.is_revoked(&token("a")).await.unwrap() })).await;
    old.execute("ALTER SYSTEM SET default_transaction_read_only = on");
    old.execute("SELECT pg_reload_conf()");
    until("it takes no writes", || old.execute("SHOW default_transaction_read_only") == "on").await;
    let error = PostgresStore::connect(&old.url()).await.unwrap_err().to_string();
    assert!(error.contains("takes no writes") && error.contains(&old.address().port().to_string()), "{error}");

    for id in ["c", "d", "e", "f", "g", "h"] {
        let begin = Instant::now();
        while let Err(error) = replica.revoke(&Revocation::of_token(id, LATER), NOW).await {
            assert!(begin.elapsed() < Duration::from_secs(30), "{error}");
            sleep(Duration::from_millis(20)).await;
        }
    }
    assert_eq!(new.execute("SELECT count(*) FROM ajx_revocation WHERE key >= 't:c'"), "6");
    // Who listens, listens to the new one: news of others arrive.
    let other = PostgresStore::connect(&new.url()).await.unwrap();
    revoke(&other, &["i"]).await;
    until("followed", || knows(&replica, "i")).await;
}

/// The commit says so itself, whatever the server's default.
#[actix_web::test]
async fn what_is_acknowledged_is_on_the_disk() {
    let Some(server) = PostgresServer::start() else { return };
    server.execute("ALTER DATABASE postgres SET synchronous_commit = off");
    // Nothing writes it to the disk by the way.
    server.execute("ALTER SYSTEM SET wal_writer_delay = '10s'; ");
    server.execute("ALTER SYSTEM SET wal_writer_flush_after = '1GB'");
    server.execute("SELECT pg_reload_conf()");
    let config: tokio_postgres::Config = server.url().parse().unwrap();
    let pool = deadpool_postgres::Pool::builder(deadpool_postgres::Manager::new(config, tokio_postgres::NoTls))
        .max_size(2)
        .build()
        .unwrap();
    let stores =
        [PostgresStore::connect(&server.url()).await.unwrap(), PostgresStore::builder().with_pool(pool).await.unwrap()];
    for (at, store) in stores.iter().enumerate() {
        for round in 0..20 {
            revoke(store, &[&format!("{at} {round}")]).await;
            assert_eq!(server.execute("SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"), "t");
        }
    }
}

/// Tables that another application has in `public` are not taken.
#[actix_web::test]
async fn the_first_schema_of_the_search_path_is_the_one() {
    let Some(server) = PostgresServer::start() else { return };
    let elsewhere = PostgresStore::connect(&server.url()).await.unwrap();
    revoke(&elsewhere, &["a"]).await;
    server.execute("CREATE ROLE app LOGIN; CREATE SCHEMA app AUTHORIZATION app");
    server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app");
    let _ = logged::take();
    let url = server.url().replace("test@", "app@");
    let store = PostgresStore::connect(&url).await.unwrap();
    assert!(logged::take().iter().any(|line| line.contains("public") && line.contains(".schema(")));
    assert!(!store.is_revoked(&token("a")).await.unwrap());
    revoke(&store, &["b"]).await;
    assert_eq!(server.execute("SELECT count(*) FROM app.ajx_revocation"), "1");
    assert_eq!(server.execute("SELECT count(*) FROM public.ajx_revocation"), "1");
    // Once they are there, nothing more is said; and who means the others, names them.
    PostgresStore::connect(&url).await.unwrap();
    assert!(logged::take().iter().all(|line| !line.contains(".schema(")));
    let named = PostgresStore::builder().schema("public").connect(&url).await.unwrap();
    assert!(named.is_revoked(&token("a")).await.unwrap());
    // A name that must be quoted.
    server.execute("CREATE SCHEMA \"it's \"\"mine\"\"\" AUTHORIZATION app");
    server.execute("ALTER ROLE app SET search_path = 'it''s \"mine\"'");
    revoke(&PostgresStore::connect(&url).await.unwrap(), &["c"]).await;
    assert_eq!(server.execute("SELECT count(*) FROM \"it's \"\"mine\"\"\".ajx_revocation"), "1");
}

/// The guide's list, and nothing more.
#[actix_web::test]
async fn the_guides_grants_are_enough() {
    let Some(server) = PostgresServer::start() else { return };
    let builder = PostgresStore::builder().schema("auth");
    server.execute("CREATE ROLE owner LOGIN; CREATE SCHEMA auth AUTHORIZATION owner; CREATE ROLE app LOGIN");
    server.execute(&format!("SET ROLE owner; {}", builder.migration().unwrap()));
    let url = server.url().replace("test@", "app@");
    let error = builder.clone().migrate(false).connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("permission denied for schema auth") && error.contains("grant"), "{error}");
    // docs/guide.rs compares it with the page.
    let guide = include_str!("postgres_grants.sql");
    server.execute(&format!("SET ROLE owner; {guide}"));
    let store = builder.migrate(false).connect(&url).await.unwrap();
    let replica = Replicated::start(store.clone()).await.unwrap();
    let jwt = manager(replica.clone());
    let pair = jwt.start_session("ada").await.unwrap();
    let pair = rotate(&jwt, &pair.refresh_token).await.unwrap();
    jwt.revoke_session(&pair.session_id).await.unwrap();
    jwt.revoke_all("ada").await.unwrap();
    server.execute("TRUNCATE auth.ajx_head, auth.ajx_feed");
    revoke(&replica, &["a"]).await;
    assert!(store.is_revoked(&token("a")).await.unwrap());
}

/// A round trip takes so long that nobody waits for a connection to come; it comes all the same, and stays.
#[actix_web::test]
async fn far_away_somebody_listens_all_the_same() {
    let Some(server) = PostgresServer::start() else { return };
    let proxy = Proxy::to(server.address());
    proxy.set(Way::Slow);
    let url = server.url().replace(&server.address().port().to_string(), &proxy.port().to_string());
    let store = PostgresStore::builder().connect_timeout(Duration::from_secs(20)).connect(&url).await.unwrap();
    let replica = Replicated::start(store).await.unwrap();
    let listening = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query = 'LISTEN \"ajx_feed\"'";
    until("somebody listens", || server.execute(listening) == "1").await;
    let connections = proxy.connections();
    let near = PostgresStore::connect(&server.url()).await.unwrap();
    for id in ["a", "b", "c"] {
        revoke(&near, &[id]).await;
        until("followed", || knows(&replica, id)).await;
    }
    // A few more where an answer was given up; before, it was several for each second.
    assert!(proxy.connections() <= connections + 4, "connections are not kept");
}

#[actix_web::test]
async fn errors_say_what_to_do() {
    let refused = |url: String| async move {
        let connecting = PostgresStore::connect(&url);
        let error = timeout(Duration::from_secs(60), connecting).await.unwrap().unwrap_err();
        let said = error.to_string();
        assert!(!format!("{said} {error:?}").contains("pass-word"), "{said}");
        said
    };
    let says = |said: &str, all: &[&str]| assert!(all.iter().all(|part| said.contains(part)), "{said}");
    let base = "postgres://me:pass-word@127.0.0.1:1/x";
    says(&refused(base.to_owned()).await, &["127.0.0.1:1", "refused"]);
    says(&refused(format!("{base}?pgbouncer=true")).await, &["`pgbouncer`", "leave it out"]);
    says(&refused(format!("{base}?sslmode=allow")).await, &["`sslmode`", "verify-full"]);
    says(&refused(format!("{base}?connect_timeout=soon")).await, &["connect_timeout"]);
    says(&refused(format!("{base}?sslrootcert=/no/such.pem")).await, &["sslrootcert", "/no/such.pem", "No such file"]);
    says(&refused(format!("{base}?sslcert=/no/such.pem")).await, &["`sslkey`", "together"]);
    says(&refused("postgres://me:a?pass-word=b@127.0.0.1:1/x?y=pass-word".to_owned()).await, &["`y`"]);
    says(&refused("postgres://me:a@b?pass-word@127.0.0.1:1/x".to_owned()).await, &["%3F"]);

    let Some(server) = PostgresServer::start() else { return };
    server.execute("CREATE USER app PASSWORD 'right'");
    server.ask_for_passwords("app");
    let at = |login: &str| server.url().replace("test@", login);
    let address = server.address().to_string();
    says(&refused(at("app:pass-word@")).await, &[&address, "password authentication failed", "check the user"]);
    says(
        &refused(server.url().replace("/postgres?", "/none?")).await,
        &["\"none\" does not exist", "create the database"],
    );
    says(&refused(server.url().replace("disable", "require")).await, &["does not support TLS", "sslmode=disable"]);
    server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    says(&refused(at("app:right@")).await, &["permission denied for schema public", "grant"]);
    let Some(pooler) = PgBouncer::before(server.address().port(), "session", 10) else { return };
    let options = format!("{}&options=-c%20geqo%3Doff", pooler.url());
    says(&refused(options).await, &["startup parameter", "leave `options` out"]);
}

#[actix_web::test]
async fn tls_is_as_the_url_says() {
    let Some(server) = PostgresServer::start() else { return };
    if program("openssl", &[]).is_none() {
        return;
    }
    server.use_own_certificate();
    let authority = server.certificate();
    let file = authority.display();
    // The certificate is for 127.0.0.1.
    let at = |host: &str, tls: &str| {
        server.url().replace("127.0.0.1", host).replace("sslmode=disable", &format!("sslmode={tls}"))
    };
    for tls in ["require", "verify-full", "verify-ca"] {
        let error = PostgresStore::connect(&at("127.0.0.1", tls)).await.unwrap_err().to_string();
        assert!(error.contains("certificate") && error.contains("sslrootcert=FILE"), "{error}");
        let store = PostgresStore::connect(&at("127.0.0.1", &format!("{tls}&sslrootcert={file}"))).await.unwrap();
        revoke(&store, &[tls]).await;
    }
    // By the settings; after which comes what the URL says.
    let own = at("127.0.0.1", "verify-full");
    let trusting = |file: &Path| JwtConfig::new().store_ca_file(file).postgres_store();
    trusting(&authority).connect(&own).await.unwrap();
    let none = Path::new("/no/such.pem");
    trusting(none).connect(&format!("{own}&sslrootcert={file}")).await.unwrap();
    trusting(none).connect(&server.url()).await.unwrap();
    let error = trusting(none).connect(&own).await.unwrap_err().to_string();
    assert!(error.contains("JWT_STORE_CA_FILE") && error.contains("/no/such.pem"), "{error}");
    assert!(trusting(&authority).connect(&format!("{own}&sslrootcert=system")).await.is_err());
    let error = PostgresStore::connect(&at("localhost", &format!("verify-full&sslrootcert={file}"))).await.unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
    PostgresStore::connect(&at("localhost", &format!("verify-ca&sslrootcert={file}"))).await.unwrap();

    server.execute("CREATE ROLE app LOGIN; GRANT CREATE ON SCHEMA public TO app");
    server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app");
    let (certificate, key) = server.ask_for_a_certificate("app");
    let without = at("app@127.0.0.1", &format!("verify-full&sslrootcert={file}")).replace("test@", "");
    let error = PostgresStore::connect(&without).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let with = format!("{without}&sslcert={}&sslkey={}", certificate.display(), key.display());
    revoke(&PostgresStore::connect(&with).await.unwrap(), &["client"]).await;
}
