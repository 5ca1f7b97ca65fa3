//! What a peer must do before it is measured: let the right token in, and no other.

use crate::peers::Peer;
use crate::token::{Fixture, SUBJECT};

/// What came back.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// The statuses of the answers, for the table.
pub struct Verdict {
    pub without: u16,
    pub tampered: u16,
    /// Not demanded, but told: not every peer looks at `exp`.
    pub expired: u16,
}

/// Asks through `send`; the error says what is wrong with the peer.
pub fn check(
    peer: &Peer,
    fixture: &Fixture,
    mut send: impl FnMut(Option<&str>) -> Result<Answer, String>,
) -> Result<Verdict, String> {
    let right = send(Some(&fixture.token))?;
    if right.status != 200 {
        return Err(format!("it answers {} to the right token", right.status));
    }
    let body: serde_json::Value = serde_json::from_slice(&right.body).map_err(|error| error.to_string())?;
    if body != serde_json::json!({ "logged_in_as": SUBJECT }) {
        return Err(format!("it answers {body} to the right token"));
    }
    if peer.base.is_none() {
        return Ok(Verdict { without: send(None)?.status, tampered: 200, expired: 200 });
    }
    let without = refused(send(None)?, "no token")?;
    let [signature, payload] = fixture.tampered();
    let tampered = refused(send(Some(&signature))?, "a tampered signature")?;
    refused(send(Some(&payload))?, "a tampered payload")?;
    let expired = send(Some(&fixture.expired()))?.status;
    Ok(Verdict { without, tampered, expired })
}

fn refused(answer: Answer, what: &str) -> Result<u16, String> {
    match answer.status {
        status @ 400..500 => Ok(status),
        status => Err(format!("it answers {status} to {what}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::in_process;
    use crate::peers::PEERS;
    use crate::token::ALGORITHMS;

    #[test]
    fn every_peer_in_this_process_lets_the_right_token_in_and_no_other() {
        for algorithm in ALGORITHMS {
            let fixture = Fixture::new(algorithm);
            for peer in PEERS.iter().filter(|peer| peer.supports(algorithm)) {
                if in_process::once(peer, &fixture, None).is_none() {
                    continue;
                }
                let once = |token: Option<&str>| in_process::once(peer, &fixture, token).ok_or_else(String::new);
                check(peer, &fixture, once).unwrap_or_else(|error| panic!("{}, {algorithm:?}: {error}", peer.name));
            }
        }
    }

    #[test]
    fn a_peer_that_accepts_a_tampered_token_is_found_out() {
        let fixture = Fixture::new(ALGORITHMS[0]);
        let peer = PEERS.iter().find(|peer| peer.base.is_some()).unwrap();
        let body = serde_json::json!({ "logged_in_as": SUBJECT }).to_string().into_bytes();
        for accepted in 0..2 {
            let tampered = fixture.tampered();
            let send = |token: Option<&str>| {
                let good = token.is_some_and(|token| token == fixture.token || token == tampered[accepted]);
                Ok(Answer { status: if good { 200 } else { 401 }, body: body.clone() })
            };
            assert!(check(peer, &fixture, send).is_err_and(|error| error.contains("tampered")));
        }
    }
}
