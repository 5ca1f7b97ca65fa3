//! Pairs of keys: RSA, ECDSA, EdDSA and ML-DSA, which are AWS-LC's.

use super::invalid::{invalid, not_for, wanted_kind};
use super::pem::ENCRYPTED;
use super::rsa_pss::{self, Purpose};
use super::signature_bytes::Signature;
use super::{der, foreign};
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::error::ConfigError;
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, ParsedPublicKey, PqdsaKeyPair, RsaKeyPair,
};

/// RFC 7518 §3.3.
const MIN_RSA_BITS: usize = 2048;

/// The half that signs.
pub(super) enum PrivateKey {
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding, Purpose),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    MlDsa(PqdsaKeyPair),
}

impl PrivateKey {
    /// The key of a PEM block, without its armour.
    pub(super) fn of_der(
        setting: &'static str,
        algorithm: Algorithm,
        label: &str,
        der: &[u8],
    ) -> Result<Self, ConfigError> {
        if label == ENCRYPTED {
            let out = "decrypt it with `openssl pkey -in FILE -out jwt.pem`, or give its password";
            return Err(invalid(setting, format!("is encrypted; {out} (JWT_PRIVATE_KEY_PASSWORD)")));
        }
        if let Some(reason) = foreign::reason(der) {
            return Err(invalid(setting, reason));
        }
        let wrong = || {
            let what = wanted_kind(algorithm);
            invalid(setting, format!("is not {what} key, which {algorithm} needs (unencrypted, in PEM)"))
        };
        Ok(match algorithm.family() {
            AlgorithmFamily::Hmac => return Err(not_for(setting, algorithm, "a PEM key")),
            AlgorithmFamily::Rsa => {
                let (purpose, pair) = match (rsa_pss::private(der), label) {
                    (Some((purpose, key)), _) => (purpose, RsaKeyPair::from_der(key)),
                    (None, "RSA PRIVATE KEY") => (Purpose::Any, RsaKeyPair::from_der(der)),
                    (None, _) => (Purpose::Any, RsaKeyPair::from_pkcs8(der)),
                };
                purpose.check(setting, algorithm)?;
                // The reason is not a secret: aws-lc-rs names the rule that the key breaks.
                let pair = pair.map_err(|error| match error.to_string().as_str() {
                    "TooSmall" => rsa_too_small(setting),
                    _ => wrong(),
                })?;
                Self::Rsa(pair, rsa_encoding(algorithm).ok_or_else(wrong)?, purpose)
            }
            AlgorithmFamily::Ec => {
                let curve = match algorithm {
                    Algorithm::ES256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                    Algorithm::ES384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
                    _ => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
                };
                Self::Ec(EcdsaKeyPair::from_private_key_der(curve, der).map_err(|_| wrong())?)
            }
            AlgorithmFamily::Ed => {
                let pair = match seed_and_public_key(der) {
                    Some((seed, public_key)) => Ed25519KeyPair::from_seed_and_public_key(seed, public_key),
                    None => Ed25519KeyPair::from_pkcs8(der),
                };
                Self::Ed(pair.map_err(|_| wrong())?)
            }
            AlgorithmFamily::MlDsa => {
                let parameters = match algorithm {
                    Algorithm::MlDsa44 => &signature::ML_DSA_44_SIGNING,
                    Algorithm::MlDsa65 => &signature::ML_DSA_65_SIGNING,
                    _ => &signature::ML_DSA_87_SIGNING,
                };
                Self::MlDsa(PqdsaKeyPair::from_pkcs8(parameters, der).map_err(|_| wrong())?)
            }
        })
    }

