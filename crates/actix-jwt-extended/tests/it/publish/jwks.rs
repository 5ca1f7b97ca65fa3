//! The public keys as others get them.

use crate::app::{Answer, NOW, TestApp, builder, config};
#[cfg(unix)]
use actix_jwt_extended::keys::KeyDirectory;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::publish::jwks_endpoint;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager};
use actix_web::web;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../keys/", $name, ".pem"))
    };
}

/// A key for each kind and algorithm, with the members that say what it is.
const KEYS: [(Algorithm, &str, &[&str]); 15] = [
    (Algorithm::RS256, key!("rsa2048"), &["n", "e"]),
    (Algorithm::RS384, key!("rsa2048_pkcs1"), &["n", "e"]),
    (Algorithm::RS512, key!("rsa3072"), &["n", "e"]),
    (Algorithm::PS256, key!("rsapss"), &["n", "e"]),
    (Algorithm::PS384, key!("rsa2048"), &["n", "e"]),
    (Algorithm::PS512, key!("rsa4096"), &["n", "e"]),
    (Algorithm::ES256, key!("ec256"), &["crv", "x", "y"]),
    (Algorithm::ES256, key!("ec256_sec1"), &["crv", "x", "y"]),
    (Algorithm::ES384, key!("ec384"), &["crv", "x", "y"]),
    (Algorithm::ES512, key!("ec521"), &["crv", "x", "y"]),
    (Algorithm::EdDSA, key!("ed25519"), &["crv", "x"]),
    (Algorithm::Ed25519, key!("ed25519"), &["crv", "x"]),
    (Algorithm::MlDsa44, key!("mldsa44"), &["pub"]),
    (Algorithm::MlDsa65, key!("mldsa65"), &["pub"]),
    (Algorithm::MlDsa87, key!("mldsa87"), &["pub"]),
];

fn pair(algorithm: Algorithm, pem: &str) -> SigningKey {
    SigningKey::from_pem(algorithm, pem).unwrap()
}

fn es256(id: &str) -> SigningKey {
    pair(Algorithm::ES256, key!("ec256")).with_key_id(id)
}

fn keys_in(jwks: &str) -> Vec<Value> {
    let mut set: Value = serde_json::from_str(jwks).unwrap();
    assert_eq!(set.as_object().unwrap().len(), 1);
    serde_json::from_value(set["keys"].take()).unwrap()
}

fn ids(jwt: &JwtManager) -> Vec<Option<String>> {
    keys_in(&jwt.jwks()).iter().map(|key| key.get("kid").map(|kid| kid.as_str().unwrap().to_owned())).collect()
}

fn members(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            members(value, found);
        }),
        Value::Array(values) => values.iter().for_each(|value| members(value, found)),
        _ => {}
    }
}

#[test]
fn every_kind_of_key_has_public_members_only() {
    let mut seen = BTreeSet::new();
    for (algorithm, pem, own) in KEYS {
        let named = builder(JwtConfig::new()).signing_key(pair(algorithm, pem).with_key_id("a")).build().unwrap();
        let by_setting = builder(JwtConfig::new().algorithm(algorithm).private_key(pem)).build().unwrap();
        let (keys, nameless) = (keys_in(&named.jwks()), keys_in(&by_setting.jwks()));
        assert_eq!((keys.len(), nameless.len()), (1, 1), "{algorithm}");
        let expected: BTreeSet<&str> = own.iter().copied().chain(["kty", "use", "alg", "kid"]).collect();
        assert!(keys[0].as_object().unwrap().keys().map(String::as_str).eq(expected), "{algorithm}: {keys:?}");
        assert_eq!((&keys[0]["alg"], &keys[0]["use"]), (&algorithm.name().into(), &"sig".into()));
        // Its tokens have no `kid`, so the key says none.
        let mut without = keys[0].clone();
        without.as_object_mut().unwrap().remove("kid");
        assert_eq!(nameless[0], without, "{algorithm}");
        members(&keys[0], &mut seen);

        // Who has nothing else verifies with it.
        let key = VerifyingKey::from_jwk(&[algorithm], &keys[0].to_string()).unwrap();
        let judge = builder(JwtConfig::new().algorithm(algorithm)).verifying_key(key).build().unwrap();
        let token = named.create_access_token("ada").unwrap();
        assert_eq!(judge.decode_token(&token).unwrap().header().key_id(), Some("a"), "{algorithm}");
        assert!(judge.decode_token(&by_setting.create_access_token("ada").unwrap()).is_ok(), "{algorithm}");
        assert_eq!(keys_in(&judge.jwks()), keys, "{algorithm}");
    }
    // RFC 7518 §6.3.2 and §6.4, RFC 8037 §2, RFC 9964 §3.
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "r", "t", "k", "priv", "seed"] {
        assert!(!seen.contains(private), "{private}");
    }
    let all = ["kty", "use", "alg", "kid", "n", "e", "crv", "x", "y", "pub"];
    assert_eq!(seen, all.map(str::to_owned).into());
}

