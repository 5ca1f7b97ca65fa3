//! Why the demo cannot start. Each text is one line, names the way out where there is one, and
//! holds no secret.

use actix_jwt_extended::ConfigError;
use actix_jwt_extended::store::StoreError;
use std::error::Error;
use std::fmt;
use std::io;

#[derive(Debug)]
pub enum StartError {
    Jwt(ConfigError),
    Print(io::Error),
    Make {
        path: String,
        source: io::Error,
    },
    Read {
        path: String,
        source: io::Error,
    },
    Syntax {
        path: String,
    },
    UnknownSetting {
        name: String,
        suggestion: Option<&'static str>,
    },
    Misplaced {
        table: String,
        setting: String,
    },
    /// By itself and by a file, in one place.
    SetTwice {
        setting: &'static str,
    },
    InvalidValue {
        setting: &'static str,
        expected: &'static str,
    },
    Store {
        store: String,
        source: StoreError,
    },
    NotBuiltIn {
        what: String,
        feature: &'static str,
    },
    Page(serde_json::Error),
    Hashing(argon2::password_hash::Error),
    Listen {
        host: String,
        port: u16,
        source: io::Error,
    },
    Server(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Jwt(error) => error.fmt(f),
            Self::Make { path, source } => write!(f, "cannot make {path}: {source}"),
            Self::Read { path, source } => write!(f, "cannot read {path}: {source}"),
            Self::Syntax { path } => write!(f, "{path} is not valid TOML"),
            Self::UnknownSetting { name, suggestion: Some(near) } => {
                write!(f, "{name} is no setting; did you mean {near}?")
            }
            Self::UnknownSetting { name, suggestion: None } => write!(f, "{name} is no setting"),
            Self::Misplaced { table, setting } => write!(
                f,
                "{setting} stands in the table [{table}], where it is not in force; move it up, above the first [table]"
            ),
            Self::SetTwice { setting } => write!(f, "{setting} and {setting}_FILE are both set; take one of them away"),
            Self::InvalidValue { setting, expected } => write!(f, "{setting} must be {expected}"),
            Self::Store { store, source } => write!(f, "cannot keep logins in {store}: {source}"),
            Self::NotBuiltIn { what, feature } => {
                write!(f, "this demo was built without {what}; start it with: cargo run -p demo --features {feature}")
            }
            Self::Print(source) => write!(f, "cannot write to standard output: {source}"),
            Self::Page(error) => write!(f, "cannot write the page: {error}"),
            Self::Hashing(error) => write!(f, "cannot hash passwords: {error}"),
            Self::Listen { host, port, source } => {
                write!(f, "cannot listen on {host}, port {port}: {source}")?;
                if source.kind() == io::ErrorKind::AddrInUse {
                    f.write_str("; take another with --port, or any free one with --port 0")?;
                }
                Ok(())
            }
            Self::Server(source) => write!(f, "the server failed: {source}"),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Jwt(error) => Some(error),
            Self::Store { source, .. } => Some(source),
            Self::Page(error) => Some(error),
            Self::Hashing(error) => Some(error),
            Self::Make { source, .. } | Self::Read { source, .. } | Self::Listen { source, .. } => Some(source),
            Self::Server(source) | Self::Print(source) => Some(source),
            Self::Syntax { .. }
            | Self::UnknownSetting { .. }
            | Self::SetTwice { .. }
            | Self::InvalidValue { .. }
            | Self::Misplaced { .. }
            | Self::NotBuiltIn { .. } => None,
        }
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        match error {
            // The library's text is for those who can edit a Cargo.toml.
            ConfigError::NotBuiltIn { algorithm, feature, .. } => Self::NotBuiltIn { what: algorithm, feature },
            error => Self::Jwt(error),
        }
    }
}
