//! What a token says: its JOSE header and its claims set, after verification.

mod algorithm;
mod members;
pub(crate) mod name;
mod parse;
mod scan;
mod set;
mod token_type;

pub(crate) use algorithm::AlgorithmFamily;
pub use algorithm::{Algorithm, UnknownAlgorithm};
pub(crate) use parse::ClaimsError;
pub(crate) use set::{AudienceClaim, ClaimsSet, Freshness, MAX_NUMERIC_DATE, Text};
pub use token_type::TokenType;

use crate::store::TokenIds;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// The header of a token (RFC 7515 §4): which algorithm signed it, with which key.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let token = jwt.access_token("ada").header("typ", "at+jwt").encode()?;
/// let verified = jwt.decode_token(&token)?;
/// assert_eq!(verified.header().get("typ").and_then(|v| v.as_str()), Some("at+jwt"));
/// assert_eq!(verified.header().key_id(), None);
/// # Ok::<(), actix_jwt_extended::JwtError>(())
/// ```
pub struct JoseHeader {
    algorithm: Algorithm,
    key_id: Option<String>,
    /// A `typ` that says more than "JWT".
    special_type: Option<Box<str>>,
    json: Cow<'static, str>,
    members: OnceLock<Map<String, Value>>,
}

impl JoseHeader {
    pub(crate) fn new(algorithm: Algorithm, key_id: Option<String>, json: Cow<'static, str>) -> Self {
        Self { algorithm, key_id, special_type: None, json, members: OnceLock::new() }
    }

    pub(crate) fn with_special_type(self, special_type: Option<Box<str>>) -> Self {
        Self { special_type, ..self }
    }

    /// Its `typ` in lower case and without "application/" (RFC 7515 §4.1.9), unless it is that of any JWT, or of an
    /// access token (RFC 9068 §2.1); empty where it is no string.
    pub(crate) fn special_type(&self) -> Option<&str> {
        self.special_type.as_deref()
    }

    /// The `alg` that signed the token; always one of the allow-list.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid`, where there is one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// One member of the header, by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members().get(name)
    }

    /// All members of the header. Parsed at the first call.
    #[must_use]
    pub fn members(&self) -> &Map<String, Value> {
        self.members.get_or_init(|| serde_json::from_str(&self.json).unwrap_or_default())
    }
}

impl fmt::Debug for JoseHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoseHeader").field("alg", &self.algorithm).field("kid", &self.key_id).finish_non_exhaustive()
    }
}

/// A header that is kept once for all tokens, or this token's own.
#[derive(Debug, Clone)]
pub(crate) enum HeaderRef {
    Known(&'static JoseHeader),
    Own(Arc<JoseHeader>),
}

impl HeaderRef {
    pub(crate) fn get(&self) -> &JoseHeader {
        match self {
            Self::Known(header) => header,
            Self::Own(header) => header,
        }
    }
}

/// A token whose signature and claims have been verified.
///
/// Cheap to clone: clones share one allocation. `Debug` shows what kind of token it is and nothing
/// that could be misused.
///
/// ```
/// # use actix_jwt_extended::{JwtConfig, JwtManager, TokenType};
/// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
/// let token = jwt.create_access_token("ada")?;
/// let verified = jwt.decode_token(&token)?;
/// assert_eq!(verified.identity(), "ada");
/// assert_eq!(verified.token_type(), TokenType::Access);
/// assert_eq!(verified.claims()["sub"], "ada");
/// # Ok::<(), actix_jwt_extended::JwtError>(())
/// ```
#[derive(Clone)]
pub struct VerifiedToken(Arc<Verified>);

struct Verified {
    header: HeaderRef,
    claims: ClaimsSet,
    members: OnceLock<Map<String, Value>>,
    /// After how many revocations, and one, it was last found not to be revoked.
    clear_after: AtomicU64,
}

impl VerifiedToken {
    /// Whether it is a clone of that one.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn new(header: HeaderRef, claims: ClaimsSet) -> Self {
        Self(Arc::new(Verified { header, claims, members: OnceLock::new(), clear_after: AtomicU64::new(0) }))
    }

    pub(crate) fn claims_set(&self) -> &ClaimsSet {
        &self.0.claims
    }

