//! Extractors: a handler takes from the token what it needs, with or without a wrap around it.
//!
//! `cargo run --example extractors`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "7"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/orders
//! orders of user number 7 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/token
//! {"algorithm":"HS256","identity":"7","jwt_id":"…","location":"headers","type":"access"} 200
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/token
//! {"msg":"Missing Authorization Header"} 401
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/orders
//! {"msg":"Invalid identity in token"} 422
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
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

#[get("/orders", wrap = "jwt_required()")]
async fn orders(user: JwtIdentity<u64>) -> String {
    format!("orders of user number {}", *user)
}

// No wrap: the extractor verifies by itself.
#[get("/token")]
async fn token(jwt: Jwt) -> impl Responder {
    web::Json(json!({
        "identity": jwt.identity(),
        "jwt_id": jwt.jti(),
        "type": jwt.token_type().as_str(),
        "algorithm": jwt.header().algorithm(),
        "location": jwt.location().as_str(),
    }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server =
        HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(orders).service(token))
            .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
