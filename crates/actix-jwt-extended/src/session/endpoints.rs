//! Revocation (RFC 7009) and introspection (RFC 7662), as handlers to mount behind the application's own
//! authentication.

use crate::claims::{TokenType, VerifiedToken, name};
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::request::check::would_pass;
use crate::request::respond::JwtRejection;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

/// Handler of a revocation endpoint (RFC 7009): `POST` with a form, `token=…`.
///
/// A refresh token takes its session along, with all its tokens; an access token goes alone. Tokens that are
/// not valid are answered as those that were revoked, with 200 (§2.2). A form that is none is a 400
/// `invalid_request`, a token without a JWT ID a 400 `unsupported_token_type`; a store that is down a 503.
///
/// Who may ask is for the application to say (§2.1): wrap the resource in your clients' authentication.
///
/// ```
/// use actix_jwt_extended::session::revocation_endpoint;
/// use actix_web::{App, guard, web};
///
/// let internal = guard::Header("x-internal-key", "from your settings");
/// let app = App::new()
///     .service(web::resource("/oauth/revoke").guard(internal).route(web::post().to(revocation_endpoint)));
/// # drop(app);
/// ```
///
/// # Errors
/// Those of the manager, as its settings answer them.
pub async fn revocation_endpoint(
    jwt: JwtManager,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, JwtRejection> {
    let Some(token) = token_of(&request, &body) else { return Ok(refused("invalid_request")) };
    // One that has expired may have a session that lives.
    let options = crate::manager::DecodeOptions::new().allow_expired();
    let token = match jwt.decode_token_with_async(&token, &options).await {
        Ok(token) => token,
        // Nobody knows whether it is valid: it may not be said that it is revoked.
        Err(error @ JwtError::Hook { .. }) => return Err(JwtRejection::new(error, &request)),
        Err(_) => return Ok(done()),
    };
    let revoked = match (token.token_type(), token.session_id(), token.jti()) {
        (TokenType::Refresh, Some(session_id), _) => jwt.revoke_session(session_id).await,
        (_, _, Some(_)) => jwt.revoke(&token).await,
        (_, _, None) => return Ok(refused("unsupported_token_type")),
    };
    revoked.map(|()| done()).map_err(|error| JwtRejection::new(error, &request))
}

/// Handler of an introspection endpoint (RFC 7662): `POST` with a form, `token=…`.
///
/// Answers `{"active": true, …}` with `sub`, `iss`, `aud`, `exp`, `iat`, `nbf`, `jti`, `sid`, `scope` and
/// `token_type` as far as the token has them; `{"active": false}` and no reason for one that is not valid,
/// expired, revoked, or a refresh token that was used (§2.2); and for one that [`jwt_required`](crate::jwt_required)
/// would refuse for another reason: it is neither an access token nor a refresh token, `token_verification_loader` does
/// not accept it, `user_lookup_loader` finds nobody, or it is a refresh token without a session where
/// `JWT_REQUIRE_SESSION` is set. A store that is down is a 503, a hook that fails a 500.
///
/// Who may ask is for the application to say (§2.1): wrap the resource in your resource servers' authentication.
///
/// ```
/// use actix_jwt_extended::session::introspection_endpoint;
/// use actix_web::{App, guard, web};
///
/// let internal = guard::Header("x-internal-key", "from your settings");
/// let app = App::new()
///     .service(web::resource("/oauth/introspect").guard(internal).route(web::post().to(introspection_endpoint)));
/// # drop(app);
/// ```
///
/// # Errors
/// Those of the manager, as its settings answer them.
pub async fn introspection_endpoint(
    jwt: JwtManager,
    request: HttpRequest,
    body: web::Bytes,
) -> Result<HttpResponse, JwtRejection> {
    let Some(token) = token_of(&request, &body) else { return Ok(refused("invalid_request")) };
    let description = match jwt.decode_token_async(&token).await {
        Ok(token) if is_active(&jwt, &token).await.map_err(|error| JwtRejection::new(error, &request))? => {
            describe(&token)
        }
        Err(error @ JwtError::Hook { .. }) => return Err(JwtRejection::new(error, &request)),
        _ => json!({ "active": false }),
    };
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(description))
}

async fn is_active(jwt: &JwtManager, token: &VerifiedToken) -> Result<bool, JwtError> {
    match would_pass(token, jwt).await {
        Ok(()) => {}
        // Nobody knows: it may not be said that it is good, nor that it is not.
        Err(error @ (JwtError::Store(_) | JwtError::Hook { .. } | JwtError::NotConfigured(_))) => return Err(error),
        Err(_) => return Ok(false),
    }
    match (token.token_type(), token.session_id()) {
        (TokenType::Refresh, Some(_)) if jwt.store().is_some() => jwt.is_current(token).await,
        _ => Ok(true),
    }
}

fn describe(token: &VerifiedToken) -> Value {
    const TOLD: [&str; 8] = [
        name::ISSUER,
        name::AUDIENCE,
        name::EXPIRATION,
        name::ISSUED_AT,
        name::NOT_BEFORE,
        name::JWT_ID,
        name::SESSION_ID,
        "scope",
    ];
    let claims = token.claims();
    let mut told = Map::from_iter([
        ("active".to_owned(), Value::Bool(true)),
        (name::SUBJECT.to_owned(), Value::from(&*token.identity())),
    ]);
    told.extend(TOLD.iter().filter_map(|name| claims.get(*name).map(|value| ((*name).to_owned(), value.clone()))));
    if token.token_type() == TokenType::Access {
        told.insert("token_type".to_owned(), "Bearer".into());
    }
    Value::Object(told)
}

/// The form's `token`, which must be there once (RFC 6749 §3.2).
fn token_of(request: &HttpRequest, body: &[u8]) -> Option<String> {
    if !request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    let mut tokens = form_urlencoded::parse(body).filter(|(name, _)| name == "token").map(|(_, value)| value);
    let token = tokens.next()?;
    (tokens.next().is_none() && !token.is_empty()).then(|| token.into_owned())
}

fn done() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).finish()
}

/// RFC 6749 §5.2.
fn refused(error: &str) -> HttpResponse {
    HttpResponse::BadRequest().insert_header((CACHE_CONTROL, "no-store")).json(json!({ "error": error }))
}
