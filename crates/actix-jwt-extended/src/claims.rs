//! What a token says: its JOSE header and its claims set, after verification.

use crate::strict_json::{NameSeed, Names, Scalar, ScalarSeed, duplicate};
use jsonwebtoken::Algorithm;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Names of the claims that this library reads and writes (RFC 7519 §4.1, and FJE's own).
pub(crate) mod name {
    pub(crate) const AUDIENCE: &str = "aud";
    pub(crate) const CSRF: &str = "csrf";
    pub(crate) const EXPIRATION: &str = "exp";
    pub(crate) const FRESH: &str = "fresh";
    pub(crate) const ISSUED_AT: &str = "iat";
    pub(crate) const ISSUER: &str = "iss";
    pub(crate) const JWT_ID: &str = "jti";
    pub(crate) const NOT_BEFORE: &str = "nbf";
    pub(crate) const SUBJECT: &str = "sub";
    pub(crate) const TYPE: &str = "type";
}

/// Times beyond the year 9999, in either direction, are no times.
pub(crate) const MAX_NUMERIC_DATE: i64 = 253_402_300_799;

/// What a token is for: the `type` claim.
///
/// ```
/// use actix_jwt_extended::TokenType;
/// assert_eq!(TokenType::Access.as_str(), "access");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// Opens protected routes. A token without a `type` claim counts as one.
    Access,
    /// Gets new access tokens, and nothing else.
    Refresh,
    /// A `type` that is neither; treated as not a refresh token, as Flask-JWT-Extended does.
    Other,
}

impl TokenType {
    /// The claim's value: `"access"`, `"refresh"` or `"other"`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
    json: Cow<'static, str>,
    members: OnceLock<Map<String, Value>>,
}

