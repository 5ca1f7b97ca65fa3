//! Settings: from the file, over it from the environment, over both from the flags.

use crate::error::StartError;
use crate::page_settings::PageSettings;
use crate::settings_file;
use crate::store::{self, StoreSetting};
use crate::tools::Tool;
use actix_jwt_extended::JwtConfig;
use actix_web::http::Uri;
use clap::Parser;
use config::{Config, File, FileFormat, Source as _, ValueKind};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

/// The Flask-JWT-Extended example: POST /login gives a token, GET /protected wants one; and all else that tokens can do.
#[derive(Debug, Parser)]
#[command(name = "demo", version)]
pub struct Flags {
    /// Where the settings are; made, with a random secret, if it is not there
    #[arg(long, value_name = "FILE", default_value = "Settings.toml", global = true)]
    pub settings: PathBuf,

    #[command(subcommand)]
    pub tool: Option<Tool>,

    /// The address to listen on, over DEMO_HOST [default: 127.0.0.1]
    #[arg(long)]
    host: Option<String>,

    /// The port to listen on, over DEMO_PORT; 0 picks a free one [default: 8080]
    #[arg(long)]
    port: Option<u16>,
}

pub struct Settings {
    pub jwt: JwtConfig,
    pub address: Address,
    pub cors_origin: Option<Origin>,
    pub store: StoreSetting,
    pub sessions: Sessions,
    pub page: PageSettings,
}

/// Whether a login begins a session, whose refresh tokens are good once. Without, it is as in Flask-JWT-Extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions(pub bool);

impl Default for Sessions {
    fn default() -> Self {
        Self(true)
    }
}

impl Settings {
    pub fn load(flags: Flags) -> Result<Self, StartError> {
        let has_file = settings_file::make_if_missing(&flags.settings, env_has_a_key())?;
        let jwt = if has_file { JwtConfig::from_file(&flags.settings)? } else { JwtConfig::from_env()? };
        let mut values = if has_file { read_file(&flags.settings)? } else { BTreeMap::new() };
        let from_environment = environment();
        let mut own = Own::default();
        own.set_all(&values)?;
        own.set_all(&from_environment)?;
        values.extend(from_environment.into_iter().filter(|(name, _)| name.starts_with("JWT_")));
        let page = PageSettings::new(&values, own.sessions.0);
        let Own { mut address, cors_origin, store, sessions } = own;
        if let Some(given) = flags.host {
            address.host = host(ValueKind::String(given)).ok_or(StartError::InvalidValue {
                setting: "--host",
                expected: "an address or a host's name, such as \"127.0.0.1\"",
            })?;
        }
        address.port = flags.port.unwrap_or(address.port);
        let folder = flags.settings.parent().unwrap_or(Path::new(""));
        Ok(Self { jwt, address, cors_origin, store: store.beside(folder), sessions, page })
    }
}

fn environment() -> BTreeMap<String, ValueKind> {
    env::vars_os()
        .filter_map(|(name, value)| {
            // Text that is not UTF-8 fits no setting.
            let value = value.into_string().map_or(ValueKind::Nil, |text| ValueKind::String(text.trim().to_owned()));
            Some((name.into_string().ok()?, value))
        })
        .filter(|(name, value)| !is_service_link(name, value))
        .collect()
}

/// Whether the environment has what signs tokens, so that a demo can do without a settings file.
fn env_has_a_key() -> bool {
    ["JWT_SECRET_KEY", "JWT_SECRET_KEY_FILE", "JWT_PRIVATE_KEY", "JWT_PRIVATE_KEY_FILE", "JWT_KEYS", "JWT_KEYS_DIR"]
        .into_iter()
        .any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// What Kubernetes puts into each container's environment for a service that is called `demo` or `demo-…`.
fn is_service_link(name: &str, value: &ValueKind) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else { return false };
    let is_address = matches!(value, ValueKind::String(text) if text.contains("://"));
    let padded = format!("_{rest}");
    padded.ends_with("_SERVICE_HOST")
        || padded.ends_with("_SERVICE_PORT")
        || padded.contains("_SERVICE_PORT_")
        || (padded.ends_with("_PORT") && is_address)
        || ["_TCP", "_UDP", "_SCTP"].into_iter().any(|protocol| padded.contains("_PORT_") && padded.contains(protocol))
}

