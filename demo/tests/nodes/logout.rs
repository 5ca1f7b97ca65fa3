//! A logout on one of five nodes is refused on all.

use crate::demos;
use crate::helpers::{Demo, Folder};
use crate::http;
use crate::load::STALENESS;
use crate::postgres_server::PostgresServer;
use crate::redis_server::{RedisCluster, RedisServer};
use std::thread::scope;
use std::time::{Duration, Instant};

const NODES: usize = 5;

/// `LOGOUTS=250` for figures that say more.
fn logouts() -> usize {
    std::env::var("LOGOUTS").map_or(20, |number| number.parse().unwrap())
}

/// How long after it was acknowledged the other nodes have refused it, in order. Asked later than `at_most`, none accepts.
fn spread(nodes: &[Demo], at_most: Duration) -> Vec<Duration> {
    let mut delays = Vec::new();
    for round in 0..logouts() {
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
                        loop {
                            let asked = begin.elapsed();
                            let answer = http::request(port, "GET", "/protected", &[("Authorization", &bearer)], b"");
                            if answer.status == 401 {
                                break begin.elapsed();
                            }
                            assert!(
                                answer.status == 200 && asked < at_most,
                                "node {number} after {asked:?}: {answer:?}"
                            );
                        }
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
    report("Redis, replicated", &spread(&nodes, STALENESS));
}

#[test]
fn through_a_redis_cluster() {
    let Some(cluster) = RedisCluster::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &format!("{}?replicated=true", cluster.url()), NODES, "");
    report("Redis Cluster, replicated", &spread(&nodes, STALENESS));
}

#[test]
fn through_postgres() {
    let Some(server) = PostgresServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &format!("{}&replicated=true", server.url()), NODES, "");
    report("PostgreSQL, replicated", &spread(&nodes, STALENESS));
}

#[test]
fn through_a_file() {
    let folder = Folder::empty();
    let nodes = demos(&folder, "sqlite:demo.db?replicated=true", NODES, "");
    report("SQLite, replicated", &spread(&nodes, STALENESS));
}

/// Without replicas every node asks: nothing has to spread.
#[test]
fn through_redis_directly() {
    let Some(server) = RedisServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &server.url(), NODES, "");
    report("Redis, asked directly", &spread(&nodes, Duration::ZERO));
}

#[test]
fn through_a_redis_cluster_directly() {
    let Some(cluster) = RedisCluster::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &cluster.url(), NODES, "");
    report("Redis Cluster, asked directly", &spread(&nodes, Duration::ZERO));
}

#[test]
fn through_postgres_directly() {
    let Some(server) = PostgresServer::start() else { return };
    let folder = Folder::empty();
    let nodes = demos(&folder, &server.url(), NODES, "");
    report("PostgreSQL, asked directly", &spread(&nodes, Duration::ZERO));
}
