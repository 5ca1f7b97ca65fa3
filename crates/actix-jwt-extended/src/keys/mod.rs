//! Keys, prepared once: a HMAC state that is cloned per token, key pairs and public keys parsed.
//!
//! With `codec`, the only code that touches the crypto libraries. HMAC is RustCrypto's, everything
//! else AWS-LC's (`asymmetric`), both called directly: the process-wide provider of the jsonwebtoken crate, which
//! panics when two of its crypto features are on, is never asked.

#[cfg(feature = "asymmetric")]
mod asymmetric;
#[cfg(feature = "asymmetric")]
mod certificate;
#[cfg(feature = "asymmetric")]
mod der;
mod directory;
#[cfg(feature = "asymmetric")]
mod ecdsa_der;
#[cfg(feature = "asymmetric")]
mod encrypted;
#[cfg(feature = "asymmetric")]
mod foreign;
mod from_config;
mod from_jwk;
mod generate;
mod halves;
mod info;
mod invalid;
mod jwk;
mod keeper;
mod key_file;
#[cfg(feature = "asymmetric")]
mod pem;
#[cfg(feature = "asymmetric")]
mod public_jwk;
mod remote;
mod ring;
#[cfg(feature = "asymmetric")]
mod rsa_pss;
mod secret;
mod shared_signer;
mod signature_bytes;
mod signer;
mod term;

pub use crate::claims::{Algorithm, UnknownAlgorithm};
pub use crate::config::{KeySetting, KeyState};
pub use crate::error::SignerError;
pub use directory::KeyDirectory;
pub(crate) use directory::Known;
#[cfg(feature = "asymmetric")]
pub use ecdsa_der::ecdsa_signature_from_der;
pub(crate) use from_config::keys_of;
pub use info::KeyInfo;
pub(crate) use keeper::{Changed, KeyKeeper, KeyRules};
#[cfg(feature = "asymmetric")]
pub use public_jwk::PublicJwk;
pub(crate) use ring::KeyRing;
pub use shared_signer::SharedSigner;
pub(crate) use signature_bytes::Signature;
pub use signer::{SignRequest, Signer, SignerFuture, SignerKey, SignerKeys};
pub(crate) use term::{Origin, TimedKey};

#[cfg(feature = "asymmetric")]
use crate::clock::{Clock as _, SystemClock};
use crate::error::ConfigError;
#[cfg(feature = "asymmetric")]
use asymmetric::{PrivateKey, PublicKey};
#[cfg(feature = "asymmetric")]
use invalid::PRIVATE_KEY;
use invalid::{SECRET_KEY, invalid, not_for};
#[cfg(feature = "asymmetric")]
use pem::Half;
use secret::{HmacState, check_secret};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(feature = "asymmetric")]
use std::time::SystemTime;

/// A key that signs, with the one algorithm that it is for.
///
/// Prepared when it is made; cheap to clone. Memory is zeroised on drop. One whose private half is kept elsewhere, by a KMS or
/// an HSM, is made by [`remote`](Self::remote).
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, SigningKey};
/// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
/// assert_eq!(key.algorithm(), Algorithm::HS256);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: Option<Arc<str>>,
    signer: Arc<SignsBy>,
    usual_header: OnceLock<Arc<str>>,
    /// Until when a token that it signed is good, in seconds since the epoch.
    last_expiry: Arc<AtomicI64>,
}

#[expect(clippy::large_enum_variant, reason = "behind an Arc, a few in a process; a box would cost each token a jump")]
enum SignsBy {
    Hmac(HmacState),
    #[cfg(feature = "asymmetric")]
    Private(PrivateKey),
    /// Who signs, and what verifies the signatures.
    Remote(SharedSigner, VerifyingKey),
}

