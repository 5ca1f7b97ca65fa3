//! How many connections to PostgreSQL are worth while: 32 requests at a time, near and far.

use crate::postgres_server::PostgresServer;
use crate::proxy::{Proxy, Way};
use crate::service::Service as _;
use crate::{LATER, NOW, jwt_id};
use actix_jwt_extended::store::{PostgresStore, Revocation, SessionRecord, TokenIds, TokenStore as _};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CALLERS: u64 = 32;

pub(crate) async fn compared() {
    let Some(server) = PostgresServer::start() else { return };
    let far = Proxy::to(server.address());
    far.set(Way::Slow);
    let far = server.url().replace(&server.address().port().to_string(), &far.port().to_string());
    println!("| server | connections | look-ups a second, p99 | refreshes | logouts |");
    println!("| --- | --- | --- | --- | --- |");
    for (name, url, each, rounds) in [("on this machine", server.url(), 20, 7), ("200 ms away", far, 3, 1)] {
        let near = PostgresStore::connect(&server.url()).await.unwrap();
        let mut sizes = Vec::new();
        for size in [2, 4, 8, 16] {
            let builder = PostgresStore::builder().pool_size(size).connect_timeout(Duration::from_secs(20));
            let store = builder.connect(&url).await.unwrap();
            sizes.push((size, store, [(); 3].map(|()| Vec::new())));
        }
        // In turns, so that all meet the same machine; the first round only makes connections.
        for round in 0..=rounds {
            for (_, store, found) in &mut sizes {
                for (what, found) in ["look-up", "refresh", "logout"].into_iter().zip(found) {
                    let measured = measured(store, &near, what, each).await;
                    if round > 0 {
                        found.push(measured);
                    }
                }
            }
        }
        for (size, _, found) in sizes {
            let columns = found.map(|mut rounds| {
                rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (a_second, p99) = rounds[rounds.len() / 2];
                format!("{a_second:.0}, {p99:.1?}")
            });
            println!("| {name} | {size} | {} |", columns.join(" | "));
        }
    }
}

/// How many a second, and the time of all but one in a hundred.
async fn measured(store: &PostgresStore, near: &PostgresStore, what: &str, each: u64) -> (f64, Duration) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let first = NEXT.fetch_add(CALLERS * each, Ordering::Relaxed);
    if what != "look-up" {
        let sessions: Vec<_> = (first..first + CALLERS * each).map(|number| session(number, 0)).collect();
        join_all(sessions.iter().map(|session| near.insert_session(session, NOW))).await;
    }
    let begin = Instant::now();
    let callers = (0..CALLERS).map(|caller| async move {
        let mut taken = Vec::new();
        for at in 0..each {
            let begin = Instant::now();
            ask(store, what, first + caller * each + at).await;
            taken.push(begin.elapsed());
        }
        taken
    });
    let mut taken: Vec<_> = join_all(callers).await.into_iter().flatten().collect();
    let a_second = taken.len() as f64 / begin.elapsed().as_secs_f64();
    taken.sort();
    (a_second, taken[taken.len() * 99 / 100])
}

/// What a request of its kind asks.
async fn ask(store: &PostgresStore, what: &str, number: u64) {
    if what == "look-up" {
        return look_up(store, number).await;
    }
    let id = jwt_id(number);
    if what == "refresh" {
        look_up(store, number).await;
        store.session(&id).await.unwrap();
        store.replace_session(&session(number, 1)).await.unwrap();
    } else {
        store.session(&id).await.unwrap();
        store.revoke(&Revocation::of_session(&id, LATER), NOW).await.unwrap();
        store.remove_session(&session(number, 0)).await.unwrap();
    }
}

async fn look_up(store: &PostgresStore, number: u64) {
    let id = jwt_id(number);
    let token = TokenIds { realm: "", jwt_id: &id, session_id: Some(&id), subject: "somebody", issued_at_ms: NOW };
    store.is_revoked(&token).await.unwrap();
}

fn session(number: u64, rotation: u64) -> SessionRecord {
    let record = serde_json::json!({
        "sid": jwt_id(number), "subject": jwt_id(number), "created_at_ms": NOW, "ends_at_ms": LATER,
        "expires_at_ms": LATER, "rotation": rotation, "current": "r", "rotated_at_ms": NOW,
    });
    serde_json::from_value(record).unwrap()
}
