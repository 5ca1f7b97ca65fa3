//! The crate jwt-authorizer, for axum.

use super::{App, Credentials, Peer, logged_in};
use crate::token::{ALGORITHMS, Fixture, SECRET};
use ::jwt_authorizer::{IntoLayer as _, JwtAuthorizer, JwtClaims};
use axum::response::IntoResponse;
use axum::{Json, Router, routing};
use futures_util::FutureExt as _;
use jsonwebtoken::Algorithm;

pub const PEER: Peer = Peer {
    name: "jwt-authorizer",
    made_of: &["jwt-authorizer", "axum 0.7", "jsonwebtoken 9"],
    set_up: "`JwtAuthorizer` from a secret or a PEM text, its layer around the route, `JwtClaims` in the handler; \
             the claims type has the subject only.",
    base: Some("axum"),
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Axum(router),
};

#[derive(Clone, serde::Deserialize)]
struct User {
    sub: String,
}

fn router(fixture: &Fixture) -> Router {
    let pem = fixture.public_pem();
    let authorizer = match fixture.algorithm {
        Algorithm::HS256 => JwtAuthorizer::<User>::from_secret(SECRET),
        Algorithm::ES256 => JwtAuthorizer::from_ec_pem_text(pem),
        Algorithm::EdDSA => JwtAuthorizer::from_ed_pem_text(pem),
        _ => JwtAuthorizer::from_rsa_pem_text(pem),
    };
    let authorizer = authorizer.build().now_or_never().expect("keys that need no fetching").expect("a key for tests");
    Router::new().route("/protected", routing::get(protected)).layer(authorizer.into_layer())
}

async fn protected(JwtClaims(user): JwtClaims<User>) -> impl IntoResponse {
    Json(logged_in(&user.sub)).into_response()
}
