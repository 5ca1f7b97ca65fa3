//! Settings: from the file, over it from the environment, over both from the flags.

use crate::error::StartError;
use crate::page_settings::PageSettings;
use crate::settings_file;
use crate::store::{self, StoreSetting};
use actix_jwt_extended::JwtConfig;
use actix_web::http::Uri;
use clap::Parser;
use config::{Config, File, FileFormat, Source as _, ValueKind};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The Flask-JWT-Extended example: POST /login gives a token, GET /protected wants one; and all else that tokens can do.
#[derive(Debug, Parser)]
#[command(name = "demo", version)]
pub struct Flags {
    /// Where the settings are; made, with a random secret, if it is not there
    #[arg(long, value_name = "FILE", default_value = "Settings.toml")]
    settings: PathBuf,

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
        settings_file::make_if_missing(&flags.settings)?;
        let jwt = JwtConfig::from_file(&flags.settings)?;
        let mut own = Own::default();
        let mut values = read_file(&flags.settings)?;
        for (name, value) in &values {
            own.set(name, value.clone())?;
        }
        for (name, value) in env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            // Text that is not UTF-8 fits no setting.
            let value = value.into_string().map_or(ValueKind::Nil, ValueKind::String);
            own.set(name, value.clone())?;
            if name.starts_with("JWT_") {
                values.insert(name.to_owned(), value);
            }
        }
        let page = PageSettings::new(&values, own.sessions.0);
        let Own { mut address, cors_origin, store, sessions } = own;
        address.host = flags.host.unwrap_or(address.host);
        address.port = flags.port.unwrap_or(address.port);
        let folder = flags.settings.parent().unwrap_or(Path::new(""));
        Ok(Self { jwt, address, cors_origin, store: store.beside(folder), sessions, page })
    }
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
const NAMES: [&str; 5] = ["DEMO_HOST", "DEMO_PORT", "DEMO_CORS_ORIGIN", "DEMO_STORE", "DEMO_SESSIONS"];

impl Own {
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
            "DEMO_STORE" => {
                let store = text(value).and_then(|text| StoreSetting::parse(&text));
                self.store =
                    store.ok_or(StartError::InvalidValue { setting: "DEMO_STORE", expected: store::EXPECTED })?;
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

fn origin(value: ValueKind) -> Option<Origin> {
    text(value).and_then(Origin::parse)
}

fn sessions(value: &ValueKind) -> Option<Sessions> {
    match value {
        ValueKind::Boolean(on) => Some(Sessions(*on)),
        ValueKind::String(text) => text.parse().ok().map(Sessions),
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
    Ok(values.into_iter().map(|(name, value)| (name, value.kind)).collect())
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
    fn sessions_are_on_or_off() {
        assert!(Own::default().sessions.0);
        assert_eq!(sessions(&ValueKind::Boolean(false)), Some(Sessions(false)));
        assert_eq!(sessions(&ValueKind::String("false".to_owned())), Some(Sessions(false)));
        for wrong in [ValueKind::I64(0), ValueKind::String("no".to_owned()), ValueKind::Nil] {
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
