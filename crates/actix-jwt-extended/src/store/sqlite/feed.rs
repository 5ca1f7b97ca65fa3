//! Places in the file's sequence of revocations.

use crate::store::FeedPosition;
use rusqlite::{Connection, OptionalExtension as _};

/// The last one's.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<FeedPosition> {
    const SQL: &str = "SELECT seq, tag FROM ajx_feed ORDER BY seq DESC LIMIT 1";
    let last = connection.prepare_cached(SQL)?.query_row([], |row| position(row.get(0)?, row.get(1)?));
    last.optional().map(Option::unwrap_or_default)
}

/// Whether the file still holds what it once held, or `kept` later ones, for which it was dropped.
pub(super) fn holds(connection: &Connection, once: &FeedPosition, kept: u64) -> rusqlite::Result<bool> {
    if once.sequence == 0 {
        return Ok(true);
    }
    let sequence = i64::try_from(once.sequence).unwrap_or(i64::MAX);
    let found: Option<String> = connection
        .prepare_cached("SELECT tag FROM ajx_feed WHERE seq = ?1")?
        .query_row([sequence], |row| row.get(0))
        .optional()?;
    match found {
        Some(tag) => Ok(tag == once.tag),
        None => Ok(last(connection)?.sequence.saturating_sub(once.sequence) >= kept),
    }
}

pub(super) fn position(sequence: i64, tag: String) -> rusqlite::Result<FeedPosition> {
    let sequence = u64::try_from(sequence).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, sequence))?;
    Ok(FeedPosition { sequence, tag })
}
