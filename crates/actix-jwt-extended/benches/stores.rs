//! `cargo bench -p actix-jwt-extended --bench stores`: what it takes to know whether a token is revoked, by store and by
//! the number of live revocations; and the memory that each takes. Starts servers of its own. `-- 1 10000 10000000` measures
//! with so many; `-- instructions` counts those of this program, with valgrind; `-- connections` compares numbers of them to
//! PostgreSQL.

#![allow(missing_docs, dead_code)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr, clippy::indexing_slicing)]

mod callgrind;
mod connections;
#[path = "../tests/stores/postgres_server.rs"]
mod postgres_server;
#[path = "../tests/stores/proxy.rs"]
mod proxy;
#[path = "../tests/stores/redis_server.rs"]
mod redis_server;
#[path = "../tests/stores/service.rs"]
mod service;

use actix_jwt_extended::store::{
    MemoryStore, PostgresStore, RedisStore, Replicated, Revocation, RevocationFeed, SqliteStore, TokenIds, TokenStore,
};
use futures_util::future::join_all;
use postgres_server::PostgresServer;
use redis_server::RedisServer;
use std::hint::black_box;
use std::time::{Duration, Instant};
use uuid::Uuid;

const NOW: i64 = 1_800_000_000_000;
const LATER: i64 = NOW + 3_600_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["instructions"] => return actix_web::rt::System::new().block_on(instructions()),
        ["connections"] => return actix_web::rt::System::new().block_on(connections::compared()),
        ["look up", store, place, times] => {
            return actix_web::rt::System::new().block_on(look_up_in(store, place, times.parse().unwrap()));
        }
        _ => {}
    }
    let arguments = arguments.into_iter();
    let mut counts: Vec<u64> = arguments.map(|count| count.parse().unwrap()).collect();
    if counts.is_empty() {
        counts = vec![1, 10_000, 1_000_000];
    }
    println!("| live revocations | store | one look-up | bytes for each |");
    println!("| --- | --- | --- | --- |");
    actix_web::rt::System::new().block_on(async {
        writing().await;
        for count in counts {
            in_memory(count).await;
            sqlite(count).await;
            redis(count).await;
            postgres(count).await;
        }
    });
}

/// What a look-up takes of the node's own work, with so many revocations in the store.
const COUNTED: u64 = 10_000;

async fn instructions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.db");
    fill(&SqliteStore::open(&file).await.unwrap()).await;
    let file = file.to_str().unwrap();
    println!("| store, {COUNTED} live revocations | instructions of a look-up |");
    println!("| --- | --- |");
    let row = |name: &str, store: &str, place: &str| {
        let runs = if ["memory", "replicated"].contains(&store) { [1_000, 11_000] } else { [100, 600] };
        let of = |store: &str| {
            callgrind::per_run(runs, |times| ["look up", store, place, times].map(str::to_owned).to_vec())
        };
        let own = of(store).zip(of("nothing")).map(|(all, nothing)| all.saturating_sub(nothing));
        let shown = own.map_or("no valgrind here".to_owned(), |count| count.to_string());
        println!("| {name} | {shown} |");
    };
    row("memory", "memory", "-");
    row("a replica", "replicated", file);
    row("SQLite", "sqlite", file);
    if let Some(server) = RedisServer::start_with(&[]) {
        fill(&RedisStore::connect(&server.url()).await.unwrap()).await;
        row("Redis", "redis", &server.url());
    }
    if let Some(server) = PostgresServer::start() {
        fill(&PostgresStore::connect(&server.url()).await.unwrap()).await;
        row("PostgreSQL", "postgres", &server.url());
    }
}

async fn fill(store: &impl TokenStore) {
    let revocations: Vec<_> = (0..COUNTED).map(|at| Revocation::of_token(&jwt_id(at), LATER)).collect();
    store.revoke_many(&revocations, NOW).await.unwrap();
}

/// What is counted, in a process of its own.
async fn look_up_in(store: &str, place: &str, times: u64) {
    match store {
        // What it takes to make the IDs and to look at the clock, which is no part of a look-up.
        "nothing" => {
            for number in 0..times {
                let begin = Instant::now();
                black_box((jwt_id(number), jwt_id(number + COUNTED), begin.elapsed()));
            }
        }
        "memory" => {
            let store = MemoryStore::new();
            fill(&store).await;
            look_up(&store, COUNTED, times).await;
        }
        "replicated" => {
            let replica = Replicated::start(SqliteStore::open(place).await.unwrap()).await.unwrap();
            look_up(&replica, COUNTED, times).await;
        }
        "sqlite" => drop(look_up(&SqliteStore::open(place).await.unwrap(), COUNTED, times).await),
        "redis" => drop(look_up(&RedisStore::connect(place).await.unwrap(), COUNTED, times).await),
        _ => drop(look_up(&PostgresStore::connect(place).await.unwrap(), COUNTED, times).await),
    }
}

/// How many revocations a second are acknowledged, each on the disk; by callers who come at the same time.
async fn writing() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(folder.path().join("bench.db")).await.unwrap();
    println!("| – | SQLite: revocations a second | {} | – |", revocations_a_second(&sqlite).await);
    if let Some(server) = RedisServer::start() {
        let redis = RedisStore::connect(&server.url()).await.unwrap();
        println!("| – | Redis: revocations a second | {} | – |", revocations_a_second(&redis).await);
    }
    if let Some(server) = PostgresServer::start() {
        let postgres = PostgresStore::connect(&server.url()).await.unwrap();
        println!("| – | PostgreSQL: revocations a second | {} | – |", revocations_a_second(&postgres).await);
    }
}