impl JoseHeader {
    pub(crate) fn new(algorithm: Algorithm, key_id: Option<String>, json: Cow<'static, str>) -> Self {
        Self { algorithm, key_id, json, members: OnceLock::new() }
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
#[derive(Debug)]
pub(crate) enum HeaderRef {
    Known(&'static JoseHeader),
    Own(Box<JoseHeader>),
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
}

impl VerifiedToken {
    pub(crate) fn new(header: HeaderRef, claims: ClaimsSet) -> Self {
        Self(Arc::new(Verified { header, claims, members: OnceLock::new() }))
    }

    pub(crate) fn claims_set(&self) -> &ClaimsSet {
        &self.0.claims
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
    /// A claim that is no string (possible with `JWT_VERIFY_SUB = false`) is given as its JSON text.
    #[must_use]
    pub fn identity(&self) -> Cow<'_, str> {
        let claims = &self.0.claims;
        match claims.text(&claims.identity) {
            Some(text) => Cow::Borrowed(text),
            None => self.claims().get(&*claims.identity_claim).map(Value::to_string).unwrap_or_default().into(),
        }
    }

    /// The `jti` claim, where there is one.
    #[must_use]
    pub fn jti(&self) -> Option<&str> {
        self.0.claims.text(&self.0.claims.jwt_id)
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

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("token_type", &self.token_type())
            .field("jti", &self.jti())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

/// The `fresh` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Always,
    Never,
    Until(i64),
}

/// A string claim: where it stands in the JSON text, or a copy if it had escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Absent,
    At(Range<usize>),
    Unescaped(Box<str>),
    /// There, but no string.
    Other,
}

/// The `aud` claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AudienceClaim {
    Absent,
    One(Text),
    Many(Vec<Box<str>>),
    /// There, but neither a string nor a list of strings.
    Other,
}

/// A claims set, parsed once; its own claims stay text until somebody asks.
pub(crate) struct ClaimsSet {
    json: String,
    identity_claim: Arc<str>,
    pub(crate) identity: Text,
    pub(crate) subject: Text,
    pub(crate) jwt_id: Text,
    pub(crate) csrf: Text,
    pub(crate) issuer: Text,
    pub(crate) audience: AudienceClaim,
    pub(crate) token_type: TokenType,
    pub(crate) fresh: Freshness,
    pub(crate) expiration: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued_at: Option<i64>,
}

/// Why a claims set cannot be read.
#[derive(Debug)]
pub(crate) enum ClaimsError {
    Json(serde_json::Error),
    NotAnObject,
    /// The named claim is not of the type that it must have.
    WrongType(&'static str),
}

impl ClaimsSet {
    /// Parses a claims set whose signature has been verified.
    pub(crate) fn parse(json: String, identity_claim: &Arc<str>) -> Result<Self, ClaimsError> {
        if !json.trim_start().starts_with('{') {
            // Whether it is JSON at all decides what the message says.
            return Err(match serde_json::from_str::<serde::de::IgnoredAny>(&json) {
                Ok(_) => ClaimsError::NotAnObject,
                Err(error) => ClaimsError::Json(error),
            });
        }
        let mut deserializer = serde_json::Deserializer::from_str(&json);
        let members = (&mut deserializer)
            .deserialize_map(MembersVisitor { json: &json, identity_claim })
            .and_then(|members| deserializer.end().map(|()| members))
            .map_err(ClaimsError::Json)?;
        members.into_claims_set(identity_claim).map(|claims| Self { json, ..claims })
    }

    /// The text of a string claim of this set.
    pub(crate) fn text<'a>(&'a self, text: &'a Text) -> Option<&'a str> {
        match text {
            Text::At(range) => self.json.get(range.clone()),
            Text::Unescaped(text) => Some(text),
            Text::Absent | Text::Other => None,
        }
    }
}

/// The members as found, before their types are judged.
struct Members {
    identity: Text,
    subject: Text,
    jwt_id: Text,
    csrf: Text,
    issuer: Text,
    audience: AudienceClaim,
    token_type: Option<Result<TokenType, ()>>,
    fresh: Option<Result<Freshness, ()>>,
    expiration: Option<Result<i64, ()>>,
    not_before: Option<Result<i64, ()>>,
    issued_at: Option<Result<i64, ()>>,
}

impl Members {
    fn into_claims_set(self, identity_claim: &Arc<str>) -> Result<ClaimsSet, ClaimsError> {
        fn typed<T>(value: Option<Result<T, ()>>, name: &'static str) -> Result<Option<T>, ClaimsError> {
            value.transpose().map_err(|()| ClaimsError::WrongType(name))
        }
        Ok(ClaimsSet {
            json: String::new(),
            identity_claim: Arc::clone(identity_claim),
            // In the order in which PyJWT judges them: it decides which message a client sees.
            issued_at: typed(self.issued_at, name::ISSUED_AT)?,
            not_before: typed(self.not_before, name::NOT_BEFORE)?,
            expiration: typed(self.expiration, name::EXPIRATION)?,
            fresh: typed(self.fresh, name::FRESH)?.unwrap_or(Freshness::Never),
            token_type: typed(self.token_type, name::TYPE)?.unwrap_or(TokenType::Access),
            identity: self.identity,
            subject: self.subject,
            jwt_id: self.jwt_id,
            csrf: self.csrf,
            issuer: self.issuer,
            audience: self.audience,
        })
    }
}

struct MembersVisitor<'a> {
    json: &'a str,
    identity_claim: &'a str,
}

impl MembersVisitor<'_> {
    fn text(&self, scalar: Scalar<'_>) -> Text {
        match scalar {
            Scalar::Text(Cow::Borrowed(text)) => {
                // The text is a slice of `json`, so the difference is its offset.
                let start = (text.as_ptr() as usize).wrapping_sub(self.json.as_ptr() as usize);
                Text::At(start..start.wrapping_add(text.len()))
            }
            Scalar::Text(Cow::Owned(text)) => Text::Unescaped(text.into_boxed_str()),
            _ => Text::Other,
        }
    }
}

impl<'de> Visitor<'de> for MembersVisitor<'de> {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members {
            identity: Text::Absent,
            subject: Text::Absent,
            jwt_id: Text::Absent,
            csrf: Text::Absent,
            issuer: Text::Absent,
            audience: AudienceClaim::Absent,
            token_type: None,
            fresh: None,
            expiration: None,
            not_before: None,
            issued_at: None,
        };
        let mut others = Names::default();
        let identity_is_subject = self.identity_claim == name::SUBJECT;
        while let Some(member) = map.next_key_seed(NameSeed)? {
            let mut number =
                |slot: &mut Option<Result<i64, ()>>| fill(slot, numeric_date(&map.next_value_seed(ScalarSeed::PLAIN)?));
            match &*member {
                name::EXPIRATION => number(&mut members.expiration)?,
                name::NOT_BEFORE => number(&mut members.not_before)?,
                name::ISSUED_AT => number(&mut members.issued_at)?,
                name::FRESH => {
                    let value = match map.next_value_seed(ScalarSeed::PLAIN)? {
                        Scalar::Bool(true) => Ok(Freshness::Always),
                        Scalar::Bool(false) => Ok(Freshness::Never),
                        other => numeric_date(&other).map(Freshness::Until),
                    };
                    fill(&mut members.fresh, value)?;
                }
                name::TYPE => {
                    let value = match map.next_value_seed(ScalarSeed::PLAIN)? {
                        Scalar::Text(text) => Ok(match &*text {
                            "access" => TokenType::Access,
                            "refresh" => TokenType::Refresh,
                            _ => TokenType::Other,
                        }),
                        _ => Err(()),
                    };
                    fill(&mut members.token_type, value)?;
                }
                name::AUDIENCE => {
                    if members.audience != AudienceClaim::Absent {
                        return Err(duplicate());
                    }
                    members.audience = match map.next_value_seed(ScalarSeed::WITH_LIST)? {
                        Scalar::TextList(list) => AudienceClaim::Many(list),
                        scalar @ Scalar::Text(_) => AudienceClaim::One(self.text(scalar)),
                        // As PyJWT: null is the same as no audience at all. An empty list keeps the
                        // claim "there" for the search for duplicates and counts as missing later.
                        Scalar::Null => AudienceClaim::Many(Vec::new()),
                        _ => AudienceClaim::Other,
                    };
                }
                own => {
                    let slot = match own {
                        name::JWT_ID => Some(&mut members.jwt_id),
                        name::CSRF => Some(&mut members.csrf),
                        name::ISSUER => Some(&mut members.issuer),
                        name::SUBJECT => Some(&mut members.subject),
                        own if own == self.identity_claim => Some(&mut members.identity),
                        _ => None,
                    };
                    match slot {
                        Some(Text::Absent) | None => {}
                        Some(_) => return Err(duplicate()),
                    }
                    if let Some(slot) = slot {
                        *slot = self.text(map.next_value_seed(ScalarSeed::PLAIN)?);
                    } else {
                        others.insert(member)?;
                        map.next_value_seed(ScalarSeed::PLAIN)?;
                    }
                }
            }
        }
        if identity_is_subject {
            members.identity = members.subject.clone();
        }
        Ok(members)
    }
}

