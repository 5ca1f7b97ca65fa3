//! The settings of cookies: which names go together, and the rules that browsers enforce anyway.

use super::{CookiePrefix, JwtConfig, Location, SameSite};
use crate::error::ConfigError;
use actix_web::http::header::HeaderName;
use std::sync::Once;

/// What browsers take of a cookie's name and value together (RFC 6265bis §5.6); they drop a longer one.
pub(crate) const MAX_COOKIE_BYTES: usize = 4096;

/// Everything that has one name for access tokens and another for refresh tokens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) cookie: &'a str,
    pub(crate) cookie_path: &'a str,
    pub(crate) csrf_cookie: &'a str,
    pub(crate) csrf_cookie_path: &'a str,
    pub(crate) csrf_header: &'a str,
    pub(crate) csrf_field: &'a str,
    pub(crate) json_key: &'a str,
}

impl JwtConfig {
    pub(crate) fn names(&self, refresh: bool) -> Names<'_> {
        if refresh {
            Names {
                cookie: &self.refresh_cookie_name,
                cookie_path: &self.refresh_cookie_path,
                csrf_cookie: &self.refresh_csrf_cookie_name,
                csrf_cookie_path: &self.refresh_csrf_cookie_path,
                csrf_header: &self.refresh_csrf_header_name,
                csrf_field: &self.refresh_csrf_field_name,
                json_key: &self.refresh_json_key,
            }
        } else {
            Names {
                cookie: &self.access_cookie_name,
                cookie_path: &self.access_cookie_path,
                csrf_cookie: &self.access_csrf_cookie_name,
                csrf_cookie_path: &self.access_csrf_cookie_path,
                csrf_header: &self.access_csrf_header_name,
                csrf_field: &self.access_csrf_field_name,
                json_key: &self.json_key,
            }
        }
    }

    /// Puts `JWT_COOKIE_PREFIX` before the names. Done once, when the manager is built.
    pub(crate) fn apply_cookie_prefix(&mut self) {
        let Some(prefix) = self.cookie_prefix else { return };
        for name in [
            &mut self.access_cookie_name,
            &mut self.refresh_cookie_name,
            &mut self.access_csrf_cookie_name,
            &mut self.refresh_csrf_cookie_name,
        ] {
            name.insert_str(0, prefix.as_str());
        }
    }

    pub(super) fn validate_cookies(&self) -> Result<(), ConfigError> {
        let conflict = |text: String| Err(ConfigError::Conflict(text));
        if !self.cookie_secure {
            if self.cookie_samesite == Some(SameSite::None) {
                return conflict(
                    "JWT_COOKIE_SAMESITE = \"None\" needs JWT_COOKIE_SECURE = true; browsers drop the cookie".into(),
                );
            }
            if self.cookie_partitioned {
                return conflict(
                    "JWT_COOKIE_PARTITIONED needs JWT_COOKIE_SECURE = true; browsers drop the cookie".into(),
                );
            }
        }
        if self.cookie_domain.as_deref().is_some_and(|domain| !is_domain(domain)) {
            let expected = "a domain name such as \"example.com\": one, without scheme, port and *".to_owned();
            return Err(ConfigError::InvalidValue { setting: "JWT_COOKIE_DOMAIN", expected });
        }
        let cookies = [
            ("JWT_ACCESS_COOKIE_NAME", &self.access_cookie_name, "JWT_ACCESS_COOKIE_PATH", &self.access_cookie_path),
            (
                "JWT_REFRESH_COOKIE_NAME",
                &self.refresh_cookie_name,
                "JWT_REFRESH_COOKIE_PATH",
                &self.refresh_cookie_path,
            ),
            (
                "JWT_ACCESS_CSRF_COOKIE_NAME",
                &self.access_csrf_cookie_name,
                "JWT_ACCESS_CSRF_COOKIE_PATH",
                &self.access_csrf_cookie_path,
            ),
            (
                "JWT_REFRESH_CSRF_COOKIE_NAME",
                &self.refresh_csrf_cookie_name,
                "JWT_REFRESH_CSRF_COOKIE_PATH",
                &self.refresh_csrf_cookie_path,
            ),
        ];
        for (at, (setting, name, path_setting, path)) in cookies.into_iter().enumerate() {
            // A cookie's name is a token (RFC 6265 §4.1.1), as a header's name is.
            if HeaderName::try_from(name.as_str()).is_err() {
                let expected = "the name of a cookie: letters, digits and -_.".to_owned();
                return Err(ConfigError::InvalidValue { setting, expected });
            }
            if !path.starts_with('/') || !is_attribute(path) {
                let expected = "a path that begins with \"/\"".to_owned();
                return Err(ConfigError::InvalidValue { setting: path_setting, expected });
            }
            if let Some((other, ..)) = cookies.iter().take(at).find(|(_, other, ..)| *other == name) {
                return conflict(format!(
                    "{other} and {setting} are both {name:?}; one cookie would replace the other"
                ));
            }
            self.validate_prefix(setting, name, path_setting, path)?;
        }
        Ok(())
    }

    /// RFC 6265bis §4.1.3: a browser drops a cookie that breaks the rule of its name's prefix.
    fn validate_prefix(
        &self,
        setting: &'static str,
        name: &str,
        path_setting: &str,
        path: &str,
    ) -> Result<(), ConfigError> {
        let begins = |prefix| begins_with(name, prefix);
        let conflict = |text: String| Err(ConfigError::Conflict(format!("the cookie {name:?} ({setting}) {text}")));
        if (begins(CookiePrefix::Host) || begins(CookiePrefix::Secure)) && !self.cookie_secure {
            return conflict("needs JWT_COOKIE_SECURE = true".to_owned());
        }
        if begins(CookiePrefix::Host) && self.cookie_domain.is_some() {
            return conflict("must not have a domain; take JWT_COOKIE_DOMAIN away".to_owned());
        }
        if begins(CookiePrefix::Host) && path != "/" {
            return conflict(format!("needs {path_setting} = \"/\""));
        }
        Ok(())
    }
}

