//! Every setting: one row each gives its field, default, name and setter.

use super::value::{FromSetting, SettingValue};
use super::{CookiePrefix, ErrorFormat, Lifetime, Location, OneOrMany, PemSource, SameSite, Secret, nearest};
use crate::claims::name;
use crate::error::ConfigError;
use jsonwebtoken::Algorithm;
use std::time::Duration;

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
            pub(super) fn set(&mut self, name: &str, value: SettingValue) -> Result<(), ConfigError> {
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
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::ES256);
    /// ```
    "JWT_ALGORITHM" algorithm: Algorithm = Algorithm::HS256,
        (algorithm: Algorithm) => algorithm;

    /// The algorithms that are accepted besides `JWT_ALGORITHM`; by default none.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
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
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().algorithm(Algorithm::EdDSA).private_key("/etc/app/jwt.pem");
    /// ```
    "JWT_PRIVATE_KEY" private_key: Option<PemSource> = None,
        (pem_or_path: impl Into<String>) => Some(PemSource::new(pem_or_path.into()));

    /// The public key of all other algorithms, as PEM or as the path of a PEM file.
    ///
    /// Without it the private key's public half is taken.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::Algorithm;
    /// # use actix_jwt_extended::JwtConfig;
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

    /// The query parameter that holds the token; `jwt` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().query_string_name("token");
    /// ```
    "JWT_QUERY_STRING_NAME" query_string_name: String = "jwt".to_owned(),
        (name: impl Into<String>) => name.into();

    /// What the query parameter's value must begin with, before the token; nothing by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().query_string_value_prefix("Bearer ");
    /// ```
    "JWT_QUERY_STRING_VALUE_PREFIX" query_string_value_prefix: String = String::new(),
        (prefix: impl Into<String>) => prefix.into();

    /// The key of an access token in a JSON body; `access_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().json_key("token");
    /// ```
    "JWT_JSON_KEY" json_key: String = "access_token".to_owned(),
        (key: impl Into<String>) => key.into();

    /// The key of a refresh token in a JSON body; `refresh_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_json_key("token");
    /// ```
    "JWT_REFRESH_JSON_KEY" refresh_json_key: String = "refresh_token".to_owned(),
        (key: impl Into<String>) => key.into();

    /// The longest body that is searched for a token or a CSRF value, in bytes; 262144 by default.
    /// A longer one is a 413.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_body_size(16 * 1024);
    /// ```
    "JWT_MAX_BODY_SIZE" max_body_size: usize = 256 * 1024,
        (bytes: usize) => bytes;

    /// How long such a body may take to arrive; 30 seconds by default. A slower one is a 408.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().body_timeout(std::time::Duration::from_secs(5));
    /// ```
    "JWT_BODY_TIMEOUT" body_timeout: Duration = Duration::from_secs(30),
        (timeout: Duration) => timeout;

    /// The cookie that holds the access token; `access_token_cookie` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_cookie_name("access");
    /// ```
    "JWT_ACCESS_COOKIE_NAME" access_cookie_name: String = "access_token_cookie".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The cookie that holds the refresh token; `refresh_token_cookie` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_cookie_name("refresh");
    /// ```
    "JWT_REFRESH_COOKIE_NAME" refresh_cookie_name: String = "refresh_token_cookie".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The path for which the access cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_cookie_path("/api");
    /// ```
    "JWT_ACCESS_COOKIE_PATH" access_cookie_path: String = "/".to_owned(),
        (path: impl Into<String>) => path.into();

    /// The path for which the refresh cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_cookie_path("/auth/refresh");
    /// ```
    "JWT_REFRESH_COOKIE_PATH" refresh_cookie_path: String = "/".to_owned(),
        (path: impl Into<String>) => path.into();

    /// Whether cookies are sent over HTTPS only; false by default, and true in production.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_secure(true);
    /// ```
    "JWT_COOKIE_SECURE" cookie_secure: bool = false,
        (on: bool) => on;

    /// The domain of the cookies; by default the host that sets them, and no subdomain.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_domain("example.com");
    /// ```
    "JWT_COOKIE_DOMAIN" cookie_domain: Option<String> = None,
        (domain: impl Into<String>) => Some(domain.into());

    /// The `SameSite` attribute of the cookies; by default absent, which browsers read as `Lax`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, SameSite};
    /// let config = JwtConfig::new().cookie_samesite(SameSite::Strict);
    /// ```
    "JWT_COOKIE_SAMESITE" cookie_samesite: Option<SameSite> = None,
        (same_site: SameSite) => Some(same_site);

    /// Whether cookies go when the browser closes; true by default. Otherwise they stay for a year.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().session_cookie(false);
    /// ```
    "JWT_SESSION_COOKIE" session_cookie: bool = true,
        (on: bool) => on;

    /// A prefix of all cookie names that browsers enforce: `__Host-` or `__Secure-`; none by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookiePrefix, JwtConfig};
    /// let config = JwtConfig::new().cookie_prefix(CookiePrefix::Host).cookie_secure(true);
    /// ```
    "JWT_COOKIE_PREFIX" cookie_prefix: Option<CookiePrefix> = None,
        (prefix: CookiePrefix) => Some(prefix);

    /// Whether the cookies are partitioned by top-level site (CHIPS); false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_partitioned(true).cookie_secure(true);
    /// ```
    "JWT_COOKIE_PARTITIONED" cookie_partitioned: bool = false,
        (on: bool) => on;

    /// Whether issued tokens carry a `csrf` claim for double-submit protection; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_csrf_protect(false);
    /// ```
    "JWT_COOKIE_CSRF_PROTECT" cookie_csrf_protect: bool = true,
        (on: bool) => on;

    /// The methods for which a token from a cookie needs a CSRF value; those that change something by
    /// default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_methods(["POST", "PUT", "PATCH", "DELETE"]);
    /// ```
    "JWT_CSRF_METHODS" csrf_methods: OneOrMany = OneOrMany::from(["POST", "PUT", "PATCH", "DELETE"]),
        (methods: impl Into<OneOrMany>) => methods.into();

    /// Whether the CSRF values are set as cookies too, readable by script; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_in_cookies(false);
    /// ```
    "JWT_CSRF_IN_COOKIES" csrf_in_cookies: bool = true,
        (on: bool) => on;

    /// Whether a CSRF value may come in a form field too; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_check_form(true);
    /// ```
    "JWT_CSRF_CHECK_FORM" csrf_check_form: bool = false,
        (on: bool) => on;

    /// Whether requests that a browser marks as cross-site are refused before the CSRF value is
    /// compared (Fetch Metadata, or else `Origin`), and where none is needed; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_fetch_metadata(true);
    /// ```
    "JWT_CSRF_FETCH_METADATA" csrf_fetch_metadata: bool = false,
        (on: bool) => on;

    /// The cookie that holds the access token's CSRF value; `csrf_access_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_cookie_name("xsrf");
    /// ```
    "JWT_ACCESS_CSRF_COOKIE_NAME" access_csrf_cookie_name: String = "csrf_access_token".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The path for which that cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_cookie_path("/app");
    /// ```
    "JWT_ACCESS_CSRF_COOKIE_PATH" access_csrf_cookie_path: String = "/".to_owned(),
        (path: impl Into<String>) => path.into();

    /// The header that must carry the access token's CSRF value; `X-CSRF-TOKEN` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_header_name("X-XSRF-TOKEN");
    /// ```
    "JWT_ACCESS_CSRF_HEADER_NAME" access_csrf_header_name: String = "X-CSRF-TOKEN".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The form field that may carry the access token's CSRF value; `csrf_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_field_name("xsrf");
    /// ```
    "JWT_ACCESS_CSRF_FIELD_NAME" access_csrf_field_name: String = "csrf_token".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The cookie that holds the refresh token's CSRF value; `csrf_refresh_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_cookie_name("xsrf");
    /// ```
    "JWT_REFRESH_CSRF_COOKIE_NAME" refresh_csrf_cookie_name: String = "csrf_refresh_token".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The path for which that cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_cookie_path("/app");
    /// ```
    "JWT_REFRESH_CSRF_COOKIE_PATH" refresh_csrf_cookie_path: String = "/".to_owned(),
        (path: impl Into<String>) => path.into();

    /// The header that must carry the refresh token's CSRF value; `X-CSRF-TOKEN` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_header_name("X-XSRF-TOKEN");
    /// ```
    "JWT_REFRESH_CSRF_HEADER_NAME" refresh_csrf_header_name: String = "X-CSRF-TOKEN".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The form field that may carry the refresh token's CSRF value; `csrf_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_field_name("xsrf");
    /// ```
    "JWT_REFRESH_CSRF_FIELD_NAME" refresh_csrf_field_name: String = "csrf_token".to_owned(),
        (name: impl Into<String>) => name.into();

    /// The longest token that is looked at, in bytes; 8192 by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_token_size(4096);
    /// ```
    "JWT_MAX_TOKEN_SIZE" max_token_size: usize = 8 * 1024,
        (bytes: usize) => bytes;

    /// How many verified tokens each worker remembers, so that it need not verify them again; 4096 by default.
    ///
    /// A token is recognised by all of its text. One is 2.5 KiB of memory: a token with long or many claims counts
    /// as several.
    /// Expiry, type, freshness, revocation and scopes are checked each time. 0 turns it off; so does a
    /// `decode_key_loader`.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let off = JwtConfig::new().token_cache_size(0);
    /// ```
    "JWT_TOKEN_CACHE_SIZE" token_cache_size: usize = 4096,
        (tokens: usize) => tokens;

    /// How long a refresh token that was used still gets its successor again; 10 seconds by default, 0 = never.
    ///
    /// So that two tabs, or an answer that was lost, log nobody out. See
    /// [`JwtManager::rotate`](crate::JwtManager::rotate).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let strict = JwtConfig::new().refresh_grace(std::time::Duration::ZERO);
    /// ```
    "JWT_REFRESH_GRACE" refresh_grace: Duration = Duration::from_secs(10),
        (grace: Duration) => grace;

    /// How long a session lives, however often it is refreshed; 90 days by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Lifetime};
    /// let config = JwtConfig::new().session_lifetime(Lifetime::Never);
    /// ```
    "JWT_SESSION_LIFETIME" session_lifetime: Lifetime = Lifetime::After(Duration::from_secs(90 * 86_400)),
        (lifetime: impl Into<Lifetime>) => lifetime.into();

    /// How long a session lives without being refreshed; by default as long as its refresh token.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().session_idle(std::time::Duration::from_secs(3 * 86_400));
    /// ```
    "JWT_SESSION_IDLE" session_idle: Lifetime = Lifetime::Never,
        (lifetime: impl Into<Lifetime>) => lifetime.into();

    /// Whether refresh tokens without a session are refused; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().require_session(true);
    /// ```
    "JWT_REQUIRE_SESSION" require_session: bool = false,
        (on: bool) => on;

    /// How old a replica's knowledge of revocations may be; after that the store is asked. 5 seconds by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().revocation_max_staleness(std::time::Duration::from_secs(2));
    /// ```
    "JWT_REVOCATION_MAX_STALENESS" revocation_max_staleness: Duration = Duration::from_secs(5),
        (age: Duration) => age;

    /// Whether tokens are accepted while the store cannot be asked about them; false by default: 503.
    ///
    /// Each one so accepted is an error in the log. Sessions are neither begun nor refreshed.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().revocation_fail_open(true);
    /// ```
    "JWT_REVOCATION_FAIL_OPEN" revocation_fail_open: bool = false,
        (on: bool) => on;

    /// How long the store may take for one answer; 2 seconds by default. After that it counts as down.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().store_timeout(std::time::Duration::from_millis(500));
    /// ```
    "JWT_STORE_TIMEOUT" store_timeout: Duration = Duration::from_secs(2),
        (timeout: Duration) => timeout;

    /// Whether a secret that is too short or well known is accepted, with a warning; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let for_a_test = JwtConfig::new().secret_key("super-secret").allow_weak_secret(true);
    /// ```
    "JWT_ALLOW_WEAK_SECRET" allow_weak_secret: bool = false,
        (on: bool) => on;
}