#[test]
fn an_algorithm_is_named_where_there_is_one() {
    let both = JwtConfig::new().algorithm(Algorithm::RS256).decode_algorithms([Algorithm::PS256]);
    let jwt = builder(both.private_key(key!("rsa2048"))).build().unwrap();
    assert_eq!(keys_in(&jwt.jwks())[0].get("alg"), None);
}

#[test]
fn secrets_are_not_published() {
    let secret = |id: &str| {
        let secret = format!("{id}: a secret with 0123456789 abcdefghij in it");
        SigningKey::from_secret(Algorithm::HS256, secret.as_bytes()).unwrap().with_key_id(id)
    };
    let jwt = builder(config().decode_algorithms([Algorithm::ES256]).public_key(key!("ec256.pub"))).build().unwrap();
    jwt.rotate_keys(secret("b")).unwrap();
    assert_eq!(ids(&jwt), [None]);
    jwt.activate_key("b").unwrap();
    assert_eq!(ids(&jwt), [None]);
    assert!(!jwt.jwks().contains("oct") && !jwt.jwks().contains('b'.to_string().repeat(2).as_str()));
    assert_eq!(builder(config()).build().unwrap().jwks(), r#"{"keys":[]}"#);
}

#[test]
fn a_key_is_published_from_the_first_state_to_the_last() {
    const DAY: u64 = 86_400;
    let clock = ManualClock::at(NOW as u64);
    let jwt = builder(JwtConfig::new()).clock(clock.clone()).signing_key(es256("a")).build().unwrap();
    let next = pair(Algorithm::EdDSA, key!("ed25519")).with_key_id("b");
    let of = |ids: &[&str]| ids.iter().map(|id| Some((*id).to_owned())).collect::<Vec<_>>();
    assert_eq!(ids(&jwt), of(&["a"]));
    jwt.rotate_keys(next).unwrap();
    // The one that signs is always first: there are verifiers that look at no other.
    assert_eq!(ids(&jwt), of(&["a", "b"]));
    clock.advance(Duration::from_secs(3600));
    assert_eq!(ids(&jwt), of(&["b", "a"]));
    clock.advance(Duration::from_secs(30 * DAY - 1));
    assert_eq!(ids(&jwt), of(&["b", "a"]));
    clock.advance(Duration::from_secs(1));
    assert_eq!(ids(&jwt), of(&["b"]));
    jwt.rotate_keys(es256("c")).unwrap();
    assert!(jwt.withdraw_key("b"));
    assert_eq!(ids(&jwt), of(&["c"]));
    assert!(jwt.withdraw_key("c"));
    assert_eq!(jwt.jwks(), r#"{"keys":[]}"#);
}

#[test]
fn a_pair_without_a_name_is_called_by_its_thumbprint() {
    let jwt = builder(config()).build().unwrap();
    for (algorithm, pem, _) in KEYS {
        let key = pair(algorithm, pem);
        let thumbprint = key.thumbprint().unwrap();
        assert_eq!(thumbprint.len(), 43);
        assert_eq!(key.key_id(), None);
        if jwt.keys().iter().any(|key| key.key_id() == Some(&thumbprint)) {
            // The same key again, in another form.
            assert!(jwt.rotate_keys(key).unwrap_err().to_string().starts_with("two keys have the key ID"));
            continue;
        }
        jwt.rotate_keys(key).unwrap();
        jwt.activate_key(&thumbprint).unwrap();
        let token = jwt.create_access_token("ada").unwrap();
        assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some(&*thumbprint));
        let first = &keys_in(&jwt.jwks())[0];
        assert_eq!(first["kid"], *thumbprint);
        let read = VerifyingKey::from_jwk(&[algorithm], &first.to_string()).unwrap();
        assert_eq!(read.thumbprint(), Some(thumbprint));
    }
}

/// Whoever keeps the set for as long as the answer says knows every key when its first token comes.
#[test]
fn no_token_comes_before_its_key() {
    const STEP: u64 = 60;
    const MAX_AGE: u64 = 600;
    let clock = ManualClock::at(NOW as u64);
    let config = JwtConfig::new().jwks_max_age(Duration::from_secs(MAX_AGE)).decode_leeway(Duration::from_secs(10));
    let jwt = builder(config).clock(clock.clone()).signing_key(es256("0")).build().unwrap();
    let mut sets = vec![ids(&jwt); (MAX_AGE / STEP) as usize];
    let mut signers = BTreeSet::new();
    for step in 0..100 {
        if step % 17 == 3 {
            jwt.rotate_keys(es256(&format!("{step}"))).unwrap();
        }
        sets.push(ids(&jwt));
        let token = jwt.create_access_token("ada").unwrap();
        let signer = jwt.decode_token(&token).unwrap().header().key_id().map(str::to_owned);
        let oldest = &sets[sets.len() - 1 - (MAX_AGE / STEP) as usize];
        assert!(oldest.contains(&signer), "{step}: {signer:?} is not in {oldest:?}");
        signers.insert(signer);
        clock.advance(Duration::from_secs(STEP));
    }
    assert_eq!(signers.len(), 7);
}

#[test]
fn a_listed_key_is_published_by_its_state() {
    let listed: JwtConfig = serde_json::from_value(json!({ "JWT_KEYS": [
        { "kid": "next", "alg": "EdDSA", "state": "next", "private_key": key!("ed25519") },
        { "kid": "retiring", "alg": "RS256", "state": "retiring", "public_key": key!("rsa2048.pub") },
        { "kid": "active", "alg": "ES256", "state": "active", "private_key": key!("ec256") },
        { "kid": "leaked", "alg": "ES384", "state": "withdrawn", "public_key": key!("ec384.pub") },
        { "kid": "secret", "alg": "HS256", "state": "retiring", "secret_key": "a secret: 0123456789 abcdefghijklm" },
    ] }))
    .unwrap();
    let jwt = builder(listed).build().unwrap();
    assert_eq!(ids(&jwt).first(), Some(&Some("active".to_owned())));
    let all: BTreeSet<_> = ids(&jwt).into_iter().flatten().collect();
    assert_eq!(all, ["active", "next", "retiring"].map(str::to_owned).into());
}

#[cfg(unix)]
#[test]
fn every_process_publishes_the_keys_of_a_directory() {
    let folder = tempfile::tempdir().unwrap();
    let clock = ManualClock::at(NOW as u64);
    let config = || JwtConfig::new().keys_dir(folder.path());
    let keys = KeyDirectory::open(&config()).unwrap().clock(clock.clone());
    let first = keys.add(Algorithm::ES256).unwrap();
    let node = || builder(config()).clock(clock.clone()).build().unwrap();
    let nodes = [node(), node()];
    let apps = nodes.each_ref().map(|jwt| TestApp::start(jwt, routes));
    let fetched = || {
        for jwt in &nodes {
            jwt.reload_keys().unwrap();
        }
        let [one, other] = apps.each_ref().map(|app| app.get(PATH, &[]));
        assert_eq!((one.header("etag"), one.text()), (other.header("etag"), other.text()));
        let kid = |key: Value| key["kid"].as_str().unwrap().to_owned();
        keys_in(one.text()).into_iter().map(kid).collect::<Vec<_>>()
    };
    assert_eq!(fetched(), std::slice::from_ref(&first));
    let next = keys.rotate(Some(Algorithm::MlDsa44)).unwrap();
    assert_eq!(fetched(), [first.clone(), next.clone()]);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(fetched(), [next.clone(), first.clone()]);
    keys.withdraw(&next).unwrap();
    assert_eq!(fetched(), [first]);
}

fn routes(config: &mut web::ServiceConfig) {
    config.service(jwks_endpoint()).service(web::scope("/other").service(jwks_endpoint().at("/keys")));
}

const PATH: &str = "/.well-known/jwks.json";

fn is_for_all(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{answer:?}");
}

#[test]
fn they_are_served_as_something_to_keep() {
    let config = JwtConfig::new().jwks_max_age(Duration::from_secs(600));
    let jwt = builder(config).signing_key(es256("a")).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let answer = app.get(PATH, &[("Authorization", "Bearer nonsense")]);
    assert_eq!((answer.status, answer.text()), (200, &*jwt.jwks()));
    assert_eq!(answer.header("content-type"), Some("application/jwk-set+json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("ETag"));
    is_for_all(&answer);
    let tag = answer.header("etag").unwrap().to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"') && tag.len() > 10, "{tag}");
    assert_eq!(app.get("/other/keys", &[]).header("etag"), Some(&*tag));

    let head = app.request("HEAD", PATH, &[]);
    assert_eq!((head.status, &*head.body), (200, &b""[..]));
    for name in ["content-type", "content-length", "cache-control", "etag", "access-control-allow-origin"] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
    // On another node, with the same keys.
    let other = builder(JwtConfig::new()).signing_key(es256("a")).build().unwrap();
    assert_eq!(TestApp::start(&other, routes).get(PATH, &[]).header("etag"), Some(&*tag));
}

#[test]
fn whoever_has_them_is_told_so() {
    let jwt = builder(JwtConfig::new()).signing_key(es256("a")).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let tag = app.get(PATH, &[]).header("etag").unwrap().to_owned();
    let known = [tag.clone(), format!("W/{tag}"), format!("\"a\", W/\"b\" ,{tag}"), "*".to_owned()];
    for method in ["GET", "HEAD"] {
        for value in &known {
            let answer = app.request(method, PATH, &[("If-None-Match", value)]);
            assert_eq!((answer.status, &*answer.body), (304, &b""[..]), "{value}");
            assert_eq!(answer.header("etag"), Some(&*tag));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
            is_for_all(&answer);
        }
        assert_eq!(app.request(method, PATH, &[("If-None-Match", "\"a\""), ("If-None-Match", &tag)]).status, 304);
    }
    for unknown in ["\"a\"", "", "a, b", "\"", "W/", "\u{fc}"] {
        assert_eq!(app.get(PATH, &[("If-None-Match", unknown)]).status, 200, "{unknown}");
    }
    // From the next request on.
    jwt.rotate_keys(pair(Algorithm::EdDSA, key!("ed25519"))).unwrap();
    let with_two = app.get(PATH, &[("If-None-Match", &tag)]);
    assert_eq!((with_two.status, keys_in(with_two.text()).len()), (200, 2));
    assert!(jwt.withdraw_key("a"));
    let without = app.get(PATH, &[("If-None-Match", with_two.header("etag").unwrap())]);
    assert_eq!((without.status, keys_in(without.text()).len()), (200, 1));
    assert!(!without.text().contains("\"a\""));
}

#[test]
fn scripts_of_any_origin_may_ask_and_nobody_may_change_them() {
    let jwt = builder(JwtConfig::new()).signing_key(es256("a")).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let asks = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "if-none-match"),
    ];
    let preflight = app.request("OPTIONS", PATH, &asks);
    assert_eq!((preflight.status, &*preflight.body), (204, &b""[..]));
    assert_eq!(preflight.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("*"));
    is_for_all(&preflight);
    let options = app.request("OPTIONS", PATH, &[]);
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
    assert_eq!(options.header("access-control-allow-methods"), None);
    for method in ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"] {
        let answer = app.request(method, PATH, &[("If-None-Match", "*")]);
        assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")), "{method}");
        assert_eq!((answer.header("etag"), &*answer.body), (None, &b""[..]));
        is_for_all(&answer);
    }
}
