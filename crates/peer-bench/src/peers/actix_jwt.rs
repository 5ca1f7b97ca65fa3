//! The crate actix-jwt.

use super::{App, Credentials, Peer, answer};
use crate::token::{Fixture, SECRET};
use ::actix_jwt::{ActixJwtMiddleware, extract_claims, get_identity};
use actix_web::{HttpRequest, HttpResponse, web};
use jsonwebtoken::Algorithm;
use std::sync::Arc;

pub const PEER: Peer = Peer {
    name: "actix-jwt",
    made_of: &["actix-jwt", "jsonwebtoken 9"],
    set_up: "`ActixJwtMiddleware` with `identity_key` `sub` and an `identity_handler` as in its README, looking for \
             the token in `Authorization` only; the handler calls `get_identity`. Its setting `signing_algorithm` knows \
             HS and RS only.",
    base: Some("actix-web"),
    algorithms: &[Algorithm::HS256, Algorithm::RS256],
    credentials: Credentials::Bearer,
    app: App::Actix(|config, fixture| {
        let jwt = Arc::new(middleware(fixture));
        config.service(web::resource("/protected").wrap(jwt.middleware()).route(web::get().to(protected)));
    }),
};

fn middleware(fixture: &Fixture) -> ActixJwtMiddleware {
    let mut jwt = ActixJwtMiddleware::new();
    jwt.identity_key = "sub".to_owned();
    jwt.identity_handler = Arc::new(|request| extract_claims(request).remove("sub"));
    match fixture.algorithm {
        Algorithm::HS256 => jwt.key = SECRET.as_bytes().to_vec(),
        _ => {
            jwt.signing_algorithm = format!("{:?}", fixture.algorithm);
            jwt.priv_key_bytes = Some(fixture.private_pem().as_bytes().to_vec());
            jwt.pub_key_bytes = Some(fixture.public_pem().as_bytes().to_vec());
        }
    }
    jwt.init().expect("a configuration for tests");
    jwt
}

async fn protected(request: HttpRequest) -> HttpResponse {
    match get_identity(&request) {
        Some(serde_json::Value::String(subject)) => answer(&subject),
        _ => HttpResponse::Unauthorized().finish(),
    }
}
