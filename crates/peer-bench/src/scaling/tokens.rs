//! Tokens of a certain size, and with many roles; HS256.

use crate::token::{DAY, SUBJECT, sign, unix_time};
use jsonwebtoken::Algorithm;

/// A claim of the application's own, with name, value and what is around them.
const OWN_CLAIM: usize = 40;
/// With an empty value.
const SHORTEST_OWN_CLAIM: usize = r#","own_000":"""#.len();
/// Of a token: its header, its signature and two dots.
const AROUND_PAYLOAD: usize = 36 + 43 + 2;

/// A token of so many bytes, or one less: it is filled up with claims of the application's own.
pub fn of_size(bytes: usize) -> String {
    filled_up(claims(), bytes)
}

/// The same; none is equal to another.
pub fn distinct(bytes: usize) -> String {
    filled_up(format!(r#"{},"jti":"{}""#, claims(), uuid::Uuid::new_v4()), bytes)
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

fn filled_up(mut claims: String, bytes: usize) -> String {
    let payload = (bytes - AROUND_PAYLOAD) * 3 / 4;
    let mut room = payload - claims.len() - "}".len();
    let mut at = 0;
    while room > 0 {
        let length = if room < 2 * OWN_CLAIM { room } else { OWN_CLAIM };
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
            assert!([size - 1, size].contains(&of_size(size).len()), "{size}");
        }
        assert_ne!(distinct(340), distinct(340));
    }
}
