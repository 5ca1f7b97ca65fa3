//! Where the primary is, as Redis Sentinel says.

use super::link::{TIMEOUT, address};
use futures_util::future::join_all;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError, RedisResult, ServerErrorKind,
    TlsCertificates, Value,
};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::timeout;

/// So long a sentinel may take.
const ANSWER: Duration = Duration::from_millis(500);

const PORT: u16 = 26_379;

/// The sentinels that watch over a primary.
pub(super) struct Sentinels {
    nodes: Vec<Client>,
    primary: String,
    /// How to log in there, at another address.
    server: ConnectionInfo,
}

impl Sentinels {
    /// `redis+sentinel://user:password@one,two:26379/name/0?sentinel_password=…`. `None` = another URL.
    pub(super) fn of(url: &str, trust: Option<&TlsCertificates>) -> RedisResult<Option<Self>> {
        let Some(parts) = Parts::of(url) else { return Ok(None) };
        if parts.primary.is_empty() || parts.nodes.iter().any(|node| node.is_empty()) {
            return Err(RedisError::from((
                ErrorKind::InvalidClientConfig,
                "sentinels are named as redis+sentinel://one:26379,two:26379/NAME/0, with the NAME of their primary",
            )));
        }
        let open = |node: &&str| {
            let port = if has_port(node) { String::new() } else { format!(":{PORT}") };
            Client::open(address(&format!("{}://{}{node}{port}", parts.scheme, parts.sentinel_login), trust)?)
        };
        Ok(Some(Self {
            nodes: parts.nodes.iter().map(open).collect::<RedisResult<_>>()?,
            primary: parts.primary.to_owned(),
            server: address(&format!("{}://{}localhost/{}", parts.scheme, parts.login, parts.database), trust)?,
        }))
    }

    /// The server that most of them name, if it says so, too: one that was cut off may still name the one before.
    pub(super) async fn primary(&self) -> RedisResult<Client> {
        let asked = self.nodes.iter().map(|node| timeout(ANSWER, self.named_by(node)));
        let mut named: HashMap<(String, u16), usize> = HashMap::new();
        let mut failed = no_answer();
        for answer in join_all(asked).await {
            match answer {
                Ok(Ok(server)) => *named.entry(server).or_default() += 1,
                Ok(Err(error)) => failed = error,
                Err(_) => {}
            }
        }
        let Some((server, _)) = named.into_iter().max_by_key(|(_, count)| *count) else { return Err(failed) };
        let client = Client::open(self.server.clone().set_addr(self.at(server)))?;
        is_primary(&client).await?;
        Ok(client)
    }

    async fn named_by(&self, node: &Client) -> RedisResult<(String, u16)> {
        let mut connection = node.get_multiplexed_async_connection_with_config(&patience()).await?;
        let mut ask = redis::cmd("SENTINEL");
        ask.arg("get-master-addr-by-name").arg(&self.primary);
        let server: Option<(String, u16)> = ask.query_async(&mut connection).await?;
        server.ok_or_else(|| {
            let what = "the sentinels watch over no primary of this name";
            RedisError::from((ErrorKind::InvalidClientConfig, what, self.primary.clone()))
        })
    }

    fn at(&self, (host, port): (String, u16)) -> ConnectionAddr {
        match self.server.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            _ => ConnectionAddr::Tcp(host, port),
        }
    }
}

fn no_answer() -> RedisError {
    RedisError::from((ErrorKind::Io, "no sentinel answers"))
}

fn patience() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(TIMEOUT)).set_response_timeout(Some(TIMEOUT))
}

/// Whether it says so itself: the sentinels may not have noticed yet. One that may not be asked is believed.
async fn is_primary(client: &Client) -> RedisResult<()> {
    let mut connection = client.get_multiplexed_async_connection_with_config(&patience()).await?;
    match redis::cmd("ROLE").query_async::<Vec<Value>>(&mut connection).await {
        Ok(role) => match role.first().map(redis::from_redis_value_ref::<String>) {
            Some(Ok(role)) if role == "master" => Ok(()),
            _ => Err(RedisError::from((ErrorKind::Io, "the sentinels name a server that is no primary"))),
        },
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) => Ok(()),
        Err(error) => Err(error),
    }
}

struct Parts<'a> {
    scheme: &'static str,
    login: String,
    sentinel_login: String,
    nodes: Vec<&'a str>,
    primary: &'a str,
    database: &'a str,
}

impl<'a> Parts<'a> {
    fn of(url: &'a str) -> Option<Self> {
        let (scheme, rest) = match url.split_once("://")? {
            ("redis+sentinel", rest) => ("redis", rest),
            ("rediss+sentinel", rest) => ("rediss", rest),
            _ => return None,
        };
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (format!("{login}@"), rest),
            None => (String::new(), rest),
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let parameter = |name| query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name);
        let sentinel_login = match (parameter("sentinel_user"), parameter("sentinel_password")) {
            (_, None) => String::new(),
            (user, Some((_, password))) => format!("{}:{password}@", user.map_or("", |(_, user)| user)),
        };
        let (nodes, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (primary, database) = path.split_once('/').unwrap_or((path, "0"));
        let nodes = nodes.split(',').collect();
        Some(Self { scheme, login, sentinel_login, nodes, primary, database: database.trim_end_matches('/') })
    }
}

/// `host:port` or `[::1]:port`, and not `[::1]`.
fn has_port(node: &str) -> bool {
    node.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_names_sentinels_and_their_primary() {
        assert!(Sentinels::of("redis://host:6379/0", None).unwrap().is_none());
        for url in ["redis+sentinel://one,two", "redis+sentinel://one,,two/name", "redis+sentinel:///name"] {
            assert!(Sentinels::of(url, None).is_err(), "{url}");
        }
        let url = "redis+sentinel://me:p%40ss@one:5000,two,[::1],[::1]:7/name/3?sentinel_password=word";
        let sentinels = Sentinels::of(url, None).unwrap().unwrap();
        let ports = sentinels.nodes.iter().map(|node| match node.get_connection_info().addr() {
            ConnectionAddr::Tcp(_, port) => *port,
            _ => 0,
        });
        assert_eq!(ports.collect::<Vec<_>>(), [5_000, PORT, PORT, 7]);
        let login = |settings: &redis::RedisConnectionInfo| {
            (settings.username().map(str::to_owned), settings.password().map(str::to_owned), settings.db())
        };
        let server = login(sentinels.server.redis_settings());
        assert_eq!(server, (Some("me".to_owned()), Some("p@ss".to_owned()), 3));
        let sentinel = login(sentinels.nodes.first().unwrap().get_connection_info().redis_settings());
        assert_eq!(sentinel, (None, Some("word".to_owned()), 0));
        assert_eq!(sentinels.primary, "name");
        let tls = Sentinels::of("rediss+sentinel://one/name", None).unwrap().unwrap();
        assert!(matches!(tls.at(("two".to_owned(), 1)), ConnectionAddr::TcpTls { port: 1, .. }));
    }
}
