//! Setting and unsetting the cookies that hold tokens and their CSRF values.

use crate::claims::TokenType;
use crate::config::{CookiePrefix, MAX_COOKIE_BYTES, Names, SameSite, begins_with, is_domain, warn_of_plain_cookies};
use crate::error::{IssueError, JwtError};
use crate::manager::JwtManager;
use crate::request::caches::is_kept_out;
use actix_web::cookie::time::{Duration as CookieDuration, OffsetDateTime};
use actix_web::cookie::{self, Cookie};
use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue, SET_COOKIE};
use actix_web::{HttpResponse, HttpResponseBuilder, dev::ServiceResponse};
use std::time::Duration;

/// How long persistent cookies stay: FJE's number, about a year.
const PERSISTENT_SECONDS: i64 = 31_540_000;

const NO_STORE: &str = "no-store";

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

    /// Called where the cookie holds a token: the response is for nobody else (RFC 6749 §5.1, RFC 9111 §7.3). The
    /// implementations here say `Cache-Control: no-store`, unless the response says `private` or `no-store` itself.
    fn keep_out_of_caches(&mut self) {}
}

impl SetCookies for HttpResponseBuilder {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.append_header((SET_COOKIE, value));
    }

    /// Whatever was said before: a builder does not tell. What is said after it counts.
    fn keep_out_of_caches(&mut self) {
        self.insert_header((CACHE_CONTROL, NO_STORE));
    }
}

impl<B> SetCookies for HttpResponse<B> {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.headers_mut().append(SET_COOKIE, value);
    }

    fn keep_out_of_caches(&mut self) {
        keep_out_of_caches(self.headers_mut());
    }
}

impl<B> SetCookies for ServiceResponse<B> {
    fn append_set_cookie(&mut self, value: HeaderValue) {
        self.headers_mut().append(SET_COOKIE, value);
    }

    fn keep_out_of_caches(&mut self) {
        keep_out_of_caches(self.headers_mut());
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

/// Which token's cookies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Access,
    Refresh,
}

impl Kind {
    fn is_refresh(self) -> bool {
        self == Self::Refresh
    }
}

impl JwtManager {
    /// Sets the access cookie, and its CSRF cookie where the settings say so.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.set_access_cookies(&mut response, &jwt.create_access_token("ada")?)?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A token that this manager does not accept, of the other type, or without a `csrf` claim where one is needed; a
    /// cookie that browsers would drop, because its name and value have more than 4,096 bytes.
    pub fn set_access_cookies(&self, response: &mut impl SetCookies, token: &str) -> Result<(), JwtError> {
        self.set_cookies(response, Kind::Access, token, &CookieOptions::new())
    }

    /// As [`set_access_cookies`](Self::set_access_cookies), with options for this call.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// let token = jwt.create_access_token("ada")?;
    /// jwt.set_access_cookies_with(&mut response, &token, &CookieOptions::new().domain("example.com"))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`set_access_cookies`](Self::set_access_cookies), and a domain that browsers would not take.
    pub fn set_access_cookies_with(
        &self,
        response: &mut impl SetCookies,
        token: &str,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        self.set_cookies(response, Kind::Access, token, options)
    }

    /// Takes the access cookie and its CSRF cookie away.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_access_cookies(&mut response);
    /// ```
    pub fn unset_access_cookies(&self, response: &mut impl SetCookies) {
        self.unset_cookies(response, Kind::Access, None);
    }

    /// As [`unset_access_cookies`](Self::unset_access_cookies), for cookies that were set with a domain of their own.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_access_cookies_with(&mut response, &CookieOptions::new().domain("example.com"))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A domain that browsers would not take.
    pub fn unset_access_cookies_with(
        &self,
        response: &mut impl SetCookies,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        self.check_domain(Kind::Access, options)?;
        self.unset_cookies(response, Kind::Access, options.domain.as_deref());
        Ok(())
    }

    /// Sets the refresh cookie, and its CSRF cookie where the settings say so.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.set_refresh_cookies(&mut response, &jwt.create_refresh_token("ada")?)?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A token that this manager does not accept, of the other type, or without a `csrf` claim where one is needed; a
    /// cookie that browsers would drop, because its name and value have more than 4,096 bytes.
    pub fn set_refresh_cookies(&self, response: &mut impl SetCookies, token: &str) -> Result<(), JwtError> {
        self.set_cookies(response, Kind::Refresh, token, &CookieOptions::new())
    }

    /// As [`set_refresh_cookies`](Self::set_refresh_cookies), with options for this call.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// let token = jwt.create_refresh_token("ada")?;
    /// jwt.set_refresh_cookies_with(&mut response, &token, &CookieOptions::new().domain("example.com"))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`set_refresh_cookies`](Self::set_refresh_cookies), and a domain that browsers would not take.
    pub fn set_refresh_cookies_with(
        &self,
        response: &mut impl SetCookies,
        token: &str,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        self.set_cookies(response, Kind::Refresh, token, options)
    }

    /// Takes the refresh cookie and its CSRF cookie away.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_refresh_cookies(&mut response);
    /// ```
    pub fn unset_refresh_cookies(&self, response: &mut impl SetCookies) {
        self.unset_cookies(response, Kind::Refresh, None);
    }

