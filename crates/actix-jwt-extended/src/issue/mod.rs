//! Making tokens.

mod carried;
mod claims;

use crate::claims::{MAX_NUMERIC_DATE, TokenType, name};
use crate::codec;
use crate::config::{Lifetime, OneOrMany, reserved_claim};
use crate::error::{IssueError, JwtError};
use crate::hooks;
use crate::keys::SigningKey;
use crate::manager::JwtManager;
use serde::Serialize;
use serde_json::{Map, Value};
use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;
use std::time::Duration;

/// Header parameters that only the key or the library sets: with another value of these our own
/// verification would refuse the token, or another's would misread it.
const RESERVED_HEADERS: &[&str] = &["alg", "crit", "b64"];

impl JwtManager {
    /// An access token for `identity`, not fresh, living for `JWT_ACCESS_TOKEN_EXPIRES`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Issue`] and [`JwtError::Hook`], as [`TokenBuilder::encode`].
    pub fn create_access_token(&self, identity: impl Display) -> Result<String, JwtError> {
        self.access_token(identity).encode()
    }

    /// A refresh token for `identity`, living for `JWT_REFRESH_TOKEN_EXPIRES`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_refresh_token("ada")?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`create_access_token`](Self::create_access_token).
    pub fn create_refresh_token(&self, identity: impl Display) -> Result<String, JwtError> {
        self.refresh_token(identity).encode()
    }

    /// An access token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`create_access_token`](Self::create_access_token), and [`JwtError::NotConfigured`] where
    /// there is no `user_identity_loader` for this type.
    #[doc = include_str!("for_user.md")]
    pub fn create_access_token_for<U: Any>(&self, user: &U) -> Result<String, JwtError> {
        self.access_token_for(user)?.encode()
    }

    /// A refresh token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`create_access_token_for`](Self::create_access_token_for).
    #[doc = include_str!("for_user.md")]
    pub fn create_refresh_token_for<U: Any>(&self, user: &U) -> Result<String, JwtError> {
        self.refresh_token_for(user)?.encode()
    }

    /// Begins an access token for `identity`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").fresh().claim("team", "engine").encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn access_token(&self, identity: impl Display) -> TokenBuilder<'_> {
        TokenBuilder::new(self, TokenType::Access, identity.to_string())
    }

    /// Begins a refresh token for `identity`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.refresh_token("ada").never_expires().encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn refresh_token(&self, identity: impl Display) -> TokenBuilder<'_> {
        TokenBuilder::new(self, TokenType::Refresh, identity.to_string())
    }

    /// Begins an access token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// [`JwtError::NotConfigured`] where there is no `user_identity_loader` for this type,
    /// [`JwtError::Hook`] where it fails.
    #[doc = include_str!("for_user.md")]
    pub fn access_token_for<U: Any>(&self, user: &U) -> Result<TokenBuilder<'_>, JwtError> {
        Ok(self.access_token(self.identity_of(user)?))
    }

    /// Begins a refresh token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`access_token_for`](Self::access_token_for).
    #[doc = include_str!("for_user.md")]
    pub fn refresh_token_for<U: Any>(&self, user: &U) -> Result<TokenBuilder<'_>, JwtError> {
        Ok(self.refresh_token(self.identity_of(user)?))
    }

    fn identity_of(&self, user: &dyn Any) -> Result<String, JwtError> {
        const MISSING: &str = "no user_identity_loader takes this type of user";
        let hook = self.hooks().user_identity.as_ref().ok_or(JwtError::NotConfigured(MISSING))?;
        hooks::call("user_identity_loader", || hook(user))?.ok_or(JwtError::NotConfigured(MISSING))
    }
}

