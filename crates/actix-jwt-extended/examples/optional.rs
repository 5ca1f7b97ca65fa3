//! Partially protected routes: one route for guests and for users.
//!
//! `cargo run --example optional`, and in another terminal:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/greeting
//! Hello stranger 200
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/greeting
//! Hello ada 200
//! ```
//!
//! A token that is bad is refused, here too:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer ${TOKEN}x" http://127.0.0.1:8080/greeting
//! {"msg":"Signature verification failed"} 422
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Basic YWRhOmFkYQ==" http://127.0.0.1:8080/greeting
//! Hello stranger 200
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, Optional, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
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

#[get("/greeting", wrap = "jwt_required().optional()")]
async fn greeting(user: Optional<JwtIdentity>) -> String {
    match user.into_inner() {
        Some(user) => format!("Hello {user}"),
        None => "Hello stranger".to_owned(),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(greeting))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
