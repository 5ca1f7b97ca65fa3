//! ECDSA signatures as other tools give them.

use super::der;
use crate::claims::Algorithm;
use crate::error::SignerError;

/// An ECDSA signature in DER (RFC 3279 §2.2.3), as AWS, Google Cloud, OpenSSL and Java give it, in the form that JOSE
/// wants (RFC 7518 §3.4): `r` and `s` one after the other, each as long as the curve's order.
///
/// PKCS#11 and Azure Key Vault give that form already.
///
/// ```
/// use actix_jwt_extended::keys::{Algorithm, ecdsa_signature_from_der};
/// let signature = ecdsa_signature_from_der(Algorithm::ES256, &[0x30, 6, 2, 1, 7, 2, 1, 9])?;
/// assert_eq!((signature.len(), signature[31], signature[63]), (64, 7, 9));
/// # Ok::<(), actix_jwt_extended::keys::SignerError>(())
/// ```
///
/// # Errors
/// An algorithm other than `ES256`, `ES384` and `ES512`; what is no such DER to the letter; numbers that are zero,
/// negative, or longer than the curve's.
#[cfg_attr(docsrs, doc(cfg(feature = "asymmetric")))]
pub fn ecdsa_signature_from_der(algorithm: Algorithm, signature: &[u8]) -> Result<Vec<u8>, SignerError> {
    let length = match algorithm {
        Algorithm::ES256 => 32,
        Algorithm::ES384 => 48,
        Algorithm::ES512 => 66,
        _ => return Err(SignerError::new(format!("{algorithm} is no ECDSA algorithm"))),
    };
    fixed(signature, length)
        .ok_or_else(|| SignerError::new(format!("the signature is no ECDSA signature of {algorithm} in DER")))
}

fn fixed(signature: &[u8], length: usize) -> Option<Vec<u8>> {
    let (r, rest) = der::tagged(der::whole_sequence(signature)?, der::INTEGER)?;
    let (s, rest) = der::tagged(rest, der::INTEGER)?;
    // Lengths have longer forms, too, which DER does not allow.
    if !rest.is_empty() || encoded(r, s)? != signature {
        return None;
    }
    let mut fixed = Vec::with_capacity(2 * length);
    for number in [r, s] {
        let number = positive(number)?;
        fixed.resize(fixed.len() + length.checked_sub(number.len())?, 0);
        fixed.extend_from_slice(number);
    }
    Some(fixed)
}

/// The DER of two integers, whose contents these are.
fn encoded(r: &[u8], s: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for number in [r, s] {
        // No curve's are longer than 67 bytes.
        content.extend([der::INTEGER, u8::try_from(number.len()).ok().filter(|length| *length < 0x80)?]);
        content.extend_from_slice(number);
    }
    let length = u8::try_from(content.len()).ok()?;
    let head: &[u8] = if length < 0x80 { &[der::SEQUENCE, length] } else { &[der::SEQUENCE, 0x81, length] };
    Some([head, &content].concat())
}

/// A number without the byte that says that it is positive; `None` = it is not, or could be shorter.
fn positive(content: &[u8]) -> Option<&[u8]> {
    match content {
        [0, number @ ..] => number.first().filter(|first| **first >= 0x80).map(|_| number),
        [first, ..] => (*first < 0x80).then_some(content),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn convert(algorithm: Algorithm, der: &[u8]) -> Option<Vec<u8>> {
        ecdsa_signature_from_der(algorithm, der).ok()
    }

    #[test]
    fn both_numbers_have_the_curves_length() {
        for (algorithm, length) in [(Algorithm::ES256, 32), (Algorithm::ES384, 48), (Algorithm::ES512, 66)] {
            // The highest bit takes a byte more, which is no part of the number.
            let high = [vec![0, 0xff], vec![3; length - 1]].concat();
            let der = encoded(&high, &[1]).unwrap();
            let fixed = convert(algorithm, &der).unwrap();
            assert_eq!(fixed.len(), 2 * length);
            assert_eq!((&fixed[..2], &fixed[length..2 * length - 1]), (&[0xff, 3][..], &vec![0; length - 1][..]));
            assert_eq!(fixed[2 * length - 1], 1);
            // One byte more than the curve has.
            let long = encoded(&[vec![1], vec![3; length]].concat(), &[1]).unwrap();
            assert_eq!(convert(algorithm, &long), None);
        }
        assert!(convert(Algorithm::RS256, &[0x30, 6, 2, 1, 7, 2, 1, 9]).is_none());
        assert!(convert(Algorithm::EdDSA, &[0x30, 6, 2, 1, 7, 2, 1, 9]).is_none());
    }

    #[test]
    fn what_is_not_der_to_the_letter_is_refused() {
        let refused: &[(&str, &[u8])] = &[
            ("nothing", &[]),
            ("cut off", &[0x30, 6, 2, 1, 7, 2, 1]),
            ("a byte behind", &[0x30, 6, 2, 1, 7, 2, 1, 9, 0]),
            ("a byte behind within", &[0x30, 7, 2, 1, 7, 2, 1, 9, 0]),
            ("a third number", &[0x30, 9, 2, 1, 7, 2, 1, 9, 2, 1, 9]),
            ("one number", &[0x30, 3, 2, 1, 7]),
            ("a longer length", &[0x30, 0x81, 6, 2, 1, 7, 2, 1, 9]),
            ("a longer length within", &[0x30, 7, 2, 0x81, 1, 7, 2, 1, 9]),
            ("no end given", &[0x30, 0x80, 2, 1, 7, 2, 1, 9, 0, 0]),
            ("a zero", &[0x30, 6, 2, 1, 0, 2, 1, 9]),
            ("a negative number", &[0x30, 6, 2, 1, 0x80, 2, 1, 9]),
            ("a zero in front", &[0x30, 7, 2, 2, 0, 7, 2, 1, 9]),
            ("an empty number", &[0x30, 5, 2, 0, 2, 1, 9]),
            ("another type", &[0x30, 6, 3, 1, 7, 2, 1, 9]),
            ("no sequence", &[0x31, 6, 2, 1, 7, 2, 1, 9]),
            ("the form of JOSE", &[7; 64]),
        ];
        for (what, der) in refused {
            assert_eq!(convert(Algorithm::ES256, der), None, "{what}");
        }
        assert!(convert(Algorithm::ES256, &[0x30, 6, 2, 1, 7, 2, 1, 9]).is_some());
    }
}
