//! The library without a server: tokens issued and verified on the command line, by the settings of a file.
//!
//! ```console
//! $ token_tool() { cargo run -q --example token_tool -- "$@"; }
//! $ echo "JWT_SECRET_KEY = '$(openssl rand -hex 32)'" > tokens.toml
//! $ TOKEN=$(token_tool issue --settings tokens.toml ada)
//! $ token_tool verify --settings tokens.toml $TOKEN
//! {"csrf":"…","exp":…,"fresh":false,"iat":…,"jti":"…","nbf":…,"sub":"ada","type":"access"}
//! $ token_tool verify --settings tokens.toml ${TOKEN}x
//! Signature verification failed
//! ```
//!
//! With a key pair, `token_tool jwks --settings tokens.toml` prints the public key for others who verify.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use actix_jwt_extended::{JwtConfig, JwtManager};
use std::env;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "usage: token_tool issue --settings FILE IDENTITY
       token_tool verify --settings FILE TOKEN
       token_tool jwks --settings FILE";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<String, Box<dyn Error>> {
    let [command, flag, file, about @ ..] = arguments else { return Err(USAGE.into()) };
    if flag != "--settings" {
        return Err(USAGE.into());
    }
    // Keys are prepared and tried here, so a mistake in the file shows before a token is looked at.
    let jwt = JwtManager::new(JwtConfig::from_file(file)?)?;
    match (command.as_str(), about) {
        ("issue", [identity]) => Ok(jwt.create_access_token(identity)?),
        ("verify", [token]) => Ok(serde_json::to_string(jwt.decode_token(token)?.claims())?),
        ("jwks", []) => Ok(jwt.jwks()),
        _ => Err(USAGE.into()),
    }
}
