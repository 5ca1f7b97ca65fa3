//! Settings from the environment: text without types, and others' variables among ours.

use super::{ConfigError, JwtConfig, SettingValue, is_ours, refuse_two_forms};
use std::ffi::OsString;

/// Settings of whose text each character counts: white space at an end is the value's own, or an error that says so.
const VERBATIM: [&str; 3] = ["JWT_SECRET_KEY", "JWT_PRIVATE_KEY_PASSWORD", "JWT_QUERY_STRING_VALUE_PREFIX"];

impl JwtConfig {
    /// Lays variables of the environment over `self`.
    pub(super) fn with_vars(mut self, vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, ConfigError> {
        let mut names = Vec::new();
        for (name, value) in vars {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else { continue };
            let value = value.into_string().ok();
            if is_service_link(name, value.as_deref().unwrap_or_default()) {
                continue;
            }
            // Text that is not UTF-8 fits no setting; the error names it and shows nothing of it.
            let value = match value.map(zeroize::Zeroizing::new) {
                Some(text) if VERBATIM.contains(&name) => SettingValue::Untyped(text),
                Some(text) => SettingValue::Untyped(text.trim().to_owned().into()),
                None => SettingValue::Unusable,
            };
            if let Some(setting) = JwtConfig::SETTINGS.iter().find(|own| **own == name).copied()
                && let SettingValue::Untyped(text) = &value
                && let Some(expected) = misspelt(name, text)
            {
                return Err(ConfigError::InvalidValue { setting, expected: expected.to_owned() });
            }
            self.set(name, value)?;
            names.push(name.to_owned());
        }
        refuse_two_forms(&names)?;
        Ok(self)
    }
}

/// What would count as it stands, and be something else than what was meant: how it must be.
fn misspelt(name: &str, text: &str) -> Option<&'static str> {
    // A variable that came out empty by accident must not turn a check off.
    if matches!(name, "JWT_DECODE_AUDIENCE" | "JWT_DECODE_ISSUER") && text.is_empty() {
        return Some("not empty; take the variable away to leave the check to the settings file");
    }
    // A secret has words of its own; and a key is found in whatever it is wrapped in.
    if VERBATIM.contains(&name) || name == "JWT_KEYS" || text.contains("-----BEGIN") {
        return None;
    }
    match text.as_bytes() {
        // As `docker --env-file` leaves them.
        [first @ (b'"' | b'\''), .., last] if first == last => {
            Some("without the quotes around it, which would be part of it")
        }
        [b'[', .., b']'] => Some("without the brackets of a settings file; items are separated by commas"),
        _ => None,
    }
}

