//! `/auth/cookies`: the same for browsers, whose scripts never see a token.

use super::{auth, credentials, not_cached};
use crate::users::Users;
use actix_jwt_extended::{Jwt, JwtError, JwtManager, Location, TokenPair, jwt_required, verify_jwt_in_request};
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
    let tokens = auth::begin_session(&jwt, &username, &request).await?;
    let mut response = not_cached().json(json!({ "login": true }));
    set(&jwt, &mut response, &tokens)?;
    Ok(response)
}

/// From the refresh cookie, wherever tokens are looked for otherwise.
#[put("/auth/cookies", wrap = "jwt_required().refresh().locations([Location::Cookies])")]
pub async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    let mut response = not_cached().json(json!({ "refresh": true }));
    match presented.session_id() {
        Some(_) => set(&jwt, &mut response, &jwt.rotate(&presented, &request).await?)?,
        None => jwt.set_access_cookies(&mut response, &auth::access_token_of(&presented, &jwt)?)?,
    }
    Ok(response)
}

fn set(jwt: &JwtManager, response: &mut HttpResponse, tokens: &TokenPair) -> Result<(), JwtError> {
    jwt.set_access_cookies(response, &tokens.access_token)?;
    jwt.set_refresh_cookies(response, &tokens.refresh_token)
}

/// Needs no token: whoever wants to log out may. One that comes along, with its CSRF value, takes its session with it.
#[delete("/auth/cookies")]
pub async fn logout(jwt: JwtManager, request: HttpRequest) -> HttpResponse {
    if let Some(presented) = any_cookie(&request).await
        && let Err(error) = auth::end(&jwt, &presented).await
    {
        log::error!("the session of a browser that logged out goes on: {error}");
    }
    let mut response = HttpResponse::Ok().json(json!({ "logout": true }));
    jwt.unset_jwt_cookies(&mut response);
    response
}

async fn any_cookie(request: &HttpRequest) -> Option<Jwt> {
    for required in [jwt_required(), jwt_required().refresh()] {
        if let Ok(Some(presented)) = verify_jwt_in_request(request, &required.locations([Location::Cookies])).await {
            return Some(presented);
        }
    }
    None
}
