//! What protection allocates: counted, so that a slower hot path fails a build.

#![allow(missing_docs, clippy::unwrap_used)]

use actix_jwt_extended::{JwtConfig, JwtIdentity, JwtManager, jwt_required};
use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, web};
use allocation_counter::measure;
use futures_util::FutureExt as _;

fn manager() -> JwtManager {
    JwtManager::new(JwtConfig::new().secret_key("a secret for tests: 0123456789 abcdef")).unwrap()
}

#[test]
fn verifying_a_token_allocates_twice() {
    let jwt = manager();
    let token = jwt.create_access_token("ada").unwrap();
    jwt.decode_token(&token).unwrap();
    let count = measure(|| drop(jwt.decode_token(&token).unwrap())).count_total;
    assert!(count <= 2, "{count} allocations");
}

#[test]
fn issuing_a_token_allocates_little() {
    let jwt = manager();
    jwt.create_access_token("ada").unwrap();
    let count = measure(|| drop(jwt.create_access_token("ada").unwrap())).count_total;
    assert!(count <= 8, "{count} allocations");
}

#[actix_web::test]
async fn a_verified_request_allocates_little_more_than_an_open_one() {
    async fn open() -> &'static str {
        "ok"
    }
    async fn protected(user: JwtIdentity) -> &'static str {
        assert_eq!(*user, "ada");
        "ok"
    }
    let jwt = manager();
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
    let (open, protected) = (count("/open", 200), count("/protected", 200));
    assert!(protected <= open + 6, "{protected} allocations instead of {open}");
}