/// Where the demo listens.
#[derive(Debug, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl Default for Address {
    fn default() -> Self {
        Self { host: "127.0.0.1".to_owned(), port: 8080 }
    }
}

/// An origin as browsers send it: scheme, host and, unless it is the scheme's own, port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In any other spelling it would never match.
    fn parse(text: String) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let (scheme, host) = (uri.scheme_str()?, uri.host()?);
        let own_port = match scheme {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let exact = match uri.port_u16() {
            Some(port) if port != own_port => format!("{scheme}://{host}:{port}"),
            _ => format!("{scheme}://{host}"),
        };
        (text == exact && !text.contains(|c: char| c.is_ascii_uppercase() || c == '*')).then_some(Self(text))
    }
}

/// What the settings say of the demo itself.
#[derive(Default, PartialEq, Eq)]
struct Own {
    address: Address,
    cors_origin: Option<Origin>,
    store: StoreSetting,
    sessions: Sessions,
}

const PREFIX: &str = "DEMO_";
const NAMES: [&str; 6] =
    ["DEMO_HOST", "DEMO_PORT", "DEMO_CORS_ORIGIN", "DEMO_STORE", "DEMO_STORE_FILE", "DEMO_SESSIONS"];

impl Own {
    /// Sets what one place says; what a later place says is over it.
    fn set_all(&mut self, values: &BTreeMap<String, ValueKind>) -> Result<(), StartError> {
        if values.contains_key("DEMO_STORE") && values.contains_key("DEMO_STORE_FILE") {
            return Err(StartError::SetTwice { setting: "DEMO_STORE" });
        }
        values.iter().try_for_each(|(name, value)| self.set(name, value.clone()))
    }

    /// Sets one setting by its name; leaves alone what is not the demo's.
    fn set(&mut self, name: &str, value: ValueKind) -> Result<(), StartError> {
        if !name.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX)) {
            return Ok(());
        }
        match name {
            "DEMO_HOST" => {
                self.address.host = host(value).ok_or(StartError::InvalidValue {
                    setting: "DEMO_HOST",
                    expected: "an address or a host's name, such as \"127.0.0.1\"",
                })?;
            }
            "DEMO_PORT" => {
                self.address.port = port(&value).ok_or(StartError::InvalidValue {
                    setting: "DEMO_PORT",
                    expected: "a port: a whole number from 0 to 65535",
                })?;
            }
            "DEMO_CORS_ORIGIN" => {
                self.cors_origin = Some(origin(value).ok_or(StartError::InvalidValue {
                    setting: "DEMO_CORS_ORIGIN",
                    expected: "one origin as browsers send it, such as \"https://app.example\", without a path",
                })?);
            }
            "DEMO_STORE" => self.store = store(text(value))?,
            "DEMO_STORE_FILE" => {
                let path = text(value).filter(|path| !path.is_empty()).ok_or(StartError::InvalidValue {
                    setting: "DEMO_STORE_FILE",
                    expected: "the path of a file that holds what DEMO_STORE would",
                })?;
                let url = fs::read_to_string(&path).map_err(|source| StartError::Read { path, source })?;
                self.store = store(Some(url.trim().to_owned()))?;
            }
            "DEMO_SESSIONS" => {
                let expected = "true or false";
                self.sessions =
                    sessions(&value).ok_or(StartError::InvalidValue { setting: "DEMO_SESSIONS", expected })?;
            }
            _ => return Err(StartError::UnknownSetting { name: name.to_owned(), suggestion: nearest(name) }),
        }
        Ok(())
    }
}

