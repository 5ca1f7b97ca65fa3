//! The keys that the settings name.

#[cfg(feature = "asymmetric")]
use super::from_jwk;
use super::halves::{halves, thumbprint};
#[cfg(feature = "asymmetric")]
use super::invalid::{PRIVATE_KEY, PRIVATE_KEY_PASSWORD};
use super::invalid::{PUBLIC_KEY, SECRET_KEY, invalid};
use super::jwk::{self, Wanted};
#[cfg(feature = "asymmetric")]
use super::pem::{self, Half};
use super::secret::{self, check_secret};
use super::term::{Origin, Term, TimedKey};
use super::{SigningKey, VerifyingKey};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::config::{JwtConfig, KeySetting, KeySource, KeyState};
use crate::error::ConfigError;
use std::time::SystemTime;

const KEYS: &str = "JWT_KEYS";

/// Prepares the keys that the settings name, for the algorithms that they allow.
///
/// `others_verify`: keys come from elsewhere too, so that a missing one is no mistake. `now`: whether a certificate has
/// expired.
pub(crate) fn keys_of(config: &JwtConfig, others_verify: bool, now: SystemTime) -> Result<Vec<TimedKey>, ConfigError> {
    let allowed = config.allowed_algorithms();
    let (secret_algorithms, public_algorithms): (Vec<_>, Vec<_>) =
        allowed.iter().partition(|algorithm| algorithm.family() == AlgorithmFamily::Hmac);
    let mut keys = Vec::new();
    if !secret_algorithms.is_empty() {
        match secret_key(config, &secret_algorithms)? {
            Some(key) => keys.push(key),
            None if others_verify => {}
            None => return Err(missing(SECRET_KEY, &secret_algorithms)),
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
        keys.extend(key_pair(config, &public_algorithms, others_verify, now)?);
    }
    keys.extend(listed(config, now)?);
    Ok(keys)
}

/// Those of `[[JWT_KEYS]]`.
fn listed(config: &JwtConfig, now: SystemTime) -> Result<Vec<TimedKey>, ConfigError> {
    if !config.keys.is_empty() && config.keys_dir.is_some() {
        return Err(ConfigError::Conflict("JWT_KEYS and JWT_KEYS_DIR are both set; take one of them away".to_owned()));
    }
    let keys: Vec<_> =
        config.keys.iter().zip(1..).map(|(key, number)| of_list(key, number, now)).collect::<Result<_, _>>()?;
    let signs = |key: &TimedKey| key.term == Term::signing(1);
    if keys.iter().any(|key| key.signing.is_some()) && !keys.iter().any(signs) {
        return Err(invalid(KEYS, "has a key that could sign, and none with state = \"active\"; make one active"));
    }
    Ok(keys)
}

#[cfg_attr(not(feature = "asymmetric"), expect(unused_variables, reason = "there are no certificates"))]
fn of_list(key: &KeySetting, number: usize, now: SystemTime) -> Result<TimedKey, ConfigError> {
    let KeySetting { algorithm, source, key_id, state } = key;
    let place = key_id.as_ref().map_or_else(|| format!("number {number}"), |id| format!("{id:?}"));
    let wrong = |reason: &str| invalid(KEYS, format!("{place} {reason}"));
    if key_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 128 || id.chars().any(char::is_control)) {
        return Err(invalid(
            KEYS,
            format!("number {number} has a kid of no or more than 128 bytes, or with control characters"),
        ));
    }
    if *state == KeyState::Withdrawn {
        let Some(id) = key_id else { return Err(wrong("is withdrawn and has no kid")) };
        return Ok(of_settings(VerifyingKey::of_nothing(id), None, Term::WITHDRAWN));
    }
    let (signing, verifying) = match source {
        None => return Err(wrong("has no key")),
        Some(KeySource::Secret(source)) => {
            let (signing, verifying) = halves(KEYS, &place, *algorithm, &secret::load(KEYS, source)?)?;
            (Some(signing), verifying)
        }
        #[cfg(feature = "asymmetric")]
        Some(KeySource::Private(source)) => {
            let text = pem::load(KEYS, source, Half::Private)?;
            let (signing, verifying) = halves(KEYS, &place, *algorithm, text.as_bytes())?;
            (Some(signing), verifying)
        }
        #[cfg(feature = "asymmetric")]
        Some(KeySource::Public(source)) => {
            let text = pem::load(KEYS, source, Half::Public)?;
            (None, VerifyingKey::of_text(KEYS, &[*algorithm], &text, now)?)
        }
        #[cfg(not(feature = "asymmetric"))]
        Some(KeySource::Private(_) | KeySource::Public(_)) => {
            let (setting, feature) = (KEYS, "asymmetric");
            return Err(ConfigError::NotBuiltIn { setting, algorithm: algorithm.to_string(), feature });
        }
    };
    let own = verifying.key_id().map(str::to_owned);
    let Some(id) = key_id.clone().or(own).or_else(|| thumbprint(&verifying)) else {
        return Err(wrong(
            "is a secret and has no kid; give it one that says nothing of it, such as `openssl rand -hex 8` writes",
        ));
    };
    let verifying = verifying.with_key_id(id.clone());
    let signing = signing.map(|key| key.with_key_id(id));
    Ok(match (state, signing) {
        (KeyState::Active, None) => return Err(wrong("is active and has no private key")),
        (KeyState::Active, signing) => of_settings(verifying, signing, Term::signing(1)),
        (KeyState::Next, Some(signing)) => of_settings(verifying, Some(signing), Term::NEXT),
        // Who it was that signed with it, and when, the settings do not say.
        _ => of_settings(verifying, None, Term::VERIFYING),
    })
}

