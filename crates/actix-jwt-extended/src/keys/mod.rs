//! Keys, prepared once: a HMAC state that is cloned per token, key pairs and public keys parsed.
//!
//! With `codec`, the only code that touches the crypto libraries. HMAC is RustCrypto's, everything
//! else AWS-LC's, both called directly: the process-wide provider of the jsonwebtoken crate, which
//! panics when two of its crypto features are on, is never asked.

mod invalid;
mod pem;
mod ring;
mod secret;
mod signature_bytes;

pub use jsonwebtoken::Algorithm;
pub(crate) use ring::KeyRing;
pub(crate) use signature_bytes::Signature;

use crate::error::ConfigError;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaKeyPair};
use invalid::{PRIVATE_KEY, SECRET_KEY, invalid};
use jsonwebtoken::AlgorithmFamily;
use secret::{HmacState, check_secret};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// RFC 7518 §3.3.
const MIN_RSA_BITS: usize = 2048;

/// A key that signs, with the one algorithm that it is for.
///
/// Prepared when it is made; cheap to clone. Memory is zeroised on drop.
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
    signer: Arc<Signer>,
    usual_header: OnceLock<Arc<str>>,
}

#[expect(clippy::large_enum_variant, reason = "behind an Arc, a few in a process; a box would cost each token a jump")]
enum Signer {
    Hmac(HmacState),
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
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

