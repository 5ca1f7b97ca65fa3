//! `demo token inspect`: what a token says, and which check it fails. The token is not printed back.

use crate::error::StartError;
use actix_jwt_extended::{DecodeOptions, JwtConfig, JwtError, JwtManager};
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::io::{self, Read as _};

#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Takes a token apart, and says which check of these settings it fails
    ///
    /// It is read from standard input, so that it is in no list of processes and in no shell's history.
    Inspect,
}

/// No header is longer, with the word "Bearer" before the token.
const LONGEST: u64 = 64 * 1024;

impl Token {
    pub fn run(self, config: JwtConfig) -> Result<String, StartError> {
        let Action::Inspect = self.action;
        let mut text = String::new();
        let source = |source| StartError::Read { path: "standard input".to_owned(), source };
        io::stdin().take(LONGEST).read_to_string(&mut text).map_err(source)?;
        let token = text.trim();
        let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
        Ok(inspect(&JwtManager::new(config)?, token))
    }
}

fn inspect(jwt: &JwtManager, token: &str) -> String {
    let mut text = format!("length: {} bytes\n", token.len());
    if let Ok(header) = jwt.get_unverified_jwt_headers(token) {
        let _ = writeln!(text, "header: {}", serde_json::Value::from(header));
    }
    let verdict = jwt.decode_token(token);
    let read = match &verdict {
        Ok(verified) => Some(verified.clone()),
        // All else is good.
        Err(JwtError::Expired(verified)) => Some(verified.clone()),
        Err(_) => jwt.decode_token_with(token, &DecodeOptions::new().allow_expired()).ok(),
    };
    match read {
        Some(verified) => {
            let mut claims = verified.claims().clone();
            // Whoever has it, can do what the cookie's owner can.
            if let Some(csrf) = claims.get_mut("csrf") {
                *csrf = "[hidden]".into();
            }
            let _ = writeln!(text, "claims: {}", serde_json::Value::from(claims));
            let _ = writeln!(text, "type: {}", verified.token_type());
        }
        None => text.push_str("claims: not shown, because nothing says that they are genuine\n"),
    }
    let verdict = match verdict {
        Ok(_) => "good; whether it is revoked, the store knows".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    let _ = writeln!(text, "verdict: {verdict}");
    text
}
