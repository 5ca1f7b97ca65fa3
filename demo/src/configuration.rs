//! Settings: from the file, over it from the environment, over both from the flags.

use crate::error::StartError;
use crate::settings_file;
use actix_jwt_extended::JwtConfig;
use clap::Parser;
use config::{Config, File, FileFormat, Source as _, ValueKind};
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The Flask-JWT-Extended example: POST /login gives a token, GET /protected wants one.
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
}

impl Settings {
    pub fn load(flags: Flags) -> Result<Self, StartError> {
        settings_file::make_if_missing(&flags.settings)?;
        let jwt = JwtConfig::from_file(&flags.settings)?;
        let mut address = Address::default();
        for (name, value) in read_file(&flags.settings)? {
            address.set(&name, value)?;
        }
        for (name, value) in env::vars_os() {
            let Some(name) = name.to_str() else { continue };
            // Text that is not UTF-8 fits no setting.
            address.set(name, value.into_string().map_or(ValueKind::Nil, ValueKind::String))?;
        }
        address.host = flags.host.unwrap_or(address.host);
        address.port = flags.port.unwrap_or(address.port);
        Ok(Self { jwt, address })
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

const PREFIX: &str = "DEMO_";
const NAMES: [&str; 2] = ["DEMO_HOST", "DEMO_PORT"];

impl Address {
    /// Sets one setting by its name; leaves alone what is not the demo's.
    fn set(&mut self, name: &str, value: ValueKind) -> Result<(), StartError> {
        if !name.get(..PREFIX.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX)) {
            return Ok(());
        }
        match name {
            "DEMO_HOST" => {
                self.host = host(value).ok_or(StartError::InvalidValue {
                    setting: "DEMO_HOST",
                    expected: "an address or a host's name, such as \"127.0.0.1\"",
                })?;
            }
            "DEMO_PORT" => {
                self.port = port(&value).ok_or(StartError::InvalidValue {
                    setting: "DEMO_PORT",
                    expected: "a port: a whole number from 0 to 65535",
                })?;
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
    fn others_names_are_left_alone_and_misspelt_ones_are_not() {
        let mut address = Address::default();
        address.set("PATH", ValueKind::Nil).unwrap();
        address.set("DÉMO_HOST", ValueKind::Nil).unwrap();
        assert_eq!(address, Address::default());
        let told = |name| Address::default().set(name, ValueKind::Nil).unwrap_err().to_string();
        assert_eq!(told("DEMO_PROT"), "DEMO_PROT is no setting; did you mean DEMO_PORT?");
        assert_eq!(told("demo_host"), "demo_host is no setting; did you mean DEMO_HOST?");
    }
}
