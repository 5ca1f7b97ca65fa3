//! Wycheproof's signatures, which have no token around them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../tests/differences/mod.rs"]
mod differences;

use super::{Algorithm, VerifyingKey};
use differences::{Verdicts, read};
use serde_json::Value;

#[test]
fn wycheproofs_macs() {
    // Tags that are cut short are not expressible: a JWS has whole ones.
    judge("hmac_sha256", Algorithm::HS256, "tag", (87, 87));
}

#[test]
fn wycheproofs_rsa_signatures() {
    judge("rsa_signature_2048_sha256", Algorithm::RS256, "sig", (258, 1));
    judge("rsa_pss_2048_sha256_mgf1_32", Algorithm::PS256, "sig", (108, 0));
}

#[test]
fn wycheproofs_curves() {
    judge("ecdsa_secp256r1_sha256_p1363", Algorithm::ES256, "sig", (262, 0));
    judge("ecdsa_secp384r1_sha384_p1363", Algorithm::ES384, "sig", (280, 0));
    judge("ed25519", Algorithm::EdDSA, "sig", (151, 0));
}

fn judge(source: &'static str, algorithm: Algorithm, signature: &str, (ran, not_expressible): (usize, usize)) {
    let Some(file) = read(&format!("wycheproof/{source}_test.json")) else { return };
    let mut verdicts = Verdicts::of(source);
    for group in file["testGroups"].as_array().unwrap() {
        let public_key = |pem: &Value| VerifyingKey::from_pem(&[algorithm], pem.as_str().unwrap()).ok();
        let public = group.get("publicKeyPem").map(public_key);
        let is_cut = group.get("tagSize").is_some_and(|bits| bits != 256);
        for test in group["tests"].as_array().unwrap() {
            // "acceptable" leaves it to the library.
            if is_cut || test["result"] == "acceptable" {
                verdicts.pass_over();
                continue;
            }
            let key = match &public {
                Some(public) => public.clone(),
                // Many are short: what is asked here is the MAC.
                None => VerifyingKey::from_any_secret(&[algorithm], &bytes(&test["key"])).ok(),
            };
            let ours = key.is_some_and(|key| key.verifies(algorithm, &bytes(&test["msg"]), &bytes(&test[signature])));
            let id = format!("{} {}", test["tcId"], test["comment"].as_str().unwrap());
            verdicts.add(&id, ours, test["result"] == "valid");
        }
    }
    verdicts.check(ran, not_expressible);
}

/// What is written in hexadecimal.
fn bytes(hex: &Value) -> Vec<u8> {
    let digits = hex.as_str().unwrap().as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
