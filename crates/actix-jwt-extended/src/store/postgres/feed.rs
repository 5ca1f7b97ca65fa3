//! Following PostgreSQL: its table of what was revoked, and `NOTIFY` when there is something new.

use super::link::Values;
use super::{PostgresStore, yes};
use crate::store::feed::{AT_ONCE, look_again};
use crate::store::{Changes, FeedPosition, Revocation, RevocationFeed, SnapshotPage, StoreError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// A page of a snapshot.
const PAGE: i64 = 10_000;

/// Where nobody tells, so often it is looked whether there is something new.
const POLL: Duration = Duration::from_millis(100);

impl RevocationFeed for PostgresStore {
    async fn position(&self) -> Result<FeedPosition, StoreError> {
        let rows = self.of_the_whole(&self.0.schema.position, &[]).await?;
        // Nothing has been revoked yet, or somebody has emptied the tables, so that followers notice.
        if !yes(&rows, 0)? {
            return Ok(FeedPosition::default());
        }
        Ok(rows.first().map(position).transpose()?.flatten().unwrap_or_default())
    }

    async fn snapshot(&self, after: Option<&str>) -> Result<SnapshotPage, StoreError> {
        // No key is empty.
        let after = after.unwrap_or_default().as_bytes();
        let rows = self.rows(&self.0.schema.snapshot, &[(&after, Type::BYTEA), (&PAGE, Type::INT8)]).await?;
        let revocations: Vec<_> = rows.iter().map(|row| revocation(row, 0)).collect::<Result<_, _>>()?;
        let whole = i64::try_from(revocations.len()).is_ok_and(|length| length == PAGE);
        let next = revocations.last().filter(|_| whole).map(|last| last.key().to_owned());
        Ok(SnapshotPage { revocations, next })
    }

    async fn changes(&self, after: &FeedPosition) -> Result<Changes, StoreError> {
        let from = i64::try_from(after.sequence).map_err(StoreError::new)?;
        let values: Values<'_> = &[(&from, Type::INT8), (&(AT_ONCE as i64 + 1), Type::INT8)];
        let rows = self.of_the_whole(&self.0.schema.changes, values).await?;
        let mut entries = Vec::new();
        for row in &rows {
            if let Some(position) = position(row)? {
                entries.push((position, revocation(row, 3)?));
            }
        }
        Ok(Changes::after(after, entries))
    }

    async fn wait(&self, after: &FeedPosition, at_most: Duration) {
        let begin = Instant::now();
        if let Some(listener) = self.0.link.listener.get() {
            match listener.wait(at_most).await {
                Ok(()) => return,
                Err(error) => log::debug!("waiting for revocations: {error}"),
            }
        }
        look_again(self, after, at_most.saturating_sub(begin.elapsed()), POLL).await;
    }
}

/// `None` = there is none.
fn position(row: &Row) -> Result<Option<FeedPosition>, StoreError> {
    let sequence: Option<i64> = row.try_get(1).map_err(StoreError::new)?;
    let Some(sequence) = sequence else { return Ok(None) };
    let sequence = u64::try_from(sequence).map_err(StoreError::new)?;
    Ok(Some(FeedPosition { sequence, tag: row.try_get(2).map_err(StoreError::new)? }))
}

fn revocation(row: &Row, at: usize) -> Result<Revocation, StoreError> {
    let key: Vec<u8> = row.try_get(at).map_err(StoreError::new)?;
    let key = String::from_utf8(key).map_err(StoreError::new)?;
    let (issued_until, until) = (row.try_get(at + 1), row.try_get(at + 2));
    Ok(Revocation::from_parts(key, issued_until.map_err(StoreError::new)?, until.map_err(StoreError::new)?))
}
