//! Tokens signed by an HSM over PKCS#11: the private key is made in there, and nobody can read it.
//!
//! The HSM is SoftHSM 2 (`apt-get install softhsm2`), which keeps its tokens where `SOFTHSM2_CONF` says. For another one name its
//! library in `PKCS11_MODULE`.
//!
//! ```sh
//! mkdir -p /tmp/hsm && echo "directories.tokendir = /tmp/hsm" > /tmp/softhsm2.conf
//! SOFTHSM2_CONF=/tmp/softhsm2.conf PKCS11_PIN=1234 cargo run --example pkcs11
//! ```
//!
//! and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s --json '{"username": "ada"}' http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"algorithm":"ES256","key_id":"hsm-2026","logged_in_as":"ada"} 200
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::keys::{
    Algorithm, SharedSigner, SignRequest, Signer, SignerError, SignerFuture, SigningKey, VerifyingKey,
};
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, get, post, web};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use serde_json::json;
use std::env;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where Debian and Ubuntu have it.
pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// The token's label, and the key's in it.
const LABEL: &str = "jwt";
const KEY_ID: &str = "hsm-2026";

/// A key in an HSM. PKCS#11 sessions make one signature at a time, so there are several.
pub(crate) struct Hsm {
    pkcs11: Pkcs11,
    slot: Slot,
    pub(crate) key: ObjectHandle,
    /// The first one stays: whoever closes the last session is logged out.
    pub(crate) logged_in: Mutex<Session>,
    idle: Mutex<Vec<Session>>,
}

/// As [`SigningKey::remote`] wants it; clones are one HSM.
#[derive(Clone)]
pub(crate) struct HsmSigner(pub(crate) Arc<Hsm>);

impl Signer for HsmSigner {
    fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
        let hsm = Arc::clone(&self.0);
        Box::pin(async move {
            let digest = request.digest().ok_or_else(|| SignerError::new("the key signs digests"))?;
            // A PKCS#11 call blocks its thread.
            let signature = web::block(move || hsm.sign(&digest)).await.map_err(SignerError::new)?;
            signature.map_err(SignerError::new)
        })
    }
}

impl Hsm {
    /// Opens the token, or makes it, and the key in it.
    pub(crate) fn open(pkcs11: &Pkcs11, pin: &str) -> Result<Self, Box<dyn Error>> {
        let pin = AuthPin::new(pin.into());
        let slot = match token(pkcs11)? {
            Some(slot) => slot,
            None => make_token(pkcs11, &pin)?,
        };
        let session = pkcs11.open_rw_session(slot)?;
        session.login(UserType::User, Some(&pin))?;
        let key = match find(&session, ObjectClass::PRIVATE_KEY)? {
            Some(key) => key,
            None => make_key(&session)?,
        };
        Ok(Self { pkcs11: pkcs11.clone(), slot, key, logged_in: Mutex::new(session), idle: Mutex::default() })
    }

    /// The digest's ECDSA signature, `r` and `s` one after the other as JOSE wants them.
    fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, cryptoki::error::Error> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let session = match known {
            Some(session) => session,
            None => self.pkcs11.open_ro_session(self.slot)?,
        };
        // A session that fails is closed.
        let signature = session.sign(&Mechanism::Ecdsa, self.key, digest)?;
        idle().push(session);
        Ok(signature)
    }

    /// The public half, in PEM.
    pub(crate) fn public_key(&self) -> Result<String, Box<dyn Error>> {
        // RFC 5480: SPKI of a key on P-256, up to the point.
        const SPKI: &[u8] = &[
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
            0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let session = self.logged_in.lock().unwrap_or_else(PoisonError::into_inner);
        let key = find(&session, ObjectClass::PUBLIC_KEY)?.ok_or("the token has no public key")?;
        let Some(Attribute::EcPoint(point)) = session.get_attributes(key, &[AttributeType::EcPoint])?.pop() else {
            return Err("the public key has no point".into());
        };
        // An OCTET STRING with the point in it; some HSMs give the point alone.
        let point = point.strip_prefix(&[0x04, 65]).filter(|point| point.len() == 65).unwrap_or(&point);
        Ok(pem::encode(&pem::Pem::new("PUBLIC KEY", [SPKI, point].concat())))
    }
}

fn token(pkcs11: &Pkcs11) -> Result<Option<Slot>, cryptoki::error::Error> {
    for slot in pkcs11.get_slots_with_initialized_token()? {
        if pkcs11.get_token_info(slot)?.label() == LABEL {
            return Ok(Some(slot));
        }
    }
    Ok(None)
}

/// A token of ours in an empty slot. A real HSM's is made once, by whoever holds the officer's PIN.
fn make_token(pkcs11: &Pkcs11, pin: &AuthPin) -> Result<Slot, Box<dyn Error>> {
    let slots = pkcs11.get_slots_with_token()?;
    let is_empty = |slot: &Slot| pkcs11.get_token_info(*slot).is_ok_and(|token| !token.token_initialized());
    let slot = slots.into_iter().find(is_empty).ok_or("no slot is empty")?;
    pkcs11.init_token(slot, pin, LABEL)?;
    let session = pkcs11.open_rw_session(slot)?;
    session.login(UserType::So, Some(pin))?;
    session.init_pin(pin)?;
    Ok(slot)
}

fn find(session: &Session, class: ObjectClass) -> Result<Option<ObjectHandle>, cryptoki::error::Error> {
    let template = [Attribute::Class(class), Attribute::Label(LABEL.into())];
    Ok(session.find_objects(&template)?.first().copied())
}

/// A key pair on P-256, whose private half never leaves the token, not even encrypted.
fn make_key(session: &Session) -> Result<ObjectHandle, cryptoki::error::Error> {
    // The OID of the curve, in DER.
    let curve = vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let (label, id) = (Attribute::Label(LABEL.into()), Attribute::Id(KEY_ID.into()));
    let public = [
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::Verify(true),
        Attribute::EcParams(curve),
        label.clone(),
        id.clone(),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        label,
        id,
    ];
    session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).map(|(_, private)| private)
}

/// A manager that signs with the HSM.
pub(crate) fn manager(hsm: Hsm) -> Result<JwtManager, Box<dyn Error>> {
    let public_key = VerifyingKey::from_pem(&[Algorithm::ES256], &hsm.public_key()?)?;
    let signer = SharedSigner::from(HsmSigner(Arc::new(hsm))).timeout(Duration::from_secs(5)).max_in_flight(4);
    let key = SigningKey::remote(Algorithm::ES256, signer, public_key)?.with_key_id(KEY_ID);
    Ok(JwtManager::builder(JwtConfig::new()).signing_key(key).build()?)
}

#[derive(serde::Deserialize)]
struct Login {
    username: String,
}

#[post("/login")]
async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<impl Responder, JwtError> {
    // … check the password …
    Ok(web::Json(json!({ "access_token": jwt.create_access_token_async(&form.username).await? }))
        .customize()
        .insert_header(("Cache-Control", "no-store")))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(jwt: Jwt) -> impl Responder {
    let header = jwt.header();
    web::Json(json!({ "logged_in_as": jwt.identity(), "key_id": header.key_id(), "algorithm": header.algorithm() }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pkcs11 = Pkcs11::new(env::var("PKCS11_MODULE").unwrap_or_else(|_| MODULE.to_owned()))?;
    pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
    let jwt = manager(Hsm::open(&pkcs11, &env::var("PKCS11_PIN").unwrap_or_else(|_| "1234".to_owned()))?)?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server = HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(protected))
        .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}
