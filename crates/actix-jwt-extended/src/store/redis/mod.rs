//! On a Redis server, or a cluster of them.

mod durability;
mod feed;
mod link;
mod scripts;
mod sentinel;

use super::{
    FOREVER, Revocation, RevocationFeed as _, SIDE_BY_SIDE, SessionRecord, SessionsPage, StoreError, TokenIds,
    TokenStore, digest, indexed,
};
use durability::warn_of_forgetting;
use futures_util::future::{join_all, try_join_all};
use link::{Link, Waiting};
use redis::cmd;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

/// So many of the last revocations the feed can tell again.
const FEED: u64 = 65_536;

/// A page of a subject's sessions, more or less.
const PAGE: usize = 250;

/// Of a list that is longer than this some entries are looked at with each login, whether their session is gone.
const SHORT: usize = 16;

/// Keeps everything on a Redis server, version 6.2 or later, or a cluster: for many machines.
///
/// Every method is one script, or one command, on keys of one hash slot. All revocations are in one slot,
/// because they have one order; sessions are spread over all. Nothing is ever scanned for.
///
/// Redis acknowledges what it has in memory: set `appendonly yes` and `appendfsync always`, or a crash forgets
/// the last second's logouts with `everysec`, and all since the last snapshot without it; `maxmemory-policy
/// noeviction`, or it forgets what it likes. Where a server does not do so, the log says it when a store connects.
/// A server that is full under `noeviction` still takes revocations. A failover to a replica that lags loses what it had not got; with
/// [`Replicated`](super::Replicated) around it, the revocations among that are told to the new master again.
///
/// Clones share one connection, which comes back by itself. Feature `redis`.
///
/// ```
/// use actix_jwt_extended::store::{RedisStore, Replicated};
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// async fn manager(config: JwtConfig) -> Result<JwtManager, Box<dyn std::error::Error>> {
///     let store = RedisStore::connect("redis://:password@localhost:6379/0").await?;
///     Ok(JwtManager::builder(config).token_store(Replicated::start(store).await?).build()?)
/// }
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    link: Link,
    waiting: Waiting,
    names: Names,
}

/// The names of the keys.
struct Names {
    prefix: String,
    until: String,
    cutoff: String,
    feed: String,
    head: String,
}

impl Names {
    fn of(prefix: &str) -> Self {
        // In one slot: what stands in braces decides.
        let name = |what| format!("{{{prefix}}}:{what}");
        Self {
            prefix: prefix.to_owned(),
            until: name("until"),
            cutoff: name("cutoff"),
            feed: name("feed"),
            head: name("head"),
        }
    }

    fn session(&self, session_id: &str) -> String {
        format!("{}:{{{}}}:session", self.prefix, tag(session_id))
    }

    /// In the session's slot.
    fn removed(&self, session_id: &str) -> String {
        format!("{}:{{{}}}:removed", self.prefix, tag(session_id))
    }

    fn sessions(&self, subject: &str) -> String {
        format!("{}:{{{}}}:sessions", self.prefix, tag(subject))
    }
}

/// An ID that may stand in braces.
fn tag(id: &str) -> Cow<'_, str> {
    if id.is_empty() || id.contains(['{', '}']) { digest(id).into() } else { indexed(id) }
}

impl fmt::Debug for RedisStore {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = self.0.link.is_to_a_cluster();
        f.debug_struct("RedisStore").field("prefix", &self.0.names.prefix).field("cluster", &cluster).finish()
    }
}

