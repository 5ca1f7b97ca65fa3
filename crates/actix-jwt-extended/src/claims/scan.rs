//! The usual claims set, read in one pass.
//!
//! Compact JSON, flat but for lists of strings, without escapes: what nearly every issuer writes. For
//! anything else the answer is `None`, and the full parser decides. So this reads a part of JSON, and what
//! it reads it reads as that parser does: the tests compare the two.

use super::members::Members;
use super::name::{Head, Known};
use crate::encoding::strict_json::Scalar;
use std::borrow::Cow;

/// Each member of the object in its place. `None` = not that simple: the full parser must decide.
pub(super) fn scan<'a>(json: &'a str, identity_claim: &'a str) -> Option<Members<'a>> {
    if !is_plain(json.as_bytes()) {
        return None;
    }
    let mut members = Members::none_yet(json, identity_claim);
    let mut rest = Rest { json, bytes: json.as_bytes().strip_prefix(b"{")? };
    loop {
        let put = match rest.known_name() {
            Some(known) => members.put(known, rest.value(known == Known::Audience)?),
            None => {
                let name = rest.string()?;
                rest.bytes = rest.bytes.strip_prefix(b":")?;
                members.put_other(Cow::Borrowed(name), rest.value(false)?)
            }
        };
        put.ok()?;
        match rest.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    rest.bytes.is_empty().then_some(members)
}

/// What has not been read yet.
struct Rest<'a> {
    json: &'a str,
    bytes: &'a [u8],
}

impl<'a> Rest<'a> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// The next name, if it is one of ours, with its colon.
    fn known_name(&mut self) -> Option<Known> {
        let (known, length) = Known::at_start(*self.bytes.first_chunk::<{ size_of::<Head>() }>()?)?;
        self.bytes = self.bytes.get(length..)?;
        Some(known)
    }

    fn value(&mut self, keep_list: bool) -> Option<Scalar<'a>> {
        let (value, rest) = match self.bytes {
            [b'"', ..] => return self.string().map(|text| Scalar::Text(Cow::Borrowed(text))),
            [b'-' | b'0'..=b'9', ..] => return self.integer().map(Scalar::Int),
            [b'[', ..] => return self.texts(keep_list),
            [b't', b'r', b'u', b'e', rest @ ..] => (Scalar::Bool(true), rest),
            [b'f', b'a', b'l', b's', b'e', rest @ ..] => (Scalar::Bool(false), rest),
            [b'n', b'u', b'l', b'l', rest @ ..] => (Scalar::Null, rest),
            _ => return None,
        };
        self.bytes = rest;
        Some(value)
    }

    /// A string without escapes: a slice of the text.
    fn string(&mut self) -> Option<&'a str> {
        let bytes = self.bytes.strip_prefix(b"\"")?;
        let (text, quote) = bytes.split_at_checked(length_of_string(bytes)?)?;
        let start = self.json.len() - bytes.len();
        self.bytes = quote.get(1..)?;
        self.json.get(start..start + text.len())
    }

    /// Up to 18 digits: whatever they are, an `i64` holds it.
    fn integer(&mut self) -> Option<i64> {
        let digits = self.bytes.strip_prefix(b"-").unwrap_or(self.bytes);
        let (mut value, mut rest) = (0_i64, digits);
        while let [digit @ b'0'..=b'9', after @ ..] = rest {
            value = value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            rest = after;
        }
        let is_negative = digits.len() < self.bytes.len();
        let length = digits.len() - rest.len();
        let fits = match digits {
            // Minus zero is a float.
            [b'0', ..] => length == 1 && !is_negative,
            _ => (1..=18).contains(&length),
        };
        if !fits || matches!(rest, [b'.' | b'e' | b'E', ..]) {
            return None;
        }
        self.bytes = rest;
        Some(if is_negative { -value } else { value })
    }

    fn texts(&mut self, keep: bool) -> Option<Scalar<'a>> {
        self.bytes = self.bytes.strip_prefix(b"[")?;
        let mut texts = Vec::new();
        if let Some(after) = self.bytes.strip_prefix(b"]") {
            self.bytes = after;
        } else {
            loop {
                let text = self.string()?;
                if keep {
                    texts.push(text.into());
                }
                match self.next()? {
                    b',' => {}
                    b']' => break,
                    _ => return None,
                }
            }
        }
        Some(if keep { Scalar::TextList(texts) } else { Scalar::Compound })
    }
}

