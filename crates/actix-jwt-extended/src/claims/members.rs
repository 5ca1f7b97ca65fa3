//! The members of a claims set: each put in its place, none twice.

use super::name::{self, Known};
use super::set::{AudienceClaim, ClaimsSet, Freshness, MAX_NUMERIC_DATE, Marks, Text};
use super::token_type::TokenType;
use crate::encoding::strict_json::{Names, Scalar};
use std::borrow::Cow;
use std::sync::Arc;

/// The members as found, before their types are judged.
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(super) struct Members<'a> {
    json: &'a str,
    identity_claim: &'a str,
    identity: Text,
    subject: Text,
    jwt_id: Text,
    session_id: Text,
    csrf: Text,
    issuer: Text,
    audience: AudienceClaim,
    token_type: Option<Result<TokenType, Wrong>>,
    fresh: Option<Result<Freshness, Wrong>>,
    expiration: Option<Result<i64, Wrong>>,
    not_before: Option<Result<i64, Wrong>>,
    issued_at: Option<Result<i64, Wrong>>,
    marks: Marks,
    /// The names of all others.
    others: Names<'a>,
}

/// A member's name was there already.
pub(super) struct Twice;

/// What is wrong with a claim's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Type,
    /// A number beyond the calendar, though within it if it is in milliseconds.
    Milliseconds,
    OutOfRange,
}

/// The named claim is not what it must be.
pub(super) struct Misfit {
    pub(super) claim: &'static str,
    pub(super) wrong: Wrong,
}

impl<'a> Members<'a> {
    pub(super) fn none_yet(json: &'a str, identity_claim: &'a str) -> Self {
        Self {
            json,
            identity_claim,
            identity: Text::Absent,
            subject: Text::Absent,
            jwt_id: Text::Absent,
            session_id: Text::Absent,
            csrf: Text::Absent,
            issuer: Text::Absent,
            audience: AudienceClaim::Absent,
            token_type: None,
            fresh: None,
            expiration: None,
            not_before: None,
            issued_at: None,
            marks: Marks::default(),
            others: Names::default(),
        }
    }

    pub(super) fn put(&mut self, name: Known, value: Scalar<'a>) -> Result<(), Twice> {
        match name {
            Known::Expiration => fill(&mut self.expiration, numeric_date(&value)),
            Known::NotBefore => fill(&mut self.not_before, numeric_date(&value)),
            Known::IssuedAt => fill(&mut self.issued_at, numeric_date(&value)),
            Known::Fresh => fill(&mut self.fresh, freshness(&value)),
            Known::Type => fill(&mut self.token_type, token_type(&value)),
            Known::Audience => self.put_audience(value),
            Known::JwtId => put_text(&mut self.jwt_id, self.json, value),
            Known::Csrf => put_text(&mut self.csrf, self.json, value),
            Known::Issuer => put_text(&mut self.issuer, self.json, value),
            Known::SessionId => put_text(&mut self.session_id, self.json, value),
            Known::Subject => put_text(&mut self.subject, self.json, value),
        }
    }

    pub(super) fn put_other(&mut self, name: Cow<'a, str>, value: Scalar<'a>) -> Result<(), Twice> {
        self.marks.see(&name, &value);
        if name == self.identity_claim {
            put_text(&mut self.identity, self.json, value)
        } else if self.others.insert(name) {
            Ok(())
        } else {
            Err(Twice)
        }
    }

    fn put_audience(&mut self, value: Scalar<'a>) -> Result<(), Twice> {
        if self.audience != AudienceClaim::Absent {
            return Err(Twice);
        }
        self.audience = match value {
            Scalar::TextList(list) => AudienceClaim::Many(list),
            Scalar::Text(_) => AudienceClaim::One(text(self.json, value)),
            // As PyJWT: null is the same as no audience at all. An empty list keeps the claim "there" for
            // the search for duplicates and counts as missing later.
            Scalar::Null => AudienceClaim::Many(Vec::new()),
            _ => AudienceClaim::Other,
        };
        Ok(())
    }

