//! Noticing that what was revoked is missing: somebody has emptied a table, or put an older one back.

use super::link::Values;
use super::{PostgresStore, yes};
use crate::store::StoreError;
use std::sync::atomic::Ordering;
use tokio_postgres::Row;

impl PostgresStore {
    /// For what says in its first column whether the table of what is revoked is whole: where it was not, once more.
    pub(super) async fn of_the_whole(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows(sql, values).await?;
        if yes(&rows, 0)? || !self.mend().await? { Ok(rows) } else { self.rows(sql, values).await }
    }

    /// Whether it is whole then.
    async fn mend(&self) -> Result<bool, StoreError> {
        let _one = self.0.mending.lock().await;
        if self.says(&self.0.schema.whole).await? {
            return Ok(true);
        }
        self.fill().await?;
        let whole = self.says(&self.0.schema.whole).await?;
        if !whole {
            self.say_what_is_lost();
        }
        Ok(whole)
    }

    /// After a revocation that found it so, and hides it from whoever asks next.
    pub(super) async fn fill_what_was_missing(&self) -> Result<(), StoreError> {
        if !self.fill().await? {
            self.say_what_is_lost();
        }
        self.0.said.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Whether anything was missing that the feed tells.
    async fn fill(&self) -> Result<bool, StoreError> {
        let filled = !self.rows(&self.0.schema.keep, &[]).await?.is_empty();
        if filled {
            log::warn!(
                "the table of what is revoked lacked what was told of it: it is filled again, as far as the feed goes"
            );
        }
        Ok(filled)
    }

    /// Once: it stays so until somebody revokes something.
    fn say_what_is_lost(&self) {
        if !self.0.said.swap(true, Ordering::Relaxed) {
            log::error!(
                "the tables hold nothing any more of what was revoked: what no replica tells again is forgotten; where there \
                 are none, call revoke_everyone"
            );
        }
    }
}
