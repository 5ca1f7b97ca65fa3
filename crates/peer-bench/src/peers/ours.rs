//! This repository's library: the wrap and the extractor of its first example.

use super::{App, Credentials, Peer, answer};
use crate::token::{ALGORITHMS, Fixture, SECRET};
use actix_jwt_extended::{JwtConfig, JwtIdentity, JwtManager, jwt_required};
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use jsonwebtoken::Algorithm;

pub const OURS: Peer = Peer {
    name: "actix-jwt-extended",
    made_of: &["actix-jwt-extended"],
    set_up: "`jwt_required()` around the resource, `JwtIdentity` in the handler; default settings.",
    base: Some("actix-web"),
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Actix(|service, fixture| configure(service, config(fixture))),
};

pub const OURS_VERIFYING: Peer = Peer {
    name: "actix-jwt-extended, no cache",
    set_up: "The same with `JWT_TOKEN_CACHE_SIZE = 0`: each request's token is verified.",
    app: App::Actix(|service, fixture| configure(service, config(fixture).token_cache_size(0))),
    ..OURS
};

fn config(fixture: &Fixture) -> JwtConfig {
    let config = JwtConfig::new().algorithm(fixture.algorithm.try_into().expect("one of ours"));
    match fixture.algorithm {
        Algorithm::HS256 => config.secret_key(SECRET),
        _ => config.public_key(fixture.public_pem()),
    }
}

fn configure(service: &mut ServiceConfig, config: JwtConfig) {
    let jwt = JwtManager::new(config).expect("a configuration for tests");
    service.app_data(jwt).service(web::resource("/protected").wrap(jwt_required()).route(web::get().to(protected)));
}

pub async fn protected(user: JwtIdentity) -> HttpResponse {
    answer(&user)
}
