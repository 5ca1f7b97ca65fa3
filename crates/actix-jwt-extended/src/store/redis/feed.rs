//! Following a Redis server: its stream of revocations.

use super::{Inner, RedisStore, scripts};
use crate::store::feed::{AT_ONCE, look_again};
use crate::store::{Changes, FOREVER, FeedPosition, Revocation, RevocationFeed, SnapshotPage, StoreError};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// A page of a snapshot, more or less.
const PAGE: usize = 1_000;

/// By so much the server's answer may be late.
const LATE: Duration = Duration::from_millis(300);

/// In a cluster, so often it is looked whether there is something new.
const POLL: Duration = Duration::from_millis(100);

impl RevocationFeed for RedisStore {
    async fn position(&self) -> Result<FeedPosition, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let call = scripts::POSITION.call().key(&names.head).key(&names.feed).key(&names.until).key(&names.cutoff);
        let (sequence, tag): (Option<u64>, Option<String>) = link.run(&call).await?;
        Ok(FeedPosition { sequence: sequence.unwrap_or(0), tag: tag.unwrap_or_default() })
    }

    async fn snapshot(&self, after: Option<&str>) -> Result<SnapshotPage, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let (asked, cursor) = scripts::cursor(after);
        let call = scripts::PAGE.call().key(&names.until).key(&names.cutoff).key(&names.feed).arg(cursor).arg(PAGE);
        let (server, cursor, rows): (String, String, Vec<(String, String, String)>) = link.run(&call).await?;
        let next = scripts::next(asked, &server, &cursor)?;
        let revocations = rows
            .into_iter()
            .map(|(key, issued_until, until)| Ok(Revocation::from_parts(key, time(&issued_until)?, time(&until)?)));
        let revocations = revocations.collect::<Result<_, StoreError>>()?;
        Ok(SnapshotPage { revocations, next })
    }

    async fn changes(&self, after: &FeedPosition) -> Result<Changes, StoreError> {
        let Inner { link, names, .. } = &*self.0;
        let from = match after.sequence {
            0 => "-".to_owned(),
            sequence => format!("{sequence}-0"),
        };
        let call = scripts::CHANGES.call().key(&names.feed).arg(from).arg(AT_ONCE + 1);
        let entries: Vec<(String, HashMap<String, String>)> = link.run(&call).await?;
        let entries = entries.into_iter().map(|(id, fields)| entry(&id, fields)).collect::<Result<_, _>>()?;
        Ok(Changes::after(after, entries))
    }

    async fn wait(&self, after: &FeedPosition, at_most: Duration) {
        let begin = Instant::now();
        let Inner { link, waiting, names } = &*self.0;
        if !link.is_to_a_cluster() {
            let entry = waiting.for_entry(link, &names.feed, after.sequence, at_most);
            // The server may say nothing at all, or others may wait before us.
            match timeout(at_most + LATE, entry).await {
                Ok(Err(error)) => log::debug!("waiting for revocations: {error}"),
                Ok(Ok(())) | Err(_) => return,
            }
        }
        look_again(self, after, at_most.saturating_sub(begin.elapsed()), POLL).await;
    }
}

fn entry(id: &str, mut fields: HashMap<String, String>) -> Result<(FeedPosition, Revocation), StoreError> {
    let broken = || StoreError::new(format!("the entry {id} of the stream is not one of ours"));
    let sequence = id.split('-').next().and_then(|number| number.parse().ok()).ok_or_else(broken)?;
    let mut take = |name| fields.remove(name).ok_or_else(broken);
    let position = FeedPosition { sequence, tag: take("t")? };
    Ok((position, Revocation::from_parts(take("k")?, time(&take("i")?)?, time(&take("u")?)?)))
}

fn time(score: &str) -> Result<i64, StoreError> {
    if score == "inf" {
        return Ok(FOREVER);
    }
    // As a number it may be written `1.8e+12`; below 2^53 it is exact.
    let number: f64 = score.parse().map_err(StoreError::new)?;
    Ok(number as i64)
}
