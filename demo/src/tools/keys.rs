//! `demo keys …`: the keys of `JWT_KEYS_DIR`. No private key is ever printed, and none is overwritten.

use crate::error::StartError;
use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyInfo};
use actix_jwt_extended::{JwtConfig, JwtManager};
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    action: Action,

    /// The directory of the keys, over JWT_KEYS_DIR
    #[arg(long, value_name = "DIRECTORY", global = true)]
    dir: Option<PathBuf>,

    /// Says what would happen, and changes nothing
    #[arg(long, global = true)]
    dry_run: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Makes a key. The first one signs at once, any other waits for `rotate`
    New {
        /// HS256, ES256, EdDSA, ML-DSA-44, and so on
        #[arg(long, default_value = "HS256")]
        alg: Algorithm,
    },
    /// Lists all keys: what each does, since when, and when that changes
    List,
    /// Replaces the key that signs by the one that waits, or by a new one, as soon as everybody can know it
    Rotate {
        /// Of a new key; by default that of the key that signs
        #[arg(long)]
        alg: Option<Algorithm>,
        /// At once: verifiers elsewhere may refuse the new tokens for as long as JWT_JWKS_MAX_AGE
        #[arg(long)]
        now: bool,
    },
    /// Withdraws a key that has leaked, and deletes its file: its tokens are refused from now on
    Withdraw {
        #[arg(value_name = "KID")]
        key_id: String,
    },
    /// Takes over a key from a file: PEM, a JWK, or a secret
    Import {
        file: PathBuf,
        /// What it signs
        #[arg(long)]
        alg: Algorithm,
    },
    /// Prints the public keys
    Export {
        /// As a JWK Set (RFC 7517), which is the only form
        #[arg(long, required = true)]
        jwks: bool,
    },
}

impl Keys {
    pub fn run(self, config: JwtConfig) -> Result<String, StartError> {
        let Self { action, dir, dry_run } = self;
        let config = match dir {
            Some(dir) => config.keys_dir(dir),
            None => config,
        };
        if let (Action::New { .. } | Action::Import { .. }, false, Some(dir)) =
            (&action, dry_run, config.keys_directory())
        {
            make_directory(dir)?;
        }
        let open = || Ok::<_, StartError>(KeyDirectory::open(&config)?.dry_run(dry_run));
        let would = if dry_run { "would be " } else { "" };
        Ok(match action {
            Action::New { alg } => format!("{} {would}made\n", open()?.add(alg)?),
            Action::List => table(&open()?.list()?, SystemTime::now()),
            Action::Rotate { alg, now: true } => {
                format!("{} {would}active from now on\n", open()?.rotate_now(alg)?)
            }
            Action::Rotate { alg, now: false } => {
                let keys = open()?;
                let key_id = keys.rotate(alg)?;
                let turn =
                    keys.list()?.into_iter().find(|key| key.key_id() == Some(&key_id)).and_then(|key| key.until());
                let when = turn.map_or("as soon as it is known".to_owned(), |time| distance(time, SystemTime::now()));
                format!("{key_id} {would}active {when}\n")
            }
            Action::Withdraw { key_id } => {
                open()?.withdraw(&key_id)?;
                format!("{key_id} {would}withdrawn\n")
            }
            Action::Import { file, alg } => {
                let read = |source| StartError::Read { path: file.display().to_string(), source };
                let text = fs::read_to_string(&file).map_err(read)?;
                format!("{} {would}imported\n", open()?.import(alg, &text)?)
            }
            Action::Export { .. } => JwtManager::new(config)?.jwks() + "\n",
        })
    }
}

/// As private as the keys in it.
fn make_directory(path: &std::path::Path) -> Result<(), StartError> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(StartError::Make { path: path.display().to_string(), source })
        }
        _ => Ok(()),
    }
}

fn table(keys: &[KeyInfo], now: SystemTime) -> String {
    let mut text = format!("{:<43}  {:<9}  {:<9}  {:<20}  {}\n", "KID", "ALG", "STATE", "SINCE", "CHANGES");
    for key in keys {
        let algorithm = key.algorithms().first().map_or("", |algorithm| algorithm.name());
        let moment = |time: Option<SystemTime>| time.map_or("-".to_owned(), |time| distance(time, now));
        let _ = writeln!(
            text,
            "{:<43}  {algorithm:<9}  {:<9}  {:<20}  {}",
            key.key_id().unwrap_or("-"),
            key.state().as_str(),
            moment(key.since()),
            moment(key.until()),
        );
    }
    text
}

/// "in 3days 2h", or "3days 2h ago".
fn distance(time: SystemTime, now: SystemTime) -> String {
    let shown = |length: Duration| {
        let whole = humantime::format_duration(Duration::from_secs(length.as_secs())).to_string();
        whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    match time.duration_since(now) {
        Ok(length) => format!("in {}", shown(length)),
        Err(before) => format!("{} ago", shown(before.duration())),
    }
}
