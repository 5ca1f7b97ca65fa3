//! As much of DER (X.690) as tells keys apart and writes them: an element after the other, in order.

use zeroize::Zeroizing;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OBJECT_ID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;

/// An element's tag, its content, and what follows it.
///
/// `None` = no DER, less than it says, or longer than any key is (its length takes more than four bytes).
pub(super) fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0x80 | 0x85.. => return None,
        0x81..=0x84 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        short => (usize::from(*short), rest),
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// The content of an element that must have this tag, and what follows it.
pub(super) fn tagged(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    element(der).filter(|(own, ..)| *own == tag).map(|(_, content, rest)| (content, rest))
}

/// The content of a sequence with nothing behind it.
pub(super) fn whole_sequence(der: &[u8]) -> Option<&[u8]> {
    tagged(der, SEQUENCE).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// An element of this tag around these parts.
pub(super) fn encoded(tag: u8, parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let used = without_leading_zeros(&octets);
    // Allocated once: what grows leaves copies behind.
    let mut der = Zeroizing::new(Vec::with_capacity(2 + used.len() + length));
    der.push(tag);
    match u8::try_from(length) {
        Ok(short @ ..=0x7f) => der.push(short),
        _ => {
            der.push(0x80 | used.len() as u8);
            der.extend(used);
        }
    }
    parts.iter().for_each(|part| der.extend(*part));
    der
}

/// A number that is not negative, of these octets.
pub(super) fn integer(octets: &[u8]) -> Zeroizing<Vec<u8>> {
    match without_leading_zeros(octets) {
        number @ ([] | [0x80..=0xff, ..]) => encoded(INTEGER, &[&[0], number]),
        number => encoded(INTEGER, &[number]),
    }
}

pub(super) fn without_leading_zeros(octets: &[u8]) -> &[u8] {
    octets.get(octets.iter().take_while(|octet| **octet == 0).count()..).unwrap_or_default()
}
