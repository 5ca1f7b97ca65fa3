//! `GET /me`: the user that the lookup loaded.

use crate::users::Profile;
use actix_jwt_extended::{CurrentUser, JwtManager, jwt_required};
use actix_web::web::{self, ServiceConfig};
use actix_web::{Responder, guard, route};
use serde_json::json;

/// With a manager of its own, because only here must a user be found.
pub fn configure(app: &mut ServiceConfig, jwt: JwtManager) {
    app.service(web::scope("/me").guard(guard::Any(guard::Get()).or(guard::Head())).app_data(jwt).service(me));
}

#[route("", method = "GET", method = "HEAD", wrap = "jwt_required()")]
async fn me(user: CurrentUser<Profile>) -> impl Responder {
    web::Json(json!({ "username": user.username, "full_name": user.full_name }))
}
