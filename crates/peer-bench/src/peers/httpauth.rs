//! actix-web-httpauth finds the token, jsonwebtoken verifies it.

use super::hand_written::{Verifier, protected};
use super::{App, Credentials, Peer};
use crate::token::ALGORITHMS;
use actix_web::dev::ServiceRequest;
use actix_web::error::ErrorUnauthorized;
use actix_web::{Error, HttpMessage as _, web};
use actix_web_httpauth::extractors::bearer::BearerAuth;
use actix_web_httpauth::middleware::HttpAuthentication;

pub const PEER: Peer = Peer {
    name: "actix-web-httpauth",
    made_of: &["actix-web-httpauth", "jsonwebtoken 11"],
    set_up: "`HttpAuthentication::bearer` with a validator that calls `jsonwebtoken::decode`; the rest as hand-written.",
    base: Some("actix-web"),
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Actix(|config, fixture| {
        config.app_data(web::Data::new(Verifier::new(fixture))).service(
            web::resource("/protected").wrap(HttpAuthentication::bearer(validate)).route(web::get().to(protected)),
        );
    }),
};

async fn validate(request: ServiceRequest, credentials: BearerAuth) -> Result<ServiceRequest, (Error, ServiceRequest)> {
    let claims = request.app_data::<web::Data<Verifier>>().and_then(|verifier| verifier.verify(credentials.token()));
    match claims {
        Some(claims) => {
            request.extensions_mut().insert(claims);
            Ok(request)
        }
        None => Err((ErrorUnauthorized("no valid token"), request)),
    }
}
