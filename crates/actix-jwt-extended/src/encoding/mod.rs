//! The text forms that tokens are made of: strict JSON, base64url.

pub(crate) mod base64url;
pub(crate) mod strict_json;
