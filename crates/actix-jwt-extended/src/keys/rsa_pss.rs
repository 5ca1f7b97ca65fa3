//! RSA keys that are for PSS alone, and may name its parameters (id-RSASSA-PSS: RFC 4055 §1.2, §3.1).

use super::der;
use super::invalid::invalid;
use crate::claims::{Algorithm, AlgorithmFamily};
use crate::error::ConfigError;

/// What an RSA key may serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It does not say: rsaEncryption.
    Any,
    /// PSS, with any hash.
    Pss,
    /// PSS with the parameters of this algorithm.
    Only(Algorithm),
    /// PSS with parameters that no algorithm of JOSE has (RFC 7518 §3.5).
    Nothing,
}

impl Purpose {
    pub(super) fn check(self, setting: &'static str, algorithm: Algorithm) -> Result<(), ConfigError> {
        let is_pss = matches!(algorithm, Algorithm::PS256 | Algorithm::PS384 | Algorithm::PS512);
        let what = match self {
            // An RSA key is none of theirs, and is refused as such.
            _ if algorithm.family() != AlgorithmFamily::Rsa => return Ok(()),
            Self::Any => return Ok(()),
            Self::Pss if is_pss => return Ok(()),
            Self::Only(only) if only == algorithm => return Ok(()),
            Self::Pss => "for PS256, PS384 and PS512 only".to_owned(),
            Self::Only(only) => format!("for {only} only"),
            Self::Nothing => "with parameters that neither PS256, PS384 nor PS512 has".to_owned(),
        };
        Err(invalid(setting, format!("is an RSA-PSS key {what} (RFC 4055 §1.2); it cannot serve {algorithm}")))
    }
}

/// The purpose of a key in PKCS#8, and the key itself as PKCS#1 has it. `None` = it is not one of these.
pub(super) fn private(pkcs8: &[u8]) -> Option<(Purpose, &[u8])> {
    let (_version, rest) = der::tagged(der::whole_sequence(pkcs8)?, der::INTEGER)?;
    let (algorithm, rest) = der::tagged(rest, der::SEQUENCE)?;
    let (key, _attributes) = der::tagged(rest, der::OCTETS)?;
    Some((purpose(algorithm)?, key))
}

/// As [`private`], of an SPKI.
pub(super) fn public(spki: &[u8]) -> Option<(Purpose, &[u8])> {
    let (algorithm, rest) = der::tagged(der::whole_sequence(spki)?, der::SEQUENCE)?;
    let (bits, rest) = der::tagged(rest, der::BITS)?;
    let key = bits.strip_prefix(&[0]).filter(|_| rest.is_empty())?;
    Some((purpose(algorithm)?, key))
}

const RSASSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const MGF1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08];
/// What the object IDs of SHA-256, SHA-384 and SHA-512 begin with.
const SHA_2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];

fn purpose(algorithm: &[u8]) -> Option<Purpose> {
    let (id, parameters) = der::tagged(algorithm, der::OBJECT_ID)?;
    if id != RSASSA_PSS {
        return None;
    }
    Some(match parameters {
        [] => Purpose::Pss,
        _ => only_algorithm(parameters).map_or(Purpose::Nothing, Purpose::Only),
    })
}

/// The algorithm that has these parameters. Hash and mask have SHA-1 where they are absent, which none has.
fn only_algorithm(parameters: &[u8]) -> Option<Algorithm> {
    let rest = &mut der::whole_sequence(parameters)?;
    let (algorithm, hash_bytes) = hash(optional(rest, 0xa0)?)?;
    let (mask, mask_hash) = der::tagged(der::whole_sequence(optional(rest, 0xa1)?)?, der::OBJECT_ID)?;
    // RFC 4055 §3.1: the least that a signature's salt may have; RFC 7518 §3.5 gives it the hash's length.
    let salt = match optional(rest, 0xa2) {
        None => 20,
        Some([der::INTEGER, 1, length @ 0..=0x7f]) => *length,
        Some(_) => return None,
    };
    let has_usual_trailer = optional(rest, 0xa3).is_none_or(|trailer| trailer == [der::INTEGER, 1, 1]);
    let fits = mask == MGF1 && hash(mask_hash)?.0 == algorithm && salt <= hash_bytes && has_usual_trailer;
    (fits && rest.is_empty()).then_some(algorithm)
}

/// The content of the next element, if it has this tag.
fn optional<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (content, after) = der::tagged(rest, tag)?;
    *rest = after;
    Some(content)
}

/// The algorithm with this hash, and the hash's length.
fn hash(identifier: &[u8]) -> Option<(Algorithm, u8)> {
    const NULL: &[u8] = &[5, 0];
    let (id, parameters) = der::tagged(der::whole_sequence(identifier)?, der::OBJECT_ID)?;
    let hash = match id.strip_prefix(SHA_2)? {
        [1] => (Algorithm::PS256, 32),
        [2] => (Algorithm::PS384, 48),
        [3] => (Algorithm::PS512, 64),
        _ => return None,
    };
    (parameters.is_empty() || parameters == NULL).then_some(hash)
}
