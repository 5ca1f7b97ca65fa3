//! Everything in one file, on one machine: durable, and no server to run.

mod feed;
mod place;
mod schema;
mod writer;

use super::feed::{AT_ONCE, look_again};
use super::{
    Changes, FeedPosition, Revocation, RevocationFeed, SessionRecord, SessionsPage, SnapshotPage, StoreError, TokenIds,
    TokenStore, indexed,
};
use place::Place;
use rusqlite::{Connection, params, params_from_iter};
use std::fmt;
use std::path::Path;
#[cfg(unix)]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use writer::{Write, Writer};

/// So many connections that read are kept open; more are opened while more are needed.
const IDLE_READERS: usize = 4;

/// So many read at once: each takes a thread and a connection, which is three open files.
const READERS: usize = 16;

/// So often it is looked whether another process has written.
const POLL: Duration = Duration::from_millis(50);

/// A page of a snapshot.
const PAGE: usize = 10_000;

/// A page of a subject's sessions.
const SESSIONS: usize = 1_000;

/// Keeps everything in an SQLite file: the store for one machine.
///
/// What was acknowledged is on the disk (WAL, `synchronous=FULL`): a crash or a power cut loses nothing. Several
/// processes may use one file on the same machine, not over a network file system. Writes that come at the same
/// time share one commit. The file is made with mode 0600; beside it lie a `-wal` and a `-shm` file, and what was
/// written last is in the former: copy a file that is in use with `sqlite3 logins.db ".backup copy.db"`. Once the last
/// clone is dropped, the file has everything. Its tables begin with `ajx_`, so it may be your application's own file.
///
/// A full disk is an error, and so is a file that reaches the process's limit (`ulimit -f`): the store takes the signal SIGXFSZ.
///
/// A file that is moved, deleted, replaced, or put back to an earlier state while the store is open is noticed, since
/// it would not know what was acknowledged: each call fails (503), and the log says so once, until the file is back or
/// the program is restarted. (On Windows an open file can be neither moved nor deleted.)
///
/// Clones share one store. Feature `sqlite`.
///
/// ```
/// use actix_jwt_extended::store::SqliteStore;
/// use actix_jwt_extended::{JwtConfig, JwtManager};
///
/// # actix_web::rt::System::new().block_on(async {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("logins.db");
/// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
///     .token_store(SqliteStore::open(path).await?)
///     .build()?;
/// jwt.start_session("ada").await?;
/// assert_eq!(jwt.sessions("ada").await?.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    // Dropped in this order: a reader may hold up what the writer does last.
    readers: Readers,
    writer: Writer,
}

/// Where the process has a limit for its files (`ulimit -f`), the system would end it with SIGXFSZ. Once the signal is
/// taken, SQLite gets an error instead, and whoever called gets it, too.
fn live_on_when_a_file_may_not_grow() -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        static TAKEN: OnceLock<bool> = OnceLock::new();
        let take = || signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default()).is_ok();
        if !TAKEN.get_or_init(take) {
            return Err(StoreError::new("the signal SIGXFSZ cannot be handled"));
        }
    }
    Ok(())
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.0.readers.place.path()).finish()
    }
}

impl SqliteStore {
    /// Opens a file, or makes it. Needs a tokio runtime around it, such as `#[actix_web::main]`.
    ///
    /// # Errors
    /// The file cannot be opened or written, is no SQLite file, or was made by a later version of this crate.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        // So that no path means something else than a file.
        let path = std::path::absolute(path).map_err(StoreError::new)?;
        blocking(move || {
            live_on_when_a_file_may_not_grow()?;
            let connection = schema::open(&path)?;
            let place = Arc::new(Place::of(path)?);
            let writer = Writer::start(connection, Arc::clone(&place))?;
            Ok(Self(Arc::new(Inner { readers: Readers::new(place), writer })))
        })
        .await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        // Whoever gives up meanwhile leaves nothing behind that would be done for nobody.
        let turn = Arc::clone(&self.0.readers.turns).acquire_owned().await.map_err(StoreError::new)?;
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let answer = inner.readers.with(read);
            drop(turn);
            answer
        })
        .await
    }

    async fn sessions_by(&self, sql: &'static str, key: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let key = indexed(key).into_owned();
        let kept: Vec<String> = self
            .read(move |connection| {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query_map([key], |row| row.get(0))?.collect()
            })
            .await?;
        kept.iter().map(|json| serde_json::from_str(json).map_err(StoreError::new)).collect()
    }
}

/// Connections that only read: in WAL mode they wait for nobody.
struct Readers {
    place: Arc<Place>,
    idle: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    fn new(place: Arc<Place>) -> Self {
        Self { place, idle: Mutex::default(), turns: Arc::new(Semaphore::new(READERS)) }
    }

    fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => {
                self.place.check()?;
                schema::open_reader(self.place.path())?
            }
        };
        // One that fails is not kept, nor one of another file.
        let answer = read(&connection);
        self.place.check()?;
        let answer = answer.map_err(StoreError::new)?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_READERS {
            idle.push(connection);
        }
        Ok(answer)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(StoreError::new(error)))
}

