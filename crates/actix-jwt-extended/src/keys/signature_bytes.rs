//! The bytes of a signature: short ones need no allocation.

use crate::claims::Algorithm;
use crate::encoding::base64url::{self, decoded_len};

/// The longest signature of the algorithms that are used most: of HMAC, ES256, Ed25519 and ES384.
const SHORT: usize = 96;

/// No signature of this algorithm is longer, in bytes.
fn longest(algorithm: Algorithm) -> usize {
    match algorithm {
        // FIPS 204, table 2.
        Algorithm::MlDsa44 => 2420,
        Algorithm::MlDsa65 => 3309,
        Algorithm::MlDsa87 => 4627,
        // RSA with 8,192 bits. That those of an elliptic curve are shorter, its key says.
        _ => 1024,
    }
}

/// No signature of this algorithm is shorter, in bytes.
pub(super) fn shortest(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::HS256 => 32,
        Algorithm::HS384 => 48,
        Algorithm::HS512 | Algorithm::ES256 | Algorithm::EdDSA | Algorithm::Ed25519 => 64,
        Algorithm::ES384 => 96,
        Algorithm::ES512 => 132,
        Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => longest(algorithm),
        // RSA with 2,048 bits.
        _ => 256,
    }
}

pub(crate) enum Signature {
    Short([u8; SHORT], usize),
    Long(Vec<u8>),
}

impl Signature {
    pub(super) fn of(signature: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..signature.len()) {
            None => Self::Long(signature.to_vec()),
            Some(short) => {
                short.copy_from_slice(signature);
                Self::Short(bytes, signature.len())
            }
        }
    }

    /// `None` = no base64url, or longer than any signature of this algorithm.
    pub(crate) fn decode(segment: &[u8], algorithm: Algorithm) -> Option<Self> {
        let length = decoded_len(segment.len());
        if length > longest(algorithm) {
            None
        } else if length > SHORT {
            base64url::decode(segment).map(Self::Long)
        } else {
            let mut bytes = [0; SHORT];
            let length = base64url::decode_to(segment, &mut bytes).ok()?;
            Some(Self::Short(bytes, length))
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Short(bytes, length) => bytes.get(..*length).unwrap_or_default(),
            Self::Long(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_up_to_the_longest() {
        for (algorithm, longest) in [(Algorithm::RS256, 1024), (Algorithm::MlDsa87, 4627)] {
            for length in (0..=longest + 3).rev() {
                let bytes: Vec<u8> = (0..length).map(|n| (n * 31) as u8).collect();
                let decoded = Signature::decode(base64url::encode(&bytes).as_bytes(), algorithm);
                assert_eq!(decoded.is_some(), length <= longest, "{length}");
                assert!(decoded.is_none_or(|decoded| decoded.as_slice() == bytes), "{length}");
            }
        }
    }
}
