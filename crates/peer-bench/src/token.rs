//! One algorithm with its keys, and the token that every peer is asked to verify.

use crate::crypto;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One algorithm of each kind.
pub const ALGORITHMS: [Algorithm; 4] = [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

pub const SUBJECT: &str = "ada.lovelace@example.org";

/// The secret of the HS algorithms.
pub const SECRET: &str = "a secret that is long enough for SHA-512: 0123456789 abcdef ghijklmnop qrstuvwxyz";

pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a peer's application is set up with.
#[derive(Clone)]
pub struct Fixture {
    pub algorithm: Algorithm,
    /// Valid for a day.
    pub token: String,
}

impl Fixture {
    pub fn new(algorithm: Algorithm) -> Self {
        crypto::install();
        let now = unix_time();
        Self { algorithm, token: sign(algorithm, &claims(SUBJECT, now, now + DAY.as_secs())) }
    }

    /// In another process, with the token that was made in the first.
    pub fn with_token(algorithm: Algorithm, token: String) -> Self {
        crypto::install();
        Self { algorithm, token }
    }

    /// The public key of the asymmetric algorithms, as SPKI in PEM.
    pub fn public_pem(&self) -> &'static str {
        match self.algorithm {
            Algorithm::ES256 => include_str!("../../actix-jwt-extended/tests/keys/ec256.pub.pem"),
            Algorithm::EdDSA => include_str!("../../actix-jwt-extended/tests/keys/ed25519.pub.pem"),
            _ => include_str!("../../actix-jwt-extended/tests/keys/rsa2048.pub.pem"),
        }
    }

    /// The private key of the asymmetric algorithms: some peers demand one even to verify.
    pub fn private_pem(&self) -> &'static str {
        private_pem(self.algorithm)
    }

    /// Tokens that nobody signed: a letter of the signature changed, and another subject under the same signature.
    pub fn tampered(&self) -> [String; 2] {
        let mut segments = self.token.split('.').map(str::to_owned);
        let [header, payload, signature] = std::array::from_fn(|_| segments.next().unwrap_or_default());
        let other = if signature.starts_with('A') { 'B' } else { 'A' };
        let changed = format!("{other}{}", signature.chars().skip(1).collect::<String>());
        let claims = BASE64_URL_SAFE_NO_PAD.decode(&payload).expect("our own token");
        let claims = String::from_utf8(claims).expect("our own token").replace(SUBJECT, "eve");
        let forged = BASE64_URL_SAFE_NO_PAD.encode(claims);
        [format!("{header}.{payload}.{changed}"), format!("{header}.{forged}.{signature}")]
    }

    /// Signed by us, expired two hours ago: more than anybody's leeway.
    pub fn expired(&self) -> String {
        let now = unix_time();
        sign(self.algorithm, &claims(SUBJECT, now - 3 * 3600, now - 2 * 3600))
    }
}

/// The eight claims of Flask-JWT-Extended's access tokens, in its order.
fn claims(subject: &str, issued: u64, expires: u64) -> String {
    let [jti, csrf] = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    format!(
        r#"{{"fresh":false,"iat":{issued},"jti":"{jti}","type":"access","sub":"{subject}","nbf":{issued},"csrf":"{csrf}","exp":{expires}}}"#
    )
}

pub fn sign(algorithm: Algorithm, claims: &str) -> String {
    let header = format!(r#"{{"alg":"{algorithm:?}","typ":"JWT"}}"#);
    let message = [header.as_str(), claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
    let pem = private_pem(algorithm).as_bytes();
    let key = match algorithm {
        Algorithm::HS256 => EncodingKey::from_secret(SECRET.as_bytes()),
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem).expect("a key for tests"),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem).expect("a key for tests"),
        _ => EncodingKey::from_rsa_pem(pem).expect("a key for tests"),
    };
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, algorithm).expect("a key for tests");
    format!("{message}.{signature}")
}

fn private_pem(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => include_str!("../../actix-jwt-extended/tests/keys/ec256.pem"),
        Algorithm::EdDSA => include_str!("../../actix-jwt-extended/tests/keys/ed25519.pem"),
        _ => include_str!("../../actix-jwt-extended/tests/keys/rsa2048.pem"),
    }
}

pub fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
