//! Base64url without padding (RFC 7515 §2), strictly: one text for given bytes, and no other.

use base64::DecodeSliceError;
use base64::Engine as _;
use base64::engine::general_purpose::NO_PAD;
use std::sync::LazyLock;

/// With the CPU's vector instructions, where the crate knows them.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static ENGINE: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static ENGINE: LazyLock<base64::engine::GeneralPurpose> =
    LazyLock::new(|| base64::engine::GeneralPurpose::new(&base64::alphabet::URL_SAFE, NO_PAD));

/// How many bytes a text of this length decodes to, if it is base64url.
pub(crate) fn decoded_len(length: usize) -> usize {
    // Two characters over are one byte, three are two; one alone is none.
    length / 4 * 3 + (length % 4).saturating_sub(1)
}

/// `None` = no base64url.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    ENGINE.decode(text).ok()
}

/// Decodes to the beginning of `bytes`, which must have room for [`decoded_len`]; how many they are.
pub(crate) fn decode_to(text: &[u8], bytes: &mut [u8]) -> Result<usize, DecodeSliceError> {
    ENGINE.decode_slice(text, bytes)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    ENGINE.encode(bytes)
}

/// Appends to `text`. `None` = so long a text cannot be.
pub(crate) fn encode_to(bytes: &[u8], text: &mut Vec<u8>) -> Option<()> {
    let (_, place) = room_behind(text, bytes.len())?;
    ENGINE.encode_slice(bytes, place).ok().map(drop)
}

/// Appends to `buffer` what its own first bytes are in base64url. `None` = it has not so many.
pub(crate) fn append_encoded(buffer: &mut Vec<u8>, first: usize) -> Option<()> {
    let (before, place) = room_behind(buffer, first)?;
    ENGINE.encode_slice(before.get(..first)?, place).ok().map(drop)
}

/// What `buffer` holds, and behind it room for so many bytes in base64url. `None` = so long a text cannot be.
fn room_behind(buffer: &mut Vec<u8>, bytes: usize) -> Option<(&mut [u8], &mut [u8])> {
    let end = buffer.len();
    buffer.resize(end.checked_add(base64::encoded_len(bytes, false)?)?, 0);
    buffer.split_at_mut_checked(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    /// Every length around the vectors', with each position altered to every byte in turn.
    #[test]
    fn agrees_with_the_scalar_engine() {
        for length in 0..100_usize {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 37 + length) as u8).collect();
            let text = encode(&bytes);
            assert_eq!(text, URL_SAFE_NO_PAD.encode(&bytes));
            let mut appended = b"x.".to_vec();
            encode_to(&bytes, &mut appended).unwrap();
            assert_eq!(appended, format!("x.{text}").into_bytes());
            let mut own = [&bytes[..], b"."].concat();
            append_encoded(&mut own, length).unwrap();
            assert_eq!(own, [&bytes[..], b".", text.as_bytes()].concat());
            assert_eq!(append_encoded(&mut bytes.clone(), length + 1), None);
            assert_eq!(decoded_len(text.len()), length);
            let mut exact = vec![0; length];
            assert_eq!(decode_to(text.as_bytes(), &mut exact), Ok(length));
            assert_eq!(exact, bytes);
            assert_eq!(decode(text.as_bytes()), Some(bytes));
            for position in 0..text.len() {
                for byte in 0..=255 {
                    let mut altered = text.clone().into_bytes();
                    altered[position] = byte;
                    assert_eq!(decode(&altered), URL_SAFE_NO_PAD.decode(&altered).ok(), "{altered:?}");
                }
            }
        }
    }

    #[test]
    fn one_spelling_only() {
        for text in ["YQ==", "YQ=", "YR", "Y", "YWJ", "YWI ", " YWI", "YWI\n", "+///", "YW=I"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(decode(b"YQ"), Some(b"a".to_vec()));
        assert_eq!(decode(b""), Some(Vec::new()));
    }
}
