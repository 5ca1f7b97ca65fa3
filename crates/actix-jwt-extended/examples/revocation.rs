//! Revoking tokens: a blocklist in memory, of JWT IDs that are kept until their token expires.
//!
//! `cargo run --example revocation`, and in another terminal:
//!
//! ```console
//! $ ACCESS=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada"} 200
//! $ curl -s -X DELETE -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/logout
//! {"msg":"Access token successfully revoked"}
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $ACCESS" http://127.0.0.1:8080/protected
//! {"msg":"Token has been revoked"} 401
//! ```
//!
//! The refresh token is a token of its own, and goes the same way:
//!
//! ```console
//! $ REFRESH=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .refresh_token)
//! $ curl -s -X DELETE -H "Authorization: Bearer $REFRESH" http://127.0.0.1:8080/logout
//! {"msg":"Refresh token successfully revoked"}
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, TokenType, VerifiedToken, jwt_required};
use actix_web::{App, HttpServer, Responder, delete, get, post, web};
use serde_json::json;
use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// JWT IDs, and until when they must be remembered. A database, in a real application.
#[derive(Clone, Default)]
struct Blocklist(Arc<Mutex<HashMap<String, i64>>>);

impl Blocklist {
    fn revoke(&self, token: &VerifiedToken) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs().cast_signed());
        if let (Some(jwt_id), Ok(mut ids)) = (token.jti(), self.0.lock()) {
            ids.retain(|_, until| *until > now);
            ids.insert(jwt_id.to_owned(), token.expires_at().unwrap_or(i64::MAX));
        }
    }

    fn contains(&self, token: &VerifiedToken) -> bool {
        match (token.jti(), self.0.lock()) {
            (Some(jwt_id), Ok(ids)) => ids.contains_key(jwt_id),
            // A token that cannot be revoked, or a list that cannot be read: refused.
            _ => true,
        }
    }
}

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

#[delete("/logout", wrap = "jwt_required().verify_type(false)")]
async fn logout(jwt: Jwt, blocklist: web::Data<Blocklist>) -> impl Responder {
    blocklist.revoke(&jwt);
    let kind = if jwt.token_type() == TokenType::Refresh { "Refresh" } else { "Access" };
    web::Json(json!({ "msg": format!("{kind} token successfully revoked") }))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let blocklist = Blocklist::default();
    let asked = blocklist.clone();
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .token_in_blocklist_loader(move |token| {
            let revoked = asked.contains(&token);
            async move { revoked }
        })
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(jwt.clone())
            .app_data(web::Data::new(blocklist.clone()))
            .service(login)
            .service(logout)
            .service(protected)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