    fn from_any_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        let state = HmacState::new(algorithm, secret).ok_or_else(|| not_for(SECRET_KEY, algorithm, "a secret"))?;
        Ok(Self::new(algorithm, Signer::Hmac(state)))
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
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        Self::parse("the private key", algorithm, pem)
    }

    fn parse(setting: &'static str, algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        let (label, der) = pem::read(setting, pem)?;
        if label.contains("PUBLIC") {
            return Err(invalid(setting, "holds a public key; the private one is needed to sign"));
        }
        let wrong = || {
            let what = family_name(algorithm);
            invalid(setting, format!("is not {what} key, which {algorithm:?} needs (unencrypted, in PEM)"))
        };
        let signer = match algorithm.family() {
            AlgorithmFamily::Hmac => return Err(not_for(setting, algorithm, "a PEM key")),
            AlgorithmFamily::Rsa => {
                let pair = match label.as_str() {
                    "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
                    _ => RsaKeyPair::from_pkcs8(&der),
                };
                // The reason is not a secret: aws-lc-rs names the rule that the key breaks.
                let pair = pair.map_err(|error| match error.to_string().as_str() {
                    "TooSmall" => rsa_too_small(setting),
                    _ => wrong(),
                })?;
                Signer::Rsa(pair, rsa_encoding(algorithm).ok_or_else(wrong)?)
            }
            AlgorithmFamily::Ec => {
                let curve = match algorithm {
                    Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                    _ => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                };
                Signer::Ec(EcdsaKeyPair::from_private_key_der(curve, &der).map_err(|_| wrong())?)
            }
            AlgorithmFamily::Ed => Signer::Ed(Ed25519KeyPair::from_pkcs8(&der).map_err(|_| wrong())?),
        };
        Ok(Self::new(algorithm, signer))
    }

    fn new(algorithm: Algorithm, signer: Signer) -> Self {
        Self { algorithm, key_id: None, signer: Arc::new(signer), usual_header: OnceLock::new() }
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

    /// `None` = the crypto library refuses.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Signature> {
        match &*self.signer {
            Signer::Hmac(state) => state.sign(message, Signature::of),
            Signer::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(Signature::Long(signature))
            }
            Signer::Ec(pair) => Signature::of(pair.sign(&SystemRandom::new(), message).ok()?.as_ref()),
            Signer::Ed(pair) => Signature::of(pair.try_sign(message).ok()?.as_ref()),
        }
    }

    /// The header segment of tokens without headers of their own: encoded by `encode` once.
    pub(crate) fn usual_header<E>(&self, encode: impl FnOnce() -> Result<String, E>) -> Result<&str, E> {
        match self.usual_header.get() {
            Some(segment) => Ok(segment),
            None => encode().map(|segment| &**self.usual_header.get_or_init(|| segment.into())),
        }
    }

    /// The key that verifies what this one signs, for these algorithms.
    fn verifying_key(&self, algorithms: &[Algorithm]) -> Result<VerifyingKey, ConfigError> {
        let der = match &*self.signer {
            Signer::Hmac(state) => {
                let verifiers = vec![(self.algorithm, Verifier::Hmac(state.clone()))];
                return Ok(VerifyingKey { key_id: self.key_id.clone(), verifiers: verifiers.into() });
            }
            Signer::Rsa(pair, _) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
            Signer::Ec(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
            Signer::Ed(pair) => pair.public_key().as_der().map(|der| der.as_ref().to_vec()),
        };
        let der = der.map_err(|_| invalid(PRIVATE_KEY, "has no public half"))?;
        let key = VerifyingKey::from_der(PRIVATE_KEY, algorithms, &der)?;
        Ok(VerifyingKey { key_id: self.key_id.clone(), ..key })
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
/// (RFC 8725 §3.1). A public key can never serve as a HMAC secret: each is made by another
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

#[expect(clippy::large_enum_variant, reason = "as for Signer")]
enum Verifier {
    Hmac(HmacState),
    Public(ParsedPublicKey),
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

    fn from_any_secret(algorithms: &[Algorithm], secret: &[u8]) -> Result<Self, ConfigError> {
        Self::of_algorithms(SECRET_KEY, algorithms, |algorithm| {
            HmacState::new(algorithm, secret)
                .map(Verifier::Hmac)
                .ok_or_else(|| not_for(SECRET_KEY, algorithm, "a secret"))
        })
    }

    /// A public key in PEM (SPKI, or PKCS#1 for RSA), for algorithms of its family.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// assert!(VerifyingKey::from_pem(&[Algorithm::RS256], "no key").is_err());
    /// ```
    ///
    /// # Errors
    /// Text that is no such PEM, a key of another family, an RSA key under 2048 bits.
    pub fn from_pem(algorithms: &[Algorithm], pem: &str) -> Result<Self, ConfigError> {
        Self::parse("the public key", algorithms, pem)
    }

    fn parse(setting: &'static str, algorithms: &[Algorithm], pem: &str) -> Result<Self, ConfigError> {
        let (label, der) = pem::read(setting, pem)?;
        if label.contains("PRIVATE") {
            return Err(invalid(setting, "holds a private key; it belongs in JWT_PRIVATE_KEY, and only there"));
        }
        Self::from_der(setting, algorithms, &der)
    }

    fn from_der(setting: &'static str, algorithms: &[Algorithm], der: &[u8]) -> Result<Self, ConfigError> {
        Self::of_algorithms(setting, algorithms, |algorithm| {
            let Some(verification) = public_key_algorithm(algorithm) else {
                return Err(not_for(setting, algorithm, "a PEM key"));
            };
            let wrong = || {
                let what = family_name(algorithm);
                invalid(setting, format!("is not {what} key, which {algorithm:?} needs"))
            };
            let key = ParsedPublicKey::new(verification, der).map_err(|_| wrong())?;
            if algorithm.family() == AlgorithmFamily::Rsa && rsa_bits(der).ok_or_else(wrong)? < MIN_RSA_BITS {
                return Err(rsa_too_small(setting));
            }
            Ok(Verifier::Public(key))
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

    /// Names the key: it verifies tokens that carry this `kid`, and no others.
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

    /// Whether `signature` is this key's, under `algorithm`. An algorithm that is not the key's is a no.
    pub(crate) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verifiers.iter().any(|(own, verifier)| {
            *own == algorithm
                && match verifier {
                    Verifier::Hmac(state) => state.verifies(message, signature),
                    Verifier::Public(key) => key.verify_sig(message, signature).is_ok(),
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
fn not_a_setting(error: ConfigError) -> ConfigError {
    match error {
        ConfigError::WeakSecret { reason } => {
            invalid("the secret", format!("{reason}; make a strong one with `openssl rand -hex 32`"))
        }
        error => error,
    }
}

fn not_for(setting: &'static str, algorithm: Algorithm, what: &str) -> ConfigError {
    invalid(setting, format!("cannot serve {algorithm:?}: that algorithm does not take {what}"))
}

fn rsa_too_small(setting: &'static str) -> ConfigError {
    invalid(setting, format!("is an RSA key of less than {MIN_RSA_BITS} bits; make a longer one (RFC 7518 §3.3)"))
}

fn family_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "an EC P-256",
        Algorithm::ES384 => "an EC P-384",
        Algorithm::EdDSA => "an Ed25519",
        _ => "an RSA",
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn signature::RsaEncoding> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_SHA512,
        _ => return None,
    })
}

fn public_key_algorithm(algorithm: Algorithm) -> Option<&'static dyn signature::VerificationAlgorithm> {
    Some(match algorithm {
        Algorithm::RS256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::RS384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::RS512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::PS256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::PS384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::PS512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDSA => &signature::ED25519,
        _ => return None,
    })
}

/// The modulus' length of an RSA public key in SPKI or PKCS#1.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let key = aws_lc_rs::rsa::PublicKey::from_der(der).ok()?;
    let bits = signature::RsaParameters::public_modulus_len(key.as_ref()).ok()?;
    usize::try_from(bits).ok()
}