fn secret_key(config: &JwtConfig, algorithms: &[Algorithm]) -> Result<Option<TimedKey>, ConfigError> {
    let Some(source) = &config.secret_key else { return Ok(None) };
    let given = secret::load(SECRET_KEY, source)?;
    let signs = config.algorithm.family() == AlgorithmFamily::Hmac;
    let (secret, key_id) = match jwk::text_of(&given) {
        Some(text) => jwk::secret(SECRET_KEY, text, algorithms, Wanted::Secret { signs, verifies: true })?,
        None => {
            let secret = secret::decode(&given)?;
            secret::check_kind(&secret)?;
            // Before its length: that of a path says nothing.
            secret::check_spelling(source, &given)?;
            (secret, None)
        }
    };
    match check_secret(&secret, algorithms) {
        Err(ConfigError::WeakSecret { reason }) if config.allow_weak_secret => {
            log::warn!("JWT_SECRET_KEY {reason}; accepted because JWT_ALLOW_WEAK_SECRET is true");
        }
        verdict => verdict?,
    }
    let verifying = VerifyingKey::from_any_secret(algorithms, &secret)?.named(key_id.clone());
    let signing = signs.then(|| SigningKey::from_any_secret(config.algorithm, &secret)).transpose()?;
    let signing = signing.map(|key| key.named(key_id));
    let term = if signing.is_some() { Term::signing(0) } else { Term::VERIFYING };
    Ok(Some(of_settings(verifying, signing, term)))
}

#[cfg(feature = "asymmetric")]
fn key_pair(
    config: &JwtConfig,
    algorithms: &[Algorithm],
    others_verify: bool,
    now: SystemTime,
) -> Result<Option<TimedKey>, ConfigError> {
    let private = config.private_key.as_ref().map(|key| pem::load(PRIVATE_KEY, key, Half::Private)).transpose()?;
    let public = config.public_key.as_ref().map(|key| pem::load(PUBLIC_KEY, key, Half::Public)).transpose()?;
    let password = config.private_key_password.as_ref();
    let password = password.map(|source| secret::load(PRIVATE_KEY_PASSWORD, source)).transpose()?;
    let password = password.as_ref().map(|password| password.as_slice());
    match password {
        Some([]) => return Err(invalid(PRIVATE_KEY_PASSWORD, "is empty")),
        Some(_) if private.is_none() => {
            log::warn!("{PRIVATE_KEY_PASSWORD} is set and not in force: {PRIVATE_KEY} is not set");
        }
        _ => {}
    }
    let signs = algorithms.contains(&config.algorithm);
    let pair = match (&private, algorithms.first()) {
        (Some(text), Some(first)) => {
            let algorithm = if signs { config.algorithm } else { *first };
            // Without a public key, the private one's other half is for all of them.
            let all = if public.is_some() { &[algorithm] } else { algorithms };
            Some(SigningKey::of_text(algorithm, all, text, password)?)
        }
        _ => None,
    };
    let public = public.map(|text| VerifyingKey::of_text(PUBLIC_KEY, algorithms, &text, now)).transpose()?;
    let (pair, public) = from_jwk::with_one_name(pair, public)?;
    let verifying = match (public, &pair) {
        (Some(public), _) => public,
        (None, Some(pair)) => pair.verifying_key(algorithms)?,
        (None, None) if others_verify => return Ok(None),
        (None, None) => return Err(missing(if signs { PRIVATE_KEY } else { PUBLIC_KEY }, algorithms)),
    };
    let signing = pair.filter(|_| signs);
    let term = if signing.is_some() { Term::signing(0) } else { Term::VERIFYING };
    Ok(Some(of_settings(verifying, signing, term)))
}

fn of_settings(verifying: VerifyingKey, signing: Option<SigningKey>, term: Term) -> TimedKey {
    TimedKey { verifying, signing, term, origin: Origin::Settings }
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
