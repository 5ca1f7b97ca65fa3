//! A key per tenant: the identity chooses the key that signs, the claims the one that verifies.
//!
//! `cargo run --example tenants`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada@acme"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada@acme"} 200
//! $ curl -sw ' %{http_code}\n' --json '{"username": "ada@nowhere"}' http://127.0.0.1:8080/login
//! {"msg":"Internal Server Error"} 500
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::collections::HashMap;
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

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let secrets = [("acme", b"acme's own secret, 32 bytes or more"), ("ajax", b"ajax's own secret, 32 bytes or more")];
    let mut signing = HashMap::new();
    let mut verifying = HashMap::new();
    for (tenant, secret) in secrets {
        signing.insert(tenant, SigningKey::from_secret(Algorithm::HS256, secret)?);
        verifying.insert(tenant, VerifyingKey::from_secret(&[Algorithm::HS256], secret)?);
    }
    let jwt = JwtManager::builder(JwtConfig::new())
        // Identities are written "user@tenant" here.
        .encode_key_loader(move |identity| {
            let tenant = identity.split_once('@').map_or("", |(_, tenant)| tenant);
            signing.get(tenant).cloned().ok_or("no such tenant")
        })
        // Nobody has verified these claims yet: they choose a key, and nothing else.
        .decode_key_loader(move |_header, claims| {
            let (_, tenant) = claims.get("sub")?.as_str()?.split_once('@')?;
            verifying.get(tenant).cloned()
        })
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(protected))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
