//! What is remembered of tokens after they were issued: which are revoked, and which sessions live.
//!
//! A store keeps and finds; what a session's rotation means is decided in `rotation`, once for all stores.

mod erased;
mod error;
mod feed;
mod index;
mod memory;
mod per_worker;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod replicated;
mod revocation;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod tls;

pub use erased::SharedStore;
pub use error::StoreError;
pub use feed::{Changes, FeedPosition, RevocationFeed, SnapshotPage};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use redis::{RedisStore, RedisStoreBuilder};
pub use replicated::{Replicated, ReplicatedStats};
pub use revocation::{Revocation, TokenIds};
pub use session::{SessionRecord, SessionsPage};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::SqliteStore;

use futures_util::future::try_join_all;
use std::fmt;
use std::future::Future;
use std::time::Duration;

/// Where revocations and sessions are kept.
///
/// Few primitives, each atomic; all times are milliseconds since the epoch, taken from the manager's clock.
/// [`MemoryStore`] forgets at a restart; `SqliteStore`, `PostgresStore` and `RedisStore` (features of the
/// same names) do not. A store of your own is one that passes `store_testing::check` (feature `test-util`).
///
/// What a method has acknowledged must still hold after a crash, if the store is a durable one. An error says
/// that nothing is known: the caller may try again, and every method but
/// [`replace_session`](Self::replace_session) may be repeated.
///
/// ```
/// use actix_jwt_extended::store::MemoryStore;
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// # actix_web::rt::System::new().block_on(async {
/// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
///     .token_store(MemoryStore::new())
///     .build()?;
/// let token = jwt.decode_token(&jwt.create_access_token("ada")?)?;
/// jwt.revoke(&token).await?;
/// assert!(jwt.is_revoked(&token).await?);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps a revocation until its time is over. One that is there already is widened, never narrowed. What was
    /// over by `over_by_ms`, which lies some time back, may be cleaned up.
    ///
    /// # Errors
    /// The store could not be reached, or did not keep it.
    fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Whether any revocation concerns this token; one round trip at most.
    ///
    /// # Errors
    /// The store could not be reached.
    fn is_revoked(&self, token: &TokenIds<'_>) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// The same, where it is known without waiting and is no older than `max_staleness`; else `None`.
    fn is_revoked_at_once(&self, token: &TokenIds<'_>, max_staleness: Duration) -> Option<bool> {
        let _ = (token, max_staleness);
        None
    }

    /// How many revocations have been added or widened, where that is known without waiting, and at most
    /// `max_staleness` ago; else `None`, as here.
    ///
    /// As long as the number stays, a token that was found not to be revoked is not looked up again. So it is
    /// raised after a revocation can be found, and before `revoke` returns.
    fn revocations_so_far(&self, max_staleness: Duration) -> Option<u64> {
        let _ = max_staleness;
        None
    }

    /// Keeps a new session. A session of this ID that is there already stays as it is, and that is no error: an insert
    /// whose answer was lost is sent again, and meanwhile the session may have moved on.
    ///
    /// # Errors
    /// The store could not be reached, or did not keep it.
    fn insert_session(
        &self,
        session: &SessionRecord,
        now_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// A session, as it was last written. One whose time is over may be missing.
    ///
    /// # Errors
    /// The store could not be reached.
    fn session(&self, session_id: &str) -> impl Future<Output = Result<Option<SessionRecord>, StoreError>> + Send;

    /// Puts a session in the place of its predecessor, the record of the rotation just before:
    /// atomically, if that is what is there. Of any number of callers, on any machines, one gets `true`.
    ///
    /// # Errors
    /// The store could not be reached; whether the session was replaced is not known then.
    fn replace_session(&self, session: &SessionRecord) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Removes a session; `true` for the one caller that did it.
    ///
    /// # Errors
    /// The store could not be reached.
    fn remove_session(&self, session: &SessionRecord) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// All sessions of a subject, in any order. Those whose time is over may be missing.
    ///
    /// # Errors
    /// The store could not be reached.
    fn sessions(&self, subject: &str) -> impl Future<Output = Result<Vec<SessionRecord>, StoreError>> + Send;

    /// The same, one page after another, for subjects that have very many: whatever is there from the first page to
    /// the last is on one of them, or on more than one. `after` = the page before this.
    ///
    /// By default all of them are one page; a store that finds them in order can do better.
    ///
    /// # Errors
    /// The store could not be reached.
    fn sessions_page(
        &self,
        subject: &str,
        after: Option<&str>,
    ) -> impl Future<Output = Result<SessionsPage, StoreError>> + Send {
        let _ = after;
        async move { Ok(SessionsPage { sessions: self.sessions(subject).await?, next: None }) }
    }

    /// Keeps many revocations, each as [`revoke`](Self::revoke) does. By default some at a time; a store that can
    /// write them in one step can do better.
    ///
    /// # Errors
    /// The store could not be reached, or did not keep all of them; it may have kept some.
    fn revoke_many(
        &self,
        revocations: &[Revocation],
        over_by_ms: i64,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            for some in revocations.chunks(SIDE_BY_SIDE) {
                try_join_all(some.iter().map(|revocation| self.revoke(revocation, over_by_ms))).await?;
            }
            Ok(())
        }
    }

    /// Removes many sessions; likewise.
    ///
    /// # Errors
    /// The store could not be reached; some of them may be gone.
    fn remove_sessions(&self, sessions: &[SessionRecord]) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            for some in sessions.chunks(SIDE_BY_SIDE) {
                try_join_all(some.iter().map(|session| self.remove_session(session))).await?;
            }
            Ok(())
        }
    }
}

/// A subject as it stands in a store: with its realm, where there is one.
pub(crate) fn subject_in_realm(realm: &str, subject: &str) -> String {
    revocation::in_realm(realm, subject.to_owned())
}

/// So many requests to a store go side by side where there are many to make.
pub(crate) const SIDE_BY_SIDE: usize = 64;

/// So far, in milliseconds, one machine's clock may be ahead of the others': what was revoked is kept that much longer,
/// so that its cleaning up takes nothing away from them that still counts.
pub(crate) const CLOCKS_APART: i64 = 60 * 60 * 1000;

/// No time at all: what holds forever.
pub(crate) const FOREVER: i64 = i64::MAX;

/// An ID as it stands in an index: what is long, or holds what some database cannot keep, as its digest.
pub(crate) fn indexed(id: &str) -> std::borrow::Cow<'_, str> {
    const LONGEST: usize = 128;
    if id.len() <= LONGEST && !id.contains('\0') && !id.starts_with("sha256:") {
        return id.into();
    }
    digest(id).into()
}

/// An ID of any length and form as text of one length and form.
pub(crate) fn digest(id: &str) -> String {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in sha2::Sha256::digest(id.as_bytes()) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
