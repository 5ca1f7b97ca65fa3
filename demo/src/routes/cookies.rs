//! `/auth/cookies`: the same for browsers, whose scripts never see a token.

use super::{auth, credentials, not_cached};
use crate::users::Users;
use actix_jwt_extended::{Jwt, JwtManager, Location, jwt_required};
use actix_web::{HttpRequest, HttpResponse, delete, post, put, web};
use serde_json::json;

#[post("/auth/cookies")]
pub async fn login(
    jwt: JwtManager,
    users: web::Data<Users>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let username = credentials::verified_username(&users, &request, body).await?;
    let mut response = not_cached().json(json!({ "login": true }));
    jwt.set_access_cookies(&mut response, &jwt.access_token(&username).fresh().encode()?)?;
    jwt.set_refresh_cookies(&mut response, &jwt.create_refresh_token(&username)?)?;
    Ok(response)
}

/// From the refresh cookie, wherever tokens are looked for otherwise.
#[put("/auth/cookies", wrap = "jwt_required().refresh().locations([Location::Cookies])")]
pub async fn refresh(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    let mut response = not_cached().json(json!({ "refresh": true }));
    jwt.set_access_cookies(&mut response, &auth::access_token_of(&presented, &jwt)?)?;
    Ok(response)
}

/// Needs no token: whoever wants to log out may.
#[delete("/auth/cookies")]
pub async fn logout(jwt: JwtManager) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(json!({ "logout": true }));
    jwt.unset_jwt_cookies(&mut response);
    response
}
