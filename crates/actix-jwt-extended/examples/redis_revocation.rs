//! Revoking tokens by a Redis server, known to every node at once.
//!
//! `REDIS_URL=redis://127.0.0.1:6379 cargo run --example redis_revocation`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada"} 200
//! $ curl -s -X DELETE -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/logout
//! {"msg":"Access token revoked"}
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"msg":"Token has been revoked"} 401
//! ```
//!
//! A second one on another port (`PORT=8081`) refuses the token too: both follow the server's list.

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::store::{RedisStore, Replicated};
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, delete, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    Ok(web::Json(json!({ "access_token": jwt.create_access_token(&form.username)? }))
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

#[delete("/logout", wrap = "jwt_required()")]
async fn logout(jwt: JwtManager, presented: Jwt) -> Result<impl Responder, JwtError> {
    jwt.revoke(&presented).await?;
    Ok(web::Json(json!({ "msg": "Access token revoked" })))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
    let store = Replicated::start(RedisStore::connect(&url).await?).await?;
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .token_store(store)
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server =
        HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(logout).service(protected))
            .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
