//! What can be revoked, and which revocations concern a token.

use super::{FOREVER, indexed};

/// Some tokens that nobody may use any more: those with this key that were issued up to a time.
///
/// A store keeps three fields and compares them; what they mean is the library's matter. Keys are short
/// (at most 171 bytes), without NUL.
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

    /// The same in a realm, the `JWT_REALM` of managers that share a store with others; empty: in none.
    ///
    /// ```
    /// use actix_jwt_extended::store::Revocation;
    /// assert_eq!(Revocation::of_subject("7", 1, 2).in_realm("staff").key(), "@staff:u:7");
    /// ```
    #[must_use]
    pub fn in_realm(self, realm: &str) -> Self {
        Self { key: in_realm(realm, self.key), ..self }
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

/// No key without a realm begins so.
pub(super) fn in_realm(realm: &str, key: String) -> String {
    if realm.is_empty() { key } else { format!("@{realm}:{key}") }
}

/// A key's realm, and the key in it.
pub(super) fn split_realm(key: &str) -> (&str, &str) {
    key.strip_prefix('@').and_then(|key| key.split_once(':')).unwrap_or(("", key))
}

fn key(kind: char, id: &str) -> String {
    format!("{kind}:{}", indexed(id))
}

/// What of a token decides whether it is revoked.
///
/// ```
/// use actix_jwt_extended::store::TokenIds;
///
/// let ids =
///     TokenIds { realm: "", jwt_id: "5e9c…", session_id: None, subject: "ada", issued_at_ms: 1_800_000_000_000 };
/// assert_eq!(ids.keys().collect::<Vec<_>>(), ["t:5e9c…", "u:ada", "e:"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenIds<'a> {
    /// That of its manager, `JWT_REALM`; empty: none.
    pub realm: &'a str,
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
        let keys = [token].into_iter().chain(session).chain([subject, EVERYONE.to_owned()]);
        keys.map(|key| in_realm(self.realm, key))
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

    #[test]
    fn realms_have_keys_of_their_own() {
        let ids = |realm, subject| TokenIds { realm, jwt_id: "j", session_id: Some("s"), subject, issued_at_ms: 0 };
        assert_eq!(ids("a", "7").keys().collect::<Vec<_>>(), ["@a:t:j", "@a:s:s", "@a:u:7", "@a:e:"]);
        assert_eq!(Revocation::of_everyone(1, 2).in_realm("a").key(), "@a:e:");
        assert_eq!(Revocation::of_everyone(1, 2).in_realm("").key(), "e:");
        // Whatever somebody is called.
        let odd = ids("", "@a:u:7");
        assert!(ids("a", "7").keys().all(|key| odd.keys().all(|other| other != key)));
        assert_eq!((split_realm("@a:u:@b:u:7"), split_realm("u:@a:u:7")), (("a", "u:@b:u:7"), ("", "u:@a:u:7")));
    }
}
