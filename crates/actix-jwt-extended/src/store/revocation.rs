//! What can be revoked, and which revocations concern a token.

use super::{FOREVER, indexed};

/// Some tokens that nobody may use any more: those with this key that were issued up to a time.
///
/// A store keeps three fields and compares them; what they mean is the library's matter. Keys are short
/// (at most 137 bytes), without NUL.
///
/// ```
/// use actix_jwt_extended::store::Revocation;
///
/// let one = Revocation::of_token("5e9c…", 1_800_000_900_000);
/// assert_eq!((one.key(), one.issued_until_ms(), one.until_ms()), ("t:5e9c…", i64::MAX, 1_800_000_900_000));
/// let all = Revocation::of_subject("ada", 1_800_000_000_000, 1_802_592_000_000);
/// assert_eq!((all.key(), all.issued_until_ms()), ("u:ada", 1_800_000_000_000));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    key: String,
    issued_until_ms: i64,
    until_ms: i64,
}

impl Revocation {
    /// One token, by its JWT ID.
    #[must_use]
    pub fn of_token(jwt_id: &str, until_ms: i64) -> Self {
        Self { key: key('t', jwt_id), issued_until_ms: FOREVER, until_ms }
    }

    /// All tokens of a session.
    #[must_use]
    pub fn of_session(session_id: &str, until_ms: i64) -> Self {
        Self { key: key('s', session_id), issued_until_ms: FOREVER, until_ms }
    }

    /// All tokens of a subject that were issued up to a time.
    #[must_use]
    pub fn of_subject(subject: &str, issued_until_ms: i64, until_ms: i64) -> Self {
        Self { key: key('u', subject), issued_until_ms, until_ms }
    }

    /// Everybody's tokens that were issued up to a time.
    #[must_use]
    pub fn of_everyone(issued_until_ms: i64, until_ms: i64) -> Self {
        Self { key: EVERYONE.to_owned(), issued_until_ms, until_ms }
    }

    /// A revocation as a store has kept it.
    #[must_use]
    pub fn from_parts(key: String, issued_until_ms: i64, until_ms: i64) -> Self {
        Self { key, issued_until_ms, until_ms }
    }

    /// What it concerns; one revocation is kept for each key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Concerned are tokens issued up to this time, in milliseconds since the epoch; `i64::MAX` = all.
    /// Of two with one key the later counts.
    #[must_use]
    pub fn issued_until_ms(&self) -> i64 {
        self.issued_until_ms
    }

    /// How long it must be kept, in milliseconds since the epoch; `i64::MAX` = forever. Of two with one key
    /// the later counts.
    #[must_use]
    pub fn until_ms(&self) -> i64 {
        self.until_ms
    }
}

pub(super) const EVERYONE: &str = "e:";

fn key(kind: char, id: &str) -> String {
    format!("{kind}:{}", indexed(id))
}

/// What of a token decides whether it is revoked.
///
/// ```
/// use actix_jwt_extended::store::TokenIds;
///
/// let ids = TokenIds { jwt_id: "5e9c…", session_id: None, subject: "ada", issued_at_ms: 1_800_000_000_000 };
/// assert_eq!(ids.keys().collect::<Vec<_>>(), ["t:5e9c…", "u:ada", "e:"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenIds<'a> {
    /// Its `jti`.
    pub jwt_id: &'a str,
    /// Its `sid`, where it belongs to a session.
    pub session_id: Option<&'a str>,
    /// Whom it is about.
    pub subject: &'a str,
    /// When it was issued, in milliseconds since the epoch.
    pub issued_at_ms: i64,
}

impl TokenIds<'_> {
    /// The keys of all revocations that would concern it: it is revoked if one of these was
    /// [issued up to](Revocation::issued_until_ms) its own time, or later.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let token = key('t', self.jwt_id);
        let session = self.session_id.map(|id| key('s', id));
        let subject = key('u', self.subject);
        [token].into_iter().chain(session).chain([subject, EVERYONE.to_owned()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_short_and_never_mistaken() {
        let long = "x".repeat(8000);
        let ids = ["a", "", "a\0b", "sha256:00", &long, &long[1..], "s:a"];
        let keys: Vec<_> = ids.iter().flat_map(|id| ['t', 's', 'u'].map(|kind| key(kind, id))).collect();
        for (at, one) in keys.iter().enumerate() {
            assert!(one.len() <= 137 && !one.contains('\0'), "{one}");
            assert!(!keys[at + 1..].contains(one), "{one}");
        }
    }
}
