//! Setting and unsetting the cookies that hold tokens and their CSRF values.

use crate::claims::TokenType;
use crate::config::{CookiePrefix, Names, SameSite, begins_with, warn_of_plain_cookies};
use crate::error::JwtError;
use crate::manager::{DecodeOptions, JwtManager};
use actix_web::cookie::time::{Duration as CookieDuration, OffsetDateTime};
use actix_web::cookie::{self, Cookie};
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::{HttpResponse, HttpResponseBuilder, dev::ServiceResponse};
use std::time::Duration;

/// How long persistent cookies stay: FJE's number, about a year.
const PERSISTENT_SECONDS: i64 = 31_540_000;

/// Something that cookies can be set on: a response, or one in the making.
///
/// ```
/// use actix_jwt_extended::SetCookies;
/// use actix_web::HttpResponse;
/// fn takes(_: &mut impl SetCookies) {}
/// takes(&mut HttpResponse::Ok());
/// takes(&mut HttpResponse::Ok().finish());
/// ```
pub trait SetCookies {
    /// Appends one `Set-Cookie` header.
    fn append_set_cookie(&mut self, value: HeaderValue);
}

impl SetCookies for HttpResponseBuilder {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.append_header((SET_COOKIE, value));
    }
}

impl<B> SetCookies for HttpResponse<B> {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.headers_mut().append(SET_COOKIE, value);
    }
}

impl<B> SetCookies for ServiceResponse<B> {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.headers_mut().append(SET_COOKIE, value);
    }
}

/// What one call sets otherwise than the settings say.
///
/// ```
/// use actix_jwt_extended::CookieOptions;
/// use std::time::Duration;
/// let options = CookieOptions::new().max_age(Duration::from_secs(3600)).domain("example.com");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CookieOptions {
    max_age: Option<Duration>,
    domain: Option<String>,
}

impl CookieOptions {
    /// As the settings say.
    ///
    /// ```
    /// let options = actix_jwt_extended::CookieOptions::new();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long the cookies stay, instead of what `JWT_SESSION_COOKIE` says.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let options = actix_jwt_extended::CookieOptions::new().max_age(Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        Self { max_age: Some(max_age), ..self }
    }

    /// The cookies' domain, instead of `JWT_COOKIE_DOMAIN`. What is no domain name is refused where the
    /// options are used, as is any domain for a cookie whose name begins with `__Host-`.
    ///
    /// ```
    /// let options = actix_jwt_extended::CookieOptions::new().domain("example.com");
    /// ```
    #[must_use]
    pub fn domain(self, domain: impl Into<String>) -> Self {
        Self { domain: Some(domain.into()), ..self }
    }
}

