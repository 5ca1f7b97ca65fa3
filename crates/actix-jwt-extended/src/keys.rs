//! Keys, prepared once: a HMAC state that is cloned per token, key pairs and public keys parsed.
//!
//! With `codec`, the only code that touches the crypto libraries. HMAC is RustCrypto's, everything
//! else AWS-LC's, both called directly: the process-wide provider of the jsonwebtoken crate, which
//! panics when two of its crypto features are on, is never asked.

use crate::config::{JwtConfig, Secret};
use crate::error::ConfigError;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, RsaKeyPair};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jsonwebtoken::{Algorithm, AlgorithmFamily};
use sha2::{Sha256, Sha384, Sha512};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use zeroize::{Zeroize as _, Zeroizing};

/// RFC 7518 §3.3.
const MIN_RSA_BITS: usize = 2048;

/// Secrets that stand in tutorials, and what people type instead of making one.
const WELL_KNOWN_SECRETS: &[&str] = &[
    "secret",
    "super-secret",
    "supersecret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "jwt-secret",
    "jwt_secret",
    "secret-key",
    "secret_key",
    "mysecret",
    "my-secret",
    "your-secret",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "your-secret-key",
    "test",
    "dev",
    "development",
    "a-string-secret-at-least-256-bits-long",
];

/// A key that signs, with the one algorithm that it is for.
///
/// Prepared when it is made; cheap to clone. Memory is zeroised on drop.
///
/// ```
/// use actix_jwt_extended::{Algorithm, SigningKey};
/// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
/// assert_eq!(key.algorithm(), Algorithm::HS256);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    algorithm: Algorithm,
    key_id: Option<Arc<str>>,
    signer: Arc<Signer>,
}

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
        check_secret(secret, &[algorithm])?;
        Self::from_any_secret(algorithm, secret)
    }

    fn from_any_secret(algorithm: Algorithm, secret: &[u8]) -> Result<Self, ConfigError> {
        let state = HmacState::new(algorithm, secret).ok_or_else(|| not_for(SECRET_KEY, algorithm, "a secret"))?;
        Ok(Self::new(algorithm, Signer::Hmac(state)))
    }

    /// A key for any other algorithm, from a private key in PEM: PKCS#8, PKCS#1 (RSA) or SEC 1 (EC).
    ///
    /// ```
    /// use actix_jwt_extended::{Algorithm, SigningKey};
    /// assert!(SigningKey::from_pem(Algorithm::ES256, "no key").is_err());
    /// ```
    ///
    /// # Errors
    /// Text that is no such PEM, a key for another algorithm, an RSA key under 2048 bits.
    pub fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, ConfigError> {
        let (label, der) = read_pem(PRIVATE_KEY, pem)?;
        if label.contains("PUBLIC") {
            return Err(invalid(PRIVATE_KEY, "holds a public key; the private one is needed to sign"));
        }
        let wrong = || {
            let what = family_name(algorithm);
            invalid(PRIVATE_KEY, format!("is not {what} key, which {algorithm:?} needs (unencrypted, in PEM)"))
        };
        let signer = match algorithm.family() {
            AlgorithmFamily::Hmac => return Err(not_for(PRIVATE_KEY, algorithm, "a PEM key")),
            AlgorithmFamily::Rsa => {
                let pair = match label.as_str() {
                    "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der),
                    _ => RsaKeyPair::from_pkcs8(&der),
                };
                // The reason is not a secret: aws-lc-rs names the rule that the key breaks.
                let pair = pair.map_err(|error| match error.to_string().as_str() {
                    "TooSmall" => rsa_too_small(PRIVATE_KEY),
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
        Self { algorithm, key_id: None, signer: Arc::new(signer) }
    }

    /// Names the key: tokens signed with it carry this `kid` (RFC 7515 §4.1.4).
    ///
    /// ```
    /// # use actix_jwt_extended::{Algorithm, SigningKey};
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
    /// assert_eq!(key.with_key_id("2026-11").key_id(), Some("2026-11"));
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn with_key_id(self, key_id: impl Into<String>) -> Self {
        Self { key_id: Some(key_id.into().into()), ..self }
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

    /// Signs `message` and hands the signature to `write`, so that HMACs need no allocation.
    pub(crate) fn sign<T>(&self, message: &[u8], write: impl FnOnce(&[u8]) -> T) -> Option<T> {
        match &*self.signer {
            Signer::Hmac(state) => Some(state.sign(message, write)),
            Signer::Rsa(pair, encoding) => {
                let mut out = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut out).ok()?;
                Some(write(&out))
            }
            Signer::Ec(pair) => pair.sign(&SystemRandom::new(), message).ok().map(|s| write(s.as_ref())),
            Signer::Ed(pair) => pair.try_sign(message).ok().map(|s| write(s.as_ref())),
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
/// use actix_jwt_extended::{Algorithm, VerifyingKey};
/// let key = VerifyingKey::from_secret(&[Algorithm::HS256], b"an example's secret, 32 bytes or more")?;
/// assert!(key.algorithms().eq([Algorithm::HS256]));
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    key_id: Option<Arc<str>>,
    verifiers: Arc<[(Algorithm, Verifier)]>,
}

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
        check_secret(secret, algorithms)?;
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
    /// use actix_jwt_extended::{Algorithm, VerifyingKey};
    /// assert!(VerifyingKey::from_pem(&[Algorithm::RS256], "no key").is_err());
    /// ```
    ///
    /// # Errors
    /// Text that is no such PEM, a key of another family, an RSA key under 2048 bits.
    pub fn from_pem(algorithms: &[Algorithm], pem: &str) -> Result<Self, ConfigError> {
        let (label, der) = read_pem(PUBLIC_KEY, pem)?;
        if label.contains("PRIVATE") {
            return Err(invalid(PUBLIC_KEY, "holds a private key; it belongs in JWT_PRIVATE_KEY, and only there"));
        }
        Self::from_der(PUBLIC_KEY, algorithms, &der)
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
    /// # use actix_jwt_extended::{Algorithm, VerifyingKey};
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

/// HMAC with the key's blocks hashed already; a token's work begins with a copy of it.
#[derive(Clone)]
enum HmacState {
    Sha256(Hmac<Sha256>),
    Sha384(Hmac<Sha384>),
    Sha512(Hmac<Sha512>),
}

impl HmacState {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::HS256 => Hmac::new_from_slice(secret).ok().map(Self::Sha256),
            Algorithm::HS384 => Hmac::new_from_slice(secret).ok().map(Self::Sha384),
            Algorithm::HS512 => Hmac::new_from_slice(secret).ok().map(Self::Sha512),
            _ => None,
        }
    }

    fn sign<T>(&self, message: &[u8], write: impl FnOnce(&[u8]) -> T) -> T {
        match self {
            Self::Sha256(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha384(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
            Self::Sha512(state) => write(&state.clone().chain_update(message).finalize().into_bytes()),
        }
    }

    /// Compares in constant time; a truncated signature is a no.
    fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Sha256(state) => state.clone().chain_update(message).verify_slice(signature),
            Self::Sha384(state) => state.clone().chain_update(message).verify_slice(signature),
            Self::Sha512(state) => state.clone().chain_update(message).verify_slice(signature),
        }
        .is_ok()
    }
}

/// The keys of a manager: at most one signs, any number verify.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    pub(crate) signing: Option<SigningKey>,
    named: HashMap<Arc<str>, VerifyingKey>,
    unnamed: Vec<VerifyingKey>,
    allowed: Vec<Algorithm>,
}

impl KeyRing {
    /// Prepares the keys that the settings name, for the algorithms that they allow.
    ///
    /// `others_verify`: keys come from elsewhere too, so that a missing one is no mistake.
    pub(crate) fn from_config(config: &JwtConfig, others_verify: bool) -> Result<Self, ConfigError> {
        let mut ring = Self { allowed: config.allowed_algorithms(), ..Self::default() };
        let (secret_algorithms, public_algorithms): (Vec<_>, Vec<_>) =
            ring.allowed.iter().partition(|algorithm| algorithm.family() == AlgorithmFamily::Hmac);

        if !secret_algorithms.is_empty() {
            if let Some(secret) = config.secret_key.as_ref().map(Secret::reveal) {
                match check_secret(secret.as_bytes(), &secret_algorithms) {
                    Err(ConfigError::WeakSecret { reason }) if config.allow_weak_secret => {
                        log::warn!("JWT_SECRET_KEY {reason}; accepted because JWT_ALLOW_WEAK_SECRET is true");
                    }
                    verdict => verdict?,
                }
                ring.add(VerifyingKey::from_any_secret(&secret_algorithms, secret.as_bytes())?)?;
                if config.algorithm.family() == AlgorithmFamily::Hmac {
                    ring.signing = Some(SigningKey::from_any_secret(config.algorithm, secret.as_bytes())?);
                }
            } else if !others_verify {
                return Err(missing(SECRET_KEY, &secret_algorithms));
            }
        }
        if !public_algorithms.is_empty() {
            ring.add_key_pair(config, &public_algorithms, others_verify)?;
        }
        Ok(ring)
    }

    fn add_key_pair(
        &mut self,
        config: &JwtConfig,
        algorithms: &[Algorithm],
        others_verify: bool,
    ) -> Result<(), ConfigError> {
        let private = config.private_key.as_ref().map(|key| load_pem(PRIVATE_KEY, key.reveal())).transpose()?;
        let public = config.public_key.as_ref().map(|key| load_pem(PUBLIC_KEY, key.reveal())).transpose()?;
        let signs = algorithms.contains(&config.algorithm);
        if let (Some(pem), true) = (&private, signs) {
            self.signing = Some(SigningKey::from_pem(config.algorithm, pem)?);
        }
        match (&public, &self.signing) {
            (Some(pem), _) => self.add(VerifyingKey::from_pem(algorithms, pem)?),
            (None, Some(signing)) if signs => self.add(signing.verifying_key(algorithms)?),
            _ if others_verify => Ok(()),
            _ => Err(missing(if signs { PRIVATE_KEY } else { PUBLIC_KEY }, algorithms)),
        }
    }

    /// Adds a key that signs, and its verifying half.
    pub(crate) fn add_signing(&mut self, key: SigningKey) -> Result<(), ConfigError> {
        self.add_named_algorithms(&[key.algorithm()]);
        self.add(key.verifying_key(&[key.algorithm()])?)?;
        self.signing = Some(key);
        Ok(())
    }

    /// Adds a key that verifies only.
    pub(crate) fn add_verifying(&mut self, key: VerifyingKey) -> Result<(), ConfigError> {
        self.add_named_algorithms(&key.algorithms().collect::<Vec<_>>());
        self.add(key)
    }

    fn add_named_algorithms(&mut self, algorithms: &[Algorithm]) {
        self.allowed.extend(algorithms);
    }

    fn add(&mut self, key: VerifyingKey) -> Result<(), ConfigError> {
        match &key.key_id {
            None => self.unnamed.push(key),
            Some(key_id) => {
                let shown = key_id.to_string();
                if self.named.insert(Arc::clone(key_id), key).is_some() {
                    return Err(ConfigError::Conflict(format!("two keys have the key ID {shown:?}; rename one")));
                }
            }
        }
        Ok(())
    }

    /// Whether any key may verify `algorithm`.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.allowed.contains(&algorithm)
    }

    /// Whether some key accepts the signature. A `kid` that is known leaves only its key; any other
    /// token is for the keys without one.
    pub(crate) fn verifies(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        match key_id.and_then(|key_id| self.named.get(key_id)) {
            Some(key) => key.verifies(algorithm, message, signature),
            None => self.unnamed.iter().any(|key| key.verifies(algorithm, message, signature)),
        }
    }

    /// Signs and verifies once, so that a crypto library that does not work here, or a public key
    /// that is not the private key's, is found at start-up.
    pub(crate) fn self_test(&self) -> Result<(), ConfigError> {
        const PROBE: &[u8] = b"actix-jwt-extended self-test";
        let Some(key) = &self.signing else { return Ok(()) };
        let algorithm = key.algorithm();
        let broken = || ConfigError::SelfTest { algorithm: format!("{algorithm:?}") };
        let signature = key.sign(PROBE, <[u8]>::to_vec).ok_or_else(broken)?;
        let own = key.verifying_key(&[algorithm])?;
        let altered = PROBE.get(1..).unwrap_or_default();
        if !own.verifies(algorithm, PROBE, &signature) || own.verifies(algorithm, altered, &signature) {
            return Err(broken());
        }
        if !self.verifies(algorithm, key.key_id(), PROBE, &signature) {
            return Err(invalid(PUBLIC_KEY, "does not belong to JWT_PRIVATE_KEY; leave it out to have it derived"));
        }
        Ok(())
    }
}

const SECRET_KEY: &str = "JWT_SECRET_KEY";
const PRIVATE_KEY: &str = "JWT_PRIVATE_KEY";
const PUBLIC_KEY: &str = "JWT_PUBLIC_KEY";

fn invalid(setting: &'static str, reason: impl Into<String>) -> ConfigError {
    ConfigError::InvalidKey { setting, reason: reason.into() }
}

fn not_for(setting: &'static str, algorithm: Algorithm, what: &str) -> ConfigError {
    invalid(setting, format!("cannot serve {algorithm:?}: that algorithm does not take {what}"))
}

fn rsa_too_small(setting: &'static str) -> ConfigError {
    invalid(setting, format!("is an RSA key of less than {MIN_RSA_BITS} bits; make a longer one (RFC 7518 §3.3)"))
}

fn missing(setting: &'static str, algorithms: &[Algorithm]) -> ConfigError {
    let algorithm = algorithms.first().copied().unwrap_or_default();
    let make = match algorithm {
        Algorithm::HS256 => "openssl rand -hex 32",
        Algorithm::HS384 => "openssl rand -hex 48",
        Algorithm::HS512 => "openssl rand -hex 64",
        Algorithm::ES256 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out jwt.pem",
        Algorithm::ES384 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out jwt.pem",
        Algorithm::EdDSA => "openssl genpkey -algorithm ED25519 -out jwt.pem",
        _ => "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out jwt.pem",
    };
    ConfigError::MissingKey { setting, algorithm: format!("{algorithm:?}"), make: make.to_owned() }
}

fn family_name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::ES256 => "an EC P-256",
        Algorithm::ES384 => "an EC P-384",
        Algorithm::EdDSA => "an Ed25519",
        _ => "an RSA",
    }
}

