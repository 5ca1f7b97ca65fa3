//! The store is killed, cut off, silent and slow, while users log in, refresh and log out.

use crate::demos;
use crate::helpers::{Demo, Folder, PATIENCE};
use crate::load::{GRACE, Load, STALENESS, STORE_TIMEOUT};
use crate::postgres_server::PostgresServer;
use crate::proxy::{Proxy, Way};
use crate::redis_server::{RedisCluster, RedisServer};
use crate::service::Service;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than a request waits for an answer of the store, and shorter than a replica's knowledge counts.
const TROUBLE: Duration = Duration::from_millis(1_500);

/// Longer than everybody waits for anything: a request, the stores' clients (Redis 2 s, PostgreSQL's statements 4 s), the
/// kernel for a packet's acknowledgement (5 s), and whoever relies upon a replica (5 s).
const LONG_TROUBLE: Duration = Duration::from_millis(6_500);

fn settings() -> String {
    format!(
        "JWT_STORE_TIMEOUT = \"{}s\"\nJWT_REFRESH_GRACE = \"{}s\"\nJWT_REVOCATION_MAX_STALENESS = \"{}s\"",
        STORE_TIMEOUT.as_secs(),
        GRACE.as_secs(),
        STALENESS.as_secs()
    )
}

/// Two demos of one store, and their users.
struct Nodes {
    _folder: Folder,
    _demos: Vec<Demo>,
    ports: Vec<u16>,
    load: Load,
}

impl Nodes {
    /// One that asks, one that follows.
    fn of(store: &str) -> Self {
        let folder = Folder::empty();
        let separator = if store.contains('?') { '&' } else { '?' };
        let stores = [store.to_owned(), format!("{store}{separator}replicated=true")];
        let demos: Vec<Demo> = stores.iter().flat_map(|store| demos(&folder, store, 1, &settings())).collect();
        let ports: Vec<u16> = demos.iter().map(Demo::port).collect();
        let load = Load::start(&ports, 4);
        load.goes_on("the start");
        Self { _folder: folder, _demos: demos, ports, load }
    }

    fn survive_crashes(&self, server: &mut impl Service) {
        for round in 0..2 {
            sleep(Duration::from_millis(100 * round));
            server.kill();
            sleep(TROUBLE);
            server.restart();
            self.load.goes_on("a crash");
        }
    }

    fn survive_a_pause(&self, server: &impl Service) {
        server.pause();
        sleep(LONG_TROUBLE);
        server.resume();
        self.load.goes_on("a pause");
    }

    fn survive_the_way(&self, proxy: &Proxy) {
        for (way, time) in [(Way::Cut, TROUBLE), (Way::Stalled, LONG_TROUBLE), (Way::Slow, TROUBLE)] {
            proxy.set(way);
            sleep(time);
            proxy.set(Way::Open);
            self.load.goes_on(&format!("{way:?}"));
        }
        // Nobody ends this for them.
        assert!(proxy.silence() > 0);
        self.load.goes_on("silence on all connections");
    }

    fn end(self) {
        let promises = self.load.end();
        promises.check(&self.ports);
        assert!(promises.statuses.contains_key(&503), "nobody noticed anything: {:?}", promises.statuses);
        println!(
            "answers: {:?}, the slowest after {:?}, {} too late for the grace",
            promises.statuses, promises.longest, promises.too_late
        );
    }
}

#[test]
fn redis() {
    let Some(mut server) = RedisServer::start() else { return };
    let proxy = Proxy::to(server.address());
    let nodes = Nodes::of(&format!("redis://127.0.0.1:{}", proxy.port()));
    nodes.survive_crashes(&mut server);
    nodes.survive_the_way(&proxy);
    nodes.survive_a_pause(&server);
    nodes.end();
}

/// The master of all revocations, and then another.
#[test]
fn a_redis_cluster() {
    let Some(mut cluster) = RedisCluster::start() else { return };
    let nodes = Nodes::of(&cluster.url());
    nodes.survive_crashes(&mut cluster);
    nodes.survive_a_pause(&cluster);
    nodes.end();
}

#[test]
fn postgres() {
    let Some(mut server) = PostgresServer::start() else { return };
    let proxy = Proxy::to(server.address());
    let nodes = Nodes::of(&format!("postgres://test@127.0.0.1:{}/postgres?sslmode=disable", proxy.port()));
    nodes.survive_crashes(&mut server);
    nodes.survive_the_way(&proxy);
    nodes.survive_a_pause(&server);
    nodes.end();
}

#[test]
fn a_browser_that_logs_out_while_the_store_is_down_is_told() {
    let Some(mut server) = RedisServer::start() else { return };
    let folder = Folder::empty();
    let store = format!("redis://127.0.0.1:{}", server.address().port());
    for (how, known) in [("", false), ("?replicated=true", true)] {
        let demo =
            &demos(&folder, &format!("{store}{how}"), 1, &format!("{}\nJWT_TOKEN_LOCATION = \"cookies\"", settings()))
                [0];
        let login = demo.send_json("POST", "/auth/cookies", &crate::helpers::test_user());
        let cookies: Vec<&str> = login.headers("set-cookie").filter_map(|cookie| cookie.split("; ").next()).collect();
        let csrf = cookies.iter().find_map(|cookie| cookie.strip_prefix("csrf_access_token=")).unwrap();
        let headers = [("Cookie", cookies.join("; ")), ("X-CSRF-TOKEN", csrf.to_owned())];
        let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
        let status = |method, path| demo.send(method, path, &headers, "").status;
        assert_eq!(status("GET", "/protected"), 200);
        server.kill();
        // What a replica knows, it knows without the store; to end the session takes the store.
        assert_eq!(status("GET", "/protected"), if known { 200 } else { 503 });
        let answer = demo.send("DELETE", "/auth/cookies", &headers, "");
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.headers("set-cookie").count(), 0, "with them it can ask again");
        server.restart();
        let begin = Instant::now();
        let answer = loop {
            let answer = demo.send("DELETE", "/auth/cookies", &headers, "");
            if answer.status != 503 || begin.elapsed() > PATIENCE {
                break answer;
            }
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.headers("set-cookie").all(|cookie| cookie.contains("=; ") && cookie.contains("Max-Age=0")));
        assert_eq!(answer.headers("set-cookie").count(), 4);
        assert_eq!(status("GET", "/protected"), 401);
    }
}
