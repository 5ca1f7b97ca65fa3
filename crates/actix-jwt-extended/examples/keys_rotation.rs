//! Several keys: the new one signs, last year's still verifies, and nobody is logged out.
//!
//! `cargo run --example keys_rotation`, and in another terminal:
//!
//! ```console
//! $ NEW=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $NEW" http://127.0.0.1:8080/protected
//! {"key_id":"2026","logged_in_as":"ada"} 200
//! $ OLD=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/last-year/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $OLD" http://127.0.0.1:8080/protected
//! {"key_id":"2025","logged_in_as":"ada"} 200
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

const THIS_YEARS: &[u8] = b"this year's secret, 32 bytes or more";
const LAST_YEARS: &[u8] = b"last year's secret, 32 bytes or more";

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

fn signing(secret: &[u8], key_id: &str) -> Result<SigningKey, Box<dyn Error>> {
    Ok(SigningKey::from_secret(Algorithm::HS256, secret)?.with_key_id(key_id))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::builder(JwtConfig::new())
        .signing_key(signing(THIS_YEARS, "2026")?)
        .verifying_key(VerifyingKey::from_secret(&[Algorithm::HS256], LAST_YEARS)?.with_key_id("2025"))
        .build()?;
    // What ran until New Year's Eve; here to have a token of it.
    let last_years = JwtManager::builder(JwtConfig::new()).signing_key(signing(LAST_YEARS, "2025")?).build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(jwt.clone())
            .service(login)
            .service(protected)
            .service(web::scope("/last-year").app_data(last_years.clone()).service(login))
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
