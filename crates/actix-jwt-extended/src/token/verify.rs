//! The verdict on a token: signature first, claims after, time last.
//!
//! Pure: bytes, keys and a time in, a [`VerifiedToken`] or an error out. No I/O, no framework.

use crate::claims::{AudienceClaim, ClaimsError, ClaimsSet, JoseHeader, Text, TokenType, VerifiedToken, name};
use crate::config::{JwtConfig, OneOrMany};
use crate::error::{CsrfError, InvalidToken, JwtError};
use crate::token::codec::{self, Parts};
use std::borrow::Cow;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// What a claims set must satisfy; made once from the settings.
#[derive(Debug)]
pub(crate) struct Rules {
    audience: Option<OneOrMany>,
    issuer: Option<OneOrMany>,
    verify_sub: bool,
    require_exp: bool,
    require_type: bool,
    accept_cnf: bool,
    /// Values of `type` that make an access token, besides "access".
    access_types: Option<OneOrMany>,
    /// Special types in the header that are accepted.
    special_types: Vec<Box<str>>,
    identity_claim: Arc<str>,
    leeway: i64,
    pub(crate) max_token_size: usize,
}

impl Rules {
    /// `signs`: whether tokens are issued here, too.
    pub(crate) fn from_config(config: &JwtConfig, signs: bool) -> Self {
        Self {
            audience: config.decode_audience.clone(),
            issuer: config.decode_issuer.clone(),
            verify_sub: config.verify_sub,
            require_exp: config.require_exp.unwrap_or(!signs),
            require_type: config.require_type,
            accept_cnf: config.accept_cnf,
            access_types: config.accept_type_claims.clone(),
            special_types: config
                .accept_typ_headers
                .iter()
                .flat_map(OneOrMany::iter)
                .filter_map(codec::special_type)
                .collect(),
            identity_claim: config.identity_claim.as_str().into(),
            leeway: i64::try_from(config.decode_leeway.as_secs()).unwrap_or(i64::MAX),
            max_token_size: config.max_token_size,
        }
    }

    /// Judges the claims of a token whose signature is genuine. `exactly`: the time where a token that was issued since the
    /// coarse clock's last tick seems to lie in the future.
    pub(crate) fn judge(
        &self,
        parts: Parts<'_>,
        lately: i64,
        exactly: impl FnOnce() -> i64,
    ) -> Result<VerifiedToken, InvalidToken> {
        let json = String::from_utf8(parts.payload).map_err(|_| InvalidToken::Payload("it is not UTF-8".into()))?;
        let mut claims = ClaimsSet::parse(json, &self.identity_claim).map_err(invalid_claims)?;
        // The order is PyJWT's: it decides which message a client sees when several things are wrong.
        if self.begins_after(&claims, lately).is_some() {
            self.judge_beginning(&claims, exactly())?;
        }
        self.judge_claims(&claims)?;
        self.judge_kind(parts.header.get(), &mut claims)?;
        Ok(VerifiedToken::new(parts.header, claims))
    }

    /// Whether the token is valid yet: of what is judged, with expiry, the part that time changes.
    pub(crate) fn judge_beginning(&self, claims: &ClaimsSet, now: i64) -> Result<(), InvalidToken> {
        self.begins_after(claims, now).map_or(Ok(()), |claim| Err(InvalidToken::NotYetValid(claim)))
    }

