//! A claims set from its text: by the scan where that is enough, by the full parser everywhere else.

use super::members::{Members, Misfit, Twice, Wrong};
use super::name::{self, Known};
use super::scan::scan;
use super::set::ClaimsSet;
use crate::encoding::strict_json::{NameSeed, ScalarSeed, duplicate};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::fmt;
use std::sync::Arc;

/// Why a claims set cannot be read.
#[derive(Debug)]
pub(crate) enum ClaimsError {
    Json(serde_json::Error),
    NotAnObject,
    /// The named claim is not of the type that it must have.
    WrongType(&'static str),
    /// The named claim is a number, but no time.
    OutOfRange {
        claim: &'static str,
        milliseconds: bool,
    },
}

impl From<Misfit> for ClaimsError {
    fn from(Misfit { claim, wrong }: Misfit) -> Self {
        match wrong {
            Wrong::Type => Self::WrongType(claim),
            Wrong::Milliseconds => Self::OutOfRange { claim, milliseconds: true },
            Wrong::OutOfRange => Self::OutOfRange { claim, milliseconds: false },
        }
    }
}

impl ClaimsSet {
    /// Parses a claims set whose signature has been verified.
    pub(crate) fn parse(json: String, identity_claim: &Arc<str>) -> Result<Self, ClaimsError> {
        let members = match scan(&json, identity_claim) {
            Some(members) => members,
            None if json.trim_start().starts_with('{') => parse(&json, identity_claim).map_err(ClaimsError::Json)?,
            // Whether it is JSON at all decides what the message says.
            None => {
                return Err(match serde_json::from_str::<serde::de::IgnoredAny>(&json) {
                    Ok(_) => ClaimsError::NotAnObject,
                    Err(error) => ClaimsError::Json(error),
                });
            }
        };
        let own = (**identity_claim != *name::SUBJECT).then(|| Arc::clone(identity_claim));
        let claims = members.into_claims_set(own)?;
        Ok(Self { json, ..claims })
    }
}

pub(super) fn parse<'a>(json: &'a str, identity_claim: &'a str) -> Result<Members<'a>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let members = (&mut deserializer).deserialize_map(MembersVisitor(Members::none_yet(json, identity_claim)))?;
    deserializer.end().map(|()| members)
}

struct MembersVisitor<'a>(Members<'a>);

