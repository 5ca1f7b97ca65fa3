//! `/auth/*`: logins with tokens in answers, for clients that keep them themselves.

use super::{credentials, not_cached};
use crate::configuration::Sessions;
use crate::throttle::Throttle;
use crate::users::Users;
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::{Jwt, JwtError, JwtManager, TokenType, jwt_required};
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, delete, post, web};
use serde::Serialize;
use serde_json::json;

#[post("/auth/login")]
pub async fn login(
    jwt: JwtManager,
    users: web::Data<Users>,
    throttle: web::Data<Throttle>,
    request: HttpRequest,
    body: web::Payload,
) -> actix_web::Result<HttpResponse> {
    let username = credentials::verified_username(&jwt, &users, &throttle, &request, body).await?;
    Ok(not_cached().json(tokens_of_login(&jwt, &username, &request).await?))
}

/// What a login gives.
#[derive(Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

impl From<TokenPair> for Tokens {
    fn from(pair: TokenPair) -> Self {
        Self { access_token: pair.access_token, refresh_token: pair.refresh_token }
    }
}

/// A session's, known in the list of sessions by the program that logged in; or, where the settings want none, two
/// tokens that know nothing of each other, as Flask-JWT-Extended makes them.
pub async fn tokens_of_login(jwt: &JwtManager, username: &str, request: &HttpRequest) -> Result<Tokens, JwtError> {
    if matches!(request.app_data::<web::Data<Sessions>>().map(|sessions| ***sessions), Some(Sessions(false))) {
        let access_token = jwt.access_token(username).fresh().encode()?;
        return Ok(Tokens { access_token, refresh_token: jwt.create_refresh_token(username)? });
    }
    let program = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    Ok(jwt.start_session(username).label(program.unwrap_or("unknown")).await?.into())
}

/// The next pair; for a token without a session, as Flask-JWT-Extended makes them, an access token.
#[post("/auth/refresh", wrap = "jwt_required().refresh()")]
pub async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    Ok(match presented.session_id() {
        Some(_) => not_cached().json(Tokens::from(jwt.rotate(&presented, &request).await?)),
        None => not_cached().json(json!({ "access_token": access_token_of(&presented, &jwt)? })),
    })
}

/// An access token, not fresh, for whom another token is about.
pub fn access_token_of(presented: &Jwt, jwt: &JwtManager) -> Result<String, JwtError> {
    jwt.access_token(presented.identity()).identity_value(presented.identity_value().clone()).encode()
}

/// Ends the session of the token presented, access or refresh, also if it has expired; one without a session goes alone.
#[delete("/auth/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
pub async fn logout(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    jwt.log_out(&presented).await?;
    let kind = if presented.token_type() == TokenType::Refresh { "Refresh" } else { "Access" };
    Ok(HttpResponse::Ok().json(json!({ "msg": format!("{kind} token successfully revoked") })))
}
