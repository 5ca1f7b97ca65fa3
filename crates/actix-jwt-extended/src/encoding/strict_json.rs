//! JSON as a token may contain it: no member name twice, at any depth, and a bounded depth.
//!
//! RFC 8725 §2.4 and RFC 7515 §4 leave a parser the choice between "last wins" and refusal for
//! duplicate names; two parsers that choose differently read two meanings out of one signed token.

use foldhash::quality::RandomState;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// How deep objects and lists may nest. A claims set has no use for more.
const MAX_DEPTH: usize = 32;

/// Up to here a linear search over the names seen beats a hash set.
const LINEAR_NAMES: usize = 16;

/// The only name in the map as which `serde_json` gives a number that is no `u64` and no `i64`, where some crate of the
/// build has turned on its feature `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// One member's value, read without building what nobody asks for.
#[derive(Debug)]
pub(crate) enum Scalar<'de> {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no `i64`: with a fraction, an exponent, or too large.
    Float(f64),
    /// The text of such a number, within the map of [`NUMBER`]; nowhere else.
    NumberText(f64),
    Text(Cow<'de, str>),
    /// A list that holds strings only (asked for by [`ScalarSeed::WITH_LIST`]).
    TextList(Vec<Box<str>>),
    /// An object or a list without anything in it, unless it is a list that was asked for.
    Empty,
    /// Any other object, or list that was not asked for or holds something else; checked, then dropped.
    Compound,
}

/// Reads one value as a [`Scalar`].
#[derive(Clone, Copy)]
pub(crate) struct ScalarSeed {
    depth: usize,
    keep_list: bool,
}

impl ScalarSeed {
    pub(crate) const PLAIN: Self = Self { depth: MAX_DEPTH, keep_list: false };
    pub(crate) const WITH_LIST: Self = Self { depth: MAX_DEPTH, keep_list: true };

    fn nested<E: de::Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) if depth > 0 => Ok(Self { depth, keep_list: false }),
            _ => Err(too_deep()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Scalar<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
        // Beyond i64 the exact value no longer matters to anyone: it is out of every range.
        Ok(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    /// JSON's texts are borrowed or lent. What is given away is the text of a number, in the map of [`NUMBER`].
    fn visit_string<E: de::Error>(self, value: String) -> Result<Scalar<'de>, E> {
        let number = value.parse().ok().filter(|number: &f64| number.is_finite());
        number.map(Scalar::NumberText).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        let inner = self.nested()?;
        let mut texts = self.keep_list.then(Vec::new);
        let mut other = Scalar::Empty;
        while let Some(item) = seq.next_element_seed(inner)? {
            other = Scalar::Compound;
            texts = match (texts, item) {
                (Some(mut texts), Scalar::Text(text)) => {
                    texts.push(text.into_owned().into_boxed_str());
                    Some(texts)
                }
                _ => None,
            };
        }
        Ok(texts.map_or(other, Scalar::TextList))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        let inner = self.nested::<A::Error>();
        let mut seen = Names::default();
        while let Some(name) = map.next_key_seed(NameSeed)? {
            // A number is no nesting, so it is allowed where nothing else is.
            let seed = match &inner {
                Err(_) if name == NUMBER => self,
                _ => *inner.as_ref().map_err(|_| too_deep())?,
            };
            if !seen.insert(name) {
                return Err(duplicate());
            }
            if let Scalar::NumberText(number) = map.next_value_seed(seed)? {
                return Ok(Scalar::Float(number));
            }
        }
        inner?;
        Ok(if seen.is_empty() { Scalar::Empty } else { Scalar::Compound })
    }
}

/// Reads a member's name, borrowed where the text has no escapes.
pub(crate) struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for NameSeed {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

/// The names of one object so far.
#[derive(Default)]
#[cfg_attr(test, derive(Debug, PartialEq))]
pub(crate) struct Names<'de> {
    few: Vec<Cow<'de, str>>,
    many: HashSet<Cow<'de, str>, RandomState>,
}

