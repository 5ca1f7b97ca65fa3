//! On PostgreSQL.

mod cancel;
mod explain;
mod feed;
mod link;
mod listen;
mod schema;
mod url;
mod whole;

use super::{Revocation, RevocationFeed as _, SessionRecord, SessionsPage, StoreError, TokenIds, TokenStore, indexed};
use deadpool_postgres::Pool;
use explain::{READ_ONLY, explained};
use link::{Failure, Link, Values};
use listen::{Listener, sessions_are_kept};
use schema::Schema;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, SimpleQueryMessage};
use url::{Address, Wishes};
use uuid::Uuid;

/// So long the first connection and the tables may take.
const START: Duration = Duration::from_secs(30);

/// Where nothing else is said, so many connections at most, and one more that listens.
const CONNECTIONS: usize = 4;

/// A page of a subject's sessions.
const PAGE: usize = 1_000;

/// So many revocations are one statement at most: fewer than it sweeps.
const AT_ONCE: usize = 256;

/// Keeps everything in PostgreSQL, version 11 or later: for many machines that have it anyway.
///
/// Every method is one statement, so one round trip. What was acknowledged is on the server's disk, also where
/// `synchronous_commit` is `off`; with `remote_apply` on a standby's, too.
/// Revocations are committed one after the other, because they have one order: some thousand a second.
///
/// Behind PgBouncer it works with session and with transaction pooling, which it notices when it connects: with the
/// latter nothing is prepared, and a replica looks for news ten times a second.
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
    link: Link,
    schema: Schema,
    /// Whoever finds that something is missing of what is revoked waits for whoever mends it.
    mending: Mutex<()>,
    /// It has been said that it cannot be mended.
    said: AtomicBool,
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
    /// `sslmode=disable`, `prefer` (the default: TLS where the server has it), `require` or `verify-full`. With TLS the
    /// certificate must be one that the operating system trusts, or that `sslrootcert=FILE` does, for the host of the URL;
    /// with `verify-ca` for any host. `sslcert` and `sslkey` name a certificate of one's own. `connect_timeout` is in
    /// seconds; two, if the URL says nothing.
    ///
    /// Of several servers, `postgres://one,two:5433/app`, the first is taken that can be written to, as with
    /// `target_session_attrs=read-write`: after a failover that is another one.
    ///
    /// # Errors
    /// The URL is none, the server cannot be reached, refuses the login or takes no writes, the tables cannot be made, or
    /// were made by a later version of this crate. The error's text has all causes, and never the password.
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
        PostgresStoreBuilder {
            schema: None,
            prefix: "ajx_".to_owned(),
            migrate: true,
            pool_size: CONNECTIONS,
            wishes: Wishes::default(),
        }
    }

    async fn start(link: Link, builder: &PostgresStoreBuilder) -> Result<Self, StoreError> {
        let prepared = timeout(START, Self::prepare(link, builder)).await;
        prepared.unwrap_or_else(|_| Err(StoreError::new("the server did not answer in time")))
    }

    /// With its tables in place.
    async fn prepare(link: Link, builder: &PostgresStoreBuilder) -> Result<Self, StoreError> {
        let (first, permit) = link.connection().await?;
        let server = Server::asked(&first).await?;
        if server.takes_no_writes {
            let hosts = link.address.as_ref().map(|address| format!("{}: ", address.hosts)).unwrap_or_default();
            return Err(StoreError::new(format!("{hosts}{READ_ONLY}")));
        }
        let schema = builder.tables(server.schema.as_deref())?;
        let keeps_sessions = match &link.address {
            Some(address) => sessions_are_kept(address, &first).await,
            None => false,
        };
        link.settle(&first, keeps_sessions, server.is_forgetful).await?;
        drop((first, permit));
        if let Some(address) = link.address.as_ref().filter(|_| keeps_sessions) {
            let _ = link.listener.set(Listener::new(address.clone(), schema.channel.clone()));
        }
        let store = Self(Arc::new(Inner { link, schema, mending: Mutex::default(), said: AtomicBool::new(false) }));
        store.make_tables(builder).await?;
        // A standby has them, too, and refuses this.
        store.position().await?;
        Ok(store)
    }

    async fn make_tables(&self, builder: &PostgresStoreBuilder) -> Result<(), StoreError> {
        let Inner { link, schema, .. } = &*self.0;
        if !self.says(&schema.exists).await? {
            if let Some(other) = self.rows(&schema.elsewhere, &[]).await?.first().filter(|_| builder.schema.is_none()) {
                log::warn!(
                    "the tables are in no schema but {}, which is not the first of the search path: if they are yours, \
                     name it: PostgresStore::builder().schema(..)",
                    other.try_get::<_, String>(0).unwrap_or_default()
                );
            }
            if builder.migrate {
                let (client, _permit) = link.connection().await?;
                let made = client.batch_execute(&schema.migration).await;
                made.map_err(|error| explained("the tables cannot be made", error))?;
            }
        }
        let version = self.rows(&schema.version, &[]).await?;
        let version: Option<i64> = match version.first() {
            Some(row) => row.try_get(0).map_err(StoreError::new)?,
            None => None,
        };
        schema::check(version.unwrap_or(0))
    }

    async fn says(&self, sql: &str) -> Result<bool, StoreError> {
        yes(&self.rows(sql, &[]).await?, 0)
    }

    /// For what may be done twice: once more, where the connection was lost.
    async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        self.0.link.rows(sql, values, true).await.map_err(Failure::into_store_error)
    }

    /// For what must be done once; whether it changed something.
    async fn change(&self, sql: &str, values: Values<'_>) -> Result<bool, StoreError> {
        let rows = self.0.link.rows(sql, values, false).await.map_err(Failure::into_store_error)?;
        Ok(rows.len() == 1)
    }

    async fn found(&self, sql: &str, key: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let rows = self.rows(sql, &[(&indexed(key).as_bytes(), Type::BYTEA)]).await?;
        rows.iter().map(|row| record(row, 0)).collect()
    }
}

