//! Two nodes with one store, whose clocks differ: what the guide says of that.

use crate::app::{NOW, config};
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{Jwt, JwtError, JwtManager, jwt_required, verify_jwt_in_request};
use actix_web::HttpRequest;
use actix_web::test::TestRequest;
use std::time::Duration;

/// `ahead` seconds, by which the second one's clock is in front of the first one's.
fn nodes(ahead: i64) -> ([JwtManager; 2], ManualClock) {
    let store = MemoryStore::new();
    let clocks = [NOW, NOW + ahead].map(|time| ManualClock::at(time as u64));
    let [first, second] = clocks.clone().map(|clock| {
        let config = config().decode_leeway(Duration::from_secs(60));
        JwtManager::builder(config).clock(clock).token_store(store.clone()).build().unwrap()
    });
    ([first, second], clocks[1].clone())
}

async fn is_good(jwt: &JwtManager, token: &str) -> bool {
    !jwt.is_revoked(&jwt.decode_token(token).unwrap()).await.unwrap()
}

async fn present(jwt: &JwtManager, token: &str) -> (Jwt, HttpRequest) {
    let bearer = ("Authorization", format!("Bearer {token}"));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
    let any = jwt_required().refresh().skip_revocation_check();
    (verify_jwt_in_request(&request, &any).await.unwrap().unwrap(), request)
}

async fn refresh(jwt: &JwtManager, pair: &TokenPair) -> Result<TokenPair, JwtError> {
    let (presented, request) = present(jwt, &pair.refresh_token).await;
    jwt.rotate(&presented, &request).await
}

#[actix_web::test]
async fn what_a_node_ahead_has_issued_outlives_a_cut_off_unless_it_has_a_session() {
    let ([one, ahead], _) = nodes(5);
    let plain = ahead.create_access_token("ada").unwrap();
    let session = ahead.start_session("ada").await.unwrap();
    one.revoke_all("ada").await.unwrap();
    for node in [&one, &ahead] {
        assert!(is_good(node, &plain).await, "it was issued five seconds later, by its clock");
        for token in [&session.access_token, &session.refresh_token] {
            assert!(!is_good(node, token).await, "sessions end by their ID");
        }
    }
    // Asked itself, it knows better.
    ahead.revoke_all("ada").await.unwrap();
    assert!(!is_good(&one, &plain).await);
}

#[actix_web::test]
async fn what_a_node_behind_issues_is_dead_until_its_clock_has_come_so_far() {
    let ([one, behind], its_clock) = nodes(-5);
    one.revoke_all("ada").await.unwrap();
    let dead = behind.start_session("ada").await.unwrap();
    assert!(!is_good(&one, &dead.access_token).await && !is_good(&behind, &dead.access_token).await);
    assert!(matches!(refresh(&behind, &dead).await, Err(JwtError::Revoked(_))));
    its_clock.advance(Duration::from_millis(5_001));
    let lives = behind.start_session("ada").await.unwrap();
    assert!(is_good(&one, &lives.access_token).await);
    assert!(refresh(&behind, &lives).await.is_ok());
}

#[actix_web::test]
async fn the_grace_period_is_shorter_by_what_a_node_is_ahead() {
    let ([one, ahead], _) = nodes(5);
    let pair = one.start_session("ada").await.unwrap();
    refresh(&one, &pair).await.unwrap();
    assert!(refresh(&ahead, &pair).await.is_ok(), "five seconds of ten are left");
    let ([one, ahead], _) = nodes(11);
    let pair = one.start_session("ada").await.unwrap();
    refresh(&one, &pair).await.unwrap();
    assert!(matches!(refresh(&ahead, &pair).await, Err(JwtError::Revoked(_))), "taken for a thief's");
    // One that is behind only prolongs it, and no longer than by what it is behind.
    let ([one, behind], its_clock) = nodes(-11);
    let pair = one.start_session("ada").await.unwrap();
    refresh(&one, &pair).await.unwrap();
    its_clock.advance(Duration::from_secs(20));
    assert!(refresh(&behind, &pair).await.is_ok());
    its_clock.advance(Duration::from_secs(1));
    assert!(matches!(refresh(&behind, &pair).await, Err(JwtError::Revoked(_))));
}
