//! What our tokens contain, and what they must not.

use crate::app::{NOW, SECRET, builder, config, manager};
use crate::forge::hs256;
use actix_jwt_extended::keys::{Algorithm, SigningKey};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{DecodeOptions, IssueError, JwtConfig, JwtError, JwtManager, Lifetime, TokenType};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// Header, claims as text, signature.
fn apart(token: &str) -> (Value, String, Vec<u8>) {
    let [header, claims, signature] =
        token.split('.').map(|s| URL_SAFE_NO_PAD.decode(s).unwrap()).collect::<Vec<_>>().try_into().unwrap();
    (serde_json::from_slice(&header).unwrap(), String::from_utf8(claims).unwrap(), signature)
}

fn names(claims: &str) -> Vec<String> {
    // In the order of the text, which a parsed map would lose.
    let mut names: Vec<(usize, String)> = serde_json::from_str::<serde_json::Map<String, Value>>(claims)
        .unwrap()
        .keys()
        .map(|name| (claims.find(&format!("\"{name}\":")).unwrap(), name.clone()))
        .collect();
    names.sort();
    names.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn an_access_token_has_flask_jwt_extendeds_claims_in_its_order() {
    let jwt = manager(config().encode_audience(["web", "app"]).encode_issuer("me"));
    let token = jwt.access_token("ada").claim("own", 1).claim("another", json!({"a": [true]})).encode().unwrap();
    let (header, claims, signature) = apart(&token);
    assert_eq!(header, json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(
        names(&claims),
        ["fresh", "iat", "jti", "type", "sub", "nbf", "csrf", "aud", "iss", "exp", "another", "own"]
    );
    let claims: Value = serde_json::from_str(&claims).unwrap();
    assert_eq!(claims["fresh"], false);
    assert_eq!((&claims["iat"], &claims["nbf"], &claims["exp"]), (&json!(NOW), &json!(NOW), &json!(NOW + 900)));
    assert_eq!((&claims["type"], &claims["sub"]), (&json!("access"), &json!("ada")));
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(["web", "app"]), &json!("me")));
    for (id, version) in [("jti", "7"), ("csrf", "4")] {
        let id = claims[id].as_str().unwrap();
        assert_eq!((id.len(), &id[14..15]), (36, version), "a UUID");
    }
    let millis = u64::from_str_radix(&claims["jti"].as_str().unwrap().replace('-', "")[..12], 16).unwrap();
    assert_eq!(millis, NOW as u64 * 1000, "it tells when it was made");
    assert_ne!(claims["jti"], claims["csrf"]);
    let (message, _) = token.rsplit_once('.').unwrap();
    assert_eq!(signature, hs256(message, SECRET.as_bytes()));
}

#[test]
fn an_identity_of_another_type_where_the_settings_allow_it() {
    for (claim, allowing) in [("sub", config().verify_sub(false)), ("uid", config().identity_claim("uid"))] {
        let jwt = manager(allowing);
        for identity in [json!(42), json!(true), json!({ "id": 7 }), json!([1])] {
            let token = jwt.access_token("").identity_value(identity.clone()).encode().unwrap();
            let token = jwt.decode_token(&token).unwrap();
            assert_eq!((token.identity_value(), &token.claims()[claim]), (&identity, &identity));
            assert_eq!(token.identity(), identity.to_string());
        }
        let text = jwt.access_token("").identity_value("ada").encode().unwrap();
        assert_eq!(jwt.decode_token(&text).unwrap().identity_value(), "ada");
        assert!(jwt.access_token("ada").identity_value(json!(null)).encode().is_err());
    }
    let error = manager(config()).access_token(42).identity_value(42).encode().unwrap_err();
    assert!(matches!(error, JwtError::Issue(IssueError::IdentityType)), "{error:?}");
}

#[test]
fn a_refresh_token_differs_in_type_and_life() {
    let jwt = manager(config());
    let token = jwt.decode_token(&jwt.create_refresh_token(42).unwrap()).unwrap();
    assert_eq!((token.token_type(), token.identity().as_ref()), (TokenType::Refresh, "42"));
    assert_eq!(token.expires_at(), Some(NOW + 30 * 86_400));
    assert_eq!((token.issued_at(), &token.claims()["fresh"]), (Some(NOW), &json!(false)));
}

#[test]
fn settings_shape_tokens() {
    let jwt = manager(
        config()
            .encode_nbf(false)
            .cookie_csrf_protect(false)
            .identity_claim("uid")
            .access_token_expires(Lifetime::Never),
    );
    let (_, claims, _) = apart(&jwt.create_access_token("ada").unwrap());
    assert_eq!(names(&claims), ["fresh", "iat", "jti", "type", "uid"]);
    assert_eq!(jwt.decode_token(&jwt.create_access_token("ada").unwrap()).unwrap().expires_at(), None);
    // `sub` is then free for own use.
    let token = jwt.access_token("ada").claim("sub", "other").encode().unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().claims()["sub"], "other");
}