macro_rules! set_cookies {
    ($($kind:literal, $refresh:literal, $create:ident, $set:ident, $set_with:ident, $unset:ident, $unset_with:ident;)*) => {
        impl JwtManager {
            $(
                #[doc = concat!("Sets the ", $kind, " cookie, and its CSRF cookie where the settings say so.")]
                ///
                /// ```
                /// # use actix_jwt_extended::{JwtConfig, JwtManager};
                /// # use actix_web::HttpResponse;
                /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
                /// let mut response = HttpResponse::Ok();
                #[doc = concat!("jwt.", stringify!($set), "(&mut response, &jwt.", stringify!($create), "(\"ada\")?)?;")]
                /// # Ok::<(), actix_jwt_extended::JwtError>(())
                /// ```
                ///
                /// # Errors
                /// A token that this manager does not accept, of the other type, or without a `csrf` claim where
                /// one is needed.
                pub fn $set(&self, response: &mut impl SetCookies, token: &str) -> Result<(), JwtError> {
                    self.set_cookies(response, token, $refresh, &CookieOptions::new())
                }

                #[doc = concat!("As [`", stringify!($set), "`](Self::", stringify!($set), "), with options for this call.")]
                ///
                /// ```
                /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
                /// # use actix_web::HttpResponse;
                /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
                /// let mut response = HttpResponse::Ok();
                #[doc = concat!("let token = jwt.", stringify!($create), "(\"ada\")?;")]
                #[doc = concat!("jwt.", stringify!($set_with), "(&mut response, &token, &CookieOptions::new().domain(\"example.com\"))?;")]
                /// # Ok::<(), actix_jwt_extended::JwtError>(())
                /// ```
                ///
                /// # Errors
                #[doc = concat!("As [`", stringify!($set), "`](Self::", stringify!($set), "), and a domain that browsers would not take.")]
                pub fn $set_with(
                    &self,
                    response: &mut impl SetCookies,
                    token: &str,
                    options: &CookieOptions,
                ) -> Result<(), JwtError> {
                    self.set_cookies(response, token, $refresh, options)
                }

                #[doc = concat!("Takes the ", $kind, " cookie and its CSRF cookie away.")]
                ///
                /// ```
                /// # use actix_jwt_extended::{JwtConfig, JwtManager};
                /// # use actix_web::HttpResponse;
                /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
                /// let mut response = HttpResponse::Ok();
                #[doc = concat!("jwt.", stringify!($unset), "(&mut response);")]
                /// ```
                pub fn $unset(&self, response: &mut impl SetCookies) {
                    self.unset_cookies(response, $refresh, None);
                }

                #[doc = concat!("As [`", stringify!($unset), "`](Self::", stringify!($unset), "), for cookies that were set with a domain of their own.")]
                ///
                /// ```
                /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
                /// # use actix_web::HttpResponse;
                /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
                /// let mut response = HttpResponse::Ok();
                #[doc = concat!("jwt.", stringify!($unset_with), "(&mut response, &CookieOptions::new().domain(\"example.com\"))?;")]
                /// # Ok::<(), actix_jwt_extended::JwtError>(())
                /// ```
                ///
                /// # Errors
                /// A domain that browsers would not take.
                pub fn $unset_with(
                    &self,
                    response: &mut impl SetCookies,
                    options: &CookieOptions,
                ) -> Result<(), JwtError> {
                    self.check_domain($refresh, options)?;
                    self.unset_cookies(response, $refresh, options.domain.as_deref());
                    Ok(())
                }
            )*
        }
    };
}

set_cookies! {
    "access", false, create_access_token, set_access_cookies, set_access_cookies_with, unset_access_cookies,
        unset_access_cookies_with;
    "refresh", true, create_refresh_token, set_refresh_cookies, set_refresh_cookies_with, unset_refresh_cookies,
        unset_refresh_cookies_with;
}

impl JwtManager {
    /// Takes all four cookies away.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_jwt_cookies(&mut response);
    /// ```
    pub fn unset_jwt_cookies(&self, response: &mut impl SetCookies) {
        self.unset_access_cookies(response);
        self.unset_refresh_cookies(response);
    }

    /// As [`unset_jwt_cookies`](Self::unset_jwt_cookies), for cookies that were set with a domain of
    /// their own: a browser takes them for others without it.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_jwt_cookies_with(&mut response, &CookieOptions::new().domain("example.com"))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A domain that browsers would not take; then no cookie is taken away.
    pub fn unset_jwt_cookies_with(
        &self,
        response: &mut impl SetCookies,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        self.check_domain(false, options)?;
        self.check_domain(true, options)?;
        for refresh in [false, true] {
            self.unset_cookies(response, refresh, options.domain.as_deref());
        }
        Ok(())
    }

