//! Keys that change while several demos work under load, and while whoever changes them is killed.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, reason = "the helpers are those of other tests, too")]
// What was measured.
#![allow(clippy::print_stdout)]

#[path = "../api/helpers.rs"]
mod helpers;
#[path = "../api/http.rs"]
mod http;
mod kill;
mod rotation;
mod users;
