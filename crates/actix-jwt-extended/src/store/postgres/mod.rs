//! On PostgreSQL.

mod feed;
mod link;
mod schema;

use super::{Revocation, RevocationFeed as _, SessionRecord, SessionsPage, StoreError, TokenIds, TokenStore, indexed};
use deadpool_postgres::Pool;
use link::{Failure, Lease, Listener};
use schema::Schema;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

/// So long the first connection and the tables may take.
const START: Duration = Duration::from_secs(30);

/// A page of a subject's sessions.
const PAGE: usize = 1_000;

/// So many revocations are one statement at most: fewer than it sweeps.
const AT_ONCE: usize = 256;

/// Keeps everything in PostgreSQL, version 11 or later: for many machines that have it anyway.
///
/// Every method is one statement, so one round trip. What was acknowledged is as safe as the server's
/// `synchronous_commit` makes it: on its disk by default, with `remote_apply` on a standby's, too.
/// Revocations are committed one after the other, because they have one order: some thousand a second.
///
/// Behind PgBouncer it needs session pooling, because its statements are prepared.
///
/// Its tables are made at the first start, several nodes may do it at once; they begin with `ajx_` and take
/// what is over away by themselves. Clones share one pool. Feature `postgres`.
///
/// ```
/// use actix_jwt_extended::store::{PostgresStore, Replicated};
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// async fn manager(config: JwtConfig) -> Result<JwtManager, Box<dyn std::error::Error>> {
///     let store = PostgresStore::connect("postgres://user:password@localhost/app?sslmode=require").await?;
///     Ok(JwtManager::builder(config).token_store(Replicated::start(store).await?).build()?)
/// }
/// ```
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    pool: Pool,
    schema: Schema,
    /// `None` for a pool that somebody else has made.
    listener: Option<Listener>,
}

impl fmt::Debug for PostgresStore {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("channel", &self.0.schema.channel).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects with a pool of its own, and makes the tables where they are not there.
    ///
    /// `sslmode=disable`, `prefer` (the default: TLS where the server has it) or `require`. With TLS the certificate must
    /// be one that the operating system trusts.
    ///
    /// Of several servers, `postgres://one,two:5433/app`, the first is taken that can be written to, as with
    /// `target_session_attrs=read-write`: after a failover that is another one.
    ///
    /// # Errors
    /// The URL is none, the server cannot be reached or refuses the login, the tables cannot be made, or were made
    /// by a later version of this crate.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::builder().connect(url).await
    }

    /// For another schema or table prefix, a pool of one's own, or tables that somebody else makes.
    ///
    /// ```
    /// use actix_jwt_extended::store::{PostgresStore, StoreError};
    ///
    /// async fn beside_our_tables(pool: deadpool_postgres::Pool) -> Result<PostgresStore, StoreError> {
    ///     PostgresStore::builder().schema("auth").prefix("jwt_").with_pool(pool).await
    /// }
    /// ```
    #[must_use]
    pub fn builder() -> PostgresStoreBuilder {
        PostgresStoreBuilder { schema: None, prefix: "ajx_".to_owned(), migrate: true }
    }

    async fn start(pool: Pool, schema: Schema, listener: Option<Listener>, migrate: bool) -> Result<Self, StoreError> {
        let store = Self(Arc::new(Inner { pool, schema, listener }));
        let prepared = timeout(START, store.prepare(migrate)).await;
        prepared.unwrap_or_else(|_| Err(StoreError::new("the server did not answer in time")))?;
        Ok(store)
    }

    /// With its tables in place.
    async fn prepare(&self, migrate: bool) -> Result<(), StoreError> {
        let schema = &self.0.schema;
        let exists = self.rows(&schema.exists, &[]).await?;
        let exists = exists.first().is_some_and(|row| row.try_get(0).unwrap_or(false));
        if !exists && migrate {
            let client = self.0.pool.get().await.map_err(StoreError::new)?;
            client.batch_execute(&schema.migration).await.map_err(StoreError::new)?;
        }
        let version = self.rows(&schema.version, &[]).await?;
        let version: Option<i64> = match version.first() {
            Some(row) => row.try_get(0).map_err(StoreError::new)?,
            None => None,
        };
        schema::check(version.unwrap_or(0))?;
        // A standby has them, too, and refuses this.
        self.position().await.map(drop)
    }

    /// For what may be done twice: once more, where the connection was lost.
    async fn rows(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, StoreError> {
        match self.ask(sql, values).await {
            Err(Failure::Query(error)) if error.is_closed() => self.ask(sql, values).await,
            answer => answer,
        }
        .map_err(Failure::into_store_error)
    }

    async fn ask(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        Lease::of(&self.0.pool).await?.query(sql, values).await
    }

    /// For what must be done once; how many rows it changed.
    async fn change(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, StoreError> {
        let answer = async { Lease::of(&self.0.pool).await?.execute(sql, values).await };
        answer.await.map_err(Failure::into_store_error)
    }

    async fn found(&self, sql: &str, key: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = self.rows(sql, &[&indexed(key).as_bytes()]).await?;
        rows.iter().map(|row| record(row, 0)).collect()
    }
}

fn record(row: &Row, at: usize) -> Result<SessionRecord, StoreError> {
    serde_json::from_slice(row.try_get(at).map_err(StoreError::new)?).map_err(StoreError::new)
}

/// What [`PostgresStore::builder`] makes.
///
/// ```
/// use actix_jwt_extended::store::PostgresStore;
/// let sql = PostgresStore::builder().schema("auth").migration()?;
/// assert!(sql.contains(r#"CREATE TABLE IF NOT EXISTS "auth"."ajx_revocation""#));
/// # Ok::<(), actix_jwt_extended::store::StoreError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PostgresStoreBuilder {
    schema: Option<String>,
    prefix: String,
    migrate: bool,
}

