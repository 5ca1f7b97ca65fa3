//! From one algorithm to the next, each key through all its states, and nobody notices.

use crate::helpers::{Demo, Folder, PATIENCE};
use crate::http;
use crate::users::{Users, key_id};
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyState};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const NODES: usize = 3;
const USERS: usize = 10;
const MAX_AGE: Duration = Duration::from_secs(2);

/// Longer than this, a withdrawal is forgotten, and not slow.
const WITHDRAWN_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn every_algorithm_changes_under_load_and_nobody_notices() {
    let folder = Folder::empty();
    let path = folder.path().join("keys");
    fs::create_dir(&path).unwrap();
    let keys = KeyDirectory::open(&JwtConfig::new().keys_dir(&path).jwks_max_age(MAX_AGE)).unwrap();
    let first = keys.add(Algorithm::HS256).unwrap();
    let nodes = demos(&folder);
    let ports: Vec<u16> = nodes.iter().map(Demo::port).collect();
    let users = Users::start(&ports, USERS, &first);
    users.all_use(&first);

    // Somebody who logs in with each key, and comes back when all have changed.
    let mut earlier = vec![(first, nodes[0].tokens())];
    for (round, algorithm) in
        [Algorithm::ES256, Algorithm::Ed25519, Algorithm::MlDsa44, Algorithm::ES256].into_iter().enumerate()
    {
        let next = keys.add(algorithm).unwrap();
        assert_eq!(state(&keys, &next), KeyState::Next);
        wait("published", || nodes.iter().all(|node| published(node).contains(&next)));
        users.go_on("a key is next");
        users.is_published(&next);
        assert_eq!(keys.rotate(Some(algorithm)).unwrap(), next, "the key that waits takes over");
        users.all_use(&next);
        assert_eq!(state(&keys, &next), KeyState::Active);
        let before = &earlier.last().unwrap().0;
        assert_eq!(state(&keys, before), KeyState::Retiring);
        let tokens = nodes[round % NODES].tokens();
        assert_eq!(key_id(&tokens.0), next);
        earlier.push((next, tokens));
    }

    let (last, _) = earlier.pop().unwrap();
    for (number, (_, (access, refresh))) in earlier.iter().enumerate() {
        nodes.iter().for_each(|node| node.assert_accepts(access));
        let answer = nodes[number % NODES].bearing(refresh, "POST", "/auth/refresh");
        assert_eq!(answer.status, 200, "an earlier session is over: {answer:?}");
        assert_eq!(key_id(answer.json()["refresh_token"].as_str().unwrap()), last);
    }
    for (key, (access, _)) in &earlier {
        withdraw(&keys, &nodes, key, access);
        users.go_on("a key is withdrawn");
    }
    let seen = users.end();
    println!(
        "{} requests without a failure, of them {} logins and {} refreshes; tokens by key: {:?}",
        seen.requests, seen.logins, seen.refreshes, seen.tokens
    );
    for (key, since) in published_since(&path).iter().filter(|(key, _)| *key != earlier[0].0) {
        let waited = seen.first[key] - since;
        assert!(waited >= MAX_AGE.as_secs() as i64, "{key} signed {waited} s after it was published");
    }

    // The only one that is left has leaked: whoever it let in logs in again.
    let (access, _) = nodes[0].tokens();
    withdraw(&keys, &nodes, &last, &access);
    for node in &nodes {
        let (access, _) = node.tokens();
        assert_ne!(key_id(&access), last);
        wait("the new key is everywhere", || {
            nodes.iter().all(|node| node.bearing(&access, "GET", "/protected").status == 200)
        });
    }
    for node in nodes {
        let log = node.kill();
        for trouble in ["the keys that were in force stay so", "came back after it was used", "panicked"] {
            assert!(!log.contains(trouble), "{log}");
        }
    }
}

/// They have nothing in common but the directory and a file.
fn demos(folder: &Folder) -> Vec<Demo> {
    let settings = format!(
        "JWT_KEYS_DIR = \"keys\"\nJWT_JWKS_MAX_AGE = {}\nJWT_STORE_TIMEOUT = \"1min\"\nDEMO_STORE = \"sqlite:demo.db\"\n",
        MAX_AGE.as_secs()
    );
    fs::write(folder.settings(), settings).unwrap();
    let start =
        || Demo::start(folder.demo().env_remove("DEMO_STORE").env("RUST_LOG", "warn,demo=info").args(["--port", "0"]));
    (0..NODES).map(|_| start()).collect()
}

/// Every process refuses its tokens soon, and goes on to, although all of them had just verified one.
fn withdraw(keys: &KeyDirectory, nodes: &[Demo], key: &str, access: &str) {
    assert_eq!(key_id(access), key);
    nodes.iter().for_each(|node| node.assert_accepts(access));
    let begin = Instant::now();
    keys.withdraw(key).unwrap();
    let delays: Vec<_> = scope(|scope| {
        let bearer = format!("Bearer {access}");
        let refuses = move |port| {
            while http::request(port, "GET", "/protected", &[("Authorization", &bearer)], b"").status == 200 {
                assert!(begin.elapsed() < WITHDRAWN_WITHIN, "tokens of a withdrawn key are still accepted");
                sleep(Duration::from_millis(5));
            }
            begin.elapsed()
        };
        let threads: Vec<_> = nodes
            .iter()
            .map(|node| (node.port(), refuses.clone()))
            .map(|(port, refuses)| scope.spawn(move || refuses(port).as_millis()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    println!("withdrawn, and refused after {delays:?} ms");
    for node in nodes {
        assert_eq!(node.bearing(access, "GET", "/protected").status, 422, "as any signature that is not ours");
        assert!(!published(node).contains(&key.to_owned()));
    }
    // With a manager of its own.
    wait("refused by /me", || nodes.iter().all(|node| node.bearing(access, "GET", "/me").status == 422));
    assert_eq!(state(keys, key), KeyState::Withdrawn);
}

fn state(keys: &KeyDirectory, key: &str) -> KeyState {
    let keys = keys.list().unwrap();
    keys.iter().find(|found| found.key_id() == Some(key)).unwrap().state()
}

/// The IDs of the keys that a process shows to everybody.
fn published(node: &Demo) -> Vec<String> {
    let keys = node.send("GET", "/.well-known/jwks.json", &[], "").json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn published_since(directory: &Path) -> Vec<(String, i64)> {
    let journal: Value = serde_json::from_str(&fs::read_to_string(directory.join("keys.json")).unwrap()).unwrap();
    let keys = journal["keys"].as_array().unwrap().iter();
    keys.map(|key| (key["kid"].as_str().unwrap().to_owned(), key["published"].as_i64().unwrap())).collect()
}

fn wait(what: &str, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "not {what}");
        sleep(Duration::from_millis(10));
    }
}
