//! Public test vectors: tokens and keys of other suites, with their verdicts. `vectors/SOURCE.md` says whose.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod differences;

use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{ConfigError, DecodeOptions, InvalidToken, JwtConfig, JwtError, JwtManager};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use differences::{Verdicts, read};
use serde_json::Value;
use std::time::Duration;

const ALL: [Algorithm; 12] = {
    use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
    [HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA]
};

/// Tokens that other libraries' own tests verify, and the RFCs' examples.
#[test]
fn tokens_of_other_suites() {
    let Some(peers) = read("peers.json") else { return };
    let mut verdicts = Verdicts::of("peers");
    for vector in list(&peers, "vectors") {
        if vector.get("not_expressible").is_some() {
            verdicts.pass_over();
            continue;
        }
        let id = format!("{} {}", text(vector, "suite"), text(vector, "id"));
        let theirs = text(vector, "expect") == "valid";
        verdicts.add(&id, accepts_as_its_peer(vector, &peers["keys"]), theirs);
    }
    verdicts.check(1183, 338);
}

fn accepts_as_its_peer(vector: &Value, keys: &Value) -> bool {
    let algorithms: Vec<_> = list(vector, "algs").iter().filter_map(algorithm).collect();
    let mut ours = Vec::new();
    for entry in list(vector, "keys") {
        let key = &keys[entry["key"].as_u64().unwrap() as usize];
        let key = match key.get("pem") {
            Some(pem) => Material::Pem(pem.as_str().unwrap().to_owned()),
            None => Material::Secret(BASE64_STANDARD.decode(text(key, "secret")).unwrap()),
        };
        let strength = if vector.get("strong").is_some() { Strength::Checked } else { Strength::Any };
        ours.extend(key.verifying(&algorithms, strength).map(|key| match entry.get("kid").and_then(Value::as_str) {
            Some(key_id) => key.with_key_id(key_id),
            None => key,
        }));
    }
    let mut config = JwtConfig::new().verify_sub(vector.get("lax_sub").is_none());
    if vector.get("aud").is_some() {
        config = config.decode_audience(texts(vector, "aud"));
    }
    if vector.get("iss").is_some() {
        config = config.decode_issuer(texts(vector, "iss"));
    }
    if let Some(leeway) = vector.get("leeway") {
        config = config.decode_leeway(Duration::from_secs(leeway.as_u64().unwrap()));
    }
    let now = vector["now"].as_u64().unwrap();
    let Ok(jwt) = manager(config, ours, now) else { return false };
    let options = DecodeOptions::new();
    let options = if vector.get("allow_expired").is_some() { options.allow_expired() } else { options };
    let verdict = jwt.decode_token_with(text(vector, "token"), &options);
    match text(vector, "level") {
        "signature" => is_genuine(verdict),
        // A token that is about nobody is no access token.
        _ if vector.get("no_sub_trick").is_some() => verdict.is_ok_and(|verified| verified.has_identity()),
        _ => verdict.is_ok(),
    }
}

/// Tokens made to be refused, and some good ones.
#[test]
fn wycheproofs_tokens() {
    judge_tokens("json_web_signature", Strength::Any, (401, 0));
    judge_tokens("json_web_crypto", Strength::Any, (48, 35));
}

/// Keys made to be refused: too short, or not what the token says.
#[test]
fn wycheproofs_keys() {
    judge_tokens("json_web_key", Strength::Checked, (26, 0));
}

fn judge_tokens(source: &'static str, strength: Strength, (ran, not_expressible): (usize, usize)) {
    let Some(file) = read(&format!("wycheproof/{source}_test.json")) else { return };
    let mut verdicts = Verdicts::of(source);
    for group in list(&file, "testGroups") {
        let jwt = manager_of(group.get("public").unwrap_or(&group["private"]), strength);
        for test in list(group, "tests") {
            // Encrypted tokens, and the JSON serialization.
            let Some(token) = test.get("jws").and_then(Value::as_str) else {
                verdicts.pass_over();
                continue;
            };
            let id = format!("{} {} {}", test["tcId"], text(group, "comment"), text(test, "comment"));
            let ours = jwt.as_ref().is_some_and(|jwt| is_genuine(jwt.decode_token(token)));
            verdicts.add(&id, ours, text(test, "result") == "valid");
        }
    }
    verdicts.check(ran, not_expressible);
}

/// A JWK, or a set of them, written anew as what the library reads. `None` = not all of them are for it.
fn manager_of(jwk: &Value, strength: Strength) -> Option<JwtManager> {
    let one = std::slice::from_ref(jwk);
    let jwks = jwk.get("keys").and_then(Value::as_array).map_or(one, Vec::as_slice);
    let keys = jwks.iter().map(|jwk| {
        let algorithms = jwk.get("alg").map_or(ALL.to_vec(), |name| algorithm(name).into_iter().collect());
        let key = Material::of_jwk(jwk)?.verifying(&algorithms, strength)?;
        Some(key.with_key_id(text(jwk, "kid")))
    });
    manager(JwtConfig::new(), keys.collect::<Option<_>>()?, 0).ok()
}