#[test]
fn the_builder_shapes_one_token() {
    let jwt = manager(config().encode_audience("web").encode_issuer("me"));
    let token = jwt
        .access_token("ada")
        .fresh_for(Duration::from_secs(60))
        .expires_in(Duration::from_secs(5))
        .jwt_id("id-1")
        .audience("app")
        .issuer("you")
        .not_before_in(Duration::ZERO)
        .header("typ", "at+jwt")
        .header("x", json!([1]))
        .claims(&json!({"a": 1, "b": null}))
        .encode()
        .unwrap();
    let token = jwt.decode_token(&token).unwrap();
    let claims = token.claims();
    assert_eq!((&claims["fresh"], &claims["exp"], &claims["nbf"]), (&json!(NOW + 60), &json!(NOW + 5), &json!(NOW)));
    assert_eq!((&claims["jti"], &claims["aud"], &claims["iss"]), (&json!("id-1"), &json!("app"), &json!("you")));
    assert_eq!((&claims["a"], claims.get("b")), (&json!(1), Some(&Value::Null)));
    assert_eq!(token.header().members(), json!({"alg": "HS256", "typ": "at+jwt", "x": [1]}).as_object().unwrap());
    let eternal = jwt.refresh_token("ada").never_expires().fresh().encode().unwrap();
    let eternal = jwt.decode_token(&eternal).unwrap();
    assert!(eternal.expires_at().is_none() && eternal.is_fresh_at(i64::MAX));
    let later = jwt.access_token("ada").not_before_in(Duration::from_secs(9)).encode().unwrap();
    assert_eq!(jwt.decode_token(&later).unwrap_err().to_string(), "The token is not yet valid (nbf)");
}

#[test]
fn names_with_a_method_of_their_own_are_refused_as_own_claims() {
    let jwt = manager(config());
    for (claim, method) in [
        ("fresh", ".fresh()"),
        ("exp", ".expires_in()"),
        ("aud", ".audience()"),
        ("iss", ".issuer()"),
        ("jti", ".jwt_id()"),
        ("nbf", ".not_before_in()"),
        ("type", ".refresh_token()"),
        ("sub", "the identity given to `.access_token()`"),
        ("iat", "clock"),
        ("csrf", "JWT_COOKIE_CSRF_PROTECT"),
    ] {
        for error in [
            jwt.access_token("ada").claim(claim, 1).claim("other", 2).encode().unwrap_err(),
            jwt.refresh_token("ada").claims(&json!({ claim: 1 })).encode().unwrap_err(),
        ] {
            assert!(matches!(&error, JwtError::Issue(IssueError::ReservedClaim { .. })));
            let text = error.to_string();
            assert!(text.contains(&format!("`{claim}`")) && text.contains(method), "{text}");
            assert_eq!(error.status(), 500);
        }
    }
    let renamed = manager(config().identity_claim("uid"));
    assert!(renamed.access_token("ada").claim("uid", "eve").encode().is_err());
}

#[test]
fn what_would_make_a_token_nobody_accepts_is_refused() {
    let jwt = manager(config().max_token_size(1024));
    let issue = |error: JwtError| match error {
        JwtError::Issue(error) => error,
        other => panic!("{other}"),
    };
    for header in ["alg", "crit", "b64"] {
        let error = issue(jwt.access_token("ada").header(header, "none").encode().unwrap_err());
        assert!(matches!(error, IssueError::ReservedHeader(name) if name == header));
    }
    assert!(matches!(
        issue(jwt.access_token("a").header("kid", 7).encode().unwrap_err()),
        IssueError::ReservedHeader(_)
    ));
    let error = issue(jwt.access_token("ada").claims(&[1, 2]).encode().unwrap_err());
    assert!(matches!(error, IssueError::ClaimsNotAnObject));
    let error = issue(jwt.access_token("ada").expires_in(Duration::MAX).encode().unwrap_err());
    assert!(matches!(error, IssueError::LifetimeTooLong));
    let error = issue(jwt.access_token("ada").claim("pad", "x".repeat(1024)).encode().unwrap_err());
    assert!(matches!(error, IssueError::TooLong { limit: 1024 }));
    let unwritable = std::collections::HashMap::from([((1, 2), 3)]);
    let error = issue(jwt.access_token("ada").claim("map", unwritable).encode().unwrap_err());
    assert!(matches!(error, IssueError::Serialize(_)));
    let verifier = JwtManager::new(
        JwtConfig::new().algorithm(Algorithm::ES256).public_key(include_str!("../../keys/ec256.pub.pem")),
    )
    .unwrap();
    assert!(matches!(issue(verifier.create_access_token("ada").unwrap_err()), IssueError::NoSigningKey));
}

