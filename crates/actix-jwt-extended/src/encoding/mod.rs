//! The text forms that tokens are made of: strict JSON, base64url; and text that is published.

pub(crate) mod base64url;
pub(crate) mod strict_json;
pub(crate) mod tagged;