/// Whether a text has neither escapes nor control characters, so that a string ends at the next quote.
fn is_plain(bytes: &[u8]) -> bool {
    // Without an early end, so that the compiler compares many bytes at a time.
    !bytes.iter().fold(false, |found, byte| found | (*byte < b' ') | (*byte == b'\\'))
}

/// The length of a string up to its closing quote; eight bytes at a time, as most are short.
fn length_of_string(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        // The top bit of each byte that is a quote. The lowest is exact; those above it may be carried over.
        let quotes = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b'"'));
        let ends = quotes.wrapping_sub(ONES) & !quotes & TOPS;
        if ends != 0 {
            return Some(bytes.len() - rest.len() + (ends.trailing_zeros() / 8) as usize);
        }
        rest = after;
    }
    rest.iter().position(|byte| *byte == b'"').map(|at| bytes.len() - rest.len() + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::ClaimsSet;
    use crate::claims::parse::parse;
    use serde_json::{Map, Value};

    /// Numbers that look random and are the same in each run (SplitMix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) % end as u64) as usize
        }

        fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
            from[self.below(from.len())]
        }
    }

    const NAMES: [&str; 17] = [
        "aud", "csrf", "exp", "fresh", "iat", "iss", "jti", "nbf", "sid", "sub", "type", "uid", "roles", "", "ex",
        "expo", "ü",
    ];

    const PLAIN: [&str; 26] = [
        "0",
        "7",
        "-7",
        "1800000000",
        "999999999999999999",
        "-999999999999999999",
        "true",
        "false",
        "null",
        "\"\"",
        "\"ada\"",
        "\"access\"",
        "\"refresh\"",
        "\"1234567\"",
        "\"12345678\"",
        "\"123456789\"",
        "\"grüße\"",
        "\"日本\u{7f}\"",
        "\"f81d4fae-7dec-41d0-a765-00a0c91e6bf6\"",
        "[]",
        "[\"web\"]",
        "[\"web\",\"app\"]",
        "[\"\"]",
        "\"a b\"",
        "\"{}[],:\"",
        "\"'\"",
    ];

    /// JSON that the scan leaves to the parser, and what is no JSON at all.
    const OTHERS: [&str; 44] = [
        "9223372036854775807",
        "-9223372036854775809",
        "1e400",
        "-01",
        "\"\\ud800\"",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "1.5",
        "1e3",
        "1E3",
        "-0",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1000000000000000000",
        "18446744073709551616",
        "-9223372036854775808",
        "NaN",
        "Infinity",
        "tru",
        "nul",
        "True",
        "\"\\u0061\"",
        "\"\\\"\"",
        "\"\\\\\"",
        "\"a\\nb\"",
        "\"\t\"",
        "\"a\u{0}\"",
        "\"1234567\u{1f}\"",
        "\"12345678\u{1f}\"",
        "\"open",
        "[1]",
        "[\"a\",1]",
        "[\"a\",]",
        "[,]",
        "[[]]",
        "{}",
        "{\"a\":1}",
        "{\"a\":1,\"a\":2}",
        "",
        " 1",
        "1 ",
        "/**/1",
    ];

    const SYNTAX: &[u8] = b"\"\\{}[]:,0-1.eE \n\0ax\x7f";

    fn object(dice: &mut Dice, values: &[&str]) -> String {
        let members: Vec<String> =
            (0..dice.below(22)).map(|_| format!("\"{}\":{}", dice.pick(&NAMES), dice.pick(values))).collect();
        format!("{{{}}}", members.join(","))
    }

    /// What the scan reads, the parser reads the same. Whether it read it.
    fn agrees(json: &str, identity_claim: &str) -> bool {
        let Some(scanned) = scan(json, identity_claim) else { return false };
        match parse(json, identity_claim) {
            Ok(parsed) => assert_eq!(scanned, parsed, "{json}"),
            Err(error) => panic!("{json} was scanned: {error}"),
        }
        // And as `serde_json` reads it without us.
        let object: Map<String, Value> = serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        let Ok(claims) = ClaimsSet::parse(json.to_owned(), &identity_claim.into()) else { return true };
        let texts = [
            ("jti", &claims.jwt_id),
            ("sid", &claims.session_id),
            ("sub", &claims.subject),
            ("csrf", &claims.csrf),
            ("iss", &claims.issuer),
            (identity_claim, &claims.identity),
        ];
        for (name, text) in texts {
            assert_eq!(claims.text(text), object.get(name).and_then(Value::as_str), "{name}: {json}");
        }
        for (name, time) in [("exp", claims.expiration), ("nbf", claims.not_before), ("iat", claims.issued_at)] {
            assert_eq!(time, object.get(name).and_then(Value::as_i64), "{name}: {json}");
        }
        true
    }

    #[test]
    fn agrees_with_the_parser() {
        let mut dice = Dice(1);
        let (mut scanned, mut cases) = (0, 0);
        let all: Vec<&str> = PLAIN.iter().chain(&OTHERS).copied().collect();
        for round in 0..60_000 {
            let json = object(&mut dice, if round % 4 == 0 { &all } else { &PLAIN });
            scanned += usize::from(agrees(&json, dice.pick(&["sub", "uid"])));
            // And with one byte removed, doubled, or replaced by another.
            let mut altered = json.clone().into_bytes();
            let at = dice.below(altered.len());
            match dice.below(3) {
                0 => drop(altered.remove(at)),
                1 => altered.insert(at, altered[at]),
                _ => altered[at] = SYNTAX[dice.below(SYNTAX.len())],
            }
            if let Ok(altered) = std::str::from_utf8(&altered) {
                scanned += usize::from(agrees(altered, "sub"));
            }
            cases += 2;
        }
        assert!(scanned > cases / 10, "only {scanned} of {cases} were scanned");
    }

    #[test]
    fn reads_what_issuers_write() {
        for (n, name) in NAMES.iter().enumerate() {
            for value in PLAIN {
                assert!(agrees(&format!("{{\"{name}\":{value}}}"), "uid"), "{name}: {value}");
                let other = NAMES[(n + 1) % NAMES.len()];
                assert!(agrees(&format!("{{\"{other}\":1,\"{name}\":{value},\"x\":\"y\"}}"), "sub"), "{name}: {value}");
            }
        }
    }

    #[test]
    fn leaves_everything_else_to_the_parser() {
        for value in OTHERS {
            assert!(!agrees(&format!("{{\"own\":{value}}}"), "sub"), "{value}");
        }
        for json in [
            "",
            "{",
            "{}",
            "{\"a\"}",
            "{\"a\":1",
            "{\"a\":1,}",
            " {\"a\":1}",
            "{\"a\":1} ",
            "{\"a\":1}{",
            "[]",
            "{\"a\": 1}",
        ] {
            assert!(!agrees(json, "sub"), "{json}");
        }
        // A name twice, ours or another, in any place.
        for name in NAMES {
            assert!(!agrees(&format!("{{\"{name}\":1,\"z\":2,\"{name}\":3}}"), "uid"), "{name}");
        }
    }

    #[test]
    fn strings_end_at_their_quote_wherever_it_stands() {
        for length in 0..40 {
            let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
            for tail in ["", "\"", "\\", "\u{1f}", "xxxxxxxxxxxx"] {
                let bytes = format!("{text}\"{tail}");
                assert_eq!(length_of_string(bytes.as_bytes()), Some(text.len()), "{bytes:?}");
            }
            assert_eq!(length_of_string(text.as_bytes()), None);
            assert!(is_plain(text.as_bytes()));
            for odd in ["\\", "\0", "\u{1f}", "\n"] {
                assert!(!is_plain(format!("{text}{odd}xxx").as_bytes()), "{text}{odd:?}");
            }
        }
    }
}
