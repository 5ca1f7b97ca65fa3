//! Tokens for WebSockets, which a browser can open without an `Authorization` header: as a protocol.
//!
//! In a page: `new WebSocket("ws://127.0.0.1:8080/ws", ["bearer", token])`.
//!
//! `cargo run --example websocket`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -si -H "Connection: Upgrade" -H "Upgrade: websocket" -H "Sec-WebSocket-Version: 13" -H "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==" -H "Sec-WebSocket-Protocol: bearer, $TOKEN" http://127.0.0.1:8080/ws | grep -i '^sec-websocket-protocol'
//! sec-websocket-protocol: bearer
//! ```
//!
//! The connection ends when the token does: here after three seconds. With a `token_store` also when it is revoked.
//!
//! Without a token, and by a request that is no upgrade:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -H "Connection: Upgrade" -H "Upgrade: websocket" http://127.0.0.1:8080/ws
//! {"msg":"Missing 'bearer' protocol in a WebSocket upgrade"} 401
//! $ curl -sw ' %{http_code}\n' -H "Sec-WebSocket-Protocol: bearer, $TOKEN" http://127.0.0.1:8080/ws
//! {"msg":"Missing 'bearer' protocol in a WebSocket upgrade"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, Location, jwt_required};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;
use std::time::Duration;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    let token = jwt.access_token(&form.username).expires_in(Duration::from_secs(3)).encode()?;
    Ok(web::Json(json!({ "access_token": token })).customize().insert_header(("Cache-Control", "no-store")))
}

/// The wrap, not the extractor alone: it also answers with the protocol, as browsers demand.
#[get("/ws", wrap = "jwt_required().locations([Location::WebSocket])")]
async fn socket(jwt: Jwt, request: HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        // The other end may be gone.
        if session.text(format!("Hello {}", jwt.identity())).await.is_err() {
            return;
        }
        let ended = jwt.ended();
        tokio::pin!(ended);
        loop {
            tokio::select! {
                // Expired or revoked: who may no longer ask may no longer listen.
                _ = &mut ended => break,
                message = messages.recv() => match message {
                    Some(Ok(actix_ws::Message::Text(text))) if session.text(text.clone()).await.is_ok() => {}
                    Some(Ok(actix_ws::Message::Ping(bytes))) if session.pong(&bytes).await.is_ok() => {}
                    Some(Ok(actix_ws::Message::Pong(_))) => {}
                    _ => break,
                },
            }
        }
        let _ = session.close(None).await;
    });
    Ok(response)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(socket))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