impl PostgresStoreBuilder {
    /// The schema that the tables are in, which must exist; by default the first of the search path.
    #[must_use]
    pub fn schema(self, schema: impl Into<String>) -> Self {
        Self { schema: Some(schema.into()), ..self }
    }

    /// What the tables' names begin with; `ajx_` by default.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// Whether the tables are made where they are not there; true by default. Otherwise somebody else runs
    /// [`migration`](Self::migration).
    #[must_use]
    pub fn migrate(self, migrate: bool) -> Self {
        Self { migrate, ..self }
    }

    /// The SQL that makes the tables; it may be run twice, and needs to be run as one transaction.
    ///
    /// # Errors
    /// A schema or prefix of other than ASCII letters, digits and `_`.
    pub fn migration(&self) -> Result<String, StoreError> {
        self.tables().map(|schema| schema.migration)
    }

    /// Connects with a pool of its own: see [`PostgresStore::connect`].
    ///
    /// # Errors
    /// As there, and as [`migration`](Self::migration).
    pub async fn connect(self, url: &str) -> Result<PostgresStore, StoreError> {
        let (schema, config) = (self.tables()?, link::read_url(url)?);
        let listener = Listener::new(config.clone(), schema.channel.clone())?;
        PostgresStore::start(link::pool(&config)?, schema, Some(listener), self.migrate).await
    }

    /// Uses your application's own pool. Give it timeouts, and `read committed`, PostgreSQL's own default; without a
    /// connection that listens, a replica looks for news ten times a second.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn with_pool(self, pool: Pool) -> Result<PostgresStore, StoreError> {
        PostgresStore::start(pool, self.tables()?, None, self.migrate).await
    }

    fn tables(&self) -> Result<Schema, StoreError> {
        Schema::new(self.schema.as_deref(), &self.prefix)
    }
}

fn json(session: &SessionRecord) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(session).map_err(StoreError::new)
}

