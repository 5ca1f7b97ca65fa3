//! A logout on one of five nodes is refused on all.

use crate::demos;
use crate::helpers::{Demo, Folder, PATIENCE};
use crate::http;
use crate::postgres_server::PostgresServer;
use crate::redis_server::RedisServer;
use std::thread::scope;
use std::time::{Duration, Instant};

const NODES: usize = 5;
const LOGOUTS: usize = 20;

/// How long after it was acknowledged the other nodes have refused it, in order.
fn spread(nodes: &[Demo]) -> Vec<Duration> {
    let mut delays = Vec::new();
    for round in 0..LOGOUTS {
        let (access, _) = nodes[round % NODES].tokens();
        // All of them know it, and have it in their caches.
        for node in nodes {
            node.assert_accepts(&access);
        }
        let out = (round + 1) % NODES;
        assert_eq!(nodes[out].bearing(&access, "DELETE", "/auth/logout").status, 200);
        let begin = Instant::now();
        assert_eq!(nodes[out].bearing(&access, "GET", "/protected").status, 401, "at once, where it was done");
        delays.extend(scope(|scope| {
            let others = nodes.iter().enumerate().filter(|(number, _)| *number != out);
            let waiting: Vec<_> = others
                .map(|(number, node)| (number, node.port(), format!("Bearer {access}")))
                .map(|(number, port, bearer)| {
                    scope.spawn(move || {
                        let ask = || http::request(port, "GET", "/protected", &[("Authorization", &bearer)], b"");
                        while ask().status != 401 {
                            assert!(begin.elapsed() < PATIENCE, "node {number} has never heard of it");
                        }
                        begin.elapsed()
                    })
                })
                .collect();
            waiting.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        }));
    }
    delays.sort();
    delays
}

fn report(store: &str, delays: &[Duration]) {
    let at = |part: usize| delays[(delays.len() - 1) * part / 100];
    println!(
        "{store}: refused on the other nodes after {:?} (median), {:?} (p99), {:?} (max)",
        at(50),
        at(99),
        at(100)
    );
}

#[test]
fn through_redis() {
    let Some(server) = RedisServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &format!("{}?replicated=true", server.url()), NODES, "");
    report("Redis, replicated", &spread(&nodes));
}

#[test]
fn through_postgres() {
    let Some(server) = PostgresServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &format!("{}&replicated=true", server.url()), NODES, "");
    report("PostgreSQL, replicated", &spread(&nodes));
}

#[test]
fn through_a_file() {
    let folder = Folder::empty();
    let nodes = demos(&folder, "sqlite:demo.db?replicated=true", NODES, "");
    report("SQLite, replicated", &spread(&nodes));
}

/// Without replicas every node asks: nothing has to spread.
#[test]
fn through_redis_directly() {
    let Some(server) = RedisServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &server.url(), NODES, "");
    report("Redis, asked directly", &spread(&nodes));
}
