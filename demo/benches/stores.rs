//! `cargo bench -p demo --bench stores`: how many requests a second `GET /protected` answers, by store. Starts the
//! servers itself; the demos run on one core, one at a time, and the load comes from another.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, reason = "the helpers are those of the tests")]
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[path = "../tests/api/helpers.rs"]
mod helpers;
#[path = "../tests/api/http.rs"]
mod http;
#[path = "../src/logging.rs"]
mod logging;
#[path = "../../crates/actix-jwt-extended/tests/stores/postgres_server.rs"]
mod postgres_server;
#[path = "../src/routes/protected.rs"]
mod protected;
#[path = "../../crates/actix-jwt-extended/tests/stores/redis_server.rs"]
mod redis_server;
#[path = "../../crates/actix-jwt-extended/tests/stores/service.rs"]
mod service;

use actix_jwt_extended::{JwtConfig, JwtManager};
use actix_web::{App, HttpServer};
use helpers::{Demo, Folder, SECRET, sign};
use postgres_server::PostgresServer;
use redis_server::RedisServer;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
/// How long one store is measured before it is the next one's turn.
const SLICE: Duration = Duration::from_secs(1);
/// Before each slice, not counted.
const WARM_UP: Duration = Duration::from_millis(200);

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return serve_without_a_store();
    }
    let (redis, postgres) = (RedisServer::start(), PostgresServer::start());
    // What is started from now on runs on this core, with the one worker that it finds room for.
    pin("0");
    let mut candidates = vec![Candidate::open_route(), Candidate::without_a_store()];
    candidates.push(Candidate::new("`memory:`", "memory:"));
    candidates.push(Candidate::new("SQLite, asked each time", "sqlite:demo.db"));
    candidates.push(Candidate::new("SQLite, replicated", "sqlite:demo.db?replicated=true"));
    if let Some(redis) = &redis {
        candidates.push(Candidate::new("Redis, asked each time", &redis.url()));
        candidates.push(Candidate::new("Redis, replicated", &format!("{}?replicated=true", redis.url())));
    }
    if let Some(postgres) = &postgres {
        candidates.push(Candidate::new("PostgreSQL, asked each time", &postgres.url()));
        candidates.push(Candidate::new("PostgreSQL, replicated", &format!("{}&replicated=true", postgres.url())));
    }
    // The load must not take from the servers' core.
    pin("1");
    for round in 0..ROUNDS {
        // There and back: whatever gets slower with time meets both ends alike.
        let turns = candidates.iter_mut();
        if round % 2 == 0 { turns.for_each(Candidate::measure) } else { turns.rev().for_each(Candidate::measure) }
    }
    println!("| `DEMO_STORE` | requests a second | of an open route's | p50 | p99 |");
    println!("| --- | --- | --- | --- | --- |");
    let open = candidates[0].slices.clone();
    for candidate in &candidates {
        let ratio = median(candidate.slices.iter().zip(&open).map(|(own, open)| own.a_second / open.a_second));
        println!(
            "| {} | {:.0} | {ratio:.2} | {:.2} ms | {:.2} ms |",
            candidate.name,
            median(candidate.slices.iter().map(|slice| slice.a_second)),
            median(candidate.slices.iter().map(|slice| slice.p50)),
            median(candidate.slices.iter().map(|slice| slice.p99)),
        );
    }
}

/// A demo, and the request that it is asked.
struct Candidate {
    name: &'static str,
    _folder: Folder,
    demo: Demo,
    request: String,
    slices: Vec<Slice>,
}

#[derive(Clone)]
struct Slice {
    a_second: f64,
    /// In milliseconds.
    p50: f64,
    p99: f64,
}

impl Candidate {
    fn new(name: &'static str, store: &str) -> Self {
        let folder = Folder::with_secret_and(&format!("DEMO_STORE = \"{store}\""));
        let mut command = folder.demo();
        command.env_remove("DEMO_STORE").env("RUST_LOG", "warn,demo=info").args(["--port", "0"]);
        let demo = Demo::start(&mut command);
        let request = request("/protected", Some(&demo.token()));
        Self { name, _folder: folder, demo, request, slices: Vec::new() }
    }

