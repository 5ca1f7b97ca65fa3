//! Every store against the same checks: real servers on free ports, which the tests start and kill themselves.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stderr)]

mod common;
mod emptied;
mod failover;
mod logged;
mod memory;
mod pgbouncer;
mod pgpool;
mod postgres;
mod postgres_run;
mod postgres_server;
mod proxy;
mod redis;
mod redis_run;
mod redis_sentinel;
mod redis_server;
mod redis_tls;
mod replicated;
mod service;
mod sqlite;