/// A token in the making; [`encode`](Self::encode) signs it.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # use std::time::Duration;
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let token = jwt
///     .access_token("ada")
///     .fresh_for(Duration::from_secs(300))
///     .expires_in(Duration::from_secs(3600))
///     .claim("team", "engine")
///     .encode()?;
/// # Ok::<(), actix_jwt_extended::JwtError>(())
/// ```
#[must_use = "a token is made by `.encode()`"]
pub struct TokenBuilder<'a> {
    manager: &'a JwtManager,
    token_type: TokenType,
    identity: String,
    /// The identity where it is no text.
    identity_value: Option<Value>,
    fresh: Fresh,
    lifetime: Lifetime,
    jwt_id: Option<String>,
    issued_at_ms: Option<i64>,
    session: Option<OfSession>,
    audience: Option<OneOrMany>,
    issuer: Option<String>,
    /// The double-submit value of a token that this one replaces.
    csrf: Option<String>,
    not_before_in: Option<Duration>,
    claims: Map<String, Value>,
    /// Own claims of a token that this one replaces; the loader's and the call's win over them.
    carried: Map<String, Value>,
    /// Likewise, its own header parameters.
    carried_headers: Map<String, Value>,
    headers: Map<String, Value>,
    /// The first mistake; told by `encode`, so that the chain stays a chain.
    mistake: Option<IssueError>,
}

/// The session that a token belongs to.
pub(crate) struct OfSession {
    pub(crate) id: String,
    /// How often it has been rotated; for refresh tokens.
    pub(crate) rotation: Option<u64>,
    pub(crate) ends_at_ms: i64,
}

#[derive(Clone, Copy)]
enum Fresh {
    Bool(bool),
    For(Duration),
}

impl std::fmt::Debug for TokenBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenBuilder").field("token_type", &self.token_type).finish_non_exhaustive()
    }
}

impl<'a> TokenBuilder<'a> {
    fn new(manager: &'a JwtManager, token_type: TokenType, identity: String) -> Self {
        let config = manager.config();
        let lifetime = match token_type {
            TokenType::Refresh => config.refresh_token_expires,
            _ => config.access_token_expires,
        };
        Self {
            manager,
            token_type,
            identity,
            identity_value: None,
            fresh: Fresh::Bool(false),
            lifetime,
            jwt_id: None,
            issued_at_ms: None,
            session: None,
            audience: None,
            issuer: None,
            csrf: None,
            not_before_in: None,
            claims: Map::new(),
            carried: Map::new(),
            carried_headers: Map::new(),
            headers: Map::new(),
            mistake: None,
        }
    }

    /// The identity as JSON of another type than text, as Flask-JWT-Extended writes it: a number, say.
    ///
    /// With `JWT_VERIFY_SUB = false`, or an identity claim other than `sub`; else [`encode`](Self::encode)
    /// refuses it (RFC 7519 §4.1.2), as it always refuses null.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more").verify_sub(false);
    /// let jwt = JwtManager::new(config).unwrap();
    /// let token = jwt.access_token(42).identity_value(42).encode()?;
    /// assert_eq!(jwt.decode_token(&token)?.claims()["sub"], 42);
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn identity_value(mut self, identity: impl Into<Value>) -> Self {
        match identity.into() {
            Value::String(text) => Self { identity: text, identity_value: None, ..self },
            value => {
                let config = self.manager.config();
                if value.is_null() || (config.verify_sub && config.identity_claim == name::SUBJECT) {
                    self.note(IssueError::IdentityType);
                }
                Self { identity: value.to_string(), identity_value: Some(value), ..self }
            }
        }
    }

    /// Fresh: the user has just shown the password.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").fresh().encode()?;
    /// assert_eq!(jwt.decode_token(&token)?.claims()["fresh"], true);
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn fresh(self) -> Self {
        Self { fresh: Fresh::Bool(true), ..self }
    }

    /// Fresh from now on for this long, in whole seconds.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").fresh_for(std::time::Duration::from_secs(60)).encode()?;
    /// assert!(jwt.decode_token(&token)?.claims()["fresh"].is_number());
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn fresh_for(self, duration: Duration) -> Self {
        Self { fresh: Fresh::For(duration), ..self }
    }

