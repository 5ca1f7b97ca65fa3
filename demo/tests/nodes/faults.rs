//! The store is killed, cut off, silent and slow, while users log in, refresh and log out.

use crate::demos;
use crate::helpers::{Demo, Folder};
use crate::load::Load;
use crate::postgres_server::PostgresServer;
use crate::proxy::{Proxy, Way};
use crate::redis_server::RedisServer;
use crate::service::Service;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than the store may take for an answer.
const TROUBLE: Duration = Duration::from_millis(1_500);

const SETTINGS: &str = "JWT_STORE_TIMEOUT = \"1s\"";

/// A request asks the store a few times, each with its timeout; far more than all of them together.
const TOO_LONG: Duration = Duration::from_secs(30);

fn survives(server: &mut impl Service, store: impl Fn(u16) -> String) {
    let proxy = Proxy::to(server.address());
    let folder = Folder::empty();
    // One that asks, one that follows; they see each other's logins.
    let nodes: Vec<Demo> = ["", "replicated=true"]
        .into_iter()
        .flat_map(|how| {
            let url = store(proxy.port());
            let separator = if how.is_empty() {
                ""
            } else if url.contains('?') {
                "&"
            } else {
                "?"
            };
            demos(&folder, &format!("{url}{separator}{how}"), 1, SETTINGS)
        })
        .collect();
    let ports: Vec<u16> = nodes.iter().map(Demo::port).collect();
    let load = Load::start(&ports, 4);
    let goes_on = |after: &str| {
        let (begin, before) = (Instant::now(), load.logins_and_logouts());
        while load.logins_and_logouts() < before + 4 {
            assert!(begin.elapsed() < Duration::from_secs(60), "nobody can log in and out any more after: {after}");
            sleep(Duration::from_millis(20));
        }
    };
    goes_on("the start");
    for round in 0..2 {
        sleep(Duration::from_millis(100 * round));
        server.kill();
        sleep(TROUBLE);
        server.restart();
        goes_on("a crash");
    }
    for way in [Way::Cut, Way::Stalled, Way::Slow] {
        proxy.set(way);
        sleep(TROUBLE);
        proxy.set(Way::Open);
        goes_on(&format!("{way:?}"));
    }
    server.pause();
    sleep(TROUBLE);
    server.resume();
    goes_on("a pause");
    let promises = load.end();
    promises.check(&ports);
    assert!(promises.statuses.contains_key(&503), "nobody noticed anything: {:?}", promises.statuses);
    assert!(promises.longest < TOO_LONG, "a request took {:?}", promises.longest);
    println!("answers: {:?}, the slowest after {:?}", promises.statuses, promises.longest);
}

#[test]
fn redis() {
    let Some(mut server) = RedisServer::start() else { return };
    survives(&mut server, |port| format!("redis://127.0.0.1:{port}"));
}

#[test]
fn postgres() {
    let Some(mut server) = PostgresServer::start() else { return };
    survives(&mut server, |port| format!("postgres://test@127.0.0.1:{port}/postgres?sslmode=disable"));
}

#[test]
fn a_browser_that_logs_out_while_the_store_is_down_is_told() {
    let Some(mut server) = RedisServer::start() else { return };
    let folder = Folder::empty();
    let store = format!("redis://127.0.0.1:{}", server.address().port());
    for (how, known) in [("", false), ("?replicated=true", true)] {
        let demo =
            &demos(&folder, &format!("{store}{how}"), 1, &format!("{SETTINGS}\nJWT_TOKEN_LOCATION = \"cookies\""))[0];
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
        assert!(answer.headers("set-cookie").all(|cookie| cookie.contains("=; ") && cookie.contains("Max-Age=0")));
        assert_eq!(answer.headers("set-cookie").count(), 4, "the browser forgets them all the same");
        server.restart();
    }
}
