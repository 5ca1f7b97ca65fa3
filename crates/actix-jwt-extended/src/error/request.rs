//! What is wrong with a request, before its token is looked at.

use std::fmt;

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
