//! Sessions: refresh tokens that are good once, a list of one's devices, and logging out of each or of all.
//!
//! `cargo run --example sessions`, and in another terminal:
//!
//! ```console
//! $ PAIR=$(curl -s -A "a phone" --json '{"username": "ada"}' http://127.0.0.1:8080/login)
//! $ PHONE=$(echo "$PAIR" | jq -r .access_token)
//! $ FIRST=$(echo "$PAIR" | jq -r .refresh_token)
//! $ LAPTOP=$(curl -s -A "a laptop" --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -s -H "Authorization: Bearer $PHONE" http://127.0.0.1:8080/sessions
//! ["a laptop","a phone"]
//! ```
//!
//! A refresh token gives the next pair, and is used up. For ten seconds it still gets the same again, so that an
//! answer that was lost logs nobody out:
//!
//! ```console
//! $ SECOND=$(curl -s -X POST -H "Authorization: Bearer $FIRST" http://127.0.0.1:8080/refresh | jq -r .refresh_token)
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $FIRST" http://127.0.0.1:8080/refresh
//! {"access_token":"…","token_type":"Bearer","expires_in":900,"refresh_token":"…"} 200
//! ```
//!
//! Once its successor was used, it can only be a copy. The session is over, its access tokens too:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $SECOND" http://127.0.0.1:8080/refresh
//! {"access_token":"…","token_type":"Bearer","expires_in":900,"refresh_token":"…"} 200
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $FIRST" http://127.0.0.1:8080/refresh
//! {"msg":"Token has been revoked"} 401
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $PHONE" http://127.0.0.1:8080/protected
//! {"msg":"Token has been revoked"} 401
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada"} 200
//! ```
//!
//! And out, everywhere:
//!
//! ```console
//! $ curl -s -X DELETE -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:8080/sessions
//! {"msg":"Logged out everywhere"}
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $LAPTOP" http://127.0.0.1:8080/protected
//! {"msg":"Token has been revoked"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::session::{Session, TokenPair};
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::http::header::USER_AGENT;
use actix_web::{App, HttpRequest, HttpServer, Responder, delete, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>, request: HttpRequest) -> Result<TokenPair, JwtError> {
    // … check the password …
    let device = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or("unknown");
    jwt.start_session(&form.username).label(device).await
}

#[post("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> Result<TokenPair, JwtError> {
    jwt.rotate(&presented, &request).await
}

#[get("/sessions", wrap = "jwt_required()")]
async fn list(jwt: JwtManager, user: JwtIdentity) -> Result<impl Responder, JwtError> {
    let sessions = jwt.sessions_up_to(&user, 100).await?;
    let mut devices: Vec<String> = sessions.iter().filter_map(Session::label).map(str::to_owned).collect();
    devices.sort();
    Ok(web::Json(devices))
}

#[delete("/sessions", wrap = "jwt_required()")]
async fn everywhere(jwt: JwtManager, user: JwtIdentity) -> Result<impl Responder, JwtError> {
    jwt.revoke_all(&user).await?;
    Ok(web::Json(json!({ "msg": "Logged out everywhere" })))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .token_store(MemoryStore::new())
        .on_reuse_detected(|detected| async move {
            println!("a refresh token of {} was used twice", detected.subject());
        })
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(jwt.clone())
            .service(login)
            .service(refresh)
            .service(list)
            .service(everywhere)
            .service(protected)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
