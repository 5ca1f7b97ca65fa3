//! Keys that must be waited for, with which a request's tokens are verified.

use crate::app::{Answer, NOW, SECRET, TestApp, builder, config};
use crate::forge::{good, sign_raw, with};
use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
use actix_jwt_extended::session::introspection_endpoint;
use actix_jwt_extended::{
    DecodeOptions, JwtError, JwtIdentity, JwtManager, Location, jwt_required, verify_jwt_in_request,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[get("/wrapped", wrap = "jwt_required()")]
async fn wrapped(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/bare")]
async fn bare(user: JwtIdentity, _again: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/checked")]
async fn checked(request: HttpRequest) -> actix_web::Result<String> {
    let jwt = verify_jwt_in_request(&request, &jwt_required()).await?.unwrap();
    Ok(jwt.identity().into_owned())
}

#[post("/body", wrap = "jwt_required().locations([Location::Json])")]
async fn of_body(user: JwtIdentity, body: String) -> String {
    format!("{} {}", &*user, body.len())
}

#[get("/cookie")]
async fn cookie(jwt: JwtManager) -> Result<HttpResponse, JwtError> {
    let mut response = HttpResponse::Ok().finish();
    jwt.set_access_cookies(&mut response, &tenants("acme"))?;
    Ok(response)
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((wrapped, bare, checked, of_body, cookie)).service(
        web::scope("/twice")
            .wrap(jwt_required())
            .route("", web::get().to(async |user: JwtIdentity| user.into_inner()).wrap(jwt_required())),
    );
    config.route("/introspect", web::post().to(introspection_endpoint));
}

/// The yardstick with a tenant; the secret is everybody's.
fn tenants(tenant: &str) -> String {
    with(json!({ "tenant": tenant }))
}

/// Knows the keys of "acme" alone. How often it was asked is counted.
fn start(
    more: impl FnOnce(actix_jwt_extended::JwtConfig) -> actix_jwt_extended::JwtConfig,
) -> (TestApp, Arc<AtomicUsize>, JwtManager) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = builder(more(config()))
        .decode_key_loader_async(move |header, claims| {
            count.fetch_add(1, SeqCst);
            let key = key.clone();
            async move {
                tokio::task::yield_now().await;
                assert_eq!(header["alg"], "HS256");
                match claims.get("tenant").and_then(|tenant| tenant.as_str()) {
                    Some("acme") => Ok(Some(key)),
                    Some("broken") => Err(io::Error::other("the keys are locked away")),
                    Some("panics") => panic!("a hook's own"),
                    _ => Ok(None),
                }
            }
        })
        .build()
        .unwrap();
    (TestApp::start(&jwt, routes), asked, jwt)
}

const ROUTES: [&str; 4] = ["/wrapped", "/bare", "/checked", "/twice"];

#[test]
fn a_request_waits_for_the_key_of_its_token_and_asks_once() {
    let (app, asked, _) = start(|config| config);
    for (at, path) in ROUTES.into_iter().enumerate() {
        assert_eq!(app.get_with(path, &tenants("acme")).text(), "ada", "{path}");
        assert_eq!(asked.load(SeqCst), at + 1, "{path}");
    }
}

#[test]
fn no_key_no_entry() {
    let (app, asked, _) = start(|config| config);
    for path in ROUTES {
        // Its signature is right: it is nobody's that the hook knows.
        app.get_with(path, &tenants("other")).is(422, "Signature verification failed");
        app.get_with(path, &good()).is(422, "Signature verification failed");
        app.get_with(path, &(tenants("acme") + "x")).is(422, "Signature verification failed");
        for tenant in ["broken", "panics"] {
            app.get_with(path, &tenants(tenant)).is(500, "Internal Server Error");
        }
        let late = with(json!({ "tenant": "acme", "exp": NOW - 1 }));
        app.get_with(path, &late).is(401, "Token has expired");
        let refresh = with(json!({ "tenant": "acme", "type": "refresh" }));
        app.get_with(path, &refresh).is(422, "Only non-refresh tokens are allowed");
    }
    // What is no token, or of an algorithm that is not allowed, is not worth a question.
    let before = asked.load(SeqCst);
    app.get_with("/wrapped", "x.y").is(422, "Not enough segments");
    app.get_with("/wrapped", &sign_raw(r#"{"alg":"none"}"#, "{}")).is(422, "The specified alg value is not allowed");
    assert_eq!(app.get("/wrapped", &[]).status, 401);
    assert_eq!(asked.load(SeqCst), before);
}

#[test]
fn further_cookies_are_asked_for_too() {
    let (app, asked, _) = start(|config| config.token_location([Location::Cookies]));
    let cookies = format!("access_token_cookie={}; access_token_cookie={}", tenants("other"), tenants("acme"));
    for path in ROUTES {
        let before = asked.load(SeqCst);
        assert_eq!(app.get(path, &[("Cookie", &cookies)]).text(), "ada", "{path}");
        assert_eq!(asked.load(SeqCst), before + 2, "{path}: each once");
    }
    assert!(app.get("/cookie", &[]).header("Set-Cookie").unwrap().starts_with("access_token_cookie="));
}

fn post(app: &TestApp, path: &str, kind: &str, body: &str) -> Answer {
    app.post(path, &[("Content-Type", kind), ("Content-Length", &body.len().to_string())], body.as_bytes())
}

#[test]
fn a_token_in_the_body_is_read_once() {
    let (app, _, _) = start(|config| config);
    let json = json!({ "access_token": tenants("acme") }).to_string();
    assert_eq!(post(&app, "/body", "application/json", &json).text(), format!("ada {}", json.len()));
    let json = json!({ "access_token": tenants("other") }).to_string();
    post(&app, "/body", "application/json", &json).is(422, "Signature verification failed");
}

#[actix_web::test]
async fn decoding_has_to_wait() {
    let (app, _, jwt) = start(|config| config);
    let token = tenants("acme");
    assert_eq!(jwt.decode_token_async(&token).await.unwrap().identity(), "ada");
    assert!(matches!(jwt.decode_token_async(&tenants("other")).await, Err(JwtError::InvalidToken(_))));
    let JwtError::NotConfigured(told) = jwt.decode_token(&token).unwrap_err() else { panic!() };
    assert!(told.contains("decode_token_async"), "{told}");
    let late = with(json!({ "tenant": "acme", "exp": NOW - 1 }));
    assert!(matches!(jwt.decode_token_async(&late).await, Err(JwtError::Expired(_))));
    jwt.decode_token_with_async(&late, &DecodeOptions::new().allow_expired()).await.unwrap();

    let introspect = |token: &str| {
        let form = "application/x-www-form-urlencoded";
        post(&app, "/introspect", form, &format!("token={token}")).json()["active"].clone()
    };
    assert_eq!((introspect(&token), introspect(&tenants("other"))), (json!(true), json!(false)));
}