async fn revocations_a_second(store: &impl TokenStore) -> u64 {
    const CALLERS: u64 = 64;
    let (begin, mut done) = (Instant::now(), 0);
    while begin.elapsed() < Duration::from_secs(2) {
        let revocations: Vec<_> = (done..done + CALLERS).map(|at| Revocation::of_token(&jwt_id(at), LATER)).collect();
        for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
            revoked.unwrap();
        }
        done += CALLERS;
    }
    (done as f64 / begin.elapsed().as_secs_f64()) as u64
}

fn row(count: u64, store: &str, time: Duration, bytes: Option<u64>) {
    let each = bytes.filter(|_| count >= 100_000).map_or("–".to_owned(), |bytes| (bytes / count).to_string());
    println!("| {count} | {store} | {time:?} | {each} |");
}

/// The n-th revoked token's ID; from `count` on, tokens that are not revoked.
fn jwt_id(number: u64) -> String {
    Uuid::from_u128(0x0199_0000_0000_7000_8000_0000_0000_0000 | u128::from(number) << 64 | u128::from(number))
        .to_string()
}

async fn in_memory(count: u64) {
    let before = resident();
    let store = MemoryStore::new();
    for number in 0..count {
        store.revoke(&Revocation::of_token(&jwt_id(number), LATER), NOW).await.unwrap();
    }
    let bytes = resident().saturating_sub(before);
    row(count, "memory, and every replica", look_up(&store, count, 100_000).await, Some(bytes));
}

async fn sqlite(count: u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let mut file = rusqlite::Connection::open(&path).unwrap();
    let filling = file.transaction().unwrap();
    {
        let mut insert = filling.prepare("INSERT INTO ajx_revocation VALUES (?1, ?2, ?3)").unwrap();
        for number in 0..count {
            insert.execute((format!("t:{}", jwt_id(number)), i64::MAX, LATER)).unwrap();
        }
    }
    filling.commit().unwrap();
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    row(count, "SQLite", look_up(&store, count, 5_000).await, Some(bytes));
    replicated(count, "SQLite", store).await;
}

async fn redis(count: u64) {
    let Some(server) = RedisServer::start_with(&[]) else { return };
    let store = RedisStore::connect(&server.url()).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let used = |connection: &mut redis::Connection| {
        let info: String = redis::cmd("INFO").arg("memory").query(connection).unwrap();
        let line = info.lines().find(|line| line.starts_with("used_memory:")).unwrap();
        line["used_memory:".len()..].trim().parse::<u64>().unwrap()
    };
    let before = used(&mut connection);
    let numbers: Vec<u64> = (0..count).collect();
    for numbers in numbers.chunks(1_000) {
        let mut add = redis::cmd("ZADD");
        add.arg("{ajx}:until");
        for number in numbers {
            add.arg(LATER).arg(format!("t:{}", jwt_id(*number)));
        }
        add.query::<()>(&mut connection).unwrap();
    }
    let bytes = used(&mut connection) - before;
    row(count, "Redis", look_up(&store, count, 5_000).await, Some(bytes));
    replicated(count, "Redis", store).await;
}

async fn postgres(count: u64) {
    let Some(server) = PostgresServer::start() else { return };
    let store = PostgresStore::connect(&server.url()).await.unwrap();
    let numbers: Vec<u64> = (0..count).collect();
    let (client, connection) = tokio_postgres::connect(&server.url(), tokio_postgres::NoTls).await.unwrap();
    actix_web::rt::spawn(connection);
    let insert = client
        .prepare(&format!("INSERT INTO ajx_revocation SELECT k, {}, {LATER} FROM unnest($1::BYTEA[]) k", i64::MAX))
        .await
        .unwrap();
    for numbers in numbers.chunks(10_000) {
        let keys: Vec<Vec<u8>> = numbers.iter().map(|number| format!("t:{}", jwt_id(*number)).into_bytes()).collect();
        client.execute(&insert, &[&keys]).await.unwrap();
    }
    client.batch_execute("VACUUM ANALYZE ajx_revocation").await.unwrap();
    let bytes: u64 = server.execute("SELECT pg_total_relation_size('ajx_revocation')").parse().unwrap();
    row(count, "PostgreSQL", look_up(&store, count, 5_000).await, Some(bytes));
    replicated(count, "PostgreSQL", store).await;
}

/// How long a node takes to read them all at its start.
async fn replicated(count: u64, store_name: &str, store: impl RevocationFeed) {
    let begin = Instant::now();
    let replica = Replicated::start(store).await.unwrap();
    assert!(replica.stats().revocations as u64 >= count);
    println!("| {count} | {store_name}: a replica's start | {:?} | – |", begin.elapsed());
}

/// The median; half of them of tokens that are revoked.
async fn look_up(store: &impl TokenStore, count: u64, times: u64) -> Duration {
    let mut taken = Vec::new();
    for round in 0..times {
        // Spread over all of them.
        let number = (round.wrapping_mul(0x9E37_79B9_7F4A_7C15) % count) + if round % 2 == 0 { 0 } else { count };
        let (jwt_id, session) = (jwt_id(number), jwt_id(number + 1 + 2 * count));
        let token =
            TokenIds { realm: "", jwt_id: &jwt_id, session_id: Some(&session), subject: "somebody", issued_at_ms: NOW };
        let begin = Instant::now();
        let revoked = match store.is_revoked_at_once(&token, Duration::MAX) {
            Some(revoked) => revoked,
            None => store.is_revoked(&token).await.unwrap(),
        };
        taken.push(begin.elapsed());
        assert_eq!(black_box(revoked), round % 2 == 0, "{number}");
    }
    taken.sort();
    taken[taken.len() / 2]
}

/// What this process has of the machine's memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}
