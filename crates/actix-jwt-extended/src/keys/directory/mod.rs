//! A directory of keys: one file for each, and `keys.json`, which says from when to when each does what.
//!
//! Any number of processes read it, on one machine or on many, and all of them read the same states off their clocks. Whoever
//! changes it holds a lock, writes a new key's file first and then the whole journal anew: a crash at any point leaves what was
//! there before, and perhaps a file that nothing names.

mod files;
mod journal;
mod reading;

pub(crate) use reading::Known;

use super::generate::generate;
use super::halves::{halves, thumbprint};
use super::term::{self, NEVER};
use super::{Algorithm, KeyInfo, KeyRules};
use crate::claims::AlgorithmFamily;
use crate::clock::{Clock, SystemClock, unix_seconds};
use crate::config::{JwtConfig, Lifetime};
use crate::error::ConfigError;
use journal::{Entry, Journal, MOST, judge_key_id};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

const SETTING: &str = "JWT_KEYS_DIR";

/// A directory of keys, to be looked at and changed: what a key tool does.
///
/// A manager with `JWT_KEYS_DIR` follows the directory by itself, within a second.
///
/// ```
/// use actix_jwt_extended::JwtConfig;
/// use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyState};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// let keys = KeyDirectory::open(&JwtConfig::new().keys_dir(path))?;
/// let first = keys.add(Algorithm::ES256)?;
/// assert_eq!(keys.list()?[0].state(), KeyState::Active);
/// keys.rotate(None)?;
/// assert_eq!(keys.list()?[1].state(), KeyState::Next);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct KeyDirectory {
    path: PathBuf,
    rules: Arc<KeyRules>,
    /// In seconds; `None` = no key is replaced by itself.
    lifetime: Option<i64>,
    allow_readable: bool,
    dry: bool,
    clock: Arc<dyn Clock>,
}

impl KeyDirectory {
    /// The directory of `JWT_KEYS_DIR`, with the times of the other settings. It must exist; it may be empty.
    ///
    /// # Errors
    /// The setting is not set, or names no directory.
    pub fn open(config: &JwtConfig) -> Result<Self, ConfigError> {
        let Some(path) = &config.keys_dir else {
            return Err(invalid("is not set; name the directory of the keys"));
        };
        let found = std::fs::metadata(path).map_err(|error| invalid(format!("{}: {error}", path.display())))?;
        if !found.is_dir() {
            return Err(invalid(format!("{} is no directory", path.display())));
        }
        let lifetime = match config.key_lifetime {
            Lifetime::After(duration) => i64::try_from(duration.as_secs()).ok(),
            Lifetime::Never => None,
        };
        let rules = Arc::new(KeyRules::of(config));
        Ok(Self {
            path: path.clone(),
            rules,
            lifetime,
            allow_readable: config.allow_readable_keys,
            dry: false,
            clock: Arc::new(SystemClock),
        })
    }