    /// The claim by which the token is not valid yet.
    fn begins_after(&self, claims: &ClaimsSet, now: i64) -> Option<&'static str> {
        let latest = now.saturating_add(self.leeway);
        let is_later = |time: Option<i64>| time.is_some_and(|time| time > latest);
        if is_later(claims.issued_at) {
            return Some(name::ISSUED_AT);
        }
        is_later(claims.not_before).then_some(name::NOT_BEFORE)
    }

    /// Whether the token is valid at each moment from `first` to `last`.
    pub(crate) fn is_valid_throughout(&self, token: &VerifiedToken, first: i64, last: i64) -> bool {
        self.begins_after(token.claims_set(), first).is_none() && !self.is_expired(token, last)
    }

    fn judge_claims(&self, claims: &ClaimsSet) -> Result<(), InvalidToken> {
        if let Some(issuer) = &self.issuer {
            judge_issuer(claims, issuer)?;
        }
        if let Some(audience) = &self.audience {
            judge_audience(claims, audience)?;
        }
        if self.verify_sub && claims.subject.is_no_text() {
            return Err(InvalidToken::ClaimType { claim: "sub", expected: "a string" });
        }
        if claims.jwt_id.is_no_text() {
            return Err(InvalidToken::ClaimType { claim: "jti", expected: "a string" });
        }
        // There, and nobody. Not there at all is another matter: see `judge_identity`.
        if matches!(claims.identity, Text::Null) {
            return Err(self.names_nobody());
        }
        Ok(())
    }

    /// Whether the token says whom it is about. It need not (RFC 7519 §4.1.2), but who comes with it must be somebody.
    pub(crate) fn judge_identity(&self, token: &VerifiedToken) -> Result<(), InvalidToken> {
        if token.has_identity() { Ok(()) } else { Err(self.names_nobody()) }
    }

    fn names_nobody(&self) -> InvalidToken {
        InvalidToken::MissingClaim(self.identity_claim.to_string())
    }

    /// What the token is, by all that says so, and whether it may be taken for that.
    fn judge_kind(&self, header: &JoseHeader, claims: &mut ClaimsSet) -> Result<(), InvalidToken> {
        if self.require_exp && claims.expiration.is_none() {
            return Err(InvalidToken::MissingClaim(name::EXPIRATION.to_owned()));
        }
        if self.require_type && !claims.marks.is_typed {
            return Err(InvalidToken::MissingClaim(name::TYPE.to_owned()));
        }
        if claims.marks.is_bound && !self.accept_cnf {
            return Err(InvalidToken::Bound);
        }
        if claims.token_type == TokenType::Other && !claims.marks.is_other_kind && self.is_access_type(claims) {
            claims.token_type = TokenType::Access;
        }
        if header.special_type().is_some_and(|typ| !self.special_types.iter().any(|own| **own == *typ)) {
            claims.token_type = TokenType::Other;
        }
        Ok(())
    }

    /// Whether a `type` that is none of ours is one of those that the settings name.
    fn is_access_type(&self, claims: &ClaimsSet) -> bool {
        #[derive(serde::Deserialize)]
        struct Told<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
        }
        let Some(types) = &self.access_types else { return false };
        claims.read::<Told<'_>>().is_some_and(|told| types.iter().any(|own| own == told.r#type))
    }

    /// Until when a token that expires then is good.
    pub(crate) fn last_moment(&self, expires: i64) -> i64 {
        expires.saturating_add(self.leeway)
    }

    /// Whether the token has expired: from the second that `exp` names on (RFC 7519 §4.1.4).
    pub(crate) fn is_expired(&self, token: &VerifiedToken, now: i64) -> bool {
        token.expires_at().is_some_and(|time| time <= now.saturating_sub(self.leeway))
    }
}

fn invalid_claims(error: ClaimsError) -> InvalidToken {
    match error {
        ClaimsError::Json(error) => InvalidToken::Payload(crate::encoding::strict_json::reason(&error).into()),
        ClaimsError::NotAnObject => InvalidToken::Payload(Cow::Borrowed("must be a json object")),
        ClaimsError::OutOfRange { claim, milliseconds } => InvalidToken::OutOfRange { claim, milliseconds },
        ClaimsError::WrongType(claim @ ("exp" | "nbf" | "iat")) => InvalidToken::NotANumber(claim),
        ClaimsError::WrongType(claim @ "fresh") => {
            InvalidToken::ClaimType { claim, expected: "true, false or a number" }
        }
        ClaimsError::WrongType(claim) => InvalidToken::ClaimType { claim, expected: "a string" },
    }
}

fn judge_issuer(claims: &ClaimsSet, issuer: &OneOrMany) -> Result<(), InvalidToken> {
    match &claims.issuer {
        Text::Absent => Err(InvalidToken::IssuerMissing),
        text if text.is_no_text() => Err(InvalidToken::ClaimType { claim: "iss", expected: "a string" }),
        text => match claims.text(text) {
            Some(own) if issuer.iter().any(|allowed| allowed == own) => Ok(()),
            _ => Err(InvalidToken::IssuerMismatch),
        },
    }
}

fn judge_audience(claims: &ClaimsSet, audience: &OneOrMany) -> Result<(), InvalidToken> {
    let named = |own: &str| audience.iter().any(|allowed| allowed == own);
    let matches = match &claims.audience {
        AudienceClaim::Absent => return Err(InvalidToken::AudienceMissing),
        AudienceClaim::Many(list) if list.is_empty() => return Err(InvalidToken::AudienceMissing),
        AudienceClaim::One(text) if claims.text(text) == Some("") => return Err(InvalidToken::AudienceMissing),
        AudienceClaim::Other => return Err(InvalidToken::AudienceFormat),
        AudienceClaim::Many(list) => list.iter().any(|own| named(own)),
        AudienceClaim::One(text) => claims.text(text).is_some_and(named),
    };
    if matches { Ok(()) } else { Err(InvalidToken::AudienceMismatch) }
}

/// Whether the double-submit value, where one is needed, is the token's; in constant time.
pub(crate) fn judge_csrf(token: &VerifiedToken, value: Option<&str>) -> Result<(), JwtError> {
    let Some(value) = value else { return Ok(()) };
    if token.claims_set().csrf.is_no_text() {
        return Err(InvalidToken::ClaimType { claim: "csrf", expected: "a string" }.into());
    }
    let own = token.csrf().ok_or_else(|| InvalidToken::MissingClaim("csrf".to_owned()))?;
    if own.as_bytes().ct_eq(value.as_bytes()).into() { Ok(()) } else { Err(JwtError::Csrf(CsrfError::Mismatch)) }
}
