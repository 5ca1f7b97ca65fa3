//! Mistakes in the settings. Each names the setting and the way out.

use std::error::Error as StdError;
use std::fmt;

/// Why a manager cannot be built from these settings.
///
/// Found when the program starts, never on a request. Values of secrets are never part of it.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// let error = JwtManager::new(JwtConfig::new()).unwrap_err();
/// assert!(error.to_string().starts_with("JWT_SECRET_KEY is not set"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The settings file cannot be read.
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The settings file is not TOML.
    Syntax {
        /// The file.
        path: String,
        /// Where and why; without the line itself, which may hold a secret.
        reason: String,
    },
    /// A `JWT_*` name that is no setting.
    UnknownSetting {
        /// The name.
        name: String,
        /// The nearest name that is one.
        suggestion: Option<&'static str>,
    },
    /// A setting below a `[table]` header, where it would not be in force.
    Misplaced {
        /// The table.
        table: String,
        /// The setting as it must be called above the first header.
        setting: String,
    },
    /// A value of the wrong type, or out of range.
    InvalidValue {
        /// The setting.
        setting: &'static str,
        /// What it must be.
        expected: String,
    },
    /// An algorithm whose code was left out of the build.
    NotBuiltIn {
        /// The setting that asks for it.
        setting: &'static str,
        /// The algorithm.
        algorithm: String,
        /// The feature of this crate that builds it in.
        feature: &'static str,
    },
    /// A key that the algorithm needs is not there.
    MissingKey {
        /// The setting.
        setting: &'static str,
        /// The algorithm that needs it.
        algorithm: String,
        /// A command that makes one, or gets it out of what somebody has.
        make: String,
    },
    /// A secret that is too short, repeats itself, or is well known.
    WeakSecret {
        /// Why it is weak.
        reason: String,
    },
    /// A key that cannot be used.
    InvalidKey {
        /// The setting, or the builder's method.
        setting: &'static str,
        /// What is wrong with it, and what would be right.
        reason: String,
    },
    /// Two settings that contradict each other.
    Conflict(String),
    /// The crypto library does not do what it must on this machine.
    SelfTest {
        /// The algorithm that failed.
        algorithm: String,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {path}: {source}"),
            Self::Syntax { path, reason } => write!(f, "{path} is not valid TOML: {reason}"),
            Self::UnknownSetting { name, suggestion: Some(near) } => {
                write!(f, "{name} is no setting; did you mean {near}?")
            }
            Self::UnknownSetting { name, suggestion: None } => {
                write!(f, "{name} is no setting; the guide's page \"Settings\" lists them")
            }
            Self::Misplaced { table, setting } => write!(
                f,
                "{setting} stands in the table [{table}], where it is not in force; move it up, above the first [table]"
            ),
            Self::InvalidValue { setting, expected } => write!(f, "{setting} must be {expected}"),
            Self::NotBuiltIn { setting, algorithm, feature } => write!(
                f,
                "{setting} must be HS256, HS384 or HS512: {algorithm} needs the feature `{feature}` of actix-jwt-extended"
            ),
            Self::MissingKey { setting, algorithm, make } => {
                write!(f, "{setting} is not set, and {algorithm} needs it; ")?;
                match *setting {
                    // A new one would not be the issuer's.
                    "JWT_PUBLIC_KEY" => write!(f, "whoever has the private key gets it with `{make}`"),
                    "JWT_PRIVATE_KEY" => {
                        write!(f, "make one with `{make}`, or set JWT_PUBLIC_KEY where tokens are only verified")
                    }
                    _ => write!(f, "make one with `{make}`"),
                }
            }
            Self::WeakSecret { reason } => write!(
                f,
                "JWT_SECRET_KEY {reason}; make a strong one with `openssl rand -hex 32` \
                 (or accept it for a test with JWT_ALLOW_WEAK_SECRET = true)"
            ),
            Self::InvalidKey { setting, reason } => write!(f, "{setting} {reason}"),
            Self::Conflict(text) => f.write_str(text),
            Self::SelfTest { algorithm } => {
                write!(f, "the self-test of {algorithm} failed: the crypto library is broken on this machine")
            }
        }
    }
}

impl StdError for ConfigError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}