/// Whether browsers hold the cookie of that name to the prefix's rules: they compare without regard to case.
pub(crate) fn begins_with(name: &str, prefix: CookiePrefix) -> bool {
    name.get(..prefix.as_str().len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_str()))
}

/// Once per process: a cookie without `Secure` travels in the clear. `sets_one`: a handler is about to.
pub(crate) fn warn_of_plain_cookies(config: &JwtConfig, sets_one: bool) {
    static WARNED: Once = Once::new();
    if are_plain(config, sets_one, cfg!(debug_assertions)) {
        WARNED.call_once(|| {
            log::warn!("JWT_COOKIE_SECURE is false: tokens travel over plain HTTP; set it in production")
        });
    }
}

/// A debug build is a developer's, who has no HTTPS.
fn are_plain(config: &JwtConfig, sets_one: bool, debug_build: bool) -> bool {
    !config.cookie_secure && !debug_build && (sets_one || config.token_location.contains(&Location::Cookies))
}

/// Whether browsers take this as a cookie's domain: labels with dots between them, and perhaps one in front.
pub(crate) fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.strip_prefix('.').unwrap_or(text).split('.').all(is_label)
}

/// Whether a cookie's attribute can hold this text (RFC 6265 §4.1.1).
fn is_attribute(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_cookies_are_warned_of_in_release_builds() {
        let (headers, cookies) = (JwtConfig::new(), JwtConfig::new().token_location([Location::Cookies]));
        assert!(are_plain(&cookies, false, false));
        // Only some routes look for cookies, but a handler sets them.
        assert!(!are_plain(&headers, false, false) && are_plain(&headers, true, false));
        for config in [headers, cookies] {
            assert!(!are_plain(&config, true, true));
            assert!(!are_plain(&config.cookie_secure(true), true, false));
        }
    }
}
