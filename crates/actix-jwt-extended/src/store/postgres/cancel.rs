//! Telling the server that nobody waits for a statement any more.

use super::url::Address;
use futures_util::future::join_all;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_postgres::config::Host;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, NoTls};

/// A server closes the connection of such a request once it has carried it out. `tokio-postgres` does not wait for
/// that: PgBouncer drops a request whose sender has gone, and a server may carry it out when the connection's next statement
/// runs. So we do, where we know the address; of several servers those that do not know the statement pay no heed.
pub(super) async fn cancel(token: &CancelToken, address: Option<&Address>) {
    let Some(address) = address else {
        let _ = token.cancel_query(NoTls).await;
        return;
    };
    let (hosts, addresses, ports) =
        (address.config.get_hosts(), address.config.get_hostaddrs(), address.config.get_ports());
    let sent = (0..hosts.len().max(addresses.len())).map(|at| async move {
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
        let name = match hosts.get(at) {
            Some(Host::Tcp(name)) => name.as_str(),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => {
                let socket = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await?;
                return send(token, address, "", socket).await;
            }
            None => "",
        };
        let socket = match addresses.get(at) {
            Some(ip) => TcpStream::connect((*ip, port)).await?,
            None => TcpStream::connect((name, port)).await?,
        };
        send(token, address, name, socket).await
    });
    for error in join_all(sent).await.into_iter().filter_map(Result::err) {
        log::debug!("a statement cannot be cancelled: {error}");
    }
}

async fn send<S>(token: &CancelToken, address: &Address, name: &str, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let tls = MakeTlsConnect::<UntilClosed<S>>::make_tls_connect(&mut address.tls.clone(), name);
    token.cancel_query_raw(UntilClosed(stream), tls.map_err(io::Error::other)?).await.map_err(io::Error::other)
}

/// Is shut down once its other end has closed it.
struct UntilClosed<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for UntilClosed<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for UntilClosed<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut bytes = [0; 64];
            let mut rest = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut self.0).poll_read(context, &mut rest))?;
            if rest.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
