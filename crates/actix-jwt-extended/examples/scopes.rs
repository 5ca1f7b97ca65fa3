//! Scopes and roles: what a token says its holder may do.
//!
//! `cargo run --example scopes`, and in another terminal:
//!
//! ```console
//! $ ADA=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $ADA" http://127.0.0.1:8080/orders
//! ordered by ada 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $ADA" http://127.0.0.1:8080/users
//! {"msg":"Insufficient scope"} 403
//! $ GRACE=$(curl -s --json '{"username": "grace"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $GRACE" http://127.0.0.1:8080/users
//! ada, grace 200
//! ```
//!
//! The challenge names what is missing:
//!
//! ```console
//! $ curl -si -X POST -H "Authorization: Bearer $GRACE" http://127.0.0.1:8080/orders | grep -i '^www-authenticate'
//! www-authenticate: Bearer error="insufficient_scope", error_description="Insufficient scope", scope="orders:read orders:write"
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
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
    // … check the password, and look up what the user may do …
    let token = jwt.access_token(&form.username);
    let token = match form.username.as_str() {
        "ada" => token.claim("scope", "orders:read orders:write"),
        "grace" => token.claim("scope", "orders:read").claim("roles", ["support"]),
        _ => token,
    };
    Ok(web::Json(json!({ "access_token": token.encode()? })).customize().insert_header(("Cache-Control", "no-store")))
}

// Both scopes, or the scope "admin".
#[post("/orders", wrap = r#"jwt_required().scope("orders:read orders:write").scope("admin")"#)]
async fn order(user: JwtIdentity) -> String {
    format!("ordered by {user}")
}

// One of the roles.
#[get("/users", wrap = r#"jwt_required().any_role(["admin", "support"])"#)]
async fn users() -> &'static str {
    "ada, grace"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(order).service(users))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
