//! Connections: a pool, and one that listens.

use crate::store::StoreError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream;
use rustls::{ClientConfig, RootCertStore};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Row};
use tokio_postgres_rustls::MakeRustlsConnect;

/// So long a connection may take to come, from the server or from the pool.
const TIMEOUT: Duration = Duration::from_secs(2);

/// After so long without an answer to a packet a connection is given up.
const VANISHED: Duration = Duration::from_secs(5);

const CONNECTIONS: usize = 16;

/// Nobody waits for a statement that long. The server gives it up, too, so that its connection serves others, and it is
/// not done when nobody expects it any more.
const GIVE_UP: &str = "SET statement_timeout = '4s'; SET lock_timeout = '4s'";

/// After so long without an answer it is not the statement that takes so long.
const SILENT: Duration = Duration::from_secs(5);

pub(super) fn read_url(url: &str) -> Result<Config, StoreError> {
    // What the parser says may show the URL, and with it the password.
    let mut config: Config =
        url.parse().map_err(|_| StoreError::new("the URL is not like postgres://user:password@host/database"))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("actix-jwt-extended");
    }
    // A server that vanished without a word is noticed soon.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(VANISHED);
    }
    config.keepalives_idle(VANISHED);
    // Of several servers the one that can be written to: a standby would take none of it.
    if config.get_hosts().len() > 1 {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    // One statement waits for another's row; under a stricter level it would fail instead.
    if config.get_options().is_none() {
        config.options("-c default_transaction_isolation=read\\ committed");
    }
    Ok(config)
}

pub(super) fn pool(config: &Config) -> Result<Pool, StoreError> {
    let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_config(config.clone(), tls(config)?, how))
        .max_size(CONNECTIONS)
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(GIVE_UP).await.map_err(HookError::Backend) })
        }))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(TIMEOUT))
        .create_timeout(Some(TIMEOUT))
        .recycle_timeout(Some(TIMEOUT))
        .build()
        .map_err(StoreError::new)
}

/// A connection out of the pool, for one statement.
pub(super) struct Lease(Option<Object>);

impl Lease {
    pub(super) async fn of(pool: &Pool) -> Result<Self, Failure> {
        let connection = pool.get().await.map_err(|error| Failure::Pool(StoreError::new(error)))?;
        Ok(Self(Some(connection)))
    }

    pub(super) async fn query(mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let answer = async {
            let statement = self.connection()?.prepare_cached(sql).await.map_err(Failure::Query)?;
            self.connection()?.query(&statement, values).await.map_err(Failure::Query)
        }
        .await;
        self.0 = None;
        answer
    }

    /// How many rows it changed.
    pub(super) async fn execute(mut self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Failure> {
        let answer = async {
            let statement = self.connection()?.prepare_cached(sql).await.map_err(Failure::Query)?;
            self.connection()?.execute(&statement, values).await.map_err(Failure::Query)
        }
        .await;
        self.0 = None;
        answer
    }

    fn connection(&self) -> Result<&Object, Failure> {
        self.0.as_ref().ok_or_else(|| Failure::Pool(StoreError::new("the connection has been given back")))
    }
}

impl Drop for Lease {
    /// With a connection left, there was no answer: whoever asked has given up. It goes back to the pool once it has
    /// answered, for before that others would only wait behind the statement. Where it never does, though it is not
    /// closed either, nobody shall ask it again.
    fn drop(&mut self) {
        let Some(connection) = self.0.take() else { return };
        let Ok(runtime) = Handle::try_current() else { return drop(Object::take(connection)) };
        runtime.spawn(async move {
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
            Self::Query(error) => StoreError::new(error),
        }
    }
}

/// Trusts whom the operating system trusts. With a provider of its own: the process's may be any, or none.
fn tls(config: &Config) -> Result<MakeRustlsConnect, StoreError> {
    let mut roots = RootCertStore::empty();
    if config.get_ssl_mode() != SslMode::Disable {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StoreError::new)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// After so long without news the connection that listens is asked whether it is there.
const QUIET: Duration = Duration::from_secs(2);

/// A connection that is told of revocations; opened when somebody first waits.
pub(super) struct Listener {
    config: Config,
    tls: MakeRustlsConnect,
    channel: String,
    open: Mutex<Option<Open>>,
}

struct Open {
    /// The connection lives as long as its client.
    client: Client,
    told: mpsc::Receiver<()>,
    answered: Instant,
}

impl Open {
    /// Waits for news; `false` = there will be none.
    async fn tells(&mut self) -> bool {
        let Self { client, told, answered } = self;
        let quiet = *answered + QUIET;
        let there = async {
            sleep_until(quiet).await;
            matches!(timeout(VANISHED, client.simple_query("")).await, Ok(Ok(_)))
        };
        let told = match select(pin!(told.recv()), pin!(there)).await {
            Either::Left((told, _)) => told,
            Either::Right((false, _)) => None,
            Either::Right((true, told)) => {
                *answered = Instant::now();
                told.await
            }
        };
        if told.is_some() {
            *answered = Instant::now();
        }
        told.is_some()
    }
}

impl Listener {
    pub(super) fn new(config: Config, channel: String) -> Result<Self, StoreError> {
        Ok(Self { tls: tls(&config)?, config, channel, open: Mutex::default() })
    }

    /// Waits until something was told, or may have been. An error where there is no connection.
    pub(super) async fn wait(&self, at_most: Duration) -> Result<(), StoreError> {
        // Whatever takes long: others that wait before, the connection, or the news.
        timeout(at_most, self.wait_until_told()).await.unwrap_or(Ok(()))
    }

    async fn wait_until_told(&self) -> Result<(), StoreError> {
        let mut place = self.open.lock().await;
        // One that has fallen silent tells nothing, and that is all that is to be seen of it.
        let Some(open) = place.as_mut().filter(|open| open.answered.elapsed() < VANISHED) else {
            *place = None;
            *place = Some(self.listen().await?);
            // What came before, nobody has told.
            return Ok(());
        };
        if !open.tells().await {
            *place = None;
            return Err(StoreError::new("the connection that listens was lost"));
        }
        Ok(())
    }

    async fn listen(&self) -> Result<Open, StoreError> {
        let (client, mut connection) = self.config.connect(self.tls.clone()).await.map_err(StoreError::new)?;
        // One is as good as many.
        let (tell, told) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut messages = stream::poll_fn(move |context| connection.poll_message(context));
            while let Some(Ok(message)) = messages.next().await {
                if matches!(message, AsyncMessage::Notification(_)) {
                    let _ = tell.try_send(());
                }
            }
        });
        client.batch_execute(&format!("LISTEN \"{}\"", self.channel)).await.map_err(StoreError::new)?;
        Ok(Open { client, told, answered: Instant::now() })
    }
}