    pub(super) fn into_claims_set(self, identity_claim: Option<Arc<str>>) -> Result<ClaimsSet, Misfit> {
        fn typed<T>(value: Option<Result<T, Wrong>>, claim: &'static str) -> Result<Option<T>, Misfit> {
            value.transpose().map_err(|wrong| Misfit { claim, wrong })
        }
        let marks = Marks { is_typed: self.token_type.is_some(), ..self.marks };
        let identity = if identity_claim.is_none() { self.subject.clone() } else { self.identity };
        Ok(ClaimsSet {
            json: String::new(),
            identity_claim,
            // In the order in which PyJWT judges them: it decides which message a client sees.
            issued_at: typed(self.issued_at, name::ISSUED_AT)?,
            not_before: typed(self.not_before, name::NOT_BEFORE)?,
            expiration: typed(self.expiration, name::EXPIRATION)?,
            fresh: typed(self.fresh, name::FRESH)?.unwrap_or(Freshness::Never),
            token_type: match typed(self.token_type, name::TYPE)? {
                _ if marks.is_other_kind => TokenType::Other,
                told => told.unwrap_or(TokenType::Access),
            },
            marks,
            identity,
            subject: self.subject,
            jwt_id: self.jwt_id,
            session_id: self.session_id,
            csrf: self.csrf,
            issuer: self.issuer,
            audience: self.audience,
        })
    }
}

impl Marks {
    /// A claim that is not kept.
    fn see(&mut self, name: &str, value: &Scalar<'_>) {
        match name {
            name::CONFIRMATION => self.is_bound = true,
            name::ACCESS_TOKEN_HASH | name::CODE_HASH => self.is_other_kind = true,
            name::TOKEN_USE => self.is_other_kind |= !matches!(value, Scalar::Text(text) if text == "access"),
            name::TYP => self.is_other_kind |= matches!(value, Scalar::Text(text) if is_other_kind(text)),
            _ => {}
        }
    }
}

/// What Keycloak calls its tokens that are no access tokens.
fn is_other_kind(typ: &str) -> bool {
    ["ID", "Refresh", "Offline", "Logout"].iter().any(|other| other.eq_ignore_ascii_case(typ))
}

/// Puts `value` in its place, unless the place is taken.
fn fill<T>(place: &mut Option<T>, value: T) -> Result<(), Twice> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Twice),
    }
}

fn put_text(place: &mut Text, json: &str, value: Scalar<'_>) -> Result<(), Twice> {
    if *place != Text::Absent {
        return Err(Twice);
    }
    *place = text(json, value);
    Ok(())
}

fn text(json: &str, value: Scalar<'_>) -> Text {
    match value {
        Scalar::Text(Cow::Borrowed(text)) => {
            // The text is a slice of `json`, so the difference is its offset.
            let start = (text.as_ptr() as usize).wrapping_sub(json.as_ptr() as usize);
            Text::At(start..start.wrapping_add(text.len()))
        }
        Scalar::Text(Cow::Owned(text)) => Text::Unescaped(text.into_boxed_str()),
        Scalar::Null => Text::Null,
        _ => Text::Other,
    }
}

fn freshness(value: &Scalar<'_>) -> Result<Freshness, Wrong> {
    match value {
        Scalar::Bool(true) => Ok(Freshness::Always),
        Scalar::Bool(false) => Ok(Freshness::Never),
        other => numeric_date(other).map(Freshness::Until),
    }
}

fn token_type(value: &Scalar<'_>) -> Result<TokenType, Wrong> {
    match value {
        Scalar::Text(text) => Ok(match &**text {
            "access" => TokenType::Access,
            "refresh" => TokenType::Refresh,
            _ => TokenType::Other,
        }),
        _ => Err(Wrong::Type),
    }
}

/// A NumericDate (RFC 7519 §2): finite, within the calendar, fraction dropped as PyJWT does.
fn numeric_date(scalar: &Scalar<'_>) -> Result<i64, Wrong> {
    let seconds = match *scalar {
        Scalar::Int(seconds) => seconds,
        Scalar::Float(seconds) if seconds.abs() <= MAX_NUMERIC_DATE as f64 => seconds as i64,
        Scalar::Float(number) => return Err(out_of_range(number)),
        _ => return Err(Wrong::Type),
    };
    if seconds.unsigned_abs() <= MAX_NUMERIC_DATE.unsigned_abs() {
        Ok(seconds)
    } else {
        Err(out_of_range(seconds as f64))
    }
}

#[cold]
fn out_of_range(number: f64) -> Wrong {
    let is_time = (0.0..=MAX_NUMERIC_DATE as f64).contains(&(number / 1_000.0));
    if is_time { Wrong::Milliseconds } else { Wrong::OutOfRange }
}
