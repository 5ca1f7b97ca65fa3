use crate::common::{self, NOW};
use actix_jwt_extended::store::{MemoryStore, TokenStore as _};
use actix_jwt_extended::test_util::store_testing;

#[actix_web::test]
async fn passes_every_check() {
    store_testing::check(|_| async { MemoryStore::new() }).await;
    store_testing::check_cleanup(|_| async { MemoryStore::new() }).await;
}

#[actix_web::test]
async fn realms_share_nothing() {
    common::realms_share_nothing(MemoryStore::new()).await;
}

#[actix_web::test]
async fn a_hundred_thousand_dead_sessions_leave_nothing_behind() {
    let store = MemoryStore::new();
    for at in 0..100_000 {
        let (now_ms, ends_ms) = (NOW + at * 10, NOW + at * 10 + 5_000);
        let record = serde_json::json!({
            "sid": format!("s{at}"), "subject": format!("u{}", at % 3), "created_at_ms": now_ms, "ends_at_ms": ends_ms,
            "expires_at_ms": ends_ms, "rotation": 0, "current": "r0", "rotated_at_ms": now_ms,
        });
        store.insert_session(&serde_json::from_value(record).unwrap(), now_ms).await.unwrap();
    }
    let mut left = 0;
    for subject in ["u0", "u1", "u2"] {
        left += store.sessions(subject).await.unwrap().len();
    }
    assert!(left <= 502, "{left} sessions");
}
