//! What can go wrong, one `match` to what a client gets to see of it.

mod config;

pub use config::ConfigError;

use crate::claims::VerifiedToken;
use crate::store::StoreError;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

/// Why a request is refused, or a token could not be made.
///
/// [`status`](Self::status) and `Display` give what Flask-JWT-Extended answers in the same case.
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
    /// A double-submit value is missing or wrong (401).
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
    /// The application was not set up for what a handler asks for: a programming error (500).
    NotConfigured(&'static str),
}

/// Where a token was looked for in vain.
///
/// ```
/// use actix_jwt_extended::MissingToken;
/// let missing = MissingToken::Header { name: "Authorization".into() };
/// assert_eq!(missing.to_string(), "Missing Authorization Header");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingToken {
    /// The header is not there, or empty.
    Header {
        /// Its name, as configured.
        name: String,
    },
    /// The header holds no credentials of the type, or more than one.
    HeaderType {
        /// Its name, as configured.
        name: String,
        /// The type (scheme), as configured.
        scheme: String,
    },
    /// The cookie is not there, or empty.
    Cookie {
        /// Its name, as configured.
        name: String,
    },
    /// The query parameter is not there, or empty.
    QueryString {
        /// Its name, as configured.
        name: String,
    },
    /// The body is no JSON, by its content type.
    ContentType,
    /// The JSON body has no such member, is no object, or is malformed.
    JsonKey {
        /// The member's name, as configured.
        key: String,
    },
    /// The request is no WebSocket upgrade that offers the protocol `bearer` and a token.
    WebSocket,
    /// None of several locations has a token.
    Everywhere {
        /// Their names, in order.
        locations: Vec<&'static str>,
        /// Why, for each.
        reasons: Vec<MissingToken>,
    },
}

impl fmt::Display for MissingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { name } => write!(f, "Missing {name} Header"),
            Self::HeaderType { name, scheme } => {
                write!(f, "Missing '{scheme}' type in '{name}' header. Expected '{name}: {scheme} <JWT>'")
            }
            Self::Cookie { name } => write!(f, "Missing cookie \"{name}\""),
            // FJE's spelling, which its clients compare.
            Self::QueryString { name } => write!(f, "Missing '{name}' query paramater"),
            Self::ContentType => f.write_str("Invalid content-type. Must be application/json."),
            Self::JsonKey { key } => write!(f, "Missing \"{key}\" key in json data."),
            Self::WebSocket => f.write_str("Missing 'bearer' protocol in a WebSocket upgrade"),
            Self::Everywhere { locations, reasons } => {
                let (last, others) = locations.split_last().unwrap_or((&"", &[]));
                write!(f, "Missing JWT in {} or {last} (", others.join(", "))?;
                for (at, reason) in reasons.iter().enumerate() {
                    write!(f, "{}{reason}", if at == 0 { "" } else { "; " })?;
                }
                f.write_str(")")
            }
        }
    }
}

/// What is wrong with a double-submit value.
///
/// ```
/// use actix_jwt_extended::CsrfError;
/// assert_eq!(CsrfError::Mismatch.to_string(), "CSRF double submit tokens do not match");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CsrfError {
    /// No value was given.
    Missing,
    /// The value given is not the token's.
    Mismatch,
    /// A browser says that another site sent the request (`JWT_CSRF_FETCH_METADATA`).
    CrossSite,
}

impl fmt::Display for CsrfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("Missing CSRF token"),
            Self::Mismatch => f.write_str("CSRF double submit tokens do not match"),
            Self::CrossSite => f.write_str("Cross-site request refused"),
        }
    }
}

/// Why a body could not be searched.
///
/// ```
/// use actix_jwt_extended::BodyError;
/// assert_eq!(BodyError::TooLarge.to_string(), "Request body is too large");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyError {
    /// It is longer than `JWT_MAX_BODY_SIZE`.
    TooLarge,
    /// It took longer than `JWT_BODY_TIMEOUT`.
    TimedOut,
    /// It broke off, or is not well-formed HTTP.
    Broken,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "Request body is too large",
            Self::TimedOut => "Request body did not arrive in time",
            Self::Broken => "Request body could not be read",
        })
    }
}

