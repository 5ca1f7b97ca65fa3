//! Tokens made by hand, without the library: to break just one thing at a time.

use crate::app::{NOW, SECRET};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Map, Value, json};
use sha2::{Sha256, Sha384};

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn hs256(message: &str, secret: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

pub(crate) fn hs384(message: &str, secret: &[u8]) -> Vec<u8> {
    Hmac::<Sha384>::new_from_slice(secret).unwrap().chain_update(message).finalize().into_bytes().to_vec()
}

/// A genuine HS256 signature over whatever these texts are.
pub(crate) fn sign_raw(header: &str, claims: &str) -> String {
    let message = format!("{}.{}", b64(header), b64(claims));
    let signature = b64(hs256(&message, SECRET.as_bytes()));
    format!("{message}.{signature}")
}

/// A genuine token with this header.
pub(crate) fn with_header(header: &str) -> String {
    sign_raw(header, &good_claims().to_string())
}

/// A genuine token with these claims as text.
pub(crate) fn with_claims_text(claims: &str) -> String {
    sign_raw(r#"{"alg":"HS256","typ":"JWT"}"#, claims)
}

/// A genuine token, good in every respect but for these claims.
pub(crate) fn with(claims: Value) -> String {
    let mut all = good_claims();
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    with_claims_text(&all.to_string())
}

pub(crate) fn without(claim: &str) -> String {
    let claims: Map<String, Value> =
        good_claims().as_object().unwrap().clone().into_iter().filter(|(name, _)| name != claim).collect();
    with_claims_text(&Value::Object(claims).to_string())
}

pub(crate) fn good() -> String {
    with(json!({}))
}

pub(crate) fn good_claims() -> Value {
    json!({
        "fresh": false, "iat": NOW, "jti": "6f1c", "type": "access", "sub": "ada", "nbf": NOW,
        "csrf": "c5rf", "exp": NOW + 900,
    })
}
