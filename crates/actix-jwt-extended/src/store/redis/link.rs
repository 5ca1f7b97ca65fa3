//! The way to a server or a cluster.

use super::scripts::Call;
use super::sentinel::Sentinels;
use crate::store::StoreError;
use crate::store::tls::TlsFiles;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::io::tcp::socket2::TcpKeepalive;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo as _, RedisError, RedisResult, ServerErrorKind, TlsCertificates, Value,
};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout};

/// So long an answer or a connection may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// After so long without an answer to a packet a connection is given up: a server that vanished without a word would
/// be waited for until the kernel tires of it, a quarter of an hour.
const VANISHED: Duration = Duration::from_secs(5);

/// So often, at most, another server is looked for where one takes no writes.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

fn tcp() -> TcpSettings {
    let settings = TcpSettings::default()
        .set_nodelay(true)
        .set_keepalive(TcpKeepalive::new().with_time(VANISHED).with_interval(VANISHED));
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(VANISHED);
    settings
}

pub(super) fn address(url: &str, trust: Option<&TlsCertificates>) -> RedisResult<ConnectionInfo> {
    let address = match trust {
        Some(trust) => Client::build_with_tls(url, trust.clone())?.get_connection_info().clone(),
        None => url.into_connection_info()?,
    };
    Ok(address.set_tcp_settings(tcp()))
}

/// One connection for all, or one to each node of a cluster. It comes back by itself where it is closed, and another
/// takes its place where it falls silent.
pub(super) struct Link(Arc<Shared>);

struct Shared {
    way: Way,
    /// With a number, by which it is seen whether another has taken its place.
    connection: Mutex<(u64, Connection)>,
    /// When the last other one was made because of an answer.
    renewed: AsyncMutex<Option<Instant>>,
    /// Whether somebody is finding out if the connection still answers.
    in_doubt: AtomicBool,
}

enum Way {
    Single(Box<Client>),
    Sentinel(Box<Sentinels>),
    Cluster(Box<ClusterClient>),
}