    /// As [`unset_refresh_cookies`](Self::unset_refresh_cookies), for cookies that were set with a domain of their own.
    ///
    /// ```
    /// # use actix_jwt_extended::{CookieOptions, JwtConfig, JwtManager};
    /// # use actix_web::HttpResponse;
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let mut response = HttpResponse::Ok();
    /// jwt.unset_refresh_cookies_with(&mut response, &CookieOptions::new().domain("example.com"))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A domain that browsers would not take.
    pub fn unset_refresh_cookies_with(
        &self,
        response: &mut impl SetCookies,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        self.check_domain(Kind::Refresh, options)?;
        self.unset_cookies(response, Kind::Refresh, options.domain.as_deref());
        Ok(())
    }
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
        const BOTH: [Kind; 2] = [Kind::Access, Kind::Refresh];
        BOTH.into_iter().try_for_each(|kind| self.check_domain(kind, options))?;
        for kind in BOTH {
            self.unset_cookies(response, kind, options.domain.as_deref());
        }
        Ok(())
    }

    fn set_cookies(
        &self,
        response: &mut impl SetCookies,
        kind: Kind,
        token: &str,
        options: &CookieOptions,
    ) -> Result<(), JwtError> {
        let verified = self.verify_own(token.as_bytes())?;
        let needed = if kind.is_refresh() { TokenType::Refresh } else { TokenType::Access };
        if verified.token_type() != needed {
            return Err(JwtError::WrongTokenType { refresh_needed: kind.is_refresh() });
        }
        self.check_domain(kind, options)?;
        warn_of_plain_cookies(self.config(), true);
        let csrf = self.sets_csrf_cookie().then(|| self.csrf_of(&verified)).transpose()?;
        let max_age = match options.max_age {
            Some(max_age) => Some(i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX)),
            None => (!self.config().session_cookie).then_some(PERSISTENT_SECONDS),
        };
        let cookies: Vec<_> = self.cookies_of(kind, token, csrf.as_deref()).collect();
        // Before the first is set: half of them would be worse than none.
        for cookie in &cookies {
            let (size, limit) = (cookie.name.len().saturating_add(cookie.value.len()), MAX_COOKIE_BYTES);
            if size > limit {
                return Err(IssueError::CookieTooLarge { name: cookie.name.to_owned(), size, limit }.into());
            }
        }
        for cookie in cookies {
            let mut cookie = self.cookie(cookie, options.domain.as_deref());
            if let Some(seconds) = max_age {
                cookie.set_max_age(CookieDuration::seconds(seconds));
                if let Ok(time) = OffsetDateTime::from_unix_timestamp(self.now().saturating_add(seconds)) {
                    cookie.set_expires(time);
                }
            }
            self.append(response, &cookie);
        }
        response.keep_out_of_caches();
        Ok(())
    }

    /// Settings are checked at start-up; this is what code gave.
    fn check_domain(&self, kind: Kind, options: &CookieOptions) -> Result<(), JwtError> {
        let Some(domain) = &options.domain else { return Ok(()) };
        if !is_domain(domain) {
            return Err(JwtError::NotConfigured("the domain given to a cookie is no domain"));
        }
        let csrf = self.sets_csrf_cookie().then_some("");
        if self.cookies_of(kind, "", csrf).any(|cookie| begins_with(cookie.name, CookiePrefix::Host)) {
            return Err(JwtError::NotConfigured("a cookie whose name begins with __Host- must not have a domain"));
        }
        Ok(())
    }

    fn unset_cookies(&self, response: &mut impl SetCookies, kind: Kind, domain: Option<&str>) {
        let csrf = self.sets_csrf_cookie().then_some("");
        for cookie in self.cookies_of(kind, "", csrf) {
            let mut cookie = self.cookie(cookie, domain);
            cookie.set_expires(OffsetDateTime::UNIX_EPOCH);
            cookie.set_max_age(CookieDuration::ZERO);
            self.append(response, &cookie);
        }
    }

    fn sets_csrf_cookie(&self) -> bool {
        self.config().cookie_csrf_protect && self.config().csrf_in_cookies
    }

    /// The token's cookie, and that of its CSRF value where there is one.
    fn cookies_of<'a>(
        &'a self,
        kind: Kind,
        token: &'a str,
        csrf: Option<&'a str>,
    ) -> impl Iterator<Item = CookieOf<'a>> {
        let Names { cookie, cookie_path, csrf_cookie, csrf_cookie_path, .. } = self.config().names(kind.is_refresh());
        let token = CookieOf { name: cookie, value: token, path: cookie_path, is_for_scripts: false };
        let csrf =
            csrf.map(|value| CookieOf { name: csrf_cookie, value, path: csrf_cookie_path, is_for_scripts: true });
        std::iter::once(token).chain(csrf)
    }

    /// With the attributes that all have.
    fn cookie<'a>(&self, of: CookieOf<'a>, domain: Option<&str>) -> Cookie<'a> {
        let config = self.config();
        let mut cookie = Cookie::build(of.name, of.value).path(of.path).finish();
        if !of.is_for_scripts {
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

/// A `Set-Cookie` does not keep a response out of shared caches (RFC 9111 §7.3), and one user's token is
/// not for the next.
fn keep_out_of_caches(headers: &mut HeaderMap) {
    if !is_kept_out(headers) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(NO_STORE));
    }
}

/// What one cookie has of its own.
struct CookieOf<'a> {
    name: &'a str,
    value: &'a str,
    path: &'a str,
    /// A CSRF value is, a token never.
    is_for_scripts: bool,
}
