//! WebSocket upgrades, with a real client.

use crate::app::{TestApp, config, manager};
use crate::forge::good;
use actix_jwt_extended::{JwtConfig, JwtIdentity, Location, jwt_required};
use actix_web::{HttpRequest, HttpResponse, web};
use tungstenite::client::IntoClientRequest as _;
use tungstenite::http::HeaderValue;
use tungstenite::{Error, Message};

/// Says who is there, then closes.
async fn greet(user: JwtIdentity, request: HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, _messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        let _ = session.text(user.into_inner()).await;
        let _ = session.close(None).await;
    });
    Ok(response)
}

fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/ws").wrap(jwt_required()).route(web::get().to(greet)));
}

fn start(config: JwtConfig) -> TestApp {
    TestApp::start(&manager(config), routes)
}

/// Status, the protocol that the server chose, and its greeting.
fn connect(app: &TestApp, query: &str, headers: &[(&'static str, String)]) -> (u16, Option<String>, String) {
    let mut request = format!("ws://{}/ws{query}", app.address()).into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
    }
    match tungstenite::client::client(request, app.connect()) {
        Ok((mut socket, response)) => {
            let protocol =
                response.headers().get("sec-websocket-protocol").map(|value| value.to_str().unwrap().to_owned());
            let Message::Text(text) = socket.read().unwrap() else { panic!("no greeting") };
            (response.status().as_u16(), protocol, text.to_string())
        }
        Err(tungstenite::HandshakeError::Failure(Error::Http(response))) => {
            let body = response.body().clone().unwrap_or_default();
            (response.status().as_u16(), None, String::from_utf8(body).unwrap())
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn by_cookie_and_by_query() {
    let app = start(config().token_location([Location::Cookies, Location::QueryString]));
    let cookie = ("cookie", format!("access_token_cookie={}", good()));
    assert_eq!(connect(&app, "", &[cookie]), (101, None, "ada".to_owned()));
    assert_eq!(connect(&app, &format!("?jwt={}", good()), &[]), (101, None, "ada".to_owned()));
    assert_eq!(connect(&app, "?jwt=x", &[]).0, 422);
    assert_eq!(connect(&app, "", &[]).0, 401);
}

#[test]
fn by_protocol() {
    let app = start(config().token_location([Location::Headers, Location::WebSocket]));
    for offered in ["bearer, ", "Bearer, ", "chat, bearer, "] {
        let spelt = offered.trim_start_matches("chat, ").trim_end_matches(", ");
        let offered = ("sec-websocket-protocol", format!("{offered}{}", good()));
        let (status, protocol, greeting) = connect(&app, "", &[offered]);
        assert_eq!((status, protocol.as_deref(), greeting.as_str()), (101, Some(spelt), "ada"));
    }
    for nothing in ["bearer", "chat", "chat, superchat"] {
        let (status, _, body) = connect(&app, "", &[("sec-websocket-protocol", nothing.to_owned())]);
        let message = "Missing JWT in headers or websocket (Missing Authorization Header; Missing 'bearer' protocol in a WebSocket upgrade)";
        assert_eq!((status, body), (401, serde_json::json!({ "msg": message }).to_string()));
    }
    let (status, _, body) = connect(&app, "", &[("sec-websocket-protocol", "bearer, x".to_owned())]);
    assert_eq!((status, body.as_str()), (422, r#"{"msg":"Not enough segments"}"#));
    // A request that is no upgrade does not carry a token this way.
    let offered = format!("bearer, {}", good());
    assert_eq!(app.get("/ws", &[("Sec-WebSocket-Protocol", &offered)]).status, 401);
}

#[test]
fn another_site_may_be_kept_from_opening_one_with_our_cookies() {
    let app = start(config().token_location([Location::Cookies]).csrf_fetch_metadata(true));
    let cookie = || ("cookie", format!("access_token_cookie={}", good()));
    assert_eq!(connect(&app, "", &[cookie()]).0, 101);
    let own = ("origin", format!("http://{}", app.address()));
    assert_eq!(connect(&app, "", &[cookie(), own]).0, 101);
    assert_eq!(connect(&app, "", &[cookie(), ("origin", "http://evil.example".to_owned())]).0, 401);
}
