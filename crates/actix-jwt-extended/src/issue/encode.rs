//! From what is wanted of a token to the token.

use super::token_builder::{Loaded, TokenBuilder, check_header};
use crate::claims::name;
use crate::error::{IssueError, JwtError, SignerError};
use crate::keys::SigningKey;
use crate::manager::hooks;
use crate::token::codec::{self, SigningInput};
use serde_json::{Map, Value};
use std::any::Any;
use std::time::Duration;

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
    /// a lifetime past the year 9999, a token longer than `JWT_MAX_TOKEN_SIZE`, where there is no signing key, and where it is
    /// [remote](SigningKey::remote); [`JwtError::Hook`] for a loader that failed.
    pub fn encode(mut self) -> Result<String, JwtError> {
        self.complete()?;
        self.with_key(|token, key| token.sign(key))
    }

    /// Adds what others say of the token.
    fn complete(&mut self) -> Result<(), JwtError> {
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
        Ok(())
    }

    fn with_key<T>(&mut self, sign: impl FnOnce(&Self, &SigningKey) -> Result<T, JwtError>) -> Result<T, JwtError> {
        if let Some(key) = self.extras.as_mut().and_then(|extras| extras.loaded.key.take()) {
            return sign(self, &key);
        }
        if self.manager.hooks().encode_key_async.is_some() {
            return Err(JwtError::NotConfigured("encode_key_loader_async is for `encode_async`"));
        }
        match &self.manager.hooks().encode_key {
            None => match &self.manager.ring().signing {
                Some(key) => sign(self, key),
                None => Err(IssueError::NoSigningKey.into()),
            },
            Some(hook) => sign(self, &hooks::call("encode_key_loader", || hook(&self.identity))?),
        }
    }

    /// Signs the token as [`encode`](Self::encode) does, with what `additional_claims_loader_async` and
    /// `encode_key_loader_async` say, and where a [remote](SigningKey::remote) signer must be waited for.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// async fn token(jwt: &JwtManager) -> Result<String, JwtError> {
    ///     jwt.access_token("ada").fresh().encode_async().await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`encode`](Self::encode); [`JwtError::Signer`] for a remote signer that failed or took too long.
    pub async fn encode_async(mut self) -> Result<String, JwtError> {
        const CLAIMS: &str = "additional_claims_loader_async";
        let (hooks, identity) = (self.manager.hooks(), self.identity.clone());
        let known = self.extras.as_ref().map(|extras| (extras.loaded.claims.is_some(), extras.loaded.key.is_some()));
        let (knows_claims, knows_key) = known.unwrap_or_default();
        if let Some(hook) = &hooks.additional_claims_async
            && !knows_claims
        {
            let claims = hooks::call_async(CLAIMS, || hook(identity.clone())).await?;
            self.extras().loaded.claims = Some(object(CLAIMS, claims)?);
        }
        if let Some(hook) = &hooks.encode_key_async
            && !knows_key
        {
            let key = hooks::call_async("encode_key_loader_async", || hook(identity)).await?;
            self.extras().loaded.key = Some(key);
        }
        self.complete()?;
        match self.with_key(|token, key| match key.is_remote() {
            true => Ok(Err(key.clone())),
            false => token.sign(key).map(Ok),
        })? {
            Ok(token) => Ok(token),
            Err(remote) => self.sign_remotely(&remote).await,
        }
    }

    fn sign(&self, key: &SigningKey) -> Result<String, JwtError> {
        if key.is_remote() {
            return Err(IssueError::RemoteSigner.into());
        }
        let (claims, expires) = self.claims_json(self.manager.now_ms())?;
        let token = match self.own_headers() {
            None => codec::encode(key.usual_header(|| header_segment(key, &Map::new()))?, claims, key),
            Some(own) => codec::encode(&header_segment(key, own)?, claims, key),
        };
        let token = self.judge_size(token)?;
        key.note_expiry(self.manager.last_moment(expires));
        Ok(token)
    }

    /// The token's times stand before it is signed: where they no longer hold afterwards, there is none.
    async fn sign_remotely(&self, key: &SigningKey) -> Result<String, JwtError> {
        let made_ms = self.manager.now_ms();
        let (claims, expires) = self.claims_json(made_ms)?;
        self.judge_lifetime(key, self.issued_at(made_ms), expires)?;
        let header = header_segment(key, self.own_headers().unwrap_or(&Map::new()))?;
        let input = SigningInput::new(&header, claims).ok_or(IssueError::Signing)?;
        let limit = self.manager.config().max_token_size;
        if input.bytes().len() > limit {
            return Err(IssueError::TooLong { limit }.into());
        }
        // Before it is signed, so that the key does not go meanwhile.
        key.note_expiry(self.manager.last_moment(expires));
        let signature = key.sign_remotely(input.bytes()).await?;
        let now_ms = self.manager.now_ms();
        // A second for a clock that is set, and for the way back.
        let limit_ms = i64::try_from(key.signing_limit().as_millis()).unwrap_or(i64::MAX).saturating_add(1000);
        let expires_ms = expires.map_or(i64::MAX, |expires| expires.saturating_mul(1000));
        let has_expired = made_ms < expires_ms && expires_ms <= now_ms;
        if has_expired || !(-1000..=limit_ms).contains(&now_ms.saturating_sub(made_ms)) {
            return Err(SignerError::too_late().into());
        }
        self.judge_size(input.attach(&signature))
    }

    /// That it expires soon enough for the key's signer.
    fn judge_lifetime(&self, key: &SigningKey, issued: i64, expires: Option<i64>) -> Result<(), IssueError> {
        let Some(limit) = key.max_token_lifetime() else { return Ok(()) };
        let seconds = expires.map(|expires| u64::try_from(expires.saturating_sub(issued)).unwrap_or(0));
        let lifetime = seconds.map(Duration::from_secs);
        match lifetime.is_some_and(|lifetime| lifetime <= limit) {
            true => Ok(()),
            false => Err(IssueError::LifetimeOfSigner { lifetime, limit }),
        }
    }

    fn judge_size(&self, token: Option<String>) -> Result<String, JwtError> {
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

    /// Asks the hooks that want the user object, and not only its identity.
    pub(crate) fn of_user(mut self, user: &dyn Any) -> Result<Self, JwtError> {
        const CLAIMS: &str = "additional_claims_loader_for";
        const HEADERS: &str = "additional_headers_loader_for";
        let hooks = self.manager.hooks();
        let mut loaded = Loaded::default();
        if let Some(hook) = &hooks.claims_of_user {
            loaded.claims = hooks::call(CLAIMS, || hook(user))?.map(|value| object(CLAIMS, value)).transpose()?;
        }
        if let Some(hook) = &hooks.headers_of_user {
            loaded.headers = hooks::call(HEADERS, || hook(user))?.map(|value| object(HEADERS, value)).transpose()?;
        }
        if let Some(hook) = &hooks.key_of_user {
            loaded.key = hooks::call("encode_key_loader_for", || hook(user))?;
        }
        if loaded.claims.is_some() || loaded.headers.is_some() || loaded.key.is_some() {
            self.extras().loaded = loaded;
        }
        Ok(self)
    }

    pub(crate) fn of_user_if_any(self, user: Option<&dyn Any>) -> Result<Self, JwtError> {
        match user {
            Some(user) => self.of_user(user),
            None => Ok(self),
        }
    }

    /// The loader's claims go in where the call gave none of that name.
    fn add_loaded_claims(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_claims_loader";
        let known = self.extras.as_mut().and_then(|extras| extras.loaded.claims.take());
        let loaded = match (known, &self.manager.hooks().additional_claims) {
            (Some(claims), _) => claims,
            (None, _) if self.manager.hooks().additional_claims_async.is_some() => {
                return Err(JwtError::NotConfigured("additional_claims_loader_async is for `encode_async`"));
            }
            (None, Some(hook)) => object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)?,
            (None, None) => return Ok(()),
        };
        for (name, value) in loaded {
            self.check_claim(&name)?;
            self.extras().claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn add_loaded_headers(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_headers_loader";
        let known = self.extras.as_mut().and_then(|extras| extras.loaded.headers.take());
        let loaded = match (known, &self.manager.hooks().additional_headers) {
            (Some(headers), _) => headers,
            (None, Some(hook)) => object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)?,
            (None, None) => return Ok(()),
        };
        for (name, value) in loaded {
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
