//! A middleware of one's own around `verify_jwt_in_request`: each account for its owner only.
//!
//! `cargo run --example custom_middleware`, and in another terminal:
//!
//! ```console
//! $ curl -sw ' %{http_code}\n' http://127.0.0.1:8080/accounts/ada/orders
//! {"msg":"Missing Authorization Header"} 401
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/accounts/ada/orders
//! orders of ada 200
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/accounts/grace/orders
//! not your account 403
//! $ TOKEN=$(curl -s --json '{"username": "ada%2Fhome"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/accounts/ada%2Fhome/orders
//! not your account 403
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required, verify_jwt_in_request};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Path};
use actix_web::{App, FromRequest as _, HttpResponse, HttpServer, Responder, ResponseError as _, get, post};
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

async fn own_account_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<BoxBody>> {
    let jwt = match verify_jwt_in_request(request.request(), &jwt_required()).await {
        Ok(jwt) => jwt,
        // A response, not an error: so that CORS and logging wrapped outside still see it.
        Err(rejection) => return Ok(request.into_response(rejection.error_response())),
    };
    // Decoded, as handlers see it: an identity "ada%2Fhome" does not own the account "ada/home".
    let account = Path::<String>::extract(request.request()).await?;
    if jwt.is_none_or(|jwt| jwt.identity() != account.as_str()) {
        return Ok(request.into_response(HttpResponse::Forbidden().body("not your account")));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

// The extractor finds what the middleware has verified.
#[get("/orders")]
async fn orders(user: JwtIdentity) -> String {
    format!("orders of {user}")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(jwt.clone())
            .service(login)
            .service(web::scope("/accounts/{account}").wrap(from_fn(own_account_only)).service(orders))
    })
    .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
