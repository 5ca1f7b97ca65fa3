//! What is read out of a payload, against `serde_json`: whatever bytes an issuer signs.

use crate::app::{NOW, SECRET};
use crate::forge::{b64, hs256};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{InvalidToken, JwtConfig, JwtError, JwtManager};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::fmt;

/// Within a claim, objects and lists may nest to less than 32; the claims set is one more.
const MAX_DEPTH: usize = 33;

/// Compares verdict and values; whether the payload was taken for a claims set.
pub(crate) fn agrees(jwt: &JwtManager, payload: &[u8]) -> bool {
    let message = format!("{}.{}", b64(r#"{"alg":"HS256","typ":"JWT"}"#), b64(payload));
    let token = format!("{message}.{}", b64(hs256(&message, SECRET.as_bytes())));
    let shown = String::from_utf8_lossy(payload);
    let expected = expected(payload);
    match jwt.decode_token(&token) {
        Ok(verified) => {
            let expected = expected.unwrap_or_else(|reason| panic!("accepted, though {reason}: {shown}"));
            assert_eq!(verified.claims(), &expected, "{shown}");
            for (name, ours) in [("jti", verified.jti()), ("csrf", verified.csrf()), ("sid", verified.session_id())] {
                assert_eq!(ours, expected.get(name).and_then(Value::as_str), "{name}: {shown}");
            }
            for (name, ours) in [("exp", verified.expires_at()), ("iat", verified.issued_at())] {
                let number = expected.get(name).and_then(Value::as_f64);
                assert_eq!(ours, number.map(|number| number.trunc() as i64), "{name}: {shown}");
            }
            assert_eq!(verified.identity_value(), expected.get("sub").unwrap_or(&Value::Null), "{shown}");
            true
        }
        Err(JwtError::InvalidToken(InvalidToken::Payload(reason))) => {
            assert!(expected.is_err(), "refused, because {reason}: {shown}");
            false
        }
        // Refused for what a claim is, not for how it is written.
        Err(_) => expected.is_ok(),
    }
}

/// Looks at no more than it must.
pub(crate) fn judge() -> JwtManager {
    let config = JwtConfig::new().secret_key(SECRET).verify_sub(false).token_cache_size(0);
    JwtManager::builder(config).clock(ManualClock::at(NOW as u64)).build().unwrap()
}

/// What `serde_json` makes of it, where no name comes twice and nothing nests too deeply.
fn expected(payload: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(payload).map_err(|error| error.to_string())?;
    serde_json::from_str::<Strict<MAX_DEPTH>>(text).map_err(|error| error.to_string())?;
    match serde_json::from_str(text).map_err(|error| error.to_string())? {
        Value::Object(members) => Ok(members),
        _ => Err("it is no object".to_owned()),
    }
}

/// Written for this test alone, and as simply as can be.
struct Strict<const DEPTH: usize>;

thread_local! {
    static DEPTH_NOW: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

impl<'de, const DEPTH: usize> Deserialize<'de> for Strict<DEPTH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor::<DEPTH>)
    }
}

struct StrictVisitor<const DEPTH: usize>;

impl<const DEPTH: usize> StrictVisitor<DEPTH> {
    fn deeper<T, E: serde::de::Error>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let depth = DEPTH_NOW.get();
        if depth + 1 >= DEPTH {
            return Err(E::custom("too deep"));
        }
        DEPTH_NOW.set(depth + 1);
        let result = work();
        DEPTH_NOW.set(depth);
        result
    }
}

impl<'de, const DEPTH: usize> Visitor<'de> for StrictVisitor<DEPTH> {
    type Value = Strict<DEPTH>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Strict)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        Self::deeper(|| {
            while seq.next_element::<Strict<DEPTH>>()?.is_some() {}
            Ok(Strict)
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        Self::deeper(|| {
            let mut names = HashSet::new();
            while let Some((name, _)) = map.next_entry::<String, Strict<DEPTH>>()? {
                if !names.insert(name) {
                    return Err(A::Error::custom("twice"));
                }
            }
            Ok(Strict)
        })
    }
}

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

    /// Some JSON, and some that nearly is.
    fn value(&mut self, depth: usize) -> String {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0..=5 => self.pick(&SCALARS).to_owned(),
            6 => {
                let items: Vec<String> = (0..self.below(4)).map(|_| self.value(depth - 1)).collect();
                format!("[{}]", items.join(","))
            }
            7 => self.object(depth - 1, 4),
            _ => {
                let levels = self.below(36);
                format!("{}{}{}", "[".repeat(levels), self.pick(&SCALARS), "]".repeat(levels))
            }
        }
    }

    fn object(&mut self, depth: usize, most: usize) -> String {
        let members: Vec<String> =
            (0..self.below(most)).map(|_| format!("{}:{}", self.pick(&NAMES), self.value(depth))).collect();
        format!("{{{}}}", members.join(self.pick(&[",", ",", ",", " ,\n"])))
    }
}

const NAMES: [&str; 24] = [
    r#""sub""#,
    r#""jti""#,
    r#""exp""#,
    r#""nbf""#,
    r#""iat""#,
    r#""aud""#,
    r#""iss""#,
    r#""sid""#,
    r#""csrf""#,
    r#""type""#,
    r#""fresh""#,
    r#""s\u0075b""#,
    r#""ex\u0070""#,
    r#""a""#,
    r#""b""#,
    r#""c""#,
    r#""d""#,
    r#""e""#,
    r#""f""#,
    r#""g""#,
    r#""h""#,
    r#""""#,
    r#""\ud83e\udd80""#,
    r#""ü""#,
];

const SCALARS: [&str; 34] = [
    "0",
    "-0",
    "1",
    "1700000000",
    "1900000000",
    "1900000000.75",
    "1.9e9",
    "999999999999999999",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "253402300800",
    "1e400",
    "-1e400",
    "0.0",
    "-0.0",
    "01",
    "-01",
    "1.",
    ".5",
    "NaN",
    "true",
    "false",
    "null",
    r#""ada""#,
    r#""access""#,
    r#""refresh""#,
    r#""a\nb""#,
    r#""\ud800""#,
    r#""\u0000""#,
    "\"\u{7f}é日🦀\"",
    "\"a\tb\"",
    r#""""#,
];

#[test]
fn payloads_are_read_as_serde_json_reads_them() {
    let (jwt, mut dice) = (judge(), Dice(7));
    let (mut cases, mut good) = (0, 0);
    for _ in 0..15_000 {
        let mut payload = dice.object(3, 24).into_bytes();
        good += usize::from(agrees(&jwt, &payload));
        let at = dice.below(payload.len());
        match dice.below(4) {
            0 => drop(payload.remove(at)),
            1 => payload.insert(at, payload[at]),
            2 => payload[at] = b"\"\\{}[]:,0-1.eE \n\0ax\x7f\xff"[dice.below(21)],
            _ => payload.truncate(at),
        }
        good += usize::from(agrees(&jwt, &payload));
        cases += 2;
    }
    assert!(good > cases / 20 && good < cases, "{good} of {cases} were claims sets");
}
