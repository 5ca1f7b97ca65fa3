//! A store without its type, so that nothing else is generic over it.

use super::per_worker;
use super::{MemoryStore, Revocation, SessionRecord, SessionsPage, StoreError, TokenIds, TokenStore};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// Any store: what a [`JwtManager`](crate::JwtManager) holds. Clones share one store.
///
/// Every [`TokenStore`] becomes one by `into()`; several managers can share it.
///
/// ```
/// use actix_jwt_extended::store::{MemoryStore, SharedStore};
/// let store: SharedStore = MemoryStore::new().into();
/// let same = store.clone();
/// ```
#[derive(Clone)]
pub struct SharedStore {
    store: Arc<dyn Erased>,
    /// Where it is one.
    memory: Option<MemoryStore>,
}

impl<S: TokenStore> From<S> for SharedStore {
    fn from(store: S) -> Self {
        let any = &store as &dyn Any;
        let in_arc = || any.downcast_ref::<Arc<MemoryStore>>().map(|store| MemoryStore::clone(store));
        let memory = any.downcast_ref::<MemoryStore>().cloned().or_else(in_arc);
        Self { store: Arc::new(store), memory }
    }
}

impl fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.store.fmt(f)
    }
}

impl SharedStore {
    /// To be told when a manager is built with it.
    pub(crate) fn built_at(&self, place: &'static Location<'static>) {
        if let Some(memory) = &self.memory {
            per_worker::notice(memory, place);
        }
    }

    pub(crate) fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool> {
        self.store.is_revoked_at_once(token, max_staleness)
    }

    pub(crate) fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64> {
        self.store.revocations_so_far(max_staleness)
    }

    pub(crate) fn revoke<'a>(&'a self, revocation: &'a Revocation, over_by_ms: i64) -> Answer<'a, ()> {
        self.store.revoke(revocation, over_by_ms)
    }

    pub(crate) fn is_revoked<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, bool> {
        self.store.is_revoked(token)
    }

    pub(crate) fn insert_session<'a>(&'a self, session: &'a SessionRecord, now_ms: i64) -> Answer<'a, ()> {
        self.store.insert_session(session, now_ms)
    }

    pub(crate) fn session<'a>(&'a self, session_id: &'a str) -> Answer<'a, Option<SessionRecord>> {
        self.store.session(session_id)
    }

    pub(crate) fn replace_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool> {
        self.store.replace_session(session)
    }

    pub(crate) fn remove_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool> {
        self.store.remove_session(session)
    }

    pub(crate) fn sessions_page<'a>(&'a self, subject: &'a str, after: Option<&'a str>) -> Answer<'a, SessionsPage> {
        self.store.sessions_page(subject, after)
    }

    pub(crate) fn revoke_many<'a>(&'a self, revocations: &'a [Revocation], over_by_ms: i64) -> Answer<'a, ()> {
        self.store.revoke_many(revocations, over_by_ms)
    }

    pub(crate) fn remove_sessions<'a>(&'a self, sessions: &'a [SessionRecord]) -> Answer<'a, ()> {
        self.store.remove_sessions(sessions)
    }
}

pub(crate) type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// [`TokenStore`], with its futures in boxes.
trait Erased: fmt::Debug + Send + Sync {
    fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool>;
    fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64>;
    fn revoke<'a>(&'a self, revocation: &'a Revocation, over_by_ms: i64) -> Answer<'a, ()>;
    fn is_revoked<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, bool>;
    fn insert_session<'a>(&'a self, session: &'a SessionRecord, now_ms: i64) -> Answer<'a, ()>;
    fn session<'a>(&'a self, session_id: &'a str) -> Answer<'a, Option<SessionRecord>>;
    fn replace_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool>;
    fn remove_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool>;
    fn sessions_page<'a>(&'a self, subject: &'a str, after: Option<&'a str>) -> Answer<'a, SessionsPage>;
    fn revoke_many<'a>(&'a self, revocations: &'a [Revocation], over_by_ms: i64) -> Answer<'a, ()>;
    fn remove_sessions<'a>(&'a self, sessions: &'a [SessionRecord]) -> Answer<'a, ()>;
}

impl<S: TokenStore> Erased for S {
    fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool> {
        TokenStore::is_revoked_at_once(self, token, max_staleness)
    }

    fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64> {
        TokenStore::revocations_so_far(self, max_staleness)
    }

    fn revoke<'a>(&'a self, revocation: &'a Revocation, over_by_ms: i64) -> Answer<'a, ()> {
        TokenStore::revoke(self, revocation, over_by_ms).boxed()
    }

    fn is_revoked<'a>(&'a self, token: &'a TokenIds<'_>) -> Answer<'a, bool> {
        TokenStore::is_revoked(self, token).boxed()
    }

    fn insert_session<'a>(&'a self, session: &'a SessionRecord, now_ms: i64) -> Answer<'a, ()> {
        TokenStore::insert_session(self, session, now_ms).boxed()
    }

    fn session<'a>(&'a self, session_id: &'a str) -> Answer<'a, Option<SessionRecord>> {
        TokenStore::session(self, session_id).boxed()
    }

    fn replace_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool> {
        TokenStore::replace_session(self, session).boxed()
    }

    fn remove_session<'a>(&'a self, session: &'a SessionRecord) -> Answer<'a, bool> {
        TokenStore::remove_session(self, session).boxed()
    }

    fn sessions_page<'a>(&'a self, subject: &'a str, after: Option<&'a str>) -> Answer<'a, SessionsPage> {
        TokenStore::sessions_page(self, subject, after).boxed()
    }

    fn revoke_many<'a>(&'a self, revocations: &'a [Revocation], over_by_ms: i64) -> Answer<'a, ()> {
        TokenStore::revoke_many(self, revocations, over_by_ms).boxed()
    }

    fn remove_sessions<'a>(&'a self, sessions: &'a [SessionRecord]) -> Answer<'a, ()> {
        TokenStore::remove_sessions(self, sessions).boxed()
    }
}

/// A store that several own is one.
impl<S: TokenStore> TokenStore for Arc<S> {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        (**self).revoke(revocation, over_by_ms).await
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        (**self).is_revoked(token).await
    }

    fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool> {
        (**self).is_revoked_at_once(token, max_staleness)
    }

    fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64> {
        (**self).revocations_so_far(max_staleness)
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        (**self).insert_session(session, now_ms).await
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        (**self).session(session_id).await
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        (**self).replace_session(session).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        (**self).remove_session(session).await
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        (**self).sessions(subject).await
    }

    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        (**self).sessions_page(subject, after).await
    }

    async fn revoke_many(&self, revocations: &[Revocation], over_by_ms: i64) -> Result<(), StoreError> {
        (**self).revoke_many(revocations, over_by_ms).await
    }

    async fn remove_sessions(&self, sessions: &[SessionRecord]) -> Result<(), StoreError> {
        (**self).remove_sessions(sessions).await
    }
}
