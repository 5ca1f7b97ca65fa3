//! `/auth/…` with tokens in the answer: log in, refresh, log out.

use super::{credentials, not_cached};
use crate::revoked::Revoked;
use crate::users::Users;
use actix_jwt_extended::{Jwt, JwtError, JwtManager, TokenType, jwt_required};
use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use serde_json::json;

#[post("/auth/login")]
pub async fn login(
    jwt: JwtManager,
    users: web::Data<Users>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let username = credentials::verified_username(&users, &request, body).await?;
    Ok(not_cached().json(json!({
        "access_token": jwt.access_token(&username).fresh().encode()?,
        "refresh_token": jwt.create_refresh_token(&username)?,
    })))
}

#[post("/auth/refresh", wrap = "jwt_required().refresh()")]
pub async fn refresh(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    Ok(not_cached().json(json!({ "access_token": access_token_of(&presented, &jwt)? })))
}

/// An access token, not fresh, for whom another token is about.
pub fn access_token_of(presented: &Jwt, jwt: &JwtManager) -> Result<String, JwtError> {
    jwt.access_token(presented.identity()).identity_value(presented.identity_value().clone()).encode()
}

/// Revokes the token presented, access or refresh.
#[delete("/auth/logout", wrap = "jwt_required().verify_type(false)")]
pub async fn logout(jwt: Jwt, revoked: web::Data<Revoked>) -> HttpResponse {
    let Some(jwt_id) = jwt.jti() else {
        return HttpResponse::UnprocessableEntity().json(json!({ "msg": "Missing claim: jti" }));
    };
    revoked.insert(jwt_id, jwt.expires_at());
    let kind = if jwt.token_type() == TokenType::Refresh { "Refresh" } else { "Access" };
    HttpResponse::Ok().json(json!({ "msg": format!("{kind} token successfully revoked") }))
}
