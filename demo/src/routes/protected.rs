//! `GET /protected`: for whoever has a token.

use actix_jwt_extended::{JwtIdentity, jwt_required};
use actix_web::{Responder, get, web};
use serde_json::json;

#[get("/protected", wrap = "jwt_required()")]
pub async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}
