//! `/auth/cookies`: the same for browsers, whose scripts never see a token.

use super::auth::{self, Tokens};
use super::{credentials, not_cached};
use crate::throttle::Throttle;
use crate::users::Users;
use actix_jwt_extended::{
    InvalidToken, Jwt, JwtError, JwtManager, JwtRejection, Location, jwt_required, verify_jwt_in_request,
};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, delete, post, put, web};
use serde_json::json;

#[post("/auth/cookies")]
pub async fn login(
    jwt: JwtManager,
    users: web::Data<Users>,
    throttle: web::Data<Throttle>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let username = credentials::verified_username(&jwt, &users, &throttle, &request, body).await?;
    let tokens = auth::tokens_of_login(&jwt, &username, &request).await?;
    let mut response = not_cached().json(json!({ "login": true }));
    set(&jwt, &mut response, &tokens)?;
    Ok(response)
}

/// From the refresh cookie, wherever tokens are looked for otherwise.
#[put("/auth/cookies", wrap = "jwt_required().refresh().locations([Location::Cookies])")]
pub async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    let mut response = not_cached().json(json!({ "refresh": true }));
    match presented.session_id() {
        Some(_) => set(&jwt, &mut response, &jwt.rotate(&presented, &request).await?.into())?,
        None => jwt.set_access_cookies(&mut response, &auth::access_token_of(&presented, &jwt)?)?,
    }
    Ok(response)
}

fn set(jwt: &JwtManager, response: &mut HttpResponse, tokens: &Tokens) -> Result<(), JwtError> {
    jwt.set_access_cookies(response, &tokens.access_token)?;
    jwt.set_refresh_cookies(response, &tokens.refresh_token)
}

/// Needs no token: the browser forgets its cookies whoever asks. A token that comes along, with its CSRF value, takes its
/// session with it, also when it has expired. Where there is a token, and its session was not ended, the answer says why:
/// the CSRF value is missing or another, or the store did not answer. Then the browser keeps them, and may ask again.
#[delete("/auth/cookies")]
pub async fn logout(jwt: JwtManager, request: HttpRequest) -> HttpResponse {
    let mut response = match end_session_of(&request, &jwt).await {
        Ok(()) => HttpResponse::Ok().json(json!({ "logout": true })),
        Err(answer) => answer,
    };
    // Where the store is down, they are what the session can be ended with later.
    if !response.status().is_server_error() {
        jwt.unset_jwt_cookies(&mut response);
    }
    response
}

/// By either cookie: the CSRF value that came along is one of theirs.
async fn end_session_of(request: &HttpRequest, jwt: &JwtManager) -> Result<(), HttpResponse> {
    let mut ended = Ok(());
    for required in [jwt_required(), jwt_required().refresh()] {
        match verify_jwt_in_request(request, &required.allow_expired().locations([Location::Cookies])).await {
            Ok(Some(presented)) => {
                let ended = jwt.log_out(&presented).await;
                return ended.map_err(|error| JwtRejection::new(error, request).error_response());
            }
            Ok(None) => {}
            Err(rejection) => match rejection.error() {
                JwtError::Revoked(_) => return Ok(()),
                JwtError::MissingToken(_) => {}
                // Nobody's, so there is nothing to end by it; but genuine if it lacks the CSRF value only.
                JwtError::InvalidToken(reason) if !matches!(reason, InvalidToken::MissingClaim(_)) => {}
                _ => ended = ended.and(Err(rejection.error_response())),
            },
        }
    }
    ended
}
