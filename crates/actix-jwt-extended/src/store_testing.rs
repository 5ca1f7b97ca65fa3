//! What every [`TokenStore`] must do: run it against your own (feature `test-util`).
//!
//! ```
//! use actix_jwt_extended::{MemoryStore, store_testing};
//!
//! # actix_web::rt::System::new().block_on(async {
//! store_testing::check(|_| async { MemoryStore::new() }).await;
//! # });
//! ```

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use crate::claims::VerifiedToken;
use crate::clock::ManualClock;
use crate::config::JwtConfig;
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::pipeline::{Jwt, verify_jwt_in_request};
use crate::required::jwt_required;
use crate::session::TokenPair;
use crate::store::{
    Changes, FOREVER, FeedPosition, Revocation, RevocationFeed, SessionRecord, SharedStore, TokenIds, TokenStore,
};
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::future::{Future, IntoFuture as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    each_revocation_concerns_its_tokens(next().await).await;
    a_revocation_is_widened_and_never_narrowed(next().await).await;
    the_widest_of_many_at_once_counts(next().await).await;
    a_revocation_is_kept_to_its_last_millisecond(next().await).await;
    odd_ids_are_told_apart(next().await).await;
    what_has_expired_takes_nothing_with_it(next().await).await;
    sessions_are_kept_as_they_were_written(next().await).await;
    one_caller_replaces_a_session(next().await).await;
    one_caller_removes_a_session(next().await).await;
    many_at_once_are_as_one_after_the_other(next().await).await;
    many_sessions_of_one_subject_are_found_and_ended(next().await).await;
    one_of_a_thousand_rotates(next().await).await;
    used_again_after_the_grace_period_ends_the_session(next().await).await;
    everywhere_means_before_and_not_after(next().await).await;
    a_session_that_was_ended_is_over(next().await).await;
}

/// Whether the store forgets what is over while it is written to. Leave it out where somebody else cleans up.
///
/// ```
/// use actix_jwt_extended::{MemoryStore, store_testing};
///
/// # actix_web::rt::System::new().block_on(async {
/// store_testing::check_cleanup(|_| async { MemoryStore::new() }).await;
/// # });
/// ```
///
/// # Panics
/// Where it keeps more than half of that, after as many writes.
pub async fn check_cleanup<S: TokenStore, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) {
    what_is_over_is_forgotten(at_now(&make).await).await;
}