    fn set_cookies(
        &self,
        response: &mut impl SetCookies,
        token: &str,
        refresh: bool,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        let names = self.config().names(refresh);
        let verified = self.decode_token_with(token, &DecodeOptions::new().allow_expired())?;
        if refresh != (verified.token_type() == TokenType::Refresh) {
            return Err(JwtError::WrongTokenType { refresh_needed: refresh });
        }
        self.check_domain(refresh, options)?;
        warn_of_plain_cookies(self.config(), true);
        let csrf = self.sets_csrf_cookie().then(|| self.csrf_of(&verified)).transpose()?;
        let max_age = match options.max_age {
            Some(max_age) => Some(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX)),
            None => (!self.config().session_cookie).then_some(PERSISTENT_SECONDS),
        };
        let cookies = Self::pairs(names, token, csrf.as_deref());
        for (name, value, path, http_only) in cookies.into_iter().flatten() {
            let mut cookie = self.cookie(name, value, path, http_only, options.domain.as_deref());
            if let Some(seconds) = max_age {
                cookie.set_max_age(CookieDuration::seconds(seconds));
                if let Ok(time) = OffsetDateTime::from_unix_timestamp(self.now().saturating_add(seconds)) {
                    cookie.set_expires(time);
                }
            }
            self.append(response, &cookie);
        }
        Ok(())
    }

    /// Settings are checked at start-up; this is what code gave.
    fn check_domain(&self, refresh: bool, options: &CookieOptions) -> Result<(), JwtError> {
        let Some(domain) = &options.domain else { return Ok(()) };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if domain.is_empty() || !domain.bytes().all(is_name) {
            return Err(JwtError::NotConfigured("the domain given to a cookie is no domain"));
        }
        let names = self.config().names(refresh);
        let csrf_cookie = self.sets_csrf_cookie().then_some(names.csrf_cookie);
        if [Some(names.cookie), csrf_cookie].into_iter().flatten().any(|name| begins_with(name, CookiePrefix::Host)) {
            return Err(JwtError::NotConfigured("a cookie whose name begins with __Host- must not have a domain"));
        }
        Ok(())
    }

    fn unset_cookies(&self, response: &mut impl SetCookies, refresh: bool, domain: Option<&str>) {
        let csrf = self.sets_csrf_cookie().then_some("");
        for (name, value, path, http_only) in Self::pairs(self.config().names(refresh), "", csrf).into_iter().flatten()
        {
            let mut cookie = self.cookie(name, value, path, http_only, domain);
            cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
            cookie.set_max_age(CookieDuration::ZERO);
            self.append(response, &cookie);
        }
    }

    fn sets_csrf_cookie(&self) -> bool {
        self.config().cookie_csrf_protect && self.config().csrf_in_cookies
    }

    /// Name, value, path, and whether scripts may not read it.
    fn pairs<'a>(
        names: Names<'a>,
        token: &'a str,
        csrf: Option<&'a str>,
    ) -> [Option<(&'a str, &'a str, &'a str, bool)>; 2] {
        [
            Some((names.cookie, token, names.cookie_path, true)),
            csrf.map(|csrf| (names.csrf_cookie, csrf, names.csrf_cookie_path, false)),
        ]
    }

    fn cookie<'a>(
        &self,
        name: &'a str,
        value: &'a str,
        path: &'a str,
        http_only: bool,
        domain: Option<&str>,
    ) -> Cookie<'a> {
        let config = self.config();
        let mut cookie = Cookie::build(name, value).path(path).finish();
        if http_only {
            cookie.set_http_only(true);
        }
        if config.cookie_secure {
            cookie.set_secure(true);
        }
        if let Some(same_site) = config.cookie_samesite {
            cookie.set_same_site(match same_site {
                SameSite::None => cookie::SameSite::None,
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::Strict => cookie::SameSite::Strict,
            });
        }
        if let Some(domain) = domain.or(config.cookie_domain.as_deref()) {
            cookie.set_domain(domain.to_owned());
        }
        cookie
    }

    /// All that is in it was checked, and a token is ASCII: a value that is no header does not come about.
    fn append(&self, response: &mut impl SetCookies, cookie: &Cookie<'_>) {
        let mut text = cookie.to_string();
        if self.config().cookie_partitioned {
            // The cookie crate of actix does not know the attribute.
            text.push_str("; Partitioned");
        }
        match HeaderValue::try_from(text) {
            Ok(value) => response.append_set_cookie(value),
            Err(_) => log::error!("the cookie {:?} cannot be set: an attribute is no header text", cookie.name()),
        }
    }
}
