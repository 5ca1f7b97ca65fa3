//! What decoding a token tolerates and demands.

use std::fmt;

/// What [`JwtManager::decode_token_with`](crate::JwtManager::decode_token_with) tolerates and demands.
///
/// ```
/// use actix_jwt_extended::DecodeOptions;
/// let options = DecodeOptions::new().allow_expired().csrf_value("the value from the form");
/// ```
#[derive(Clone, Default)]
pub struct DecodeOptions {
    pub(super) allow_expired: bool,
    pub(super) csrf_value: Option<String>,
}

impl DecodeOptions {
    /// A token must not have expired, and no double-submit value is compared.
    ///
    /// ```
    /// let options = actix_jwt_extended::DecodeOptions::new();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a token that has expired; everything else must still hold.
    ///
    /// ```
    /// let options = actix_jwt_extended::DecodeOptions::new().allow_expired();
    /// ```
    #[must_use]
    pub fn allow_expired(self) -> Self {
        Self { allow_expired: true, ..self }
    }

    /// Demands that the token's `csrf` claim is this value.
    ///
    /// ```
    /// let options = actix_jwt_extended::DecodeOptions::new().csrf_value("from the X-CSRF-TOKEN header");
    /// ```
    #[must_use]
    pub fn csrf_value(self, value: impl Into<String>) -> Self {
        Self { csrf_value: Some(value.into()), ..self }
    }
}

impl fmt::Debug for DecodeOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeOptions").field("allow_expired", &self.allow_expired).finish_non_exhaustive()
    }
}
