//! Public keys as JWKs, and their thumbprints (RFC 7517, 7518 §6, 7638, 8037, 9964). Private members have no place here.

use super::der;
use super::rsa_pss;
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::encoding::base64url;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::fmt;
use zeroize::Zeroizing;

/// A curve of RFC 7518 §6.2.1.1.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Curve {
    pub(super) name: &'static str,
    pub(super) object_id: &'static [u8],
    /// Of a coordinate, and of a private key.
    pub(super) octets: usize,
    algorithm: Algorithm,
}

pub(super) const CURVES: [Curve; 3] = [
    Curve {
        name: "P-256",
        object_id: &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        octets: 32,
        algorithm: Algorithm::ES256,
    },
    Curve { name: "P-384", object_id: &[0x2b, 0x81, 0x04, 0x00, 0x22], octets: 48, algorithm: Algorithm::ES384 },
    Curve { name: "P-521", object_id: &[0x2b, 0x81, 0x04, 0x00, 0x23], octets: 66, algorithm: Algorithm::ES512 },
];

/// A parameter set of ML-DSA (FIPS 204 §4), which is an algorithm of its own (RFC 9964 §3).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ParameterSet {
    pub(super) name: &'static str,
    pub(super) object_id: &'static [u8],
    /// Of a public key.
    pub(super) octets: usize,
}

