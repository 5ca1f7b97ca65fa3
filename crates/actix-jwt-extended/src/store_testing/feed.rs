//! The feed of revocations: numbered without holes, and whole.

use super::{LATER, NOW, Timed, revoke};
use crate::store::{Changes, FOREVER, FeedPosition, Revocation, RevocationFeed};
use futures_util::future::join_all;
use std::collections::BTreeSet;

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

pub(super) async fn the_feed_tells_everything_once_and_in_order(Timed(store, _): Timed<impl RevocationFeed>) {
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

pub(super) async fn a_position_that_never_was_is_a_gap(Timed(store, _): Timed<impl RevocationFeed>) {
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

pub(super) async fn a_snapshot_holds_what_lives(Timed(store, _): Timed<impl RevocationFeed>) {
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

pub(super) async fn revocations_at_once_all_get_their_number(Timed(store, _): Timed<impl RevocationFeed>) {
    let mut position = store.position().await.expect("position");
    let revocations: Vec<_> = (0..200).map(|at| Revocation::of_token(&format!("j{at}"), LATER)).collect();
    for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
        revoked.expect("revoke");
    }
    let told: BTreeSet<_> = follow(&store, &mut position).await.iter().map(|one| one.key().to_owned()).collect();
    assert_eq!(told, revocations.iter().map(|one| one.key().to_owned()).collect());
}
