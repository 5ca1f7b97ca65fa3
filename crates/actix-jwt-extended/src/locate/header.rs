//! A token in a header (RFC 6750 §2.1).

use crate::config::JwtConfig;
use crate::error::{JwtError, MissingToken};
use actix_web::http::header::HeaderMap;

/// The header may come several times and hold several credentials (RFC 9110 §5.3): all lines
/// together are one list, in which exactly one item must begin with the type.
pub(super) fn find<'a>(headers: &'a HeaderMap, config: &JwtConfig) -> Result<&'a [u8], JwtError> {
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
