//! A pair of tokens as an answer: OAuth's names, and nothing that a cache keeps.

use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager, Lifetime};
use actix_web::Responder as _;
use actix_web::body::to_bytes;
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use std::time::Duration;

fn manager(config: JwtConfig) -> JwtManager {
    let config = config.secret_key("a test's secret of 32 bytes or more");
    // Time stands still: no second ends between the session and its token.
    let clock = ManualClock::at(1_800_000_000);
    JwtManager::builder(config).token_store(MemoryStore::new()).clock(clock).build().unwrap()
}

#[actix_web::test]
async fn no_cache_keeps_a_pair_of_tokens() {
    let jwt = manager(JwtConfig::new().access_token_expires(Duration::from_secs(300)));
    let pair = jwt.start_session("ada").await.unwrap();
    let response = pair.clone().respond_to(&TestRequest::default().to_http_request());
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
    let body: Value = serde_json::from_slice(&to_bytes(response.into_body()).await.unwrap()).unwrap();
    let expected = json!({
        "access_token": pair.access_token,
        "token_type": "Bearer",
        "expires_in": 300,
        "refresh_token": pair.refresh_token,
    });
    assert_eq!(body, expected);
}

#[actix_web::test]
async fn expires_in_is_what_the_token_says() {
    for (access, session) in [(Lifetime::Never, 60), (Lifetime::After(Duration::from_secs(3600)), 60)] {
        let config = JwtConfig::new().access_token_expires(access).session_lifetime(Duration::from_secs(session));
        let jwt = manager(config);
        let pair = jwt.start_session("ada").await.unwrap();
        let claims = jwt.decode_token(&pair.access_token).unwrap();
        let of_token = claims.claims()["exp"].as_i64().unwrap() - claims.claims()["iat"].as_i64().unwrap();
        assert_eq!(pair.expires_in, Some(of_token));
    }
}
