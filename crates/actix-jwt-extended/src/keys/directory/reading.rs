//! A directory read: its journal, and the key in each file.

use super::files::{self, Stamp};
use super::journal::{Entry, Journal};
use super::{KeyDirectory, SETTING, invalid};
use crate::clock::unix_seconds;
use crate::error::ConfigError;
use crate::keys::halves::{halves, thumbprint};
use crate::keys::term::{Origin, TimedKey};
use crate::keys::{Algorithm, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The keys of a directory as they were read, so that what has not changed is not prepared again.
#[derive(Debug, Default)]
pub(crate) struct Known {
    keys: HashMap<String, KnownKey>,
    /// What it was read from.
    stamps: Stamps,
}

/// `None` = it cannot be looked at.
type Stamps = Vec<(PathBuf, Option<Stamp>)>;

/// How often a directory is read that is broken and changes at the same time.
const MOST_ATTEMPTS: usize = 8;

#[derive(Debug, Clone)]
struct KnownKey {
    digest: [u8; 32],
    algorithm: Algorithm,
    signing: SigningKey,
    verifying: VerifyingKey,
}

impl KeyDirectory {
    pub(super) fn journal(&self) -> Result<Option<Journal>, ConfigError> {
        let path = self.path.join(files::JOURNAL);
        let wrong = |reason: &dyn std::fmt::Display| invalid(format!("{} {reason}", path.display()));
        let text = files::read_journal(&self.path).map_err(|error| wrong(&format_args!("cannot be read: {error}")))?;
        text.map(|text| Journal::parse(&text).map_err(|reason| wrong(&reason))).transpose()
    }

    /// As a directory with one key and nothing else is read.
    pub(super) fn without_journal(&self, now: i64) -> Result<Journal, ConfigError> {
        let names = files::candidates(&self.path, 1)
            .map_err(|error| invalid(format!("{} cannot be read: {error}", self.path.display())))?;
        match &*names {
            [] => Ok(Journal::default()),
            [file] => {
                let content = self.read(file)?;
                let algorithm = only_algorithm(&content).ok_or_else(|| {
                    invalid(format!("{} does not tell its algorithm; import it", self.path.join(file).display()))
                })?;
                let (signing, verifying) =
                    halves(SETTING, &self.path.join(file).display().to_string(), algorithm, &content)?;
                let own = signing.key_id().map(str::to_owned).or_else(|| thumbprint(&verifying));
                let stem = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file).to_owned();
                let mut journal = Journal::default();
                journal.keys.push(Entry {
                    key_id: own.unwrap_or(stem),
                    algorithm,
                    file: file.clone(),
                    published: 0,
                    // A date, so that one day it is old enough.
                    signs_from: Some(self.modified(file).unwrap_or(now)),
                    withdrawn: None,
                });
                Ok(journal)
            }
            _ => Err(invalid(format!(
                "{} holds several keys and no {}, which says what each does",
                self.path.display(),
                files::JOURNAL
            ))),
        }
    }

    fn modified(&self, file: &str) -> Option<i64> {
        let modified = std::fs::metadata(self.path.join(file)).ok()?.modified().ok()?;
        Some(unix_seconds(modified))
    }

    /// All keys of the directory, with what `known` has of them.
    pub(crate) fn load(&self, known: &mut Known, now: i64) -> Result<Vec<TimedKey>, ConfigError> {
        let mut attempts = 1;
        loop {
            // Before anything is read: what is written meanwhile is found next time.
            let before = self.stamps(["", files::JOURNAL]);
            let outcome = self.load_after(before.clone(), known, now);
            // A key that is withdrawn goes once the journal says so: whoever has read the old one finds no key.
            if outcome.is_ok() || attempts == MOST_ATTEMPTS || before == self.stamps(["", files::JOURNAL]) {
                return outcome;
            }
            attempts += 1;
        }
    }

    fn load_after(&self, mut stamps: Stamps, known: &mut Known, now: i64) -> Result<Vec<TimedKey>, ConfigError> {
        let journal = match self.journal()? {
            Some(journal) => journal,
            None => self.without_journal(now)?,
        };
        let stay = journal.keys.iter().filter(|entry| entry.withdrawn.is_none());
        stamps.extend(self.stamps(stay.map(|entry| &*entry.file)));
        let mut read = HashMap::new();
        let mut keys = Vec::with_capacity(journal.keys.len());
        let mut seen: HashMap<[u8; 32], &str> = HashMap::new();
        for entry in &journal.keys {
            let term = entry.term();
            if term.withdrawn {
                let verifying = VerifyingKey::of_nothing(&entry.key_id);
                keys.push(TimedKey { verifying, signing: None, term, origin: Origin::Directory });
                continue;
            }
            let content = self.read(&entry.file)?;
            let digest: [u8; 32] = Sha256::digest(&*content).into();
            if let Some(other) = seen.insert(digest, &entry.file) {
                return Err(invalid(format!("{} and {other} are the same key", self.path.join(&entry.file).display())));
            }
            let same = |known: &&KnownKey| known.digest == digest && known.algorithm == entry.algorithm;
            let key = match known.keys.get(&entry.key_id).filter(same) {
                Some(key) => key.clone(),
                None => {
                    let place = self.path.join(&entry.file).display().to_string();
                    let (signing, verifying) = halves(SETTING, &place, entry.algorithm, &content)?;
                    let signing = signing.with_key_id(entry.key_id.clone());
                    let verifying = verifying.with_key_id(entry.key_id.clone());
                    KnownKey { digest, algorithm: entry.algorithm, signing, verifying }
                }
            };
            let (signing, verifying) = (Some(key.signing.clone()), key.verifying.clone());
            keys.push(TimedKey { verifying, signing, term, origin: Origin::Directory });
            read.insert(entry.key_id.clone(), key);
        }
        *known = Known { keys: read, stamps };
        Ok(keys)
    }

    /// Whether what `known` was read from is still what is there.
    pub(crate) fn is_known(&self, known: &Known) -> bool {
        !known.stamps.is_empty() && known.stamps.iter().all(|(path, stamp)| files::stamp(path) == *stamp)
    }

    /// `""` is the directory itself: a file that comes changes it.
    fn stamps<'a>(&self, files: impl IntoIterator<Item = &'a str>) -> Stamps {
        let paths = files.into_iter().map(|file| self.path.join(file));
        paths
            .map(|path| {
                let stamp = files::stamp(&path);
                (path, stamp)
            })
            .collect()
    }

    fn read(&self, file: &str) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
        let path = self.path.join(file);
        let (content, open) =
            files::read_key(&path).map_err(|error| invalid(format!("{} cannot be read: {error}", path.display())))?;
        if let Some(mode) = open.filter(|_| !self.allow_readable) {
            let text = format!(
                "{} can be read by others than its owner (mode {mode:04o}); run `chmod 600` on it, or set \
                 JWT_ALLOW_READABLE_KEYS = true",
                path.display()
            );
            // As with cookies without `Secure`: on a developer's machine it is a warning.
            if !cfg!(debug_assertions) {
                return Err(invalid(text));
            }
            log::warn!("{SETTING} {text}");
        }
        Ok(content)
    }
}

/// Of a key whose kind leaves no choice, or a usual one: `RS256` for RSA, `EdDSA` for Ed25519, `HS256` for a secret.
fn only_algorithm(content: &[u8]) -> Option<Algorithm> {
    use Algorithm::{ES256, ES384, ES512, EdDSA, HS256, MlDsa44, MlDsa65, MlDsa87, RS256};
    let text = std::str::from_utf8(content).ok()?;
    let pairs = [ES256, EdDSA, RS256, ES384, ES512, MlDsa44, MlDsa65, MlDsa87];
    pairs.into_iter().chain([HS256]).find(|algorithm| halves(SETTING, "it", *algorithm, text.as_bytes()).is_ok())
}
