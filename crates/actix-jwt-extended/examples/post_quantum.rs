//! Tokens that a quantum computer cannot forge: ML-DSA-44 (RFC 9964). They are long, and fit headers and cookies all the same.
//!
//! `cargo run --example post_quantum`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! ada, by ML-DSA-44 200
//! $ curl -s http://127.0.0.1:8080/.well-known/jwks.json
//! {"keys":[{"kty":"AKP","alg":"ML-DSA-44","pub":"…","use":"sig"}]}
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::publish::jwks_endpoint;
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

// A key of the tests. In a real application JWT_PRIVATE_KEY names a file that only the service can read:
// `openssl genpkey -algorithm ML-DSA-44 -out jwt.pem` (OpenSSL 3.5 or newer).
const PRIVATE_KEY: &str = include_str!("../tests/keys/mldsa44.pem");

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

#[get("/protected", wrap = "jwt_required()")]
async fn protected(jwt: Jwt) -> String {
    format!("{}, by {}", jwt.identity(), jwt.header().algorithm())
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().algorithm(Algorithm::MlDsa44).private_key(PRIVATE_KEY))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(login).service(protected).service(jwks_endpoint())
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