    /// Lives this long instead of what the settings say, in whole seconds.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").expires_in(std::time::Duration::from_secs(60)).encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn expires_in(self, duration: Duration) -> Self {
        Self { lifetime: Lifetime::After(duration), ..self }
    }

    /// Never expires: no `exp` claim.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("a build server").never_expires().encode()?;
    /// assert_eq!(jwt.decode_token(&token)?.expires_at(), None);
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn never_expires(self) -> Self {
        Self { lifetime: Lifetime::Never, ..self }
    }

    /// Not valid before this long from now, instead of at once (RFC 7519 §4.1.5).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").not_before_in(std::time::Duration::from_secs(60)).encode()?;
    /// assert!(jwt.decode_token(&token).is_err());
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn not_before_in(self, duration: Duration) -> Self {
        Self { not_before_in: Some(duration), ..self }
    }

    /// A JWT ID of one's own instead of a random UUID (RFC 7519 §4.1.7). It must be unique.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").jwt_id("order-17").encode()?;
    /// assert_eq!(jwt.decode_token(&token)?.jti(), Some("order-17"));
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn jwt_id(self, jwt_id: impl Into<String>) -> Self {
        Self { jwt_id: Some(jwt_id.into()), ..self }
    }

    /// An audience instead of `JWT_ENCODE_AUDIENCE` (RFC 7519 §4.1.3).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").audience(["web", "app"]).encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn audience(self, audience: impl Into<OneOrMany>) -> Self {
        Self { audience: Some(audience.into()), ..self }
    }

    /// An issuer instead of `JWT_ENCODE_ISSUER` (RFC 7519 §4.1.1).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").issuer("https://login.example").encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn issuer(self, issuer: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..self }
    }

    /// One own claim. The names of claims that the library sets are refused by [`encode`](Self::encode).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").claim("roles", ["admin"]).encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => self.own_claim(name.into(), value),
            Err(error) => self.note(IssueError::Serialize(error)),
        }
        self
    }

    /// Own claims from anything that serde makes a JSON object of.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// #[derive(serde::Serialize)]
    /// struct Mine {
    ///     team: String,
    /// }
    /// let token = jwt.access_token("ada").claims(&Mine { team: "engine".into() }).encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn claims(mut self, claims: &impl Serialize) -> Self {
        match serde_json::to_value(claims) {
            Ok(Value::Object(claims)) => {
                for (name, value) in claims {
                    self.own_claim(name, value);
                }
            }
            Ok(_) => self.note(IssueError::ClaimsNotAnObject),
            Err(error) => self.note(IssueError::Serialize(error)),
        }
        self
    }

    /// One own header parameter (RFC 7515 §4); `alg`, `crit`, `b64`, and `kid` where the key has one, are
    /// refused by [`encode`](Self::encode).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").header("typ", "at+jwt").encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn header(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => match check_header(&name, &value) {
                Ok(()) => drop(self.headers.insert(name, value)),
                Err(error) => self.note(error),
            },
            Err(error) => self.note(IssueError::Serialize(error)),
        }
        self
    }

    /// Makes it a token of a session, which it does not outlive.
    pub(crate) fn of_session(self, session: OfSession) -> Self {
        Self { session: Some(session), ..self }
    }

    /// Issued at this time instead of now.
    pub(crate) fn issued_at_ms(self, time_ms: i64) -> Self {
        Self { issued_at_ms: Some(time_ms), ..self }
    }

    fn own_claim(&mut self, name: String, value: Value) {
        match self.check_claim(&name) {
            Ok(()) => drop(self.claims.insert(name, value)),
            Err(error) => self.note(error),
        }
    }

    fn check_claim(&self, name: &str) -> Result<(), IssueError> {
        let identity_claim = &self.manager.config().identity_claim;
        let instead = match reserved_claim(name) {
            // `sub` is free for own use where another claim holds the identity.
            Some(_) if name == name::SUBJECT && identity_claim != name::SUBJECT => None,
            None if name == identity_claim => reserved_claim(name::SUBJECT),
            instead => instead,
        };
        match instead {
            None => Ok(()),
            Some(instead) => Err(IssueError::ReservedClaim { claim: name.to_owned(), instead }),
        }
    }

    fn note(&mut self, mistake: IssueError) {
        self.mistake.get_or_insert(mistake);
    }

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
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake.into());
        }
        self.add_loaded_claims()?;
        add_missing(&mut self.claims, &mut self.carried);
        self.add_loaded_headers()?;
        add_missing(&mut self.headers, &mut self.carried_headers);
        let key = self.signing_key()?;
        let claims = self.claims_json()?;
        let token = if self.headers.is_empty() {
            codec::encode(key.usual_header(|| self.header_segment(&key))?, &claims, &key)?
        } else {
            codec::encode(&self.header_segment(&key)?, &claims, &key)?
        };
        let limit = self.manager.config().max_token_size;
        if token.len() > limit {
            return Err(IssueError::TooLong { limit }.into());
        }
        Ok(token)
    }

    /// The loader's claims go in where the call gave none of that name.
    fn add_loaded_claims(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_claims_loader";
        let Some(hook) = &self.manager.hooks().additional_claims else { return Ok(()) };
        for (name, value) in object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)? {
            self.check_claim(&name)?;
            self.claims.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn add_loaded_headers(&mut self) -> Result<(), JwtError> {
        const HOOK: &str = "additional_headers_loader";
        let Some(hook) = &self.manager.hooks().additional_headers else { return Ok(()) };
        for (name, value) in object(HOOK, hooks::call(HOOK, || hook(&self.identity))?)? {
            check_header(&name, &value)?;
            self.headers.entry(name).or_insert(value);
        }
        Ok(())
    }

    fn signing_key(&self) -> Result<Cow<'a, SigningKey>, JwtError> {
        match &self.manager.hooks().encode_key {
            Some(hook) => hooks::call("encode_key_loader", || hook(&self.identity)).map(Cow::Owned),
            None => Ok(Cow::Borrowed(self.manager.ring().signing.as_ref().ok_or(IssueError::NoSigningKey)?)),
        }
    }

    fn header_segment(&self, key: &SigningKey) -> Result<String, IssueError> {
        if key.key_id().is_some() && self.headers.contains_key("kid") {
            return Err(IssueError::ReservedHeader("kid".to_owned()));
        }
        let key_id = key.key_id().map(Value::from);
        let own = self.headers.iter().filter(|(name, _)| *name != "typ").map(|(name, value)| (name.as_str(), value));
        let members = key_id.iter().map(|id| ("kid", id)).chain(own);
        codec::header_segment(key.algorithm(), self.headers.get("typ"), members).map_err(IssueError::Serialize)
    }
}

/// Moves what is not there yet.
fn add_missing(members: &mut Map<String, Value>, from: &mut Map<String, Value>) {
    if from.is_empty() {
        return;
    }
    for (name, value) in std::mem::take(from) {
        members.entry(name).or_insert(value);
    }
}

fn after(now: i64, duration: Duration) -> Result<i64, IssueError> {
    i64::try_from(duration.as_secs())
        .ok()
        .and_then(|seconds| now.checked_add(seconds))
        .filter(|time| *time <= MAX_NUMERIC_DATE)
        .ok_or(IssueError::LifetimeTooLong)
}

fn check_header(name: &str, value: &Value) -> Result<(), IssueError> {
    // A `kid` that is no string makes a token that nobody accepts.
    if RESERVED_HEADERS.contains(&name) || (name == "kid" && !value.is_string()) {
        return Err(IssueError::ReservedHeader(name.to_owned()));
    }
    Ok(())
}

fn object(hook: &'static str, value: Value) -> Result<Map<String, Value>, JwtError> {
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(JwtError::Hook { hook, source: "it must return a JSON object".into() }),
    }
}
