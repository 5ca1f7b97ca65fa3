//! The types of settings that are more than a text, a number or a switch.

use super::value::{FromSetting, SettingValue, parse_duration};
use crate::claims::Algorithm;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How long a token lives.
///
/// ```
/// use actix_jwt_extended::Lifetime;
/// use std::time::Duration;
///
/// assert_eq!(Lifetime::from(Duration::from_secs(900)), Lifetime::After(Duration::from_secs(900)));
/// assert_eq!("15m".parse(), Ok(Lifetime::After(Duration::from_secs(900))));
/// assert_eq!("false".parse(), Ok(Lifetime::Never));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// It expires this long after it was issued; fractions of a second are dropped.
    After(Duration),
    /// It never expires.
    Never,
}

impl From<Duration> for Lifetime {
    fn from(duration: Duration) -> Self {
        Self::After(duration)
    }
}

/// A text that is no [`Lifetime`].
///
/// ```
/// use actix_jwt_extended::Lifetime;
/// assert!("soon".parse::<Lifetime>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseLifetimeError;

impl fmt::Display for ParseLifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a lifetime is {}", Lifetime::EXPECTED)
    }
}

impl std::error::Error for ParseLifetimeError {}

impl FromStr for Lifetime {
    type Err = ParseLifetimeError;

    fn from_str(text: &str) -> Result<Self, ParseLifetimeError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("false") {
            return Ok(Self::Never);
        }
        parse_duration(text).map(Self::After).ok_or(ParseLifetimeError)
    }
}

impl FromSetting for Lifetime {
    const EXPECTED: &'static str = "seconds (900), a duration (\"15m\", \"1h 30m\", \"30days\"), or false for never";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Bool(false) => Some(Self::Never),
            SettingValue::Int(seconds) => u64::try_from(seconds).ok().map(|s| Self::After(Duration::from_secs(s))),
            SettingValue::Text(text) | SettingValue::Untyped(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl FromSetting for Vec<Algorithm> {
    const EXPECTED: &'static str = "a list of algorithms such as [\"HS256\", \"HS512\"]";

    fn from_setting(value: SettingValue) -> Option<Self> {
        OneOrMany::from_setting(value)?.iter().map(|name| name.parse().ok()).collect()
    }
}

/// One string or several: an audience, an issuer.
///
/// ```
/// use actix_jwt_extended::OneOrMany;
/// assert_eq!(OneOrMany::from("web").iter().collect::<Vec<_>>(), ["web"]);
/// assert_eq!(OneOrMany::from(["web", "app"]).iter().count(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// Written as a string.
    One(String),
    /// Written as a list.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The string, or the strings in their order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts.as_slice(),
        }
        .iter()
        .map(String::as_str)
    }
}

impl From<&str> for OneOrMany {
    fn from(text: &str) -> Self {
        Self::One(text.to_owned())
    }
}

impl From<String> for OneOrMany {
    fn from(text: String) -> Self {
        Self::One(text)
    }
}

impl<T: Into<String>> From<Vec<T>> for OneOrMany {
    fn from(texts: Vec<T>) -> Self {
        Self::Many(texts.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<String>, const N: usize> From<[T; N]> for OneOrMany {
    fn from(texts: [T; N]) -> Self {
        Self::Many(texts.into_iter().map(Into::into).collect())
    }
}

impl FromSetting for OneOrMany {
    const EXPECTED: &'static str = "a string or a list of strings";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) => Some(Self::One(text.to_string())),
            SettingValue::List(texts) => Some(Self::Many(texts)),
            SettingValue::Untyped(text) if text.contains(',') => {
                Some(Self::Many(text.split(',').map(|item| item.trim().to_owned()).collect()))
            }
            SettingValue::Untyped(text) => Some(Self::One(text.trim().to_owned())),
            _ => None,
        }
    }
}

/// Where a token is looked for in a request.
///
/// ```
/// use actix_jwt_extended::Location;
/// assert_eq!(Location::Headers.as_str(), "headers");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Location {
    /// The header named by `JWT_HEADER_NAME`.
    Headers,
    /// The cookie named by `JWT_ACCESS_COOKIE_NAME` or `JWT_REFRESH_COOKIE_NAME`.
    Cookies,
    /// The query parameter named by `JWT_QUERY_STRING_NAME`. URLs end up in logs and histories: for
    /// what cannot send headers only.
    QueryString,
    /// A JSON body's member named by `JWT_JSON_KEY` or `JWT_REFRESH_JSON_KEY`.
    Json,
    /// A WebSocket upgrade's `Sec-WebSocket-Protocol: bearer, <JWT>`, the one header that a browser's
    /// `new WebSocket(url, ["bearer", token])` can set. The wrap answers with `bearer`.
    WebSocket,
}