// Not serde's conversions: they would read `true` as port 1.
fn host(value: ValueKind) -> Option<String> {
    match value {
        // An IPv6 address in brackets, as it stands in a URL.
        ValueKind::String(host) if host.starts_with('[') => {
            let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'))?;
            address.parse::<Ipv6Addr>().ok().map(|address| address.to_string())
        }
        ValueKind::String(host) if !host.is_empty() => Some(host),
        _ => None,
    }
}

fn port(value: &ValueKind) -> Option<u16> {
    match value {
        ValueKind::I64(port) => u16::try_from(*port).ok(),
        ValueKind::String(port) => port.parse().ok(),
        _ => None,
    }
}

/// The text may hold a password, so no error shows it.
fn store(text: Option<String>) -> Result<StoreSetting, StartError> {
    text.and_then(|text| StoreSetting::parse(&text))
        .ok_or(StartError::InvalidValue { setting: "DEMO_STORE", expected: store::EXPECTED })
}

fn origin(value: ValueKind) -> Option<Origin> {
    text(value).and_then(Origin::parse)
}

fn sessions(value: &ValueKind) -> Option<Sessions> {
    match value {
        ValueKind::Boolean(on) => Some(Sessions(*on)),
        // In the words that the library takes.
        ValueKind::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(Sessions(true)),
            "false" | "0" | "no" | "off" => Some(Sessions(false)),
            _ => None,
        },
        _ => None,
    }
}

