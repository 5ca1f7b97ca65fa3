//! What a token is for.

use std::fmt;

/// What a token is for: the `type` claim.
///
/// ```
/// use actix_jwt_extended::TokenType;
/// assert_eq!(TokenType::Access.as_str(), "access");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// Opens protected routes. A token without a `type` claim counts as one.
    Access,
    /// Gets new access tokens, and nothing else.
    Refresh,
    /// A `type` that is neither; treated as not a refresh token, as Flask-JWT-Extended does.
    Other,
}

impl TokenType {
    /// The claim's value: `"access"`, `"refresh"` or `"other"`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
