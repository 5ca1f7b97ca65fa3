//! Every setting: one row each in the table below gives its field, default, name and setter.

#[cfg(feature = "settings")]
mod file;
mod value;

pub use value::{ErrorFormat, Lifetime, Location, OneOrMany, ParseLifetimeError};

use crate::claims::{MAX_NUMERIC_DATE, name};
use crate::error::ConfigError;
use actix_web::http::header::HeaderName;
use jsonwebtoken::Algorithm;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use std::ffi::OsString;
use std::fmt;
use std::time::Duration;
use value::{FromSetting, SettingValue};

pub(crate) use value::{PemSource, Secret};

/// What all our settings begin with; names without it are somebody else's.
const PREFIX: &str = "JWT_";

macro_rules! settings {
    ($(
        $(#[$doc:meta])*
        $setting:literal $field:ident: $type:ty = $default:expr, ($value:ident: $arg:ty) => $convert:expr;
    )*) => {
        /// Every setting, under Flask-JWT-Extended's names.
        ///
        /// Settings come from code (the setters), from the environment ([`from_env`](Self::from_env)),
        /// or from a TOML file and the environment ([`from_file`](Self::from_file)).
        /// All of it is checked when the manager is built.
        ///
        /// ```
        /// use actix_jwt_extended::{JwtConfig, JwtManager};
        /// use std::time::Duration;
        ///
        /// let config = JwtConfig::new()
        ///     .secret_key("an example's secret, 32 bytes or more")
        ///     .access_token_expires(Duration::from_secs(5 * 60))
        ///     .decode_audience("web");
        /// let jwt = JwtManager::new(config)?;
        /// # Ok::<(), actix_jwt_extended::ConfigError>(())
        /// ```
        #[derive(Debug, Clone)]
        pub struct JwtConfig {
            $(pub(crate) $field: $type,)*
        }

        impl Default for JwtConfig {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl JwtConfig {
            /// The names of all settings.
            ///
            /// ```
            /// use actix_jwt_extended::JwtConfig;
            /// assert!(JwtConfig::SETTINGS.contains(&"JWT_SECRET_KEY"));
            /// ```
            pub const SETTINGS: &'static [&'static str] = &[$($setting,)*];

            $(
                $(#[$doc])*
                #[doc = ""]
                #[doc = concat!("Setting: `", $setting, "`.")]
                #[must_use]
                pub fn $field(mut self, $value: $arg) -> Self {
                    self.$field = $convert;
                    self
                }
            )*

            /// Sets one setting by its name.
            fn set(&mut self, name: &str, value: SettingValue) -> Result<(), ConfigError> {
                match name {
                    $($setting => self.$field = FromSetting::read($setting, value)?,)*
                    _ => {
                        return Err(ConfigError::UnknownSetting { name: name.to_owned(), suggestion: nearest(name) });
                    }
                }
                Ok(())
            }
        }
    };
}

settings! {
    /// How long an access token lives; 15 minutes by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Lifetime};
    /// let hour = JwtConfig::new().access_token_expires(std::time::Duration::from_secs(3600));
    /// let never = JwtConfig::new().access_token_expires(Lifetime::Never);
    /// ```
    "JWT_ACCESS_TOKEN_EXPIRES" access_token_expires: Lifetime = Lifetime::After(Duration::from_secs(15 * 60)),
        (lifetime: impl Into<Lifetime>) => lifetime.into();

    /// How long a refresh token lives; 30 days by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let week = JwtConfig::new().refresh_token_expires(std::time::Duration::from_secs(7 * 86_400));
    /// ```
    "JWT_REFRESH_TOKEN_EXPIRES" refresh_token_expires: Lifetime = Lifetime::After(Duration::from_secs(30 * 86_400)),
        (lifetime: impl Into<Lifetime>) => lifetime.into();

    /// The algorithm that signs; `HS256` by default. Tokens signed with it are accepted too.
    ///
    /// ```
    /// # use actix_jwt_extended::{Algorithm, JwtConfig};
    /// let config = JwtConfig::new().algorithm(Algorithm::ES256);
    /// ```
    "JWT_ALGORITHM" algorithm: Algorithm = Algorithm::HS256,
        (algorithm: Algorithm) => algorithm;

    /// The algorithms that are accepted besides `JWT_ALGORITHM`; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::{Algorithm, JwtConfig};
    /// let config = JwtConfig::new().decode_algorithms([Algorithm::HS512]);
    /// ```
    "JWT_DECODE_ALGORITHMS" decode_algorithms: Option<Vec<Algorithm>> = None,
        (algorithms: impl Into<Vec<Algorithm>>) => Some(algorithms.into());

    /// The secret of the `HS*` algorithms: at least as many bytes as the hash has (RFC 7518 §3.2).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key(std::env::var("SECRET").unwrap_or_default());
    /// ```
    "JWT_SECRET_KEY" secret_key: Option<Secret> = None,
        (secret: impl Into<String>) => Some(Secret::new(secret.into()));

    /// The private key of all other algorithms, as PEM or as the path of a PEM file.
    ///
    /// Without it tokens can be verified, not issued.
    ///
    /// ```
    /// # use actix_jwt_extended::{Algorithm, JwtConfig};
    /// let config = JwtConfig::new().algorithm(Algorithm::EdDSA).private_key("/etc/app/jwt.pem");
    /// ```
    "JWT_PRIVATE_KEY" private_key: Option<PemSource> = None,
        (pem_or_path: impl Into<String>) => Some(PemSource::new(pem_or_path.into()));

    /// The public key of all other algorithms, as PEM or as the path of a PEM file.
    ///
    /// Without it the private key's public half is taken.
    ///
    /// ```
    /// # use actix_jwt_extended::{Algorithm, JwtConfig};
    /// let config = JwtConfig::new().algorithm(Algorithm::RS256).public_key("/etc/app/jwt.pub.pem");
    /// ```
    "JWT_PUBLIC_KEY" public_key: Option<PemSource> = None,
        (pem_or_path: impl Into<String>) => Some(PemSource::new(pem_or_path.into()));

    /// Audiences of which a token must name one (RFC 7519 §4.1.3); by default `aud` is not looked at.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_audience(["web", "app"]);
    /// ```
    "JWT_DECODE_AUDIENCE" decode_audience: Option<OneOrMany> = None,
        (audience: impl Into<OneOrMany>) => Some(audience.into());

    /// The `aud` of issued tokens; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_audience("web");
    /// ```
    "JWT_ENCODE_AUDIENCE" encode_audience: Option<OneOrMany> = None,
        (audience: impl Into<OneOrMany>) => Some(audience.into());

    /// Issuers of which a token must name one (RFC 7519 §4.1.1); by default `iss` is not looked at.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_issuer("https://login.example");
    /// ```
    "JWT_DECODE_ISSUER" decode_issuer: Option<OneOrMany> = None,
        (issuer: impl Into<OneOrMany>) => Some(issuer.into());

    /// The `iss` of issued tokens; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_issuer("https://login.example");
    /// ```
    "JWT_ENCODE_ISSUER" encode_issuer: Option<String> = None,
        (issuer: impl Into<String>) => Some(issuer.into());

    /// How far clocks may differ when `exp`, `nbf` and `iat` are judged; 0 by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().decode_leeway(std::time::Duration::from_secs(10));
    /// ```
    "JWT_DECODE_LEEWAY" decode_leeway: Duration = Duration::ZERO,
        (leeway: Duration) => leeway;

    /// Whether issued tokens carry `nbf`; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().encode_nbf(false);
    /// ```
    "JWT_ENCODE_NBF" encode_nbf: bool = true,
        (on: bool) => on;

    /// Whether `sub` must be a string (RFC 7519 §4.1.2); true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().verify_sub(false);
    /// ```
    "JWT_VERIFY_SUB" verify_sub: bool = true,
        (on: bool) => on;

    /// The claim that holds the identity; `sub` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().identity_claim("user_id");
    /// ```
    "JWT_IDENTITY_CLAIM" identity_claim: String = name::SUBJECT.to_owned(),
        (name: impl Into<String>) => name.into();

    /// The key of the message in the answer to a refused request; `msg` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().error_message_key("detail");
    /// ```
    "JWT_ERROR_MESSAGE_KEY" error_message_key: String = "msg".to_owned(),
        (key: impl Into<String>) => key.into();

    /// How a refused request is answered: as Flask-JWT-Extended does, by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{ErrorFormat, JwtConfig};
    /// let config = JwtConfig::new().error_format(ErrorFormat::Rfc6750);
    /// ```
    "JWT_ERROR_FORMAT" error_format: ErrorFormat = ErrorFormat::Flask,
        (format: ErrorFormat) => format;

    /// Where tokens are looked for, in this order; in headers by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Location};
    /// let config = JwtConfig::new().token_location([Location::Headers]);
    /// ```
    "JWT_TOKEN_LOCATION" token_location: Vec<Location> = vec![Location::Headers],
        (locations: impl Into<Vec<Location>>) => locations.into();

    /// The header that holds the token; `Authorization` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().header_name("X-Access-Token");
    /// ```
    "JWT_HEADER_NAME" header_name: String = "Authorization".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The word before the token in the header; `Bearer` by default. Empty = the bare token.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().header_type("");
    /// ```
    "JWT_HEADER_TYPE" header_type: String = "Bearer".to_owned(),
        (scheme: impl Into<String>) => scheme.into();

    /// Whether issued tokens carry a `csrf` claim for double-submit protection; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_csrf_protect(false);
    /// ```
    "JWT_COOKIE_CSRF_PROTECT" cookie_csrf_protect: bool = true,
        (on: bool) => on;

    /// The longest token that is looked at, in bytes; 8192 by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_token_size(4096);
    /// ```
    "JWT_MAX_TOKEN_SIZE" max_token_size: usize = 8 * 1024,
        (bytes: usize) => bytes;

    /// Whether a secret that is too short or well known is accepted, with a warning; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let for_a_test = JwtConfig::new().secret_key("super-secret").allow_weak_secret(true);
    /// ```
    "JWT_ALLOW_WEAK_SECRET" allow_weak_secret: bool = false,
        (on: bool) => on;
}

impl JwtConfig {
    /// The defaults. A key must be set before a manager can be built.
    ///
    /// ```
    /// use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Settings from the environment's `JWT_*` variables, over the defaults.
    ///
    /// ```
    /// use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::from_env()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// An unknown `JWT_*` name, or a value of the wrong type.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::new().with_vars(std::env::vars_os())
    }

    /// Settings from a TOML file, and over them the environment's `JWT_*` variables.
    ///
    /// Names that do not begin with `JWT_` are left to the application. A relative path of a PEM
    /// file counts from the settings file's folder.
    ///
    /// ```no_run
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let jwt = JwtManager::new(JwtConfig::from_file("Settings.toml")?)?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// A file that cannot be read or is no TOML, an unknown `JWT_*` name, a value of the wrong type.
    #[cfg(feature = "settings")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        file::read(path.as_ref())?.with_vars(std::env::vars_os())
    }

    /// Lays variables of the environment over `self`.
    fn with_vars(mut self, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        for (name, value) in vars {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
            // Text that is not UTF-8 fits no setting; the error names it and shows nothing of it.
            let value = value.into_string().map_or(SettingValue::Unusable, |text| SettingValue::Untyped(text.into()));
            self.set(name, value)?;
        }
        Ok(self)
    }

    /// What can be judged without looking at keys.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        let invalid =
            |setting, expected: &str| Err(ConfigError::InvalidValue { setting, expected: expected.to_owned() });
        for (setting, lifetime) in [
            ("JWT_ACCESS_TOKEN_EXPIRES", self.access_token_expires),
            ("JWT_REFRESH_TOKEN_EXPIRES", self.refresh_token_expires),
        ] {
            if let Lifetime::After(duration) = lifetime
                && !(1..=MAX_NUMERIC_DATE.unsigned_abs() / 2).contains(&duration.as_secs())
            {
                return invalid(setting, "at least one second and at most 4000 years; false means never");
            }
        }
        if self.decode_leeway.as_secs() > 86_400 {
            return invalid("JWT_DECODE_LEEWAY", "at most a day");
        }
        if self.max_token_size < 256 {
            return invalid("JWT_MAX_TOKEN_SIZE", "at least 256 bytes");
        }
        if self.token_location.is_empty() {
            return invalid("JWT_TOKEN_LOCATION", "at least one location");
        }
        if HeaderName::try_from(self.header_name.as_str()).is_err() {
            return invalid("JWT_HEADER_NAME", "the name of an HTTP header");
        }
        if !self.header_type.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',' && byte != b'"') {
            return invalid("JWT_HEADER_TYPE", "one word such as \"Bearer\", or empty");
        }
        if self.error_message_key.is_empty() {
            return invalid("JWT_ERROR_MESSAGE_KEY", "a non-empty string");
        }
        let set_by_us = |claim: &str| reserved_claim(claim).is_some() && claim != name::SUBJECT;
        if self.identity_claim.is_empty() || set_by_us(&self.identity_claim) {
            return invalid("JWT_IDENTITY_CLAIM", "a claim that the library does not set itself, such as \"sub\"");
        }
        for (setting, value) in
            [("JWT_DECODE_AUDIENCE", &self.decode_audience), ("JWT_DECODE_ISSUER", &self.decode_issuer)]
        {
            if value.as_ref().is_some_and(|value| value.iter().next().is_none()) {
                return invalid(setting, "a string or a list with at least one string; an empty list admits no token");
            }
        }
        Ok(())
    }

    /// The allow-list: what may verify, without repeats.
    pub(crate) fn allowed_algorithms(&self) -> Vec<Algorithm> {
        let mut allowed = vec![self.algorithm];
        for algorithm in self.decode_algorithms.iter().flatten() {
            if !allowed.contains(algorithm) {
                allowed.push(*algorithm);
            }
        }
        allowed
    }
}

