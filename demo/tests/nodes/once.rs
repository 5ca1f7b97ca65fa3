//! One refresh token, presented a thousand times at once at five nodes.

use crate::demos;
use crate::helpers::{Demo, Folder, claims_in};
use crate::http;
use crate::postgres_server::PostgresServer;
use crate::redis_server::{RedisCluster, RedisServer};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::thread::scope;

const NODES: usize = 5;
const AT_ONCE: usize = 200;
const EACH: usize = 5;

fn wins_once(store: &str) {
    for (grace, winners) in [("0s", 1), ("1min", AT_ONCE * EACH)] {
        let folder = Folder::empty();
        // So many at once wait for one another.
        let settings = format!("JWT_REFRESH_GRACE = \"{grace}\"\nJWT_STORE_TIMEOUT = \"1min\"");
        let nodes = demos(&folder, store, NODES, &settings);
        let ports: Vec<u16> = nodes.iter().map(Demo::port).collect();
        let (access, refresh) = nodes[0].tokens();
        let (bearer, begin) = (format!("Bearer {refresh}"), Barrier::new(AT_ONCE));
        let present = |number: usize| {
            begin.wait();
            let ports = ports.iter().cycle().skip(number).take(EACH);
            ports
                .map(|port| http::request(*port, "POST", "/auth/refresh", &[("Authorization", &bearer)], b""))
                .collect()
        };
        let answers: Vec<Vec<_>> = scope(|scope| {
            let present = &present;
            let threads: Vec<_> = (0..AT_ONCE).map(|number| scope.spawn(move || present(number))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let (mut statuses, mut successors) = (BTreeMap::<u16, usize>::new(), BTreeSet::new());
        for answer in answers.iter().flatten() {
            *statuses.entry(answer.status).or_default() += 1;
            if answer.status == 200 {
                let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
                successors.insert(claims_in(&refresh)["jti"].to_string());
            }
        }
        let expected = [(200, winners), (401, AT_ONCE * EACH - winners)].into_iter().filter(|(_, count)| *count > 0);
        assert_eq!(statuses, expected.collect(), "with a grace of {grace}");
        assert_eq!(successors.len(), 1, "with a grace of {grace}");
        // Without a grace the others are taken for thieves, and the session is over everywhere.
        for node in &nodes {
            assert_eq!(node.bearing(&access, "GET", "/protected").status, if winners == 1 { 401 } else { 200 });
        }
    }
}

#[test]
fn in_redis() {
    let Some(server) = RedisServer::start() else { return };
    wins_once(&server.url());
}

#[test]
fn in_a_redis_cluster() {
    let Some(cluster) = RedisCluster::start() else { return };
    wins_once(&cluster.url());
}

#[test]
fn in_postgres() {
    let Some(server) = PostgresServer::start() else { return };
    wins_once(&server.url());
}

#[test]
fn in_a_file() {
    wins_once("sqlite:demo.db");
}
