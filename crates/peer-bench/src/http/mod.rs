//! Requests over HTTP: each peer's server in a process of its own on one core, the load from here on the other.

mod load;
mod server;

use crate::checks::{self, Verdict};
use crate::cores::Cores;
use crate::peers::{Peer, Workshop};
use crate::statistics::{median, ratios};
use crate::token::Fixture;
use server::Server;
pub use server::serve;
use std::time::Duration;

/// Open connections, each with one request on its way.
pub const CONNECTIONS: usize = 32;
/// How long one server is measured before it is the next one's turn.
const SLICE: Duration = Duration::from_millis(500);
/// Before each slice, not counted.
const WARM_UP: Duration = Duration::from_millis(50);
/// Before the first one: compilers at run time must have seen the code often enough.
const FIRST_WARM_UP: Duration = Duration::from_secs(1);

/// What was found for one peer.
pub struct Result {
    pub peer: &'static Peer,
    pub outcome: std::result::Result<Measured, String>,
}

pub struct Measured {
    pub verdict: Verdict,
    pub requests_per_second: f64,
    /// Median over the rounds of throughput ÷ throughput without protection; NaN where there is no such row.
    pub ratio: f64,
    /// In microseconds.
    pub p50: f64,
    pub p99: f64,
    /// CPU time of the server's processes, in microseconds per request.
    pub cpu: f64,
    /// How much of its core the server used: well below one, it was the load that was too slow.
    pub busy: f64,
}

/// Measures all of them, each in short slices by turns, for `each` in total.
pub fn measure(
    peers: &[&'static Peer],
    fixture: &Fixture,
    workshop: &Workshop,
    cores: &Cores,
    each: Duration,
) -> std::io::Result<Vec<Result>> {
    let mut runs = Vec::new();
    let mut results = Vec::new();
    for peer in peers {
        match Run::start(peer, fixture, workshop, cores) {
            Ok(run) => runs.push(run),
            Err(why) => results.push(Result { peer, outcome: Err(why) }),
        }
    }
    let rounds = (each.as_secs_f64() / SLICE.as_secs_f64()).ceil().max(2.0) as usize;
    for _ in 0..rounds {
        for run in &mut runs {
            run.slice();
        }
    }
    let throughput: Vec<(&str, Vec<f64>)> = runs.iter().map(|run| (run.peer.name, run.throughput())).collect();
    for run in runs {
        let own = run.throughput();
        let base = throughput.iter().find(|(name, _)| Some(*name) == run.peer.base).map(|(_, base)| base.as_slice());
        results.push(Result { peer: run.peer, outcome: run.finish(&own, base.unwrap_or_default()) });
    }
    results.sort_by_key(|result| peers.iter().position(|peer| peer.name == result.peer.name));
    Ok(results)
}

/// One server and what has been measured of it.
struct Run {
    peer: &'static Peer,
    server: Server,
    request: Vec<u8>,
    verdict: Verdict,
    slices: Vec<load::Slice>,
    cpu: Duration,
    failure: Option<String>,
}

impl Run {
    fn start(
        peer: &'static Peer,
        fixture: &Fixture,
        workshop: &Workshop,
        cores: &Cores,
    ) -> std::result::Result<Self, String> {
        let server = Server::start(peer, fixture, workshop, cores)?;
        let request = |token: Option<&str>| {
            load::request(server.address(), token.map(|token| peer.credentials.header(token)).as_ref())
        };
        let verdict = checks::check(peer, fixture, |token| load::once(server.address(), &request(token)))?;
        let request = request(Some(&fixture.token));
        load::run(server.address(), &request, CONNECTIONS, FIRST_WARM_UP, SLICE).map_err(under_load)?;
        Ok(Self { peer, server, request, verdict, slices: Vec::new(), cpu: Duration::ZERO, failure: None })
    }

    fn slice(&mut self) {
        if self.failure.is_some() {
            return;
        }
        let before = self.server.cpu_time();
        match load::run(self.server.address(), &self.request, CONNECTIONS, WARM_UP, SLICE) {
            Ok(slice) => self.slices.push(slice),
            Err(error) => self.failure = Some(under_load(error)),
        }
        self.cpu += self.server.cpu_time().saturating_sub(before);
    }

    fn throughput(&self) -> Vec<f64> {
        self.slices.iter().map(load::Slice::requests_per_second).collect()
    }

    fn finish(self, own: &[f64], base: &[f64]) -> std::result::Result<Measured, String> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let requests: u64 = self.slices.iter().map(|slice| slice.all_requests).sum();
        let time: Duration = self.slices.iter().map(|slice| slice.all_time).sum();
        let of_all = |value: fn(&load::Slice) -> f64| median(&self.slices.iter().map(value).collect::<Vec<_>>());
        Ok(Measured {
            requests_per_second: median(own),
            ratio: median(&ratios(own, base)),
            p50: of_all(|slice| slice.p50),
            p99: of_all(|slice| slice.p99),
            cpu: self.cpu.as_secs_f64() * 1e6 / requests as f64,
            busy: self.cpu.as_secs_f64() / time.as_secs_f64(),
            verdict: self.verdict,
        })
    }
}

fn under_load(error: std::io::Error) -> String {
    format!("under load: {error}")
}
