//! What can go wrong, one `match` to what a client gets to see of it.

mod config;
mod issue;
mod request;
mod signer;
mod token;

pub use config::ConfigError;
pub use issue::IssueError;
pub use request::{BodyError, CsrfError, MissingToken};
pub use signer::SignerError;
pub use token::InvalidToken;

use crate::claims::VerifiedToken;
use crate::store::StoreError;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Why a request is refused, or a token could not be made.
///
/// [`status`](Self::status) and `Display` give what Flask-JWT-Extended answers in the same case. Where the server is at
/// fault (500, 503), `Display` is for the log: the answer tells nothing of it.
/// No variant holds or prints a token, a key or any other secret.
///
/// As an [`actix_web::ResponseError`] it becomes that answer, so `?` in a handler is enough.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtError, JwtManager};
///
/// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
/// let error = jwt.decode_token("not a token").unwrap_err();
/// assert!(matches!(error, JwtError::InvalidToken(_)));
/// assert_eq!(error.to_string(), "Not enough segments");
/// assert_eq!(error.status(), 422);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum JwtError {
    /// No token was found where one was looked for (401).
    MissingToken(MissingToken),
    /// A body that was to be searched for a token or a CSRF value could not be read (400, 408, 413).
    Body(BodyError),
    /// There is something in the token's place, but not in the form that it must have (422).
    MalformedCredentials(String),
    /// The token itself is not valid (422).
    InvalidToken(InvalidToken),
    /// The token was valid once (401). Its signature is genuine.
    Expired(VerifiedToken),
    /// A refresh token where none is allowed, or the other way round (422).
    WrongTokenType {
        /// Whether a refresh token was needed.
        refresh_needed: bool,
    },
    /// A fresh token is needed (401).
    FreshTokenRequired(VerifiedToken),
    /// The token has been revoked (401).
    Revoked(VerifiedToken),
    /// A double-submit value is missing or wrong, or another site sent the request (401).
    Csrf(CsrfError),
    /// `token_verification_loader` said no (400).
    ClaimsVerificationFailed(VerifiedToken),
    /// `user_lookup_loader` found nobody (401).
    UserNotFound(VerifiedToken),
    /// The token lacks a scope or a role (403).
    InsufficientScope {
        /// The scopes that would do, if the route named any.
        scope: Option<String>,
    },
    /// The identity cannot be read as the type that the handler asked for (422).
    IdentityFormat,
    /// The claims cannot be read as the type that the handler asked for (422).
    ClaimsFormat(serde_json::Error),
    /// A token could not be issued: a programming error of the application (500).
    Issue(IssueError),
    /// A `*_loader` failed or panicked (500).
    Hook {
        /// Which one.
        hook: &'static str,
        /// Its error; for a panic, that it panicked.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The token store failed (503). Nothing was issued or accepted.
    Store(StoreError),
    /// A remote signer failed, or was too slow (503). Nothing was issued.
    Signer(SignerError),
    /// The application was not set up for what a handler asks for: a programming error (500).
    NotConfigured(&'static str),
}

/// What a refused request is told.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) message: Cow<'static, str>,
    /// RFC 6750 §3.1; `None` = the request carried no credentials, or it is not the client's fault.
    pub(crate) code: Option<&'static str>,
}

impl JwtError {
    /// The one place that says which status, message and RFC 6750 code an error has.
    pub(crate) fn answer(&self) -> Answer {
        const INVALID_TOKEN: Option<&str> = Some("invalid_token");
        let (status, message, code): (u16, Cow<'static, str>, _) = match self {
            Self::MissingToken(missing) => (401, missing.to_string().into(), None),
            Self::Body(error) => {
                let status = match error {
                    BodyError::TooLarge => 413,
                    BodyError::TimedOut => 408,
                    BodyError::Broken => 400,
                };
                (status, error.to_string().into(), None)
            }
            Self::MalformedCredentials(message) => (422, message.clone().into(), Some("invalid_request")),
            Self::InvalidToken(reason) => (422, reason.to_string().into(), INVALID_TOKEN),
            Self::Expired(_) => (401, "Token has expired".into(), INVALID_TOKEN),
            Self::WrongTokenType { refresh_needed: true } => {
                (422, "Only refresh tokens are allowed".into(), INVALID_TOKEN)
            }
            Self::WrongTokenType { refresh_needed: false } => {
                (422, "Only non-refresh tokens are allowed".into(), INVALID_TOKEN)
            }
            Self::FreshTokenRequired(_) => (401, "Fresh token required".into(), INVALID_TOKEN),
            Self::Revoked(_) => (401, "Token has been revoked".into(), INVALID_TOKEN),
            Self::Csrf(error) => (401, error.to_string().into(), Some("invalid_request")),
            Self::ClaimsVerificationFailed(_) => (400, "User claims verification failed".into(), INVALID_TOKEN),
            Self::UserNotFound(token) => {
                (401, format!("Error loading the user {}", token.identity()).into(), INVALID_TOKEN)
            }
            Self::InsufficientScope { .. } => (403, "Insufficient scope".into(), Some("insufficient_scope")),
            Self::IdentityFormat => (422, "Invalid identity in token".into(), INVALID_TOKEN),
            Self::ClaimsFormat(_) => (422, "Invalid claims in token".into(), INVALID_TOKEN),
            Self::Store(_) | Self::Signer(_) => (503, "Service Unavailable".into(), None),
            Self::Issue(_) | Self::Hook { .. } | Self::NotConfigured(_) => (500, "Internal Server Error".into(), None),
        };
        Answer { status, message, code }
    }

    /// The HTTP status that the error has by default.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.answer().status
    }

    /// Whether it says that no token was sent at all, which `.optional()` routes accept.
    #[must_use]
    pub fn is_missing_token(&self) -> bool {
        matches!(self, Self::MissingToken(_))
    }
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // For the log, not for the client: the answer to these says nothing.
            Self::Issue(error) => write!(f, "cannot issue a token: {error}"),
            Self::Hook { hook, source } => write!(f, "{hook} failed: {source}"),
            Self::Store(error) => error.fmt(f),
            Self::Signer(error) => write!(f, "cannot issue a token: {error}"),
            Self::NotConfigured(what) => f.write_str(what),
            _ => f.write_str(&self.answer().message),
        }
    }
}

impl StdError for JwtError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Issue(error) => Some(error),
            Self::Hook { source, .. } => Some(&**source),
            Self::Store(error) => Some(error),
            Self::Signer(error) => Some(error),
            Self::ClaimsFormat(error) => Some(error),
            _ => None,
        }
    }
}

impl From<InvalidToken> for JwtError {
    fn from(reason: InvalidToken) -> Self {
        Self::InvalidToken(reason)
    }
}

impl From<MissingToken> for JwtError {
    fn from(reason: MissingToken) -> Self {
        Self::MissingToken(reason)
    }
}

impl From<StoreError> for JwtError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SignerError> for JwtError {
    fn from(error: SignerError) -> Self {
        Self::Signer(error)
    }
}

impl From<BodyError> for JwtError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<IssueError> for JwtError {
    fn from(error: IssueError) -> Self {
        Self::Issue(error)
    }
}
