//! Changing the default behaviour: answers, checks and headers of one's own.
//!
//! `cargo run --example hooks`, and in another terminal:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/protected
//! {"error":"log in first","path":"/protected"} 401
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"header":{"alg":"HS256","typ":"at+jwt"},"team":"engine"} 200
//! ```
//!
//! A token that has expired, and one whose claims our own rule does not like:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada", "seconds": 0}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"error":"log in again, ada"} 401
//! $ TOKEN=$(curl -s --json '{"username": "mallory"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"msg":"User claims verification failed"} 400
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::{App, HttpResponse, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;
use std::time::Duration;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    seconds: Option<u64>,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    let mut token = jwt.access_token(&form.username);
    if let Some(seconds) = form.seconds {
        token = token.expires_in(Duration::from_secs(seconds));
    }
    Ok(web::Json(json!({ "access_token": token.encode()? })).customize().insert_header(("Cache-Control", "no-store")))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "header": jwt.header().members(), "team": jwt.claims().get("team") }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .additional_claims_loader(|identity| json!({ "team": if identity == "ada" { "engine" } else { "none" } }))
        .additional_headers_loader(|_identity| json!({ "typ": "at+jwt" }))
        .token_verification_loader(|token| token.claims().get("team").is_some_and(|team| team != "none"))
        .unauthorized_loader(|_reason, request| {
            HttpResponse::Unauthorized()
                .insert_header((WWW_AUTHENTICATE, "Bearer"))
                .json(json!({ "error": "log in first", "path": request.path() }))
        })
        .expired_token_loader(|token, _request| {
            HttpResponse::Unauthorized()
                .insert_header((WWW_AUTHENTICATE, "Bearer error=\"invalid_token\""))
                .json(json!({ "error": format!("log in again, {}", token.identity()) }))
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
