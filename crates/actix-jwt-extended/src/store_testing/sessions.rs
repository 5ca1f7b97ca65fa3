//! Records of sessions: kept as written, and changed by one caller each time.

use super::{LATER, NOW, Timed, ids, is_revoked, session, successor};
use crate::store::{FOREVER, Revocation, SessionRecord, TokenStore};
use futures_util::future::join_all;

pub(super) async fn sessions_are_kept_as_they_were_written(Timed(store, _): Timed<impl TokenStore>) {
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

/// Its answer was lost, or it was on its way for long.
pub(super) async fn an_insert_that_is_sent_again_changes_nothing(Timed(store, _): Timed<impl TokenStore>) {
    let first = session("s1", "ada");
    let next = successor(&first, "r1");
    store.insert_session(&first, NOW).await.expect("insert_session");
    store.insert_session(&first, NOW).await.expect("insert_session, again");
    assert!(store.replace_session(&next).await.expect("replace_session"));
    store.insert_session(&first, NOW).await.expect("insert_session, after a rotation");
    store.insert_session(&session("s1", "bob"), NOW).await.expect("insert_session of an ID that is there");
    assert_eq!(store.session("s1").await.expect("session").as_ref(), Some(&next), "it was overwritten");
    assert_eq!(store.sessions("ada").await.expect("sessions").as_slice(), std::slice::from_ref(&next));
    assert!(store.sessions("bob").await.expect("sessions").is_empty());
    assert!(!store.replace_session(&next).await.expect("replace_session"), "a used token is good again");
}

pub(super) async fn one_caller_replaces_a_session(Timed(store, _): Timed<impl TokenStore>) {
    let first = session("s1", "ada");
    store.insert_session(&first, NOW).await.expect("insert_session");
    let nexts: Vec<_> = (0..200).map(|at| successor(&first, &format!("r1 of {at}"))).collect();
    let replaced = join_all(nexts.iter().map(|next| store.replace_session(next))).await;
    let winners: Vec<_> = (0..200).filter(|at| *replaced[*at].as_ref().expect("replace_session")).collect();
    assert_eq!(winners.len(), 1, "callers that replaced one session: {winners:?}");
    assert_eq!(store.session("s1").await.expect("session").as_ref(), Some(&nexts[winners[0]]));
}

pub(super) async fn one_caller_removes_a_session(Timed(store, _): Timed<impl TokenStore>) {
    let session = session("s1", "ada");
    store.insert_session(&session, NOW).await.expect("insert_session");
    let removed = join_all((0..50).map(|_| store.remove_session(&session))).await;
    assert_eq!(removed.into_iter().filter(|removed| *removed.as_ref().expect("remove_session")).count(), 1);
}

pub(super) async fn many_at_once_are_as_one_after_the_other(Timed(store, _): Timed<impl TokenStore>) {
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
