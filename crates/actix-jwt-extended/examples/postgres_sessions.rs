//! Sessions in PostgreSQL, beside the application's own tables.
//!
//! `DATABASE_URL=postgres://user:password@127.0.0.1/app cargo run --example postgres_sessions`, and in another
//! terminal:
//!
//! ```console
//! $ PAIR=$(curl -s -A "a phone" --json '{"username": "ada"}' http://127.0.0.1:8080/login)
//! $ ACCESS=$(echo "$PAIR" | jq -r .access_token)
//! $ REFRESH=$(echo "$PAIR" | jq -r .refresh_token)
//! $ curl -s -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/sessions
//! ["a phone"]
//! $ NEXT=$(curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:8080/refresh | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -X DELETE -H "Authorization: Bearer $NEXT" http://127.0.0.1:8080/logout
//! {"msg":"Logged out"} 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/sessions
//! {"msg":"Token has been revoked"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::session::{Session, TokenPair};
use actix_jwt_extended::store::{PostgresStore, Replicated};
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
async fn sessions(jwt: JwtManager, user: JwtIdentity) -> Result<impl Responder, JwtError> {
    let sessions = jwt.sessions_up_to(&user, 100).await?;
    Ok(web::Json(sessions.iter().filter_map(Session::label).map(str::to_owned).collect::<Vec<_>>()))
}

#[delete("/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
async fn logout(jwt: JwtManager, presented: Jwt) -> Result<impl Responder, JwtError> {
    jwt.log_out(&presented).await?;
    Ok(web::Json(json!({ "msg": "Logged out" })))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // Its tables begin with `auth_`, and are made at the first start.
    let store = PostgresStore::builder().prefix("auth_").connect(&env::var("DATABASE_URL")?).await?;
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .token_store(Replicated::start(store).await?)
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(login).service(refresh).service(sessions).service(logout)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
