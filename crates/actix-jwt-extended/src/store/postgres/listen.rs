//! A connection that listens, where one is heard of: not behind a pooler that pools transactions.

use super::explain::explained;
use super::url::{Address, VANISHED};
use crate::store::StoreError;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::{AsyncMessage, Client};
use uuid::Uuid;

/// After so long without news the connection that listens is asked whether it is there.
const QUIET: Duration = Duration::from_secs(2);

/// So long a notification may be under way until it counts as one that nobody hears.
const HEARD: Duration = Duration::from_secs(2);

/// After a failure, so long nobody tries to listen.
const PAUSE: Duration = Duration::from_secs(1);

const ATTEMPTS: usize = 5;

/// A connection that is told of revocations; opened when somebody first waits.
pub(super) struct Listener {
    address: Address,
    channel: String,
    place: Mutex<Place>,
    /// Whether another server may be the right one by now.
    doubtful: AtomicBool,
}

enum Place {
    Closed {
        until: Instant,
    },
    /// Goes on while nobody waits: far away, it takes longer than anybody does.
    Opening(JoinHandle<Result<Open, StoreError>>),
    Open(Open),
}

struct Open {
    /// The connection lives as long as its client.
    client: Client,
    told: mpsc::Receiver<()>,
    answered: Instant,
}

impl Open {
    async fn at(address: &Address, channel: &str) -> Result<Self, StoreError> {
        let connecting = timeout(address.connecting, address.config.connect(address.tls.clone())).await;
        let connected = connecting.map_err(|_| StoreError::new("the connection that listens took too long"))?;
        let (client, mut connection) = connected.map_err(|error| explained("listening", error))?;
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
        client.batch_execute(&format!("LISTEN \"{channel}\"")).await.map_err(|error| explained("listening", error))?;
        Ok(Self { client, told, answered: Instant::now() })
    }

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

/// Whether a connection has a server's session of its own: only then it hears, while it is idle, what another one tells.
/// The channel is nobody's, for a pooler that pools transactions leaves a session that listens behind.
pub(super) async fn sessions_are_kept(address: &Address, other: &Client) -> bool {
    for _ in 0..ATTEMPTS {
        match hears(address, other).await {
            Ok(heard) => return heard,
            // The server may have no second connection for us at this moment.
            Err(error) => log::debug!("whether a notification is heard is not known: {error}"),
        }
        sleep(PAUSE / 5).await;
    }
    false
}

async fn hears(address: &Address, other: &Client) -> Result<bool, StoreError> {
    let channel = format!("ajx_probe_{}", Uuid::new_v4().simple());
    let mut open = Open::at(address, &channel).await?;
    other.batch_execute(&format!("NOTIFY \"{channel}\"")).await.map_err(|error| explained("notifying", error))?;
    let heard = timeout(HEARD, open.told.recv()).await.is_ok_and(|told| told.is_some());
    if !heard {
        // It may reach the same session.
        let _ = timeout(HEARD, open.client.batch_execute(&format!("UNLISTEN \"{channel}\""))).await;
    }
    Ok(heard)
}

impl Listener {
    pub(super) fn new(address: Address, channel: String) -> Self {
        let place = Mutex::new(Place::Closed { until: Instant::now() });
        Self { address, channel, place, doubtful: AtomicBool::new(false) }
    }

    /// Listens anew: the server that was written to is another one.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Release);
    }

    /// Waits until something was told, or may have been. An error where there is no connection.
    pub(super) async fn wait(&self, at_most: Duration) -> Result<(), StoreError> {
        // Whatever takes long: others that wait before, or the news.
        timeout(at_most, self.wait_until_told()).await.unwrap_or(Ok(()))
    }

    async fn wait_until_told(&self) -> Result<(), StoreError> {
        let mut place = self.place.lock().await;
        if self.doubtful.swap(false, Ordering::AcqRel) {
            *place = Place::Closed { until: Instant::now() };
        }
        match &mut *place {
            // One that has fallen silent tells nothing, and that is all that is to be seen of it.
            Place::Open(open) if open.answered.elapsed() < VANISHED => {
                if open.tells().await {
                    return Ok(());
                }
                *place = Place::Closed { until: Instant::now() };
                Err(StoreError::new("the connection that listens was lost"))
            }
            Place::Opening(opening) if opening.is_finished() => {
                let opened = opening.await.map_err(StoreError::new).and_then(|opened| opened);
                *place = match opened {
                    Ok(open) => Place::Open(open),
                    Err(error) => {
                        *place = Place::Closed { until: Instant::now() + PAUSE };
                        return Err(error);
                    }
                };
                // What came before, nobody has told.
                Ok(())
            }
            Place::Opening(_) => Err(StoreError::new("the connection that listens is being opened")),
            Place::Closed { until } if *until > Instant::now() => Err(StoreError::new("nobody listens for now")),
            Place::Closed { .. } | Place::Open(_) => {
                let (address, channel) = (self.address.clone(), self.channel.clone());
                *place = Place::Opening(tokio::spawn(async move { Open::at(&address, &channel).await }));
                Err(StoreError::new("the connection that listens is being opened"))
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Place::Opening(opening) = self.place.get_mut() {
            opening.abort();
        }
    }
}
