//! Three sentinels, which find and change the primary.

use crate::common::{LATER, NOW, knows, manager, rotate, token, until};
use crate::redis_run::{listed_user, role, until_revoked};
use crate::redis_server::RedisServer;
use crate::redis_tls::certificate;
use crate::service::{Service as _, free_port, program, wait_until_it_listens};
use actix_jwt_extended::store::{RedisStore, Replicated, Revocation, TokenStore as _};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

struct Sentinel {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Sentinel {
    fn of(primary: u16) -> Self {
        let port = free_port();
        Self::with(port, &format!("port {port}\n"), primary)
    }

    /// At this port, as its settings say, too.
    fn with(port: u16, settings: &str, primary: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("sentinel.conf");
        let text = format!(
            "{settings}bind 127.0.0.1\nsentinel monitor main 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 4000\n"
        );
        fs::write(&file, text).unwrap();
        let mut command = Command::new(program("redis-server", &["/usr/bin", "/usr/local/bin"]).unwrap());
        command.arg(&file).arg("--sentinel").current_dir(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until_it_listens(([127, 0, 0, 1], port).into());
        Self { child, port, _folder: folder }
    }

    fn ask<T: redis::FromRedisValue>(&self, what: &str) -> redis::RedisResult<T> {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", self.port))?;
        redis::cmd("SENTINEL").arg(what).arg("main").query(&mut client.get_connection()?)
    }

    /// It knows the two others, and the replica.
    fn is_ready(&self) -> bool {
        let known: Vec<String> = self.ask("MASTER").unwrap_or_default();
        let is = |name: &str, value: &str| known.windows(2).any(|pair| pair[0] == name && pair[1] == value);
        is("num-slaves", "1") && is("num-other-sentinels", "2") && is("flags", "master")
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[actix_web::test]
async fn what_the_sentinels_say_is_followed() {
    let durable = ["--appendonly", "yes", "--appendfsync", "no", "--repl-diskless-sync-delay", "0"];
    let Some(mut first) = RedisServer::start_with(&durable) else { return };
    let port = first.address().port();
    let second =
        RedisServer::start_with(&[&durable[..], &["--replicaof", "127.0.0.1", &port.to_string()]].concat()).unwrap();
    let sentinels = [(); 3].map(|()| Sentinel::of(port));
    until("the sentinels know each other", || sentinels.iter().all(Sentinel::is_ready)).await;

    let [one, two, three] = sentinels.each_ref().map(|sentinel| sentinel.port);
    // One of them is down.
    let nodes = format!("127.0.0.1:{},127.0.0.1:{one},127.0.0.1:{two},127.0.0.1:{three}", free_port());
    let url = format!("redis+sentinel://{nodes}/main/0");
    let store = RedisStore::connect(&url).await.unwrap();
    let node = Replicated::start(RedisStore::connect(&url).await.unwrap()).await.unwrap();
    let jwt = manager(node.clone());
    let session = jwt.start_session("ada").await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    let has = |server: &RedisServer, id: &str| {
        let keys: Vec<String> = server.ask(redis::cmd("ZRANGE").arg("{ajx}:until").arg(0).arg(-1)).unwrap_or_default();
        keys.iter().any(|key| key.ends_with(id))
    };
    until("replicated", || has(&second, "a") && knows(&node, "a")).await;

    first.kill();
    until_revoked(&store, "b").await;
    assert_eq!(role(&second), "master");
    assert!(store.is_revoked(&token("a")).await.unwrap());
    until("followed", || knows(&node, "b")).await;
    let mut rotated = rotate(&jwt, &session.refresh_token).await;
    for _ in 0..100 {
        if rotated.is_ok() {
            break;
        }
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
        rotated = rotate(&jwt, &session.refresh_token).await;
    }
    rotated.unwrap();

    // It comes back as a primary, until the sentinels tell it otherwise. Nothing may be written there.
    first.restart();
    until_revoked(&store, "c").await;
    assert!(has(&second, "c"));
    until("the old one follows", || role(&first) == "slave" && has(&first, "c")).await;
    until("followed", || knows(&node, "c")).await;
    for server in [&first, &second] {
        assert!(["a", "b", "c"].iter().all(|id| has(server, id)));
    }

    // And back again, as planned.
    let begin_again = || sentinels.each_ref().map(Sentinel::is_ready) == [true; 3];
    until("the sentinels agree", begin_again).await;
    until("it begins", || sentinels[0].ask::<()>("FAILOVER").is_ok()).await;
    until("the roles are swapped", || role(&first) == "master" && role(&second) == "slave").await;
    until_revoked(&store, "d").await;
    assert!(has(&first, "d"));
    until("followed", || knows(&node, "d")).await;
    assert!(store.is_revoked(&token("b")).await.unwrap());
}

#[actix_web::test]
async fn sentinels_that_know_of_nothing_are_an_error() {
    let Some(server) = RedisServer::start_with(&[]) else { return };
    let sentinel = Sentinel::of(server.address().port());
    for (url, part) in [
        (format!("redis+sentinel://127.0.0.1:{}/other", sentinel.port), "no primary of this name"),
        (format!("redis+sentinel://127.0.0.1:{}", sentinel.port), "NAME"),
        (format!("redis+sentinel://127.0.0.1:{}/main", free_port()), "refused"),
    ] {
        let connected = timeout(Duration::from_secs(30), RedisStore::connect(&url)).await.unwrap();
        let error = connected.unwrap_err().to_string();
        assert!(error.to_lowercase().contains(&part.to_lowercase()), "{url}: {error}");
    }
    for login in ["", "ajx:pass-word@"] {
        listed_user(&server, "+role");
        let url = format!("redis+sentinel://{login}127.0.0.1:{}/main", sentinel.port);
        assert!(RedisStore::connect(&url).await.is_ok());
    }
}

/// Sentinels and servers with different passwords.
#[actix_web::test]
async fn sentinels_with_a_password_are_given_it() {
    let Some(server) = RedisServer::start_with(&["--requirepass", "of-the-server"]) else { return };
    let primary = server.address().port();
    let sentinels = [(); 2].map(|()| {
        let port = free_port();
        let login = "requirepass of-sentinels\nsentinel sentinel-pass of-sentinels\n";
        Sentinel::with(port, &format!("port {port}\n{login}"), primary)
    });
    for sentinel in &sentinels {
        let admin = redis::Client::open(format!("redis://:of-sentinels@127.0.0.1:{}", sentinel.port)).unwrap();
        let mut set = redis::cmd("SENTINEL");
        set.arg("SET").arg("main").arg("auth-pass").arg("of-the-server");
        set.query::<()>(&mut admin.get_connection().unwrap()).unwrap();
    }
    let [one, two] = sentinels.each_ref().map(|sentinel| sentinel.port);
    let url = |login: &str, more: &str| format!("redis+sentinel://{login}127.0.0.1:{one},127.0.0.1:{two}/main{more}");
    for more in ["/0?sentinel_password=of-sentinels", "?sentinel_user=default&sentinel_password=of-sentinels"] {
        let store = RedisStore::connect(&url(":of-the-server@", more)).await.unwrap();
        store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
        assert!(store.is_revoked(&token("a")).await.unwrap());
        assert!(!format!("{store:?}").contains("of-"));
    }
    for (login, more) in [
        (":of-the-server@", ""),
        (":of-the-server@", "?sentinel_password=wrong-of"),
        (":of-sentinels@", "?sentinel_password=of-sentinels"),
        ("", "?sentinel_password=of-sentinels"),
    ] {
        let error = RedisStore::connect(&url(login, more)).await.unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(!said.contains("of-") && !said.contains("-of"), "{said}");
        assert!(said.contains("NOAUTH") || said.contains("auth") || said.contains("Auth"), "{said}");
    }
}

/// Both with TLS only, signed by an authority of one's own.
#[actix_web::test]
async fn sentinels_and_their_primary_may_have_tls() {
    let (Some(folder), Some(port)) = (program("openssl", &[]).map(|_| TempDir::new().unwrap()), Some(free_port()))
    else {
        return;
    };
    let (certificate, key) = certificate(folder.path(), "server");
    let files = [("tls-cert-file", &certificate), ("tls-key-file", &key), ("tls-ca-cert-file", &certificate)];
    let files = files.map(|(name, file)| (name, file.to_str().unwrap()));
    let Some(server) = RedisServer::start_with(&[]) else { return };
    let set = |name: &str, value: &str| server.ask::<()>(redis::cmd("CONFIG").arg("SET").arg(name).arg(value));
    let _ = set(files[0].0, files[0].1);
    let _ = set(files[1].0, files[1].1);
    if set(files[2].0, files[2].1).is_err() {
        eprintln!("skipped: this redis-server has no TLS");
        return;
    }
    set("tls-auth-clients", "no").unwrap();
    set("tls-port", &port.to_string()).unwrap();
    let at = free_port();
    let files = files.map(|(name, file)| format!("{name} {file}\n")).concat();
    let settings = format!("port 0\ntls-port {at}\ntls-replication yes\ntls-auth-clients no\n{files}");
    let sentinel = Sentinel::with(at, &settings, port);
    let url = format!("rediss+sentinel://127.0.0.1:{}/main/0", sentinel.port);
    let trusted = format!("{url}?sslrootcert={}", certificate.display());
    let store = RedisStore::connect(&trusted).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    assert!(store.is_revoked(&token("a")).await.unwrap());
    RedisStore::builder().ca_file(&certificate).connect(&url).await.unwrap();
    let error = RedisStore::connect(&url).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    let plain = timeout(Duration::from_secs(30), RedisStore::connect(&url.replace("rediss", "redis"))).await.unwrap();
    assert!(plain.is_err());
}
