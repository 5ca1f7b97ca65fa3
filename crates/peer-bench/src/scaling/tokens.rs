//! Tokens of a certain size, and with many roles; HS256.

use crate::token::{DAY, SUBJECT, sign, unix_time};
use jsonwebtoken::Algorithm;

/// The length of a claim of the application's own, with name, value and what is around them, where there are many.
const OWN_CLAIM: usize = 40;
/// With an empty value.
const SHORTEST_OWN_CLAIM: usize = r#","own_000":"""#.len();
/// Of a token: its header, its signature and two dots.
const AROUND_PAYLOAD: usize = 36 + 43 + 2;

/// A token of so many bytes, or one less: it is filled up with claims of the application's own.
pub fn of_size(bytes: usize) -> String {
    filled_up(claims(), bytes, OWN_CLAIM)
}

/// The same, filled up with one claim.
pub fn of_size_with_one_claim(bytes: usize) -> String {
    filled_up(claims(), bytes, bytes)
}

/// As the first; none is equal to another.
pub fn distinct(bytes: usize) -> String {
    filled_up(format!(r#"{},"jti":"{}""#, claims(), uuid::Uuid::new_v4()), bytes, OWN_CLAIM)
}

pub fn with_roles(roles: usize) -> String {
    let roles: Vec<String> = (0..roles).map(|at| format!(r#""{}""#, role(at))).collect();
    hs256(&format!(r#"{},"roles":[{}]}}"#, claims(), roles.join(",")))
}

pub fn role(at: usize) -> String {
    format!("role-{at:03}")
}

/// Without the closing brace.
fn claims() -> String {
    format!(r#"{{"type":"access","sub":"{SUBJECT}","exp":{}"#, unix_time() + DAY.as_secs())
}

fn filled_up(mut claims: String, bytes: usize, own_claim: usize) -> String {
    let payload = (bytes - AROUND_PAYLOAD) * 3 / 4;
    let mut room = payload - claims.len() - "}".len();
    let mut at = 0;
    while room > 0 {
        let length = if room < 2 * own_claim { room } else { own_claim };
        let value = "x".repeat(length - SHORTEST_OWN_CLAIM);
        claims.push_str(&format!(r#","own_{at:03}":"{value}""#));
        room -= length;
        at += 1;
    }
    claims.push('}');
    hs256(&claims)
}

fn hs256(claims: &str) -> String {
    sign(Algorithm::HS256, claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto;

    #[test]
    fn tokens_have_the_size_that_is_asked_for() {
        crypto::install();
        for size in [200, 340, 1000, 8192] {
            for token in [of_size(size), of_size_with_one_claim(size)] {
                assert!([size - 1, size].contains(&token.len()), "{size}");
            }
        }
        assert_ne!(distinct(340), distinct(340));
    }
}