fn yes(rows: &[Row], column: usize) -> Result<bool, StoreError> {
    rows.first().ok_or_else(|| StoreError::new("no answer"))?.try_get(column).map_err(StoreError::new)
}

/// What a server says of itself.
struct Server {
    takes_no_writes: bool,
    /// The first of the search path.
    schema: Option<String>,
    /// What it acknowledges is not on its disk by then.
    is_forgetful: bool,
}

impl Server {
    async fn asked(client: &Client) -> Result<Self, StoreError> {
        let sql = "SELECT current_schema(), current_setting('synchronous_commit'),
                       pg_is_in_recovery() OR current_setting('transaction_read_only')::BOOLEAN, current_setting('fsync')";
        let answer = client.simple_query(sql).await.map_err(|error| explained("", error))?;
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.ok_or_else(|| StoreError::new("no answer"))?;
        let at = |column: usize| row.try_get(column).map_err(StoreError::new);
        if at(3)? == Some("off") {
            log::warn!("PostgreSQL runs with fsync = off: what is revoked may be forgotten when its machine crashes");
        }
        Ok(Self {
            takes_no_writes: at(2)? == Some("t"),
            schema: at(0)?.map(str::to_owned),
            is_forgetful: at(1)? == Some("off"),
        })
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
    pool_size: usize,
    wishes: Wishes,
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

    /// How many connections a node opens at most, beside one that listens; 4 by default, at least 1. Whoever finds them all
    /// in use waits, for `JWT_STORE_TIMEOUT` if it is a request. More help where the server is far away: each is used
    /// for one statement at a time.
    #[must_use]
    pub fn pool_size(self, connections: usize) -> Self {
        Self { pool_size: connections, ..self }
    }

    /// How long connecting to a server may take; 2 seconds by default, or what `connect_timeout` in the URL says.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.wishes.connect_timeout = Some(timeout);
        self
    }

