//! Tokens in cookies, and double-submit protection of what they may do.
//!
//! `cargo run --example cookies_csrf`, and in another terminal:
//!
//! ```console
//! $ curl -si --json '{"username": "ada"}' http://127.0.0.1:8080/login | grep -i '^set-cookie'
//! set-cookie: access_token_cookie=…; HttpOnly; SameSite=Strict; Path=/
//! set-cookie: csrf_access_token=…; SameSite=Strict; Path=/
//! set-cookie: refresh_token_cookie=…; HttpOnly; SameSite=Strict; Path=/auth
//! set-cookie: csrf_refresh_token=…; SameSite=Strict; Path=/
//! $ curl -s -c cookies --json '{"username": "ada"}' http://127.0.0.1:8080/login
//! {"login":true}
//! ```
//!
//! A cookie is enough for reading. What changes something needs the CSRF value too:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -b cookies http://127.0.0.1:8080/notes
//! notes of ada 200
//! $ curl -sw ' %{http_code}\n' -b cookies -X POST http://127.0.0.1:8080/notes
//! {"msg":"Missing CSRF token"} 401
//! $ CSRF=$(awk '/csrf_access_token/ { print $7 }' cookies)
//! $ curl -sw ' %{http_code}\n' -b cookies -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:8080/notes
//! noted by ada 200
//! $ curl -sw ' %{http_code}\n' -b cookies -X POST -H "X-CSRF-TOKEN: guessed" http://127.0.0.1:8080/notes
//! {"msg":"CSRF double submit tokens do not match"} 401
//! ```
//!
//! As a browser sends it, if another site made it do so:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' -b cookies -X POST -H "X-CSRF-TOKEN: $CSRF" -H "Sec-Fetch-Site: cross-site" http://127.0.0.1:8080/notes
//! {"msg":"Cross-site request refused"} 401
//! ```
//!
//! Refreshing, with the refresh token's own value, and logging out:
//!
//! ```console
//! $ CSRF=$(awk '/csrf_refresh_token/ { print $7 }' cookies)
//! $ curl -s -b cookies -c cookies -X POST -H "X-CSRF-TOKEN: $CSRF" http://127.0.0.1:8080/auth/refresh
//! {"refresh":true}
//! $ curl -si -X POST http://127.0.0.1:8080/logout | grep -i '^set-cookie'
//! set-cookie: access_token_cookie=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT
//! set-cookie: csrf_access_token=; SameSite=Strict; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT
//! set-cookie: refresh_token_cookie=; HttpOnly; SameSite=Strict; Path=/auth; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT
//! set-cookie: csrf_refresh_token=; SameSite=Strict; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, Location, SameSite, jwt_required};
use actix_web::{App, HttpResponse, HttpServer, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<HttpResponse, JwtError> {
    // … check the password …
    let mut response = HttpResponse::Ok().json(json!({ "login": true }));
    jwt.set_access_cookies(&mut response, &jwt.create_access_token(&form.username)?)?;
    jwt.set_refresh_cookies(&mut response, &jwt.create_refresh_token(&form.username)?)?;
    Ok(response)
}

#[post("/auth/refresh", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: JwtManager, user: JwtIdentity) -> Result<HttpResponse, JwtError> {
    let mut response = HttpResponse::Ok().json(json!({ "refresh": true }));
    jwt.set_access_cookies(&mut response, &jwt.create_access_token(&user)?)?;
    Ok(response)
}

#[post("/logout")]
async fn logout(jwt: JwtManager) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(json!({ "logout": true }));
    jwt.unset_jwt_cookies(&mut response);
    response
}

#[get("/notes", wrap = "jwt_required()")]
async fn read(user: JwtIdentity) -> String {
    format!("notes of {user}")
}

#[post("/notes", wrap = "jwt_required()")]
async fn write(user: JwtIdentity) -> String {
    format!("noted by {user}")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = JwtConfig::new()
        .secret_key("an example's secret, 32 bytes or more")
        .token_location([Location::Cookies])
        // In production: true, and the names with JWT_COOKIE_PREFIX. Here there is no HTTPS.
        .cookie_secure(false)
        .cookie_samesite(SameSite::Strict)
        .refresh_cookie_path("/auth")
        .csrf_fetch_metadata(true);
    let jwt = JwtManager::new(config)?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new().app_data(jwt.clone()).service(login).service(refresh).service(logout).service(read).service(write)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
