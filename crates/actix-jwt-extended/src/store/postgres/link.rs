//! Connections, and how a statement is done on one.

use super::cancel::cancel;
use super::explain::explained;
use super::listen::Listener;
use super::url::Address;
use crate::store::StoreError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::join3;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

/// Nobody waits for a statement that long. The server gives it up, too, so that its connection serves others, and it is
/// not done when nobody expects it any more.
const GIVE_UP: &str = "4s";

/// After so long without an answer it is not the statement that takes so long.
const SILENT: Duration = Duration::from_secs(5);

/// Where the server has no connection left, it is asked for one again after so long, for so long; and where there are others,
/// only after all of it.
const AGAIN: Duration = Duration::from_millis(200);
const CROWDED: Duration = Duration::from_secs(15);

/// So often what the server could not do at that moment is tried.
const ATTEMPTS: usize = 5;

/// The values of a statement, and as what the server takes them.
pub(super) type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// A pool, and what is known of its connections.
pub(super) struct Link {
    pub(super) pool: Pool,
    /// `None` for a pool that somebody else has made.
    pub(super) address: Option<Address>,
    /// As many as there may be connections.
    gate: Arc<Semaphore>,
    /// Where one hears something.
    pub(super) listener: OnceLock<Listener>,
    session: Arc<OnceLock<String>>,
    /// Whether each connection keeps a session of the server's. Else nothing may be left in one: no settings, and no
    /// prepared statements, of which somebody else's might have the same name.
    keeps_sessions: AtomicBool,
    begin: OnceLock<String>,
}

impl Link {
    pub(super) fn own(address: Address, size: usize) -> Result<Self, StoreError> {
        let session = Arc::<OnceLock<String>>::default();
        let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let settings = Arc::clone(&session);
        let connecting = Some(address.connecting);
        // Whoever waits for a connection has a limit of his own.
        let pool = Pool::builder(Manager::from_config(address.config.clone(), address.tls.clone(), how))
            .max_size(size.max(1))
            .post_create(Hook::async_fn(move |client, _| {
                let settings = settings.get().cloned();
                Box::pin(async move {
                    match settings {
                        Some(settings) => client.batch_execute(&settings).await.map_err(HookError::Backend),
                        None => Ok(()),
                    }
                })
            }))
            .runtime(Runtime::Tokio1)
            .create_timeout(connecting)
            .recycle_timeout(connecting)
            .build()
            .map_err(StoreError::new)?;
        Ok(Self { session, ..Self::over(pool, Some(address)) })
    }

    pub(super) fn over(pool: Pool, address: Option<Address>) -> Self {
        let (session, begin) = (Arc::default(), OnceLock::new());
        let gate = Arc::new(Semaphore::new(pool.status().max_size));
        Self { pool, address, gate, listener: OnceLock::new(), session, keeps_sessions: AtomicBool::new(false), begin }
    }

    /// From now on each transaction, or each session, has the settings that ours need: one statement waits for
    /// another's row, where a stricter level would fail; and what is acknowledged is on the disk.
    pub(super) async fn settle(&self, first: &Object, keeps_sessions: bool, forgetful: bool) -> Result<(), StoreError> {
        let settings = |set: &str| {
            let durable = if forgetful { format!("{set} synchronous_commit = on; ") } else { String::new() };
            format!("{durable}{set} statement_timeout = '{GIVE_UP}'; {set} lock_timeout = '{GIVE_UP}'")
        };
        let _ = self.begin.set(format!("BEGIN ISOLATION LEVEL READ COMMITTED; {}", settings("SET LOCAL")));
        if keeps_sessions {
            let session = format!("{}; SET default_transaction_isolation = 'read committed'", settings("SET"));
            first.batch_execute(&session).await.map_err(|error| explained("", error))?;
            let _ = self.session.set(session);
            self.keeps_sessions.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// One that is free, or a new one. Where the server has no further one for us, those that there are must do.
    pub(super) async fn connection(&self) -> Result<(Object, OwnedSemaphorePermit), StoreError> {
        let begin = Instant::now();
        loop {
            let permit = Arc::clone(&self.gate).acquire_owned().await.map_err(StoreError::new)?;
            match self.pool.get().await {
                Ok(connection) => return Ok((connection, permit)),
                Err(error) if !is_crowded(&error) || begin.elapsed() > CROWDED => {
                    return Err(self.cannot_connect(error));
                }
                // Whoever has one of them passes it on. Later there may be more.
                Err(_) if self.pool.status().size > 0 => {
                    permit.forget();
                    let gate = Arc::downgrade(&self.gate);
                    tokio::spawn(async move {
                        sleep(CROWDED).await;
                        if let Some(gate) = gate.upgrade() {
                            gate.add_permits(1);
                        }
                    });
                }
                Err(_) => sleep(AGAIN).await,
            }
        }
    }

    fn cannot_connect(&self, error: PoolError) -> StoreError {
        let (hosts, took) = match &self.address {
            Some(address) => (format!(" to PostgreSQL at {}", address.hosts), format!("{:?}", address.connecting)),
            None => (" to PostgreSQL".to_owned(), "the pool allows".to_owned()),
        };
        match error {
            PoolError::Backend(error) => explained(&format!("cannot connect{hosts}"), error),
            PoolError::Timeout(deadpool_postgres::TimeoutType::Create) => StoreError::new(format!(
                "connecting{hosts} took longer than {took}: is it there? else raise connect_timeout"
            )),
            error => explained(&format!("no connection{hosts}"), error),
        }
    }

    /// `twice` = it may be done twice: once more, where the connection was lost.
    pub(super) async fn rows(&self, sql: &str, values: Values<'_>, twice: bool) -> Result<Vec<Row>, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let error = match self.ask(sql, values).await {
                Err(Failure::Query(error)) if attempt < ATTEMPTS => error,
                answer => return answer,
            };
            match Fault::of(&error) {
                Fault::Lost if twice && attempt == 1 => {}
                Fault::Undone if attempt < ATTEMPTS => {}
                Fault::ReadOnly if attempt == 1 => self.reconnect(),
                Fault::NoSession => {
                    self.keeps_sessions.store(false, Ordering::Release);
                    self.reconnect();
                }
                _ => return Err(Failure::Query(error)),
            }
        }
    }

