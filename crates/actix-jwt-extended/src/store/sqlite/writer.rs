//! The one thread that writes: whatever has come while the last commit was made shares the next.

use super::feed;
use super::place::Place;
use crate::store::{FeedPosition, Revocation, SessionRecord, StoreError, indexed};
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::thread;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

/// So many writes may wait; whoever comes then waits to be let in.
const QUEUE: usize = 1_024;

/// So many share a commit at most.
const BATCH: usize = 256;

/// So many rows that are over are deleted for each write: more than it can have added.
const SWEPT: i64 = 100;

/// So many of the last revocations the feed can tell again.
const FEED: i64 = 65_536;

pub(super) enum Write {
    Revoke(Revocation, i64),
    Insert(SessionRecord, i64),
    Replace(SessionRecord),
    Remove(SessionRecord),
}

/// Whether it changed something.
type Answer = Result<bool, StoreError>;

/// Dropped, it waits until all that waits is written, and in the file itself.
pub(super) struct Writer {
    /// `None` = it is being dropped.
    sender: Option<mpsc::Sender<(Write, oneshot::Sender<Answer>)>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection, place: Arc<Place>) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let last = feed::last(&connection).map_err(StoreError::new)?;
        let thread = thread::Builder::new()
            .name("ajx-sqlite".to_owned())
            .spawn(move || Writing { connection, place, last }.run(receiver))
            .map_err(StoreError::new)?;
        Ok(Self { sender: Some(sender), thread: Some(thread) })
    }

    /// Returns once it is on the disk.
    pub(super) async fn write(&self, write: Write) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send((write, answer)).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.sender = None;
        // A panic of the thread has been told already.
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn gone() -> StoreError {
    StoreError::new("the thread that writes has ended")
}

/// What the thread has.
struct Writing {
    connection: Connection,
    place: Arc<Place>,
    /// What the file held after the last commit.
    last: FeedPosition,
}

impl Writing {
    fn run(mut self, mut receiver: mpsc::Receiver<(Write, oneshot::Sender<Answer>)>) {
        while let Some(first) = receiver.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < BATCH
                && let Ok(next) = receiver.try_recv()
            {
                batch.push(next);
            }
            let (writes, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            // A file that is not in its place explains whatever else went wrong.
            let written = self.write(&writes);
            match self.place.check().map_err(Failure::from).and(written) {
                Ok(results) => {
                    for (answer, result) in answers.into_iter().zip(results) {
                        // Whoever asked may have gone.
                        let _ = answer.send(result.map_err(StoreError::new));
                    }
                }
                Err(error) => {
                    let error = Arc::new(error);
                    for answer in answers {
                        let _ = answer.send(Err(StoreError::new(Shared(Arc::clone(&error)))));
                    }
                }
            }
        }
        self.end();
    }

    /// Nothing is acknowledged that went into a file which is not in its place.
    fn write(&mut self, writes: &[Write]) -> Result<Vec<rusqlite::Result<bool>>, Failure> {
        self.place.check()?;
        let mut transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !feed::holds(&transaction, &self.last, FEED as u64)? {
            return Err(self.place.is_put_back().into());
        }
        let results = perform_all(&mut transaction, writes)?;
        let last = feed::last(&transaction)?;
        transaction.commit()?;
        self.last = last;
        Ok(results)
    }

    /// So that whoever copies the file alone, with nobody at work, copies all.
    fn end(self) {
        let moved = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        match moved {
            Ok(0) => {}
            // Another process is at work.
            Ok(_) => log::debug!("the journal of {} stays", self.place.path().display()),
            Err(error) => log::warn!("the journal of {} stays: {error}", self.place.path().display()),
        }
    }
}

type Failure = Box<dyn Error + Send + Sync>;

/// Each with a savepoint, so that one's failure is its own.
fn perform_all(
    transaction: &mut rusqlite::Transaction<'_>,
    writes: &[Write],
) -> rusqlite::Result<Vec<rusqlite::Result<bool>>> {
    let mut results = Vec::with_capacity(writes.len());
    for write in writes {
        let savepoint = transaction.savepoint()?;
        let result = perform(&savepoint, write);
        if result.is_ok() {
            savepoint.commit()?;
        } else {
            savepoint.finish()?;
        }
        results.push(result);
    }
    let now_ms = writes.iter().filter_map(Write::now_ms).max();
    if let Some(now_ms) = now_ms {
        sweep(transaction, now_ms, SWEPT.saturating_mul(writes.len() as i64))?;
    }
    Ok(results)
}

