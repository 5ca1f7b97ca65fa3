//! A setting's value as it arrives, and the types that it is read as.

use crate::error::ConfigError;
use jsonwebtoken::Algorithm;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A value from a settings file, the environment, or any serde format.
pub(super) enum SettingValue {
    Null,
    Bool(bool),
    Int(i64),
    Text(Zeroizing<String>),
    List(Vec<String>),
    /// Text from the environment, which has no types: read as whatever the setting needs.
    Untyped(Zeroizing<String>),
    /// Something that no setting takes.
    Unusable,
}

impl<'de> Deserialize<'de> for SettingValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueVisitor;

        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = SettingValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a setting's value")
            }
            fn visit_unit<E>(self) -> Result<SettingValue, E> {
                Ok(SettingValue::Null)
            }
            fn visit_none<E>(self) -> Result<SettingValue, E> {
                Ok(SettingValue::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<SettingValue, D::Error> {
                deserializer.deserialize_any(self)
            }
            fn visit_bool<E>(self, value: bool) -> Result<SettingValue, E> {
                Ok(SettingValue::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<SettingValue, E> {
                Ok(SettingValue::Int(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<SettingValue, E> {
                Ok(i64::try_from(value).map_or(SettingValue::Unusable, SettingValue::Int))
            }
            fn visit_f64<E>(self, _: f64) -> Result<SettingValue, E> {
                Ok(SettingValue::Unusable)
            }
            fn visit_str<E>(self, value: &str) -> Result<SettingValue, E> {
                Ok(SettingValue::Text(value.to_owned().into()))
            }
            fn visit_string<E>(self, value: String) -> Result<SettingValue, E> {
                Ok(SettingValue::Text(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<SettingValue, A::Error> {
                let mut items = Some(Vec::new());
                while let Some(item) = seq.next_element::<SettingValue>()? {
                    match item {
                        SettingValue::Text(text) => {
                            if let Some(items) = &mut items {
                                items.push(text.to_string());
                            }
                        }
                        _ => items = None,
                    }
                }
                Ok(items.map_or(SettingValue::Unusable, SettingValue::List))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<SettingValue, A::Error> {
                while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                Ok(SettingValue::Unusable)
            }
        }

        deserializer.deserialize_any(ValueVisitor)
    }
}

/// A type that a setting can be read as.
pub(super) trait FromSetting: Sized {
    /// What a value must be, for the error message.
    const EXPECTED: &'static str;

    /// `None` = not that.
    fn from_setting(value: SettingValue) -> Option<Self>;

    fn read(setting: &'static str, value: SettingValue) -> Result<Self, ConfigError> {
        Self::from_setting(value)
            .ok_or_else(|| ConfigError::InvalidValue { setting, expected: Self::EXPECTED.to_owned() })
    }
}

impl FromSetting for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Bool(value) => Some(value),
            SettingValue::Untyped(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => Some(true),
                "false" | "0" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }
}

impl FromSetting for usize {
    const EXPECTED: &'static str = "a whole number, 0 or more";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Int(number) => usize::try_from(number).ok(),
            SettingValue::Untyped(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

impl FromSetting for String {
    const EXPECTED: &'static str = "a string";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) | SettingValue::Untyped(text) => Some(text.to_string()),
            _ => None,
        }
    }
}

impl<T: FromSetting> FromSetting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Null => Some(None),
            SettingValue::Untyped(text) if text.is_empty() => Some(None),
            value => T::from_setting(value).map(Some),
        }
    }
}

/// Text that must not be seen: zeroised on drop, absent from `Debug`.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

impl FromSetting for Secret {
    const EXPECTED: &'static str = "a string";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Text(text) | SettingValue::Untyped(text) => Some(Self(text)),
            _ => None,
        }
    }
}

/// Where a key's PEM text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PemSource {
    Inline(Secret),
    File(PathBuf),
}

impl PemSource {
    pub(super) fn new(pem_or_path: String) -> Self {
        if pem_or_path.contains("-----BEGIN") {
            Self::Inline(Secret::new(pem_or_path))
        } else {
            Self::File(pem_or_path.into())
        }
    }
}

impl FromSetting for PemSource {
    const EXPECTED: &'static str = "PEM text or the path of a PEM file";

    fn from_setting(value: SettingValue) -> Option<Self> {
        String::from_setting(value).map(Self::new)
    }
}

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

/// Seconds, or `"1h 30m"`.
fn parse_duration(text: &str) -> Option<Duration> {
    text.parse().map(Duration::from_secs).ok().or_else(|| humantime::parse_duration(text).ok())
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

impl FromSetting for Duration {
    const EXPECTED: &'static str = "seconds (10) or a duration (\"10s\")";

    fn from_setting(value: SettingValue) -> Option<Self> {
        match value {
            SettingValue::Int(seconds) => u64::try_from(seconds).ok().map(Self::from_secs),
            SettingValue::Text(text) | SettingValue::Untyped(text) => parse_duration(text.trim()),
            _ => None,
        }
    }
}

impl FromSetting for Algorithm {
    const EXPECTED: &'static str =
        "one of HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA";

    fn from_setting(value: SettingValue) -> Option<Self> {
        String::from_setting(value)?.trim().parse().ok()
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
