//! What a token takes over from the one that it replaces.

use super::TokenBuilder;
use crate::claims::{VerifiedToken, name};
use crate::config::{Lifetime, OneOrMany};
use serde_json::Value;
use std::time::Duration;

/// Header parameters that speak of the replaced token's key or form. The next token's may differ.
const OF_THE_KEY: &[&str] = &["alg", "crit", "b64", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

impl TokenBuilder<'_> {
    /// Takes over another token's own claims.
    pub(crate) fn carry_claims(mut self, token: &VerifiedToken) -> Self {
        let own = token.claims().iter().filter(|(name, _)| self.check_claim(name).is_ok());
        let own = own.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.extras().carried = own;
        self
    }

    /// Takes over all that the login gave another token: its own claims and header parameters, its lifetime,
    /// audience and issuer; and the double-submit value that open pages hold. Not its freshness.
    ///
    /// What it does not have is as the settings say: they said nothing when it was made.
    pub(crate) fn carry_all(self, token: &VerifiedToken) -> Self {
        let mut next = self.carry_claims(token);
        if let Some(seconds) = lifetime(token) {
            next.lifetime = Lifetime::After(Duration::from_secs(seconds));
        }
        let extras = next.extras();
        extras.carried_headers = own_headers(token);
        extras.audience = token.claims().get(name::AUDIENCE).and_then(audience);
        extras.issuer = token.claims().get(name::ISSUER).and_then(Value::as_str).map(str::to_owned);
        extras.csrf = token.csrf().map(str::to_owned);
        next
    }
}

/// For how many seconds a token is made to live.
fn lifetime(token: &VerifiedToken) -> Option<u64> {
    let seconds = token.expires_at()?.checked_sub(token.issued_at()?)?;
    u64::try_from(seconds).ok()
}

fn own_headers(token: &VerifiedToken) -> serde_json::Map<String, Value> {
    let usual = |name: &str, value: &Value| name == "typ" && value == "JWT";
    let own = token.header().members().iter();
    own.filter(|(name, value)| !OF_THE_KEY.contains(&name.as_str()) && !usual(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn audience(value: &Value) -> Option<OneOrMany> {
    match value {
        Value::String(text) => Some(OneOrMany::One(text.clone())),
        Value::Array(items) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.map(OneOrMany::Many)
        }
        _ => None,
    }
}