impl SigningKey {
    /// A key for `HS256`, `HS384` or `HS512`.
    ///
    /// # Errors
    /// Another algorithm, a secret shorter than the hash, a well-known one.
    pub fn from_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        check_secret(secret, &[algorithm]).map_err(not_a_setting)?;
        Self::from_any_secret(algorithm, secret)
    }

    /// As [`from_secret`](Self::from_secret), for a secret that is weak and must be used on all the same, while an
    /// application moves: `JWT_ALLOW_WEAK_SECRET` in code. There is a warning in the log.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// let key = SigningKey::from_weak_secret(Algorithm::HS256, b"of os.urandom(24) bytes.")?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Another algorithm, no secret at all, a PEM key.
    pub fn from_weak_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        check_weak_secret(secret, &[algorithm])?;
        Self::from_any_secret(algorithm, secret)
    }

    fn from_any_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        let state = HmacState::new(algorithm, secret).ok_or_else(|| not_for(SECRET_KEY, algorithm, "a secret"))?;
        Ok(Self::new(algorithm, SignsBy::Hmac(state)))
    }

    /// A key for any other algorithm, from a private key in PEM: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC).
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// assert!(SigningKey::from_pem(Algorithm::ES256, "no key").is_err());
    /// ```
    ///
    /// # Errors
    /// Text that is no such PEM, a key for another algorithm, an RSA key under 2048 bits.
    #[cfg(feature = "asymmetric")]
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        let setting = "the private key";
        let (label, der) = pem::read(setting, pem, Half::Private)?;
        PrivateKey::of_der(setting, algorithm, &label, &der).map(|key| Self::new(algorithm, SignsBy::Private(key)))
    }

    fn new(algorithm: Algorithm, signer: SignsBy) -> Self {
        Self {
            algorithm,
            key_id: None,
            signer: Arc::new(signer),
            usual_header: OnceLock::new(),
            last_expiry: Arc::default(),
        }
    }

    /// Names the key: tokens signed with it carry this `kid` (RFC 7515 §4.1.4).
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
    /// assert_eq!(key.with_key_id("2026-11").key_id(), Some("2026-11"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into().into()), usual_header: OnceLock::new(), ..self }
    }

    /// The algorithm that the key signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The `kid`, if it was given one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The thumbprint (RFC 7638, SHA-256) of the public half: an ID that everybody works out alike. `None` = it is a secret.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
    /// assert_eq!(key.thumbprint(), None);
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[cfg(feature = "asymmetric")]
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        self.verifying_key(&[self.algorithm]).ok()?.thumbprint()
    }

    /// Named by its thumbprint, unless it has a name or is a secret.
    fn with_some_key_id(self) -> Self {
        #[cfg(feature = "asymmetric")]
        if self.key_id.is_none()
            && let Some(thumbprint) = self.thumbprint()
        {
            return self.with_key_id(thumbprint);
        }
        self
    }

    /// Until when a token that it signed in this process is good, in seconds since the epoch.
    pub(crate) fn last_expiry(&self) -> i64 {
        self.last_expiry.load(Ordering::Relaxed)
    }

    /// It has signed a token that is good until then.
    pub(crate) fn note_expiry(&self, expiry: i64) {
        // Mostly it is the same second, and nobody writes.
        if self.last_expiry() < expiry {
            self.last_expiry.fetch_max(expiry, Ordering::Relaxed);
        }
    }

    /// `None` = the crypto library refuses, or the key is remote.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Signature> {
        match &*self.signer {
            SignsBy::Hmac(state) => Some(state.sign(message, Signature::of)),
            #[cfg(feature = "asymmetric")]
            SignsBy::Private(key) => key.sign(message),
            SignsBy::Remote(..) => None,
        }
    }

    /// How many bytes a signature has; of a remote key, at least.
    pub(crate) fn signature_len(&self) -> usize {
        match self.sign(b"as long as any") {
            Some(signature) => signature.as_slice().len(),
            None => signature_bytes::shortest(self.algorithm),
        }
    }

    /// The header segment of tokens without headers of their own: encoded by `encode` once.
    pub(crate) fn usual_header<E>(&self, encode: impl FnOnce() -> Result<String, E>) -> Result<&str, E> {
        match self.usual_header.get() {
            Some(segment) => Ok(segment),
            None => encode().map(|segment| &**self.usual_header.get_or_init(|| segment.into())),
        }
    }

    /// The key that verifies what this one signs, for these algorithms; a secret is for its own.
    #[cfg_attr(not(feature = "asymmetric"), expect(unused_variables, reason = "there are only secrets"))]
    fn verifying_key(&self, algorithms: &[Algorithm]) -> Result<VerifyingKey, ConfigError> {
        match &*self.signer {
            SignsBy::Hmac(state) => {
                let verifiers = vec![(self.algorithm, Verifier::Hmac(state.clone()))];
                Ok(VerifyingKey { key_id: self.key_id.clone(), verifiers: verifiers.into() })
            }
            #[cfg(feature = "asymmetric")]
            SignsBy::Private(key) => {
                algorithms.iter().try_for_each(|algorithm| key.check_purpose(PRIVATE_KEY, *algorithm))?;
                let der = key.public_der().ok_or_else(|| invalid(PRIVATE_KEY, "has no public half"))?;
                let key = VerifyingKey::from_der(PRIVATE_KEY, algorithms, &der)?;
                Ok(VerifyingKey { key_id: self.key_id.clone(), ..key })
            }
            SignsBy::Remote(_, key) => Ok(VerifyingKey { key_id: self.key_id.clone(), ..key.clone() }),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("key_id", &self.key_id).finish()
    }
}