/// PEM files of other suites, with each algorithm: read where they serve it, and nowhere else.
#[test]
fn key_files_of_other_suites() {
    let Some(files) = read("keys.json") else { return };
    let mut verdicts = Verdicts::of("keys");
    for file in files.as_array().unwrap() {
        let (pem, serves) = (text(file, "pem"), texts(file, "serves"));
        for algorithm in ALL {
            let name = format!("{algorithm:?}");
            let ours = match (algorithm, text(file, "kind")) {
                (Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512, _) => {
                    VerifyingKey::from_weak_secret(&[algorithm], pem.as_bytes()).is_ok()
                }
                (_, "private") => SigningKey::from_pem(algorithm, pem).is_ok(),
                _ => VerifyingKey::from_pem(&[algorithm], pem).is_ok(),
            };
            let id = format!("{} {} {name}", text(file, "suite"), text(file, "id"));
            verdicts.add(&id, ours, serves.contains(&name));
        }
    }
    verdicts.check(161 * 12, 0);
}

/// What a secret must be: many suites verify with short ones.
#[derive(Clone, Copy, PartialEq)]
enum Strength {
    Checked,
    Any,
}

/// A key as its suite has it.
enum Material {
    Secret(Vec<u8>),
    Pem(String),
}

impl Material {
    fn of_jwk(jwk: &Value) -> Option<Self> {
        // One has a stray bit at its end.
        let lax = GeneralPurposeConfig::new().with_encode_padding(false).with_decode_allow_trailing_bits(true);
        let lax = GeneralPurpose::new(&URL_SAFE, lax.with_decode_padding_mode(DecodePaddingMode::RequireNone));
        let bytes = |name| lax.decode(jwk.get(name)?.as_str()?).ok();
        let spki = |algorithm: &[&[u8]], key: &[u8]| {
            let der = der(0x30, &[&der(0x30, algorithm), &der(0x03, &[&[0], key])]);
            Self::Pem(format!(
                "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
                BASE64_STANDARD.encode(der)
            ))
        };
        const EC: &[u8] = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01";
        const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
        const P384: &[u8] = b"\x06\x05\x2b\x81\x04\x00\x22";
        const RSA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
        Some(match (text(jwk, "kty"), jwk.get("crv").and_then(Value::as_str)) {
            ("oct", _) => Self::Secret(bytes("k")?),
            ("RSA", _) => {
                let integer = |bytes: Vec<u8>| der(0x02, &[&[0][..usize::from(bytes[0] > 0x7f)], &bytes]);
                spki(&[RSA], &der(0x30, &[&integer(bytes("n")?), &integer(bytes("e")?)]))
            }
            ("EC", Some("P-256")) => spki(&[EC, P256], &[vec![4], bytes("x")?, bytes("y")?].concat()),
            ("EC", Some("P-384")) => spki(&[EC, P384], &[vec![4], bytes("x")?, bytes("y")?].concat()),
            _ => return None,
        })
    }

    /// The key for those of the algorithms that it serves, if there are any.
    fn verifying(&self, algorithms: &[Algorithm], strength: Strength) -> Option<VerifyingKey> {
        let prepare = |algorithms: &[Algorithm]| match self {
            Self::Secret(secret) if strength == Strength::Checked => VerifyingKey::from_secret(algorithms, secret),
            Self::Secret(secret) => VerifyingKey::from_weak_secret(algorithms, secret),
            Self::Pem(pem) => VerifyingKey::from_pem(algorithms, pem),
        };
        let served: Vec<_> = algorithms.iter().copied().filter(|algorithm| prepare(&[*algorithm]).is_ok()).collect();
        prepare(&served).ok()
    }
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match content.len() {
        0..0x80 => vec![tag, length[1]],
        0x80..0x100 => vec![tag, 0x81, length[1]],
        _ => vec![tag, 0x82, length[0], length[1]],
    };
    [head, content].concat()
}

/// Few of the tokens expire.
fn manager(config: JwtConfig, keys: Vec<VerifyingKey>, now: u64) -> Result<JwtManager, ConfigError> {
    let builder = JwtManager::builder(config.token_cache_size(0).require_exp(false)).clock(ManualClock::at(now));
    keys.into_iter().fold(builder, |builder, key| builder.verifying_key(key)).build()
}

/// Whether header and signature passed: the claims are judged after them.
fn is_genuine<T>(verdict: Result<T, JwtError>) -> bool {
    use InvalidToken::{
        AudienceFormat, AudienceMismatch, AudienceMissing, ClaimType, IssuerMismatch, IssuerMissing, MissingClaim,
        NotANumber, NotYetValid, OutOfRange, Payload,
    };
    match verdict {
        Ok(_) | Err(JwtError::Expired(_)) => true,
        Err(JwtError::InvalidToken(error)) => matches!(
            error,
            Payload(_)
                | NotYetValid(_)
                | NotANumber(_)
                | OutOfRange { .. }
                | ClaimType { .. }
                | MissingClaim(_)
                | AudienceFormat
                | AudienceMissing
                | AudienceMismatch
                | IssuerMissing
                | IssuerMismatch
        ),
        Err(error) => panic!("{error}"),
    }
}

fn algorithm(name: &Value) -> Option<Algorithm> {
    ALL.into_iter().find(|algorithm| name == &format!("{algorithm:?}"))
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    list(value, name).iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}
