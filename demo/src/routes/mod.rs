//! The routes, one file each.

mod auth;
mod cookies;
mod credentials;
mod login;
mod me;
mod methods;
mod metrics;
mod page;
mod protected;
mod sessions;
mod token;

pub use page::Page;

use crate::managers::Managers;
use crate::store::ReplicaStats;
use actix_jwt_extended::publish::jwks_endpoint;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::ServiceConfig;
use actix_web::{HttpResponse, HttpResponseBuilder};

pub fn configure(app: &mut ServiceConfig, managers: &Managers, page: &Page, replica: &Option<ReplicaStats>) {
    app.service(login::login)
        .service(protected::protected)
        .service(protected::optional)
        .service(protected::fresh)
        .service(auth::login)
        .service(auth::refresh)
        .service(auth::logout)
        .service(cookies::login)
        .service(cookies::refresh)
        .service(cookies::logout)
        .service(sessions::list)
        .service(sessions::end)
        .service(sessions::end_all)
        .service(token::claims)
        .service(token::header)
        .service(token::location)
        .service(jwks_endpoint())
        .configure(|app| me::configure(app, managers.loading_users.clone()))
        .configure(|app| page::configure(app, page.clone()))
        .configure(|app| metrics::configure(app, managers.clone(), replica.clone()))
        .configure(methods::configure);
}

/// RFC 6749 §5.1: no cache keeps a token.
fn not_cached() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}