    /// With connections that are new. Whoever has one now will see for himself.
    fn reconnect(&self) {
        self.pool.retain(|_, _| false);
        if let Some(listener) = self.listener.get() {
            listener.doubt();
        }
    }

    async fn ask(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let (connection, permit) = self.connection().await.map_err(Failure::Pool)?;
        let lease = Lease { connection: Some(connection), permit: Some(permit), link: self };
        let begin = self.begin.get().filter(|_| !self.keeps_sessions.load(Ordering::Acquire));
        lease.query(begin.map(|begin| &**begin), sql, values).await
    }
}

/// Whether there is a server, which has no connection left.
fn is_crowded(error: &PoolError) -> bool {
    matches!(error, PoolError::Backend(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// What an error means for whoever may ask again.
enum Fault {
    /// The connection is gone, and whether the statement was done is not known.
    Lost,
    /// Taken back, for others were in the way.
    Undone,
    /// By a server that takes no writes: after a failover another one does.
    ReadOnly,
    /// A statement that was prepared is not there: a session was not kept after all.
    NoSession,
    Other,
}

impl Fault {
    fn of(error: &tokio_postgres::Error) -> Self {
        match error.code().map(|code| code.code()) {
            None if error.is_closed() => Self::Lost,
            Some("40001" | "40P01") => Self::Undone,
            Some("25006") => Self::ReadOnly,
            Some("26000" | "42P05") => Self::NoSession,
            Some(code) if code.starts_with("57P0") || code.starts_with("08") => Self::Lost,
            _ => Self::Other,
        }
    }
}

/// A connection out of the pool, for one statement.
struct Lease<'a> {
    connection: Option<Object>,
    permit: Option<OwnedSemaphorePermit>,
    link: &'a Link,
}

impl Lease<'_> {
    async fn query(mut self, begin: Option<&str>, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let Some(connection) = &self.connection else {
            return Err(Failure::Pool(StoreError::new("the connection has been given back")));
        };
        let answer = match begin {
            Some(begin) => in_a_transaction(connection, begin, sql, values).await,
            None => prepared(connection, sql, values).await,
        };
        let connection = self.connection.take();
        if matches!(&answer, Err(error) if !matches!(Fault::of(error), Fault::Other | Fault::Undone)) {
            drop(connection.map(Object::take));
        }
        answer.map_err(Failure::Query)
    }
}

async fn prepared(connection: &Object, sql: &str, values: Values<'_>) -> Result<Vec<Row>, tokio_postgres::Error> {
    let types: Vec<_> = values.iter().map(|(_, type_)| type_.clone()).collect();
    let statement = connection.prepare_typed_cached(sql, &types).await?;
    let values: Vec<_> = values.iter().map(|(value, _)| *value).collect();
    connection.query(&statement, &values).await
}

/// Sent in one go, so that whoever gives up leaves no transaction open; in one round trip.
async fn in_a_transaction(
    connection: &Object,
    begin: &str,
    sql: &str,
    values: Values<'_>,
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let (begin, query) = (connection.batch_execute(begin), connection.query_typed(sql, values));
    let (begun, rows, ended) = join3(begin, query, connection.batch_execute("COMMIT")).await;
    begun?;
    let rows = rows?;
    ended?;
    Ok(rows)
}

impl Drop for Lease<'_> {
    /// With a connection left, there was no answer: whoever asked has given up, and the server is told so, for what was
    /// answered with an error should not come to pass afterwards. The connection goes back to the pool once it has
    /// answered, for before that others would only wait behind the statement. Where it never does, though it is not
    /// closed either, nobody shall ask it again.
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        let Ok(runtime) = Handle::try_current() else { return drop(Object::take(connection)) };
        let (address, permit) = (self.link.address.clone(), self.permit.take());
        runtime.spawn(async move {
            let _permit = permit;
            // It has been carried out when this returns: it meets no statement of the next one's.
            let _ = timeout(SILENT, cancel(&connection.cancel_token(), address.as_ref())).await;
            if !matches!(timeout(SILENT, connection.simple_query("")).await, Ok(Ok(_))) {
                log::debug!("a connection to PostgreSQL does not answer any more");
                drop(Object::take(connection));
            }
        });
    }
}

/// Why there is no answer.
pub(super) enum Failure {
    Pool(StoreError),
    Query(tokio_postgres::Error),
}

impl Failure {
    pub(super) fn into_store_error(self) -> StoreError {
        match self {
            Self::Pool(error) => error,
            Self::Query(error) => explained("", error),
        }
    }
}
