//! What settings and keys must be able to do together before there is a manager.

use crate::claims::{TokenType, name};
use crate::config::{JwtConfig, Lifetime, Location, MAX_COOKIE_BYTES};
use crate::error::{ConfigError, InvalidToken};
use crate::keys::{KeyRing, SigningKey};
use crate::token::codec::{self, Parts};
use crate::token::verify::Rules;
use serde_json::{Map, Value};

/// Who verifies with a public key takes every token that its owner makes, for whatever and whomever.
pub(super) fn warn_of_any_token(config: &JwtConfig) {
    if config.decode_audience.is_none() && config.decode_issuer.is_none() && !config.require_type {
        log::warn!(
            "every token of the public key counts as an access token for this application (RFC 8725 section 3.11): \
             set JWT_DECODE_AUDIENCE and JWT_DECODE_ISSUER, or JWT_REQUIRE_TYPE"
        );
    }
}

/// That there is room for the signatures which are made here: in a token, and in the cookie around it.
pub(super) fn check_room(config: &JwtConfig, ring: &KeyRing) -> Result<(), ConfigError> {
    let Some(key) = &ring.signing else { return Ok(()) };
    let signature = key.signature_len().div_ceil(3) * 4;
    // No header and no claims have less.
    let least = signature + 200;
    let algorithm = key.algorithm();
    if least > config.max_token_size {
        let limit = config.max_token_size;
        return Err(ConfigError::Conflict(format!(
            "JWT_MAX_TOKEN_SIZE = {limit} leaves no room for tokens of {algorithm}, which have {least} bytes and more"
        )));
    }
    if least > MAX_COOKIE_BYTES && config.token_location.contains(&Location::Cookies) {
        return Err(ConfigError::Conflict(format!(
            "JWT_TOKEN_LOCATION has \"cookies\", and browsers keep no cookie of more than {MAX_COOKIE_BYTES} bytes, which \
             every token of {algorithm} has; leave cookies out, or sign with a shorter algorithm such as ML-DSA-44"
        )));
    }
    Ok(())
}

/// That tokens live no longer than their remote signer allows, if it does not say so at the call.
pub(super) fn check_lifetimes(config: &JwtConfig, ring: &KeyRing) -> Result<(), ConfigError> {
    let Some(limit) = ring.signing.as_ref().and_then(SigningKey::max_token_lifetime) else { return Ok(()) };
    for (setting, lifetime) in [
        ("JWT_ACCESS_TOKEN_EXPIRES", config.access_token_expires),
        ("JWT_REFRESH_TOKEN_EXPIRES", config.refresh_token_expires),
    ] {
        let lifetime = match lifetime {
            Lifetime::After(lifetime) if lifetime <= limit => continue,
            Lifetime::After(lifetime) => humantime::format_duration(lifetime).to_string(),
            Lifetime::Never => "never".to_owned(),
        };
        let limit = humantime::format_duration(limit);
        return Err(ConfigError::Conflict(format!(
            "{setting} is {lifetime}, and the remote signer signs no token that lives for more than {limit}; shorten it"
        )));
    }
    Ok(())
}

/// A token as these settings make it, taken through their own checks of signature, issuer, audience and identity.
pub(super) fn accepts_its_own(
    config: &JwtConfig,
    ring: &KeyRing,
    token_type: TokenType,
    ends: bool,
) -> Result<(), ConfigError> {
    let mut claims = Map::new();
    claims.insert(config.identity_claim.clone(), "a user".into());
    claims.insert(name::TYPE.to_owned(), token_type.as_str().into());
    if ends {
        claims.insert(name::EXPIRATION.to_owned(), 0.into());
    }
    for (name, value) in [
        (name::AUDIENCE, config.encode_audience.as_ref().map(serde_json::to_value)),
        (name::ISSUER, config.encode_issuer.as_ref().map(serde_json::to_value)),
    ] {
        if let Some(Ok(value)) = value {
            claims.insert(name.to_owned(), value);
        }
    }
    let rules = Rules::from_config(config, true);
    let judge = |parts: Parts<'_>| rules.judge(parts, 0, || 0).and_then(|token| rules.judge_identity(&token));
    let nothing_in_common = |what: &str, method: &str| {
        let text = format!(
            "JWT_ENCODE_{what} and JWT_DECODE_{what} have nothing in common, so tokens that are issued here are refused \
             here; if they are meant for others, give each its own with `.{method}(..)` instead of JWT_ENCODE_{what}"
        );
        Err(ConfigError::Conflict(text))
    };
    match codec::self_test(ring, Value::Object(claims).to_string().into_bytes(), judge)? {
        Some(Err(InvalidToken::AudienceMismatch)) => nothing_in_common("AUDIENCE", "audience"),
        Some(Err(InvalidToken::IssuerMismatch)) => nothing_in_common("ISSUER", "issuer"),
        // Tokens may get theirs at the call, or come from others who have the same secret.
        Some(Err(InvalidToken::AudienceMissing | InvalidToken::IssuerMissing)) | Some(Ok(())) | None => Ok(()),
        Some(Err(error)) => {
            Err(ConfigError::Conflict(format!("{token_type} tokens that are issued here are refused here: {error}")))
        }
    }
}