/// Puts `value` in its place, or fails if the place is taken: the name was there twice.
fn fill<T, E: serde::de::Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(duplicate()),
    }
}

/// A NumericDate (RFC 7519 §2): finite, within the calendar, fraction dropped as PyJWT does.
fn numeric_date(scalar: &Scalar<'_>) -> Result<i64, ()> {
    let seconds = match *scalar {
        Scalar::Int(seconds) => seconds,
        Scalar::Float(seconds) if seconds.abs() <= MAX_NUMERIC_DATE as f64 => seconds as i64,
        _ => return Err(()),
    };
    if seconds.unsigned_abs() <= MAX_NUMERIC_DATE.unsigned_abs() { Ok(seconds) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<ClaimsSet, ClaimsError> {
        ClaimsSet::parse(json.to_owned(), &Arc::from("sub"))
    }

    fn parse_error(json: &str) -> ClaimsError {
        match parse(json) {
            Ok(_) => panic!("{json} was accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn reads_what_it_knows_and_keeps_the_rest() {
        let claims = parse(r#"{"sub":"a\u0064a","jti":"x","exp":12.9,"own":{"a":[1]},"fresh":77}"#).unwrap();
        assert_eq!(claims.text(&claims.identity), Some("ada"));
        assert_eq!(claims.text(&claims.subject), Some("ada"));
        assert_eq!(claims.text(&claims.jwt_id), Some("x"));
        assert_eq!(claims.expiration, Some(12));
        assert_eq!(claims.fresh, Freshness::Until(77));
        assert_eq!(claims.token_type, TokenType::Access);
        let token =
            VerifiedToken::new(HeaderRef::Own(Box::new(JoseHeader::new(Algorithm::HS256, None, "{}".into()))), claims);
        assert_eq!(token.claims()["own"]["a"][0], 1);
        assert!(token.is_fresh_at(77) && !token.is_fresh_at(78));
    }

    #[test]
    fn every_name_twice_is_refused() {
        for name in ["exp", "nbf", "iat", "sub", "jti", "iss", "aud", "csrf", "own"] {
            for value in ["1", "null", "\"x\"", "[]"] {
                let json = format!(r#"{{"{name}":{value},"{name}":{value}}}"#);
                let ClaimsError::Json(error) = parse_error(&json) else { panic!("{json}") };
                assert_eq!(crate::strict_json::reason(&error), "duplicate member name", "{json}");
            }
        }
        for name in ["fresh", "type", "exp"] {
            assert!(matches!(parse_error(&format!(r#"{{"{name}":null,"{name}":null}}"#)), ClaimsError::Json(_)));
        }
        let mine: Arc<str> = "uid".into();
        assert!(ClaimsSet::parse(r#"{"uid":"a","uid":"b"}"#.into(), &mine).is_err());
        assert!(ClaimsSet::parse(r#"{"uid":"a","sub":"b"}"#.into(), &mine).is_ok());
    }

    #[test]
    fn numbers_that_are_no_times_are_refused() {
        for name in ["exp", "nbf", "iat"] {
            for value in [
                "null",
                "true",
                "\"12\"",
                "[12]",
                "{}",
                "253402300800",
                "-253402300800",
                "1e300",
                "18446744073709551615",
            ] {
                let json = format!(r#"{{"{name}":{value}}}"#);
                assert!(matches!(parse_error(&json), ClaimsError::WrongType(n) if n == name), "{json}");
            }
            for value in ["0", "-1", "12.5", "1e9", "253402300799"] {
                assert!(parse(&format!(r#"{{"{name}":{value}}}"#)).is_ok(), "{value}");
            }
        }
    }

    #[test]
    fn what_is_no_object_is_told_from_what_is_no_json() {
        for json in ["[]", "\"x\"", "1", "null", " [1] "] {
            assert!(matches!(parse_error(json), ClaimsError::NotAnObject), "{json}");
        }
        for json in ["", "{", "{]", "{\"a\":1}x", "nul", "{\"a\":NaN}", "{\"a\" 1}", "{'a':1}"] {
            assert!(matches!(parse_error(json), ClaimsError::Json(_)), "{json}");
        }
    }
}
