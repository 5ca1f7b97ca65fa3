//! How a store tells what has been revoked since: what `Replicated` follows.

use super::{Revocation, StoreError, TokenStore};
use std::future::Future;
use std::time::Duration;

/// So many changes are given at once, if there are so many.
pub(crate) const AT_ONCE: usize = 1_000;

/// A store whose revocations can be followed.
///
/// Every revocation that widens what was kept gets the next number of one sequence without holes, in the same
/// step in which it is kept, and a tag of its own, at random: so a follower sees when the store has
/// forgotten what it had told before, as after a failover.
///
/// Where a store has replicas, all answers come from the server that is written to: what a replica has not got yet
/// would be missed without a sign of it.
pub trait RevocationFeed: TokenStore {
    /// The number and tag of the last revocation.
    ///
    /// # Errors
    /// The store could not be reached.
    fn position(&self) -> impl Future<Output = Result<FeedPosition, StoreError>> + Send;

    /// The live revocations, one page after another: what was there when the first page was asked for, and
    /// perhaps what came later. `after` = the page before this.
    ///
    /// # Errors
    /// The store could not be reached.
    fn snapshot(&self, after: Option<&str>) -> impl Future<Output = Result<SnapshotPage, StoreError>> + Send;

    /// What was revoked after a position, in order. Does not wait for something to happen.
    ///
    /// # Errors
    /// The store could not be reached.
    fn changes(&self, after: &FeedPosition) -> impl Future<Output = Result<Changes, StoreError>> + Send;

    /// Returns when there may be something new, or at the latest after `at_most`. A hint, never relied upon.
    fn wait(&self, after: &FeedPosition, at_most: Duration) -> impl Future<Output = ()> + Send;
}

/// A place in the sequence of revocations.
///
/// ```
/// use actix_jwt_extended::store::FeedPosition;
/// let start = FeedPosition::default();
/// assert_eq!((start.sequence, &*start.tag), (0, ""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeedPosition {
    /// The revocation's number, from 1; 0 = before the first.
    pub sequence: u64,
    /// The revocation's tag; empty before the first.
    pub tag: String,
}

/// Some of the live revocations.
///
/// ```
/// use actix_jwt_extended::store::SnapshotPage;
/// let last = SnapshotPage { revocations: Vec::new(), next: None };
/// ```
#[derive(Debug, Clone, Default)]
pub struct SnapshotPage {
    /// Each once, or more than once.
    pub revocations: Vec<Revocation>,
    /// Where the next page begins; `None` = this was the last.
    pub next: Option<String>,
}

/// What was revoked after a position.
///
/// ```
/// use actix_jwt_extended::store::{Changes, FeedPosition};
/// let none = Changes::Next { revocations: Vec::new(), position: FeedPosition::default() };
/// ```
#[derive(Debug, Clone)]
pub enum Changes {
    /// The first 1,000 of them; fewer = that was all.
    Next {
        /// In the order of the sequence.
        revocations: Vec<Revocation>,
        /// The last one's; the old position if there is nothing new.
        position: FeedPosition,
    },
    /// The position is not in the sequence (any more): a new snapshot is needed.
    Gap,
}

/// Looks for news until there are some, every so often, and no longer than `at_most`.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(crate) async fn look_again(store: &impl RevocationFeed, after: &FeedPosition, at_most: Duration, every: Duration) {
    let begin = tokio::time::Instant::now();
    while begin.elapsed() < at_most {
        if !matches!(store.position().await, Ok(position) if position == *after) {
            break;
        }
        tokio::time::sleep(every.min(at_most)).await;
    }
}

impl Changes {
    /// From what a feed holds from a position on, the position itself included; one more than is given at once.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
    pub(crate) fn after(position: &FeedPosition, entries: Vec<(FeedPosition, Revocation)>) -> Self {
        let mut entries = entries.into_iter();
        let known = match position.sequence {
            // Nothing is known yet: then the feed must have its beginning.
            0 => entries.as_slice().first().is_none_or(|(first, _)| first.sequence == 1),
            _ => entries.next().is_some_and(|(known, _)| known == *position),
        };
        if !known {
            return Self::Gap;
        }
        let (mut position, mut revocations) = (position.clone(), Vec::new());
        for (next, revocation) in entries.take(AT_ONCE) {
            position = next;
            revocations.push(revocation);
        }
        Self::Next { revocations, position }
    }
}