impl<'de> Visitor<'de> for MembersVisitor<'de> {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claims set")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Members<'de>, A::Error> {
        while let Some(name) = map.next_key_seed(NameSeed)? {
            let known = Known::of(&name);
            let seed = if known == Some(Known::Audience) { ScalarSeed::WITH_LIST } else { ScalarSeed::PLAIN };
            let value = map.next_value_seed(seed)?;
            let put = match known {
                Some(known) => self.0.put(known, value),
                None => self.0.put_other(name, value),
            };
            put.map_err(|Twice| duplicate())?;
        }
        Ok(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Algorithm;
    use crate::claims::{Freshness, HeaderRef, JoseHeader, TokenType, VerifiedToken};

    fn read(json: &str) -> Result<ClaimsSet, ClaimsError> {
        ClaimsSet::parse(json.to_owned(), &Arc::from("sub"))
    }

    fn parse_error(json: &str) -> ClaimsError {
        match read(json) {
            Ok(_) => panic!("{json} was accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn reads_what_it_knows_and_keeps_the_rest() {
        let claims = read(r#"{"sub":"a\u0064a","jti":"x","exp":12.9,"own":{"a":[1]},"fresh":77}"#).unwrap();
        assert_eq!(claims.text(&claims.identity), Some("ada"));
        assert_eq!(claims.text(&claims.subject), Some("ada"));
        assert_eq!(claims.text(&claims.jwt_id), Some("x"));
        assert_eq!(claims.expiration, Some(12));
        assert_eq!(claims.fresh, Freshness::Until(77));
        assert_eq!(claims.token_type, TokenType::Access);
        let token =
            VerifiedToken::new(HeaderRef::Own(Arc::new(JoseHeader::new(Algorithm::HS256, None, "{}".into()))), claims);
        assert_eq!(token.claims()["own"]["a"][0], 1);
        assert!(token.is_fresh_at(77) && !token.is_fresh_at(78));
    }

    #[test]
    fn memory_is_never_more_than_it_says() {
        let many = |item: &str, count: usize| vec![item; count].join(",");
        let members =
            |value: &str, count: usize| (0..count).map(|n| format!(r#""{n}":{value}"#)).collect::<Vec<_>>().join(",");
        for json in [
            r#"{"fresh":false,"iat":1,"jti":"f81d4fae-7dec-41d0-a765-00a0c91e6bf6","type":"access","sub":"ada","nbf":1,"csrf":"f81d4fae-7dec-41d0-a765-00a0c91e6bf6","exp":2}"#.to_owned(),
            "{}".to_owned(),
            format!(r#"{{"roles":[{}]}}"#, many("1", 3_000)),
            format!(r#"{{"roles":[{}]}}"#, many(r#""a""#, 1_000)),
            format!(r#"{{"own":[{}]}}"#, many("{}", 1_000)),
            format!(r#"{{"own":[{}]}}"#, many("[]", 1_000)),
            format!(r#"{{"own":[{}]}}"#, many("[1]", 1_000)),
            format!(r#"{{"own":[{}]}}"#, many(r#"{"a":1}"#, 500)),
            format!(r#"{{"own":[{}]}}"#, many(r#"{"a":"b","c":{"d":"e"}}"#, 200)),
            format!("{{{}}}", members("1", 11)),
            format!("{{{}}}", members("1", 12)),
            format!("{{{}}}", members(r#""x""#, 600)),
            format!(r#"{{"own":"{}"}}"#, "x".repeat(5_000)),
        ] {
            let mut token = None;
            let header = HeaderRef::Own(Arc::new(JoseHeader::new(Algorithm::HS256, None, "".into())));
            let taken = allocation_counter::measure(|| {
                let parsed = VerifiedToken::new(header.clone(), read(&json).unwrap());
                let _ = parsed.claims();
                token = Some(parsed);
            });
            let (taken, memory) = (usize::try_from(taken.bytes_current).unwrap(), token.unwrap().memory());
            assert!(taken <= memory, "{taken} > {memory}: {json:.80}");
        }
    }

    #[test]
    fn every_name_twice_is_refused() {
        for name in ["exp", "nbf", "iat", "sub", "jti", "iss", "aud", "csrf", "own"] {
            for value in ["1", "null", "\"x\"", "[]"] {
                let json = format!(r#"{{"{name}":{value},"{name}":{value}}}"#);
                let ClaimsError::Json(error) = parse_error(&json) else { panic!("{json}") };
                assert_eq!(crate::encoding::strict_json::reason(&error), "duplicate member name", "{json}");
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
            for value in ["null", "true", "\"12\"", "[12]", "{}"] {
                let json = format!(r#"{{"{name}":{value}}}"#);
                assert!(matches!(parse_error(&json), ClaimsError::WrongType(n) if n == name), "{json}");
            }
            for (value, in_milliseconds) in [
                ("253402300800", true),
                ("253402300799999", false),
                ("1764259200000", true),
                ("1764259200000.5", true),
                ("253402300799000", true),
                ("253402300800000", false),
                ("-253402300800", false),
                ("1e300", false),
                ("18446744073709551615", false),
            ] {
                let json = format!(r#"{{"{name}":{value}}}"#);
                let ClaimsError::OutOfRange { claim, milliseconds } = parse_error(&json) else { panic!("{json}") };
                assert_eq!((claim, milliseconds), (name, in_milliseconds), "{json}");
            }
            for value in ["0", "-1", "12.5", "1e9", "253402300799"] {
                assert!(read(&format!(r#"{{"{name}":{value}}}"#)).is_ok(), "{value}");
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
