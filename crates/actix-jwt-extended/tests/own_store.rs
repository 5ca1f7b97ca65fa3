//! The example `own_store` keeps what a `TokenStore` promises.
//!
//! Its own test runs here and not with the examples: an example whose tests `cargo test` runs is not built as a program,
//! and `tests/examples.rs` wants to start it.

#![allow(missing_docs)]

#[path = "../examples/own_store.rs"]
#[allow(dead_code, reason = "the server has no user here")]
mod example;
