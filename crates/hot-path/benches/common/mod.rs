//! What the benchmarks and the counts measure: one list, so that both speak of the same work.

use actix_jwt_extended::keys::{Algorithm, SigningKey};
use actix_jwt_extended::store::{MemoryStore, Revocation, TokenStore as _};
use actix_jwt_extended::{JwtConfig, JwtIdentity, JwtManager, JwtRequired, Location, jwt_required};
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service};
use actix_web::{App, Error, web};
use futures_util::FutureExt as _;
use std::hint::black_box;

pub(crate) const SECRET: &str = "a secret that is long enough for SHA-512: 0123456789 abcdef ghijklmnop qrstuvwxyz";

const ROUTE: &str = "/route";

/// One algorithm of each kind. The first is built in, whatever else is not.
pub(crate) const FAMILIES: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256];

/// One algorithm with its keys, prepared.
pub(crate) struct Keys {
    /// Verifies every time.
    pub(crate) ours: JwtManager,
    /// With the token cache.
    pub(crate) caching: JwtManager,
    #[allow(dead_code, reason = "only where jsonwebtoken is beside us")]
    pub(crate) algorithm: Algorithm,
    pub(crate) token: String,
}

impl Keys {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let config = JwtConfig::new().algorithm(algorithm);
        let config = match pems(algorithm) {
            Some((private, _)) => config.private_key(private),
            None => config.secret_key(SECRET),
        };
        let caching = JwtManager::new(config.clone()).unwrap();
        let ours = JwtManager::new(config.token_cache_size(0)).unwrap();
        let token = ours.create_access_token("ada.lovelace@example.org").unwrap();
        Self { ours, caching, algorithm, token }
    }

    pub(crate) fn verify(&self) {
        black_box(self.ours.decode_token(black_box(&self.token)).unwrap());
    }

    pub(crate) fn verify_cached(&self) {
        black_box(self.caching.decode_token(black_box(&self.token)).unwrap());
    }

    pub(crate) fn issue(&self) {
        black_box(self.ours.create_access_token(black_box("ada.lovelace@example.org")).unwrap());
    }
}

/// The private and the public key, where there are two.
pub(crate) fn pems(algorithm: Algorithm) -> Option<(&'static str, &'static str)> {
    macro_rules! pair {
        ($name:literal) => {
            Some((
                include_str!(concat!("../../../actix-jwt-extended/tests/keys/", $name, ".pem")),
                include_str!(concat!("../../../actix-jwt-extended/tests/keys/", $name, ".pub.pem")),
            ))
        };
    }
    match algorithm {
        Algorithm::HS256 => None,
        Algorithm::ES256 => pair!("ec256"),
        Algorithm::EdDSA => pair!("ed25519"),
        _ => pair!("rsa2048"),
    }
}

/// HS256 with a key ID, verifying each time.
#[allow(dead_code, reason = "only the counts look at it")]
pub(crate) fn with_key_id() -> (JwtManager, String) {
    let key = SigningKey::from_secret(Algorithm::HS256, SECRET.as_bytes()).unwrap().with_key_id("2026-11");
    let config = JwtConfig::new().token_cache_size(0);
    let jwt = JwtManager::builder(config).signing_key(key).build().unwrap();
    let token = jwt.create_access_token("ada.lovelace@example.org").unwrap();
    (jwt, token)
}

/// HS256 in cookies, with the token cache.
#[allow(dead_code, reason = "only the counts look at it")]
pub(crate) fn in_cookies() -> (JwtManager, String) {
    let jwt = JwtManager::new(JwtConfig::new().secret_key(SECRET).token_location([Location::Cookies])).unwrap();
    let token = jwt.create_access_token("ada.lovelace@example.org").unwrap();
    (jwt, token)
}

/// HS256 with both the token cache and a store of revocations, as a replica is one.
#[allow(dead_code, reason = "only the counts look at it")]
pub(crate) fn with_a_store() -> JwtManager {
    JwtManager::builder(JwtConfig::new().secret_key(SECRET)).token_store(full_store()).build().unwrap()
}

/// Ten thousand of each kind are revoked.
#[allow(dead_code, reason = "only the counts look at it")]
fn full_store() -> MemoryStore {
    let store = MemoryStore::new();
    for number in 0..10_000_u128 {
        let id = uuid::Uuid::from_u128(number).to_string();
        for revocation in [
            Revocation::of_token(&id, i64::MAX),
            Revocation::of_session(&id, i64::MAX),
            Revocation::of_subject(&id, 0, i64::MAX),
        ] {
            store.revoke(&revocation, 0).now_or_never().unwrap().unwrap();
        }
    }
    store
}

async fn open() -> &'static str {
    "ok"
}

async fn protected(user: JwtIdentity) -> &'static str {
    black_box(user.len());
    "ok"
}

/// An app with one route, that the manager protects; without a manager it is open. One route, so that the router
/// has the same work with either.
#[allow(dead_code, reason = "the counts make their own demands")]
pub(crate) async fn app(
    jwt: Option<&JwtManager>,
) -> impl Service<actix_http::Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    app_demanding(jwt_required(), jwt).await
}

/// The same, protected by this demand.
pub(crate) async fn app_demanding(
    demand: JwtRequired,
    jwt: Option<&JwtManager>,
) -> impl Service<actix_http::Request, Response = ServiceResponse<impl MessageBody>, Error = Error> {
    let route = web::resource(ROUTE);
    let configure = |service: &mut web::ServiceConfig| {
        match jwt {
            Some(jwt) => service.app_data(jwt.clone()).service(route.wrap(demand).route(web::get().to(protected))),
            None => service.service(route.route(web::get().to(open))),
        };
    };
    init_service(App::new().configure(configure)).await
}

#[allow(dead_code, reason = "the counts send other headers, too")]
pub(crate) fn request(token: Option<&str>) -> actix_http::Request {
    match token {
        Some(token) => request_with(("Authorization", &format!("Bearer {token}"))),
        None => request_with(("Accept-Language", "en")),
    }
}

pub(crate) fn request_with(header: (&str, &str)) -> actix_http::Request {
    TestRequest::get()
        .uri(ROUTE)
        .insert_header(("Host", "localhost"))
        .insert_header(("Accept", "*/*"))
        .insert_header(header)
        .to_request()
}

/// One request through the app, which never waits for anything.
pub(crate) fn call<S, B>(app: &S, request: actix_http::Request, expected: StatusCode)
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
{
    let response = app.call(request).now_or_never().unwrap().unwrap();
    assert_eq!(response.status(), expected);
}
