//! The crate actix-jwt-auth-middleware, which builds upon jwt-compact.

use super::{App, Credentials, Peer, answer};
use crate::token::SECRET;
use actix_jwt_auth_middleware::{AuthenticationService, Authority, FromRequest};
use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use jsonwebtoken::Algorithm;
use jwt_compact::TimeOptions;
use jwt_compact::alg::{Ed25519, Hs256, Hs256Key, Rsa};
use rsa::pkcs8::DecodePublicKey;

pub const PEER: Peer = Peer {
    name: "actix-jwt-auth-middleware",
    made_of: &["actix-jwt-auth-middleware", "jwt-compact", "ed25519-dalek 2", "rsa 0.9"],
    set_up: "An `Authority` that only verifies, as an `AuthenticationService` around the resource; the claims type \
             has the subject only. EdDSA with `ed25519-dalek`, the fastest that jwt-compact offers. The token is in a \
             header of its own, `access_token`: from `Authorization` it does not strip `Bearer`. ES256 is in its \
             README, but does not compile: `Authority` demands `Clone`, and jwt-compact's `Es256` is not.",
    base: Some("actix-web"),
    algorithms: &[Algorithm::HS256, Algorithm::EdDSA, Algorithm::RS256],
    credentials: Credentials::Header("access_token"),
    app: App::Actix(|config, fixture| {
        let pem = fixture.public_pem();
        match fixture.algorithm {
            Algorithm::HS256 => configure(config, Hs256, Hs256Key::new(SECRET)),
            Algorithm::EdDSA => configure(config, Ed25519, public_key(pem)),
            _ => configure(config, Rsa::rs256(), public_key(pem)),
        }
    }),
};

#[derive(Clone, serde::Serialize, serde::Deserialize, FromRequest)]
struct User {
    sub: String,
}

fn configure<A>(config: &mut ServiceConfig, algorithm: A, key: A::VerifyingKey)
where
    A: jwt_compact::Algorithm + Clone + 'static,
    A::SigningKey: Clone,
{
    let authority = Authority::<User, A, _, _>::new()
        .refresh_authorizer(|| async { Ok(()) })
        .renew_access_token_automatically(false)
        .enable_header_tokens(true)
        .algorithm(algorithm)
        .time_options(TimeOptions::default())
        .verifying_key(key)
        .build()
        .unwrap_or_else(|error| panic!("{error}"));
    config.service(
        web::resource("/protected").wrap(AuthenticationService::new(authority)).route(web::get().to(protected)),
    );
}

async fn protected(user: User) -> HttpResponse {
    answer(&user.sub)
}

fn public_key<K: DecodePublicKey>(pem: &str) -> K {
    K::from_public_key_pem(pem).expect("a key for tests")
}
