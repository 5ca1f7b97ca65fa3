//! The demo from the outside: the real program, real HTTP, real signals.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cookies;
mod cors;
mod failures;
mod helpers;
mod http;
mod jwks;
mod keys;
mod locations;
mod login;
mod metrics;
mod privacy;
mod protected;
mod revocation;
mod routes;
mod sessions;
mod settings;
#[cfg(unix)]
mod shutdown;
mod throttle;
