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
    /// Opens protected routes. A token without a `type` claim counts as one, unless something else in it says what it is.
    Access,
    /// Gets new access tokens, and nothing else.
    Refresh,
    /// Neither, and good for no route: by its `type`, by its `typ` header (RFC 8725 §3.11), or by a claim that only
    /// other kinds of tokens have. Those are `at_hash` and `c_hash` (an ID token, OpenID Connect Core §3.1.3.6,
    /// §3.3.2.11), a `token_use` other than `access` (Amazon Cognito), and a `typ` of `ID`, `Refresh`, `Offline` or
    /// `Logout` (Keycloak).
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
