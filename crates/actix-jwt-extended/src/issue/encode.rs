//! From what is wanted of a token to the token.

use super::token_builder::{TokenBuilder, check_header};
use crate::claims::name;
use crate::error::{IssueError, JwtError};
use crate::keys::SigningKey;
use crate::manager::hooks;
use crate::token::codec;
use serde_json::{Map, Value};

impl TokenBuilder<'_> {
    /// Signs the token: the compact form of RFC 7515 §7.1.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").encode()?;
    /// assert_eq!(token.split('.').count(), 3);
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Issue`] for own claims or headers with a reserved name, an identity of the wrong type,
    /// a lifetime past the year 9999, a token longer than `JWT_MAX_TOKEN_SIZE`, or where there is no signing key;
    /// [`JwtError::Hook`] for a loader that failed.
    pub fn encode(mut self) -> Result<String, JwtError> {
        if let Some(mistake) = self.extras.as_mut().and_then(|extras| extras.mistake.take()) {
            return Err(mistake.into());
        }
        let given = self.given();
        self.add_loaded_claims()?;
        self.add_loaded_headers()?;
        if let Some(given) = given {
            self.extras().claims.insert(name::GIVEN.to_owned(), given);
        }
        if let Some(extras) = &mut self.extras {
            add_missing(&mut extras.claims, &mut extras.carried);
            add_missing(&mut extras.headers, &mut extras.carried_headers);
        }
        match &self.manager.hooks().encode_key {
            None => match &self.manager.ring().signing {
                Some(key) => self.sign(key),
                None => Err(IssueError::NoSigningKey.into()),
            },
            Some(hook) => self.sign(&hooks::call("encode_key_loader", || hook(&self.identity))?),
        }
    }

    fn sign(&self, key: &SigningKey) -> Result<String, JwtError> {
        let claims = self.claims_json()?;
        let token = match self.own_headers() {
            None => codec::encode(key.usual_header(|| header_segment(key, &Map::new()))?, claims, key),
            Some(own) => codec::encode(&header_segment(key, own)?, claims, key),
        };
        let limit = self.manager.config().max_token_size;
        match token {
            Some(token) if token.len() <= limit => Ok(token),
            Some(_) => Err(IssueError::TooLong { limit }.into()),
            None => Err(IssueError::Signing.into()),
        }
    }

    fn own_headers(&self) -> Option<&Map<String, Value>> {
        self.extras.as_ref().map(|extras| &extras.headers).filter(|headers| !headers.is_empty())
    }

    /// The loader's claims go in where the call gave none of that name.
    fn add_loaded_claims(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_claims_loader";
        let Some(hook) = &self.manager.hooks().additional_claims else { return Ok(()) };
        for (name, value) in object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)? {
            self.check_claim(&name)?;
            self.extras().claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn add_loaded_headers(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_headers_loader";
        let Some(hook) = &self.manager.hooks().additional_headers else { return Ok(()) };
        for (name, value) in object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)? {
            check_header(&name, &value)?;
            self.extras().headers.entry(name).or_insert(value);
        }
        Ok(())
    }
}

fn header_segment(key: &SigningKey, own: &Map<String, Value>) -> Result<String, IssueError> {
    if key.key_id().is_some() && own.contains_key("kid") {
        return Err(IssueError::ReservedHeader("kid".to_owned()));
    }
    let key_id = key.key_id().map(Value::from);
    let others = own.iter().filter(|(name, _)| *name != "typ").map(|(name, value)| (name.as_str(), value));
    let members = key_id.iter().map(|id| ("kid", id)).chain(others);
    codec::header_segment(key.algorithm(), own.get("typ"), members).map_err(IssueError::Serialize)
}

/// Moves what is not there yet.
fn add_missing(members: &mut Map<String, Value>, from: &mut Map<String, Value>) {
    for (name, value) in std::mem::take(from) {
        members.entry(name).or_insert(value);
    }
}

fn object(hook: &'static str, value: Value) -> Result<Map<String, Value>, JwtError> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JwtError::Hook { hook, source: "it must return a JSON object".into() }),
    }
}
