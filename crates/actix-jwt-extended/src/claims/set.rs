//! The claims set: what is known of it, borrowed from its own text.

use super::token_type::TokenType;
use std::ops::Range;
use std::sync::Arc;

/// Times beyond the year 9999, in either direction, are no times.
pub(crate) const MAX_NUMERIC_DATE: i64 = 253_402_300_799;

/// The `fresh` claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freshness {
    Always,
    Never,
    Until(i64),
}

/// A string claim: where it stands in the JSON text, or a copy if it had escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    Absent,
    At(Range<usize>),
    Unescaped(Box<str>),
    /// `null`: there, and means nobody.
    Null,
    /// There, but no string.
    Other,
}

impl Text {
    /// Whether the claim is there and no string.
    pub(crate) fn is_no_text(&self) -> bool {
        matches!(self, Self::Null | Self::Other)
    }
}

/// The `aud` claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AudienceClaim {
    Absent,
    One(Text),
    Many(Vec<Box<str>>),
    /// There, but neither a string nor a list of strings.
    Other,
}

/// What was seen in passing, among the claims that are not kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// There is a `type`.
    pub(crate) is_typed: bool,
    /// Something besides it says that the token is neither an access nor a refresh token.
    pub(crate) is_other_kind: bool,
    /// There is a `cnf` (RFC 7800 §3.1): the token is good only with a proof.
    pub(crate) is_bound: bool,
}

/// A claims set, parsed once; its own claims stay text until somebody asks.
pub(crate) struct ClaimsSet {
    pub(super) json: String,
    /// Of the application's own; `None` = `sub`. So the usual one counts no reference that all workers share.
    pub(super) identity_claim: Option<Arc<str>>,
    pub(crate) identity: Text,
    pub(crate) subject: Text,
    pub(crate) jwt_id: Text,
    pub(crate) session_id: Text,
    pub(crate) csrf: Text,
    pub(crate) issuer: Text,
    pub(crate) audience: AudienceClaim,
    pub(crate) token_type: TokenType,
    pub(crate) marks: Marks,
    pub(crate) fresh: Freshness,
    pub(crate) expiration: Option<i64>,
    pub(crate) not_before: Option<i64>,
    pub(crate) issued_at: Option<i64>,
}

impl ClaimsSet {
    /// At most how many bytes the set's text takes, and its members once they have been parsed.
    pub(super) fn memory(&self) -> usize {
        // A map of few members is one node of so many bytes; each further value takes its own share,
        // in a node that may be half empty or a list that has grown, with the allocation of its text.
        const NODE: usize = 736;
        const VALUE: usize = 288;
        let count = |wanted: u8| self.json.bytes().filter(|byte| *byte == wanted).count();
        let (maps, values) = (count(b'{'), count(b','));
        let others = values.saturating_sub(maps.saturating_mul(7));
        // The text itself, the copies that were parsed from it, and the rounding of few small allocations.
        2 * self.json.len() + 32 * values.min(16) + maps * NODE + others * VALUE
    }

    /// Reads members that are not kept.
    pub(crate) fn read<'a, T: serde::Deserialize<'a>>(&'a self) -> Option<T> {
        serde_json::from_str(&self.json).ok()
    }

    /// The text of a string claim of this set.
    pub(crate) fn text<'a>(&'a self, text: &'a Text) -> Option<&'a str> {
        match text {
            Text::At(range) => self.json.get(range.clone()),
            Text::Unescaped(text) => Some(text),
            Text::Absent | Text::Null | Text::Other => None,
        }
    }
}
