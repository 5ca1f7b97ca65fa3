//! For whoever has a token: any, a fresh one, or none at all.

use actix_jwt_extended::{JwtIdentity, Optional, jwt_required};
use actix_web::{Responder, get, route, web};
use serde_json::json;

#[route("/protected", method = "GET", method = "POST", wrap = "jwt_required()")]
pub async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[get("/optional", wrap = "jwt_required().optional()")]
pub async fn optional(user: Optional<JwtIdentity>) -> impl Responder {
    web::Json(json!({ "logged_in_as": user.into_inner().map(JwtIdentity::into_inner) }))
}

#[get("/fresh", wrap = "jwt_required().fresh()")]
pub async fn fresh(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}