/// The checks of a store that can be followed.
///
/// # Panics
/// Where the store does something else than it must.
pub async fn check_feed<S: RevocationFeed, F: Future<Output = S>>(make: impl Fn(ManualClock) -> F) {
    let next = || at_now(&make);
    the_feed_tells_everything_once_and_in_order(next().await).await;
    a_position_that_never_was_is_a_gap(next().await).await;
    a_snapshot_holds_what_lives(next().await).await;
    revocations_at_once_all_get_their_number(next().await).await;
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
    TokenIds { jwt_id, session_id, subject, issued_at_ms }
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

async fn each_revocation_concerns_its_tokens(Timed(store, _): Timed<impl TokenStore>) {
    let token = ids("j1", Some("s1"), "ada", NOW);
    assert!(!is_revoked(&store, token).await, "an empty store");

    revoke_anew(&store, Revocation::of_token("j1", LATER)).await;
    assert!(is_revoked(&store, token).await);
    assert!(!is_revoked(&store, ids("j2", Some("s1"), "ada", NOW)).await, "another token of the session");
    assert!(!is_revoked(&store, ids("x", Some("j1"), "j1", NOW)).await, "an ID of another kind");

    revoke_anew(&store, Revocation::of_session("s1", LATER)).await;
    assert!(is_revoked(&store, ids("j2", Some("s1"), "ada", LATER)).await);
    assert!(!is_revoked(&store, ids("j2", None, "ada", NOW)).await, "a token without a session");
    assert!(!is_revoked(&store, ids("j2", Some("s2"), "ada", NOW)).await, "another session");

    revoke_anew(&store, Revocation::of_subject("ada", NOW, LATER)).await;
    assert!(is_revoked(&store, ids("j2", None, "ada", NOW)).await);
    assert!(!is_revoked(&store, ids("j2", None, "ada", NOW + 1)).await, "issued after the cut-off");
    assert!(!is_revoked(&store, ids("j2", None, "bob", NOW)).await, "another subject");

    revoke_anew(&store, Revocation::of_everyone(NOW, FOREVER)).await;
    assert!(is_revoked(&store, ids("j2", None, "bob", NOW)).await);
    assert!(!is_revoked(&store, ids("j2", None, "bob", NOW + 1)).await);
}

async fn a_revocation_is_widened_and_never_narrowed(Timed(store, clock): Timed<impl TokenStore>) {
    revoke(&store, Revocation::of_subject("ada", NOW, LATER)).await;
    revoke(&store, Revocation::of_subject("ada", NOW - 10, LATER + 10)).await;
    assert!(is_revoked(&store, ids("j", None, "ada", NOW)).await, "the later cut-off counts");
    revoke(&store, Revocation::of_subject("ada", NOW + 10, LATER - 10)).await;
    assert!(is_revoked(&store, ids("j", None, "ada", NOW + 10)).await);
    assert!(!is_revoked(&store, ids("j", None, "ada", NOW + 11)).await);

    // Whenever they were issued: that is the latest cut-off of all, before others and after them.
    for first in [NOW, FOREVER] {
        let subject = format!("first {first}");
        for issued_until_ms in [first, if first == NOW { FOREVER } else { NOW }] {
            revoke(&store, Revocation::of_subject(&subject, issued_until_ms, LATER)).await;
        }
        assert!(is_revoked(&store, ids("j", None, &subject, LATER * 2)).await, "{subject}");
    }

    revoke(&store, Revocation::of_token("j", FOREVER)).await;
    revoke(&store, Revocation::of_token("j", NOW + 1)).await;
    // Long after the shorter one is over; a write, because that is when stores clean up.
    move_to(&clock, LATER);
    for at in 0..300 {
        store.revoke(&Revocation::of_token(&at.to_string(), LATER * 2), LATER).await.expect("revoke");
    }
    assert!(is_revoked(&store, ids("j", None, "bob", NOW)).await, "the longer time counts");
}

async fn the_widest_of_many_at_once_counts(Timed(store, clock): Timed<impl TokenStore>) {
    // Each is the longest once, and none comes last for sure.
    let until = |at: i64| LATER + (at * 37 % 100) * 60_000;
    let tokens: Vec<_> = (0..100).map(|at| Revocation::of_token("j", until(at))).collect();
    let subjects: Vec<_> = (0..100).map(|at| Revocation::of_subject("ada", NOW + at * 37 % 100, until(at))).collect();
    for revoked in join_all(tokens.iter().chain(&subjects).map(|one| store.revoke(one, NOW))).await {
        revoked.expect("revoke");
    }
    assert!(is_revoked(&store, ids("x", None, "ada", NOW + 99)).await, "the latest cut-off counts");
    assert!(!is_revoked(&store, ids("x", None, "ada", NOW + 100)).await);
    let last = LATER + 99 * 60_000;
    clean_up_at(&store, &clock, last).await;
    assert!(is_revoked(&store, ids("j", None, "bob", NOW)).await, "the longest time counts");
    assert!(is_revoked(&store, ids("x", None, "ada", NOW + 99)).await, "of a cut-off, too");
}

async fn a_revocation_is_kept_to_its_last_millisecond(Timed(store, clock): Timed<impl TokenStore>) {
    revoke(&store, Revocation::of_token("j", LATER)).await;
    revoke(&store, Revocation::of_session("s", LATER)).await;
    revoke(&store, Revocation::of_subject("ada", NOW, LATER)).await;
    clean_up_at(&store, &clock, LATER).await;
    assert!(is_revoked(&store, ids("j", None, "bob", NOW)).await);
    assert!(is_revoked(&store, ids("x", Some("s"), "bob", NOW)).await);
    assert!(is_revoked(&store, ids("x", None, "ada", NOW)).await);
}

/// Writes, because that is when stores clean up.
async fn clean_up_at(store: &impl TokenStore, clock: &ManualClock, now_ms: i64) {
    move_to(clock, now_ms);
    let writes: Vec<_> = (0..300).map(|at| Revocation::of_token(&format!("write {at}"), FOREVER)).collect();
    store.revoke_many(&writes, now_ms).await.expect("revoke_many");
}

async fn what_is_over_is_forgotten(Timed(store, clock): Timed<impl TokenStore>) {
    const TOKENS: i64 = 10_000;
    const SESSIONS: i64 = 500;
    let tokens = |what: &str, until_ms| -> Vec<_> {
        (0..TOKENS).map(|at| Revocation::of_token(&format!("{what} {at}"), until_ms)).collect()
    };
    store.revoke_many(&tokens("dies", LATER), NOW).await.expect("revoke_many");
    for at in 0..SESSIONS {
        store.insert_session(&session(&format!("dies {at}"), "ada"), NOW).await.expect("insert_session");
    }
    let much_later = LATER + 86_400_000;
    move_to(&clock, much_later);
    store.revoke_many(&tokens("lives", FOREVER), much_later).await.expect("revoke_many");
    for at in 0..SESSIONS {
        let sid = format!("lives {at}");
        let lives = SessionRecord { expires_at_ms: FOREVER, ..session(&sid, "ada") };
        store.insert_session(&lives, much_later).await.expect("insert_session");
    }
    let mut kept = 0;
    for at in 0..TOKENS {
        kept += i64::from(is_revoked(&store, ids(&format!("dies {at}"), None, "bob", NOW)).await);
    }
    assert!(kept <= TOKENS / 2, "of {TOKENS} revocations that are over {kept} are kept");
    let found = store.sessions("ada").await.expect("sessions");
    let kept = found.iter().filter(|session| session.expires_at_ms != FOREVER).count() as i64;
    assert!(kept <= SESSIONS / 2, "of {SESSIONS} sessions that are over {kept} are kept");
    assert_eq!(found.len() as i64 - kept, SESSIONS);
}

async fn odd_ids_are_told_apart(Timed(store, _): Timed<impl TokenStore>) {
    let long = "x".repeat(7_000);
    let longer = "x".repeat(7_001);
    let odd = [
        "", " ", "a", "A", "a ", "a\0", "a\0b", "'; --", "%", "_", "*", "?", "{a}", "ü", "u\u{308}", "🦀", "a:b",
        "a\nb",
    ];
    let odd: Vec<&str> = odd.into_iter().chain([&*long, &*longer]).collect();
    for (at, id) in odd.iter().enumerate() {
        revoke(&store, Revocation::of_token(id, LATER)).await;
        revoke(&store, Revocation::of_subject(id, NOW, LATER)).await;
        let session = session(id, id);
        store.insert_session(&session, NOW).await.expect("insert_session");
        assert_eq!(store.session(id).await.expect("session"), Some(session.clone()), "{id:?}");
        assert_eq!(store.sessions(id).await.expect("sessions"), [session], "{id:?}");
        for (other_at, other) in odd.iter().enumerate() {
            let revoked = is_revoked(&store, ids(other, None, "nobody", NOW)).await;
            assert_eq!(revoked, other_at <= at, "token {other:?} after {id:?}");
            let revoked = is_revoked(&store, ids("none", None, other, NOW)).await;
            assert_eq!(revoked, other_at <= at, "subject {other:?} after {id:?}");
        }
    }
}

async fn what_has_expired_takes_nothing_with_it(Timed(store, clock): Timed<impl TokenStore>) {
    revoke(&store, Revocation::of_token("lives", FOREVER)).await;
    let lives = SessionRecord { expires_at_ms: FOREVER, ends_at_ms: FOREVER, ..session("lives", "ada") };
    store.insert_session(&lives, NOW).await.expect("insert_session");
    for second in 0..200 {
        let now_ms = NOW + second * 1_000;
        move_to(&clock, now_ms);
        let id = format!("dies {second}");
        store.revoke(&Revocation::of_token(&id, now_ms + 5_000), now_ms).await.expect("revoke");
        let dies = SessionRecord { expires_at_ms: now_ms + 5_000, ..session(&id, "ada") };
        store.insert_session(&dies, now_ms).await.expect("insert_session");
        assert!(is_revoked(&store, ids(&id, None, "ada", NOW)).await);
        assert_eq!(store.session(&id).await.expect("session"), Some(dies));
    }
    assert!(is_revoked(&store, ids("lives", None, "ada", NOW)).await);
    assert!(store.sessions("ada").await.expect("sessions").contains(&lives));
}

fn session(sid: &str, subject: &str) -> SessionRecord {
    SessionRecord {
        sid: sid.to_owned(),
        subject: subject.to_owned(),
        label: Some("Ünïcode \"quoted\" 🦀".to_owned()),
        created_at_ms: NOW,
        ends_at_ms: FOREVER,
        expires_at_ms: LATER,
        rotation: 0,
        current: "r0".to_owned(),
        previous: None,
        rotated_at_ms: NOW,
        longest_ms: Some(LATER - NOW),
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

async fn sessions_are_kept_as_they_were_written(Timed(store, _): Timed<impl TokenStore>) {
    assert_eq!(store.session("s1").await.expect("session"), None);
    assert!(store.sessions("ada").await.expect("sessions").is_empty());
    let (first, second, bobs) = (session("s1", "ada"), session("s2", "ada"), session("s3", "bob"));
    let second = SessionRecord { label: None, ..second };
    for session in [&first, &second, &bobs] {
        store.insert_session(session, NOW).await.expect("insert_session");
    }
    for session in [&first, &second, &bobs] {
        assert_eq!(store.session(&session.sid).await.expect("session").as_ref(), Some(session));
    }
    let of_ada = store.sessions("ada").await.expect("sessions");
    assert!(of_ada.len() == 2 && of_ada.contains(&first) && of_ada.contains(&second), "{of_ada:?}");

    let next = successor(&first, "r1");
    assert!(!store.replace_session(&first).await.expect("replace_session"), "not its own successor");
    assert!(!store.replace_session(&successor(&next, "r2")).await.expect("replace_session"), "one was left out");
    assert!(store.replace_session(&next).await.expect("replace_session"));
    assert!(!store.replace_session(&successor(&first, "r1'")).await.expect("replace_session"), "too late");
    assert_eq!(store.session("s1").await.expect("session"), Some(next.clone()));
    assert!(store.sessions("ada").await.expect("sessions").contains(&next));
    assert!(!store.replace_session(&successor(&session("none", "ada"), "r")).await.expect("replace_session"));

    assert!(store.remove_session(&next).await.expect("remove_session"));
    assert!(!store.remove_session(&next).await.expect("remove_session"));
    assert!(!store.replace_session(&successor(&next, "r2")).await.expect("replace_session"), "it was removed");
    assert_eq!(store.session("s1").await.expect("session"), None);
    assert_eq!(store.sessions("ada").await.expect("sessions"), [second]);
    assert_eq!(store.sessions("bob").await.expect("sessions"), [bobs]);
}

async fn one_caller_replaces_a_session(Timed(store, _): Timed<impl TokenStore>) {
    let first = session("s1", "ada");
    store.insert_session(&first, NOW).await.expect("insert_session");
    let nexts: Vec<_> = (0..200).map(|at| successor(&first, &format!("r1 of {at}"))).collect();
    let replaced = join_all(nexts.iter().map(|next| store.replace_session(next))).await;
    let winners: Vec<_> = (0..200).filter(|at| *replaced[*at].as_ref().expect("replace_session")).collect();
    assert_eq!(winners.len(), 1, "callers that replaced one session: {winners:?}");
    assert_eq!(store.session("s1").await.expect("session").as_ref(), Some(&nexts[winners[0]]));
}

async fn one_caller_removes_a_session(Timed(store, _): Timed<impl TokenStore>) {
    let session = session("s1", "ada");
    store.insert_session(&session, NOW).await.expect("insert_session");
    let removed = join_all((0..50).map(|_| store.remove_session(&session))).await;
    assert_eq!(removed.into_iter().filter(|removed| *removed.as_ref().expect("remove_session")).count(), 1);
}

async fn many_at_once_are_as_one_after_the_other(Timed(store, _): Timed<impl TokenStore>) {
    let twice = [Revocation::of_subject("ada", NOW, LATER), Revocation::of_subject("ada", NOW - 10, LATER + 10)];
    let many = (0..300).map(|at| Revocation::of_token(&format!("j{at}"), LATER)).chain(twice);
    let many: Vec<_> = many.chain([Revocation::of_token("j0", FOREVER)]).collect();
    // Two at the same time, in different orders.
    let reversed: Vec<_> = many.iter().rev().cloned().collect();
    for revoked in join_all([store.revoke_many(&many, NOW), store.revoke_many(&reversed, NOW)]).await {
        revoked.expect("revoke_many");
    }
    store.revoke_many(&[], NOW).await.expect("revoke_many of none");
    for at in 0..300 {
        assert!(is_revoked(&store, ids(&format!("j{at}"), None, "bob", NOW)).await);
    }
    assert!(is_revoked(&store, ids("x", None, "ada", NOW)).await, "the later cut-off counts");
    assert!(
        !is_revoked(&store, ids("x", None, "ada", NOW + 1)).await
            && !is_revoked(&store, ids("x", None, "bob", NOW)).await
    );

    let sessions: Vec<_> = ["s1", "s2", "s3"].map(|sid| session(sid, "ada")).into();
    for session in &sessions {
        store.insert_session(session, NOW).await.expect("insert_session");
    }
    let (some, rest) = sessions.split_at(2);
    store.remove_sessions(some).await.expect("remove_sessions");
    store.remove_sessions(some).await.expect("remove_sessions, again");
    assert_eq!(store.sessions("ada").await.expect("sessions"), rest);
    assert_eq!(store.session("s1").await.expect("session"), None);
}

async fn many_sessions_of_one_subject_are_found_and_ended(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let bobs = login.jwt.start_session("bob").await.expect("start_session");
    let mut pairs = Vec::new();
    for _ in 0..6 {
        let some = join_all((0..50).map(|_| login.jwt.start_session("ada").into_future())).await;
        pairs.extend(some.into_iter().map(|pair| pair.expect("start_session")));
    }
    let found = login.jwt.sessions("ada").await.expect("sessions");
    let found: BTreeSet<_> = found.iter().map(|session| session.id().to_owned()).collect();
    assert_eq!(found, pairs.iter().map(|pair| pair.session_id.clone()).collect(), "all, and each once");
    login.jwt.revoke_all("ada").await.expect("revoke_all");
    assert!(login.jwt.sessions("ada").await.expect("sessions").is_empty());
    for pair in &pairs {
        assert!(!login.is_good(&pair.access_token).await);
    }
    // Each by its ID, too: the cut-off alone would leave this one.
    for pair in [&pairs[0], &pairs[299]] {
        let store = login.jwt.store().expect("a store");
        let by_id = ids("j", Some(&pair.session_id), "ada", LATER);
        assert!(store.is_revoked(&by_id).await.expect("is_revoked"));
    }
    assert!(login.is_good(&bobs.access_token).await);
    assert_eq!(login.jwt.sessions("bob").await.expect("sessions").len(), 1);
}

/// A manager over the store, and how often it detected a reuse.
struct Login {
    jwt: JwtManager,
    clock: ManualClock,
    reused: Arc<AtomicUsize>,
}

impl Login {
    fn over(Timed(store, clock): Timed<impl Into<SharedStore>>) -> Self {
        let reused = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&reused);
        let config = JwtConfig::new()
            .secret_key("the secret of a test, 32 bytes or more")
            .store_timeout(Duration::from_secs(60));
        let jwt = JwtManager::builder(config)
            .token_store(store)
            .clock(clock.clone())
            .on_reuse_detected(move |_| {
                count.fetch_add(1, Ordering::SeqCst);
                async {}
            })
            .build()
            .expect("a manager");
        Self { jwt, clock, reused }
    }

    fn request(&self, token: &str) -> HttpRequest {
        let bearer = format!("Bearer {token}");
        TestRequest::default().app_data(self.jwt.clone()).insert_header((AUTHORIZATION, bearer)).to_http_request()
    }

    /// As a request of a refresh route.
    async fn refresh(&self, token: &str) -> Result<TokenPair, JwtError> {
        // A wrap has let it in; what happened since then is for `rotate` to find.
        let presented = self.present(token).await;
        self.jwt.rotate(&presented, &self.request(token)).await
    }

    async fn present(&self, token: &str) -> Jwt {
        let any = jwt_required().verify_type(false).skip_revocation_check();
        let presented = verify_jwt_in_request(&self.request(token), &any).await;
        presented.expect("a genuine token").expect("no OPTIONS request")
    }

    fn decode(&self, token: &str) -> VerifiedToken {
        self.jwt.decode_token(token).expect("a genuine token")
    }

    async fn is_good(&self, token: &str) -> bool {
        !self.jwt.is_revoked(&self.decode(token)).await.expect("is_revoked")
    }
}

async fn one_of_a_thousand_rotates(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let first = login.jwt.start_session("ada").await.expect("start_session");
    let presented = login.present(&first.refresh_token).await;
    let request = login.request(&first.refresh_token);
    let pairs = join_all((0..1000).map(|_| login.jwt.rotate(&presented, &request))).await;
    let mut successors = BTreeSet::new();
    for pair in pairs {
        let pair = pair.expect("a usable answer within the grace period");
        let refresh = login.decode(&pair.refresh_token);
        successors.insert(refresh.jti().expect("a JWT ID").to_owned());
        assert!(login.is_good(&pair.access_token).await);
    }
    assert_eq!(successors.len(), 1, "one refresh token has one successor");
    assert_eq!(login.reused.load(Ordering::SeqCst), 0);
    assert_eq!(login.jwt.sessions("ada").await.expect("sessions").len(), 1);
}

async fn used_again_after_the_grace_period_ends_the_session(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let other = login.jwt.start_session("ada").await.expect("start_session");
    let first = login.jwt.start_session("ada").await.expect("start_session");
    let second = login.refresh(&first.refresh_token).await.expect("rotate");
    login.clock.advance(Duration::from_millis(9_999));
    let again = login.refresh(&first.refresh_token).await.expect("within the grace period");
    assert_eq!(login.decode(&again.refresh_token).jti(), login.decode(&second.refresh_token).jti());
    login.clock.advance(Duration::from_millis(1));
    let replays = join_all((0..20).map(|_| login.refresh(&first.refresh_token))).await;
    assert!(replays.iter().all(|replay| matches!(replay, Err(JwtError::Revoked(_)))), "{replays:?}");
    assert_eq!(login.reused.load(Ordering::SeqCst), 1, "it is told once");
    for token in [&first.access_token, &second.access_token, &again.access_token, &second.refresh_token] {
        assert!(!login.is_good(token).await);
    }
    assert!(matches!(login.refresh(&second.refresh_token).await, Err(JwtError::Revoked(_))));
    assert!(login.is_good(&other.access_token).await, "another session of the same subject");
    assert!(login.refresh(&other.refresh_token).await.is_ok());
}

async fn everywhere_means_before_and_not_after(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let before = login.jwt.start_session("ada").await.expect("start_session");
    let plain = login.jwt.create_access_token("ada").expect("a token");
    let bobs = login.jwt.start_session("bob").await.expect("start_session");
    login.jwt.revoke_all("ada").await.expect("revoke_all");
    // The clock has not moved: all of this is the same millisecond.
    let after = login.jwt.start_session("ada").await.expect("start_session");
    let plain_after = login.jwt.create_access_token("ada").expect("a token");
    for token in [&before.access_token, &before.refresh_token, &plain] {
        assert!(!login.is_good(token).await);
    }
    for token in [&after.access_token, &after.refresh_token, &plain_after, &bobs.access_token, &bobs.refresh_token] {
        assert!(login.is_good(token).await);
    }
    assert!(login.refresh(&before.refresh_token).await.is_err());
    assert!(login.refresh(&after.refresh_token).await.is_ok());
    let sessions = login.jwt.sessions("ada").await.expect("sessions");
    assert_eq!(sessions.iter().map(crate::session::Session::id).collect::<Vec<_>>(), [after.session_id]);
}

async fn a_session_that_was_ended_is_over(timed: Timed<impl TokenStore>) {
    let login = Login::over(timed);
    let pair = login.jwt.start_session("ada").await.expect("start_session");
    login.jwt.revoke_session(&pair.session_id).await.expect("revoke_session");
    login.jwt.revoke_session(&pair.session_id).await.expect("revoke_session, again");
    assert!(!login.is_good(&pair.access_token).await);
    assert!(login.refresh(&pair.refresh_token).await.is_err());
    assert!(login.jwt.sessions("ada").await.expect("sessions").is_empty());
    assert_eq!(login.reused.load(Ordering::SeqCst), 0);
}

/// Everything after a position, however many steps it takes.
async fn follow(store: &impl RevocationFeed, position: &mut FeedPosition) -> Vec<Revocation> {
    let mut all = Vec::new();
    loop {
        match store.changes(position).await.expect("changes") {
            Changes::Next { revocations, .. } if revocations.is_empty() => return all,
            Changes::Next { revocations, position: next } => {
                assert_eq!(next.sequence, position.sequence + revocations.len() as u64, "numbers without holes");
                *position = next;
                all.extend(revocations);
            }
            Changes::Gap => panic!("a gap after {position:?}"),
        }
    }
}

async fn the_feed_tells_everything_once_and_in_order(Timed(store, _): Timed<impl RevocationFeed>) {
    let mut position = store.position().await.expect("position");
    assert_eq!(position, FeedPosition::default());
    assert!(follow(&store, &mut position).await.is_empty());
    let mut expected = Vec::new();
    for at in 0..2500 {
        let revocation = match at % 4 {
            0 => Revocation::of_token(&format!("j{at}"), LATER + at),
            1 => Revocation::of_session(&format!("s{at}"), FOREVER),
            2 => Revocation::of_subject("ada", NOW + at, LATER),
            _ => Revocation::of_everyone(NOW + at, FOREVER),
        };
        revoke(&store, revocation.clone()).await;
        expected.push(revocation);
    }
    // Says nothing new, so there is nothing to tell.
    revoke(&store, Revocation::of_token("j0", LATER - 1)).await;
    revoke(&store, Revocation::of_subject("ada", NOW, LATER)).await;
    assert_eq!(follow(&store, &mut position).await, expected);
    assert_eq!(position, store.position().await.expect("position"));
    assert!(follow(&store, &mut position).await.is_empty());
}

async fn a_position_that_never_was_is_a_gap(Timed(store, _): Timed<impl RevocationFeed>) {
    for id in ["a", "b", "c"] {
        revoke(&store, Revocation::of_token(id, LATER)).await;
    }
    let end = store.position().await.expect("position");
    let ahead = FeedPosition { sequence: end.sequence + 1, ..end.clone() };
    let other = FeedPosition { tag: "of another history".to_owned(), ..end };
    for position in [ahead, other] {
        assert!(matches!(store.changes(&position).await.expect("changes"), Changes::Gap), "{position:?}");
    }
}

async fn a_snapshot_holds_what_lives(Timed(store, _): Timed<impl RevocationFeed>) {
    let mut expected = BTreeSet::new();
    for at in 0..2500 {
        let revocation = Revocation::of_token(&format!("j{at}"), LATER);
        revoke(&store, revocation.clone()).await;
        expected.insert(revocation.key().to_owned());
    }
    revoke(&store, Revocation::of_subject("ada", NOW, FOREVER)).await;
    revoke(&store, Revocation::of_subject("ada", NOW + 5, LATER)).await;
    revoke(&store, Revocation::of_everyone(NOW + 7, FOREVER)).await;
    expected.extend(["u:ada".to_owned(), "e:".to_owned()]);
    let mut found = BTreeSet::new();
    let mut next = None;
    loop {
        let page = store.snapshot(next.as_deref()).await.expect("snapshot");
        for revocation in page.revocations {
            match revocation.key() {
                "u:ada" => assert_eq!((revocation.issued_until_ms(), revocation.until_ms()), (NOW + 5, FOREVER)),
                "e:" => assert_eq!((revocation.issued_until_ms(), revocation.until_ms()), (NOW + 7, FOREVER)),
                _ => assert_eq!((revocation.issued_until_ms(), revocation.until_ms()), (FOREVER, LATER)),
            }
            found.insert(revocation.key().to_owned());
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
}

async fn revocations_at_once_all_get_their_number(Timed(store, _): Timed<impl RevocationFeed>) {
    let mut position = store.position().await.expect("position");
    let revocations: Vec<_> = (0..200).map(|at| Revocation::of_token(&format!("j{at}"), LATER)).collect();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        revoked.expect("revoke");
    }
    let told: BTreeSet<_> = follow(&store, &mut position).await.iter().map(|one| one.key().to_owned()).collect();
    assert_eq!(told, revocations.iter().map(|one| one.key().to_owned()).collect());
}
