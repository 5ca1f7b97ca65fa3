//! JSON Web Keys, read strictly and written again, and their thumbprints.

use crate::app::manager;
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::{JwtConfig, JwtManager};
use serde_json::{Value, json};

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../data/keys/", $name))
    };
}

const P256: &str = file!("joserfc-p256.json");
const P256_PUBLIC: &str = file!("joserfc-p256.pub.json");
const ED25519: &str = file!("joserfc-ed25519.json");
const RSA: &str = file!("joserfc-rsa.json");
const OCT: &str = file!("joserfc-oct.json");

fn jwk(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The same with these members; `null` takes one away.
fn with(text: &str, members: Value) -> String {
    let mut jwk = jwk(text);
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::Null => jwk.as_object_mut().unwrap().remove(name).map(drop),
            value => jwk.as_object_mut().unwrap().insert(name.clone(), value.clone()).map(drop),
        };
    }
    jwk.to_string()
}

/// What is said of a public key, without the words before it. No member's value is shown.
#[track_caller]
fn public_refusal(text: &str) -> String {
    let error = VerifyingKey::from_jwk(&[Algorithm::ES256], text).unwrap_err().to_string();
    error.strip_prefix("the JWK ").unwrap().to_owned()
}

#[track_caller]
fn private_refusal(algorithm: Algorithm, text: &str) -> String {
    let error = SigningKey::from_jwk(algorithm, text).unwrap_err();
    for name in ["d", "p", "k"] {
        let value = serde_json::from_str::<Value>(text).ok().and_then(|jwk| Some(jwk.get(name)?.as_str()?.to_owned()));
        assert!(value.is_none_or(|value| value.len() < 9 || !format!("{error} {error:?}").contains(&value)));
    }
    error.to_string().strip_prefix("the JWK ").unwrap().to_owned()
}

fn thumbprint(algorithm: Algorithm, text: &str) -> String {
    VerifyingKey::from_jwk(&[algorithm], text).unwrap().thumbprint().unwrap()
}

