//! What a token takes over from the one that it replaces.

use super::TokenBuilder;
use crate::claims::{TokenType, VerifiedToken, name};
use crate::config::{Lifetime, Location, OneOrMany};
use crate::keys::SigningKey;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;

/// Header parameters that speak of the replaced token's key or form. The next token's may differ.
const OF_THE_KEY: &[&str] = &["alg", "crit", "b64", "kid", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256"];

/// Members of the claim that tells what was given.
const CLAIMS: &str = "claims";
const HEADER: &str = "header";

impl TokenBuilder<'_> {
    /// Takes over the own claims that a session was begun with. `None`: not known, because an earlier version of this
    /// crate began it; then those of one of its tokens.
    pub(crate) fn carry_session(mut self, claims: Option<&Map<String, Value>>, token: &VerifiedToken) -> Self {
        match claims {
            Some(claims) => self.extras().carried.clone_from(claims),
            None => self.extras().carried = self.own_claims(token),
        }
        self
    }

    /// Takes over all that the login gave another token: its own claims and header parameters, its lifetime,
    /// audience and issuer; and the double-submit value that open pages hold. Not its freshness.
    ///
    /// What it does not have is as the settings say: they said nothing when it was made.
    pub(crate) fn carry_all(mut self, token: &VerifiedToken) -> Self {
        if let Some(seconds) = lifetime(token) {
            let lifetime = Duration::from_secs(seconds);
            // Another key may have signed the other token, and the signer of this one allow less.
            let limit = self.manager.ring().signing.as_ref().and_then(SigningKey::max_token_lifetime);
            self.lifetime = Lifetime::After(limit.map_or(lifetime, |limit| lifetime.min(limit)));
        }
        let (claims, headers) = (self.own_claims(token), self.given_headers(token));
        let extras = self.extras();
        extras.carried = claims;
        extras.carried_headers = headers;
        extras.audience = token.claims().get(name::AUDIENCE).and_then(audience);
        extras.issuer = token.claims().get(name::ISSUER).and_then(Value::as_str).map(str::to_owned);
        extras.csrf = token.csrf().map(str::to_owned);
        self
    }

    /// Own claims of a token that were given at its making. What a loader said is for the loader to say again.
    fn own_claims(&self, token: &VerifiedToken) -> Map<String, Value> {
        let loads = self.manager.hooks().load_claims();
        let own = token.claims().iter();
        own.filter(|(name, _)| self.check_claim(name).is_ok() && was_given(token, CLAIMS, name, loads))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn given_headers(&self, token: &VerifiedToken) -> Map<String, Value> {
        let loads = self.manager.hooks().load_headers();
        let usual = |name: &str, value: &Value| name == "typ" && value == "JWT";
        let own = token.header().members().iter();
        own.filter(|(name, value)| !OF_THE_KEY.contains(&name.as_str()) && !usual(name, value))
            .filter(|(name, _)| was_given(token, HEADER, name, loads))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// Which of its own claims and header parameters a token is given at the call: told in the token, where loaders
    /// add others and it may be renewed in passing. Of a session its record knows.
    pub(super) fn given(&self) -> Option<Value> {
        let (hooks, config) = (self.manager.hooks(), self.manager.config());
        let renewable = self.token_type == TokenType::Access && config.token_location.contains(&Location::Cookies);
        if !renewable || self.session.is_some() {
            return None;
        }
        let mut given = Map::new();
        let extras = self.extras.as_deref();
        let mut tell = |what: &str, own: Option<[&Map<String, Value>; 2]>| {
            let names: BTreeSet<_> = own.into_iter().flatten().flat_map(Map::keys).collect();
            given.insert(what.to_owned(), names.into_iter().map(|name| Value::from(&**name)).collect());
        };
        if hooks.load_claims() {
            tell(CLAIMS, extras.map(|extras| [&extras.claims, &extras.carried]));
        }
        if hooks.load_headers() {
            tell(HEADER, extras.map(|extras| [&extras.headers, &extras.carried_headers]));
        }
        (!given.is_empty()).then_some(Value::Object(given))
    }
}

/// What the token itself says of this; where it says nothing, no loader took part in its making, if there is none now.
fn was_given(token: &VerifiedToken, what: &str, own: &str, loads: bool) -> bool {
    match token.claims().get(name::GIVEN).and_then(|given| given.get(what)).and_then(Value::as_array) {
        Some(names) => names.iter().any(|name| name == own),
        None => !loads,
    }
}

/// For how many seconds a token is made to live.
fn lifetime(token: &VerifiedToken) -> Option<u64> {
    let seconds = token.expires_at()?.checked_sub(token.issued_at()?)?;
    u64::try_from(seconds).ok()
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
