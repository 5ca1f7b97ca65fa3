//! Finding the one candidate in a request. Borrows from the request; judges nothing of the token.

use crate::config::{JwtConfig, Location};
use crate::error::{JwtError, MissingToken};
use actix_web::http::header::HeaderMap;

/// What was found, and where.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) token: &'a [u8],
    pub(crate) location: Location,
}

/// The first location that holds a candidate decides.
pub(crate) fn locate<'a>(
    headers: &'a HeaderMap,
    config: &JwtConfig,
    locations: &[Location],
) -> Result<Candidate<'a>, JwtError> {
    let mut missing = None;
    for location in locations {
        let found = match location {
            Location::Headers => in_header(headers, config),
        };
        match found {
            Ok(token) => return Ok(Candidate { token, location: *location }),
            Err(JwtError::MissingToken(reason)) => drop(missing.get_or_insert(reason)),
            Err(error) => return Err(error),
        }
    }
    let reason = missing.unwrap_or_else(|| MissingToken::Header { name: config.header_name.clone() });
    Err(JwtError::MissingToken(reason))
}

/// The header may come several times and hold several credentials (RFC 9110 §5.3): all lines
/// together are one list, in which exactly one item must begin with the type.
fn in_header<'a>(headers: &'a HeaderMap, config: &JwtConfig) -> Result<&'a [u8], JwtError> {
    let lines = || headers.get_all(config.header_name.as_str()).map(|line| line.as_bytes());
    let fields = || lines().flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    if !fields().any(|field| !field.is_empty()) {
        return Err(JwtError::MissingToken(MissingToken::Header { name: config.header_name.clone() }));
    }
    if config.header_type.is_empty() { bare(fields(), config) } else { typed(fields(), config) }
}

/// The header is the bare token: one word in all.
fn bare<'a>(fields: impl Iterator<Item = &'a [u8]>, config: &JwtConfig) -> Result<&'a [u8], JwtError> {
    let mut fields = fields.filter(|field| !field.is_empty());
    match (fields.next(), fields.next()) {
        (Some(field), None) if words(field).count() == 1 => Ok(field),
        _ => {
            let name = &config.header_name;
            Err(JwtError::MalformedCredentials(format!("Bad {name} header. Expected '{name}: <JWT>'")))
        }
    }
}

fn typed<'a>(fields: impl Iterator<Item = &'a [u8]>, config: &JwtConfig) -> Result<&'a [u8], JwtError> {
    let (name, scheme) = (&config.header_name, &config.header_type);
    // RFC 9110 §11.1: schemes are compared without regard to case.
    let mut of_type =
        fields.filter(|field| words(field).next().is_some_and(|word| word.eq_ignore_ascii_case(scheme.as_bytes())));
    let (Some(field), None) = (of_type.next(), of_type.next()) else {
        let (name, scheme) = (name.clone(), scheme.clone());
        return Err(JwtError::MissingToken(MissingToken::HeaderType { name, scheme }));
    };
    let mut words = words(field).skip(1);
    match (words.next(), words.next()) {
        (Some(token), None) => Ok(token),
        _ => Err(JwtError::MalformedCredentials(format!("Bad {name} header. Expected '{name}: {scheme} <JWT>'"))),
    }
}

fn words(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}