#[derive(Clone)]
enum Connection {
    Single(ConnectionManager),
    /// To the server that the sentinels named. It does not come back by itself: that server may be no primary by then.
    Direct(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Way {
    fn of(url: &str, trust: Option<&TlsCertificates>) -> RedisResult<Self> {
        if let Some(sentinels) = Sentinels::of(url, trust)? {
            return Ok(Self::Sentinel(Box::new(sentinels)));
        }
        Ok(match cluster_nodes(url) {
            Some(nodes) => {
                let builder = ClusterClientBuilder::new(nodes)
                    .tcp_settings(tcp())
                    .connection_timeout(TIMEOUT)
                    .response_timeout(TIMEOUT)
                    // All tries together.
                    .overall_response_timeout(Some(TIMEOUT));
                let builder = match trust {
                    Some(trust) => builder.certs(trust.clone()),
                    None => builder,
                };
                Self::Cluster(Box::new(builder.build()?))
            }
            None => Self::Single(Box::new(Client::open(address(url, trust)?)?)),
        })
    }

    async fn open(&self) -> RedisResult<Connection> {
        match self {
            Self::Single(client) => {
                let config = ConnectionManagerConfig::new()
                    .set_connection_timeout(Some(TIMEOUT))
                    .set_response_timeout(Some(TIMEOUT))
                    .set_number_of_retries(2)
                    .set_min_delay(Duration::from_millis(50))
                    .set_max_delay(Duration::from_millis(500));
                ConnectionManager::new_with_config(Client::clone(client), config).await.map(Connection::Single)
            }
            Self::Sentinel(sentinels) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(TIMEOUT))
                    .set_response_timeout(Some(TIMEOUT));
                let client = sentinels.primary().await?;
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Direct)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }

    /// The server to wait at; `None` in a cluster, where one would have to follow the slot from node to node.
    async fn server(&self) -> RedisResult<Option<Client>> {
        match self {
            Self::Single(client) => Ok(Some(Client::clone(client))),
            Self::Sentinel(sentinels) => sentinels.primary().await.map(Some),
            Self::Cluster(_) => Ok(None),
        }
    }

    /// Whether another connection may lead to a server that does what this one did not. A cluster's client sees to it
    /// by itself.
    fn leads_elsewhere(&self, error: &RedisError) -> bool {
        match self {
            Self::Single(_) => takes_no_writes(error),
            Self::Sentinel(_) => takes_no_writes(error) || error.is_io_error() || error.is_connection_dropped(),
            Self::Cluster(_) => false,
        }
    }
}

/// What a replica answers, or a primary that has lost its replicas, or one that is not ready. Before Redis 7 that is in the
/// text of a script's error.
fn takes_no_writes(error: &RedisError) -> bool {
    const CODES: [&str; 4] = ["READONLY", "MASTERDOWN", "LOADING", "NOREPLICAS"];
    let Some(code) = error.code() else { return false };
    let in_a_script = || {
        let text = error.to_string();
        CODES.iter().any(|code| text.contains(&format!("-{code} ")))
    };
    CODES.contains(&code) || (code == "ERR" && in_a_script())
}

/// With what to do.
fn explained(error: RedisError) -> StoreError {
    if error.code() == Some("READONLY") || (takes_no_writes(&error) && error.to_string().contains("-READONLY ")) {
        return StoreError::new(format!(
            "this Redis server is a read-only replica: let the URL lead to its primary, or name the sentinels with \
             redis+sentinel:// ({error})"
        ));
    }
    let said = error.to_string();
    if said.contains("certificate") {
        return StoreError::new(format!(
            "{said}: name the authority that signed the server's certificate with sslrootcert=FILE or JWT_STORE_CA_FILE, \
             and the host as the certificate does; a server that asks for a certificate gets the one of sslcert and sslkey"
        ));
    }
    StoreError::new(error)
}

impl Connection {
    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => match command.query_async(&mut connection.clone()).await {
                Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                    command.query_async(&mut connection.clone()).await
                }
                answer => answer,
            },
            Self::Direct(connection) => command.query_async(&mut connection.clone()).await,
            // Its client does so by itself.
            Self::Cluster(connection) => command.query_async(&mut connection.clone()).await,
        }
    }

    /// Whether there is nobody at its other end, or in a cluster at one of them, though it is not closed.
    async fn is_silent(&self) -> bool {
        match timeout(TIMEOUT, self.ask::<Value>(&redis::cmd("PING"))).await {
            Ok(answer) => answer.is_err_and(|error| error.is_timeout()),
            Err(_) => true,
        }
    }
}

impl Shared {
    fn connection(&self) -> MutexGuard<'_, (u64, Connection)> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, other: Connection) {
        let mut place = self.connection();
        *place = (place.0 + 1, other);
    }

    /// Connects anew, unless somebody has done so since the connection of this number, or just now. Whether there is another.
    async fn renew(&self, number: u64) -> bool {
        let mut last = self.renewed.lock().await;
        if self.connection().0 != number {
            return true;
        }
        if last.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
            return false;
        }
        let opened = timeout(TIMEOUT, self.way.open()).await;
        *last = Some(Instant::now());
        match opened {
            Ok(Ok(other)) => self.replace(other),
            Ok(Err(error)) => log::debug!("another connection to Redis: {error}"),
            Err(_) => log::debug!("another connection to Redis: no answer in time"),
        }
        self.connection().0 != number
    }

    /// Something was not answered. The kernel notices a peer that has vanished; one on the way that takes everything
    /// and passes nothing on is noticed by nobody else, and its connection would be used for ever.
    fn doubt(self: &Arc<Self>, connection: Connection) {
        let Ok(runtime) = Handle::try_current() else { return };
        if self.in_doubt.swap(true, Ordering::AcqRel) {
            return;
        }
        let shared = Arc::clone(self);
        runtime.spawn(async move {
            if connection.is_silent().await {
                match shared.way.open().await {
                    Ok(other) => {
                        log::warn!("Redis says nothing on its connection: another has taken its place");
                        shared.replace(other);
                    }
                    Err(error) => log::debug!("another connection to Redis: {error}"),
                }
            }
            shared.in_doubt.store(false, Ordering::Release);
        });
    }
}

