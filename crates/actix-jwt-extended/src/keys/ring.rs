//! The keys of a manager, found by algorithm and key ID.

#[cfg(feature = "asymmetric")]
use super::invalid::PRIVATE_KEY;
use super::invalid::{PUBLIC_KEY, SECRET_KEY, invalid};
#[cfg(feature = "asymmetric")]
use super::pem::{self, Half};
use super::secret::{self, check_secret};
use super::{SigningKey, VerifyingKey};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::config::JwtConfig;
use crate::error::ConfigError;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The keys of a manager: at most one signs, any number verify.
#[derive(Debug, Default)]
pub(crate) struct KeyRing {
    pub(crate) signing: Option<SigningKey>,
    named: HashMap<Arc<str>, NamedKey>,
    unnamed: Vec<VerifyingKey>,
    allowed: Vec<Algorithm>,
}

/// A key that can be withdrawn while others verify.
#[derive(Debug)]
struct NamedKey {
    key: VerifyingKey,
    withdrawn: AtomicBool,
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
            if let Some(source) = &config.secret_key {
                let given = secret::load(source)?;
                let secret = secret::decode(&given)?;
                secret::check_kind(&secret)?;
                // Before its length: that of a path says nothing.
                secret::check_spelling(source, &given)?;
                match check_secret(&secret, &secret_algorithms) {
                    Err(ConfigError::WeakSecret { reason }) if config.allow_weak_secret => {
                        log::warn!("JWT_SECRET_KEY {reason}; accepted because JWT_ALLOW_WEAK_SECRET is true");
                    }
                    verdict => verdict?,
                }
                ring.add(VerifyingKey::from_any_secret(&secret_algorithms, &secret)?)?;
                if config.algorithm.family() == AlgorithmFamily::Hmac {
                    ring.signing = Some(SigningKey::from_any_secret(config.algorithm, &secret)?);
                }
            } else if !others_verify {
                return Err(missing(SECRET_KEY, &secret_algorithms));
            }
        }
        for (setting, key) in [("JWT_PRIVATE_KEY", &config.private_key), ("JWT_PUBLIC_KEY", &config.public_key)] {
            if public_algorithms.is_empty() && key.is_some() {
                log::warn!(
                    "{setting} is set and not in force: JWT_ALGORITHM is {}, which needs JWT_SECRET_KEY",
                    config.algorithm
                );
            }
        }
        #[cfg(not(feature = "asymmetric"))]
        if let Some(algorithm) = public_algorithms.first() {
            return Err(not_built_in(config, *algorithm));
        }
        #[cfg(feature = "asymmetric")]
        if !public_algorithms.is_empty() {
            ring.add_key_pair(config, &public_algorithms, others_verify)?;
        }
        Ok(ring)
    }

    #[cfg(feature = "asymmetric")]
    fn add_key_pair(
        &mut self,
        config: &JwtConfig,
        algorithms: &[Algorithm],
        others_verify: bool,
    ) -> Result<(), ConfigError> {
        let private = config.private_key.as_ref().map(|key| pem::load(PRIVATE_KEY, key, Half::Private)).transpose()?;
        let public = config.public_key.as_ref().map(|key| pem::load(PUBLIC_KEY, key, Half::Public)).transpose()?;
        let signs = algorithms.contains(&config.algorithm);
        let pair = match (&private, algorithms.first()) {
            (Some(pem), Some(first)) => {
                let algorithm = if signs { config.algorithm } else { *first };
                Some(SigningKey::parse(PRIVATE_KEY, algorithm, pem)?)
            }
            _ => None,
        };
        match (&public, &pair) {
            (Some(pem), _) => self.add(VerifyingKey::parse(PUBLIC_KEY, algorithms, pem)?)?,
            (None, Some(pair)) => self.add(pair.verifying_key(algorithms)?)?,
            (None, None) if others_verify => {}
            (None, None) => return Err(missing(if signs { PRIVATE_KEY } else { PUBLIC_KEY }, algorithms)),
        }
        if signs {
            self.signing = pair;
        }
        Ok(())
    }

    /// Adds a key that signs, and its verifying half.
    pub(crate) fn add_signing(&mut self, key: SigningKey) -> Result<(), ConfigError> {
        self.allowed.push(key.algorithm());
        self.add(key.verifying_key(&[key.algorithm()])?)?;
        self.signing = Some(key);
        Ok(())
    }

    /// Adds a key that verifies only.
    pub(crate) fn add_verifying(&mut self, key: VerifyingKey) -> Result<(), ConfigError> {
        self.allowed.extend(key.algorithms());
        self.add(key)
    }

    fn add(&mut self, key: VerifyingKey) -> Result<(), ConfigError> {
        match &key.key_id {
            None => self.unnamed.push(key),
            Some(key_id) => {
                let key_id = Arc::clone(key_id);
                let named = NamedKey { key, withdrawn: AtomicBool::new(false) };
                if self.named.insert(Arc::clone(&key_id), named).is_some() {
                    return Err(ConfigError::Conflict(format!("two keys have the key ID {key_id:?}; rename one")));
                }
            }
        }
        Ok(())
    }

    /// Whether any key may verify `algorithm`.
    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.allowed.iter().any(|allowed| allowed.is_same_as(algorithm))
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
            Some(NamedKey { key, withdrawn }) => {
                !withdrawn.load(Ordering::SeqCst) && key.verifies(algorithm, message, signature)
            }
            None => self.unnamed.iter().any(|key| key.verifies(algorithm, message, signature)),
        }
    }

    /// From now on the key of this ID verifies nothing. `false` = there is none.
    pub(crate) fn withdraw(&self, key_id: &str) -> bool {
        let named = self.named.get(key_id);
        if let Some(named) = named {
            named.withdrawn.store(true, Ordering::SeqCst);
        }
        named.is_some()
    }

    /// Signs and verifies once, so that a crypto library that does not work here, or a public key
    /// that is not the private key's, is found at start-up.
    pub(crate) fn self_test(&self) -> Result<(), ConfigError> {
        const PROBE: &[u8] = b"actix-jwt-extended self-test";
        let Some(key) = &self.signing else { return Ok(()) };
        let algorithm = key.algorithm();
        let broken = || ConfigError::SelfTest { algorithm: algorithm.to_string() };
        let signature = key.sign(PROBE).ok_or_else(broken)?;
        let signature = signature.as_slice();
        let own = key.verifying_key(&[algorithm])?;
        let altered = PROBE.get(1..).unwrap_or_default();
        if !own.verifies(algorithm, PROBE, signature) || own.verifies(algorithm, altered, signature) {
            return Err(broken());
        }
        if !self.verifies(algorithm, key.key_id(), PROBE, signature) {
            return Err(invalid(PUBLIC_KEY, "does not belong to JWT_PRIVATE_KEY; leave it out to have it derived"));
        }
        Ok(())
    }
}

