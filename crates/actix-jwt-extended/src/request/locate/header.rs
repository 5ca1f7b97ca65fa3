//! A token in a header (RFC 6750 §2.1).

use super::split_at;
use crate::config::JwtConfig;
use crate::error::{JwtError, MissingToken};
use actix_web::http::header::{HeaderMap, HeaderName};

/// The header may come several times and hold several credentials (RFC 9110 §5.3): all lines
/// together are one list, in which exactly one item must begin with the type.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &HeaderName, config: &JwtConfig) -> Result<&'a [u8], JwtError> {
    let lines = headers.get_all(name);
    let (name, scheme) = (&config.header_name, &config.header_type);
    let (mut items, mut of_type) = (0, 0);
    let mut found: &[u8] = &[];
    for line in lines {
        for item in list_items(line.as_bytes()).filter(|item| !item.is_empty()) {
            items += 1;
            if let Some(rest) = after_scheme(item, scheme) {
                of_type += 1;
                found = rest;
            }
        }
    }
    let is_one_word = !found.is_empty() && memchr::memchr2(b' ', b'\t', found).is_none();
    match (items, of_type) {
        (0, _) => Err(MissingToken::Header { name: name.clone() }.into()),
        (_, 1) if is_one_word => Ok(found),
        // Without a type every item counts as of the type.
        _ if scheme.is_empty() => {
            Err(JwtError::MalformedCredentials(format!("Bad {name} header. Expected '{name}: <JWT>'")))
        }
        (_, 1) => Err(JwtError::MalformedCredentials(format!("Bad {name} header. Expected '{name}: {scheme} <JWT>'"))),
        _ => Err(MissingToken::HeaderType { name: name.clone(), scheme: scheme.clone() }.into()),
    }
}

/// What follows the type in a header of one line, if it is written just as in the settings: nearly always it is.
pub(super) fn at_first_glance<'a>(headers: &'a HeaderMap, name: &HeaderName, scheme: &str) -> Option<&'a [u8]> {
    let [line] = headers.get_all(name).as_slice() else { return None };
    match scheme {
        "" => Some(line.as_bytes()),
        _ => line.as_bytes().strip_prefix(scheme.as_bytes())?.strip_prefix(b" ").map(<[u8]>::trim_ascii_start),
    }
}

/// The items of a list (RFC 9110 §5.6.1), empty ones too.
fn list_items(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    split_at(b',', line).map(<[u8]>::trim_ascii)
}

/// What follows the type in an item whose first word it is; schemes are compared without regard to
/// case (RFC 9110 §11.1).
fn after_scheme<'a>(item: &'a [u8], scheme: &str) -> Option<&'a [u8]> {
    if scheme.is_empty() {
        return Some(item);
    }
    let (first, rest) = item.split_at_checked(scheme.len())?;
    let is_whole_word = rest.first().is_none_or(u8::is_ascii_whitespace);
    (is_whole_word && first.eq_ignore_ascii_case(scheme.as_bytes())).then(|| rest.trim_ascii_start())
}
