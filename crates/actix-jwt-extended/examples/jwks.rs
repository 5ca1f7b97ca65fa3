//! Public keys for others who verify: the key that signs and the next one, before its first token.
//!
//! `cargo run --example jwks`, and in another terminal:
//!
//! ```console
//! $ curl -si http://127.0.0.1:8080/.well-known/jwks.json | grep -i ^cache-control
//! cache-control: public, max-age=600
//! $ curl -s http://127.0.0.1:8080/.well-known/jwks.json
//! {"keys":[{"kty":"EC","crv":"P-256","x":"…","y":"…","use":"sig","alg":"ES256","kid":"2026-11"}]}
//! $ curl -s -X POST http://127.0.0.1:8080/rotate
//! the next key has been published
//! $ curl -s http://127.0.0.1:8080/.well-known/jwks.json
//! {"keys":[{"kty":"EC",…,"kid":"2026-11"},{"kty":"OKP","crv":"Ed25519","x":"…","use":"sig","alg":"EdDSA","kid":"…"}]}
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"key_id":"2026-11","logged_in_as":"ada"} 200
//! ```
//!
//! Ten minutes later, when nobody has the old set any more, the next key signs.

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::{Algorithm, SigningKey};
use actix_jwt_extended::publish::jwks_endpoint;
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::error::ErrorConflict;
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;
use std::time::Duration;

// Keys of the tests. In a real application they are in files that only the service can read.
const THIS_MONTHS: &str = include_str!("../tests/keys/ec256.pem");
const NEXT_MONTHS: &str = include_str!("../tests/keys/ed25519.pem");

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
async fn protected(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.identity(), "key_id": jwt.header().key_id() }))
}

// For whoever operates the service: behind a guard of its own in a real application.
#[post("/rotate")]
async fn rotate(jwt: JwtManager) -> actix_web::Result<&'static str> {
    let key = SigningKey::from_pem(Algorithm::EdDSA, NEXT_MONTHS).map_err(ErrorConflict)?;
    // It has no name, so its thumbprint is its key ID.
    jwt.rotate_keys(key).map_err(ErrorConflict)?;
    Ok("the next key has been published")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let key = SigningKey::from_pem(Algorithm::ES256, THIS_MONTHS)?.with_key_id("2026-11");
    let config = JwtConfig::new().jwks_max_age(Duration::from_secs(600));
    let jwt = JwtManager::builder(config).signing_key(key).build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(jwks_endpoint()).service(login).service(protected).service(rotate)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
