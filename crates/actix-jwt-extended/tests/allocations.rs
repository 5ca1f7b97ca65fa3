//! What protection allocates: counted, so that a slower hot path fails a build.

#![allow(missing_docs, clippy::unwrap_used)]

use actix_jwt_extended::{JwtConfig, JwtIdentity, JwtManager, jwt_required};
use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use allocation_counter::measure;
use futures_util::FutureExt as _;

fn config() -> JwtConfig {
    JwtConfig::new().secret_key("a secret for tests: 0123456789 abcdef")
}

/// Verifies every time.
fn verifying() -> JwtManager {
    JwtManager::new(config().token_cache_size(0)).unwrap()
}

/// Recognises what it has verified.
fn caching() -> JwtManager {
    JwtManager::new(config()).unwrap()
}

fn decoding(jwt: &JwtManager) -> u64 {
    let token = jwt.create_access_token("ada").unwrap();
    jwt.decode_token(&token).unwrap();
    measure(|| drop(jwt.decode_token(&token).unwrap())).count_total
}

#[test]
fn verifying_a_token_allocates_twice() {
    assert_eq!(decoding(&verifying()), 2);
}

#[test]
fn recognising_a_token_allocates_nothing() {
    assert_eq!(decoding(&caching()), 0);
}

#[test]
fn issuing_a_token_allocates_twice() {
    let jwt = verifying();
    jwt.create_access_token("ada").unwrap();
    assert_eq!(measure(|| drop(jwt.create_access_token("ada").unwrap())).count_total, 2);
}

#[actix_web::test]
async fn a_verified_request_allocates_little_more_than_an_open_one() {
    assert_eq!(added_by_protection(verifying()).await, 3);
    assert_eq!(added_by_protection(caching()).await, 1);
}

async fn added_by_protection(jwt: JwtManager) -> u64 {
    async fn open() -> &'static str {
        "ok"
    }
    async fn protected(user: JwtIdentity) -> &'static str {
        assert_eq!(&*user, "ada");
        "ok"
    }
    let header = format!("Bearer {}", jwt.create_access_token("ada").unwrap());
    let app = init_service(
        App::new()
            .app_data(jwt)
            .route("/open", web::get().to(open))
            .service(web::resource("/protected").wrap(jwt_required()).route(web::get().to(protected))),
    )
    .await;
    let count = |path: &str, status: u16| {
        let request = || TestRequest::get().uri(path).insert_header(("Authorization", &*header)).to_request();
        // The first call fills what is filled once.
        app.call(request()).now_or_never().unwrap().unwrap();
        let mut request = Some(request());
        measure(|| {
            let response = app.call(request.take().unwrap()).now_or_never().unwrap().unwrap();
            assert_eq!(response.status(), status);
        })
        .count_total
    };
    count("/protected", 200) - count("/open", 200)
}
