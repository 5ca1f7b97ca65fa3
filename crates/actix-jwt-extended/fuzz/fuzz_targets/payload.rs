//! Whatever an issuer signs is read as `serde_json` reads it: the check of `tests/it/token/payloads.rs`, on libFuzzer's
//! bytes.

#![no_main]
#![allow(dead_code, reason = "the modules are those of the tests, of which this is one")]

mod app {
    pub(crate) const SECRET: &str = "a secret for tests: 0123456789 abcdef";
    pub(crate) const NOW: i64 = 1_800_000_000;
}
#[path = "../../tests/it/forge.rs"]
mod forge;
#[path = "../../tests/it/token/payloads.rs"]
mod payloads;

use actix_jwt_extended::JwtManager;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static JUDGE: LazyLock<JwtManager> = LazyLock::new(payloads::judge);

fuzz_target!(|payload: &[u8]| {
    payloads::agrees(&JUDGE, payload);
});
