//! Bodies that were searched for a token or a CSRF value, and the handlers that want them next.

use crate::app::{Answer, TestApp, config, manager};
use crate::forge::good;
use actix_jwt_extended::{JwtConfig, JwtIdentity, Location, jwt_required};
use actix_web::{route, web};
use futures_util::StreamExt as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::time::Duration;

type Fields = BTreeMap<String, String>;

#[route("/payload", method = "POST", wrap = "jwt_required()")]
async fn payload(_user: JwtIdentity, body: web::Payload) -> actix_web::Result<web::Bytes> {
    collect(body).await
}

#[route("/bare_payload", method = "POST")]
async fn bare_payload(_user: JwtIdentity, body: web::Payload) -> actix_web::Result<web::Bytes> {
    collect(body).await
}

#[route("/form", method = "POST", wrap = "jwt_required()")]
async fn wrapped_form(_user: JwtIdentity, fields: web::Form<Fields>) -> web::Json<Fields> {
    web::Json(fields.into_inner())
}

#[route("/bare_form", method = "POST")]
async fn bare_form(_user: JwtIdentity, fields: web::Form<Fields>) -> web::Json<Fields> {
    web::Json(fields.into_inner())
}

async fn collect(mut body: web::Payload) -> actix_web::Result<web::Bytes> {
    let mut all = web::BytesMut::new();
    while let Some(chunk) = body.next().await {
        all.extend_from_slice(&chunk?);
    }
    Ok(all.freeze())
}

fn start(config: JwtConfig) -> TestApp {
    TestApp::start(&manager(config), |config| {
        config.service((payload, bare_payload, wrapped_form, bare_form));
    })
}

fn json_app() -> TestApp {
    start(config().token_location([Location::Json]).body_timeout(Duration::from_millis(150)))
}

/// Cookies, whose CSRF value may be in a form.
fn form_app() -> TestApp {
    let config = config().token_location([Location::Cookies]).csrf_check_form(true).max_body_size(1000);
    start(config.body_timeout(Duration::from_millis(150)))
}

const FORM: &str = "application/x-www-form-urlencoded";

fn post(app: &TestApp, path: &str, content_type: &str, body: &str) -> Answer {
    let (cookie, length) = (format!("access_token_cookie={}", good()), body.len().to_string());
    app.post(path, &[("Cookie", &cookie), ("Content-Type", content_type), ("Content-Length", &length)], body.as_bytes())
}

/// The same body, in chunks that end anywhere.
fn post_chunked(app: &TestApp, path: &str, content_type: &str, body: &str) -> Answer {
    let mut chunked = Vec::new();
    for piece in body.as_bytes().chunks(7) {
        chunked.extend(format!("{:x}\r\n", piece.len()).bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    let cookie = format!("access_token_cookie={}", good());
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", content_type), ("Transfer-Encoding", "chunked")];
    app.post(path, &headers, &chunked)
}

/// Begins a body of 99 bytes that never comes; `then` says what becomes of the connection.
fn begin(app: &TestApp, path: &str, content_type: &str, then: impl FnOnce(&std::net::TcpStream)) -> String {
    let mut stream = app.connect();
    let cookie = format!("access_token_cookie={}", good());
    let head = format!("POST {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nCookie: {cookie}\r\n");
    write!(stream, "{head}Content-Type: {content_type}\r\nContent-Length: 99\r\n\r\n{{").unwrap();
    then(&stream);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_searched_json_body_as_a_stream() {
    let app = json_app();
    let body = json!({ "access_token": good(), "pad": "é".repeat(1000) }).to_string();
    for path in ["/payload", "/bare_payload"] {
        assert_eq!(post(&app, path, "application/json", &body).text(), body);
        assert_eq!(post_chunked(&app, path, "application/json", &body).text(), body);
    }
}

#[test]
fn a_searched_form_as_a_stream_and_as_a_form() {
    let app = form_app();
    let body = "title=hello+w%C3%B6rld&csrf_token=c5rf&empty=";
    for send in [post, post_chunked] {
        for path in ["/payload", "/bare_payload"] {
            assert_eq!(send(&app, path, FORM, body).text(), body);
        }
        for path in ["/form", "/bare_form"] {
            let fields = json!({ "title": "hello wörld", "csrf_token": "c5rf", "empty": "" });
            assert_eq!(send(&app, path, FORM, body).json(), fields);
            send(&app, path, FORM, "title=x").is(401, "Missing CSRF token");
            send(&app, path, FORM, "csrf_token=x").is(401, "CSRF double submit tokens do not match");
        }
    }
}

#[test]
fn a_form_may_be_neither_too_long_nor_too_slow() {
    let app = form_app();
    for path in ["/form", "/bare_form"] {
        let of_size = |size: usize| format!("csrf_token=c5rf&pad={}", "x".repeat(size - 20));
        for send in [post, post_chunked] {
            assert_eq!(send(&app, path, FORM, &of_size(1000)).status, 200);
            send(&app, path, FORM, &of_size(1001)).is(413, "Request body is too large");
        }
        let answer = begin(&app, path, FORM, |_| {});
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("did not arrive in time"), "{answer}");
    }
}

/// The client says that nothing more comes, and still listens.
#[test]
fn a_body_that_breaks_off_is_a_400() {
    let (json, form) = (json_app(), form_app());
    for (app, content_type, path) in [
        (&json, "application/json", "/payload"),
        (&json, "application/json", "/bare_payload"),
        (&form, FORM, "/form"),
        (&form, FORM, "/bare_form"),
    ] {
        let answer = begin(app, path, content_type, |stream| stream.shutdown(Shutdown::Write).unwrap());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{path} {answer:?}");
        assert!(answer.contains("Request body could not be read"), "{path} {answer}");
    }
}
