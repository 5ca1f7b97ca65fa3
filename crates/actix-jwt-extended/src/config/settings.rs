//! Every setting: one row each gives its name, field, type and default. Their methods are in `setters`.

use super::value::{FromSetting, SettingValue};
use super::{
    CookiePrefix, ErrorFormat, ForwardedHeader, KeySetting, Lifetime, Location, OneOrMany, PemSource, SameSite,
    SecretSource, named_file, nearest,
};
use crate::claims::Algorithm;
use crate::claims::name;
use crate::error::ConfigError;
use std::path::PathBuf;
use std::time::Duration;

macro_rules! settings {
    ($(
        $setting:literal $field:ident: $type:ty = $default:expr;
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

            /// Sets one setting by its name.
            pub(super) fn set(&mut self, name: &str, value: SettingValue) -> Result<(), ConfigError> {
                match name {
                    $($setting => self.$field = FromSetting::read($setting, value)?,)*
                    _ => {
                        if let Some((setting, path)) = named_file(name, &value)? {
                            return self.set(setting, SettingValue::Path(path));
                        }
                        return Err(ConfigError::UnknownSetting { name: name.to_owned(), suggestion: nearest(name) });
                    }
                }
                Ok(())
            }
        }
    };
}

settings! {
    "JWT_ACCESS_TOKEN_EXPIRES" access_token_expires: Lifetime = Lifetime::After(Duration::from_secs(15 * 60));
    "JWT_REFRESH_TOKEN_EXPIRES" refresh_token_expires: Lifetime = Lifetime::After(Duration::from_secs(30 * 86_400));
    "JWT_ALGORITHM" algorithm: Algorithm = Algorithm::HS256;
    "JWT_DECODE_ALGORITHMS" decode_algorithms: Option<Vec<Algorithm>> = None;
    "JWT_SECRET_KEY" secret_key: Option<SecretSource> = None;
    "JWT_PRIVATE_KEY" private_key: Option<PemSource> = None;
    "JWT_PRIVATE_KEY_PASSWORD" private_key_password: Option<SecretSource> = None;
    "JWT_PUBLIC_KEY" public_key: Option<PemSource> = None;
    "JWT_KEYS" keys: Vec<KeySetting> = Vec::new();
    "JWT_KEYS_DIR" keys_dir: Option<PathBuf> = None;
    "JWT_KEY_LIFETIME" key_lifetime: Lifetime = Lifetime::After(Duration::from_secs(90 * 86_400));
    "JWT_ALLOW_READABLE_KEYS" allow_readable_keys: bool = false;
    "JWT_JWKS_MAX_AGE" jwks_max_age: Duration = Duration::from_secs(3600);
    "JWT_DECODE_AUDIENCE" decode_audience: Option<OneOrMany> = None;
    "JWT_ENCODE_AUDIENCE" encode_audience: Option<OneOrMany> = None;
    "JWT_DECODE_ISSUER" decode_issuer: Option<OneOrMany> = None;
    "JWT_ENCODE_ISSUER" encode_issuer: Option<String> = None;
    "JWT_DECODE_LEEWAY" decode_leeway: Duration = Duration::ZERO;
    "JWT_ENCODE_NBF" encode_nbf: bool = true;
    "JWT_VERIFY_SUB" verify_sub: bool = true;
    "JWT_REQUIRE_EXP" require_exp: Option<bool> = None;
    "JWT_REQUIRE_TYPE" require_type: bool = false;
    "JWT_ACCEPT_TYPE_CLAIMS" accept_type_claims: Option<OneOrMany> = None;
    "JWT_ACCEPT_TYP_HEADERS" accept_typ_headers: Option<OneOrMany> = None;
    "JWT_ACCEPT_CNF" accept_cnf: bool = false;
    "JWT_IDENTITY_CLAIM" identity_claim: String = name::SUBJECT.to_owned();
    "JWT_ERROR_MESSAGE_KEY" error_message_key: String = "msg".to_owned();
    "JWT_ERROR_FORMAT" error_format: ErrorFormat = ErrorFormat::Flask;
    "JWT_RESOURCE_METADATA" resource_metadata: Option<String> = None;
    "JWT_TOKEN_LOCATION" token_location: Vec<Location> = vec![Location::Headers];
    "JWT_HEADER_NAME" header_name: String = "Authorization".to_owned();
    "JWT_HEADER_TYPE" header_type: String = "Bearer".to_owned();
    "JWT_QUERY_STRING_NAME" query_string_name: String = "jwt".to_owned();
    "JWT_QUERY_STRING_VALUE_PREFIX" query_string_value_prefix: String = String::new();
    "JWT_JSON_KEY" json_key: String = "access_token".to_owned();
    "JWT_REFRESH_JSON_KEY" refresh_json_key: String = "refresh_token".to_owned();
    "JWT_MAX_BODY_SIZE" max_body_size: usize = 256 * 1024;
    "JWT_BODY_TIMEOUT" body_timeout: Duration = Duration::from_secs(30);
    "JWT_ACCESS_COOKIE_NAME" access_cookie_name: String = "access_token_cookie".to_owned();
    "JWT_REFRESH_COOKIE_NAME" refresh_cookie_name: String = "refresh_token_cookie".to_owned();
    "JWT_ACCESS_COOKIE_PATH" access_cookie_path: String = "/".to_owned();
    "JWT_REFRESH_COOKIE_PATH" refresh_cookie_path: String = "/".to_owned();
    "JWT_COOKIE_SECURE" cookie_secure: bool = false;
    "JWT_COOKIE_DOMAIN" cookie_domain: Option<String> = None;
    "JWT_COOKIE_SAMESITE" cookie_samesite: Option<SameSite> = None;
    "JWT_SESSION_COOKIE" session_cookie: bool = true;
    "JWT_COOKIE_PREFIX" cookie_prefix: Option<CookiePrefix> = None;
    "JWT_COOKIE_PARTITIONED" cookie_partitioned: bool = false;
    "JWT_COOKIE_CSRF_PROTECT" cookie_csrf_protect: bool = true;
    "JWT_CSRF_METHODS" csrf_methods: OneOrMany = OneOrMany::from(["POST", "PUT", "PATCH", "DELETE"]);
    "JWT_CSRF_IN_COOKIES" csrf_in_cookies: bool = true;
    "JWT_CSRF_CHECK_FORM" csrf_check_form: bool = false;
    "JWT_CSRF_FETCH_METADATA" csrf_fetch_metadata: bool = false;
    "JWT_ACCESS_CSRF_COOKIE_NAME" access_csrf_cookie_name: String = "csrf_access_token".to_owned();
    "JWT_ACCESS_CSRF_COOKIE_PATH" access_csrf_cookie_path: String = "/".to_owned();
    "JWT_ACCESS_CSRF_HEADER_NAME" access_csrf_header_name: String = "X-CSRF-TOKEN".to_owned();
    "JWT_ACCESS_CSRF_FIELD_NAME" access_csrf_field_name: String = "csrf_token".to_owned();
    "JWT_REFRESH_CSRF_COOKIE_NAME" refresh_csrf_cookie_name: String = "csrf_refresh_token".to_owned();
    "JWT_REFRESH_CSRF_COOKIE_PATH" refresh_csrf_cookie_path: String = "/".to_owned();
    "JWT_REFRESH_CSRF_HEADER_NAME" refresh_csrf_header_name: String = "X-CSRF-TOKEN".to_owned();
    "JWT_REFRESH_CSRF_FIELD_NAME" refresh_csrf_field_name: String = "csrf_token".to_owned();
    "JWT_TRUSTED_PROXIES" trusted_proxies: Option<OneOrMany> = None;
    "JWT_FORWARDED_HEADER" forwarded_header: ForwardedHeader = ForwardedHeader::XForwardedFor;
    "JWT_MAX_TOKEN_SIZE" max_token_size: usize = 8_000;
    "JWT_TOKEN_CACHE_SIZE" token_cache_size: usize = 4096;
    "JWT_REFRESH_GRACE" refresh_grace: Duration = Duration::from_secs(10);
    "JWT_SESSION_LIFETIME" session_lifetime: Lifetime = Lifetime::After(Duration::from_secs(90 * 86_400));
    "JWT_SESSION_IDLE" session_idle: Lifetime = Lifetime::Never;
    "JWT_REQUIRE_SESSION" require_session: bool = false;
    "JWT_REVOCATION_MAX_STALENESS" revocation_max_staleness: Duration = Duration::from_secs(5);
    "JWT_REVOCATION_FAIL_OPEN" revocation_fail_open: bool = false;
    "JWT_STORE_TIMEOUT" store_timeout: Duration = Duration::from_secs(2);
    "JWT_STORE_CA_FILE" store_ca_file: Option<PathBuf> = None;
    "JWT_MAX_SESSIONS" max_sessions: usize = 0;
    "JWT_REALM" realm: String = String::new();
    "JWT_ALLOW_WEAK_SECRET" allow_weak_secret: bool = false;
}
