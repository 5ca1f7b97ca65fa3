//! `GET /metrics`.

use crate::helpers::{Demo, Folder};

fn metric(demo: &Demo, name: &str) -> Option<f64> {
    let response = demo.send("GET", "/metrics", &[], "");
    assert_eq!((response.status, response.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let line = response.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn tell_how_the_replica_is_doing() {
    let folder = Folder::empty();
    let demo = Demo::start(folder.demo().args(["--port", "0"]).env("DEMO_STORE", "sqlite:demo.db?replicated=true"));
    assert_eq!(metric(&demo, "jwt_replica_revocations"), Some(0.0));
    assert_eq!(metric(&demo, "jwt_replica_snapshots_total"), Some(1.0));
    assert_eq!(metric(&demo, "jwt_replica_gaps_total"), Some(0.0));
    assert_eq!(metric(&demo, "jwt_replica_failures_total"), Some(0.0));
    assert!(metric(&demo, "jwt_replica_staleness_seconds").is_some_and(|stale| (0.0..5.0).contains(&stale)));
    let token = demo.token();
    demo.bearing(&token, "DELETE", "/auth/logout");
    assert_eq!(metric(&demo, "jwt_replica_revocations"), Some(1.0));
}

#[test]
fn without_a_replica_tell_of_the_cache() {
    let folder = Folder::empty();
    let demo = folder.start();
    assert_eq!(metric(&demo, "jwt_replica_staleness_seconds"), None);
    let token = demo.token();
    for _ in 0..3 {
        demo.assert_accepts(&token);
    }
    // Each of the threads has a cache.
    let count = |name: &str| metric(&demo, name).unwrap();
    assert_eq!(count("jwt_token_cache_misses_total") + count("jwt_token_cache_hits_total"), 3.0);
}
