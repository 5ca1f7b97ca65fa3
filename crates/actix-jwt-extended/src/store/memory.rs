//! Everything in this process's memory.

use super::index::RevocationIndex;
use super::{Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

/// Keeps everything in memory: for tests, and for single processes that may forget at a restart.
///
/// After a restart a revoked token that has not expired is accepted again, and no refresh token with a
/// session is. Clones share one store: build the manager, or at least the store, before `HttpServer::new`, whose closure
/// each worker runs for itself.
///
/// ```
/// use actix_jwt_extended::store::MemoryStore;
/// use actix_jwt_extended::{JwtConfig, JwtManager};
/// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
///     .token_store(MemoryStore::new())
///     .build()?;
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Inner>);

#[derive(Debug, Default)]
pub(super) struct Inner {
    revoked: RevocationIndex,
    sessions: Mutex<Sessions>,
}

#[derive(Debug, Default)]
struct Sessions {
    records: HashMap<String, SessionRecord>,
    of_subject: HashMap<String, BTreeSet<String>>,
    /// By the time at which they end.
    by_end: BTreeSet<(i64, String)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn downgrade(&self) -> Weak<Inner> {
        Arc::downgrade(&self.0)
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Sessions> {
        // Nothing in here panics half-way.
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    fn put(&mut self, session: SessionRecord) {
        self.take(&session.sid.clone());
        self.by_end.insert((session.expires_at_ms, session.sid.clone()));
        self.of_subject.entry(session.subject.clone()).or_default().insert(session.sid.clone());
        self.records.insert(session.sid.clone(), session);
    }

    fn take(&mut self, session_id: &str) -> Option<SessionRecord> {
        let session = self.records.remove(session_id)?;
        self.by_end.remove(&(session.expires_at_ms, session.sid.clone()));
        if let Some(ids) = self.of_subject.get_mut(&session.subject) {
            ids.remove(session_id);
            if ids.is_empty() {
                self.of_subject.remove(&session.subject);
            }
        }
        Some(session)
    }

    fn remove_ended(&mut self, now_ms: i64) {
        while let Some((end, session_id)) = self.by_end.first().cloned()
            && end < now_ms
        {
            self.take(&session_id);
        }
    }
}

impl TokenStore for MemoryStore {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        self.0.revoked.insert(revocation, over_by_ms);
        Ok(())
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        Ok(self.0.revoked.contains(token))
    }

    fn is_revoked_at_once(&self, token: &TokenIds<'_>, _: Duration) -> Option<bool> {
        Some(self.0.revoked.contains(token))
    }

    fn revocations_so_far(&self, _: Duration) -> Option<u64> {
        Some(self.0.revoked.added())
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        let mut sessions = self.sessions();
        sessions.remove_ended(now_ms);
        if !sessions.records.contains_key(&session.sid) {
            sessions.put(session.clone());
        }
        Ok(())
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.sessions().records.get(session_id).cloned())
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let mut sessions = self.sessions();
        let follows = sessions
            .records
            .get(&session.sid)
            .is_some_and(|known| known.rotation.checked_add(1) == Some(session.rotation));
        if follows {
            sessions.put(session.clone());
        }
        Ok(follows)
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        Ok(self.sessions().take(&session.sid).is_some())
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let sessions = MemoryStore::sessions(self);
        let ids = sessions.of_subject.get(subject);
        Ok(ids.into_iter().flatten().filter_map(|id| sessions.records.get(id).cloned()).collect())
    }
}