/// Length and notoriety (RFC 7518 §3.2, RFC 8725 §3.5).
fn check_secret(secret: &[u8], algorithms: &[Algorithm]) -> Result<(), ConfigError> {
    if secret.windows(PEM_BEGIN.len()).any(|window| window == PEM_BEGIN.as_bytes()) {
        return Err(invalid(
            SECRET_KEY,
            "holds a PEM key, which is no HMAC secret; use JWT_PRIVATE_KEY or JWT_PUBLIC_KEY",
        ));
    }
    let needed = algorithms.iter().map(|algorithm| hash_bytes(*algorithm)).max().unwrap_or(0);
    let weak = |reason: String| Err(ConfigError::WeakSecret { reason });
    let text = String::from_utf8_lossy(secret);
    if WELL_KNOWN_SECRETS.iter().any(|known| text.trim().eq_ignore_ascii_case(known)) {
        return weak("is a well-known example".to_owned());
    }
    if secret.len() < needed {
        return weak(format!("has {} bytes and needs at least {needed}", secret.len()));
    }
    // "aaaa…" and the like: long, and no secret.
    let mut distinct = secret.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let few = distinct.len() < 8;
    distinct.zeroize();
    if few {
        return weak("repeats fewer than eight different bytes".to_owned());
    }
    Ok(())
}

