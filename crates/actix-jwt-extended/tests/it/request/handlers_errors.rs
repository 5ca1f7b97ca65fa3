//! One answer for one error: what a handler returns is answered as what a wrap finds.

use crate::app::{Answer, NOW, TestApp, builder, config};
use crate::forge::{good, with};
use actix_jwt_extended::{ErrorFormat, JwtConfig, JwtError, JwtManager, JwtRejection, jwt_errors, jwt_required};
use actix_web::http::header::{CONTENT_ENCODING, HeaderValue};
use actix_web::middleware::{Compress, DefaultHeaders, Next, from_fn};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, get, post, web};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Decodes the body, whatever token came with the request.
#[post("/wrapped", wrap = "jwt_required()")]
async fn wrapped(jwt: JwtManager, body: String) -> Result<String, JwtError> {
    Ok(jwt.decode_token(&body)?.identity().into_owned())
}

#[post("/twice", wrap = "jwt_required()", wrap = "jwt_required()")]
async fn twice(jwt: JwtManager, body: String) -> actix_web::Result<String> {
    Ok(jwt.decode_token(&body)?.identity().into_owned())
}

#[post("/open")]
async fn open(jwt: JwtManager, body: String) -> Result<String, JwtError> {
    Ok(jwt.decode_token(&body)?.identity().into_owned())
}

#[post("/rejection")]
async fn rejection(jwt: JwtManager, request: HttpRequest, body: String) -> Result<String, JwtRejection> {
    let token = jwt.decode_token(&body).map_err(|error| JwtRejection::new(error, &request))?;
    Ok(token.identity().into_owned())
}

#[get("/store")]
async fn store(jwt: JwtManager) -> Result<HttpResponse, JwtError> {
    Ok(HttpResponse::Ok().json(jwt.start_session("ada").await?))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected() -> &'static str {
    "in"
}

fn routes(config: &mut web::ServiceConfig) {
    let inside = DefaultHeaders::new().add(("X-Inside", "stays"));
    let compressed = web::resource("/compressed")
        .wrap(Compress::default())
        .wrap(inside)
        .wrap(jwt_required())
        .post(async |jwt: JwtManager, body: String| jwt.decode_token(&body).map(|_| "in"));
    config.service((wrapped, twice, open, rejection, store, protected, compressed));
}

fn start(jwt: &JwtManager) -> TestApp {
    TestApp::start(jwt, routes)
}

/// The same with [`jwt_errors`] around all.
fn start_wrapped(jwt: &JwtManager) -> TestApp {
    let jwt = jwt.clone();
    TestApp::serve(move || {
        HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes).wrap(jwt_errors()))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
    })
}

fn post(app: &TestApp, path: &str, token: &str) -> Answer {
    post_as("Bearer", app, path, token)
}

fn post_as(scheme: &str, app: &TestApp, path: &str, token: &str) -> Answer {
    let (length, bearer) = (token.len().to_string(), format!("{scheme} {}", good()));
    let headers = [("Content-Length", &*length), ("Authorization", &*bearer), ("Accept-Encoding", "gzip")];
    app.post(path, &headers, token.as_bytes())
}

fn same(answer: &Answer, expected: &Answer) {
    assert_eq!((answer.status, answer.json()), (expected.status, expected.json()));
    for header in ["content-type", "www-authenticate", "content-encoding"] {
        assert_eq!(answer.header(header), expected.header(header), "{header}");
    }
}

#[test]
fn in_every_format_the_answer_is_that_of_the_wrap() {
    type Format = fn(JwtConfig) -> JwtConfig;
    let formats: [(Format, &str); 4] = [
        (|config| config, "Bearer"),
        (|config| config.error_message_key("detail").header_type("JWT"), "JWT"),
        (|config| config.error_format(ErrorFormat::Rfc6750), "Bearer"),
        (|config| config.error_format(ErrorFormat::Problem), "Bearer"),
    ];
    for (format, scheme) in formats {
        let app = start_wrapped(&builder(format(config())).build().unwrap());
        for bad in ["x".to_owned(), with(json!({ "exp": NOW })), with(json!({ "iat": NOW + 60 }))] {
            let expected = app.get("/protected", &[("Authorization", &format!("{scheme} {bad}"))]);
            assert!(expected.status >= 400);
            for path in ["/wrapped", "/twice", "/open", "/rejection", "/compressed"] {
                same(&post_as(scheme, &app, path, &bad), &expected);
            }
        }
    }
}

#[test]
fn inside_of_a_demand_no_other_wrap_is_needed() {
    let jwt = builder(config().error_message_key("detail")).build().unwrap();
    let app = start(&jwt);
    for path in ["/wrapped", "/twice", "/rejection"] {
        assert_eq!(post(&app, path, "x").json(), json!({ "detail": "Not enough segments" }), "{path}");
    }
    // As the guide says of routes without any wrap.
    assert_eq!(post(&app, "/open", "x").json(), json!({ "msg": "Not enough segments" }));
}

#[test]
fn what_a_middleware_inside_added_stays() {
    let app = start(&builder(config().error_format(ErrorFormat::Rfc6750)).build().unwrap());
    let answer = post(&app, "/compressed", "x");
    assert_eq!((answer.status, answer.header("x-inside")), (401, Some("stays")));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[test]
fn hooks_are_asked_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let jwt = builder(config())
        .expired_token_loader(move |token, request| {
            counted.fetch_add(1, Ordering::SeqCst);
            let text = format!("{} at {}", token.identity(), request.path());
            HttpResponse::Gone().insert_header(("X-Hook", "called")).body(text)
        })
        .invalid_token_loader(|_, _| panic!("on purpose"))
        .build()
        .unwrap();
    let app = start_wrapped(&jwt);
    for path in ["/wrapped", "/twice", "/open", "/rejection"] {
        calls.store(0, Ordering::SeqCst);
        let answer = post(&app, path, &with(json!({ "exp": NOW })));
        assert_eq!((answer.status, answer.text()), (410, &*format!("ada at {path}")));
        assert_eq!((answer.header("x-hook"), calls.load(Ordering::SeqCst)), (Some("called"), 1), "{path}");
        assert_eq!(answer.header("www-authenticate"), None, "the hook's answer is sent as it is");
        post(&app, path, "x").is(500, "Internal Server Error");
    }
}

#[test]
fn failures_of_the_server_have_the_form_too() {
    let app = start_wrapped(&builder(config().error_format(ErrorFormat::Problem)).build().unwrap());
    let answer = app.get("/store", &[]);
    assert_eq!((answer.status, answer.header("content-type")), (500, Some("application/problem+json")));
    assert_eq!(answer.json()["detail"], "Internal Server Error");
}

#[test]
fn other_errors_are_left_alone() {
    async fn marked(
        request: actix_web::dev::ServiceRequest,
        next: Next<impl actix_web::body::MessageBody>,
    ) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, Error> {
        let mut response = next.call(request).await?;
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        Ok(response)
    }
    let jwt = builder(config()).build().unwrap();
    let app = TestApp::serve(move || {
        HttpServer::new(move || {
            let fails = async || Err::<&str, _>(actix_web::error::ErrorImATeapot("short and stout"));
            let fails = web::resource("/fails").wrap(from_fn(marked)).wrap(jwt_required()).get(fails);
            App::new().app_data(jwt.clone()).service(fails).wrap(jwt_errors())
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .map(|server| (server.addrs()[0], server.run()))
        .unwrap()
    });
    let answer = app.get_with("/fails", &good());
    assert_eq!(
        (answer.status, answer.text(), answer.header("content-encoding")),
        (418, "short and stout", Some("identity"))
    );
}