/// What Kubernetes puts into each container's environment for a service that is called `jwt` or `jwt-…`.
fn is_service_link(name: &str, value: &str) -> bool {
    let is_address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    let is_port_of = |rest: &str| {
        let mut parts = rest.split('_');
        parts.next().is_some_and(|port| port.parse::<u16>().is_ok())
            && matches!(parts.next(), Some("TCP" | "UDP" | "SCTP"))
            && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
            && parts.next().is_none()
    };
    name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
        || (name.ends_with("_PORT") && is_address)
        || name.match_indices("_PORT_").any(|(at, part)| name.get(at + part.len()..).is_some_and(is_port_of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::JwtManager;

    const SECRET: (&str, &str) = ("JWT_SECRET_KEY", "a secret for tests: 0123456789 abcdef");

    fn vars(pairs: &[(&str, &str)]) -> Result<JwtConfig, ConfigError> {
        JwtConfig::new().with_vars(pairs.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn what_kubernetes_says_of_a_service_is_passed_over() {
        let links = [
            ("JWT_SERVICE_HOST", "10.0.0.1"),
            ("JWT_AUTH_SERVICE_HOST", "10.0.0.1"),
            ("JWT_AUTH_SERVICE_PORT", "80"),
            ("JWT_AUTH_SERVICE_PORT_HTTP", "80"),
            ("JWT_AUTH_PORT", "tcp://10.0.0.1:80"),
            ("JWT_PORT", "udp://10.0.0.1:80"),
            ("JWT_AUTH_PORT_80_TCP", "tcp://10.0.0.1:80"),
            ("JWT_AUTH_PORT_80_TCP_PROTO", "tcp"),
            ("JWT_AUTH_PORT_80_TCP_PORT", "80"),
            ("JWT_AUTH_PORT_80_TCP_ADDR", "10.0.0.1"),
        ];
        assert_eq!(format!("{:?}", vars(&links).unwrap()), format!("{:?}", JwtConfig::new()));
        // Near to them is not enough.
        for (name, value) in [("JWT_AUTH_PORT", "80"), ("JWT_AUTH_HOST", "x"), ("JWT_AUTH_PORT_X_TCP", "x")] {
            assert!(vars(&[(name, value)]).is_err(), "{name}");
        }
        assert!(!JwtConfig::SETTINGS.iter().any(|setting| is_service_link(setting, "tcp://10.0.0.1:80")));
    }

    #[test]
    fn white_space_around_a_value_is_not_part_of_it() {
        let spaced = vars(&[
            SECRET,
            ("JWT_ENCODE_ISSUER", " me\r"),
            ("JWT_DECODE_ISSUER", "me \n"),
            ("JWT_ENCODE_AUDIENCE", " web , app "),
            ("JWT_DECODE_AUDIENCE", " web "),
            ("JWT_IDENTITY_CLAIM", "uid\r"),
            ("JWT_HEADER_TYPE", " Token"),
            ("JWT_COOKIE_DOMAIN", " "),
            ("JWT_COOKIE_SAMESITE", "Lax "),
            ("JWT_ERROR_FORMAT", "problem\n"),
            ("JWT_COOKIE_PREFIX", " "),
            ("JWT_PUBLIC_KEY", " /keys/a.pem "),
        ])
        .unwrap();
        let plain = vars(&[
            SECRET,
            ("JWT_ENCODE_ISSUER", "me"),
            ("JWT_DECODE_ISSUER", "me"),
            ("JWT_ENCODE_AUDIENCE", "web,app"),
            ("JWT_DECODE_AUDIENCE", "web"),
            ("JWT_IDENTITY_CLAIM", "uid"),
            ("JWT_HEADER_TYPE", "Token"),
            ("JWT_COOKIE_SAMESITE", "Lax"),
            ("JWT_ERROR_FORMAT", "problem"),
            ("JWT_PUBLIC_KEY", "/keys/a.pem"),
        ])
        .unwrap();
        assert_eq!(format!("{spaced:?}"), format!("{plain:?}"));
        let jwt = JwtManager::new(spaced).unwrap();
        assert!(jwt.decode_token(&jwt.create_access_token("ada").unwrap()).is_ok());
    }

    #[test]
    fn what_a_shell_or_a_file_of_variables_left_in_a_value_is_an_error() {
        for (name, value, expected) in [
            ("JWT_ENCODE_ISSUER", "\"me\"", "without the quotes around it, which would be part of it"),
            ("JWT_DECODE_AUDIENCE", " 'web' ", "without the quotes around it, which would be part of it"),
            ("JWT_PRIVATE_KEY", "\"/keys/a.pem\"", "without the quotes around it, which would be part of it"),
            (
                "JWT_ENCODE_AUDIENCE",
                "[\"web\", \"app\"]",
                "without the brackets of a settings file; items are separated by commas",
            ),
            (
                "JWT_TOKEN_LOCATION",
                "[headers]",
                "without the brackets of a settings file; items are separated by commas",
            ),
        ] {
            let error = vars(&[SECRET, (name, value)]).unwrap_err().to_string();
            assert_eq!(error, format!("{name} must be {expected}"));
        }
        // Within a value they are its own.
        vars(&[SECRET, ("JWT_ENCODE_ISSUER", "a \"b\" c"), ("JWT_ENCODE_AUDIENCE", "a[0],b")]).unwrap();
    }

    #[test]
    fn a_secret_and_its_file_are_not_both_set_in_one_place() {
        let both = vars(&[SECRET, ("JWT_SECRET_KEY_FILE", "/run/secrets/jwt")]).unwrap_err().to_string();
        assert_eq!(both, "JWT_SECRET_KEY and JWT_SECRET_KEY_FILE are both set; take one of them away");
        // Over a file's the environment's wins, in either form.
        let config = JwtConfig::new().secret_key("of the file");
        let config = config.with_vars([("JWT_SECRET_KEY_FILE".into(), "/run/x".into())].into_iter()).unwrap();
        assert_eq!(format!("{:?}", config.secret_key), r#"Some(File("/run/x"))"#);
        let empty = vars(&[("JWT_SECRET_KEY_FILE", "")]).unwrap_err().to_string();
        assert_eq!(empty, "JWT_SECRET_KEY must be a path, where it is given as JWT_SECRET_KEY_FILE");
    }
}
