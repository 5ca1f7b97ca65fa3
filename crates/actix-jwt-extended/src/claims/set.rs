//! The claims set, parsed once and borrowed from its own text.

use super::{MAX_NUMERIC_DATE, TokenType, name};
use crate::strict_json::{NameSeed, Names, Scalar, ScalarSeed, duplicate};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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
    /// `null`: there, and means nobody.
    Null,
    /// There, but no string.
    Other,
}

impl Text {
    /// Whether the claim is there and no string.
    pub(crate) fn is_no_text(&self) -> bool {
        matches!(self, Self::Null | Self::Other)
    }
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
    pub(super) json: String,
    pub(super) identity_claim: Arc<str>,
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
            Text::Absent | Text::Null | Text::Other => None,
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
            Scalar::Null => Text::Null,
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
    use crate::claims::{HeaderRef, JoseHeader, VerifiedToken};
    use jsonwebtoken::Algorithm;

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
