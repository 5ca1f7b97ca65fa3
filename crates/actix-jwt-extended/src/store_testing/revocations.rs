//! What is revoked, for how long, and that nothing else is.

use super::{LATER, NOW, Timed, ids, is_revoked, move_to, revoke, revoke_anew, session};
use crate::clock::ManualClock;
use crate::store::{FOREVER, Revocation, SessionRecord, TokenIds, TokenStore};
use futures_util::future::join_all;

pub(super) async fn each_revocation_concerns_its_tokens(Timed(store, _): Timed<impl TokenStore>) {
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

pub(super) async fn realms_are_apart(Timed(store, _): Timed<impl TokenStore>) {
    let token = ids("j1", Some("s1"), "ada", NOW);
    for (realm, revocation) in [
        ("a", Revocation::of_token("j1", LATER)),
        ("b", Revocation::of_session("s1", LATER)),
        ("c", Revocation::of_subject("ada", NOW, LATER)),
        ("d", Revocation::of_everyone(NOW, FOREVER)),
    ] {
        revoke_anew(&store, revocation.in_realm(realm)).await;
        assert!(is_revoked(&store, TokenIds { realm, ..token }).await, "{realm}");
    }
    for realm in ["", "e", "ab"] {
        assert!(!is_revoked(&store, TokenIds { realm, ..token }).await, "{realm:?}");
    }
    revoke_anew(&store, Revocation::of_everyone(NOW, FOREVER)).await;
    assert!(is_revoked(&store, token).await);
    assert!(!is_revoked(&store, TokenIds { realm: "e", ..token }).await, "everybody of no realm");
}

pub(super) async fn a_revocation_is_widened_and_never_narrowed(Timed(store, clock): Timed<impl TokenStore>) {
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

pub(super) async fn the_widest_of_many_at_once_counts(Timed(store, clock): Timed<impl TokenStore>) {
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

pub(super) async fn a_revocation_is_kept_to_its_last_millisecond(Timed(store, clock): Timed<impl TokenStore>) {
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

pub(super) async fn what_is_over_is_forgotten(Timed(store, clock): Timed<impl TokenStore>) {
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

pub(super) async fn odd_ids_are_told_apart(Timed(store, _): Timed<impl TokenStore>) {
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

pub(super) async fn what_has_expired_takes_nothing_with_it(Timed(store, clock): Timed<impl TokenStore>) {
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