impl<'de> Names<'de> {
    fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    /// Remembers `name`; `false` = it was there already.
    pub(crate) fn insert(&mut self, name: Cow<'de, str>) -> bool {
        if self.many.is_empty() && self.few.len() < LINEAR_NAMES {
            if self.few.is_empty() {
                // At once, so that it need not grow for what most claims sets hold.
                self.few.reserve(LINEAR_NAMES / 2);
            }
            let is_new = !self.few.contains(&name);
            self.few.push(name);
            is_new
        } else {
            self.many.extend(self.few.drain(..));
            self.many.insert(name)
        }
    }
}

fn too_deep<E: de::Error>() -> E {
    E::custom("nested too deeply")
}

pub(crate) fn duplicate<E: de::Error>() -> E {
    E::custom("duplicate member name")
}

/// Any JSON value, checked by the rules of this module and dropped.
#[cfg(test)]
pub(crate) struct Checked;

#[cfg(test)]
impl<'de> de::Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ScalarSeed::PLAIN.deserialize(deserializer).map(|_| Self)
    }
}

/// What a parser's error says, without the position (it means little inside a base64url segment).
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((reason, _)) => reason.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `serde_json` gives a number's text with its feature `arbitrary_precision`.
    fn read_number(seed: ScalarSeed, text: &str) -> Result<Scalar<'static>, de::value::Error> {
        let entries = [(NUMBER, text.to_owned())].into_iter();
        seed.deserialize(de::value::MapDeserializer::new(entries))
    }

    #[test]
    fn fractions_are_numbers_with_arbitrary_precision_too() {
        let last = ScalarSeed { depth: 1, ..ScalarSeed::PLAIN };
        for seed in [ScalarSeed::PLAIN, ScalarSeed::WITH_LIST, last] {
            assert!(matches!(read_number(seed, "12.5"), Ok(Scalar::Float(12.5))));
            assert!(matches!(read_number(seed, "18446744073709551616"), Ok(Scalar::Float(1.8446744073709552e19))));
            assert_eq!(read_number(seed, "1e400").unwrap_err().to_string(), "number out of range");
        }
        // Who writes such a map into a token has written a map, which nests.
        let forged = |seed: ScalarSeed, value: &str| {
            let json = format!(r#"{{"{NUMBER}":{value}}}"#);
            format!("{:?}", seed.deserialize(&mut serde_json::Deserializer::from_str(&json)))
        };
        for text in ["\"12.5\"", "\"12\\u002e5\""] {
            assert_eq!(forged(ScalarSeed::PLAIN, text), "Ok(Compound)");
            assert!(forged(last, text).starts_with("Err(Error(\"nested too deeply\""));
        }
        assert!(forged(last, "[1]").starts_with("Err(Error(\"nested too deeply\""));
    }

    fn accepts(json: &str) -> bool {
        serde_json::from_str::<Checked>(json).is_ok()
    }

    #[test]
    fn duplicates_are_refused_at_any_depth_and_in_any_spelling() {
        assert!(accepts(r#"{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}"#));
        assert!(!accepts(r#"{"a":1,"a":1}"#));
        assert!(!accepts(r#"{"a":1,"\u0061":1}"#));
        assert!(!accepts(r#"{"x":{"y":[{"a":1,"a":2}]}}"#));
    }

    #[test]
    fn duplicates_are_found_past_the_linear_search() {
        for repeated in [0, LINEAR_NAMES - 1, LINEAR_NAMES, LINEAR_NAMES + 5, 99] {
            let mut names: Vec<String> = (0..100).map(|n| format!(r#""n{n}":{n}"#)).collect();
            assert!(accepts(&format!("{{{}}}", names.join(","))));
            names.push(format!(r#""n{repeated}":0"#));
            assert!(!accepts(&format!("{{{}}}", names.join(","))), "n{repeated} twice");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nest = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(accepts(&nest(MAX_DEPTH - 1)));
        assert!(!accepts(&nest(MAX_DEPTH)));
        assert!(!accepts(&nest(4_000)));
        let objects = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        assert!(accepts(&objects(MAX_DEPTH - 1)));
        assert!(!accepts(&objects(MAX_DEPTH)));
    }
}