#[test]
fn thumbprints_are_those_of_the_rfcs_and_of_other_libraries() {
    // RFC 7638 §3.1.
    let rsa = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
    assert_eq!(thumbprint(Algorithm::RS256, rsa), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    // RFC 8037 A.3.
    let ed = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    assert_eq!(thumbprint(Algorithm::EdDSA, ed), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    // RFC 9964 A.1, of a seed of zeros.
    let zeros = file!("cryptography-mldsa44-rfc9964.pub.pem");
    let zeros = VerifyingKey::from_pem(&[Algorithm::MlDsa44], zeros).unwrap();
    assert_eq!(zeros.thumbprint().as_deref(), Some("T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"));
    // joserfc's, and Authlib's, which are its key IDs.
    let of = |name: &str| {
        let rows = file!("thumbprints.tsv").lines().filter_map(|row| row.split_once('\t'));
        rows.filter(|(file, _)| *file == format!("{name}.json")).map(|(_, print)| print.to_owned()).next().unwrap()
    };
    assert_eq!(thumbprint(Algorithm::RS256, file!("joserfc-rsa.pub.json")), of("joserfc-rsa"));
    assert_eq!(thumbprint(Algorithm::ES256, P256_PUBLIC), of("joserfc-p256"));
    assert_eq!(thumbprint(Algorithm::ES384, file!("joserfc-p384.pub.json")), of("joserfc-p384"));
    assert_eq!(thumbprint(Algorithm::EdDSA, file!("joserfc-ed25519.pub.json")), of("joserfc-ed25519"));
    assert_eq!(thumbprint(Algorithm::ES512, file!("joserfc-p521.pub.json")), of("joserfc-p521"));
    assert_eq!(thumbprint(Algorithm::MlDsa44, file!("cryptography-mldsa44.pub.json")), of("cryptography-mldsa44"));
    assert_eq!(thumbprint(Algorithm::MlDsa65, file!("cryptography-mldsa65.pub.json")), of("cryptography-mldsa65"));
    assert_eq!(thumbprint(Algorithm::MlDsa87, file!("cryptography-mldsa87.pub.json")), of("cryptography-mldsa87"));
    for (algorithm, text) in [
        (Algorithm::RS256, file!("authlib-rsa.pub.json")),
        (Algorithm::ES256, file!("authlib-p256.pub.json")),
        (Algorithm::EdDSA, file!("authlib-ed25519.pub.json")),
    ] {
        assert_eq!(thumbprint(algorithm, text), jwk(text)["kid"]);
    }
}

/// The same key as PEM, which another tool has made, and as our JWK: one thumbprint, and no member too many.
#[test]
fn a_public_key_is_written_as_a_jwk() {
    for (algorithms, pem, members) in [
        (&[Algorithm::RS256, Algorithm::PS256][..], include_str!("../../keys/rsa2048.pub.pem"), "e kty n use"),
        (&[Algorithm::RS256], include_str!("../../keys/rsa2048_pkcs1.pub.pem"), "alg e kty n use"),
        (&[Algorithm::PS256], include_str!("../../keys/rsapss.pub.pem"), "alg e kty n use"),
        (&[Algorithm::ES256], include_str!("../../keys/ec256.pub.pem"), "alg crv kty use x y"),
        (&[Algorithm::ES384], include_str!("../../keys/ec384.pub.pem"), "alg crv kty use x y"),
        (&[Algorithm::EdDSA], include_str!("../../keys/ed25519.pub.pem"), "alg crv kty use x"),
        (&[Algorithm::ES512], include_str!("../../keys/ec521.pub.pem"), "alg crv kty use x y"),
        (&[Algorithm::MlDsa44], include_str!("../../keys/mldsa44.pub.pem"), "alg kty pub use"),
        (&[Algorithm::MlDsa65], include_str!("../../keys/mldsa65.pub.pem"), "alg kty pub use"),
        (&[Algorithm::MlDsa87], include_str!("../../keys/mldsa87.pub.pem"), "alg kty pub use"),
    ] {
        let key = VerifyingKey::from_pem(algorithms, pem).unwrap();
        let written = key.public_jwk().unwrap().to_string();
        let mut names: Vec<_> = jwk(&written).as_object().unwrap().keys().cloned().collect();
        names.sort();
        assert_eq!(names.join(" "), members);
        let read = VerifyingKey::from_jwk(algorithms, &written).unwrap();
        assert_eq!((read.thumbprint(), read.key_id()), (key.thumbprint(), None));
        let named = key.with_key_id("of \"2026\"").public_jwk().unwrap();
        assert_eq!(serde_json::to_value(&named).unwrap()["kid"], "of \"2026\"");
        assert_eq!(VerifyingKey::from_jwk(algorithms, &named.to_string()).unwrap().key_id(), Some("of \"2026\""));
    }
    let secret = VerifyingKey::from_jwk(&[Algorithm::HS256], OCT).unwrap();
    assert_eq!((secret.thumbprint(), secret.public_jwk(), secret.key_id()), (None, None, Some("2026-11")));
}

#[test]
fn a_key_id_names_both_halves() {
    let config = || JwtConfig::new().algorithm(Algorithm::ES256);
    let unnamed = |text: &str| with(text, json!({"kid": null}));
    let kid = |jwt: &JwtManager| {
        let token = jwt.create_access_token("ada").unwrap();
        jwt.decode_token(&token).unwrap().header().key_id().map(str::to_owned)
    };
    for (private, public) in [
        (P256.to_owned(), P256_PUBLIC.to_owned()),
        (unnamed(P256), P256_PUBLIC.to_owned()),
        (P256.to_owned(), unnamed(P256_PUBLIC)),
    ] {
        assert_eq!(kid(&manager(config().private_key(private).public_key(public))).as_deref(), Some("2026-11"));
    }
    assert_eq!(kid(&manager(config().private_key(P256))).as_deref(), Some("2026-11"));
    assert_eq!(kid(&manager(config().private_key(unnamed(P256)))), None);
    assert_eq!(kid(&manager(JwtConfig::new().secret_key(OCT))).as_deref(), Some("2026-11"));
    let other = with(P256_PUBLIC, json!({"kid": "2026-12"}));
    let error = JwtManager::new(config().private_key(P256).public_key(other)).unwrap_err().to_string();
    assert_eq!(
        error,
        "the `kid` of JWT_PRIVATE_KEY is \"2026-11\" and that of JWT_PUBLIC_KEY \"2026-12\"; leave one of them out"
    );
    let others = with(file!("pyjwt-p256.pub.json"), json!({"kid": "2026-11"}));
    let error = JwtManager::new(config().private_key(P256).public_key(others)).unwrap_err().to_string();
    assert!(error.starts_with("JWT_PUBLIC_KEY does not belong to JWT_PRIVATE_KEY"), "{error}");
}

#[test]
fn a_jwk_is_read_strictly() {
    for (text, said) in [
        ("{", "is no valid JSON"),
        ("{} {}", "is no valid JSON"),
        ("[]", "is no JWK and no JWK Set (RFC 7517)"),
        (r#"{"keys":"mine"}"#, "is no JWK and no JWK Set (RFC 7517)"),
        (r#"{"kty":"EC","kty":"EC"}"#, "names a member twice"),
        (r#"{"kty":"EC","\u006bty":"EC"}"#, "names a member twice"),
        (r#"{"kty":"EC","x5c":[{"a":1,"a":2}]}"#, "names a member twice"),
        (r#"{"keys":[],"keys":[]}"#, "names a member twice"),
        (r#"{"keys":[]}"#, "is a JWK Set without keys"),
        ("{}", "is a JWK without `kty`"),
        (r#"{"kty":["EC"]}"#, "is a JWK whose `kty` is of the wrong type"),
        (r#"{"kty":"EC "}"#, "is a JWK of a `kty` that is not known"),
        (r#"{"kty":"EC"}"#, "is a JWK without `crv`"),
        (r#"{"kty":"EC","crv":"P-192"}"#, "is a JWK on a curve (`crv`) that is not known"),
        (r#"{"kty":"OKP","crv":"X448"}"#, "is a JWK of an X25519 or X448 key, which cannot sign; make an Ed25519 one"),
    ] {
        let refusal = public_refusal(text);
        let (what, place) = refusal.split_once(": line 1, column ").unwrap_or((&refusal, "0"));
        assert!(what == said && place.parse::<usize>().is_ok(), "{text}: {refusal}");
    }
    let x = jwk(P256_PUBLIC)["x"].as_str().unwrap().to_owned();
    let no_base64 = "is a JWK whose `x` is no base64url without padding (RFC 7515 §2)";
    let of_31 = "is a JWK whose `x` has 31 bytes and must have 32; leading zeros belong to it (RFC 7518 §6.2.1.2)";
    let of_34 = "is a JWK whose `x` has 34 bytes and must have 32; leading zeros belong to it (RFC 7518 §6.2.1.2)";
    for (members, said) in [
        (json!({"x": null}), "is a JWK without `x`"),
        (json!({"x": 5}), "is a JWK whose `x` is of the wrong type"),
        (json!({"x": format!("{x}=")}), no_base64),
        (json!({"x": format!("+{}", &x[1..])}), no_base64),
        (json!({"x": format!("{} ", &x[1..])}), no_base64),
        (json!({"x": "A".repeat(42)}), of_31),
        (json!({"x": format!("{x}AAA")}), of_34),
        (json!({"x": "A".repeat(43)}), "is a JWK whose members are those of no key"),
        (json!({"use": "enc"}), "is a JWK whose `use` is not \"sig\"; it is not for signatures"),
        (json!({"use": 1}), "is a JWK whose `use` is of the wrong type"),
        (json!({"alg": "ES384"}), "is a JWK with the `alg` \"ES384\"; it cannot serve ES256"),
        (json!({"key_ops": ["sign"]}), "is a JWK whose `key_ops` do not include \"verify\""),
        (json!({"key_ops": []}), "is a JWK whose `key_ops` do not include \"verify\""),
        (json!({"key_ops": ["verify", "verify"]}), "is a JWK whose `key_ops` name one twice (RFC 7517 §4.3)"),
        (json!({"key_ops": "verify"}), "is a JWK whose `key_ops` is of the wrong type"),
        (json!({"kid": 7}), "is a JWK whose `kid` is of the wrong type"),
        (json!({"d": "AA"}), "holds a private key; it belongs in JWT_PRIVATE_KEY, and only there"),
        (json!({"k": "AA"}), "holds a secret; it belongs in JWT_SECRET_KEY, and only there"),
    ] {
        assert_eq!(public_refusal(&with(P256_PUBLIC, members.clone())), said, "{members}");
    }
    for kid in ["", "a\nb", &"a".repeat(1 << 20)] {
        let refusal = public_refusal(&with(P256_PUBLIC, json!({"kid": kid})));
        assert_eq!(refusal, "is a JWK whose `kid` is empty, longer than 255 bytes, or has control characters");
    }
    // What it may have besides is left alone.
    let more = json!({"x5c": ["MIIB"], "x5t": "AA", "ext": true, "iat": 1, "key_ops": ["verify", "wrapKey"]});
    VerifyingKey::from_jwk(&[Algorithm::ES256], &format!("\u{feff} {}\r\n", with(P256_PUBLIC, more))).unwrap();
    assert!(
        public_refusal(&format!("{{\"a\":{}{}}}", "[".repeat(99), "]".repeat(99))).starts_with("is nested too deeply")
    );
}

#[test]
fn the_members_of_a_private_jwk_belong_together() {
    let apart = "is a JWK whose private and public members do not belong together";
    for (algorithm, text, other) in [
        (Algorithm::ES256, P256, file!("pyjwt-p256.json")),
        (Algorithm::EdDSA, ED25519, file!("pyjwt-ed25519.json")),
        (Algorithm::RS256, RSA, file!("pyjwt-rsa.json")),
        (Algorithm::ES512, file!("joserfc-p521.json"), file!("jose-p521.json")),
    ] {
        SigningKey::from_jwk(algorithm, text).unwrap();
        let d = jwk(other)["d"].clone();
        assert_eq!(private_refusal(algorithm, &with(text, json!({"d": d}))), apart);
    }
    let ml_dsa = with(file!("cryptography-mldsa44.json"), json!({"priv": "A".repeat(43)}));
    assert_eq!(private_refusal(Algorithm::MlDsa44, &ml_dsa), apart);
    let expanded = with(file!("cryptography-mldsa44.json"), json!({"priv": "A".repeat(3414)}));
    let said = "is a JWK whose `priv` has 2560 bytes and must have 32; it is the seed (RFC 9964 §3)";
    assert_eq!(private_refusal(Algorithm::MlDsa44, &expanded), said);
    let n = jwk(file!("pyjwt-rsa.json"))["n"].clone();
    assert_eq!(private_refusal(Algorithm::RS256, &with(RSA, json!({"n": n}))), apart);
    assert_eq!(private_refusal(Algorithm::ES256, &with(P256, json!({"d": "A".repeat(43)}))), apart);
    for (text, members, said) in [
        (RSA, json!({"p": null}), "is a JWK without `p`: the primes are needed (RFC 7518 §6.3.2)"),
        (RSA, json!({"d": null}), "is a JWK without `d`"),
        (RSA, json!({"oth": []}), "is a JWK of an RSA key with more than two primes (`oth`), which is not supported"),
        (RSA, json!({"n": "AAEB"}), "is a JWK whose `n` is empty or begins with a zero (RFC 7518 §6.3.1)"),
        (RSA, json!({"key_ops": ["verify"]}), "is a JWK whose `key_ops` do not include \"sign\""),
        (file!("joserfc-rsa.pub.json"), json!({}), "holds a public key; the private one is needed to sign"),
    ] {
        assert_eq!(private_refusal(Algorithm::RS256, &with(text, members)), said);
    }
    let short = with(P256, json!({"d": "A".repeat(42)}));
    let said = "is a JWK whose `d` has 31 bytes and must have 32; leading zeros belong to it (RFC 7518 §6.2.1.2)";
    assert_eq!(private_refusal(Algorithm::ES256, &short), said);
}

#[test]
fn a_secret_in_a_jwk_is_as_strong_as_any() {
    let weak = json!({"kty": "oct", "k": "c2VjcmV0"}).to_string();
    for error in [
        SigningKey::from_jwk(Algorithm::HS256, &weak).unwrap_err().to_string(),
        VerifyingKey::from_jwk(&[Algorithm::HS256], &weak).unwrap_err().to_string(),
        JwtManager::new(JwtConfig::new().secret_key(&weak)).unwrap_err().to_string(),
    ] {
        assert!(error.contains("is a well-known example"), "{error}");
    }
    manager(JwtConfig::new().secret_key(&weak).allow_weak_secret(true));
    assert_eq!(private_refusal(Algorithm::HS512, OCT), "is a JWK with the `alg` \"HS256\"; it cannot serve HS512");
    assert_eq!(private_refusal(Algorithm::HS256, P256), "is not a secret key, which HS256 needs");
    assert!(VerifyingKey::from_jwk(&[Algorithm::HS256, Algorithm::RS256], OCT).is_err());
    assert!(VerifyingKey::from_jwk(&[], OCT).is_err());
    // The octets are the secret, not the text.
    let jwt = manager(JwtConfig::new().secret_key(with(OCT, json!({"kid": null}))));
    let bytes =
        base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, jwk(OCT)["k"].as_str().unwrap()).unwrap();
    let same = manager(JwtConfig::new().secret_key_bytes(bytes));
    assert!(same.decode_token(&jwt.create_access_token("ada").unwrap()).is_ok());
}

/// What a JWK allows counts for each algorithm that it would serve.
#[test]
fn a_jwk_for_one_algorithm_serves_no_other_beside_it() {
    let config = |algorithms: &[Algorithm]| JwtConfig::new().algorithm(Algorithm::RS256).decode_algorithms(algorithms);
    let both = [Algorithm::RS256, Algorithm::PS256];
    let said = "is a JWK with the `alg` \"RS256\"; it cannot serve PS256";
    let error = JwtManager::new(config(&both).private_key(RSA)).unwrap_err().to_string();
    assert_eq!(error, format!("JWT_PRIVATE_KEY {said}"));
    let error = JwtManager::new(config(&both).public_key(file!("joserfc-rsa.pub.json"))).unwrap_err().to_string();
    assert_eq!(error, format!("JWT_PUBLIC_KEY {said}"));
    let public = with(file!("joserfc-rsa.pub.json"), json!({"alg": null}));
    manager(config(&both).private_key(RSA).public_key(public));
    manager(config(&[]).private_key(RSA));
}
