//! `/auth/sessions`: where somebody is logged in, and how to end that.

use actix_jwt_extended::{Jwt, JwtError, JwtManager, jwt_required};
use actix_web::{HttpResponse, Responder, delete, route, web};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

#[route("/auth/sessions", method = "GET", method = "HEAD", wrap = "jwt_required()")]
pub async fn list(jwt: JwtManager, presented: Jwt) -> Result<impl Responder, JwtError> {
    let sessions = jwt.sessions_up_to(&presented.identity(), 1000).await?;
    let sessions: Vec<_> = sessions
        .iter()
        .map(|session| {
            json!({
                "id": session.id(),
                "label": session.label(),
                "created_at": seconds(session.created_at()),
                "last_used_at": seconds(session.last_used_at()),
                "expires_at": session.expires_at().map(seconds),
                "current": presented.session_id() == Some(session.id()),
            })
        })
        .collect();
    Ok(web::Json(json!({ "sessions": sessions })))
}

/// One of one's own, and nobody else's.
#[delete("/auth/sessions/{id}", wrap = "jwt_required()")]
pub async fn end(jwt: JwtManager, presented: Jwt, id: web::Path<String>) -> Result<HttpResponse, JwtError> {
    if !jwt.revoke_session_of(&presented.identity(), &id).await? {
        return Ok(HttpResponse::NotFound().json(json!({ "msg": "No such session" })));
    }
    Ok(HttpResponse::Ok().json(json!({ "msg": "Session ended" })))
}

#[delete("/auth/sessions", wrap = "jwt_required()")]
pub async fn end_all(jwt: JwtManager, presented: Jwt) -> Result<impl Responder, JwtError> {
    jwt.revoke_all(&presented.identity()).await?;
    Ok(web::Json(json!({ "msg": "Logged out everywhere" })))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
