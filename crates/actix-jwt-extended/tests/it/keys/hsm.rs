//! An HSM that does what a test tells it.

use crate::app::NOW;
use actix_jwt_extended::keys::{
    Algorithm, SharedSigner, SignRequest, Signer, SignerError, SignerFuture, SignerKey, SignerKeys, SigningKey,
    VerifyingKey, ecdsa_signature_from_der,
};
use actix_jwt_extended::test_util::ManualClock;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::time::sleep;

const PRIVATE: &str = include_str!("../../keys/ec256.pem");
pub(crate) const PUBLIC: &str = include_str!("../../keys/ec256.pub.pem");

/// What the signer does when it is asked.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Does {
    Sign,
    Fail,
    Panic,
    PanicLater,
    Hang,
    /// In the form of other tools.
    SignInDer,
    SignOtherBytes,
    SignShort,
    SignNothing,
    /// The clock moves on meanwhile, by so many seconds.
    SignAfter(i64),
}

pub(crate) struct Hsm {
    pub(crate) pair: EcdsaKeyPair,
    pub(crate) does: Mutex<Does>,
    pub(crate) latency: Duration,
    pub(crate) longest: Option<Duration>,
    pub(crate) clock: ManualClock,
    pub(crate) asked: AtomicUsize,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) most: AtomicUsize,
    pub(crate) heard: Mutex<Vec<String>>,
}

impl Hsm {
    pub(crate) fn new() -> Self {
        let pem = pem::parse(PRIVATE).unwrap();
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, pem.contents()).unwrap();
        Self {
            pair,
            does: Mutex::new(Does::Sign),
            latency: Duration::ZERO,
            longest: None,
            clock: ManualClock::at(NOW as u64),
            asked: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            heard: Mutex::default(),
        }
    }

    pub(crate) fn now_does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    fn sign_der(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
    }
}

impl Signer for Hsm {
    fn sign<'a>(&'a self, request: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
        self.asked.fetch_add(1, SeqCst);
        let does = *self.does.lock().unwrap();
        assert!(does != Does::Panic, "the driver is broken");
        Box::pin(async move {
            let _here = Here::come(self);
            let input = request.signing_input();
            self.heard.lock().unwrap().push(format!("{request:?}"));
            assert_eq!(request.digest().unwrap(), digest(&SHA256, input).as_ref());
            if self.latency > Duration::ZERO {
                sleep(self.latency).await;
            }
            let signature = |der: Vec<u8>| ecdsa_signature_from_der(request.algorithm(), &der);
            match does {
                Does::Sign => signature(self.sign_der(input)),
                Does::Fail => Err(SignerError::new("the connection was refused")),
                Does::Panic | Does::PanicLater => panic!("the driver is broken"),
                Does::Hang => std::future::pending().await,
                Does::SignInDer => Ok(self.sign_der(input)),
                Does::SignOtherBytes => signature(self.sign_der(b"something else")),
                Does::SignShort => signature(self.sign_der(input)).map(|signature| signature[1..].to_vec()),
                Does::SignNothing => Ok(Vec::new()),
                Does::SignAfter(seconds) => {
                    self.clock.set((NOW + seconds) as u64);
                    signature(self.sign_der(input))
                }
            }
        })
    }

    fn keys(&self) -> SignerFuture<'_, SignerKeys> {
        Box::pin(async {
            sleep(self.latency).await;
            let rsa = include_str!("../../keys/rsa2048.pub.pem");
            let keys = SignerKeys::new(SignerKey::new(Algorithm::ES256, "now", PUBLIC));
            let keys = keys.and(SignerKey::new(Algorithm::RS256, "next", rsa));
            Ok(keys.refresh_after(Duration::from_secs(3600)))
        })
    }

    fn max_token_lifetime(&self) -> Option<Duration> {
        self.longest
    }
}

/// Counts who is there, and who has gone without an answer.
struct Here<'a>(&'a Hsm);

impl<'a> Here<'a> {
    fn come(hsm: &'a Hsm) -> Self {
        let here = hsm.in_flight.fetch_add(1, SeqCst) + 1;
        hsm.most.fetch_max(here, SeqCst);
        Self(hsm)
    }
}

impl Drop for Here<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, SeqCst);
    }
}

pub(crate) fn public_key() -> VerifyingKey {
    VerifyingKey::from_pem(&[Algorithm::ES256], PUBLIC).unwrap()
}

pub(crate) fn remote(signer: impl Into<SharedSigner>) -> SigningKey {
    SigningKey::remote(Algorithm::ES256, signer, public_key()).unwrap().with_key_id("hsm-1")
}
