//! What one writes without a library for it: a middleware function around jsonwebtoken.

use super::{App, Credentials, Peer, answer};
use crate::token::{ALGORITHMS, Fixture, SECRET};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::ErrorUnauthorized;
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage as _, HttpResponse, web};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

pub const PEER: Peer = Peer {
    name: "hand-written",
    made_of: &["actix-web", "jsonwebtoken 11"],
    set_up: "`actix_web::middleware::from_fn` around `jsonwebtoken::decode`, with the faster of its two providers; key and `Validation` made once, \
             claims in the request's extensions, `ReqData` in the handler.",
    base: Some("actix-web"),
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::Actix(|config, fixture| {
        config
            .app_data(web::Data::new(Verifier::new(fixture)))
            .service(web::resource("/protected").wrap(from_fn(verify)).route(web::get().to(protected)));
    }),
};

/// Key and rules, made once.
pub(super) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

/// Only what the handler needs: what is not named is not allocated.
#[derive(Clone, serde::Deserialize)]
pub(super) struct Claims {
    sub: String,
}

impl Verifier {
    pub(super) fn new(fixture: &Fixture) -> Self {
        let pem = fixture.public_pem().as_bytes();
        let key = match fixture.algorithm {
            Algorithm::HS256 => DecodingKey::from_secret(SECRET.as_bytes()),
            Algorithm::ES256 => DecodingKey::from_ec_pem(pem).expect("a key for tests"),
            Algorithm::EdDSA => DecodingKey::from_ed_pem(pem).expect("a key for tests"),
            _ => DecodingKey::from_rsa_pem(pem).expect("a key for tests"),
        };
        Self { key, validation: Validation::new(fixture.algorithm) }
    }

    pub(super) fn verify(&self, token: &str) -> Option<Claims> {
        decode::<Claims>(token, &self.key, &self.validation).ok().map(|token| token.claims)
    }
}

async fn verify(
    verifier: web::Data<Verifier>,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let claims = header
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|token| verifier.verify(token))
        .ok_or_else(|| ErrorUnauthorized("no valid token"))?;
    request.extensions_mut().insert(claims);
    next.call(request).await
}

pub(super) async fn protected(claims: web::ReqData<Claims>) -> HttpResponse {
    answer(&claims.sub)
}
