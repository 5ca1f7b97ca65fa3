//! What the program does besides serving: `demo keys …` and `demo token …`.

mod keys;
mod token;

use crate::error::StartError;
use actix_jwt_extended::JwtConfig;
use clap::Subcommand;
use std::io::{self, Write as _};
use std::path::Path;

#[derive(Debug, Subcommand)]
pub enum Tool {
    /// Looks at the keys of JWT_KEYS_DIR, and changes them
    Keys(keys::Keys),
    /// Takes tokens apart
    Token(token::Token),
}

impl Tool {
    pub fn run(self, settings: &Path) -> Result<(), StartError> {
        let config = if settings.exists() { JwtConfig::from_file(settings)? } else { JwtConfig::from_env()? };
        let text = match self {
            Self::Keys(keys) => keys.run(config)?,
            Self::Token(token) => token.run(config)?,
        };
        // Not `println!`: it panics when nobody reads any more.
        io::stdout().write_all(text.as_bytes()).map_err(StartError::Print)
    }
}
