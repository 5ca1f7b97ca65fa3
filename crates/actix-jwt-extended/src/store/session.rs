//! What is kept of a session. Nobody can log in with it: of refresh tokens there are the IDs only.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A session as a store keeps it.
///
/// A store needs four fields, [`session_id`](Self::session_id), [`subject`](Self::subject),
/// [`rotation`](Self::rotation) and [`expires_at_ms`](Self::expires_at_ms), and keeps the rest as serde
/// writes it.
///
/// ```
/// use actix_jwt_extended::store::SessionRecord;
/// fn to_keep(session: &SessionRecord) -> serde_json::Result<(&str, &str, u64, String)> {
///     Ok((session.session_id(), session.subject(), session.rotation(), serde_json::to_string(session)?))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    pub(crate) sid: String,
    /// In a realm, with it before it.
    pub(crate) subject: String,
    /// `JWT_REALM`
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) realm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) label: Option<String>,
    pub(crate) created_at_ms: i64,
    /// Its absolute end; never moves.
    pub(crate) ends_at_ms: i64,
    pub(crate) expires_at_ms: i64,
    pub(crate) rotation: u64,
    /// The `jti` of the refresh token that is good now.
    pub(crate) current: String,
    /// The one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    pub(crate) rotated_at_ms: i64,
    /// How long any token of it lives, from its making on; the settings may say less by now. `None`: not known,
    /// because an earlier version of this crate began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) longest_ms: Option<i64>,
    /// The own claims that it was begun with. `None`: not known, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<Map<String, Value>>,
}

/// Some of a subject's sessions.
///
/// ```
/// use actix_jwt_extended::store::SessionsPage;
/// let last = SessionsPage { sessions: Vec::new(), next: None };
/// ```
#[derive(Debug, Clone, Default)]
pub struct SessionsPage {
    /// Each once, or more than once.
    pub sessions: Vec<SessionRecord>,
    /// Where the next page begins; `None` = this was the last.
    pub next: Option<String>,
}

impl SessionRecord {
    /// The `sid` of its tokens: a UUID, of sessions that the library begins; be ready for any text.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.sid
    }

    /// Whose session it is: any text up to the length of a token, after the realm where there is one.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The subject without the realm.
    pub(crate) fn owner(&self) -> &str {
        let in_realm =
            self.subject.strip_prefix('@').and_then(|text| text.strip_prefix(&*self.realm)?.strip_prefix(':'));
        if self.realm.is_empty() { &self.subject } else { in_realm.unwrap_or_default() }
    }

    /// How often it was rotated: the version that [`TokenStore::replace_session`](super::TokenStore) compares.
    #[must_use]
    pub fn rotation(&self) -> u64 {
        self.rotation
    }

    /// When it ends, unless it is used before, in milliseconds since the epoch; `i64::MAX` = never.
    #[must_use]
    pub fn expires_at_ms(&self) -> i64 {
        self.expires_at_ms
    }
}
