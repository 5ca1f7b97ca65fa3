//! Design invariants of verification and every row of the table of 422s: each with a token that is
//! genuine and good in every respect but one.

use crate::app::{NOW, SECRET, TestApp, config, manager};
use crate::forge::{b64, good, good_claims, hs256, hs384, sign_raw, with, with_claims_text, with_header, without};
use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::{JwtConfig, JwtError, JwtIdentity, JwtManager, TokenType, jwt_required};
use actix_web::{Responder, get, web};
use serde_json::json;

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

fn routes(config: &mut web::ServiceConfig) {
    config.service(protected);
}

/// One server, many tokens: as a library call and over HTTP the verdict is the same.
struct Bench {
    jwt: JwtManager,
    app: TestApp,
}

impl Bench {
    fn new(config: JwtConfig) -> Self {
        let jwt = manager(config);
        let app = TestApp::start(&jwt, routes);
        Self { jwt, app }
    }

    #[track_caller]
    fn accepts(&self, token: &str) {
        let verified = self.jwt.decode_token(token).unwrap();
        assert_eq!(verified.identity(), "ada");
        let answer = self.app.get_with("/protected", token);
        assert_eq!((answer.status, answer.json()), (200, json!({ "logged_in_as": "ada" })));
    }

    #[track_caller]
    fn refuses(&self, token: &str, message: &str) {
        let error = self.jwt.decode_token(token).expect_err(token);
        assert_eq!((error.status(), error.to_string().as_str()), (422, message), "{token}");
        self.app.get_with("/protected", token).is(422, message);
    }

    #[track_caller]
    fn refuses_starting(&self, token: &str, start: &str) {
        let error = self.jwt.decode_token(token).expect_err(token).to_string();
        assert!(error.starts_with(start), "{error}");
        self.refuses(token, &error);
    }
}