    /// The certificates, in PEM, of those who may sign the server's, instead of those that the operating system trusts.
    /// `sslrootcert` in the URL comes first.
    #[must_use]
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.wishes.ca_file = Some(file.into());
        self
    }

    /// The SQL that makes the tables; it may be run twice, and needs to be run as one transaction.
    ///
    /// # Errors
    /// A schema or prefix of other than ASCII letters, digits and `_`.
    pub fn migration(&self) -> Result<String, StoreError> {
        self.tables(None).map(|schema| schema.migration)
    }

    /// Connects with a pool of its own: see [`PostgresStore::connect`].
    ///
    /// # Errors
    /// As there, and as [`migration`](Self::migration).
    pub async fn connect(self, url: &str) -> Result<PostgresStore, StoreError> {
        self.tables(None)?;
        let link = Link::own(Address::read(url, &self.wishes)?, self.pool_size)?;
        PostgresStore::start(link, &self).await
    }

    /// Uses your application's own pool, and leaves nothing in its sessions: each statement is a transaction with the
    /// settings that it needs, and nothing is prepared. Give the pool timeouts. Without a connection that listens, a
    /// replica looks for news ten times a second.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn with_pool(self, pool: Pool) -> Result<PostgresStore, StoreError> {
        self.tables(None)?;
        PostgresStore::start(Link::over(pool, None), &self).await
    }

    fn tables(&self, found: Option<&str>) -> Result<Schema, StoreError> {
        Schema::new(self.schema.as_deref(), found, &self.prefix)
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
            let values: Values<'_> = &[
                (&keys, Type::BYTEA_ARRAY),
                (&issued_until, Type::INT8_ARRAY),
                (&until, Type::INT8_ARRAY),
                (&tags, Type::TEXT_ARRAY),
                (&over_by_ms, Type::INT8),
            ];
            let rows = self.rows(&self.0.schema.revoke, values).await?;
            // It was not, before this one: the next to ask would find this one, and miss nothing.
            if !yes(&rows, 0)? {
                self.fill_what_was_missing().await?;
            }
        }
        Ok(())
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        let keys: Vec<Vec<u8>> = token.keys().map(String::into_bytes).collect();
        let values: Values<'_> = &[(&keys, Type::BYTEA_ARRAY), (&token.issued_at_ms, Type::INT8)];
        yes(&self.of_the_whole(&self.0.schema.is_revoked, values).await?, 1)
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        let (sid, subject) = (indexed(&session.sid), indexed(&session.subject));
        let (sid, subject, data) = (sid.as_bytes(), subject.as_bytes(), json(session)?);
        let rotation = number(session.rotation)?;
        let row: Values<'_> = &[
            (&sid, Type::BYTEA),
            (&subject, Type::BYTEA),
            (&rotation, Type::INT8),
            (&session.expires_at_ms, Type::INT8),
            (&data, Type::BYTEA),
            (&now_ms, Type::INT8),
        ];
        self.rows(&self.0.schema.insert_session, row).await.map(drop)
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        let found = self.found(&self.0.schema.session, session_id).await?;
        Ok(found.into_iter().find(|session| session.sid == session_id))
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        let (sid, rotation, data) = (indexed(&session.sid), number(session.rotation)?, json(session)?);
        let sid = sid.as_bytes();
        let row: Values<'_> =
            &[(&sid, Type::BYTEA), (&rotation, Type::INT8), (&session.expires_at_ms, Type::INT8), (&data, Type::BYTEA)];
        self.change(&self.0.schema.replace_session, row).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.change(&self.0.schema.remove_session, &[(&indexed(&session.sid).as_bytes(), Type::BYTEA)]).await
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
        let rows = self
            .rows(
                &self.0.schema.sessions_page,
                &[(&key.as_bytes(), Type::BYTEA), (&from, Type::BYTEA), (&length, Type::INT8)],
            )
            .await?;
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
        self.rows(&self.0.schema.remove_sessions, &[(&ids, Type::BYTEA_ARRAY)]).await.map(drop)
    }
}
