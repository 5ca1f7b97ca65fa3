//! What the page must know of the settings: names of cookies, headers and claims, and never a secret.

use config::ValueKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// Cookies that the page's own path does not get are none to it: it finds out in another way, or says that it cannot.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct PageSettings {
    locations: Vec<String>,
    header_name: String,
    header_type: String,
    identity_claim: String,
    /// The methods that need a CSRF value; none where protection is off.
    csrf_methods: Vec<String>,
    access_csrf_cookie: Option<String>,
    access_csrf_header: String,
    refresh_csrf_cookie: Option<String>,
    refresh_csrf_header: String,
    sessions: bool,
}

impl PageSettings {
    /// From the values of the settings, which `JwtConfig` has already found to be right.
    pub fn new(values: &BTreeMap<String, ValueKind>, sessions: bool) -> Self {
        let text = |name, default| text(values, name).unwrap_or(default).to_owned();
        let protected = flag(values, "JWT_COOKIE_CSRF_PROTECT").unwrap_or(true);
        let in_cookies = protected && flag(values, "JWT_CSRF_IN_COOKIES").unwrap_or(true);
        let prefix = text("JWT_COOKIE_PREFIX", "");
        let csrf_cookie = |name, default, path| {
            (in_cookies && text(path, "/") == "/").then(|| format!("{prefix}{}", text(name, default)))
        };
        let methods = || list(values, "JWT_CSRF_METHODS", &["POST", "PUT", "PATCH", "DELETE"]);
        Self {
            locations: list(values, "JWT_TOKEN_LOCATION", &["headers"]),
            header_name: text("JWT_HEADER_NAME", "Authorization"),
            header_type: text("JWT_HEADER_TYPE", "Bearer"),
            identity_claim: text("JWT_IDENTITY_CLAIM", "sub"),
            csrf_methods: if protected { methods() } else { Vec::new() },
            access_csrf_cookie: csrf_cookie(
                "JWT_ACCESS_CSRF_COOKIE_NAME",
                "csrf_access_token",
                "JWT_ACCESS_CSRF_COOKIE_PATH",
            ),
            access_csrf_header: text("JWT_ACCESS_CSRF_HEADER_NAME", "X-CSRF-TOKEN"),
            refresh_csrf_cookie: csrf_cookie(
                "JWT_REFRESH_CSRF_COOKIE_NAME",
                "csrf_refresh_token",
                "JWT_REFRESH_CSRF_COOKIE_PATH",
            ),
            refresh_csrf_header: text("JWT_REFRESH_CSRF_HEADER_NAME", "X-CSRF-TOKEN"),
            sessions,
        }
    }

    /// As JSON that cannot end the `script` element that it stands in.
    pub fn to_json_in_html(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string(self)?.replace('<', "\\u003c"))
    }
}

fn text<'a>(values: &'a BTreeMap<String, ValueKind>, name: &str) -> Option<&'a str> {
    match values.get(name) {
        Some(ValueKind::String(text)) => Some(text),
        _ => None,
    }
}

fn flag(values: &BTreeMap<String, ValueKind>, name: &str) -> Option<bool> {
    match values.get(name)? {
        ValueKind::Boolean(flag) => Some(*flag),
        // From the environment, in the words that the library takes.
        ValueKind::String(text) => {
            Some(matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
        }
        _ => None,
    }
}

fn list(values: &BTreeMap<String, ValueKind>, name: &str, default: &[&str]) -> Vec<String> {
    match values.get(name) {
        Some(ValueKind::String(text)) => text.split(',').map(|item| item.trim().to_owned()).collect(),
        Some(ValueKind::Array(items)) => items.iter().map(ToString::to_string).collect(),
        _ => default.iter().map(|&item| item.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use config::Value;

    fn settings(values: &[(&str, ValueKind)]) -> PageSettings {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        PageSettings::new(&values, true)
    }

    fn string(text: &str) -> ValueKind {
        ValueKind::String(text.to_owned())
    }

    #[test]
    fn the_defaults_are_the_librarys() {
        let json = settings(&[]).to_json_in_html().unwrap();
        let expected = serde_json::json!({
            "locations": ["headers"],
            "header_name": "Authorization",
            "header_type": "Bearer",
            "identity_claim": "sub",
            "csrf_methods": ["POST", "PUT", "PATCH", "DELETE"],
            "access_csrf_cookie": "csrf_access_token",
            "access_csrf_header": "X-CSRF-TOKEN",
            "refresh_csrf_cookie": "csrf_refresh_token",
            "refresh_csrf_header": "X-CSRF-TOKEN",
            "sessions": true,
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), expected);
    }

    #[test]
    fn names_are_those_in_force_from_the_file_and_from_the_environment() {
        let list = ValueKind::Array(["cookies", "headers"].map(|name| Value::new(None, name)).into());
        for locations in [list, string("cookies, headers")] {
            let told = settings(&[
                ("JWT_TOKEN_LOCATION", locations),
                ("JWT_COOKIE_PREFIX", string("__Secure-")),
                ("JWT_ACCESS_CSRF_COOKIE_NAME", string("xsrf")),
                ("JWT_REFRESH_CSRF_HEADER_NAME", string("X-Refresh")),
                ("JWT_HEADER_TYPE", string("")),
                ("JWT_IDENTITY_CLAIM", string("user")),
            ]);
            assert_eq!(told.locations, ["cookies", "headers"]);
            assert_eq!(told.access_csrf_cookie.as_deref(), Some("__Secure-xsrf"));
            assert_eq!(told.refresh_csrf_cookie.as_deref(), Some("__Secure-csrf_refresh_token"));
            assert_eq!((&*told.refresh_csrf_header, &*told.header_type), ("X-Refresh", ""));
            assert_eq!(told.identity_claim, "user");
        }
    }

    #[test]
    fn a_cookie_that_is_not_set_or_not_for_this_page_is_none() {
        let off = [ValueKind::Boolean(false), string("off"), string("0")];
        for value in off {
            let told = settings(&[("JWT_CSRF_IN_COOKIES", value.clone())]);
            assert_eq!((told.access_csrf_cookie, told.refresh_csrf_cookie), (None, None));
            assert_eq!(told.csrf_methods.len(), 4);
            assert!(settings(&[("JWT_COOKIE_CSRF_PROTECT", value)]).csrf_methods.is_empty());
        }
        let told = settings(&[("JWT_ACCESS_CSRF_COOKIE_PATH", string("/app"))]);
        assert_eq!(told.access_csrf_cookie, None);
        assert!(told.refresh_csrf_cookie.is_some());
    }

    #[test]
    fn it_cannot_end_its_element() {
        let told = settings(&[("JWT_IDENTITY_CLAIM", string("</script><b>"))]);
        assert!(!told.to_json_in_html().unwrap().contains('<'));
    }
}