fn text(value: ValueKind) -> Option<String> {
    match value {
        ValueKind::String(text) => Some(text),
        _ => None,
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    NAMES.into_iter().min_by_key(|known| strsim::damerau_levenshtein(&name, known))
}

/// All settings of the file, sorted: of two mistakes always the same one is told.
fn read_file(path: &Path) -> Result<BTreeMap<String, ValueKind>, StartError> {
    let text =
        fs::read_to_string(path).map_err(|source| StartError::Read { path: path.display().to_string(), source })?;
    // The library has just parsed the file and told what is wrong with it. What the parser says
    // here is dropped, because it would show the line, which may hold the secret.
    let values = Config::builder()
        .add_source(File::from_str(&text, FileFormat::Toml))
        .build()
        .and_then(|config| config.collect())
        .map_err(|_| StartError::Syntax { path: path.display().to_string() })?;
    let values: BTreeMap<_, _> = values.into_iter().map(|(name, value)| (name, value.kind)).collect();
    values.iter().try_for_each(|(name, value)| refuse_within(name, value))?;
    Ok(values)
}

/// All that stands below a `[table]` header belongs to that table: a setting there would be passed over.
fn refuse_within(table: &str, value: &ValueKind) -> Result<(), StartError> {
    match value {
        ValueKind::Table(members) => {
            members.iter().collect::<BTreeMap<_, _>>().into_iter().try_for_each(|(name, value)| {
                let joined = format!("{table}_{name}").replace('.', "_").to_ascii_uppercase();
                let own = Some(name.to_ascii_uppercase()).filter(|name| name.starts_with(PREFIX));
                match own.or_else(|| NAMES.contains(&joined.as_str()).then_some(joined)) {
                    Some(setting) => Err(StartError::Misplaced { table: table.to_owned(), setting }),
                    None => refuse_within(&format!("{table}.{name}"), &value.kind),
                }
            })
        }
        ValueKind::Array(items) => items.iter().try_for_each(|item| refuse_within(table, &item.kind)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_are_sound() {
        use clap::CommandFactory as _;
        Flags::command().debug_assert();
    }

    #[test]
    fn a_port_is_a_number_or_its_digits() {
        assert_eq!(port(&ValueKind::I64(0)), Some(0));
        assert_eq!(port(&ValueKind::I64(65_535)), Some(65_535));
        assert_eq!(port(&ValueKind::String("8080".to_owned())), Some(8080));
        for wrong in [
            ValueKind::I64(-1),
            ValueKind::I64(65_536),
            ValueKind::Float(80.5),
            ValueKind::Boolean(true),
            ValueKind::Nil,
            ValueKind::String(String::new()),
            ValueKind::String("http".to_owned()),
        ] {
            assert_eq!(port(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_host_may_be_an_ipv6_address_in_brackets() {
        let host = |text: &str| host(ValueKind::String(text.to_owned()));
        for (given, expected) in [("[::1]", Some("::1")), ("::1", Some("::1")), ("localhost", Some("localhost"))] {
            assert_eq!(host(given).as_deref(), expected);
        }
        for wrong in ["", "[::1", "[127.0.0.1]", "[]", "[::1]:80"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_kubernetes_says_of_a_service_is_no_setting() {
        let is_link = |name, value: &str| is_service_link(name, &ValueKind::String(value.to_owned()));
        for (name, value) in [
            ("DEMO_PORT", "tcp://10.0.0.1:80"),
            ("DEMO_WEB_PORT", "udp://10.0.0.1:80"),
            ("DEMO_SERVICE_HOST", "10.0.0.1"),
            ("DEMO_WEB_SERVICE_PORT_HTTP", "80"),
            ("DEMO_PORT_80_TCP_ADDR", "10.0.0.1"),
        ] {
            assert!(is_link(name, value), "{name}");
        }
        for (name, value) in [("DEMO_PORT", "8080"), ("DEMO_HOST", "10.0.0.1"), ("DEMO_STORE", "redis://x")] {
            assert!(!is_link(name, value), "{name}");
        }
    }

    #[test]
    fn sessions_are_on_or_off() {
        assert!(Own::default().sessions.0);
        assert_eq!(sessions(&ValueKind::Boolean(false)), Some(Sessions(false)));
        assert_eq!(sessions(&ValueKind::String("false".to_owned())), Some(Sessions(false)));
        for (text, on) in [("False", false), ("0", false), ("no", false), ("OFF", false), ("True", true), ("1", true)] {
            assert_eq!(sessions(&ValueKind::String(text.to_owned())), Some(Sessions(on)), "{text}");
        }
        for wrong in [ValueKind::I64(0), ValueKind::String("nein".to_owned()), ValueKind::Nil] {
            assert_eq!(sessions(&wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_origin_is_spelt_as_browsers_do() {
        for right in [
            "https://app.example",
            "http://localhost:3000",
            "http://127.0.0.1:1",
            "http://[::1]:3000",
            "https://app.example:80",
        ] {
            assert_eq!(origin(ValueKind::String(right.to_owned())), Some(Origin(right.to_owned())), "{right}");
        }
        for wrong in [
            "",
            "*",
            "null",
            "app.example",
            "//app.example",
            "/",
            "https://",
            "https://app.example/",
            "https://app.example/path",
            "https://app.example?query",
            "https://app.example#part",
            "https://user@app.example",
            "https://App.example",
            "HTTPS://app.example",
            "https://app.example:443",
            "http://app.example:80",
            "http://app.example:",
            "http://app.example:080",
            "ftp://app.example",
            "https://a.example, https://b.example",
            "https://*.example",
        ] {
            assert_eq!(origin(ValueKind::String(wrong.to_owned())), None, "{wrong}");
        }
        assert_eq!(origin(ValueKind::Boolean(true)), None);
    }

    #[test]
    fn others_names_are_left_alone_and_misspelt_ones_are_not() {
        let mut own = Own::default();
        own.set("PATH", ValueKind::Nil).unwrap();
        own.set("DÉMO_HOST", ValueKind::Nil).unwrap();
        assert!(own == Own::default());
        let told = |name| Own::default().set(name, ValueKind::Nil).unwrap_err().to_string();
        assert_eq!(told("DEMO_PROT"), "DEMO_PROT is no setting; did you mean DEMO_PORT?");
        assert_eq!(told("demo_host"), "demo_host is no setting; did you mean DEMO_HOST?");
    }
}
