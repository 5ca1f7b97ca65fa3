//! Secrets: judged, then prepared as a HMAC state.

use super::invalid::{SECRET_KEY, invalid};
use super::key_file;
use crate::claims::Algorithm;
use crate::config::{SecretSource, base64_of_pem};
use crate::error::ConfigError;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha384, Sha512};
use std::path::Path;
use zeroize::Zeroizing;

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

/// What the setting or its file holds.
pub(super) fn load(setting: &'static str, source: &SecretSource) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    match source {
        SecretSource::Inline(text) => Ok(Zeroizing::new(text.reveal().as_bytes().to_vec())),
        SecretSource::File(path) => read(setting, path),
    }
}

/// The bytes that `base64:` or `hex:` stand for; without them, what was given.
pub(super) fn decode(given: &Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    match decoded(given) {
        Some(decoded) => {
            decoded.ok_or_else(|| invalid(SECRET_KEY, "begins with base64: or hex: and is not encoded so"))
        }
        None => Ok(given.clone()),
    }
}

/// What nobody makes a secret of on purpose: an error that names the right way.
pub(super) fn check_spelling(source: &SecretSource, given: &[u8]) -> Result<(), ConfigError> {
    let wrong = |what: &str| Err(invalid(SECRET_KEY, what));
    if given.trim_ascii() != given && std::str::from_utf8(given).is_ok() {
        return wrong("has white space at an end; cut it off, or write the secret as base64:… if it belongs to it");
    }
    if matches!(given, [first @ (b'"' | b'\''), .., last] if first == last) {
        return wrong("stands in quotes, which would be part of it; take them away, or write it as base64:…");
    }
    if matches!(source, SecretSource::Inline(text) if looks_like_a_path(text.reveal())) {
        return wrong("looks like a path; name the file in JWT_SECRET_KEY_FILE, or write the secret as base64:…");
    }
    if std::str::from_utf8(given).is_ok_and(is_a_placeholder) {
        return wrong("is a placeholder that nothing has filled in, and others can guess it; write the secret itself");
    }
    Ok(())
}

fn looks_like_a_path(text: &str) -> bool {
    let roots =
        ["/run/", "/var/", "/etc/", "/home/", "/mnt/", "/opt/", "/tmp/", "/usr/", "/secrets/", "/app/", "/srv/"];
    let has_drive = matches!(text.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic());
    // Only where it may well be one: of a secret no file system, which may be another machine's, is to learn.
    let names_a_file = || text.starts_with('/') || text.rsplit_once('/').is_some_and(|(_, name)| name.contains('.'));
    has_drive
        || roots.iter().chain(&["./", "../", "~/", "file:"]).any(|start| text.starts_with(start))
        || (names_a_file() && Path::new(text).is_file())
}

/// As templates and shells have them: `${NAME}`, `$NAME`, `$(command)`, `{{ name }}`, `<your secret>`.
fn is_a_placeholder(text: &str) -> bool {
    let within = |open, close| text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_prose = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" -_".contains(&byte));
    [("${", "}"), ("$(", ")"), ("{{", "}}")].into_iter().any(|(open, close)| within(open, close).is_some())
        || text.strip_prefix('$').is_some_and(is_name)
        || within("<", ">").is_some_and(is_prose)
}

/// One line end at the end is the editor's, not the secret's.
fn read(setting: &'static str, path: &Path) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let mut bytes = key_file::read(path)
        .map_err(|error| invalid(setting, format!("cannot be read from {}: {error}", path.display())))?;
    let length = without_line_end(&bytes).len();
    bytes.truncate(length);
    Ok(bytes)
}

pub(super) fn without_line_end(content: &[u8]) -> &[u8] {
    content.strip_suffix(b"\n").map_or(content, |line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// `None` = it is its bytes as they stand; `Some(None)` = it claims to be encoded, and is not.
fn decoded(text: &[u8]) -> Option<Option<Zeroizing<Vec<u8>>>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    if let Some(digits) = text.strip_prefix(b"hex:") {
        return Some(from_hex(digits));
    }
    let digits = text.strip_prefix(b"base64:")?;
    let url_safe = digits.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    Some(GeneralPurpose::new(alphabet, LENIENT).decode(digits).ok().map(Zeroizing::new))
}

fn from_hex(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    });
    // Allocated once: what grows leaves copies behind.
    let mut decoded = Zeroizing::new(Vec::with_capacity(digits.len().div_ceil(2)));
    for byte in bytes {
        decoded.push(byte?);
    }
    Some(decoded)
}

/// A secret of fewer different bytes than this nobody made with a random generator: 32 hex digits have as few once
/// in 27 million.
const FEWEST_DIFFERENT_BYTES: usize = 8;

/// What is no secret at all, however it is spelt.
pub(super) fn check_kind(secret: &[u8]) -> Result<(), ConfigError> {
    if looks_like_pem(secret) {
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
    Ok(())
}

/// Length and notoriety (RFC 7518 §3.2, RFC 8725 §3.5).
pub(super) fn check_secret(secret: &[u8], algorithms: &[Algorithm]) -> Result<(), ConfigError> {
    check_kind(secret)?;
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
    if let Some(unit) = repeated(secret).filter(|unit| unit.len() < needed) {
        return weak(format!("repeats the same {} bytes and needs at least {needed}", unit.len()));
    }
    let mut seen = [false; 256];
    for byte in secret {
        if let Some(seen) = seen.get_mut(usize::from(*byte)) {
            *seen = true;
        }
    }
    let different = seen.into_iter().filter(|seen| *seen).count();
    if different < FEWEST_DIFFERENT_BYTES {
        return weak(format!("has only {different} different bytes and needs at least {FEWEST_DIFFERENT_BYTES}"));
    }
    Ok(())
}

/// As it stands, or in base64.
fn looks_like_pem(secret: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN";
    secret.windows(BEGIN.len()).any(|window| window == BEGIN)
        || std::str::from_utf8(secret).is_ok_and(|text| base64_of_pem(text).is_some())
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