    /// At most how many bytes it takes, once somebody has asked for all its claims.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Verified>() + self.0.claims.memory()
    }

    /// The JOSE header.
    #[must_use]
    pub fn header(&self) -> &JoseHeader {
        self.0.header.get()
    }

    /// All claims as they stand in the token. Parsed at the first call.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        self.0.members.get_or_init(|| serde_json::from_str(&self.0.claims.json).unwrap_or_default())
    }

    /// The claims as a type of your own.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// #[derive(serde::Deserialize)]
    /// struct Mine {
    ///     team: String,
    /// }
    /// let token = jwt.access_token("ada").claim("team", "engine").encode()?;
    /// let mine: Mine = jwt.decode_token(&token)?.claims_as().unwrap();
    /// assert_eq!(mine.team, "engine");
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// Whatever `T`'s `Deserialize` finds missing or of another type.
    pub fn claims_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.0.claims.json)
    }

    /// Whom the token is about: the `sub` claim, or the one named by `JWT_IDENTITY_CLAIM`.
    ///
    /// A claim that is no string (possible with `JWT_VERIFY_SUB = false`, or in another claim than `sub`) is given as its
    /// JSON text;
    /// [`identity_value`](Self::identity_value) has it as it is. Where there is [none](Self::has_identity), it is empty.
    #[must_use]
    pub fn identity(&self) -> Cow<'_, str> {
        if !self.has_identity() {
            return Cow::Borrowed("");
        }
        self.identity_text().map_or_else(|| self.identity_value().to_string().into(), Cow::Borrowed)
    }

    /// Whether the token says whom it is about. In a request it always does; a token that
    /// [`decode_token`](crate::JwtManager::decode_token) is given may leave it out (RFC 7519 §4.1.2).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// assert!(jwt.decode_token(&jwt.create_access_token("ada")?)?.has_identity());
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    #[must_use]
    pub fn has_identity(&self) -> bool {
        !matches!(self.0.claims.identity, Text::Absent | Text::Null)
    }

    /// The identity, if it is a string.
    pub(crate) fn identity_text(&self) -> Option<&str> {
        self.0.claims.text(&self.0.claims.identity)
    }

    /// The identity as JSON, of whatever type it is: what Flask-JWT-Extended's `get_jwt_identity()` returns. `Null` where
    /// there is [none](Self::has_identity).
    #[must_use]
    pub fn identity_value(&self) -> &Value {
        let name = self.0.claims.identity_claim.as_deref().unwrap_or(name::SUBJECT);
        self.claims().get(name).unwrap_or(&Value::Null)
    }

    /// The `jti` claim, where there is one.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.0.claims.text(&self.0.claims.jwt_id)
    }

    /// The `sid` claim, where there is one: the session that the token belongs to (OpenID Connect Front-Channel
    /// Logout §3).
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.0.claims.text(&self.0.claims.session_id)
    }

    /// The `csrf` claim, where there is one: what a double-submit value must equal.
    #[must_use]
    pub fn csrf(&self) -> Option<&str> {
        self.0.claims.text(&self.0.claims.csrf)
    }

    /// Access or refresh.
    #[must_use]
    pub fn token_type(&self) -> TokenType {
        self.0.claims.token_type
    }

    /// Whether the token is fresh at `unix_seconds`: its `fresh` claim is true, or a time not yet passed.
    #[must_use]
    pub fn is_fresh_at(&self, unix_seconds: i64) -> bool {
        match self.0.claims.fresh {
            Freshness::Always => true,
            Freshness::Never => false,
            Freshness::Until(time) => unix_seconds <= time,
        }
    }

    /// The `exp` claim in seconds since the epoch; `None` = never expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<i64> {
        self.0.claims.expiration
    }

    /// The `iat` claim in seconds since the epoch.
    #[must_use]
    pub fn issued_at(&self) -> Option<i64> {
        self.0.claims.issued_at
    }
}

impl VerifiedToken {
    /// When it was issued, in milliseconds since the epoch. Our own JWT IDs tell that (UUID version 7); of
    /// others the second is known, and counts from its beginning.
    pub(crate) fn issued_at_ms(&self) -> i64 {
        let told = self.jti().and_then(time_of_jwt_id);
        told.unwrap_or_else(|| self.issued_at().unwrap_or(0).saturating_mul(1000))
    }

    /// Whether it was found not to be revoked when there had been so many revocations in its manager's store.
    pub(crate) fn is_clear_after(&self, revocations: u64) -> bool {
        self.0.clear_after.load(Ordering::Relaxed) == revocations.wrapping_add(1)
    }

    /// There had been so many before it was looked up, and it was not among them.
    pub(crate) fn clear_after(&self, revocations: u64) {
        self.0.clear_after.store(revocations.wrapping_add(1), Ordering::Relaxed);
    }

    /// What its revocation is looked up by. A token without a JWT ID cannot be revoked, so it is refused.
    pub(crate) fn ids<'a>(&'a self, realm: &'a str, subject: &'a str) -> Option<TokenIds<'a>> {
        Some(TokenIds {
            realm,
            jwt_id: self.jti()?,
            session_id: self.session_id(),
            subject,
            issued_at_ms: self.issued_at_ms(),
        })
    }
}

/// The millisecond that a JWT ID of ours tells.
pub(crate) fn time_of_jwt_id(jwt_id: &str) -> Option<i64> {
    let uuid = Uuid::try_parse(jwt_id).ok().filter(|uuid| uuid.get_version_num() == 7)?;
    // RFC 9562 §5.7: 48 bits of milliseconds come first.
    i64::try_from(uuid.as_u128() >> 80).ok()
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("token_type", &self.token_type())
            .field("jti", &self.jti())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
