//! Logins that fail again and again.

use crate::helpers::{Demo, Folder, msg, test_user};
use crate::http::Response;
use serde_json::{Value, json};

/// So that nobody waits for its hash: a password this long is wrong.
fn wrong(username: &str) -> Value {
    json!({ "username": username, "password": "x".repeat(1025) })
}

fn login(demo: &Demo, path: &str, forwarded_for: &str, body: &Value) -> Response {
    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", forwarded_for)];
    demo.send("POST", path, &headers, &body.to_string())
}

/// Fails until it is told to wait: how often that went, and in how many seconds to come again. Time passes meanwhile, so
/// there may be a few more than the limit.
fn fail_until_throttled(mut attempt: impl FnMut(usize) -> Response) -> (usize, u64) {
    for index in 0..1000 {
        let response = attempt(index);
        if response.status == 429 {
            assert_eq!(response.json(), msg("Too many failed logins; try again later"));
            return (index, response.header("retry-after").unwrap().parse().unwrap());
        }
        assert_eq!((response.status, response.json()), (401, msg("Bad username or password")), "{index}");
    }
    panic!("never throttled");
}

fn behind_a_proxy() -> Folder {
    Folder::with_secret_and("JWT_TRUSTED_PROXIES = [\"127.0.0.1\", \"10.0.0.0/8\"]")
}

#[test]
fn an_account_that_is_guessed_at_is_throttled_on_every_route_but_not_where_it_is_known() {
    let folder = behind_a_proxy();
    let demo = folder.start();
    assert_eq!(login(&demo, "/login", "192.0.2.1", &test_user()).status, 200);
    let paths = ["/login", "/auth/login", "/auth/cookies"];
    let (failed, wait) = fail_until_throttled(|index| {
        login(&demo, paths[index % 3], &format!("198.51.100.{}", index % 250), &wrong("test"))
    });
    assert!(failed >= 30, "{failed}");
    assert!((1..=30).contains(&wait), "{wait}");
    // Where the true user has logged in before, as often as they like.
    for path in paths.into_iter().cycle().take(9) {
        assert_eq!(login(&demo, path, "192.0.2.1", &test_user()).status, 200);
    }
    // Others' failures are told as ever.
    assert_eq!(login(&demo, "/login", "203.0.113.1", &wrong("nobody")).status, 401);
}

#[test]
fn a_network_that_guesses_is_throttled_whichever_accounts_it_tries() {
    let folder = behind_a_proxy();
    let demo = folder.start();
    let (failed, wait) = fail_until_throttled(|index| {
        let forwarded_for = format!("203.0.113.{}, 2001:db8:0:1::{index:x}, 10.0.0.1", index % 250);
        login(&demo, "/login", &forwarded_for, &wrong(&format!("user{index}")))
    });
    assert!(failed >= 100, "{failed}");
    assert!((1..=5).contains(&wait), "{wait}");
    assert_eq!(login(&demo, "/login", "2001:db8:0:2::1", &test_user()).status, 200);
}

#[test]
fn without_trusted_proxies_the_header_helps_nobody() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (failed, _) = fail_until_throttled(|index| {
        login(&demo, "/login", &format!("198.51.100.{}", index % 250), &wrong(&format!("user{index}")))
    });
    assert!(failed >= 100, "{failed}");
}

#[test]
fn trusted_proxies_that_are_none_stop_the_start() {
    let folder = Folder::with_secret_and("JWT_TRUSTED_PROXIES = [\"proxy.example\"]");
    let (code, log) = Demo::spawn(&mut folder.demo()).end();
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("JWT_TRUSTED_PROXIES must be a list of addresses and networks"), "{log}");
}
