//! The crate actix-jwt-session. It looks every token up in a storage; the one it ships is Redis.

use super::{App, Credentials, Peer, answer};
use crate::token::{ALGORITHMS, Fixture, SECRET};
use actix_jwt_session::{
    Authenticated, Duration, Error, Extractors, JwtTtl, RefreshTtl, SessionMiddlewareFactory, SessionStorage,
    TokenStorage,
};
use actix_web::{HttpResponse, web};
use base64::Engine as _;
use futures_util::FutureExt as _;
use jsonwebtoken_8::{Algorithm, DecodingKey, EncodingKey};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

pub const PEER: Peer = Peer {
    name: "actix-jwt-session",
    made_of: &["actix-jwt-session", "jsonwebtoken 8"],
    set_up: "`SessionMiddlewareFactory` with a header extractor, `Authenticated` in the handler. It needs the session \
             in a storage and ships one for Redis: here it is a map in memory, which costs less than any network. \
             It does not look at `exp`: an expired token is refused when the storage has forgotten its session. The \
             token is alone in `Authorization`: `Bearer` is not stripped.",
    base: Some("actix-web"),
    algorithms: &ALGORITHMS,
    credentials: Credentials::Header("authorization"),
    app: App::Actix(|config, fixture| {
        let (encoding, decoding, algorithm) = keys(fixture);
        let storage = storage(fixture, &encoding, algorithm);
        let (_, factory) = SessionMiddlewareFactory::<Claims>::build(encoding, decoding, algorithm)
            .with_storage(storage)
            .with_extractors(Extractors::default().with_jwt_header("authorization"))
            .finish();
        config.service(web::resource("/protected").wrap(factory).route(web::get().to(protected)));
    }),
};

/// What it demands, and the subject.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Claims {
    jti: uuid::Uuid,
    sub: String,
}

impl actix_jwt_session::Claims for Claims {
    fn jti(&self) -> uuid::Uuid {
        self.jti
    }

    fn subject(&self) -> &str {
        &self.sub
    }
}

async fn protected(claims: Authenticated<Claims>) -> HttpResponse {
    answer(&claims.sub)
}

fn keys(fixture: &Fixture) -> (Arc<EncodingKey>, Arc<DecodingKey>, Algorithm) {
    use jsonwebtoken::Algorithm as Ours;
    let [private, public] = [fixture.private_pem(), fixture.public_pem()].map(str::as_bytes);
    let (encoding, decoding, algorithm) = match fixture.algorithm {
        Ours::HS256 => (
            Ok(EncodingKey::from_secret(SECRET.as_bytes())),
            Ok(DecodingKey::from_secret(SECRET.as_bytes())),
            Algorithm::HS256,
        ),
        Ours::ES256 => (EncodingKey::from_ec_pem(private), DecodingKey::from_ec_pem(public), Algorithm::ES256),
        Ours::EdDSA => (EncodingKey::from_ed_pem(private), DecodingKey::from_ed_pem(public), Algorithm::EdDSA),
        _ => (EncodingKey::from_rsa_pem(private), DecodingKey::from_rsa_pem(public), Algorithm::RS256),
    };
    (Arc::new(encoding.expect("a key for tests")), Arc::new(decoding.expect("a key for tests")), algorithm)
}

/// A storage that knows the token's session.
fn storage(fixture: &Fixture, encoding: &Arc<EncodingKey>, algorithm: Algorithm) -> SessionStorage {
    let payload = fixture.token.split('.').nth(1).expect("our own token");
    let payload = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(payload).expect("our own token");
    let claims: Claims = serde_json::from_slice(&payload).expect("our own token");
    let storage = SessionStorage::new(Arc::new(Memory::default()), encoding.clone(), algorithm);
    let day = Duration::days(1);
    let stored = storage.store(claims, JwtTtl(day), RefreshTtl(day)).now_or_never().expect("never waits");
    assert!(stored.is_ok(), "the session is stored");
    storage
}

#[derive(Default)]
struct Memory(RwLock<HashMap<Vec<u8>, Vec<u8>>>);

#[async_trait::async_trait(?Send)]
impl TokenStorage for Memory {
    async fn get_by_jti(self: Arc<Self>, jti: &[u8]) -> Result<Vec<u8>, Error> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(jti).cloned().ok_or(Error::NotFound)
    }

    async fn set_by_jti(
        self: Arc<Self>,
        jwt_jti: &[u8],
        refresh_jti: &[u8],
        bytes: &[u8],
        _expires: Duration,
    ) -> Result<(), Error> {
        let mut map = self.0.write().unwrap_or_else(PoisonError::into_inner);
        map.extend([jwt_jti, refresh_jti].map(|jti| (jti.to_vec(), bytes.to_vec())));
        Ok(())
    }

    async fn remove_by_jti(self: Arc<Self>, jti: &[u8]) -> Result<(), Error> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(jti);
        Ok(())
    }
}