#[test]
fn the_yardstick_is_good() {
    let bench = Bench::new(config());
    bench.accepts(&good());
    bench.accepts(&with_header(r#"{"typ":"JWT","alg":"HS256"}"#));
    bench.accepts(&with_header(r#"{ "alg" : "HS256" , "cty":{"a":[1]} }"#));
}

// Invariant 1

#[test]
fn none_and_every_algorithm_outside_the_allow_list_is_refused() {
    let bench = Bench::new(config());
    let claims = b64(good_claims().to_string());
    for alg in [
        "none", "None", "NONE", "nOnE", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "",
        "ES256K", "HS1",
    ] {
        let header = b64(json!({"alg": alg, "typ": "JWT"}).to_string());
        for signature in ["", "AAAA", &b64(hs256(&format!("{header}.{claims}"), SECRET.as_bytes()))] {
            bench.refuses(&format!("{header}.{claims}.{signature}"), "The specified alg value is not allowed");
        }
    }
    for header in [r#"{"alg":null}"#, r#"{"alg":256}"#, r#"{"alg":["HS256"]}"#] {
        bench.refuses(&with_header(header), "The specified alg value is not allowed");
    }
    for header in [r#"{"typ":"JWT"}"#, "{}"] {
        bench.refuses(&with_header(header), "Algorithm not specified");
    }
}

#[test]
fn a_public_key_never_serves_as_a_hmac_secret() {
    for (algorithm, pem) in [
        (Algorithm::RS256, include_str!("../../keys/rsa2048.pub.pem")),
        (Algorithm::ES256, include_str!("../../keys/ec256.pub.pem")),
        (Algorithm::EdDSA, include_str!("../../keys/ed25519.pub.pem")),
    ] {
        // Even with HS256 in the allow-list beside it.
        let bench = Bench::new(
            JwtConfig::new()
                .algorithm(algorithm)
                .decode_algorithms([Algorithm::HS256])
                .secret_key(SECRET)
                .public_key(pem),
        );
        let message = format!("{}.{}", b64(r#"{"alg":"HS256","typ":"JWT"}"#), b64(good_claims().to_string()));
        let der = ::pem::parse(pem).unwrap().into_contents();
        for secret in [pem.as_bytes(), pem.trim().as_bytes(), &der] {
            let forged = format!("{message}.{}", b64(hs256(&message, secret)));
            bench.refuses(&forged, "Signature verification failed");
        }
        let strict = Bench::new(JwtConfig::new().algorithm(algorithm).public_key(pem));
        let forged = format!("{message}.{}", b64(hs256(&message, pem.as_bytes())));
        strict.refuses(&forged, "The specified alg value is not allowed");
    }
}

#[test]
fn a_key_of_the_right_family_and_another_algorithm_is_refused() {
    let bench = Bench::new(
        config().secret_key(format!("{SECRET}, and for longer hashes: {SECRET}")).decode_algorithms([Algorithm::HS384]),
    );
    // A HS384 tag under a HS256 header, and the other way round.
    let secret = format!("{SECRET}, and for longer hashes: {SECRET}");
    for (alg, tag) in [("HS256", hs384 as fn(&str, &[u8]) -> Vec<u8>), ("HS384", hs256)] {
        let message = format!("{}.{}", b64(json!({ "alg": alg }).to_string()), b64(good_claims().to_string()));
        bench.refuses(&format!("{message}.{}", b64(tag(&message, secret.as_bytes()))), "Signature verification failed");
    }
    let message = format!("{}.{}", b64(r#"{"alg":"HS384"}"#), b64(good_claims().to_string()));
    bench.accepts(&format!("{message}.{}", b64(hs384(&message, secret.as_bytes()))));
}

// Invariant 2

#[test]
fn a_token_does_not_bring_its_own_key() {
    let bench = Bench::new(config());
    let own_secret = b"the attacker's own secret, 32 bytes and more";
    let jwk = json!({"kty": "oct", "k": b64(own_secret), "alg": "HS256"});
    for header in [
        json!({"alg": "HS256", "jwk": jwk}),
        json!({"alg": "HS256", "jku": "http://127.0.0.1/keys.json"}),
        json!({"alg": "HS256", "x5u": "http://127.0.0.1/cert.pem"}),
        json!({"alg": "HS256", "x5c": ["MIIB"]}),
        json!({"alg": "HS256", "kid": "../../dev/null"}),
        json!({"alg": "HS256", "kid": "' OR 1=1 --"}),
    ] {
        let message = format!("{}.{}", b64(header.to_string()), b64(good_claims().to_string()));
        bench.refuses(&format!("{message}.{}", b64(hs256(&message, own_secret))), "Signature verification failed");
        // And ours still verifies: they are ignored, not obeyed.
        bench.accepts(&with_header(&header.to_string()));
    }
}

#[test]
fn critical_extensions_are_refused() {
    let bench = Bench::new(config());
    bench.refuses(&with_header(r#"{"alg":"HS256","crit":["x"],"x":1}"#), "Unsupported critical extension: x");
    bench.refuses(&with_header(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#), "Unsupported critical extension: b64");
    bench.refuses(&with_header(r#"{"alg":"HS256","b64":false}"#), "Unsupported critical extension: b64");
    bench.refuses(&with_header(r#"{"alg":"HS256","b64":null}"#), "Unsupported critical extension: b64");
    bench.accepts(&with_header(r#"{"alg":"HS256","b64":true}"#));
    for (crit, wrong) in [
        ("[]", "must be a non-empty list"),
        ("null", "must be a non-empty list"),
        ("\"x\"", "must be a non-empty list"),
        ("[1]", "values must be strings"),
        ("{}", "values must be strings"),
        ("[[\"x\"]]", "values must be strings"),
    ] {
        let token = with_header(&format!(r#"{{"alg":"HS256","crit":{crit}}}"#));
        bench.refuses(&token, &format!("Invalid 'crit' header: {wrong}"));
    }
}

#[test]
fn a_key_id_must_be_a_string() {
    let bench = Bench::new(config());
    for kid in ["1", "null", "[\"a\"]", "{}", "true"] {
        let token = with_header(&format!(r#"{{"alg":"HS256","kid":{kid}}}"#));
        bench.refuses(&token, "Key ID header parameter must be a string");
    }
}

// Invariant 3

#[test]
fn the_size_is_judged_before_anything_else() {
    let bench = Bench::new(config().max_token_size(512));
    let at_limit = |size: usize| {
        // One character of padding in the claims at a time, until the token has just that size.
        (0..600).map(|n| with(json!({ "pad": "x".repeat(n) }))).find(|token| token.len() == size)
    };
    bench.accepts(&at_limit(511).or_else(|| at_limit(512)).unwrap());
    bench.refuses(&at_limit(513).or_else(|| at_limit(514)).unwrap(), "Token is too long");
    // Not even split: dots and all.
    bench.refuses(&".".repeat(513), "Token is too long");
    bench.refuses(&".".repeat(512), "Not enough segments");
    let default = Bench::new(config());
    default.refuses(&"a".repeat(8001), "Token is too long");
    default.refuses(&"a".repeat(8000), "Not enough segments");
}

#[test]
fn three_segments_exactly() {
    let bench = Bench::new(config());
    let good = good();
    let (message, signature) = good.rsplit_once('.').unwrap();
    for token in [
        "x",
        "abc",
        "a.b",
        message,
        &format!("{good}."),
        &format!(".{good}"),
        &format!("{good}.{signature}"),
        "....",
        ".",
    ] {
        bench.refuses(token, "Not enough segments");
    }
    bench.refuses("..", "Invalid header string: EOF while parsing a value");
    bench.refuses(&format!("{message}."), "Signature verification failed");
}

#[test]
fn an_encrypted_token_is_told_from_a_broken_one() {
    let bench = Bench::new(config());
    let header = b64(r#"{"alg":"dir","enc":"A256GCM"}"#);
    // RFC 7516 §4.5: with a key that was agreed upon, its segment is empty.
    for token in [format!("{header}.a.b.c.d"), format!("{header}..b.c.d")] {
        bench.refuses(&token, "The token is encrypted (JWE), which is not supported");
        let error = bench.jwt.get_unverified_jwt_headers(&token).unwrap_err().to_string();
        assert_eq!(error, "The token is encrypted (JWE), which is not supported");
    }
    for token in [format!("{header}.a.b.c"), format!("{header}.a.b.c.d.e")] {
        bench.refuses(&token, "Not enough segments");
    }
}

#[test]
fn base64url_is_strict() {
    let bench = Bench::new(config());
    let good = good();
    let [header, claims, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    // A second spelling of a segment: its last character has unused bits.
    let respell = |segment: &str| {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        assert_ne!(segment.len() % 4, 0, "no unused bits in {segment}");
        let (start, last) = segment.split_at(segment.len() - 1);
        format!("{start}{}", &ALPHABET[ALPHABET.find(last).unwrap() + 1..][..1])
    };
    for bad in [
        format!("{header}="),
        format!("{header}=="),
        format!(" {header}"),
        format!("{header}+"),
        format!("{header}A"),
        "!".into(),
    ] {
        if !bad.contains(' ') {
            bench.refuses(&format!("{bad}.{claims}.{signature}"), "Invalid header padding");
        }
    }
    for bad in [format!("{claims}="), format!("{claims}/"), format!("{}%", &claims[1..]), "A".into()] {
        bench.refuses(&format!("{header}.{bad}.{signature}"), "Invalid payload padding");
    }
    for bad in [format!("{signature}="), respell(signature), format!("{}*", &signature[1..]), "A".repeat(1400)] {
        bench.refuses(&format!("{header}.{claims}.{bad}"), "Invalid crypto padding");
    }
    // A genuine signature over a second spelling of the claims is refused all the same.
    let odd = [r#"{"a":1}"#, r#"{"a":12}"#].map(b64).into_iter().find(|text| text.len() % 4 != 0).unwrap();
    let message = format!("{header}.{}", respell(&odd));
    bench.refuses(&format!("{message}.{}", b64(hs256(&message, SECRET.as_bytes()))), "Invalid payload padding");
}

#[test]
fn nesting_is_bounded_in_header_and_claims() {
    let bench = Bench::new(config());
    for depth in [32, 1_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let header = with_header(&format!(r#"{{"alg":"HS256","x":{deep}}}"#));
        bench.refuses_starting(&header, "Invalid header string: ");
        let claims = with_claims_text(&format!(r#"{{"sub":"ada","x":{deep}}}"#));
        bench.refuses_starting(&claims, "Invalid payload string: ");
    }
}

// Invariant 4

#[test]
fn duplicate_member_names_are_refused() {
    let bench = Bench::new(config());
    for header in [
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","x":{"a":1,"a":1}}"#,
        r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
    ] {
        bench.refuses(&with_header(header), "Invalid header string: duplicate member name");
    }
    for claims in [
        r#"{"sub":"ada","sub":"eve"}"#,
        r#"{"sub":"ada","exp":1,"exp":9999999999}"#,
        r#"{"sub":"ada","own":1,"own":2}"#,
        r#"{"sub":"ada","own":{"a":1,"a":2}}"#,
        r#"{"sub":"ada","s\u0075b":"eve"}"#,
        r#"{"sub":"ada","aud":null,"aud":"x"}"#,
    ] {
        bench.refuses(&with_claims_text(claims), "Invalid payload string: duplicate member name");
    }
}

#[test]
fn times_must_be_numbers() {
    let bench = Bench::new(config());
    for (claim, title) in [("exp", "Expiration Time"), ("nbf", "Not Before"), ("iat", "Issued At")] {
        for value in [json!("1900000000"), json!(null), json!(true), json!([1]), json!({})] {
            let token = with(json!({ claim: value }));
            bench.refuses(&token, &format!("{title} claim ({claim}) must be an integer."));
        }
        for value in [json!(1e300), json!(-1e300), json!(u64::MAX), json!(i64::MIN), json!(-253_402_300_800_i64)] {
            let said = format!("{title} claim ({claim}) must be in seconds since 1970; it is out of range");
            bench.refuses(&with(json!({ claim: value })), &said);
        }
        for value in [json!((NOW + 600) * 1_000), json!((NOW + 600) as f64 * 1e3 + 0.5)] {
            let said = format!("{title} claim ({claim}) must be in seconds since 1970; it looks like milliseconds");
            bench.refuses(&with(json!({ claim: value })), &said);
        }
        for value in ["NaN", "Infinity", "-Infinity", "1e999", "0x10", "01", "+1", ".5"] {
            let token = with_claims_text(&format!(r#"{{"sub":"ada","{claim}":{value}}}"#));
            bench.refuses_starting(&token, "Invalid payload string: ");
        }
    }
    bench.accepts(&with(json!({ "exp": NOW as f64 + 900.5, "iat": NOW as f64 + 0.5, "nbf": NOW as f64 + 0.5 })));
    bench.accepts(&without("exp"));
    bench.accepts(&without("nbf"));
    bench.accepts(&without("iat"));
}

#[test]
fn fresh_and_type_have_their_types() {
    let bench = Bench::new(config());
    for value in [json!("true"), json!(null), json!([]), json!({})] {
        bench.refuses(&with(json!({ "fresh": value })), "fresh must be true, false or a number");
    }
    for value in [json!(null), json!(true), json!(1), json!(["access"])] {
        bench.refuses(&with(json!({ "type": value })), "type must be a string");
    }
    bench.accepts(&without("type"));
    bench.accepts(&without("fresh"));
    bench.accepts(&without("jti"));
    bench.accepts(&without("csrf"));
    let other = with(json!({ "type": "something else" }));
    assert_eq!(bench.jwt.decode_token(&other).unwrap().token_type(), TokenType::Other);
    bench.app.get_with("/protected", &other).is(422, "Only access tokens are allowed");
}

// Invariant 5

#[test]
fn what_a_token_may_leave_out() {
    let jwt = manager(config());
    for claim in ["type", "fresh", "jti", "csrf", "exp", "nbf", "iat"] {
        let token = jwt.decode_token(&without(claim)).unwrap();
        assert_eq!((token.token_type(), token.is_fresh_at(NOW)), (TokenType::Access, false), "without {claim}");
    }
    assert_eq!(jwt.get_jti(&without("jti")).unwrap(), None);
    assert_eq!(jwt.decode_token(&without("exp")).unwrap().expires_at(), None);
    // And `typ` may be anything, where nobody asks what the token is.
    let odd = jwt.decode_token(&with_header(r#"{"alg":"HS256","typ":["x"]}"#)).unwrap();
    assert_eq!(odd.token_type(), TokenType::Other);
}

#[test]
fn a_bad_signature_says_nothing_of_the_claims() {
    let bench = Bench::new(config());
    for claims in [
        good_claims(),
        json!({"sub": "ada", "exp": 1}),
        json!({"sub": "ada", "nbf": NOW + 1_000}),
        json!({"sub": 7}),
        json!({}),
        json!([]),
        json!("text"),
    ] {
        let message = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64(claims.to_string()));
        for signature in [
            b64(hs256(&message, b"another secret")),
            b64([0; 32]),
            b64([0; 31]),
            b64([0; 33]),
            b64([0; 64]),
            String::new(),
        ] {
            bench.refuses(&format!("{message}.{signature}"), "Signature verification failed");
        }
    }
    // Not even whether they are JSON, or UTF-8.
    for claims in ["{", "\u{0}", ""] {
        let message = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64(claims));
        bench.refuses(&format!("{message}.{}", b64([7; 32])), "Signature verification failed");
    }
}

#[test]
fn every_bit_of_a_signature_counts() {
    let jwt = manager(config());
    let good = good();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let genuine = hs256(message, SECRET.as_bytes());
    assert_eq!(b64(&genuine), signature);
    for bit in 0..256 {
        let mut altered = genuine.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let error = jwt.decode_token(&format!("{message}.{}", b64(&altered))).unwrap_err();
        assert_eq!(error.to_string(), "Signature verification failed");
    }
    for length in 0..32 {
        assert!(jwt.decode_token(&format!("{message}.{}", b64(&genuine[..length]))).is_err());
    }
}

// Rows of the table of 422s that no invariant above has shown

#[test]
fn the_payload_must_be_a_json_object() {
    let bench = Bench::new(config());
    for claims in ["[]", "\"text\"", "1", "null", "true"] {
        bench.refuses(&with_claims_text(claims), "Invalid payload string: must be a json object");
    }
    for claims in ["", "{", "{}x", "{'sub':'ada'}", "{\"sub\":\"ada\",}", "\u{feff}{}"] {
        bench.refuses_starting(&with_claims_text(claims), "Invalid payload string: ");
    }
    for header in ["[]", "\"HS256\"", "7"] {
        bench.refuses(&with_header(header), "Invalid header string: must be a json object");
    }
    for header in ["{", "x", "{\"alg\":\"HS256\"}}"] {
        bench.refuses_starting(&with_header(header), "Invalid header string: ");
    }
    let message = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64([b'{', 0xff, b'}']));
    let token = format!("{message}.{}", b64(hs256(&message, SECRET.as_bytes())));
    bench.refuses(&token, "Invalid payload string: it is not UTF-8");
    let message = format!("{}.{}", b64([b'{', 0xff, b'}']), b64("{}"));
    bench.refuses(&format!("{message}.AAAA"), "Invalid header string: it is not UTF-8");
}

#[test]
fn a_token_is_not_valid_before_its_time() {
    let bench = Bench::new(config());
    for claim in ["nbf", "iat"] {
        bench.accepts(&with(json!({ claim: NOW })));
        bench.refuses(&with(json!({ claim: NOW + 1 })), &format!("The token is not yet valid ({claim})"));
    }
    let lenient = Bench::new(config().decode_leeway(std::time::Duration::from_secs(10)));
    for claim in ["nbf", "iat"] {
        lenient.accepts(&with(json!({ claim: NOW + 10 })));
        lenient.refuses(&with(json!({ claim: NOW + 11 })), &format!("The token is not yet valid ({claim})"));
    }
    lenient.accepts(&with(json!({ "exp": NOW - 9 })));
    lenient.app.get_with("/protected", &with(json!({ "exp": NOW - 10 }))).is(401, "Token has expired");
}

#[test]
fn a_token_expires_in_the_second_that_it_names() {
    let bench = Bench::new(config());
    bench.accepts(&with(json!({ "exp": NOW + 1 })));
    for exp in [json!(NOW), json!(NOW as f64 + 0.9), json!(NOW - 1), json!(0), json!(-1)] {
        bench.app.get_with("/protected", &with(json!({ "exp": exp }))).is(401, "Token has expired");
    }
    // Expired comes last: another fault is told instead.
    bench.refuses(&with(json!({ "exp": 1, "jti": 7 })), "JWT ID must be a string");
}

#[test]
fn the_subject_is_a_string() {
    let bench = Bench::new(config());
    for sub in [json!(7), json!(null), json!(["ada"]), json!({})] {
        bench.refuses(&with(json!({ "sub": sub })), "Subject must be a string");
    }
    for jti in [json!(7), json!(null), json!([])] {
        bench.refuses(&with(json!({ "jti": jti })), "JWT ID must be a string");
    }
    let lax = manager(config().verify_sub(false));
    // Nobody, and not somebody called "null".
    assert_eq!(lax.decode_token(&with(json!({ "sub": null }))).unwrap_err().to_string(), "Missing claim: sub");
    assert_eq!(lax.decode_token(&with(json!({ "sub": 7 }))).unwrap().identity(), "7");
    assert_eq!(lax.decode_token(&with(json!({ "sub": {"id": 7} }))).unwrap().identity(), r#"{"id":7}"#);
}

#[test]
fn a_token_may_be_about_nobody_but_passes_no_route() {
    let uid = || Bench::new(config().identity_claim("uid"));
    for (bench, token, missing) in [
        (Bench::new(config()), without("sub"), "Missing claim: sub"),
        (Bench::new(config().verify_sub(false)), without("sub"), "Missing claim: sub"),
        (Bench::new(config().token_cache_size(0)), without("sub"), "Missing claim: sub"),
        (uid(), good(), "Missing claim: uid"),
    ] {
        // Twice, with a request between: what is decoded is not what a route has seen.
        for _ in 0..2 {
            let nobodys = bench.jwt.decode_token(&token).unwrap();
            assert!(!nobodys.has_identity());
            assert_eq!((&*nobodys.identity(), nobodys.identity_value()), ("", &json!(null)));
            bench.app.get_with("/protected", &token).is(422, missing);
        }
        let mut response = actix_web::HttpResponse::Ok().finish();
        let error = bench.jwt.set_access_cookies(&mut response, &token).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (422, missing));
    }
    // It is told before the end of its time is, as ever.
    let bench = Bench::new(config());
    let expired = sign_raw(r#"{"alg":"HS256"}"#, r#"{"exp":1}"#);
    bench.app.get_with("/protected", &expired).is(422, "Missing claim: sub");
    assert!(matches!(bench.jwt.decode_token(&expired), Err(JwtError::Expired(_))));
    // An empty identity is one.
    let empty = bench.jwt.decode_token(&with(json!({ "sub": "" }))).unwrap();
    assert!(empty.has_identity() && empty.identity().is_empty());
}

#[test]
fn another_claim_may_hold_the_identity() {
    let bench = Bench::new(config().identity_claim("uid"));
    bench.accepts(&with(json!({ "uid": "ada", "sub": "somebody else" })));
    bench.refuses(&with(json!({ "uid": "ada", "sub": 7 })), "Subject must be a string");
    bench.refuses(&with(json!({ "uid": null })), "Missing claim: uid");
}

#[test]
fn audiences() {
    for configured in [config().decode_audience("web"), config().decode_audience(["app", "web"])] {
        let bench = Bench::new(configured);
        bench.accepts(&with(json!({ "aud": "web" })));
        bench.accepts(&with(json!({ "aud": ["x", "web"] })));
        for token in [good(), with(json!({ "aud": [] })), with(json!({ "aud": null })), with(json!({ "aud": "" }))] {
            bench.refuses(&token, "Token is missing the \"aud\" claim");
        }
        for aud in [json!("webb"), json!(["x"]), json!("WEB"), json!("app,web")] {
            bench.refuses(&with(json!({ "aud": aud })), "Audience doesn't match");
        }
        for aud in [json!(7), json!(["web", 7]), json!({ "web": 1 }), json!([["web"]])] {
            bench.refuses(&with(json!({ "aud": aud })), "Invalid claim format in token");
        }
    }
    // Not configured, not looked at.
    Bench::new(config()).accepts(&with(json!({ "aud": 7 })));
}

#[test]
fn issuers() {
    for configured in [config().decode_issuer("me"), config().decode_issuer(["you", "me"])] {
        let bench = Bench::new(configured);
        bench.accepts(&with(json!({ "iss": "me" })));
        bench.refuses(&good(), "Token is missing the \"iss\" claim");
        bench.refuses(&with(json!({ "iss": "them" })), "Invalid issuer");
        bench.refuses(&with(json!({ "iss": ["me"] })), "Payload Issuer (iss) must be a string");
    }
    Bench::new(config()).accepts(&with(json!({ "iss": 7 })));
}

#[test]
fn texts_with_escapes_mean_what_they_say() {
    let bench = Bench::new(config().decode_audience("web"));
    bench.accepts(&with_claims_text(r#"{"sub":"\u0061d\u0061","aud":"w\u0065b","j\u0074i":"\n"}"#));
    bench.accepts(&sign_raw("{\"alg\":\"HS\\u003256\"}", r#"{"sub":"ada","aud":["\u0077eb"]}"#));
}

#[test]
fn garbage_is_refused_and_never_a_server_error() {
    let bench = Bench::new(config());
    let good = good();
    // Every prefix, and every character replaced by one of another kind.
    for end in 1..good.len() {
        let error = bench.jwt.decode_token(&good[..end]).unwrap_err();
        assert_eq!(error.status(), 422, "{}", &good[..end]);
    }
    for at in 0..good.len() {
        for other in ["A", ".", "=", "!", "é"] {
            let token = format!("{}{other}{}", &good[..at], &good[at + 1..]);
            if token != good {
                let error = bench.jwt.decode_token(&token).expect_err(&token);
                assert_eq!(error.status(), 422, "{token}");
            }
        }
    }
}
