//! Several demos behind one store, and what becomes of logins when the store is in trouble.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, reason = "the helpers are those of other tests, too")]
// What was measured, and what is not installed.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod faults;
#[path = "../api/helpers.rs"]
mod helpers;
#[path = "../api/http.rs"]
mod http;
mod load;
mod logout;
mod once;
#[path = "../../../crates/actix-jwt-extended/tests/stores/postgres_server.rs"]
mod postgres_server;
#[path = "../../../crates/actix-jwt-extended/tests/stores/proxy.rs"]
mod proxy;
#[path = "../../../crates/actix-jwt-extended/tests/stores/redis_server.rs"]
mod redis_server;
#[path = "../../../crates/actix-jwt-extended/tests/stores/service.rs"]
mod service;

use helpers::{Demo, Folder, SECRET};

/// So many demos of one key and one store.
fn demos(folder: &Folder, store: &str, count: usize, settings: &str) -> Vec<Demo> {
    let own = format!("JWT_SECRET_KEY = \"{SECRET}\"\nDEMO_STORE = \"{store}\"\n{settings}\n");
    std::fs::write(folder.settings(), own).unwrap();
    (0..count)
        .map(|_| {
            Demo::start(folder.demo().env_remove("DEMO_STORE").env("RUST_LOG", "warn,demo=info").args(["--port", "0"]))
        })
        .collect()
}
