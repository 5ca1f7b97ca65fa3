//! What is wrong with a token.

use std::borrow::Cow;
use std::fmt;

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
    /// Five segments: a JWE (RFC 7516 §7.1), which is not supported.
    Encrypted,
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
    /// `exp`, `nbf`, `iat` or `fresh` is a number, but not one of seconds up to the year 9999.
    OutOfRange {
        /// The claim.
        claim: &'static str,
        /// Whether it would be a time in milliseconds.
        milliseconds: bool,
    },
    /// A claim is of another JSON type than it must be.
    ClaimType {
        /// The claim.
        claim: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// A claim that is needed is not there.
    MissingClaim(String),
    /// Neither an access nor a refresh token ([`TokenType::Other`](crate::TokenType::Other)).
    OtherKind,
    /// It is bound to a key or certificate (`cnf`, RFC 7800), and nothing here checks the proof (`JWT_ACCEPT_CNF`).
    Bound,
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
            Self::Encrypted => f.write_str("The token is encrypted (JWE), which is not supported"),
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
            Self::NotANumber(claim) => write!(f, "{} claim ({claim}) must be an integer.", title_of_time(claim)),
            Self::OutOfRange { claim, milliseconds } => {
                let title = title_of_time(claim);
                let why = if *milliseconds { "it looks like milliseconds" } else { "it is out of range" };
                write!(f, "{title} claim ({claim}) must be in seconds since 1970; {why}")
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
            Self::OtherKind => f.write_str("Only access tokens are allowed"),
            Self::Bound => f.write_str("Token is bound to a key (cnf), and no proof of it is checked here"),
            Self::CriticalFormat(what) => write!(f, "Invalid 'crit' header: {what}"),
            Self::AudienceFormat => f.write_str("Invalid claim format in token"),
            Self::AudienceMissing => f.write_str("Token is missing the \"aud\" claim"),
            Self::AudienceMismatch => f.write_str("Audience doesn't match"),
            Self::IssuerMissing => f.write_str("Token is missing the \"iss\" claim"),
            Self::IssuerMismatch => f.write_str("Invalid issuer"),
        }
    }
}

fn title_of_time(claim: &str) -> &'static str {
    match claim {
        "exp" => "Expiration Time",
        "nbf" => "Not Before",
        "fresh" => "Fresh Until",
        _ => "Issued At",
    }
}