impl RedisStore {
    /// Connects to `redis://[user:password@]host[:port][/database]`, `rediss://…` with TLS, or to a cluster:
    /// `redis+cluster://[user:password@]host:port,host:port`, `rediss+cluster://…`. Or to the primary that sentinels
    /// name: `redis+sentinel://[user:password@]host[:port],host[:port]/name[/database]`, `rediss+sentinel://…`; where the
    /// sentinels want a login of their own, with `?sentinel_password=…`, and `sentinel_user`. Or to a socket:
    /// `redis+unix:///run/redis.sock[?user=…&pass=…&db=…]`. All keys begin with `ajx`.
    ///
    /// With TLS, `?sslrootcert=FILE` trusts the certificates in that file (PEM) instead of the system's, and
    /// `sslcert=FILE&sslkey=FILE` presents one.
    ///
    /// Needs a tokio runtime around it that lives as long as the store, such as `#[actix_web::main]`.
    ///
    /// # Errors
    /// The URL is none, the server cannot be reached, refuses the login, or is a replica that takes no writes.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder().connect(url).await
    }

    /// The same, with another beginning of all keys: for several applications on one server.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); a prefix that is empty or holds other than ASCII letters, digits, `-`, `_`,
    /// `.` and `:`.
    pub async fn connect_with_prefix(url: &str, prefix: &str) -> Result<Self, StoreError> {
        Self::builder().prefix(prefix).connect(url).await
    }

    /// For another beginning of all keys, or an authority of your own. By the settings:
    /// [`JwtConfig::redis_store`](crate::JwtConfig::redis_store).
    ///
    /// ```
    /// use actix_jwt_extended::store::{RedisStore, StoreError};
    ///
    /// async fn with_our_authority() -> Result<RedisStore, StoreError> {
    ///     RedisStore::builder().ca_file("/etc/ssl/ours.pem").connect("rediss://redis.internal").await
    /// }
    /// ```
    #[must_use]
    pub fn builder() -> RedisStoreBuilder {
        RedisStoreBuilder { prefix: "ajx".to_owned(), ca_file: None }
    }

    /// Puts a session into its subject's list, until its end; some of those that are in it, if it is long.
    async fn list(&self, session: &SessionRecord, now_ms: i64) -> Result<Vec<String>, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let until_ms = if session.ends_at_ms == FOREVER { session.expires_at_ms } else { session.ends_at_ms };
        let call = scripts::LIST.call().key(&names.sessions(&session.subject));
        link.run(&call.arg(&session.sid).arg(score(until_ms)).arg(now_ms).arg(SHORT)).await
    }

    /// Takes sessions that are gone out of their subject's list. Where that fails, somebody else finds them in it.
    async fn unlist(&self, subject: &str, gone: impl IntoIterator<Item = &String>) {
        let gone: Vec<_> = gone.into_iter().collect();
        if !gone.is_empty() {
            let mut unlist = cmd("ZREM");
            unlist.arg(self.0.names.sessions(subject)).arg(gone);
            let _ = self.0.link.query::<i64>(&unlist).await;
        }
    }
}

/// What [`RedisStore::builder`] makes.
///
/// ```
/// use actix_jwt_extended::store::{RedisStore, StoreError};
///
/// async fn shop() -> Result<RedisStore, StoreError> {
///     RedisStore::builder().prefix("shop").connect("redis://localhost").await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct RedisStoreBuilder {
    prefix: String,
    ca_file: Option<PathBuf>,
}

impl RedisStoreBuilder {
    /// What all keys begin with; `ajx` by default. For several applications on one server.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// The certificates, in PEM, of those who may sign the server's, instead of those that the operating system trusts.
    /// For URLs with TLS (`rediss`); `sslrootcert` in the URL comes first.
    #[must_use]
    pub fn ca_file(self, file: impl Into<PathBuf>) -> Self {
        Self { ca_file: Some(file.into()), ..self }
    }

    /// Connects: see [`RedisStore::connect`].
    ///
    /// # Errors
    /// As there; a prefix that is empty or holds other than ASCII letters, digits, `-`, `_`, `.` and `:`.
    pub async fn connect(self, url: &str) -> Result<RedisStore, StoreError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if self.prefix.is_empty() || !self.prefix.chars().all(fits) {
            return Err(StoreError::new("a key prefix consists of ASCII letters, digits, '-', '_', '.' and ':'"));
        }
        let link = Link::connect(url, self.ca_file.as_deref()).await?;
        let (waiting, names) = (Waiting::default(), Names::of(&self.prefix));
        let store = RedisStore(Arc::new(Inner { link, waiting, names }));
        // A server that wants a login lets anybody connect, and refuses what is asked.
        store.position().await?;
        warn_of_forgetting(&store.0.link).await;
        Ok(store)
    }
}

