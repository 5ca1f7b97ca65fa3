//! What is in a token, and where it was found.

use actix_jwt_extended::{Jwt, Optional, jwt_required};
use actix_web::{Responder, route, web};
use serde_json::json;

#[route("/claims", method = "GET", method = "HEAD", wrap = "jwt_required()")]
pub async fn claims(jwt: Jwt) -> impl Responder {
    web::Json(jwt.claims().clone())
}

#[route("/header", method = "GET", method = "HEAD", wrap = "jwt_required()")]
pub async fn header(jwt: Jwt) -> impl Responder {
    web::Json(jwt.header().members().clone())
}

#[route("/location", method = "GET", method = "HEAD", wrap = "jwt_required().optional()")]
pub async fn location(jwt: Optional<Jwt>) -> impl Responder {
    web::Json(json!({ "location": jwt.as_ref().map(|jwt| jwt.location().as_str()) }))
}