/// Claims that the library sets, and what sets them: an own claim must not carry their name.
pub(crate) fn reserved_claim(claim: &str) -> Option<&'static str> {
    Some(match claim {
        name::FRESH => "`.fresh()` or `.fresh_for()`",
        name::EXPIRATION => "`.expires_in()` or `.never_expires()`",
        name::AUDIENCE => "`.audience()`",
        name::ISSUER => "`.issuer()`",
        name::JWT_ID => "`.jwt_id()`",
        name::NOT_BEFORE => "`.not_before_in()`",
        name::TYPE => "`.access_token()` and `.refresh_token()`",
        name::SUBJECT => "the identity given to `.access_token()` or `.refresh_token()`",
        name::ISSUED_AT => "the manager's clock",
        name::CSRF => "JWT_COOKIE_CSRF_PROTECT",
        _ => return None,
    })
}

fn is_ours(name: &str) -> bool {
    name.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX))
}

/// The setting whose name is nearest, if one is near at all.
fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    JwtConfig::SETTINGS
        .iter()
        .map(|setting| (strsim::normalized_damerau_levenshtein(&name, setting), *setting))
        .filter(|(similarity, _)| *similarity > 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, setting)| setting)
}

/// For an application that reads its settings with serde: a map with upper-case `JWT_*` names
/// (`#[serde(flatten)]` works). Names without the prefix are left alone.
impl<'de> Deserialize<'de> for JwtConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ConfigVisitor;

        impl<'de> Visitor<'de> for ConfigVisitor {
            type Value = JwtConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JwtConfig, A::Error> {
                let mut config = JwtConfig::new();
                while let Some(name) = map.next_key::<String>()? {
                    let value = map.next_value::<SettingValue>()?;
                    if is_ours(&name) {
                        config.set(&name, value).map_err(A::Error::custom)?;
                    }
                }
                Ok(config)
            }
        }

        deserializer.deserialize_map(ConfigVisitor)
    }
}

#[cfg(test)]
mod tests;
