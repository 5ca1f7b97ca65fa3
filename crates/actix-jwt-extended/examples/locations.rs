//! Token locations: a token in the header, a cookie, the query string or the JSON body.
//!
//! `cargo run --example locations`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -s -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/where
//! {"location":"headers"}
//! $ curl -s -b "access_token_cookie=$TOKEN" http://127.0.0.1:8080/where
//! {"location":"cookies"}
//! $ curl -s "http://127.0.0.1:8080/where?jwt=$TOKEN"
//! {"location":"query_string"}
//! ```
//!
//! In a JSON body, which the handler still reads whole:
//!
//! ```console
//! $ curl -s --json "{\"access_token\": \"$TOKEN\", \"title\": \"hello\"}" http://127.0.0.1:8080/notes
//! {"location":"json","title":"hello"}
//! ```
//!
//! Nowhere:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/download
//! {"msg":"Missing JWT in headers or query_string (Missing Authorization Header; Missing 'jwt' query paramater)"} 401
//! ```
//!
//! The first location that holds something decides, also where a later one holds a good token:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer broken" "http://127.0.0.1:8080/download?jwt=$TOKEN"
//! {"msg":"Not enough segments"} 422
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, Location, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[derive(serde::Deserialize)]
struct Note {
    title: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    Ok(web::Json(json!({ "access_token": jwt.create_access_token(&form.username)? }))
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

#[get("/where", wrap = "jwt_required()")]
async fn anywhere(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "location": jwt.location().as_str() }))
}

#[post("/notes", wrap = "jwt_required()")]
async fn notes(jwt: Jwt, note: web::Json<Note>) -> impl Responder {
    web::Json(json!({ "location": jwt.location().as_str(), "title": note.title }))
}

// A link cannot send headers, so this route alone reads the query string.
#[get("/download", wrap = "jwt_required().locations([Location::Headers, Location::QueryString])")]
async fn download() -> &'static str {
    "the file"
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more").token_location([
        Location::Headers,
        Location::Cookies,
        Location::QueryString,
        Location::Json,
    ]);
    let jwt = JwtManager::new(config)?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(login).service(anywhere).service(notes).service(download)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