fn hash_bytes(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS384 => 48,
        Algorithm::HS512 => 64,
        _ => 32,
    }
}

const PEM_BEGIN: &str = "-----BEGIN";

pub(crate) fn is_inline_pem(text: &str) -> bool {
    text.contains(PEM_BEGIN)
}

/// The PEM text of a setting that holds it or names its file.
fn load_pem(setting: &'static str, pem_or_path: &str) -> Result<Zeroizing<String>, ConfigError> {
    if is_inline_pem(pem_or_path) {
        // An environment variable often holds "\n" for a line's end.
        return Ok(Zeroizing::new(pem_or_path.replace("\\n", "\n")));
    }
    std::fs::read_to_string(pem_or_path).map(Zeroizing::new).map_err(|error| {
        invalid(setting, format!("must be PEM text or the path of a PEM file; cannot read that file: {error}"))
    })
}

/// The label and the DER of the first PEM block.
fn read_pem(setting: &'static str, text: &str) -> Result<(String, Zeroizing<Vec<u8>>), ConfigError> {
    let block = pem::parse_many(text)
        .ok()
        // `openssl ecparam -genkey` writes the curve's parameters before the key.
        .and_then(|blocks| blocks.into_iter().find(|block| block.tag() != "EC PARAMETERS"))
        .ok_or_else(|| invalid(setting, "is no PEM (-----BEGIN …-----)"))?;
    let label = block.tag().to_owned();
    let der = Zeroizing::new(block.into_contents());
    match label.as_str() {
        "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" | "PUBLIC KEY" | "RSA PUBLIC KEY" => Ok((label, der)),
        "ENCRYPTED PRIVATE KEY" => Err(invalid(setting, "is encrypted; decrypt it with `openssl pkey -in FILE`")),
        "CERTIFICATE" => {
            Err(invalid(setting, "is a certificate; take its key with `openssl x509 -in FILE -noout -pubkey`"))
        }
        _ => Err(invalid(setting, "is PEM of a kind that is no key")),
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
