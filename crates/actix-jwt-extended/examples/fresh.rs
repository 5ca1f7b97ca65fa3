//! The freshness pattern: what matters most asks for a token that was issued for a password.
//!
//! `cargo run --example fresh`, and in another terminal:
//!
//! ```console
//! $ LOGIN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $LOGIN" http://127.0.0.1:8080/password
//! changed for ada 200
//! ```
//!
//! An access token that was got by a refresh token opens the other routes only:
//!
//! ```console
//! $ REFRESH=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .refresh_token)
//! $ TOKEN=$(curl -s -X POST -H "Authorization: Bearer $REFRESH" http://127.0.0.1:8080/refresh | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/profile
//! profile of ada 200
//! $ curl -sw ' %{http_code}\n' -X POST -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/password
//! {"msg":"Fresh token required"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;
use std::time::Duration;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    Ok(web::Json(json!({
        "access_token": jwt.access_token(&form.username).fresh_for(Duration::from_secs(5 * 60)).encode()?,
        "refresh_token": jwt.create_refresh_token(&form.username)?,
    }))
    .customize()
    .insert_header(("Cache-Control", "no-store")))
}

#[post("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: JwtManager, user: JwtIdentity) -> Result<impl Responder, JwtError> {
    Ok(web::Json(json!({ "access_token": jwt.create_access_token(&user)? }))
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

#[get("/profile", wrap = "jwt_required()")]
async fn profile(user: JwtIdentity) -> String {
    format!("profile of {user}")
}

#[post("/password", wrap = "jwt_required().fresh()")]
async fn change_password(user: JwtIdentity) -> String {
    format!("changed for {user}")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(login).service(refresh).service(profile).service(change_password)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
