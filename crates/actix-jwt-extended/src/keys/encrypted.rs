//! Private keys in PEM under a password: PKCS#8 with PBES2 (RFC 8018 §6.2), as today's tools write it.

use super::asymmetric::PrivateKey;
use super::der;
use super::invalid::{PRIVATE_KEY, PRIVATE_KEY_PASSWORD, invalid};
use super::pem::{self, ENCRYPTED, Half};
use super::{SigningKey, SignsBy};
use crate::claims::Algorithm;
use crate::error::ConfigError;
use pkcs5::EncryptionScheme;
use zeroize::Zeroizing;

impl SigningKey {
    /// A key from a private key in PEM that is encrypted: PKCS#8 with PBES2, `-----BEGIN ENCRYPTED PRIVATE KEY-----`, as
    /// `openssl genpkey -aes256` writes it.
    ///
    /// What is asked for is bounded: at most ten million iterations of PBKDF2, or 256 MiB for scrypt.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// assert!(SigningKey::from_encrypted_pem(Algorithm::ES256, "no key", "its password").is_err());
    /// ```
    ///
    /// # Errors
    /// As of [`from_pem`](Self::from_pem); another password, another way of encryption, a key that is not encrypted.
    #[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
    pub fn from_encrypted_pem(
        algorithm: Algorithm,
        pem: &str,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, ConfigError> {
        let setting = "the private key";
        let (label, der) = pem::read(setting, pem, Half::Private)?;
        if label != ENCRYPTED {
            return Err(invalid(setting, "is not encrypted; `from_pem` reads it"));
        }
        let der = decrypted(setting, "the password", &der, password.as_ref())?;
        Self::of_der(setting, algorithm, "PRIVATE KEY", &der)
    }

    /// The key of the settings, with their password if it needs one.
    pub(super) fn of_setting(algorithm: Algorithm, text: &str, password: Option<&[u8]>) -> Result<Self, ConfigError> {
        let (label, der) = pem::read(PRIVATE_KEY, text, Half::Private)?;
        match password {
            Some(password) if label == ENCRYPTED => {
                let der = decrypted(PRIVATE_KEY, PRIVATE_KEY_PASSWORD, &der, password)?;
                Self::of_der(PRIVATE_KEY, algorithm, "PRIVATE KEY", &der)
            }
            _ => {
                if password.is_some() {
                    log::warn!("{PRIVATE_KEY_PASSWORD} is set and not in force: {PRIVATE_KEY} is not encrypted");
                }
                Self::of_der(PRIVATE_KEY, algorithm, &label, &der)
            }
        }
    }

    fn of_der(setting: &'static str, algorithm: Algorithm, label: &str, der: &[u8]) -> Result<Self, ConfigError> {
        PrivateKey::of_der(setting, algorithm, label, der).map(|key| Self::new(algorithm, SignsBy::Private(key)))
    }
}

/// The way out of every way of encryption.
const DECRYPT: &str = "decrypt it with `openssl pkey -in FILE -out jwt.pem`";

/// The PKCS#8 within an EncryptedPrivateKeyInfo (RFC 5958 §3).
fn decrypted(
    setting: &'static str,
    password_setting: &'static str,
    der: &[u8],
    password: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ConfigError> {
    let unknown = || invalid(setting, format!("is encrypted in a way that is not supported; {DECRYPT}"));
    let (scheme, data) = parts(der).ok_or_else(unknown)?;
    if let Some(cost) = derivation(scheme).and_then(too_costly) {
        let reason = format!("is encrypted so that opening it takes {cost}, which is too much; {DECRYPT}");
        return Err(invalid(setting, reason));
    }
    let EncryptionScheme::Pbes2(scheme) = EncryptionScheme::try_from(scheme).map_err(|_| unknown())? else {
        return Err(unknown());
    };
    let mut buffer = Zeroizing::new(data.to_vec());
    let key = scheme.decrypt_in_place(password, &mut buffer).map_err(|error| match error {
        pkcs5::Error::UnsupportedAlgorithm { .. } => unknown(),
        _ => wrong_password(setting, password_setting),
    })?;
    // Of 256 wrong passwords one leaves something behind that looks well padded.
    match der::whole_sequence(key) {
        Some(_) => Ok(Zeroizing::new(key.to_vec())),
        None => Err(wrong_password(setting, password_setting)),
    }
}

fn wrong_password(setting: &'static str, password_setting: &'static str) -> ConfigError {
    invalid(setting, format!("cannot be decrypted: {password_setting} is not its password, or the file is damaged"))
}

/// The AlgorithmIdentifier, whole, and the encrypted octets.
fn parts(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let content = der::whole_sequence(der)?;
    let (_, rest) = der::tagged(content, der::SEQUENCE)?;
    let scheme = content.get(..content.len() - rest.len())?;
    let (data, rest) = der::tagged(rest, der::OCTETS)?;
    rest.is_empty().then_some((scheme, data))
}

/// What the password is put through, with what it asks for.
enum Derivation {
    Pbkdf2 { iterations: u64 },
    Scrypt { cost: u64, block: u64, parallel: u64 },
}

/// `None` = another one, which is refused anyway.
fn derivation(scheme: &[u8]) -> Option<Derivation> {
    const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c];
    const SCRYPT: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b];
    let (_pbes2, parameters) = der::tagged(der::whole_sequence(scheme)?, der::OBJECT_ID)?;
    let (function, _cipher) = der::tagged(der::whole_sequence(parameters)?, der::SEQUENCE)?;
    let (id, parameters) = der::tagged(function, der::OBJECT_ID)?;
    let (_salt, mut rest) = der::tagged(der::whole_sequence(parameters)?, der::OCTETS)?;
    let mut number = || {
        let (octets, after) = der::tagged(rest, der::INTEGER)?;
        rest = after;
        let octets = der::without_leading_zeros(octets);
        let value = octets.iter().fold(0, |value: u64, octet| value << 8 | u64::from(*octet));
        Some(if octets.len() > 8 { u64::MAX } else { value })
    };
    match id {
        PBKDF2 => Some(Derivation::Pbkdf2 { iterations: number()? }),
        SCRYPT => Some(Derivation::Scrypt { cost: number()?, block: number()?, parallel: number()? }),
        _ => None,
    }
}

/// Sixteen times what OWASP asks of PBKDF2-HMAC-SHA256 today: seconds at start-up, and no longer.
const MOST_ITERATIONS: u64 = 10_000_000;
/// What scrypt may allocate: sixteen times what OpenSSL has it allocate.
const MOST_MEMORY: u64 = 256 << 20;
/// How often it may fill so much.
const MOST_TIMES: u64 = 16;

/// What is asked for, if it is more than any key's owner means.
fn too_costly(asked: Derivation) -> Option<String> {
    match asked {
        Derivation::Pbkdf2 { iterations } => {
            (iterations > MOST_ITERATIONS).then(|| format!("{iterations} iterations of PBKDF2"))
        }
        Derivation::Scrypt { cost, block, parallel } => {
            let memory = cost.saturating_mul(block).saturating_mul(128);
            let all = memory.saturating_mul(parallel);
            let is_too_much = memory > MOST_MEMORY || all > MOST_TIMES * MOST_MEMORY;
            is_too_much.then(|| format!("{} MiB for scrypt, {parallel} times", memory >> 20))
        }
    }
}
