//! Protecting one handler, one resource, or everything below a path; and one route that asks for more.
//!
//! `cargo run --example protecting_routes`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/me
//! {"msg":"Missing Authorization Header"} 401
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/me
//! for those with a token 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/reports
//! for those with a token 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/user/settings
//! for those with a token 200
//! $ curl -sw ' %{http_code}\n' -X DELETE -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/user/account
//! {"msg":"Fresh token required"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, delete, get, post, web};
use serde_json::json;
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

// One handler, in the route macro.
#[get("/me", wrap = "jwt_required()")]
async fn me() -> &'static str {
    "for those with a token"
}

async fn protected() -> &'static str {
    "for those with a token"
}

// More than the scope around it asks for.
#[delete("/account", wrap = "jwt_required().fresh()")]
async fn delete_account() -> &'static str {
    "gone"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        // One resource.
        let reports = web::resource("/reports").wrap(jwt_required()).route(web::get().to(protected));
        // Everything below a path.
        let user = web::scope("/user")
            .wrap(jwt_required())
            .route("/settings", web::get().to(protected))
            .service(delete_account);
        App::new().app_data(jwt.clone()).service(login).service(me).service(reports).service(user)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
