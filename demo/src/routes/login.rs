//! `POST /login`, as in the Flask example: a token for a username and its password.

use super::{credentials, not_cached};
use crate::throttle::Throttle;
use crate::users::Users;
use actix_jwt_extended::JwtManager;
use actix_web::{HttpRequest, HttpResponse, post, web};
use serde_json::json;

#[post("/login")]
pub async fn login(
    jwt: JwtManager,
    users: web::Data<Users>,
    throttle: web::Data<Throttle>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let username = credentials::verified_username(&jwt, &users, &throttle, &request, body).await?;
    Ok(not_cached().json(json!({ "access_token": jwt.create_access_token(&username)? })))
}
