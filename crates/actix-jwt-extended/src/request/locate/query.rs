//! A token in the query string (RFC 6750 §2.3).

use crate::config::JwtConfig;
use crate::error::{JwtError, MissingToken};
use std::borrow::Cow;

/// The first parameter of the name, percent-decoded, without its prefix.
pub(super) fn find<'a>(query: &'a str, config: &JwtConfig) -> Result<Cow<'a, [u8]>, JwtError> {
    let (name, prefix) = (&config.query_string_name, &config.query_string_value_prefix);
    let value = form_urlencoded::parse(query.as_bytes())
        .find_map(|(own, value)| (own == name.as_str()).then_some(value))
        .filter(|value| !value.is_empty())
        .ok_or_else(|| MissingToken::QueryString { name: name.clone() })?;
    let token = match value {
        Cow::Borrowed(value) => value.strip_prefix(prefix.as_str()).map(|token| Cow::Borrowed(token.as_bytes())),
        Cow::Owned(value) => value.strip_prefix(prefix.as_str()).map(|token| Cow::Owned(token.as_bytes().to_vec())),
    };
    token.ok_or_else(|| {
        JwtError::MalformedCredentials(format!(
            "Invalid value for query parameter '{name}'. Expected the value to start with '{prefix}'"
        ))
    })
}