fn at_random() -> String {
    Uuid::new_v4().simple().to_string()
}

/// As a score, in which a time is exact to the millisecond.
fn score(ms: i64) -> String {
    if ms == FOREVER { "inf".to_owned() } else { ms.to_string() }
}

/// How long until then; empty = for ever.
fn life(until_ms: i64, now_ms: i64) -> String {
    if until_ms == FOREVER { String::new() } else { until_ms.saturating_sub(now_ms).max(1).to_string() }
}

fn json(session: &SessionRecord) -> Result<String, StoreError> {
    serde_json::to_string(session).map_err(StoreError::new)
}

impl TokenStore for RedisStore {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::REVOKE.call();
        let call = call.key(&names.until).key(&names.cutoff).key(&names.feed).key(&names.head);
        let call =
            call.arg(revocation.key()).arg(score(revocation.issued_until_ms())).arg(score(revocation.until_ms()));
        link.run::<i64>(&call.arg(over_by_ms).arg(at_random()).arg(FEED)).await.map(drop)
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::IS_REVOKED.call();
        let call = call.key(&names.until).key(&names.cutoff).key(&names.feed).arg(token.issued_at_ms);
        link.run(&token.keys().fold(call, scripts::Call::arg)).await
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::INSERT.call();
        let call = call.key(&names.session(&session.sid)).arg(session.rotation).arg(json(session)?);
        link.run::<i64>(&call.arg(life(session.expires_at_ms, now_ms))).await?;
        // Another slot, so another step; what is in no list can be refreshed all the same.
        let some = self.list(session, now_ms).await?;
        let alive = join_all(some.iter().map(|id| self.session(id))).await;
        let gone = some.iter().zip(alive).filter(|(_, found)| matches!(found, Ok(None))).map(|(id, _)| id);
        self.unlist(&session.subject, gone).await;
        Ok(())
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let mut get = cmd("HGET");
        get.arg(names.session(session_id)).arg("d");
        let Some(json) = link.query::<Option<String>>(&get).await? else { return Ok(None) };
        let session: SessionRecord = serde_json::from_str(&json).map_err(StoreError::new)?;
        Ok(Some(session).filter(|session| session.sid == session_id))
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let Some(expected) = session.rotation.checked_sub(1) else { return Ok(false) };
        // Where its end moves, and nothing else bounds its place in the list. Too long there does no harm.
        if session.ends_at_ms == FOREVER && session.expires_at_ms != FOREVER {
            self.list(session, session.rotated_at_ms).await?;
        }
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::REPLACE.call();
        let call = call.key(&names.session(&session.sid)).arg(expected).arg(session.rotation).arg(json(session)?);
        link.run(&call.arg(life(session.expires_at_ms, session.rotated_at_ms)).arg(at_random())).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::REMOVE.call().key(&names.session(&session.sid)).key(&names.removed(&session.sid));
        let removed: bool = link.run(&call.arg(at_random())).await?;
        self.unlist(&session.subject, [&session.sid]).await;
        Ok(removed)
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        // What is on two pages is one session.
        let mut found = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.sessions_page(subject, after.as_deref()).await?;
            found.extend(page.sessions.into_iter().map(|session| (session.sid.clone(), session)));
            after = page.next;
            if after.is_none() {
                return Ok(found.into_values().collect());
            }
        }
    }

    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let (asked, cursor) = scripts::cursor(after);
        let call = scripts::LISTED.call().key(&names.sessions(subject)).arg(cursor).arg(PAGE);
        let (server, cursor, ids): (String, String, Vec<String>) = link.run(&call).await?;
        let next = scripts::next(asked, &server, &cursor)?;
        let (mut sessions, mut gone) = (Vec::new(), Vec::new());
        for ids in ids.chunks(SIDE_BY_SIDE) {
            for (id, session) in ids.iter().zip(try_join_all(ids.iter().map(|id| self.session(id))).await?) {
                match session {
                    Some(session) if session.subject == subject => sessions.push(session),
                    _ => gone.push(id),
                }
            }
        }
        self.unlist(subject, gone).await;
        Ok(SessionsPage { sessions, next })
    }
}
