//! Access cookies renewed in passing: who keeps using the site stays logged in.
//!
//! `cargo run --example implicit_refresh`, and in another terminal:
//!
//! ```console
//! $ curl -s -c cookies --json '{"username": "ada"}' http://127.0.0.1:8080/login
//! {"login":true}
//! $ curl -si -b cookies http://127.0.0.1:8080/app/notes | grep -i '^set-cookie'
//! set-cookie: access_token_cookie=…; HttpOnly; SameSite=Strict; Path=/; Max-Age=604800; Expires=…
//! set-cookie: csrf_access_token=…; SameSite=Strict; Path=/; Max-Age=604800; Expires=…
//! ```
//!
//! That response is not for shared caches. One token is replaced once, also if many requests come with it:
//!
//! ```console
//! $ curl -s -c cookies --json '{"username": "ada"}' http://127.0.0.1:8080/login
//! {"login":true}
//! $ curl -si -b cookies http://127.0.0.1:8080/app/notes | grep -i '^cache-control'
//! cache-control: no-store
//! $ curl -si -b cookies http://127.0.0.1:8080/app/notes | grep -i '^set-cookie'
//! ```
//!
//! A form that was made before its token was replaced can still be sent, since the CSRF value stays:
//!
//! ```console
//! $ curl -s -c cookies --json '{"username": "ada"}' http://127.0.0.1:8080/login
//! {"login":true}
//! $ FORM=$(awk '/csrf_access_token/ { print $7 }' cookies)
//! $ curl -s -b cookies -c cookies http://127.0.0.1:8080/app/notes
//! notes of ada
//! $ curl -s -b cookies -X POST -H "X-CSRF-TOKEN: $FORM" http://127.0.0.1:8080/app/notes
//! noted by ada
//! ```
//!
//! Who logs out is not logged in again:
//!
//! ```console
//! $ curl -si -b cookies -X POST -H "X-CSRF-TOKEN: $FORM" http://127.0.0.1:8080/app/logout | grep -i '^set-cookie'
//! set-cookie: access_token_cookie=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0; Expires=…
//! set-cookie: csrf_access_token=; SameSite=Strict; Path=/; Max-Age=0; Expires=…
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{
    CookieOptions, JwtConfig, JwtError, JwtIdentity, JwtManager, Location, SameSite, jwt_required,
    refresh_expiring_cookies,
};
use actix_web::{App, HttpResponse, HttpServer, get, post, web};
use serde_json::json;
use std::env;
use std::error::Error;
use std::time::Duration;

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

/// Longer than the browser is open. The login and the wrap must say the same.
fn cookie_options() -> CookieOptions {
    CookieOptions::new().max_age(Duration::from_secs(7 * 24 * 60 * 60))
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<HttpResponse, JwtError> {
    // … check the password …
    let mut response = HttpResponse::Ok().json(json!({ "login": true }));
    jwt.set_access_cookies_with(&mut response, &jwt.create_access_token(&form.username)?, &cookie_options())?;
    Ok(response)
}

#[get("/notes")]
async fn read(user: JwtIdentity) -> String {
    format!("notes of {user}")
}

#[post("/notes")]
async fn write(user: JwtIdentity) -> String {
    format!("noted by {user}")
}

#[post("/logout")]
async fn logout(jwt: JwtManager) -> HttpResponse {
    let mut response = HttpResponse::Ok().finish();
    jwt.unset_access_cookies(&mut response);
    response
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = JwtConfig::new()
        .secret_key("an example's secret, 32 bytes or more")
        .token_location([Location::Cookies])
        // In production: true. Here there is no HTTPS.
        .cookie_secure(false)
        .cookie_samesite(SameSite::Strict);
    let jwt = JwtManager::new(config)?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        // Usually after half of its life; here at once, so that there is something to see.
        let refresh = refresh_expiring_cookies().after(0.0).cookie_options(cookie_options());
        let app = web::scope("/app").wrap(jwt_required()).wrap(refresh).service(read).service(write).service(logout);
        App::new().app_data(jwt.clone()).service(login).service(app)
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