fn number(rotation: u64) -> Result<i64, StoreError> {
    i64::try_from(rotation).map_err(StoreError::new)
}

impl TokenStore for PostgresStore {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        self.revoke_many(std::slice::from_ref(revocation), over_by_ms).await
    }

    async fn revoke_many(&self, revocations: &[Revocation], over_by_ms: i64) -> Result<(), StoreError> {
        for some in revocations.chunks(AT_ONCE) {
            // One statement may widen a row once.
            let mut widest = BTreeMap::new();
            for one in some {
                let (issued_until, until) = widest.entry(one.key().as_bytes()).or_insert((i64::MIN, i64::MIN));
                *issued_until = one.issued_until_ms().max(*issued_until);
                *until = one.until_ms().max(*until);
            }
            let (keys, times): (Vec<_>, Vec<_>) = widest.into_iter().unzip();
            let (issued_until, until): (Vec<i64>, Vec<i64>) = times.into_iter().unzip();
            let tags: Vec<_> = keys.iter().map(|_| Uuid::new_v4().simple().to_string()).collect();
            self.rows(&self.0.schema.revoke, &[&keys, &issued_until, &until, &tags, &over_by_ms]).await?;
        }
        Ok(())
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        let keys: Vec<Vec<u8>> = token.keys().map(String::into_bytes).collect();
        let rows = self.rows(&self.0.schema.is_revoked, &[&keys, &token.issued_at_ms]).await?;
        rows.first().ok_or_else(|| StoreError::new("no answer"))?.try_get(0).map_err(StoreError::new)
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        let (sid, subject) = (indexed(&session.sid), indexed(&session.subject));
        let (sid, subject, data) = (sid.as_bytes(), subject.as_bytes(), json(session)?);
        let rotation = number(session.rotation)?;
        let row: [&(dyn ToSql + Sync); 6] = [&sid, &subject, &rotation, &session.expires_at_ms, &data, &now_ms];
        self.rows(&self.0.schema.insert_session, &row).await.map(drop)
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        let found = self.found(&self.0.schema.session, session_id).await?;
        Ok(found.into_iter().find(|session| session.sid == session_id))
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let (sid, rotation, data) = (indexed(&session.sid), number(session.rotation)?, json(session)?);
        let row: [&(dyn ToSql + Sync); 4] = [&sid.as_bytes(), &rotation, &session.expires_at_ms, &data];
        self.change(&self.0.schema.replace_session, &row).await.map(|rows| rows == 1)
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.change(&self.0.schema.remove_session, &[&indexed(&session.sid).as_bytes()]).await.map(|rows| rows == 1)
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let mut found = self.found(&self.0.schema.sessions, subject).await?;
        found.retain(|session| session.subject == subject);
        Ok(found)
    }

    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        // The next of all byte strings is one with a zero more.
        let from = after.map(|last| [last.as_bytes(), &[0]].concat()).unwrap_or_default();
        let (key, length) = (indexed(subject), PAGE as i64);
        let rows = self.rows(&self.0.schema.sessions_page, &[&key.as_bytes(), &from, &length]).await?;
        let next = match rows.last().filter(|_| rows.len() == PAGE) {
            Some(row) => Some(String::from_utf8(row.try_get(0).map_err(StoreError::new)?).map_err(StoreError::new)?),
            None => None,
        };
        let mut sessions = rows.iter().map(|row| record(row, 1)).collect::<Result<Vec<_>, _>>()?;
        sessions.retain(|session| session.subject == subject);
        Ok(SessionsPage { sessions, next })
    }

    async fn remove_sessions(&self, sessions: &[SessionRecord]) -> Result<(), StoreError> {
        let ids: Vec<_> = sessions.iter().map(|session| indexed(&session.sid).as_bytes().to_vec()).collect();
        self.rows(&self.0.schema.remove_sessions, &[&ids]).await.map(drop)
    }
}
