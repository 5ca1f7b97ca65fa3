//! What a remembered token and an open connection take.

use super::apps::{self, Cache};
use super::over_http::apps as apps_over_http;
use super::tokens;
use crate::allocations;
use crate::cores::Cores;
use crate::http::{self, Load, Server};
use crate::peers::{Peer, Workshop};
use crate::statistics::median;
use crate::token::Fixture;
use actix_jwt_extended::{JwtManager, VerifiedToken};
use std::hint::black_box;
use std::io::{Error, Result};
use std::time::Duration;

/// So many distinct tokens are remembered.
pub const TOKENS: usize = 1000;
/// So many connections are opened, after a first one.
pub const CONNECTIONS: usize = 2047;
/// For the server to accept what was opened, and to give back what it needs no longer.
const SETTLE: Duration = Duration::from_millis(300);
/// Each time with a new server.
const TIMES: usize = 3;

pub struct OfToken {
    pub size: usize,
    /// Bytes that stay allocated for each one that is remembered.
    pub kept: f64,
    /// The same, once somebody has asked for all of its claims.
    pub kept_when_read: f64,
}

pub fn of_tokens() -> Vec<OfToken> {
    [340, 4096].map(of_token).into()
}

fn of_token(size: usize) -> OfToken {
    OfToken {
        size,
        kept: kept(size, drop),
        kept_when_read: kept(size, |token| {
            black_box(token.claims());
        }),
    }
}

fn kept(size: usize, read: fn(VerifiedToken)) -> f64 {
    // A token counts for as many as it has KiB: none may be pushed out.
    let config = apps::config(Cache::Usual).token_cache_size(TOKENS * 16);
    let jwt = JwtManager::new(config).expect("a configuration for tests");
    let tokens: Vec<String> = (0..TOKENS).map(|_| tokens::distinct(size)).collect();
    let verify = |token: &String| read(jwt.decode_token(token).expect("our own token"));
    // What is made once.
    verify(&tokens::distinct(size));
    let before = jwt.token_cache_stats().tokens;
    let kept = allocations::kept(|| tokens.iter().for_each(verify));
    let remembered = jwt.token_cache_stats().tokens - before;
    kept as f64 / remembered as f64
}

pub struct OfConnections {
    pub label: &'static str,
    /// Bytes for each connection on which nothing was sent.
    pub idle: f64,
    /// And for each that has had one answer.
    pub asked: f64,
}

/// At most `most` connections, as the limit on open files permits.
pub fn of_connections(
    fixture: &Fixture,
    workshop: &Workshop,
    cores: &Cores,
    most: usize,
) -> Result<Vec<OfConnections>> {
    let apps: Vec<_> = apps_over_http().collect();
    let mut found = vec![(Vec::new(), Vec::new()); apps.len()];
    for _ in 0..TIMES {
        for ((_, peer), (idle, asked)) in apps.iter().zip(&mut found) {
            let server = Server::start(peer, 1, fixture, workshop, cores).map_err(Error::other)?;
            let [idle_now, asked_now] = of_server(&server, peer, fixture, CONNECTIONS.min(most))?;
            idle.push(idle_now);
            asked.push(asked_now);
        }
    }
    let medians = apps.iter().zip(&found).map(|((label, _), (idle, asked))| OfConnections {
        label,
        idle: median(idle),
        asked: median(asked),
    });
    Ok(medians.collect())
}

fn of_server(server: &Server, peer: &Peer, fixture: &Fixture, connections: usize) -> Result<[f64; 2]> {
    let memory = || {
        std::thread::sleep(SETTLE);
        server
            .memory()
            .map(|bytes| bytes as f64)
            .ok_or_else(|| Error::other("the kernel does not tell a server's memory"))
    };
    let request = http::request(server.address(), Some(&peer.credentials.header(&fixture.token)));
    let mut one = Load::open(server.address(), &request, 1)?;
    one.once_each()?;
    let before = memory()?;
    let mut many = Load::open(server.address(), &request, connections)?;
    let idle = memory()?;
    many.once_each()?;
    let asked = memory()?;
    Ok([idle, asked].map(|after| (after - before) / connections as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto;

    #[test]
    fn a_remembered_token_takes_more_than_its_text() {
        crypto::install();
        for OfToken { size, kept, kept_when_read } in of_tokens() {
            assert!(kept > size as f64 && kept_when_read > kept, "{size}: {kept}, {kept_when_read}");
        }
    }
}
