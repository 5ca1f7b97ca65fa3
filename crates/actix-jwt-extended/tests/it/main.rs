//! The library as its users see it: a real server over TCP, and tokens made by hand.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod answers;
mod app;
mod bodies;
mod browser_side;
mod cache;
mod clocks;
mod cookies;
mod extractors;
mod forge;
mod hooks;
mod implicit_refresh;
mod invariants;
mod issuing;
mod keys;
mod locations;
mod logged;
mod many_sessions;
mod oracle;
mod payloads;
mod remembered;
mod sessions;
mod settings;
mod websocket;
mod wraps;