    /// `None` = AWS-LC refuses.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Signature> {
        match self {
            Self::Rsa(pair, encoding, _) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(Signature::Long(signature))
            }
            Self::Ec(pair) => Some(Signature::of(pair.sign(&SystemRandom::new(), message).ok()?.as_ref())),
            Self::Ed(pair) => Some(Signature::of(pair.try_sign(message).ok()?.as_ref())),
            Self::MlDsa(pair) => {
                let mut signature = vec![0; pair.algorithm().signature_len()];
                pair.sign(message, &mut signature).ok()?;
                Some(Signature::Long(signature))
            }
        }
    }

    /// Whether the key may serve this algorithm, as far as it says so itself.
    pub(super) fn check_purpose(&self, setting: &'static str, algorithm: Algorithm) -> Result<(), ConfigError> {
        match self {
            Self::Rsa(_, _, purpose) => purpose.check(setting, algorithm),
            Self::Ec(_) | Self::Ed(_) | Self::MlDsa(_) => Ok(()),
        }
    }

    /// Without the purpose.
    pub(super) fn public_der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair, ..) => pair.public_key().as_der().ok().map(|der| der.as_ref().to_vec()),
            Self::Ec(pair) => pair.public_key().as_der().ok().map(|der| der.as_ref().to_vec()),
            Self::Ed(pair) => pair.public_key().as_der().ok().map(|der| der.as_ref().to_vec()),
            Self::MlDsa(pair) => pair.public_key().as_der().ok().map(|der| der.as_ref().to_vec()),
        }
    }
}

/// The halves of an Ed25519 key in PKCS#8 as ring wrote it up to 0.16: the public one is tagged in a way that RFC 5958
/// does not know, and which AWS-LC refuses.
fn seed_and_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    // RFC 8410 §3: id-Ed25519, without parameters.
    const ED25519: &[u8] = &[der::OBJECT_ID, 3, 0x2b, 0x65, 0x70];
    let alone = |(content, rest): (_, &[u8])| rest.is_empty().then_some(content);
    let (version, rest) = der::tagged(der::whole_sequence(der)?, der::INTEGER)?;
    let (algorithm, rest) = der::tagged(rest, der::SEQUENCE)?;
    let (private, rest) = der::tagged(rest, der::OCTETS)?;
    // [1], and within it what should have been under that tag itself.
    let public = alone(der::tagged(rest, 0xa1)?)?;
    let (seed, bits) = (alone(der::tagged(private, der::OCTETS)?)?, alone(der::tagged(public, der::BITS)?)?);
    (version == [1] && algorithm == ED25519).then_some((seed, bits.strip_prefix(&[0])?))
}

/// The half that verifies, for one algorithm.
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    pub(super) fn read(setting: &'static str, algorithm: Algorithm, der: &[u8]) -> Result<Self, ConfigError> {
        let Some(verification) = public_key_algorithm(algorithm) else {
            return Err(not_for(setting, algorithm, "a PEM key"));
        };
        if let Some(reason) = foreign::reason(der) {
            return Err(invalid(setting, reason));
        }
        let wrong = || {
            let what = wanted_kind(algorithm);
            invalid(setting, format!("is not {what} key, which {algorithm} needs"))
        };
        let (purpose, der) = rsa_pss::public(der).unwrap_or((Purpose::Any, der));
        purpose.check(setting, algorithm)?;
        let key = ParsedPublicKey::new(verification, der).map_err(|_| wrong())?;
        if algorithm.family() == AlgorithmFamily::Rsa && rsa_bits(der).ok_or_else(wrong)? < MIN_RSA_BITS {
            return Err(rsa_too_small(setting));
        }
        Ok(Self(key))
    }

    /// As SPKI, without the purpose.
    pub(super) fn der(&self) -> Option<Vec<u8>> {
        self.0.as_der().ok().map(|der| der.as_ref().to_vec())
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

fn rsa_too_small(setting: &'static str) -> ConfigError {
    invalid(setting, format!("is an RSA key of less than {MIN_RSA_BITS} bits; make a longer one (RFC 7518 §3.3)"))
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
        Algorithm::ES512 => &signature::ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDSA | Algorithm::Ed25519 => &signature::ED25519,
        Algorithm::MlDsa44 => &signature::ML_DSA_44,
        Algorithm::MlDsa65 => &signature::ML_DSA_65,
        Algorithm::MlDsa87 => &signature::ML_DSA_87,
        _ => return None,
    })
}

/// The modulus' length of an RSA public key in SPKI or PKCS#1.
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let key = aws_lc_rs::rsa::PublicKey::from_der(der).ok()?;
    let bits = signature::RsaParameters::public_modulus_len(key.as_ref()).ok()?;
    usize::try_from(bits).ok()
}
