//! What every [`TokenStore`] must do: run it against your own (feature `test-util`).
//!
//! ```
//! use actix_jwt_extended::store::MemoryStore;
//! use actix_jwt_extended::test_util::store_testing;
//!
//! # actix_web::rt::System::new().block_on(async {
//! store_testing::check(|_| async { MemoryStore::new() }).await;
//! # });
//! ```

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod feed;
mod logins;
mod revocations;
mod sessions;

use crate::clock::ManualClock;
use crate::store::{FOREVER, Revocation, RevocationFeed, SessionRecord, TokenIds, TokenStore};
use std::future::Future;
use std::time::Duration;

const NOW: i64 = 1_800_000_000_000;
const LATER: i64 = NOW + 3_600_000;

/// Runs every check, each against a store of its own: `make` makes empty ones. A store that looks at a clock takes the
/// one that it is given, which the checks move; others ignore it, and go by the times that they are told.
///
/// Needs a tokio runtime with time around it, such as `#[actix_web::test]` gives.
///
/// # Panics
/// Where the store does something else than it must.
pub async fn check<S: TokenStore, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) {
    let next = || at_now(&make);
    revocations::each_revocation_concerns_its_tokens(next().await).await;
    revocations::realms_are_apart(next().await).await;
    revocations::a_revocation_is_widened_and_never_narrowed(next().await).await;
    revocations::the_widest_of_many_at_once_counts(next().await).await;
    revocations::a_revocation_is_kept_to_its_last_millisecond(next().await).await;
    revocations::odd_ids_are_told_apart(next().await).await;
    revocations::what_has_expired_takes_nothing_with_it(next().await).await;
    sessions::sessions_are_kept_as_they_were_written(next().await).await;
    sessions::an_insert_that_is_sent_again_changes_nothing(next().await).await;
    sessions::one_caller_replaces_a_session(next().await).await;
    sessions::one_caller_removes_a_session(next().await).await;
    sessions::many_at_once_are_as_one_after_the_other(next().await).await;
    logins::many_sessions_of_one_subject_are_found_and_ended(next().await).await;
    logins::one_of_a_thousand_rotates(next().await).await;
    logins::used_again_after_the_grace_period_ends_the_session(next().await).await;
    logins::everywhere_means_before_and_not_after(next().await).await;
    logins::a_session_that_was_ended_is_over(next().await).await;
}

/// Whether the store forgets what is over while it is written to. Leave it out where somebody else cleans up.
///
/// ```
/// use actix_jwt_extended::store::MemoryStore;
/// use actix_jwt_extended::test_util::store_testing;
///
/// # actix_web::rt::System::new().block_on(async {
/// store_testing::check_cleanup(|_| async { MemoryStore::new() }).await;
/// # });
/// ```
///
/// # Panics
/// Where it keeps more than half of that, after as many writes.
pub async fn check_cleanup<S: TokenStore, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) {
    revocations::what_is_over_is_forgotten(at_now(&make).await).await;
}

/// The checks of a store that can be followed.
///
/// # Panics
/// Where the store does something else than it must.
pub async fn check_feed<S: RevocationFeed, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) {
    let next = || at_now(&make);
    feed::the_feed_tells_everything_once_and_in_order(next().await).await;
    feed::a_position_that_never_was_is_a_gap(next().await).await;
    feed::a_snapshot_holds_what_lives(next().await).await;
    feed::revocations_at_once_all_get_their_number(next().await).await;
}

/// A store, and the clock that it was made with.
struct Timed<S>(S, ManualClock);

async fn at_now<S, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) -> Timed<S> {
    let clock = ManualClock::at(NOW.unsigned_abs() / 1000);
    Timed(make(clock.clone()).await, clock)
}

/// The clock has come so far.
fn move_to(clock: &ManualClock, now_ms: i64) {
    clock.set(now_ms.unsigned_abs() / 1000);
}

fn ids<'a>(jwt_id: &'a str, session_id: Option<&'a str>, subject: &'a str, issued_at_ms: i64) -> TokenIds<'a> {
    TokenIds { realm: "", jwt_id, session_id, subject, issued_at_ms }
}

async fn revoke(store: &impl TokenStore, revocation: Revocation) {
    store.revoke(&revocation, NOW).await.expect("revoke");
}

/// One that the store has not got yet.
async fn revoke_anew(store: &impl TokenStore, revocation: Revocation) {
    let so_far = || store.revocations_so_far(Duration::from_secs(3600));
    let before = so_far();
    revoke(store, revocation).await;
    assert!(before.is_none() || before != so_far(), "revocations_so_far stays the same after a new revocation");
}

async fn is_revoked(store: &impl TokenStore, token: TokenIds<'_>) -> bool {
    let revoked = store.is_revoked(&token).await.expect("is_revoked");
    if let Some(at_once) = store.is_revoked_at_once(&token, Duration::from_secs(3600)) {
        assert_eq!(at_once, revoked, "is_revoked_at_once says something else than is_revoked of {token:?}");
    }
    revoked
}

fn session(sid: &str, subject: &str) -> SessionRecord {
    SessionRecord {
        sid: sid.to_owned(),
        subject: subject.to_owned(),
        realm: String::new(),
        label: Some("Ünïcode \"quoted\" 🦀".to_owned()),
        created_at_ms: NOW,
        ends_at_ms: FOREVER,
        expires_at_ms: LATER,
        rotation: 0,
        current: "r0".to_owned(),
        previous: None,
        rotated_at_ms: NOW,
        longest_ms: Some(LATER - NOW),
        claims: serde_json::json!({ "team": ["engine", 7, null] }).as_object().cloned(),
    }
}

fn successor(session: &SessionRecord, current: &str) -> SessionRecord {
    SessionRecord {
        rotation: session.rotation + 1,
        previous: Some(session.current.clone()),
        current: current.to_owned(),
        rotated_at_ms: session.rotated_at_ms + 1,
        expires_at_ms: session.expires_at_ms + 1,
        ..session.clone()
    }
}