/// What is wrong with a token. `Display` is the message that the client gets.
///
/// ```
/// use actix_jwt_extended::InvalidToken;
/// assert_eq!(InvalidToken::Signature.to_string(), "Signature verification failed");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Longer than `JWT_MAX_TOKEN_SIZE`; nothing else was looked at.
    TooLong,
    /// Not three segments (RFC 7515 §7.1).
    Segments,
    /// The header is not base64url without padding.
    HeaderEncoding,
    /// The header is not the JSON that it must be.
    Header(Cow<'static, str>),
    /// The claims are not base64url without padding.
    PayloadEncoding,
    /// The claims are not the JSON that they must be.
    Payload(Cow<'static, str>),
    /// The signature is not base64url without padding.
    SignatureEncoding,
    /// The header has no `alg`.
    AlgorithmMissing,
    /// The header's `alg` is not in the allow-list.
    AlgorithmNotAllowed,
    /// The signature is not the key's, or there is no such key.
    Signature,
    /// The header demands an extension (RFC 7515 §4.1.11) that is not understood.
    CriticalExtension(String),
    /// The header's `kid` is no string.
    KeyIdFormat,
    /// `nbf` or `iat` lies in the future.
    NotYetValid(&'static str),
    /// `exp`, `nbf` or `iat` is no NumericDate.
    NotANumber(&'static str),
    /// A claim is of another JSON type than it must be.
    ClaimType {
        /// The claim.
        claim: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A claim that is needed is not there.
    MissingClaim(String),
    /// The header's `crit` is no list of names (RFC 7515 §4.1.11).
    CriticalFormat(&'static str),
    /// An audience is configured, and `aud` is neither a string nor a list of strings.
    AudienceFormat,
    /// An audience is configured, and the token has none.
    AudienceMissing,
    /// An audience is configured, and the token is for others.
    AudienceMismatch,
    /// An issuer is configured, and the token has none.
    IssuerMissing,
    /// An issuer is configured, and the token is from another.
    IssuerMismatch,
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("Token is too long"),
            Self::Segments => f.write_str("Not enough segments"),
            Self::HeaderEncoding => f.write_str("Invalid header padding"),
            Self::Header(reason) => write!(f, "Invalid header string: {reason}"),
            Self::PayloadEncoding => f.write_str("Invalid payload padding"),
            Self::Payload(reason) => write!(f, "Invalid payload string: {reason}"),
            Self::SignatureEncoding => f.write_str("Invalid crypto padding"),
            Self::AlgorithmMissing => f.write_str("Algorithm not specified"),
            Self::AlgorithmNotAllowed => f.write_str("The specified alg value is not allowed"),
            Self::Signature => f.write_str("Signature verification failed"),
            Self::CriticalExtension(name) => write!(f, "Unsupported critical extension: {name}"),
            Self::KeyIdFormat => f.write_str("Key ID header parameter must be a string"),
            Self::NotYetValid(claim) => write!(f, "The token is not yet valid ({claim})"),
            Self::NotANumber(claim) => {
                let title = match *claim {
                    "exp" => "Expiration Time",
                    "nbf" => "Not Before",
                    _ => "Issued At",
                };
                write!(f, "{title} claim ({claim}) must be an integer.")
            }
            Self::ClaimType { claim, expected } => {
                let title = match *claim {
                    "sub" => "Subject",
                    "jti" => "JWT ID",
                    "iss" => "Payload Issuer (iss)",
                    other => other,
                };
                write!(f, "{title} must be {expected}")
            }
            Self::MissingClaim(name) => write!(f, "Missing claim: {name}"),
            Self::CriticalFormat(what) => write!(f, "Invalid 'crit' header: {what}"),
            Self::AudienceFormat => f.write_str("Invalid claim format in token"),
            Self::AudienceMissing => f.write_str("Token is missing the \"aud\" claim"),
            Self::AudienceMismatch => f.write_str("Audience doesn't match"),
            Self::IssuerMissing => f.write_str("Token is missing the \"iss\" claim"),
            Self::IssuerMismatch => f.write_str("Invalid issuer"),
        }
    }
}

/// Why a token could not be issued.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtError, JwtManager};
/// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
/// let JwtError::Issue(error) = jwt.access_token("ada").claim("exp", 5).encode().unwrap_err() else { panic!() };
/// assert_eq!(error.to_string(), "the claim `exp` is set by `.expires_in()` or `.never_expires()`");
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum IssueError {
    /// An own claim has the name of one that the library sets.
    ReservedClaim {
        /// The claim.
        claim: String,
        /// What sets it instead.
        instead: &'static str,
    },
    /// An own header has the name of one that the library sets.
    ReservedHeader(String),
    /// `.claims(..)` was given something that is no JSON object.
    ClaimsNotAnObject,
    /// An identity that verification would refuse: null, or no text while `JWT_VERIFY_SUB` is on.
    IdentityType,
    /// Own claims or headers that serde could not turn into JSON.
    Serialize(serde_json::Error),
    /// A lifetime that ends after the year 9999.
    LifetimeTooLong,
    /// The token would be longer than `JWT_MAX_TOKEN_SIZE`, so nobody could use it.
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A token in a cookie that browsers would drop without a word: they take 4,096 bytes of name and value.
    CookieTooLarge {
        /// The cookie.
        name: String,
        /// The bytes of its name and value.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// There is no signing key: only `JWT_PUBLIC_KEY` is set.
    NoSigningKey,
    /// The crypto library refused to sign.
    Signing,
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedClaim { claim, instead } => write!(f, "the claim `{claim}` is set by {instead}"),
            Self::ReservedHeader(name) => write!(f, "the header `{name}` is set by the signing key"),
            Self::ClaimsNotAnObject => f.write_str("own claims must be a JSON object"),
            Self::IdentityType => f.write_str("the identity must be a string, or JWT_VERIFY_SUB be false; never null"),
            Self::Serialize(_) => f.write_str("own claims or headers cannot be written as JSON"),
            Self::LifetimeTooLong => f.write_str("the token would expire after the year 9999"),
            Self::TooLong { limit } => write!(f, "the token is longer than JWT_MAX_TOKEN_SIZE ({limit} bytes)"),
            Self::CookieTooLarge { name, size, limit } => write!(
                f,
                "the cookie {name} has {size} bytes of name and value, and browsers drop one of more than {limit}; \
                 put fewer claims into the token"
            ),
            Self::NoSigningKey => f.write_str("there is no key to sign with: set JWT_PRIVATE_KEY"),
            Self::Signing => f.write_str("the crypto library refused to sign"),
        }
    }
}

impl StdError for IssueError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Serialize(error) => Some(error),
            _ => None,
        }
    }
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
            Self::Store(_) => (503, "Service Unavailable".into(), None),
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
