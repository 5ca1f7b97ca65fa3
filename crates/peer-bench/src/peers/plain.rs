//! The same route without protection: what the others are compared with.

use super::{App, Credentials, Peer, answer, logged_in};
use crate::token::{ALGORITHMS, SUBJECT};
use actix_web::{HttpResponse, web};
use axum::{Json, Router, routing};

pub const ACTIX: Peer = Peer {
    name: "actix-web",
    made_of: &["actix-web"],
    set_up: "No protection; the subject is a constant.",
    base: None,
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Actix(|config, _| {
        config.service(web::resource("/protected").route(web::get().to(actix)));
    }),
};

pub const AXUM: Peer = Peer {
    name: "axum",
    made_of: &["axum 0.7"],
    set_up: "No protection; the subject is a constant. The axum that jwt-authorizer is made for.",
    base: None,
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Axum(|_| Router::new().route("/protected", routing::get(async || Json(logged_in(SUBJECT))))),
};

pub async fn actix() -> HttpResponse {
    answer(SUBJECT)
}