/// A key that verifies, with the algorithms of one family that it is for.
///
/// The algorithms are the key's own allow-list: a token's `alg` only selects among them
/// (RFC 8725 §3.1); of `EdDSA` and `Ed25519`, which are one, either stands for both. A public key can never serve as a HMAC secret: each is made by another
/// constructor and kept as another type.
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
/// let key = VerifyingKey::from_secret(&[Algorithm::HS256], b"an example's secret, 32 bytes or more")?;
/// assert!(key.algorithms().eq([Algorithm::HS256]));
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    key_id: Option<Arc<str>>,
    verifiers: Arc<[(Algorithm, Verifier)]>,
}

#[cfg_attr(feature = "asymmetric", expect(clippy::large_enum_variant, reason = "as for SignsBy"))]
enum Verifier {
    Hmac(HmacState),
    #[cfg(feature = "asymmetric")]
    Public(PublicKey),
}

impl VerifyingKey {
    /// A secret, for some of `HS256`, `HS384`, `HS512`.
    ///
    /// # Errors
    /// Another algorithm, a secret shorter than the longest hash, a well-known one.
    pub fn from_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, ConfigError> {
        check_secret(secret, algorithms).map_err(not_a_setting)?;
        Self::from_any_secret(algorithms, secret)
    }

    /// As [`from_secret`](Self::from_secret), for a secret that is weak: tokens that were issued with it stay good while
    /// a strong one signs new ones. There is a warning in the log.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// let old = VerifyingKey::from_weak_secret(&[Algorithm::HS256], b"of os.urandom(24) bytes.")?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// Another algorithm, no secret at all, a PEM key.
    pub fn from_weak_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, ConfigError> {
        check_weak_secret(secret, algorithms)?;
        Self::from_any_secret(algorithms, secret)
    }

    fn from_any_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, ConfigError> {
        Self::of_algorithms(SECRET_KEY, algorithms, |algorithm| {
            HmacState::new(algorithm, secret)
                .map(Verifier::Hmac)
                .ok_or_else(|| not_for(SECRET_KEY, algorithm, "a secret"))
        })
    }

    /// Of a key that is withdrawn nothing but its ID is left.
    pub(super) fn of_nothing(key_id: &str) -> Self {
        Self { key_id: Some(key_id.into()), verifiers: Vec::new().into() }
    }

