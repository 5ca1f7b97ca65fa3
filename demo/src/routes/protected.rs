//! For whoever has a token: any, a fresh one, or none at all.
//!
//! `JwtIdentity` would do where every identity is text; with `JWT_VERIFY_SUB = false` one may be a number.

use actix_jwt_extended::{Jwt, Optional, jwt_required};
use actix_web::{Responder, route, web};
use serde_json::json;

#[route("/protected", method = "GET", method = "HEAD", method = "POST", wrap = "jwt_required()")]
pub async fn protected(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.identity_value() }))
}

#[route("/optional", method = "GET", method = "HEAD", wrap = "jwt_required().optional()")]
pub async fn optional(jwt: Optional<Jwt>) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.as_ref().map(|jwt| jwt.identity_value()) }))
}

#[route("/fresh", method = "GET", method = "HEAD", wrap = "jwt_required().fresh()")]
pub async fn fresh(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.identity_value() }))
}
