//! Workers and connections: over HTTP, with three of the peers.

use crate::cores::Cores;
use crate::http::{self, CONNECTIONS, Row};
use crate::peers::{Peer, Workshop};
use crate::token::Fixture;
use std::time::Duration;

/// How each is called here, and what it is: unprotected, with the cache of tokens, without it.
pub const APPS: [(&str, &str); 3] =
    [("unprotected", "actix-web"), ("cached", "actix-jwt-extended"), ("verified", "actix-jwt-extended, no cache")];

const WORKERS: [usize; 2] = [1, 2];

pub const CONNECTION_COUNTS: [usize; 7] = [1, 4, 16, 64, 256, 1024, 4096];

pub fn workers(fixture: &Fixture, workshop: &Workshop, cores: &Cores, each: Duration) -> Vec<http::Result> {
    let rows = of_apps(&WORKERS, |peer, workers| Row { peer, workers, connections: CONNECTIONS });
    http::measure(&rows, fixture, workshop, cores, each)
}

pub fn connections(
    fixture: &Fixture,
    workshop: &Workshop,
    cores: &Cores,
    each: Duration,
    most_connections: usize,
) -> Vec<http::Result> {
    let possible: Vec<usize> = CONNECTION_COUNTS.into_iter().filter(|count| *count <= most_connections).collect();
    let rows = of_apps(&possible, |peer, connections| Row { peer, workers: 1, connections });
    http::measure(&rows, fixture, workshop, cores, each)
}

pub fn apps() -> impl Iterator<Item = (&'static str, &'static Peer)> {
    APPS.into_iter().filter_map(|(label, name)| Some((label, Peer::named(name)?)))
}

fn of_apps(values: &[usize], row: impl Fn(&'static Peer, usize) -> Row) -> Vec<Row> {
    values.iter().flat_map(|value| apps().map(|(_, peer)| row(peer, *value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_is_a_peer_and_the_first_is_what_the_others_are_compared_with() {
        assert_eq!(apps().count(), APPS.len());
        let bases: Vec<_> = apps().map(|(_, peer)| peer.base).collect();
        assert_eq!(bases, [None, Some(APPS[0].1), Some(APPS[0].1)]);
    }
}
