//! As much of DER (X.690) as tells keys apart: an element after the other, in order.

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
