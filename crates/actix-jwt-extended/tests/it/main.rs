//! The library as its users see it: a real server over TCP, and tokens made by hand.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod app;
mod forge;
mod logged;

mod config {
    mod settings;
}

mod issue {
    mod issuing;
}

mod keys {
    mod directory;
    mod directory_races;
    mod encrypted;
    mod files;
    mod forms;
    mod hsm;
    mod jwk;
    mod listed;
    mod pkcs11;
    mod remote_algorithms;
    mod ring;
    mod rotation;
    mod rsa_pss;
    mod secrets;
    mod signers;
}

mod manager {
    mod awaited_keys;
    mod hooks;
    mod per_worker;
}

mod publish {
    mod jwks;
    mod metadata;
}

mod request {
    mod answers;
    mod bodies;
    mod browser_side;
    mod extractors;
    mod handlers_errors;
    mod locations;
    mod old_cookies;
    mod realms;
    mod websocket;
    mod wraps;
}

mod response {
    mod cookies;
    mod implicit_refresh;
}

mod session {
    mod answer;
    mod capped;
    mod clocks;
    mod ending;
    mod half_done;
    mod many_sessions;
    mod remembered;
    mod rotating;
    mod sessions;
}

mod token {
    mod cache;
    mod invariants;
    mod kinds;
    mod oracle;
    mod payloads;
}