/// Raises doubts when it goes without an answer, also because whoever asked has given up.
struct Asked<'a> {
    shared: &'a Arc<Shared>,
    connection: Option<Connection>,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.shared.doubt(connection);
        }
    }
}

impl Link {
    pub(super) async fn connect(url: &str, ca_file: Option<&Path>) -> Result<Self, StoreError> {
        if is_tls(url) {
            use_a_provider();
        }
        let (url, trust) = trust(url, ca_file)?;
        let way = Way::of(&url, trust.as_ref()).map_err(StoreError::new)?;
        let connection = Mutex::new((0, way.open().await.map_err(explained)?));
        let (renewed, in_doubt) = (AsyncMutex::default(), AtomicBool::new(false));
        Ok(Self(Arc::new(Shared { way, connection, renewed, in_doubt })))
    }

    pub(super) fn is_to_a_cluster(&self) -> bool {
        matches!(self.0.way, Way::Cluster(_))
    }

    /// Every call may be sent twice: where its answer was lost, it is.
    pub(super) async fn run<T: FromRedisValue>(&self, call: &Call<'_>) -> Result<T, StoreError> {
        match self.send(&call.by_hash()).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.send(&call.by_text()).await
            }
            answer => answer,
        }
        .map_err(explained)
    }

    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, StoreError> {
        self.send(command).await.map_err(explained)
    }

    /// Where the server takes no writes any more, as after a failover that left the connection open, on another one.
    async fn send<T: FromRedisValue>(&self, command: &Cmd) -> RedisResult<T> {
        let (number, connection) = self.0.connection().clone();
        match self.send_on(connection, command).await {
            Err(error) if self.0.way.leads_elsewhere(&error) && self.0.renew(number).await => {
                let connection = self.0.connection().1.clone();
                let answer = self.send_on(connection, command).await;
                if !answer.as_ref().is_err_and(|error| self.0.way.leads_elsewhere(error)) {
                    log::warn!("Redis took no more writes ({error}): connected anew");
                }
                answer
            }
            answer => answer,
        }
    }

    async fn send_on<T: FromRedisValue>(&self, connection: Connection, command: &Cmd) -> RedisResult<T> {
        let mut asked = Asked { shared: &self.0, connection: Some(connection.clone()) };
        let answer = connection.ask(command).await;
        if !answer.as_ref().is_err_and(RedisError::is_timeout) {
            asked.connection = None;
        }
        answer
    }

    /// What each server says of itself.
    pub(super) async fn info(&self, section: &str) -> RedisResult<Vec<String>> {
        let mut info = redis::cmd("INFO");
        info.arg(section);
        match self.0.way {
            Way::Single(_) | Way::Sentinel(_) => self.send(&info).await.map(|text| vec![text]),
            Way::Cluster(_) => self.send::<HashMap<String, String>>(&info).await.map(|all| all.into_values().collect()),
        }
    }
}

/// A connection that may wait for long, and is used for nothing else.
#[derive(Default)]
pub(super) struct Waiting(AsyncMutex<Option<(u64, MultiplexedConnection)>>);

impl Waiting {
    /// Waits for a new entry of a stream; not in a cluster.
    pub(super) async fn for_entry(&self, link: &Link, stream: &str, after: u64, at_most: Duration) -> RedisResult<()> {
        let mut place = self.0.lock().await;
        let number = link.0.connection().0;
        let mut connection = match place.take().filter(|(made_at, _)| *made_at == number) {
            Some((_, connection)) => connection,
            None => {
                let config =
                    AsyncConnectionConfig::new().set_connection_timeout(Some(TIMEOUT)).set_response_timeout(None);
                let Some(server) = link.0.way.server().await? else { return Ok(()) };
                server.get_multiplexed_async_connection_with_config(&config).await?
            }
        };
        let millis = u64::try_from(at_most.as_millis()).unwrap_or(1).max(1);
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(1).arg("BLOCK").arg(millis).arg("STREAMS").arg(stream).arg(format!("{after}-0"));
        let _: Value = command.query_async(&mut connection).await?;
        // One that failed is not kept, nor one whose answer nobody waited for.
        *place = Some((number, connection));
        Ok(())
    }
}

