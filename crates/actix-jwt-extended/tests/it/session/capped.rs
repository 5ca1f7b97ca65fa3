//! No more sessions of one subject than the settings allow.

use crate::app::{NOW, config};
use actix_jwt_extended::JwtManager;
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::test_util::ManualClock;
use std::time::Duration;

#[actix_web::test]
async fn the_oldest_goes_at_login() {
    let clock = ManualClock::at(NOW as u64);
    let builder = JwtManager::builder(config().max_sessions(3)).clock(clock.clone());
    let jwt = builder.token_store(MemoryStore::new()).build().unwrap();
    let other = jwt.start_session("bob").await.unwrap();
    let mut pairs = Vec::new();
    for at in 0..5_usize {
        clock.advance(Duration::from_secs(1));
        pairs.push(jwt.start_session("ada").await.unwrap());
        assert_eq!(jwt.sessions("ada").await.unwrap().len(), (at + 1).min(3));
    }
    for (at, pair) in pairs.iter().enumerate() {
        let token = jwt.decode_token(&pair.access_token).unwrap();
        assert_eq!(jwt.is_revoked(&token).await.unwrap(), at < 2, "{at}");
    }
    let listed: Vec<_> = jwt.sessions("ada").await.unwrap().iter().map(|one| one.id().to_owned()).collect();
    assert_eq!(listed, [4, 3, 2].map(|at| pairs[at].session_id.clone()));
    assert_eq!(jwt.sessions("bob").await.unwrap()[0].id(), other.session_id);
}
