//! Own claims: some for every token, some at the call; read as a type of one's own.
//!
//! `cargo run --example own_claims`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada", "team": "engine"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/team
//! ada is in engine, with the permissions read, write 200
//! ```
//!
//! A token whose claims do not fit the type is refused:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/team
//! {"msg":"Invalid claims in token"} 422
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Claims, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
    team: Option<String>,
}

/// As much of a token's claims as the handler needs.
#[derive(serde::Deserialize)]
struct Mine {
    sub: String,
    team: String,
    permissions: Vec<String>,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    let mut token = jwt.access_token(&form.username);
    if let Some(team) = &form.team {
        token = token.claim("team", team);
    }
    Ok(web::Json(json!({ "access_token": token.encode()? })).customize().insert_header(("Cache-Control", "no-store")))
}

#[get("/team", wrap = "jwt_required()")]
async fn my_team(claims: Claims<Mine>) -> String {
    let Mine { sub, team, permissions } = claims.into_inner();
    format!("{sub} is in {team}, with the permissions {}", permissions.join(", "))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .additional_claims_loader(|identity| {
            let permissions = if identity == "ada" { vec!["read", "write"] } else { vec!["read"] };
            json!({ "permissions": permissions })
        })
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(my_team))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
