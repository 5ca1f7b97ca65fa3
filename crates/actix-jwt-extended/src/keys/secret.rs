//! Secrets: judged, then prepared as a HMAC state.

use super::invalid::{SECRET_KEY, invalid};
use super::pem;
use crate::error::ConfigError;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::Algorithm;
use sha2::{Sha256, Sha384, Sha512};

/// Secrets that stand in tutorials, and what people type instead of making one.
const WELL_KNOWN_SECRETS: &[&str] = &[
    "secret",
    "super-secret",
    "supersecret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "jwt-secret",
    "jwt_secret",
    "secret-key",
    "secret_key",
    "mysecret",
    "my-secret",
    "your-secret",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "your-secret-key",
    "test",
    "dev",
    "development",
    "a-string-secret-at-least-256-bits-long",
];

/// Length and notoriety (RFC 7518 §3.2, RFC 8725 §3.5).
pub(super) fn check_secret(secret: &[u8], algorithms: &[Algorithm]) -> Result<(), ConfigError> {
    if pem::looks_like_pem(secret) {
        return Err(invalid(
            SECRET_KEY,
            "holds a PEM key, which is no HMAC secret; use JWT_PRIVATE_KEY or JWT_PUBLIC_KEY",
        ));
    }
    if secret.is_empty() {
        return Err(invalid(SECRET_KEY, "is empty; make one with `openssl rand -hex 32`"));
    }
    if secret.trim_ascii().ends_with(b".pem") {
        return Err(invalid(
            SECRET_KEY,
            "names a PEM file; a file of a key belongs in JWT_PRIVATE_KEY or JWT_PUBLIC_KEY",
        ));
    }
    let needed = algorithms.iter().map(|algorithm| hash_bytes(*algorithm)).max().unwrap_or(0);
    let weak = |reason: String| Err(ConfigError::WeakSecret { reason });
    let word = String::from_utf8_lossy(repeated(secret).unwrap_or(secret));
    let word = word.trim_matches([' ', '-', '_', '\n']);
    if WELL_KNOWN_SECRETS.iter().any(|known| word.eq_ignore_ascii_case(known)) {
        return weak("is a well-known example".to_owned());
    }
    if secret.len() < needed {
        return weak(format!("has {} bytes and needs at least {needed}", secret.len()));
    }
    Ok(())
}

/// What a secret that repeats itself repeats: "aaaa…", "secret-secret-secret…".
fn repeated(secret: &[u8]) -> Option<&[u8]> {
    let repeats = |period: &usize| secret.iter().zip(secret.iter().skip(*period)).all(|(a, b)| a == b);
    (1..=secret.len() / 2).find(repeats).and_then(|period| secret.get(..period))
}

fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}

/// HMAC with the key's blocks hashed already; a token's work begins with a copy of it.
#[derive(Clone)]
pub(super) enum HmacState {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacState {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(secret).ok().map(Self::Sha256),
            Algorithm::HS384 => Hmac::new_from_slice(secret).ok().map(Self::Sha384),
            Algorithm::HS512 => Hmac::new_from_slice(secret).ok().map(Self::Sha512),
            _ => None,
        }
    }

    pub(super) fn sign<T>(&self, message: &[u8], write: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Sha256(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha384(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha512(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
        }
    }

    /// Compares in constant time; a truncated signature is a no.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(state) => state.clone().chain_update(message).verify_slice(signature),
            Self::Sha384(state) => state.clone().chain_update(message).verify_slice(signature),
            Self::Sha512(state) => state.clone().chain_update(message).verify_slice(signature),
        }
        .is_ok()
    }
}