impl Write {
    fn now_ms(&self) -> Option<i64> {
        match self {
            Self::Revoke(_, now_ms) | Self::Insert(_, now_ms) => Some(*now_ms),
            Self::Replace(_) | Self::Remove(_) => None,
        }
    }
}

fn perform(connection: &Connection, write: &Write) -> rusqlite::Result<bool> {
    match write {
        Write::Revoke(revocation, _) => revoke(connection, revocation),
        Write::Insert(session, _) => {
            const SQL: &str = "INSERT INTO ajx_session (sid, subject, rotation, expires_at, data)
                               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (sid) DO NOTHING";
            let (sid, subject) = (indexed(session.session_id()), indexed(session.subject()));
            let row = params![sid, subject, number(session.rotation())?, session.expires_at_ms(), json(session)?];
            connection.prepare_cached(SQL)?.execute(row).map(|_| true)
        }
        Write::Replace(session) => {
            const SQL: &str = "UPDATE ajx_session SET rotation = ?2, expires_at = ?3, data = ?4
                               WHERE sid = ?1 AND rotation = ?2 - 1";
            let sid = indexed(session.session_id());
            let row = params![sid, number(session.rotation())?, session.expires_at_ms(), json(session)?];
            connection.prepare_cached(SQL)?.execute(row).map(|rows| rows == 1)
        }
        Write::Remove(session) => {
            let sid = indexed(session.session_id());
            connection.prepare_cached("DELETE FROM ajx_session WHERE sid = ?1")?.execute([sid]).map(|rows| rows == 1)
        }
    }
}

fn revoke(connection: &Connection, revocation: &Revocation) -> rusqlite::Result<bool> {
    let known: Option<(i64, i64)> = connection
        .prepare_cached("SELECT issued_until, until FROM ajx_revocation WHERE key = ?1")?
        .query_row([revocation.key()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (issued_until, until) = match known {
        Some((issued_until, until)) => {
            (revocation.issued_until_ms().max(issued_until), revocation.until_ms().max(until))
        }
        None => (revocation.issued_until_ms(), revocation.until_ms()),
    };
    if known == Some((issued_until, until)) {
        return Ok(false);
    }
    connection
        .prepare_cached("INSERT OR REPLACE INTO ajx_revocation (key, issued_until, until) VALUES (?1, ?2, ?3)")?
        .execute(params![revocation.key(), issued_until, until])?;
    let last: Option<i64> =
        connection.prepare_cached("SELECT max(seq) FROM ajx_feed")?.query_row([], |row| row.get(0))?;
    let next = last.unwrap_or(0).saturating_add(1);
    let tag = Uuid::new_v4().simple().to_string();
    connection
        .prepare_cached("INSERT INTO ajx_feed (seq, tag, key, issued_until, until) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![next, tag, revocation.key(), issued_until, until])?;
    connection.prepare_cached("DELETE FROM ajx_feed WHERE seq <= ?1")?.execute([next - FEED])?;
    Ok(true)
}

/// Deletes what is over, the longest over first.
fn sweep(connection: &Connection, now_ms: i64, at_most: i64) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM ajx_revocation WHERE key IN
         (SELECT key FROM ajx_revocation WHERE until < ?1 ORDER BY until LIMIT ?2)",
        "DELETE FROM ajx_session WHERE sid IN
         (SELECT sid FROM ajx_session WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
    ] {
        connection.prepare_cached(sql)?.execute([now_ms, at_most])?;
    }
    Ok(())
}

fn number(rotation: u64) -> rusqlite::Result<i64> {
    i64::try_from(rotation).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn json(session: &SessionRecord) -> rusqlite::Result<String> {
    serde_json::to_string(session).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// One failure of all that shared a commit.
#[derive(Debug)]
struct Shared(Arc<Failure>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Shared {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
