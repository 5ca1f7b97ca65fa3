//! A key pair: one service issues tokens with the private key, another verifies them with the public one.
//!
//! `cargo run --example keys_rs256`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/orders/mine
//! orders of ada, by RS256 200
//! ```
//!
//! The second service cannot issue any:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' --json '{"username": "ada"}' http://127.0.0.1:8080/orders/login
//! {"msg":"Internal Server Error"} 500
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

// Keys of the tests. In a real application JWT_PRIVATE_KEY and JWT_PUBLIC_KEY name files that only
// the service can read: `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out jwt.pem`.
const PRIVATE_KEY: &str = include_str!("../tests/keys/rsa2048.pem");
const PUBLIC_KEY: &str = include_str!("../tests/keys/rsa2048.pub.pem");

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

#[get("/mine", wrap = "jwt_required()")]
async fn orders(jwt: Jwt) -> String {
    format!("orders of {}, by {:?}", jwt.identity(), jwt.header().algorithm())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let issuer = JwtManager::new(JwtConfig::new().algorithm(Algorithm::RS256).private_key(PRIVATE_KEY))?;
    let verifier = JwtManager::new(JwtConfig::new().algorithm(Algorithm::RS256).public_key(PUBLIC_KEY))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        // Two services in one program. Each scope has its own manager.
        let others = web::scope("/orders").app_data(verifier.clone()).service(orders).service(login);
        App::new().service(others).service(web::scope("").app_data(issuer.clone()).service(login))
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