    /// A public key in PEM (SPKI, or PKCS#1 for RSA), for algorithms of its family.
    /// A public key in PEM, for algorithms of its family: SPKI, PKCS#1 (RSA), or a certificate, of which the key is taken.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// assert!(VerifyingKey::from_pem(&[Algorithm::RS256], "no key").is_err());
    /// ```
    ///
    /// # Errors
    /// Text that is no such PEM, a key of another family, an RSA key under 2048 bits.
    #[cfg(feature = "asymmetric")]
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    pub fn from_pem(algorithms: &[Algorithm], pem: &str) -> Result<Self, ConfigError> {
        Self::parse("the public key", algorithms, pem, SystemClock.now())
    }

    /// `now`: whether a certificate has expired.
    #[cfg(feature = "asymmetric")]
    fn parse(setting: &'static str, algorithms: &[Algorithm], pem: &str, now: SystemTime) -> Result<Self, ConfigError> {
        let (label, der) = pem::read(setting, pem, Half::Public)?;
        if label.ends_with("CERTIFICATE") {
            let spki = certificate::public_key(setting, &der, now)?;
            return Self::from_der(setting, algorithms, &spki);
        }
        Self::from_der(setting, algorithms, &der)
    }

    #[cfg(feature = "asymmetric")]
    fn from_der(setting: &'static str, algorithms: &[Algorithm], der: &[u8]) -> Result<Self, ConfigError> {
        Self::of_algorithms(setting, algorithms, |algorithm| {
            PublicKey::read(setting, algorithm, der).map(Verifier::Public)
        })
    }

    fn of_algorithms(
        setting: &'static str,
        algorithms: &[Algorithm],
        prepare: impl Fn(Algorithm) -> Result<Verifier, ConfigError>,
    ) -> Result<Self, ConfigError> {
        if algorithms.is_empty() {
            return Err(invalid(setting, "was given no algorithm; name those that it may verify"));
        }
        let verifiers = algorithms.iter().map(|a| prepare(*a).map(|v| (*a, v))).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { key_id: None, verifiers: verifiers.into() })
    }

    /// Names the key: it verifies tokens that carry this `kid`, and those that carry none.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// let key = VerifyingKey::from_secret(&[Algorithm::HS256], b"an example's secret, 32 bytes or more")?;
    /// assert_eq!(key.with_key_id("2026-10").key_id(), Some("2026-10"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into().into()), ..self }
    }

    /// The `kid`, if it was given one.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// The algorithms that the key verifies.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> + '_ {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Whether it is a clone of that one.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.verifiers, &other.verifiers)
    }

    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithms().any(|own| own.is_same_as(algorithm))
    }

    /// Whether `signature` is this key's, under `algorithm`. An algorithm that is not the key's is a no.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verifiers.iter().any(|(own, verifier)| {
            own.is_same_as(algorithm)
                && match verifier {
                    Verifier::Hmac(state) => state.verifies(message, signature),
                    #[cfg(feature = "asymmetric")]
                    Verifier::Public(key) => key.verifies(message, signature),
                }
        })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey")
            .field("algorithms", &self.algorithms().collect::<Vec<_>>())
            .field("key_id", &self.key_id)
            .finish()
    }
}

/// The mistake of a secret that came from code: no setting can allow it.
fn check_weak_secret(secret: &[u8], algorithms: &[Algorithm]) -> Result<(), ConfigError> {
    match check_secret(secret, algorithms) {
        Err(ConfigError::WeakSecret { reason }) => {
            log::warn!("a secret {reason}; accepted because it was given as a weak one");
            Ok(())
        }
        verdict => verdict,
    }
}

fn not_a_setting(error: ConfigError) -> ConfigError {
    match error {
        ConfigError::WeakSecret { reason } => {
            invalid("the secret", format!("{reason}; make a strong one with `openssl rand -hex 32`"))
        }
        error => error,
    }
}

#[cfg(test)]
mod tests;
