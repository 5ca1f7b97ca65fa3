//! The bytes of a signature: short ones need no allocation.

use crate::encoding::base64url::{self, decoded_len};

/// The longest signature there is: RSA with 8192 bits.
const MAX: usize = 1024;

/// The longest signature of any other algorithm (ES384).
const SHORT: usize = 96;

pub(crate) enum Signature {
    Short([u8; SHORT], usize),
    Long(Vec<u8>),
}

impl Signature {
    /// `None` = longer than a short one can be.
    pub(super) fn of(signature: &[u8]) -> Option<Self> {
        let mut bytes = [0; SHORT];
        bytes.get_mut(..signature.len())?.copy_from_slice(signature);
        Some(Self::Short(bytes, signature.len()))
    }

    /// `None` = no base64url, or longer than any signature.
    pub(crate) fn decode(segment: &[u8]) -> Option<Self> {
        let length = decoded_len(segment.len());
        if length > MAX {
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
        for length in (0..=MAX + 3).rev() {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 31) as u8).collect();
            let decoded = Signature::decode(base64url::encode(&bytes).as_bytes());
            assert_eq!(decoded.is_some(), length <= MAX, "{length}");
            assert!(decoded.is_none_or(|decoded| decoded.as_slice() == bytes), "{length}");
        }
    }
}