/// RFC 9881 §2.
pub(super) const PARAMETER_SETS: [ParameterSet; 3] = [
    ParameterSet {
        name: "ML-DSA-44",
        object_id: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x11],
        octets: 1312,
    },
    ParameterSet {
        name: "ML-DSA-65",
        object_id: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12],
        octets: 1952,
    },
    ParameterSet {
        name: "ML-DSA-87",
        object_id: &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x13],
        octets: 2592,
    },
];

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// RFC 8410 §3.
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What a public key consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PublicMembers {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ec { curve: &'static Curve, x: Vec<u8>, y: Vec<u8> },
    Ed25519(Vec<u8>),
    MlDsa(&'static ParameterSet, Vec<u8>),
}

impl PublicMembers {
    /// Of an SPKI, or of an RSA key as PKCS#1 has it. `None` = another kind, or a point in short form.
    pub(super) fn of_der(der: &[u8]) -> Option<Self> {
        if let Some((_, pkcs1)) = rsa_pss::public(der) {
            return Self::of_pkcs1(pkcs1);
        }
        let Some((algorithm, rest)) = der::tagged(der::whole_sequence(der)?, der::SEQUENCE) else {
            return Self::of_pkcs1(der);
        };
        let (bits, rest) = der::tagged(rest, der::BITS)?;
        let key = bits.strip_prefix(&[0]).filter(|_| rest.is_empty())?;
        let (id, parameters) = der::tagged(algorithm, der::OBJECT_ID)?;
        match id {
            RSA_ENCRYPTION => Self::of_pkcs1(key),
            EC_PUBLIC_KEY => {
                let (curve, _) = der::tagged(parameters, der::OBJECT_ID)?;
                let curve = CURVES.iter().find(|known| known.object_id == curve)?;
                let point = key.strip_prefix(&[4]).filter(|point| point.len() == 2 * curve.octets)?;
                let (x, y) = point.split_at_checked(curve.octets)?;
                Some(Self::Ec { curve, x: x.to_vec(), y: y.to_vec() })
            }
            ED25519 => Some(Self::Ed25519(key.to_vec())),
            _ => {
                let set = PARAMETER_SETS.iter().find(|known| known.object_id == id)?;
                Some(Self::MlDsa(set, key.to_vec()))
            }
        }
    }

    fn of_pkcs1(der: &[u8]) -> Option<Self> {
        let (modulus, rest) = der::tagged(der::whole_sequence(der)?, der::INTEGER)?;
        let (exponent, rest) = der::tagged(rest, der::INTEGER)?;
        let number = |octets| der::without_leading_zeros(octets).to_vec();
        rest.is_empty().then(|| Self::Rsa { modulus: number(modulus), exponent: number(exponent) })
    }

    /// As SPKI.
    pub(super) fn to_der(&self) -> Zeroizing<Vec<u8>> {
        const NULL: &[u8] = &[5, 0];
        let id = |id: &[u8]| der::encoded(der::OBJECT_ID, &[id]);
        let spki = |algorithm: &[&[u8]], key: &[&[u8]]| {
            let bits = [&[&[0_u8][..]], key].concat();
            der::encoded(der::SEQUENCE, &[&der::encoded(der::SEQUENCE, algorithm), &der::encoded(der::BITS, &bits)])
        };
        match self {
            Self::Rsa { modulus, exponent } => {
                let key = der::encoded(der::SEQUENCE, &[&der::integer(modulus), &der::integer(exponent)]);
                spki(&[&id(RSA_ENCRYPTION), NULL], &[&key])
            }
            Self::Ec { curve, x, y } => spki(&[&id(EC_PUBLIC_KEY), &id(curve.object_id)], &[&[4], x, y]),
            Self::Ed25519(key) => spki(&[&id(ED25519)], &[key]),
            Self::MlDsa(set, key) => spki(&[&id(set.object_id)], &[key]),
        }
    }

    /// Whether a key of this kind is one for this algorithm.
    pub(super) fn serves(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => algorithm.family() == AlgorithmFamily::Rsa,
            Self::Ec { curve, .. } => algorithm == curve.algorithm,
            Self::Ed25519(_) => algorithm.family() == AlgorithmFamily::Ed,
            Self::MlDsa(set, _) => algorithm.name() == set.name,
        }
    }

    /// RFC 7638 §3: the required members alone, in the order of their names.
    pub(super) fn thumbprint(&self) -> String {
        let text = match Members::of(self) {
            Members::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Members::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Members::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            // RFC 9964 §6.
            Members::Akp { alg, key } => format!(r#"{{"alg":"{alg}","kty":"AKP","pub":"{key}"}}"#),
        };
        base64url::encode(&Sha256::digest(text))
    }
}

/// A public key as a JSON Web Key (RFC 7517), for a JWK Set that others verify with.
///
/// It is made of public members only: nothing that it is written from holds a private one.
/// Its text is JSON, and so is what serde makes of it.
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
/// let key = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
/// let key = VerifyingKey::from_jwk(&[Algorithm::EdDSA], key)?.with_key_id("2026-11");
/// let jwk = key.public_jwk().expect("it is no secret");
/// assert_eq!(
///     jwk.to_string(),
///     r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","use":"sig","alg":"EdDSA","kid":"2026-11"}"#
/// );
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublicJwk {
    #[serde(flatten)]
    members: Members,
    #[serde(rename = "use")]
    usage: &'static str,
    /// Of a key that is for this algorithm alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
}

impl PublicJwk {
    pub(super) fn new(members: &PublicMembers, algorithm: Option<Algorithm>, key_id: Option<&str>) -> Self {
        let members = Members::of(members);
        let says_itself = matches!(members, Members::Akp { .. });
        Self { members, usage: "sig", alg: algorithm.filter(|_| !says_itself), kid: key_id.map(str::to_owned) }
    }
}

impl fmt::Display for PublicJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

/// The members that are a `kty`'s own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kty")]
enum Members {
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: &'static str, x: String },
    #[serde(rename = "AKP")]
    Akp {
        alg: &'static str,
        #[serde(rename = "pub")]
        key: String,
    },
}

impl Members {
    fn of(members: &PublicMembers) -> Self {
        let text = |octets: &Vec<u8>| base64url::encode(octets);
        match members {
            PublicMembers::Rsa { modulus, exponent } => Self::Rsa { n: text(modulus), e: text(exponent) },
            PublicMembers::Ec { curve, x, y } => Self::Ec { crv: curve.name, x: text(x), y: text(y) },
            PublicMembers::Ed25519(key) => Self::Okp { crv: "Ed25519", x: text(key) },
            PublicMembers::MlDsa(set, key) => Self::Akp { alg: set.name, key: text(key) },
        }
    }
}
