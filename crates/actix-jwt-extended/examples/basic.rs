//! Basic usage: a route that issues tokens, and one that asks for a token.
//!
//! `cargo run --example basic`, and in another terminal:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/protected
//! {"msg":"Missing Authorization Header"} 401
//! $ curl -sw ' %{http_code}\n' --json '{"username": "test", "password": "wrong"}' http://127.0.0.1:8080/login
//! {"msg":"Bad username or password"} 401
//! $ TOKEN=$(curl -s --json '{"username": "test", "password": "test"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"logged_in_as":"test"} 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer ${TOKEN}x" http://127.0.0.1:8080/protected
//! {"msg":"Signature verification failed"} 422
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpResponse, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    password: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<HttpResponse, JwtError> {
    // In a real application: look the user up and compare a password hash.
    if form.username != "test" || form.password != "test" {
        return Ok(HttpResponse::Unauthorized().json(json!({ "msg": "Bad username or password" })));
    }
    let access_token = jwt.create_access_token(&form.username)?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({ "access_token": access_token })))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // In a real application: JwtConfig::from_file("Settings.toml").
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(protected))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