#[test]
fn a_key_id_goes_into_the_header() {
    let key = SigningKey::from_secret(Algorithm::HS256, SECRET.as_bytes()).unwrap().with_key_id("2026");
    let jwt = builder(JwtConfig::new()).signing_key(key).build().unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    assert_eq!(apart(&token).0, json!({"alg": "HS256", "typ": "JWT", "kid": "2026"}));
    assert_eq!(jwt.decode_token(&token).unwrap().header().key_id(), Some("2026"));
    // Another one would make a token that this manager refuses.
    assert!(jwt.access_token("ada").header("kid", "mine").encode().is_err());
    let own = manager(config()).access_token("ada").header("kid", "mine").encode().unwrap();
    assert_eq!(apart(&own).0["kid"], "mine");
}

#[test]
fn identities_of_every_kind_survive() {
    let jwt = manager(config());
    for identity in ["", "ada", "a\"b\\c\n\u{0}", "日本語 ✓", "{\"sub\":\"eve\"}", &"x".repeat(4000)] {
        let token = jwt.create_access_token(identity).unwrap();
        assert_eq!(jwt.decode_token(&token).unwrap().identity(), identity);
    }
}

#[test]
fn ids_are_unique() {
    let jwt = manager(config());
    let ids: HashSet<_> = (0..1000).map(|_| jwt.get_jti(&jwt.create_access_token("ada").unwrap()).unwrap()).collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn decode_options() {
    let clock = ManualClock::at(NOW as u64);
    let jwt = JwtManager::builder(config()).clock(clock.clone()).build().unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    let csrf = jwt.get_csrf_token(&token).unwrap();
    let with_csrf = |value: &str| jwt.decode_token_with(&token, &DecodeOptions::new().csrf_value(value));
    assert!(with_csrf(&csrf).is_ok());
    for wrong in ["", "x", &csrf[1..], &csrf.to_uppercase().replace('A', "B")] {
        let error = with_csrf(wrong).unwrap_err();
        assert_eq!((error.status(), error.to_string().as_str()), (401, "CSRF double submit tokens do not match"));
    }
    clock.advance(Duration::from_secs(900));
    let JwtError::Expired(expired) = jwt.decode_token(&token).unwrap_err() else { panic!() };
    assert_eq!(expired.identity(), "ada");
    let tolerant = DecodeOptions::new().allow_expired();
    assert_eq!(jwt.decode_token_with(&token, &tolerant).unwrap().identity(), "ada");
    // Everything else must still hold.
    let (message, _) = token.rsplit_once('.').unwrap();
    assert!(jwt.decode_token_with(&format!("{message}.AAAA"), &tolerant).is_err());

    let bare = manager(config().cookie_csrf_protect(false));
    let token = bare.create_access_token("ada").unwrap();
    let error = bare.decode_token_with(&token, &DecodeOptions::new().csrf_value("x")).unwrap_err();
    assert_eq!((error.status(), error.to_string().as_str()), (422, "Missing claim: csrf"));
    assert_eq!(bare.get_csrf_token(&token).unwrap_err().to_string(), "Missing claim: csrf");
    let odd = crate::forge::with(json!({ "csrf": 7 }));
    let error = bare.decode_token_with(&odd, &DecodeOptions::new().csrf_value("7")).unwrap_err();
    assert_eq!(error.to_string(), "csrf must be a string");
}

#[test]
fn unverified_headers() {
    let jwt = manager(config());
    let token = jwt.access_token("ada").header("x", 1).encode().unwrap();
    let headers = jwt.get_unverified_jwt_headers(&token).unwrap();
    assert_eq!(Value::Object(headers), json!({"alg": "HS256", "typ": "JWT", "x": 1}));
    // Also of tokens that nobody would accept.
    for odd in [r#"{"alg":"none","kid":"7"}"#, r#"{"kid":"7","b64":1}"#] {
        assert_eq!(jwt.get_unverified_jwt_headers(&crate::forge::with_header(odd)).unwrap()["kid"], "7");
    }
    // But not what PyJWT refuses, in its words.
    for (odd, said) in [
        (r#"{"alg":"HS256","kid":7}"#, "Key ID header parameter must be a string"),
        (r#"{"alg":"HS256","kid":null}"#, "Key ID header parameter must be a string"),
        (r#"{"alg":"HS256","crit":["x"]}"#, "Unsupported critical extension: x"),
        (r#"{"alg":"HS256","crit":[]}"#, "Invalid 'crit' header: must be a non-empty list"),
        (r#"{"alg":"HS256","crit":[7]}"#, "Invalid 'crit' header: values must be strings"),
    ] {
        let token = crate::forge::with_header(odd);
        assert_eq!(jwt.get_unverified_jwt_headers(&token).unwrap_err().to_string(), said);
        assert_eq!(jwt.decode_token(&token).unwrap_err().to_string(), said);
    }
    for bad in [
        "",
        "a.b",
        "a.b.c.d",
        "%.b.c",
        &"x".repeat(9000),
        &format!("{}.b.c", crate::forge::b64("[]")),
        &format!("{}.b.c", crate::forge::b64(r#"{"a":1,"a":1}"#)),
    ] {
        assert_eq!(jwt.get_unverified_jwt_headers(bad).unwrap_err().status(), 422, "{bad}");
    }
}