    /// Another route of the same work, without a token.
    fn open_route() -> Self {
        let open = Self::new("no token at all (`GET /optional`)", "memory:");
        Self { request: request("/optional", None), ..open }
    }

    /// The demo needs a store; so its route is served by this program, by a manager that has none.
    fn without_a_store() -> Self {
        let folder = Folder::empty();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("serve").env("RUST_LOG", "warn").stdin(Stdio::null()).stderr(Stdio::piped());
        let demo = Demo::start(&mut command);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let id = "f81d4fae-7dec-41d0-a765-00a0c91e6bf6";
        let claims = json!({ "fresh": false, "iat": now, "jti": id, "type": "access", "sub": "test", "nbf": now,
            "csrf": id, "exp": now + 900 });
        let request = request("/protected", Some(&sign(&claims)));
        Self { name: "no store", _folder: folder, demo, request, slices: Vec::new() }
    }

    fn measure(&mut self) {
        let mut load = Load::open(self.demo.port(), self.request.as_bytes());
        load.run(WARM_UP);
        let begin = Instant::now();
        let mut latencies = load.run(SLICE);
        let a_second = latencies.len() as f64 / begin.elapsed().as_secs_f64();
        latencies.sort_unstable();
        let at = |part: usize| latencies[(latencies.len() - 1) * part / 100].as_secs_f64() * 1e3;
        self.slices.push(Slice { a_second, p50: at(50), p99: at(99) });
    }
}

fn request(path: &str, token: Option<&str>) -> String {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{authorization}\r\n")
}

/// Connections that stay open, each with one request on its way at any time, served in their order: so a client
/// needs no look at which of them is ready.
struct Load<'a> {
    request: &'a [u8],
    connections: Vec<(TcpStream, Instant)>,
    /// Every answer is as long as the first one, and begins alike.
    answer: Vec<u8>,
}

impl<'a> Load<'a> {
    fn open(port: u16, request: &'a [u8]) -> Self {
        let mut first = http::connect(port);
        first.write_all(request).unwrap();
        let mut answer = vec![0; 4096];
        let length = first.read(&mut answer).unwrap();
        answer.truncate(length);
        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&answer));
        let connect = |_| {
            let stream = http::connect(port);
            stream.set_nodelay(true).unwrap();
            (stream, Instant::now())
        };
        Self { request, connections: (0..CONNECTIONS).map(connect).collect(), answer }
    }

    fn run(&mut self, duration: Duration) -> Vec<Duration> {
        let mut latencies = Vec::with_capacity(1 << 17);
        let mut buffer = vec![0; self.answer.len()];
        for (stream, sent) in &mut self.connections {
            stream.write_all(self.request).unwrap();
            *sent = Instant::now();
        }
        let end = Instant::now() + duration;
        loop {
            let last = Instant::now() >= end;
            for (stream, sent) in &mut self.connections {
                stream.read_exact(&mut buffer).unwrap();
                assert_eq!(buffer[..17], self.answer[..17]);
                latencies.push(sent.elapsed());
                if !last {
                    stream.write_all(self.request).unwrap();
                    *sent = Instant::now();
                }
            }
            if last {
                return latencies;
            }
        }
    }
}

fn serve_without_a_store() {
    logging::init();
    let jwt = JwtManager::new(JwtConfig::new().secret_key(SECRET)).unwrap();
    actix_web::rt::System::new().block_on(async {
        let app = move || App::new().app_data(jwt.clone()).service(protected::protected).wrap(logging::requests());
        let server = HttpServer::new(app).bind("127.0.0.1:0").unwrap();
        eprintln!("listening on http://{}", server.addrs()[0]);
        server.run().await.unwrap();
    });
}

/// This process, and its children from now on.
fn pin(core: &str) {
    let process = std::process::id().to_string();
    let status = Command::new("taskset").args(["-a", "-cp", core, &process]).stdout(Stdio::null()).status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("not pinned to a core: there is no taskset");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
