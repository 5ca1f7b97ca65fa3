//! [`TokenBuilder`]: what a caller wants of a token.

use crate::claims::{TokenType, name};
use crate::config::{Lifetime, OneOrMany, reserved_claim};
use crate::error::IssueError;
use crate::keys::SigningKey;
use crate::manager::JwtManager;
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::Duration;

/// Header parameters that only the key or the library sets: with another value of these our own
/// verification would refuse the token, or another's would misread it.
const RESERVED_HEADERS: &[&str] = &["alg", "crit", "b64"];

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
    pub(super) manager: &'a JwtManager,
    pub(super) token_type: TokenType,
    pub(super) identity: String,
    pub(super) fresh: Fresh,
    pub(super) lifetime: Lifetime,
    pub(super) issued_at_ms: Option<i64>,
    pub(super) not_before_in: Option<Duration>,
    pub(super) jwt_id: Option<String>,
    pub(super) session: Option<OfSession>,
    /// Apart, so that a token without any of it does not carry its room about.
    pub(super) extras: Option<Box<Extras>>,
}

/// What few tokens have.
#[derive(Default)]
pub(super) struct Extras {
    /// The identity where it is no text.
    pub(super) identity_value: Option<Value>,
    pub(super) audience: Option<OneOrMany>,
    pub(super) issuer: Option<String>,
    /// The double-submit value of a token that this one replaces.
    pub(super) csrf: Option<String>,
    pub(super) claims: Map<String, Value>,
    /// Own claims of a token that this one replaces; the loader's and the call's win over them.
    pub(super) carried: Map<String, Value>,
    /// Likewise, its own header parameters.
    pub(super) carried_headers: Map<String, Value>,
    pub(super) headers: Map<String, Value>,
    /// What was loaded before `encode`: of the user object, or by waiting.
    pub(super) loaded: Loaded,
    /// The first mistake; told by `encode`, so that the chain stays a chain.
    pub(super) mistake: Option<IssueError>,
}

#[derive(Default)]
pub(super) struct Loaded {
    pub(super) claims: Option<Map<String, Value>>,
    pub(super) headers: Option<Map<String, Value>>,
    pub(super) key: Option<SigningKey>,
}

/// The session that a token belongs to.
pub(crate) struct OfSession {
    pub(crate) id: String,
    /// How often it has been rotated; for refresh tokens.
    pub(crate) rotation: Option<u64>,
    pub(crate) ends_at_ms: i64,
}

#[derive(Clone, Copy)]
pub(super) enum Fresh {
    Bool(bool),
    For(Duration),
}

impl std::fmt::Debug for TokenBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenBuilder").field("token_type", &self.token_type).finish_non_exhaustive()
    }
}

impl<'a> TokenBuilder<'a> {
    pub(super) fn new(manager: &'a JwtManager, token_type: TokenType, identity: String) -> Self {
        let config = manager.config();
        let lifetime = match token_type {
            TokenType::Refresh => config.refresh_token_expires,
            _ => config.access_token_expires,
        };
        Self {
            manager,
            token_type,
            identity,
            fresh: Fresh::Bool(false),
            lifetime,
            issued_at_ms: None,
            not_before_in: None,
            jwt_id: None,
            session: None,
            extras: None,
        }
    }

    pub(super) fn extras(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
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
        let value = match identity.into() {
            Value::String(text) => {
                self.identity = text;
                None
            }
            value => {
                let config = self.manager.config();
                if value.is_null() || (config.verify_sub && config.identity_claim == name::SUBJECT) {
                    self.note(IssueError::IdentityType);
                }
                self.identity = value.to_string();
                Some(value)
            }
        };
        self.extras().identity_value = value;
        self
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
    pub fn audience(mut self, audience: impl Into<OneOrMany>) -> Self {
        self.extras().audience = Some(audience.into());
        self
    }

    /// An issuer instead of `JWT_ENCODE_ISSUER` (RFC 7519 §4.1.1).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").issuer("https://login.example").encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.extras().issuer = Some(issuer.into());
        self
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
                Ok(()) => drop(self.extras().headers.insert(name, value)),
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

    /// With this double-submit value instead of one at random.
    pub(crate) fn csrf(mut self, value: String) -> Self {
        self.extras().csrf = Some(value);
        self
    }

    /// Issued at this time instead of now.
    pub(crate) fn issued_at_ms(self, time_ms: i64) -> Self {
        Self { issued_at_ms: Some(time_ms), ..self }
    }

    fn own_claim(&mut self, name: String, value: Value) {
        match self.check_claim(&name) {
            Ok(()) => drop(self.extras().claims.insert(name, value)),
            Err(error) => self.note(error),
        }
    }

    pub(super) fn check_claim(&self, name: &str) -> Result<(), IssueError> {
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
        self.extras().mistake.get_or_insert(mistake);
    }
}

pub(super) fn check_header(name: &str, value: &Value) -> Result<(), IssueError> {
    // A `kid` that is no string makes a token that nobody accepts.
    if RESERVED_HEADERS.contains(&name) || (name == "kid" && !value.is_string()) {
        return Err(IssueError::ReservedHeader(name.to_owned()));
    }
    Ok(())
}
