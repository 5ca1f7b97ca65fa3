//! The file and its tables.

use crate::store::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// So long another process may hold the file's write lock.
const BUSY: Duration = Duration::from_secs(2);

/// To so many bytes the journal is cut after a burst of writes.
const JOURNAL: i64 = 16 << 20;

/// What this version of the crate reads and writes; a later one changes the tables from here on.
const VERSION: i64 = 1;

/// Keys are compared as bytes, as everywhere in SQLite that nothing else is said.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS ajx_schema (version INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS ajx_revocation (
        key TEXT PRIMARY KEY NOT NULL, issued_until INTEGER NOT NULL, until INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ajx_revocation_until ON ajx_revocation (until);
    CREATE TABLE IF NOT EXISTS ajx_session (
        sid TEXT PRIMARY KEY NOT NULL, subject TEXT NOT NULL, rotation INTEGER NOT NULL,
        expires_at INTEGER NOT NULL, data TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS ajx_session_subject ON ajx_session (subject);
    CREATE INDEX IF NOT EXISTS ajx_session_expires_at ON ajx_session (expires_at);
    CREATE TABLE IF NOT EXISTS ajx_feed (
        seq INTEGER PRIMARY KEY NOT NULL, tag TEXT NOT NULL,
        key TEXT NOT NULL, issued_until INTEGER NOT NULL, until INTEGER NOT NULL
    );
    INSERT INTO ajx_schema SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ajx_schema);
";

/// The connection that writes, with the tables in place.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    make_private(path)?;
    // Without `SQLITE_OPEN_URI`: a path is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(StoreError::new)?;
    connection.busy_timeout(BUSY).map_err(StoreError::new)?;
    prepare(&mut connection)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    // Before anything is written: a later version may have other tables.
    check_version(connection)?;
    let journal: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(StoreError::new)?;
    if journal != "wal" {
        return Err(StoreError::new(format!("the file's journal is in the mode {journal}, and must be in WAL")));
    }
    make_tables(connection).map_err(StoreError::new)?;
    check_version(connection)
}

fn make_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.commit()
}

fn check_version(connection: &Connection) -> Result<(), StoreError> {
    if !connection.table_exists(None, "ajx_schema").map_err(StoreError::new)? {
        return Ok(());
    }
    let version: Option<i64> =
        connection.query_row("SELECT max(version) FROM ajx_schema", [], |row| row.get(0)).map_err(StoreError::new)?;
    if version.unwrap_or(0) > VERSION {
        return Err(StoreError::new(format!(
            "the file's tables are of version {}, and this crate knows {VERSION}: update actix-jwt-extended",
            version.unwrap_or(0)
        )));
    }
    Ok(())
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(StoreError::new)?;
    connection.busy_timeout(BUSY).map_err(StoreError::new)?;
    Ok(connection)
}

/// Who has which sessions is nobody else's business. SQLite gives its other files the same mode.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::new(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `kill -9` cannot tell what a power cut would: whether a commit waits for the disk.
    #[test]
    fn a_commit_waits_for_the_disk() {
        const FULL: i64 = 2;
        let folder = tempfile::tempdir().unwrap();
        // The journal's mode stays in the file; this does not.
        for _ in 0..2 {
            let connection = open(&folder.path().join("logins.db")).unwrap();
            let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!((&*journal, synchronous), ("wal", FULL));
        }
    }
}
