//! Refresh tokens: they open no route but the one that gives out new access tokens.
//!
//! `cargo run --example refresh`, and in another terminal:
//!
//! ```console
//! $ REFRESH=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .refresh_token)
//! $ ACCESS=$(curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:8080/refresh | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada"} 200
//! ```
//!
//! Each in the other's place:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $REFRESH" http://127.0.0.1:8080/protected
//! {"msg":"Only non-refresh tokens are allowed"} 422
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/refresh
//! {"msg":"Only refresh tokens are allowed"} 422
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
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
    Ok(web::Json(json!({
        "access_token": jwt.create_access_token(&form.username)?,
        "refresh_token": jwt.create_refresh_token(&form.username)?,
    }))
    .customize()
    .insert_header(("Cache-Control", "no-store")))
}

#[post("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: JwtManager, user: JwtIdentity) -> Result<impl Responder, JwtError> {
    Ok(web::Json(json!({ "access_token": jwt.create_access_token(&user)? }))
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = JwtConfig::new()
        .secret_key("an example's secret, 32 bytes or more")
        .access_token_expires(Duration::from_secs(5 * 60))
        .refresh_token_expires(Duration::from_secs(7 * 24 * 60 * 60));
    let jwt = JwtManager::new(config)?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server =
        HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(refresh).service(protected))
            .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