#[cfg(not(feature = "asymmetric"))]
fn not_built_in(config: &JwtConfig, algorithm: Algorithm) -> ConfigError {
    let setting = if config.algorithm == algorithm { "JWT_ALGORITHM" } else { "JWT_DECODE_ALGORITHMS" };
    ConfigError::NotBuiltIn { setting, algorithm: algorithm.to_string(), feature: "asymmetric" }
}

fn missing(setting: &'static str, algorithms: &[Algorithm]) -> ConfigError {
    let algorithm = algorithms.first().copied().unwrap_or_default();
    let make = match algorithm {
        _ if setting == PUBLIC_KEY => "openssl pkey -in jwt.pem -pubout -out jwt.pub.pem",
        Algorithm::HS256 => "openssl rand -hex 32",
        Algorithm::HS384 => "openssl rand -hex 48",
        Algorithm::HS512 => "openssl rand -hex 64",
        Algorithm::ES256 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out jwt.pem",
        Algorithm::ES384 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out jwt.pem",
        Algorithm::ES512 => "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out jwt.pem",
        Algorithm::EdDSA | Algorithm::Ed25519 => "openssl genpkey -algorithm ED25519 -out jwt.pem",
        // OpenSSL 3.5 or newer.
        Algorithm::MlDsa44 => "openssl genpkey -algorithm ML-DSA-44 -out jwt.pem",
        Algorithm::MlDsa65 => "openssl genpkey -algorithm ML-DSA-65 -out jwt.pem",
        Algorithm::MlDsa87 => "openssl genpkey -algorithm ML-DSA-87 -out jwt.pem",
        _ => "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out jwt.pem",
    };
    ConfigError::MissingKey { setting, algorithm: algorithm.to_string(), make: make.to_owned() }
}
