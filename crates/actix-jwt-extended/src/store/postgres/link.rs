//! Connections: a pool, and one that listens.

use crate::store::StoreError;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use futures_util::StreamExt as _;
use futures_util::stream;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::time::timeout;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// So long a connection may take to come, from the server or from the pool.
const TIMEOUT: Duration = Duration::from_secs(2);

/// After so long without an answer to a packet a connection is given up.
const VANISHED: Duration = Duration::from_secs(5);

const CONNECTIONS: usize = 16;

/// Nobody waits for a statement that long. The server gives it up, too, so that its connection serves others, and it is
/// not done when nobody expects it any more.
const GIVE_UP: &str = "SET statement_timeout = '4s'; SET lock_timeout = '4s'";

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

/// A connection that is told of revocations; opened when somebody first waits.
pub(super) struct Listener {
    config: Config,
    tls: MakeRustlsConnect,
    channel: String,
    open: Mutex<Option<Open>>,
}

struct Open {
    /// The connection lives as long as its client.
    _client: Client,
    told: mpsc::Receiver<()>,
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
        let Some(open) = &mut *place else {
            *place = Some(self.listen().await?);
            // What came before, nobody has told.
            return Ok(());
        };
        if open.told.recv().await.is_none() {
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
        Ok(Open { _client: client, told })
    }
}
