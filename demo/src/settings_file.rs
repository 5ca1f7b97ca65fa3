//! The settings file of the first run, with a secret that nobody else has.

use crate::error::StartError;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

const SECRET_BYTES: usize = 32;

/// Makes the file if there is none. Never overwrites one: of demos that start at the same time
/// one makes it, and all read the same secret.
///
/// Whether there is one now: where none can be made, `can_do_without` it a demo starts all the same.
pub fn make_if_missing(path: &Path, can_do_without: bool) -> Result<bool, StartError> {
    // A link that leads nowhere is something, too. What cannot be read is told by whoever reads it.
    if !path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(true);
    }
    match make(path) {
        Ok(()) => {
            let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            log::info!("made {} with a random secret", shown.display());
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(true),
        Err(error) if can_do_without => {
            log::info!("settings are the environment's: {} cannot be made: {error}", path.display());
            Ok(false)
        }
        Err(source) => Err(StartError::Make { path: path.display().to_string(), source }),
    }
}

fn make(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    // Readable by its owner only (mode 0600), which is tempfile's default.
    let mut file = NamedTempFile::new_in(folder).map_err(without_path)?;
    file.write_all(content()?.as_bytes()).map_err(without_path)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path)?;
    Ok(())
}

fn content() -> io::Result<String> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret)?;
    let mut hex = String::with_capacity(2 * SECRET_BYTES);
    for byte in secret {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(format!(
        "# Made by the demo at its first run. Settings.example.toml explains every setting.\n\
         \n\
         # Signs the tokens: whoever knows it can make tokens for anybody. Keep it out of version control.\n\
         # With another one, all tokens issued so far stop working.\n\
         JWT_SECRET_KEY = \"{hex}\"\n"
    ))
}

/// The name of a temporary file tells the user nothing.
fn without_path(error: io::Error) -> io::Error {
    error.kind().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_is_another_one_of_64_hex_digits() {
        let secret = || {
            let content = content().unwrap();
            let (_, rest) = content.split_once("JWT_SECRET_KEY = \"").unwrap();
            rest.strip_suffix("\"\n").unwrap().to_owned()
        };
        let (one, other) = (secret(), secret());
        assert_ne!(one, other);
        assert_eq!(one.len(), 64);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
