//! Setters: the cookies, and the CSRF values beside them.

use super::setters;
use crate::config::{CookiePrefix, JwtConfig, OneOrMany, SameSite};

setters! {
    /// The cookie that holds the access token; `access_token_cookie` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_cookie_name("access");
    /// ```
    "JWT_ACCESS_COOKIE_NAME" access_cookie_name(name: impl Into<String>) => name.into();

    /// The cookie that holds the refresh token; `refresh_token_cookie` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_cookie_name("refresh");
    /// ```
    "JWT_REFRESH_COOKIE_NAME" refresh_cookie_name(name: impl Into<String>) => name.into();

    /// The path for which the access cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_cookie_path("/api");
    /// ```
    "JWT_ACCESS_COOKIE_PATH" access_cookie_path(path: impl Into<String>) => path.into();

    /// The path for which the refresh cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_cookie_path("/auth/refresh");
    /// ```
    "JWT_REFRESH_COOKIE_PATH" refresh_cookie_path(path: impl Into<String>) => path.into();

    /// Whether cookies are sent over HTTPS only; false by default, and true in production.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_secure(true);
    /// ```
    "JWT_COOKIE_SECURE" cookie_secure(on: bool) => on;

    /// The domain of the cookies; by default the host that sets them, and no subdomain.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_domain("example.com");
    /// ```
    "JWT_COOKIE_DOMAIN" cookie_domain(domain: impl Into<String>) => Some(domain.into());

    /// The `SameSite` attribute of the cookies; by default absent. Chromium reads that as `Lax`, Firefox and Safari as
    /// `None`: other sites' requests carry the cookies there.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, SameSite};
    /// let config = JwtConfig::new().cookie_samesite(SameSite::Strict);
    /// ```
    "JWT_COOKIE_SAMESITE" cookie_samesite(same_site: SameSite) => Some(same_site);

    /// Whether cookies go when the browser closes; true by default. Otherwise they stay for a year.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().session_cookie(false);
    /// ```
    "JWT_SESSION_COOKIE" session_cookie(on: bool) => on;

    /// A prefix of all cookie names that browsers enforce: `__Host-` or `__Secure-`; none by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookiePrefix, JwtConfig};
    /// let config = JwtConfig::new().cookie_prefix(CookiePrefix::Host).cookie_secure(true);
    /// ```
    "JWT_COOKIE_PREFIX" cookie_prefix(prefix: CookiePrefix) => Some(prefix);

    /// Whether the cookies are partitioned by top-level site (CHIPS); false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_partitioned(true).cookie_secure(true);
    /// ```
    "JWT_COOKIE_PARTITIONED" cookie_partitioned(on: bool) => on;

    /// Whether issued tokens carry a `csrf` claim, and tokens from cookies need its value (double-submit protection);
    /// true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().cookie_csrf_protect(false);
    /// ```
    "JWT_COOKIE_CSRF_PROTECT" cookie_csrf_protect(on: bool) => on;

    /// The methods for which a token from a cookie needs a CSRF value; those that change something by
    /// default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_methods(["POST", "PUT", "PATCH", "DELETE"]);
    /// ```
    "JWT_CSRF_METHODS" csrf_methods(methods: impl Into<OneOrMany>) => methods.into();

    /// Whether the CSRF values are set as cookies too, readable by script; true by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_in_cookies(false);
    /// ```
    "JWT_CSRF_IN_COOKIES" csrf_in_cookies(on: bool) => on;

    /// Whether a CSRF value may come in a form field too; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_check_form(true);
    /// ```
    "JWT_CSRF_CHECK_FORM" csrf_check_form(on: bool) => on;

    /// Whether requests that a browser marks as cross-site are refused before the CSRF value is compared (Fetch
    /// Metadata, or else `Origin`): those of [`csrf_methods`](Self::csrf_methods), and WebSocket upgrades, for which no
    /// value is needed; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().csrf_fetch_metadata(true);
    /// ```
    "JWT_CSRF_FETCH_METADATA" csrf_fetch_metadata(on: bool) => on;

    /// The cookie that holds the access token's CSRF value; `csrf_access_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_cookie_name("xsrf");
    /// ```
    "JWT_ACCESS_CSRF_COOKIE_NAME" access_csrf_cookie_name(name: impl Into<String>) => name.into();

    /// The path for which that cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_cookie_path("/app");
    /// ```
    "JWT_ACCESS_CSRF_COOKIE_PATH" access_csrf_cookie_path(path: impl Into<String>) => path.into();

    /// The header that must carry the access token's CSRF value; `X-CSRF-TOKEN` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_header_name("X-XSRF-TOKEN");
    /// ```
    "JWT_ACCESS_CSRF_HEADER_NAME" access_csrf_header_name(name: impl Into<String>) => name.into();

    /// The form field that may carry the access token's CSRF value; `csrf_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().access_csrf_field_name("xsrf");
    /// ```
    "JWT_ACCESS_CSRF_FIELD_NAME" access_csrf_field_name(name: impl Into<String>) => name.into();

    /// The cookie that holds the refresh token's CSRF value; `csrf_refresh_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_cookie_name("xsrf");
    /// ```
    "JWT_REFRESH_CSRF_COOKIE_NAME" refresh_csrf_cookie_name(name: impl Into<String>) => name.into();

    /// The path for which that cookie is sent; `/` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_cookie_path("/app");
    /// ```
    "JWT_REFRESH_CSRF_COOKIE_PATH" refresh_csrf_cookie_path(path: impl Into<String>) => path.into();

    /// The header that must carry the refresh token's CSRF value; `X-CSRF-TOKEN` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_header_name("X-XSRF-TOKEN");
    /// ```
    "JWT_REFRESH_CSRF_HEADER_NAME" refresh_csrf_header_name(name: impl Into<String>) => name.into();

    /// The form field that may carry the refresh token's CSRF value; `csrf_token` by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().refresh_csrf_field_name("xsrf");
    /// ```
    "JWT_REFRESH_CSRF_FIELD_NAME" refresh_csrf_field_name(name: impl Into<String>) => name.into();
}
