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
use jsonwebtoken::crypto::{CryptoProvider, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

const SECRET: &str = "a secret that is long enough for SHA-512: 0123456789 abcdef ghijklmnop qrstuvwxyz";

const ROUTE: &str = "/route";

/// One algorithm of each kind.
pub(crate) const FAMILIES: [Algorithm; 5] =
    [Algorithm::HS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256];

/// One algorithm with its keys, prepared by us and for jsonwebtoken.
pub(crate) struct Keys {
    /// Verifies every time.
    pub(crate) ours: JwtManager,
    /// With the token cache.
    pub(crate) caching: JwtManager,
    /// With both the cache and a store of revocations, as a replica is one.
    #[allow(dead_code, reason = "only the counts look at it")]
    pub(crate) storing: JwtManager,
    pub(crate) algorithm: Algorithm,
    pub(crate) token: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct TheirClaims {
    fresh: bool,
    iat: u64,
    jti: String,
    r#type: String,
    sub: String,
    nbf: u64,
    csrf: String,
    exp: u64,
}

/// jsonwebtoken's cryptography: both of its providers are on in this build, and for each algorithm it gets the faster.
static FASTEST: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm: &Algorithm, key: &EncodingKey| (fastest(*algorithm).signer_factory)(algorithm, key),
    verifier_factory: |algorithm: &Algorithm, key: &DecodingKey| (fastest(*algorithm).verifier_factory)(algorithm, key),
    // For JWKs, of which there are none here.
    key_utils: KeyUtils::new_unimplemented(),
};

fn fastest(algorithm: Algorithm) -> &'static CryptoProvider {
    let by_rust_crypto = matches!(algorithm, Algorithm::HS256 | Algorithm::EdDSA);
    match by_rust_crypto != SLOWER.load(Ordering::Relaxed) {
        true => &rust_crypto::DEFAULT_PROVIDER,
        false => &aws_lc::DEFAULT_PROVIDER,
    }
}

/// Whether it gets the other one, for once.
static SLOWER: AtomicBool = AtomicBool::new(false);

/// Some work of jsonwebtoken's with the slower of its providers.
#[allow(dead_code, reason = "only the ratios look at it")]
pub(crate) fn by_the_slower(work: impl FnOnce()) {
    SLOWER.store(true, Ordering::Relaxed);
    work();
    SLOWER.store(false, Ordering::Relaxed);
}

impl Keys {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let _ = FASTEST.install_default();
        let config = JwtConfig::new().algorithm(algorithm);
        let (config, encoding, decoding) = match algorithm {
            Algorithm::HS256 => (
                config.secret_key(SECRET),
                EncodingKey::from_secret(SECRET.as_bytes()),
                DecodingKey::from_secret(SECRET.as_bytes()),
            ),
            Algorithm::ES256 => {
                let (private, public) = (
                    include_str!("../../../actix-jwt-extended/tests/keys/ec256.pem"),
                    include_str!("../../../actix-jwt-extended/tests/keys/ec256.pub.pem"),
                );
                (
                    config.private_key(private),
                    EncodingKey::from_ec_pem(private.as_bytes()).unwrap(),
                    DecodingKey::from_ec_pem(public.as_bytes()).unwrap(),
                )
            }
            Algorithm::EdDSA => {
                let (private, public) = (
                    include_str!("../../../actix-jwt-extended/tests/keys/ed25519.pem"),
                    include_str!("../../../actix-jwt-extended/tests/keys/ed25519.pub.pem"),
                );
                (
                    config.private_key(private),
                    EncodingKey::from_ed_pem(private.as_bytes()).unwrap(),
                    DecodingKey::from_ed_pem(public.as_bytes()).unwrap(),
                )
            }
            _ => {
                let (private, public) = (
                    include_str!("../../../actix-jwt-extended/tests/keys/rsa2048.pem"),
                    include_str!("../../../actix-jwt-extended/tests/keys/rsa2048.pub.pem"),
                );
                (
                    config.private_key(private),
                    EncodingKey::from_rsa_pem(private.as_bytes()).unwrap(),
                    DecodingKey::from_rsa_pem(public.as_bytes()).unwrap(),
                )
            }
        };
        let caching = JwtManager::new(config.clone()).unwrap();
        let storing = JwtManager::builder(config.clone()).token_store(full_store()).build().unwrap();
        let ours = JwtManager::new(config.token_cache_size(0)).unwrap();
        let token = ours.create_access_token("ada.lovelace@example.org").unwrap();
        Self { ours, caching, storing, algorithm, token, encoding, decoding, validation: Validation::new(algorithm) }
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

    /// The same by jsonwebtoken: one typed decode, as its documentation shows.
    pub(crate) fn verify_theirs(&self) {
        let token = black_box(&self.token);
        black_box(jsonwebtoken::decode::<TheirClaims>(token, &self.decoding, &self.validation).unwrap());
    }

    /// The same claims built by hand and encoded by jsonwebtoken.
    pub(crate) fn issue_theirs(&self) {
        let now = jsonwebtoken::get_current_timestamp();
        let claims = TheirClaims {
            fresh: false,
            iat: now,
            jti: uuid::Uuid::new_v4().to_string(),
            r#type: "access".to_owned(),
            sub: black_box("ada.lovelace@example.org").to_owned(),
            nbf: now,
            csrf: uuid::Uuid::new_v4().to_string(),
            exp: now + 900,
        };
        black_box(jsonwebtoken::encode(&Header::new(self.algorithm), &claims, &self.encoding).unwrap());
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

/// Ten thousand of each kind are revoked.
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