/// `redis+cluster://user:password@one:7000,two:7000` → an URL for each node. `None` = a single server's URL.
fn cluster_nodes(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = match url.split_once("://")? {
        ("redis+cluster", rest) => ("redis", rest),
        ("rediss+cluster", rest) => ("rediss", rest),
        _ => return None,
    };
    let (login, nodes) = match rest.rsplit_once('@') {
        Some((login, nodes)) => (format!("{login}@"), nodes),
        None => (String::new(), rest),
    };
    let nodes = nodes.split(',').map(|node| format!("{scheme}://{login}{}", node.trim_end_matches('/')));
    Some(nodes.collect())
}

fn is_tls(url: &str) -> bool {
    url.starts_with("rediss")
}

/// The URL without what it says of files for TLS; and whom to trust, if that is said.
fn trust(url: &str, ca_file: Option<&Path>) -> Result<(String, Option<TlsCertificates>), StoreError> {
    let mut files = TlsFiles::default();
    let (start, query) = url.rsplit_once('?').unwrap_or((url, ""));
    let others: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.split_once('=').is_some_and(|(name, value)| files.take(name, value)))
        .filter(|pair| !pair.is_empty())
        .collect();
    let rest = if others.is_empty() { start.to_owned() } else { format!("{start}?{}", others.join("&")) };
    if !is_tls(url) {
        if files.are_in_url() {
            return Err(StoreError::new("sslrootcert, sslcert and sslkey are for TLS: the URL must begin with rediss"));
        }
        return Ok((rest, None));
    }
    files.or_trust(ca_file);
    let client_tls = files.own()?.map(|(client_cert, client_key)| ClientTlsConfig { client_cert, client_key });
    let root_cert = files.authorities()?;
    let trust = TlsCertificates { client_tls, root_cert };
    Ok((rest, (trust.client_tls.is_some() || trust.root_cert.is_some()).then_some(trust)))
}

/// The redis crate takes the process's crypto provider; where nobody has chosen one, ours.
fn use_a_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_about_tls_stays_in_the_url() {
        for url in ["redis://host/0", "redis+unix:///socket?user=me&pass=p%20w&db=1", "redis+cluster://a:1,b:2"] {
            // A file for stores with TLS says nothing to one without.
            let (rest, trust) = trust(url, Some(Path::new("/no/file"))).unwrap();
            assert!(rest == url && trust.is_none());
        }
        assert_eq!(trust("rediss://host/0?a=b&sslrootcert=system&c", None).unwrap().0, "rediss://host/0?a=b&c");
        for url in ["rediss://host?sslrootcert=/no/file", "rediss://host", "rediss+sentinel://one/main"] {
            let error = trust(url, Some(Path::new("/no/file"))).unwrap_err().to_string();
            assert!(error.contains("the file /no/file"), "{error}");
        }
        assert!(trust("redis://host?sslrootcert=system", None).unwrap_err().to_string().contains("rediss"));
    }

    #[test]
    fn a_clusters_url_names_its_nodes() {
        assert_eq!(cluster_nodes("redis://host:6379/0"), None);
        assert_eq!(cluster_nodes("nonsense"), None);
        assert_eq!(cluster_nodes("redis+cluster://a:1,b:2/").unwrap(), ["redis://a:1", "redis://b:2"]);
        assert_eq!(
            cluster_nodes("rediss+cluster://me:p@ss@a:1,b:2").unwrap(),
            ["rediss://me:p@ss@a:1", "rediss://me:p@ss@b:2"]
        );
    }
}
