//! `keys.json`: which keys a directory holds, and from when to when each does what.

use crate::claims::{Algorithm, MAX_NUMERIC_DATE};
use crate::keys::term::{NEVER, Term};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// More keys than this nobody has on purpose.
pub(super) const MOST: usize = 4096;

/// In bytes: what a header with it must have room for.
const LONGEST_KEY_ID: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    version: u32,
    pub(super) keys: Vec<Entry>,
}

/// One key. Times are in seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(rename = "kid")]
    pub(super) key_id: String,
    #[serde(rename = "alg")]
    pub(super) algorithm: Algorithm,
    /// Its name in the directory.
    pub(super) file: String,
    pub(super) published: i64,
    /// Absent = it waits until somebody says when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) signs_from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) withdrawn: Option<i64>,
}

impl Entry {
    pub(super) fn term(&self) -> Term {
        let signs_from = self.signs_from.unwrap_or(NEVER);
        Term { published: self.published, signs_from, withdrawn: self.withdrawn.is_some() }
    }

    /// Whether it neither signs yet nor is withdrawn.
    pub(super) fn waits(&self, now: i64) -> bool {
        self.withdrawn.is_none() && self.signs_from.is_none_or(|from| from > now)
    }

    pub(super) fn set_term(&mut self, term: Term, now: i64) {
        self.signs_from = (term.signs_from != NEVER).then_some(term.signs_from);
        self.withdrawn = term.withdrawn.then(|| self.withdrawn.unwrap_or(now));
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { version: 1, keys: Vec::new() }
    }
}

impl Journal {
    /// The error is a reason, in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let journal: Self = serde_json::from_str(text).map_err(|error| {
            // Where, and not what stands there.
            format!("is not as it must be, at line {} column {}", error.line(), error.column())
        })?;
        if journal.version != 1 {
            return Err(format!("has version {}; this program reads version 1", journal.version));
        }
        if journal.keys.len() > MOST {
            return Err(format!("has {} keys; at most {MOST} can be", journal.keys.len()));
        }
        let (mut files, mut ids, mut beginnings) = (HashSet::new(), HashSet::new(), HashSet::new());
        for entry in &journal.keys {
            judge_key_id(&entry.key_id)?;
            judge_file(&entry.file)?;
            let times = [Some(entry.published), entry.signs_from, entry.withdrawn];
            if times.into_iter().flatten().any(|time| !(0..=MAX_NUMERIC_DATE).contains(&time)) {
                return Err(format!("has a time for {:?} that is not in seconds since 1970", entry.key_id));
            }
            if !ids.insert(&entry.key_id) {
                return Err(format!("has two keys with the key ID {:?}", entry.key_id));
            }
            if entry.withdrawn.is_some() {
                continue;
            }
            if !files.insert(&entry.file) {
                return Err(format!("names the file {:?} twice", entry.file));
            }
            if entry.signs_from.is_some_and(|from| !beginnings.insert(from)) {
                return Err(format!("has another key that signs from the same second on as {:?}", entry.key_id));
            }
        }
        Ok(journal)
    }

    pub(super) fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Does one of a rotation's steps: on the terms of all keys, in order.
    pub(super) fn step<T>(&mut self, now: i64, step: impl FnOnce(&mut [Term]) -> T) -> T {
        let mut terms: Vec<_> = self.keys.iter().map(Entry::term).collect();
        let outcome = step(&mut terms);
        self.keys.iter_mut().zip(terms).for_each(|(entry, term)| entry.set_term(term, now));
        outcome
    }

    /// The key that signs.
    pub(super) fn active(&self, now: i64) -> Option<&Entry> {
        let begun = |entry: &&Entry| entry.withdrawn.is_none() && entry.signs_from.is_some_and(|from| from <= now);
        self.keys.iter().filter(begun).max_by_key(|entry| entry.signs_from)
    }

    pub(super) fn place_of(&self, key_id: &str) -> Option<usize> {
        self.keys.iter().position(|entry| entry.key_id == key_id)
    }
}

pub(super) fn judge_key_id(key_id: &str) -> Result<(), String> {
    if key_id.is_empty() || key_id.len() > LONGEST_KEY_ID || key_id.chars().any(char::is_control) {
        let shown: String = key_id.chars().take(32).collect();
        return Err(format!(
            "has the key ID {shown:?}…; one has 1 to {LONGEST_KEY_ID} bytes and no control characters"
        ));
    }
    Ok(())
}

fn judge_file(file: &str) -> Result<(), String> {
    let is_plain = !file.is_empty() && file.len() <= 255 && !file.starts_with('.') && !file.contains(['/', '\\', '\0']);
    if is_plain { Ok(()) } else { Err(format!("names the file {file:?}, which is no name of a file in its directory")) }
}