impl TokenStore for SqliteStore {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        self.0.writer.write(Write::Revoke(revocation.clone(), over_by_ms)).await.map(drop)
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        const SQL: &str =
            "SELECT EXISTS (SELECT 1 FROM ajx_revocation WHERE key IN (?2, ?3, ?4, ?5) AND issued_until >= ?1)";
        let mut keys = token.keys();
        // A token has three keys or four; one of them twice finds the same.
        let keys: [Option<String>; 4] = std::array::from_fn(|_| keys.next());
        let issued_at_ms = token.issued_at_ms;
        self.read(move |connection| {
            let [one, two, three, four] = keys;
            connection.prepare_cached(SQL)?.query_row(params![issued_at_ms, one, two, three, four], |row| row.get(0))
        })
        .await
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.0.writer.write(Write::Insert(session.clone(), now_ms)).await.map(drop)
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        let found = self.sessions_by("SELECT data FROM ajx_session WHERE sid = ?1", session_id).await?;
        Ok(found.into_iter().find(|session| session.session_id() == session_id))
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.0.writer.write(Write::Replace(session.clone())).await
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.0.writer.write(Write::Remove(session.clone())).await
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        let mut found = self.sessions_by("SELECT data FROM ajx_session WHERE subject = ?1", subject).await?;
        found.retain(|session| session.subject() == subject);
        Ok(found)
    }

    async fn sessions_page(&self, subject: &str, after: Option<&str>) -> Result<SessionsPage, StoreError> {
        // The index on the subject holds the ID, too, as that of every table without row IDs.
        const FIRST: &str = "SELECT sid, data FROM ajx_session WHERE subject = ?1 ORDER BY sid LIMIT ?2";
        const NEXT: &str = "SELECT sid, data FROM ajx_session WHERE subject = ?1 AND sid > ?3 ORDER BY sid LIMIT ?2";
        let (key, after) = (indexed(subject).into_owned(), after.map(str::to_owned));
        let rows: Vec<(String, String)> = self
            .read(move |connection| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                match after {
                    None => connection.prepare_cached(FIRST)?.query_map(params![key, SESSIONS as i64], row)?.collect(),
                    Some(after) => {
                        let mut next = connection.prepare_cached(NEXT)?;
                        next.query_map(params![key, SESSIONS as i64, after], row)?.collect()
                    }
                }
            })
            .await?;
        let next = rows.last().filter(|_| rows.len() == SESSIONS).map(|(sid, _)| sid.clone());
        let sessions = rows.iter().map(|(_, json)| serde_json::from_str(json).map_err(StoreError::new));
        let mut sessions = sessions.collect::<Result<Vec<SessionRecord>, _>>()?;
        sessions.retain(|session| session.subject() == subject);
        Ok(SessionsPage { sessions, next })
    }
}

impl RevocationFeed for SqliteStore {
    async fn position(&self) -> Result<FeedPosition, StoreError> {
        self.read(feed::last).await
    }

    async fn snapshot(&self, after: Option<&str>) -> Result<SnapshotPage, StoreError> {
        // No key is empty.
        const SQL: &str = "SELECT key, issued_until, until FROM ajx_revocation WHERE key > ?1 ORDER BY key LIMIT ?2";
        let after = after.unwrap_or_default().to_owned();
        let revocations: Vec<Revocation> = self
            .read(move |connection| {
                let mut statement = connection.prepare_cached(SQL)?;
                let rows = statement.query_map(params![after, PAGE as i64], |row| {
                    Ok(Revocation::from_parts(row.get(0)?, row.get(1)?, row.get(2)?))
                })?;
                rows.collect()
            })
            .await?;
        let next = revocations.last().filter(|_| revocations.len() == PAGE).map(|last| last.key().to_owned());
        Ok(SnapshotPage { revocations, next })
    }

    async fn changes(&self, after: &FeedPosition) -> Result<Changes, StoreError> {
        const SQL: &str =
            "SELECT seq, tag, key, issued_until, until FROM ajx_feed WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
        let from = i64::try_from(after.sequence).unwrap_or(i64::MAX);
        let entries: Vec<(FeedPosition, Revocation)> = self
            .read(move |connection| {
                let mut statement = connection.prepare_cached(SQL)?;
                let rows = statement.query_map(params_from_iter([from, AT_ONCE as i64 + 1]), |row| {
                    let revocation = Revocation::from_parts(row.get(2)?, row.get(3)?, row.get(4)?);
                    Ok((feed::position(row.get(0)?, row.get(1)?)?, revocation))
                })?;
                rows.collect()
            })
            .await?;
        Ok(Changes::after(after, entries))
    }

    async fn wait(&self, after: &FeedPosition, at_most: Duration) {
        look_again(self, after, at_most, POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::Condvar;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::timeout;

    /// On a disk that hangs, say.
    #[actix_web::test]
    async fn reads_that_stall_are_few_and_those_given_up_are_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("logins.db")).await.unwrap();
        let begun = Arc::<AtomicUsize>::default();
        let stalled = Arc::new((Mutex::new(true), Condvar::new()));
        let read = || {
            let (store, begun, stalled) = (store.clone(), Arc::clone(&begun), Arc::clone(&stalled));
            async move {
                let stall = move |_: &Connection| {
                    begun.fetch_add(1, Ordering::SeqCst);
                    let (stalls, end) = &*stalled;
                    drop(end.wait_while(stalls.lock().unwrap(), |stalls| *stalls).unwrap());
                    Ok(())
                };
                timeout(Duration::from_millis(200), store.read(stall)).await
            }
        };
        let given_up = join_all((0..10 * READERS).map(|_| read())).await;
        assert!(given_up.iter().all(Result::is_err));
        *stalled.0.lock().unwrap() = false;
        stalled.1.notify_all();
        // It is nobody's turn any more once all of them can be had.
        let all = u32::try_from(READERS).unwrap();
        drop(store.0.readers.turns.acquire_many(all).await.unwrap());
        assert!(store.read(|_| Ok(())).await.is_ok());
        let begun = begun.load(Ordering::SeqCst);
        assert!((1..=READERS).contains(&begun), "{begun}");
    }
}