impl Location {
    const ALL: [Self; 5] = [Self::Headers, Self::Cookies, Self::QueryString, Self::Json, Self::WebSocket];

    /// The location's name in `JWT_TOKEN_LOCATION`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Cookies => "cookies",
            Self::QueryString => "query_string",
            Self::Json => "json",
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromSetting for Vec<Location> {
    const EXPECTED: &'static str =
        "one or a list of \"headers\", \"cookies\", \"query_string\", \"json\", \"websocket\"";

    fn from_setting(value: SettingValue) -> Option<Self> {
        let named = |name: &str| Location::ALL.into_iter().find(|location| location.as_str() == name);
        OneOrMany::from_setting(value)?.iter().map(named).collect()
    }
}

/// The `SameSite` attribute of a cookie.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, SameSite};
/// let config = JwtConfig::new().cookie_samesite(SameSite::Lax);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameSite {
    /// Sent with every request, other sites' too; needs `JWT_COOKIE_SECURE`.
    None,
    /// Sent with requests of the own site, and when a link leads to it.
    Lax,
    /// Sent with requests of the own site only.
    Strict,
}

impl FromSetting for SameSite {
    const EXPECTED: &'static str = "\"None\", \"Lax\" or \"Strict\"";

    fn from_setting(value: SettingValue) -> Option<Self> {
        let text = String::from_setting(value)?;
        [("None", Self::None), ("Lax", Self::Lax), ("Strict", Self::Strict)]
            .into_iter()
            .find_map(|(name, same_site)| text.eq_ignore_ascii_case(name).then_some(same_site))
    }
}

/// A prefix of cookie names by which a browser enforces how the cookie was set (RFC 6265bis §4.1.3).
///
/// ```
/// use actix_jwt_extended::CookiePrefix;
/// assert_eq!(CookiePrefix::Host.as_str(), "__Host-");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CookiePrefix {
    /// `__Secure-`: set over HTTPS with `Secure`.
    Secure,
    /// `__Host-`: that, for this host alone and its every path.
    Host,
}

impl CookiePrefix {
    /// The prefix itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "__Secure-",
            Self::Host => "__Host-",
        }
    }
}

impl FromSetting for CookiePrefix {
    const EXPECTED: &'static str = "\"__Host-\" or \"__Secure-\"";

    fn from_setting(value: SettingValue) -> Option<Self> {
        let text = String::from_setting(value)?;
        [Self::Host, Self::Secure].into_iter().find(|prefix| prefix.as_str() == text)
    }
}

/// How a refused request is answered.
///
/// ```
/// use actix_jwt_extended::{ErrorFormat, JwtConfig};
/// let config = JwtConfig::new().error_format(ErrorFormat::Problem);
/// # drop(config);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ErrorFormat {
    /// Flask-JWT-Extended's statuses and `{"msg": …}`.
    #[default]
    Flask,
    /// `{"error": …, "error_description": …}` with the statuses of RFC 6750 §3.1.
    Rfc6750,
    /// `application/problem+json` (RFC 9457) with the statuses of RFC 6750.
    Problem,
}

impl FromSetting for ErrorFormat {
    const EXPECTED: &'static str = "\"flask\", \"rfc6750\" or \"problem\"";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match String::from_setting(value)?.as_str() {
            "flask" => Some(Self::Flask),
            "rfc6750" => Some(Self::Rfc6750),
            "problem" => Some(Self::Problem),
            _ => None,
        }
    }
}
