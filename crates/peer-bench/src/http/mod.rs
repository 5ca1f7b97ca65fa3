//! Requests over HTTP: each peer's server in a process of its own on one core, the load from here on the other.

mod load;
mod server;

use crate::checks::{self, Verdict};
use crate::cores::Cores;
use crate::peers::{Peer, Workshop};
use crate::statistics::{median, ratios};
use crate::token::Fixture;
pub use load::{Load, request};
pub use server::{Server, serve};
use std::time::Duration;

/// Where their number is not what is measured.
pub const CONNECTIONS: usize = 32;
/// How long one server is measured before it is the next one's turn.
const SLICE: Duration = Duration::from_millis(500);
/// Before each slice, not counted.
const WARM_UP: Duration = Duration::from_millis(50);
/// And for each connection: some requests.
const WARM_UP_OF_CONNECTION: Duration = Duration::from_micros(50);
/// Before the first one: compilers at run time must have seen the code often enough.
const FIRST_WARM_UP: Duration = Duration::from_secs(1);

/// A peer, and how it is asked.
#[derive(Clone, Copy)]
pub struct Row {
    pub peer: &'static Peer,
    pub workers: usize,
    /// Open connections, each with one request on its way.
    pub connections: usize,
}

impl Row {
    /// As all peers are compared.
    pub fn usual(peer: &'static Peer) -> Self {
        Self { peer, workers: 1, connections: CONNECTIONS }
    }

    /// Whether this is `other` without protection.
    fn is_base_of(&self, other: &Self) -> bool {
        other.peer.base == Some(self.peer.name)
            && (self.workers, self.connections) == (other.workers, other.connections)
    }
}

/// What was found for one row.
pub struct Result {
    pub row: Row,
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
pub fn measure(rows: &[Row], fixture: &Fixture, workshop: &Workshop, cores: &Cores, each: Duration) -> Vec<Result> {
    let mut runs: Vec<_> = rows.iter().map(|row| Run::start(*row, fixture, workshop, cores)).collect();
    let rounds = (each.as_secs_f64() / SLICE.as_secs_f64()).ceil().max(2.0) as usize;
    for round in 0..rounds {
        let turns = runs.iter_mut().flatten();
        // There and back: whatever gets slower with time meets both ends alike.
        if round % 2 == 0 { turns.for_each(Run::slice) } else { turns.rev().for_each(Run::slice) }
    }
    let throughput: Vec<Vec<f64>> =
        runs.iter().map(|run| run.as_ref().map(Run::throughput).unwrap_or_default()).collect();
    let base_of = |row| rows.iter().position(|other| other.is_base_of(row)).map(|at| throughput[at].as_slice());
    rows.iter()
        .zip(runs)
        .zip(&throughput)
        .map(|((row, run), own)| {
            let outcome = run.and_then(|run| run.finish(own, base_of(row).unwrap_or_default()));
            Result { row: *row, outcome }
        })
        .collect()
}

/// One server and what has been measured of it.
struct Run {
    server: Server,
    request: Vec<u8>,
    connections: usize,
    verdict: Verdict,
    slices: Vec<load::Slice>,
    cpu: Duration,
    failure: Option<String>,
}

impl Run {
    fn start(row: Row, fixture: &Fixture, workshop: &Workshop, cores: &Cores) -> std::result::Result<Self, String> {
        let Row { peer, workers, connections } = row;
        let server = Server::start(peer, workers, fixture, workshop, cores)?;
        let request = |token: Option<&str>| {
            load::request(server.address(), token.map(|token| peer.credentials.header(token)).as_ref())
        };
        let verdict = checks::check(peer, fixture, |token| load::once(server.address(), &request(token)))?;
        let request = request(Some(&fixture.token));
        let mut run =
            Self { server, request, connections, verdict, slices: Vec::new(), cpu: Duration::ZERO, failure: None };
        run.load(FIRST_WARM_UP).map_err(under_load)?;
        Ok(run)
    }

    fn slice(&mut self) {
        if self.failure.is_some() {
            return;
        }
        match self.load(WARM_UP + WARM_UP_OF_CONNECTION * self.connections as u32) {
            Ok((slice, cpu)) => {
                self.slices.push(slice);
                self.cpu += cpu;
            }
            Err(error) => self.failure = Some(under_load(error)),
        }
    }

    /// What one slice has shown, and the CPU time of the server meanwhile: without that of connecting.
    fn load(&mut self, warm_up: Duration) -> std::io::Result<(load::Slice, Duration)> {
        let mut load = Load::open(self.server.address(), &self.request, self.connections)?;
        let before = self.server.cpu_time();
        let slice = load.run(warm_up, SLICE)?;
        Ok((slice, self.server.cpu_time().saturating_sub(before)))
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