    /// Does everything but write: errors and answers are those of the real thing.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// # use actix_jwt_extended::keys::{Algorithm, KeyDirectory};
    /// # let folder = tempfile::tempdir()?;
    /// let keys = KeyDirectory::open(&JwtConfig::new().keys_dir(folder.path()))?.dry_run(true);
    /// keys.add(Algorithm::ES256)?;
    /// assert!(keys.list()?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn dry_run(self, dry: bool) -> Self {
        Self { dry, ..self }
    }

    /// Takes the time from this clock instead of the operating system's.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::KeyDirectory;
    /// # use actix_jwt_extended::{JwtConfig, SystemClock};
    /// # let folder = tempfile::tempdir()?;
    /// let keys = KeyDirectory::open(&JwtConfig::new().keys_dir(folder.path()))?.clock(SystemClock);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    fn now(&self) -> i64 {
        unix_seconds(self.clock.now())
    }

    /// The keys with their states.
    ///
    /// # Errors
    /// What is wrong with the directory, with the file's name.
    pub fn list(&self) -> Result<Vec<KeyInfo>, ConfigError> {
        let now = self.now();
        let keys = self.load(&mut Known::default(), now)?;
        Ok(KeyInfo::of_all(&keys, now, self.rules.retires_for))
    }

    /// Makes a key; its ID. The first one signs at once. Any other is `next`, until [`rotate`](Self::rotate) says when it signs, or
    /// the key that signs gets old.
    ///
    /// # Errors
    /// The algorithm is not built in; the directory cannot be written to, or something is wrong with it.
    pub fn add(&self, algorithm: Algorithm) -> Result<String, ConfigError> {
        self.edit(|journal, now| self.make(journal, algorithm, now))
    }

    /// Takes a key that exists: PEM, a JWK, or for `HS*` a secret as in `JWT_SECRET_KEY_FILE`. Otherwise as [`add`](Self::add).
    ///
    /// # Errors
    /// As of [`add`](Self::add); text that is no such key, or one that is there already.
    pub fn import(&self, algorithm: Algorithm, text: &str) -> Result<String, ConfigError> {
        self.edit(|journal, now| {
            let end = if algorithm.family() == AlgorithmFamily::Hmac { "secret" } else { "pem" };
            let text = Zeroizing::new(text.to_owned());
            self.enter(journal, algorithm, &text, end, now)
        })
    }

    /// Says when another key signs: the one that is `next`, or a new one for this algorithm, or like the present one. It does
    /// as soon as it has been published for `JWT_JWKS_MAX_AGE` and `JWT_DECODE_LEEWAY`. Its ID.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn rotate(&self, algorithm: Option<Algorithm>) -> Result<String, ConfigError> {
        self.edit(|journal, now| {
            let place = self.next(journal, algorithm, now)?;
            let published = journal.keys.get(place).map_or(now, |entry| entry.published);
            let signs_from = published.saturating_add(self.rules.published_for).max(now);
            schedule(journal, place, now, signs_from)
        })
    }

    /// As [`rotate`](Self::rotate), at once: verifiers elsewhere may refuse the new tokens for as long as `JWT_JWKS_MAX_AGE`.
    ///
    /// # Errors
    /// As of [`add`](Self::add).
    pub fn rotate_now(&self, algorithm: Option<Algorithm>) -> Result<String, ConfigError> {
        self.edit(|journal, now| {
            let place = self.next(journal, algorithm, now)?;
            schedule(journal, place, now, now)
        })
    }

    /// Withdraws a key, and deletes its file: no token of it is accepted any more. Where it is the one that signs, the one before it
    /// does again, or else the next one, or a new one.
    ///
    /// # Errors
    /// There is no such key; as of [`add`](Self::add).
    pub fn withdraw(&self, key_id: &str) -> Result<(), ConfigError> {
        self.edit(|journal, now| {
            let place = journal.place_of(key_id).ok_or_else(|| invalid(format!("has no key {key_id:?}")))?;
            let algorithm = journal.keys.get(place).map(|entry| entry.algorithm);
            let signs = journal.step(now, |terms| {
                if let Some(term) = terms.get_mut(place) {
                    term.withdrawn = true;
                }
                term::sign_at_all(terms.iter_mut().collect(), now)
            });
            if let (false, Some(algorithm)) = (signs, algorithm) {
                self.make(journal, algorithm, now)?;
            }
            Ok(())
        })
    }

    /// Does what the keys' age asks for, if it asks for anything: at half of `JWT_KEY_LIFETIME` a key is made that signs when a
    /// sixth of it is left. Whether the directory has changed.
    pub(crate) fn keep(&self, now: i64) -> Result<bool, ConfigError> {
        let is_due = |journal: &Journal| self.due(journal, now).is_some();
        match self.journal()? {
            Some(journal) if is_due(&journal) => {}
            _ => return Ok(false),
        }
        // By itself nothing is changed that is not whole.
        self.load(&mut Known::default(), now)?;
        self.edit_at(now, |journal| {
            // Another process may have done it meanwhile.
            let Some((algorithm, takes_over)) = self.due(journal, now) else { return Ok(false) };
            let place = self.next(journal, Some(algorithm), now)?;
            let published = journal.keys.get(place).map_or(now, |entry| entry.published);
            let signs_from = published.saturating_add(self.rules.published_for).max(takes_over);
            schedule(journal, place, now, signs_from)?;
            Ok(true)
        })
    }

    /// The algorithm of the key that must be replaced, and when.
    fn due(&self, journal: &Journal, now: i64) -> Option<(Algorithm, i64)> {
        let lifetime = self.lifetime?;
        let active = journal.active(now)?;
        let since = active.signs_from?;
        let is_arranged = journal.keys.iter().any(|entry| entry.waits(now) && entry.signs_from.is_some());
        let is_old = since.saturating_add(lifetime / 2) <= now;
        (is_old && !is_arranged).then(|| (active.algorithm, since.saturating_add(lifetime - lifetime / 6)))
    }

    /// The place of the key that signs next: one that waits, else a new one.
    fn next(&self, journal: &mut Journal, algorithm: Option<Algorithm>, now: i64) -> Result<usize, ConfigError> {
        let fits = |entry: &Entry| algorithm.is_none_or(|algorithm| algorithm.is_same_as(entry.algorithm));
        if let Some(place) = journal.keys.iter().position(|entry| entry.waits(now) && fits(entry)) {
            return Ok(place);
        }
        let Some(algorithm) = algorithm.or(journal.active(now).map(|entry| entry.algorithm)) else {
            return Err(invalid("holds no key that another one could replace; add one first"));
        };
        self.make(journal, algorithm, now)?;
        Ok(journal.keys.len() - 1)
    }

    fn make(&self, journal: &mut Journal, algorithm: Algorithm, now: i64) -> Result<String, ConfigError> {
        let (text, end) = generate(algorithm).ok_or_else(|| ConfigError::NotBuiltIn {
            setting: SETTING,
            algorithm: algorithm.to_string(),
            feature: "asymmetric",
        })?;
        self.enter(journal, algorithm, &text, end, now)
    }

    fn enter(
        &self,
        journal: &mut Journal,
        algorithm: Algorithm,
        text: &Zeroizing<String>,
        end: &str,
        now: i64,
    ) -> Result<String, ConfigError> {
        let (signing, verifying) = halves(SETTING, "the key", algorithm, text.as_bytes())?;
        let own = signing.key_id().or(verifying.key_id()).map(str::to_owned);
        let key_id =
            own.or_else(|| thumbprint(&verifying)).unwrap_or_else(|| uuid::Uuid::new_v4().simple().to_string());
        judge_key_id(&key_id).map_err(invalid)?;
        if journal.place_of(&key_id).is_some() {
            return Err(ConfigError::Conflict(format!("the key {key_id:?} is in {SETTING} already")));
        }
        if journal.keys.len() >= MOST {
            let text = format!("holds {MOST} keys, and more it cannot; those that are withdrawn go by themselves");
            return Err(invalid(text));
        }
        let plain = key_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let name = if plain { key_id.clone() } else { uuid::Uuid::new_v4().simple().to_string() };
        let mut file = format!("{name}.{end}");
        // Of somebody who was killed before the journal named it.
        if files::is_there(&self.path, &file) {
            file = format!("{}.{end}", uuid::Uuid::new_v4().simple());
        }
        if !self.dry {
            files::create_key(&self.path, &file, text.as_bytes())
                .map_err(|error| invalid(format!("{}: {error}", self.path.join(&file).display())))?;
        }
        let signs = journal.keys.iter().any(|entry| entry.withdrawn.is_none() && entry.signs_from.is_some());
        let signs_from = (!signs).then_some(now);
        journal.keys.push(Entry {
            key_id: key_id.clone(),
            algorithm,
            file,
            published: now,
            signs_from,
            withdrawn: None,
        });
        Ok(key_id)
    }

    fn edit<T>(&self, edit: impl FnOnce(&mut Journal, i64) -> Result<T, ConfigError>) -> Result<T, ConfigError> {
        let now = self.now();
        self.edit_at(now, |journal| edit(journal, now))
    }

    fn edit_at<T>(
        &self,
        now: i64,
        edit: impl FnOnce(&mut Journal) -> Result<T, ConfigError>,
    ) -> Result<T, ConfigError> {
        let _held =
            if self.dry { None } else { Some(files::lock(&self.path).map_err(|error| self.cannot_write(&error))?) };
        let mut journal = match self.journal()? {
            Some(journal) => journal,
            None => {
                let journal = self.without_journal(now)?;
                // Beside a second key nobody would know what the one that was alone does.
                if !self.dry && !journal.keys.is_empty() {
                    self.write(&journal)?;
                }
                journal
            }
        };
        let gone = self.prune(&mut journal, now);
        let outcome = edit(&mut journal)?;
        if !self.dry {
            self.write(&journal)?;
            let withdrawn = journal.keys.iter().filter(|entry| entry.withdrawn.is_some()).map(|entry| &entry.file);
            for file in withdrawn.chain(&gone) {
                // What nothing names any more does no harm.
                let _ = std::fs::remove_file(self.path.join(file));
            }
        }
        Ok(outcome)
    }

    fn write(&self, journal: &Journal) -> Result<(), ConfigError> {
        let text = journal.to_text().map_err(|error| invalid(error.to_string()))?;
        files::write_journal(&self.path, &text).map_err(|error| self.cannot_write(&error))
    }

    fn cannot_write(&self, error: &std::io::Error) -> ConfigError {
        invalid(format!("{} cannot be written to: {error}", self.path.display()))
    }

    /// Takes out what has gone; the names of its files.
    fn prune(&self, journal: &mut Journal, now: i64) -> Vec<String> {
        let Some(retires_for) = self.rules.retires_for else { return Vec::new() };
        let terms: Vec<_> = journal.keys.iter().map(Entry::term).collect();
        let is_gone = |entry: &Entry| match entry.withdrawn {
            // Its tokens have all expired.
            Some(since) => since.saturating_add(retires_for) <= now,
            None => {
                let from = entry.term().signs_from;
                let later = terms.iter().filter(|term| !term.withdrawn && term.signs_from > from);
                let since = later.map(|term| term.signs_from).min().unwrap_or(NEVER);
                from <= now && since.saturating_add(retires_for) <= now
            }
        };
        let gone = journal.keys.iter().filter(|entry| is_gone(entry)).map(|entry| entry.file.clone()).collect();
        journal.keys.retain(|entry| !is_gone(entry));
        gone
    }
}

/// The key at this place takes over then.
fn schedule(journal: &mut Journal, place: usize, now: i64, signs_from: i64) -> Result<String, ConfigError> {
    journal.step(now, |terms| {
        // This one among them, so that none is in its way.
        let _ = term::prepare(terms.iter_mut(), now, signs_from);
        if signs_from <= now {
            term::make_room(terms.iter_mut(), now);
        }
        if let Some(term) = terms.get_mut(place) {
            term.signs_from = signs_from;
        }
    });
    journal.keys.get(place).map(|entry| entry.key_id.clone()).ok_or_else(|| invalid("holds no such key"))
}

fn invalid(reason: impl Into<String>) -> ConfigError {
    super::invalid::invalid(SETTING, reason)
}
