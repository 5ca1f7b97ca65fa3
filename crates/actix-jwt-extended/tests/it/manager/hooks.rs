//! All fifteen hooks, and what happens when they fail.

use crate::app::{NOW, SECRET, TestApp, builder, config};
use crate::forge::{b64, good, hs256, with};
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::{
    CurrentUser, JwtConfig, JwtError, JwtIdentity, JwtManager, JwtManagerBuilder, jwt_required, verify_jwt_in_request,
};
use actix_web::test::TestRequest;
use actix_web::{HttpMessage as _, HttpResponse, get, web};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

#[get("/protected", wrap = "jwt_required()")]
async fn protected_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/fresh", wrap = "jwt_required().fresh()")]
async fn fresh_route(user: JwtIdentity) -> String {
    user.into_inner()
}

/// The wrap lets it pass, the extractor does not.
#[get("/extracted", wrap = "jwt_required().optional()")]
async fn extracted_route(user: JwtIdentity) -> String {
    user.into_inner()
}

/// No wrap: the extractor's refusals take the same way.
#[get("/bare")]
async fn bare_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/user")]
async fn user_route(user: CurrentUser<String>) -> String {
    user.to_string()
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((protected_route, fresh_route, extracted_route, bare_route, user_route));
}

fn start(hooked: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> TestApp {
    TestApp::start(&build(hooked), routes)
}

fn build(hooked: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> JwtManager {
    hooked(builder(config())).build().unwrap()
}

#[test]
fn additional_claims_and_headers_loader() {
    let jwt = build(|b| {
        b.additional_claims_loader(|identity| json!({ "name": identity.to_uppercase(), "team": "loader" }))
            .additional_headers_loader(|identity| json!({ "x-for": identity, "typ": "at+jwt" }))
    });
    let token = jwt.access_token("ada").claim("team", "call").header("x-for", "call").encode().unwrap();
    let token = jwt.decode_token(&token).unwrap();
    // The call's own win over the loader's.
    assert_eq!((&token.claims()["name"], &token.claims()["team"]), (&json!("ADA"), &json!("call")));
    assert_eq!(
        (token.header().get("x-for"), token.header().get("typ")),
        (Some(&json!("call")), Some(&json!("at+jwt")))
    );
    let refresh = jwt.decode_token(&jwt.create_refresh_token("ada").unwrap()).unwrap();
    assert_eq!((&refresh.claims()["team"], refresh.header().get("x-for")), (&json!("loader"), Some(&json!("ada"))));
}

#[test]
fn loaders_that_return_what_they_must_not() {
    let reserved = build(|b| b.additional_claims_loader(|_| json!({ "exp": 1 })));
    let error = reserved.create_access_token("ada").unwrap_err();
    assert!(matches!(error, JwtError::Issue(_)) && error.to_string().contains("`exp`"), "{error}");
    let list = build(|b| b.additional_claims_loader(|_| json!([1])));
    assert!(matches!(list.create_access_token("ada"), Err(JwtError::Hook { hook: "additional_claims_loader", .. })));
    let alg = build(|b| b.additional_headers_loader(|_| json!({ "alg": "none" })));
    assert!(matches!(alg.create_access_token("ada"), Err(JwtError::Issue(_))));
}

#[test]
fn a_tenants_own_keys() {
    let secret = |tenant: &str| format!("the secret of the tenant {tenant}, 32 bytes or more");
    let signing = move |tenant: &str| SigningKey::from_secret(Algorithm::HS256, secret(tenant).as_bytes());
    let verifying = move |tenant: &str| VerifyingKey::from_secret(&[Algorithm::HS256], secret(tenant).as_bytes());
    let jwt = builder(JwtConfig::new())
        .encode_key_loader(move |identity| signing(identity))
        .additional_headers_loader(|identity| json!({ "tenant": identity }))
        .decode_key_loader(move |header, claims| {
            let tenant = header.get("tenant")?.as_str()?;
            (claims.get("sub")? == tenant && tenant != "unknown").then(|| verifying(tenant).unwrap())
        })
        .build()
        .unwrap();
    let app = TestApp::start(&jwt, routes);
    let acme = jwt.create_access_token("acme").unwrap();
    assert_eq!(app.get_with("/protected", &acme).text(), "acme");
    // No key for it: refused, like a bad signature.
    app.get_with("/protected", &jwt.create_access_token("unknown").unwrap()).is(422, "Signature verification failed");
    app.get_with("/protected", &good()).is(422, "Signature verification failed");
    // The settings' key does not count any more, and one tenant's key does not open another's door.
    let message = format!("{}.{}", b64(r#"{"alg":"HS256","tenant":"b"}"#), b64(r#"{"sub":"b"}"#));
    let forged = format!("{message}.{}", b64(hs256(&message, secret("acme").as_bytes())));
    app.get_with("/protected", &forged).is(422, "Signature verification failed");
    // What the hook is given is strict JSON; of claims that are not, nothing is told before the signature.
    let message = format!("{}.{}", b64(r#"{"alg":"HS256","tenant":"b"}"#), b64(r#"{"sub":"b","sub":"c"}"#));
    app.get_with("/protected", &format!("{message}.AAAA")).is(422, "Signature verification failed");
}

#[test]
fn the_loaded_key_has_an_allow_list_of_its_own() {
    let key = VerifyingKey::from_pem(&[Algorithm::RS256], include_str!("../../keys/rsa2048.pub.pem")).unwrap();
    let app = start(|b| b.decode_key_loader(move |_, _| Some(key.clone())));
    app.get_with("/protected", &good()).is(422, "The specified alg value is not allowed");
}

#[test]
fn user_identity_loader() {
    struct User(u64);
    let jwt = build(|b| b.user_identity_loader(|user: &User| format!("user-{}", user.0)));
    let token = jwt.create_access_token_for(&User(7)).unwrap();
    assert_eq!(jwt.decode_token(&token).unwrap().identity(), "user-7");
    assert!(matches!(jwt.create_access_token_for(&7_u64), Err(JwtError::NotConfigured(_))));
    let none = build(|b| b);
    assert!(matches!(none.create_refresh_token_for(&User(7)), Err(JwtError::NotConfigured(_))));
}

#[test]
fn user_lookup_loader_and_its_error() {
    let app = start(|b| {
        b.user_lookup_loader(|token| async move { (token.identity() == "ada").then(|| "Ada Lovelace".to_owned()) })
            .user_lookup_error_loader(|token, request| {
                HttpResponse::NotFound().body(format!("no {} at {}", token.identity(), request.path()))
            })
    });
    assert_eq!(app.get_with("/user", &good()).text(), "Ada Lovelace");
    for path in ["/protected", "/bare", "/user"] {
        let answer = app.get_with(path, &with(json!({ "sub": "eve" })));
        assert_eq!((answer.status, answer.text()), (404, &*format!("no eve at {path}")));
    }
}

#[test]
fn token_in_blocklist_loader_and_its_answer() {
    let revoked =
        |b: JwtManagerBuilder| b.token_in_blocklist_loader(|token| async move { token.jti() == Some("gone") });
    let app = start(revoked);
    for path in ["/protected", "/bare"] {
        assert_eq!(app.get_with(path, &good()).text(), "ada");
        app.get_with(path, &with(json!({ "jti": "gone" }))).is(401, "Token has been revoked");
    }
    let app = start(|b| {
        revoked(b).revoked_token_loader(|token, _| HttpResponse::Gone().body(token.jti().unwrap_or("?").to_owned()))
    });
    for path in ["/protected", "/bare"] {
        let answer = app.get_with(path, &with(json!({ "jti": "gone" })));
        assert_eq!((answer.status, answer.text()), (410, "gone"));
    }
}

#[test]
fn token_verification_loader_and_its_answer() {
    let rule = |b: JwtManagerBuilder| b.token_verification_loader(|token| token.claims().contains_key("team"));
    let app = start(rule);
    assert_eq!(app.get_with("/protected", &with(json!({ "team": "engine" }))).text(), "ada");
    app.get_with("/protected", &good()).is(400, "User claims verification failed");
    app.get_with("/bare", &good()).is(400, "User claims verification failed");
    let app = start(|b| rule(b).token_verification_failed_loader(|_, _| HttpResponse::ImATeapot().finish()));
    assert_eq!(app.get_with("/protected", &good()).status, 418);
}

#[test]
fn the_order_of_the_checks() {
    // Wrong in every way: the answers come in the order in which Flask-JWT-Extended asks.
    let app = start(|b| {
        b.token_in_blocklist_loader(|_| async { true })
            .token_verification_loader(|_| false)
            .user_lookup_loader(|_| async { None::<()> })
    });
    app.get_with("/fresh", &with(json!({ "type": "refresh" }))).is(422, "Only non-refresh tokens are allowed");
    app.get_with("/fresh", &good()).is(401, "Fresh token required");
    app.get_with("/fresh", &with(json!({ "fresh": true }))).is(401, "Token has been revoked");
    let app = start(|b| b.token_verification_loader(|_| false).user_lookup_loader(|_| async { None::<()> }));
    app.get_with("/protected", &good()).is(400, "User claims verification failed");
}

#[test]
fn response_loaders() {
    let app = start(|b| {
        b.expired_token_loader(|token, _| HttpResponse::Unauthorized().body(format!("expired {}", token.identity())))
            .invalid_token_loader(|reason, _| HttpResponse::BadRequest().body(format!("invalid: {reason}")))
            .needs_fresh_token_loader(|token, _| HttpResponse::Conflict().body(format!("stale {}", token.identity())))
            .unauthorized_loader(|reason, request| {
                // Nobody reads the request meanwhile.
                request.extensions_mut().insert("a hook's own");
                HttpResponse::Forbidden().body(format!("{reason} at {}", request.path()))
            })
    });
    for path in ["/protected", "/extracted", "/bare"] {
        let answer = app.get_with(path, &with(json!({ "exp": NOW })));
        assert_eq!((answer.status, answer.text()), (401, "expired ada"));
        let answer = app.get_with(path, "x");
        assert_eq!((answer.status, answer.text()), (400, "invalid: Not enough segments"));
        let answer = app.get(path, &[("Authorization", "Bearer")]);
        assert!(answer.text().starts_with("invalid: Bad Authorization header."));
        let answer = app.get_with(path, &with(json!({ "type": "refresh" })));
        assert_eq!(answer.text(), "invalid: Only non-refresh tokens are allowed");
        let answer = app.get(path, &[]);
        assert_eq!((answer.status, answer.text()), (403, &*format!("Missing Authorization Header at {path}")));
    }
    let answer = app.get_with("/fresh", &good());
    assert_eq!((answer.status, answer.text()), (409, "stale ada"));
}

#[test]
fn a_failing_hook_costs_its_own_request_a_500() {
    type Hooked = fn(JwtManagerBuilder) -> JwtManagerBuilder;
    fn oops<T>() -> Result<T, std::io::Error> {
        Err(std::io::Error::other("the database's password is hush"))
    }
    let failing: &[(&str, Hooked)] = &[
        ("blocklist error", |b| {
            b.token_in_blocklist_loader(|t| async move { if bad(&t) { oops() } else { Ok(false) } })
        }),
        ("blocklist panic", |b| {
            b.token_in_blocklist_loader(|t| async move {
                assert!(!bad(&t));
                false
            })
        }),
        ("blocklist panics before its future", |b| {
            b.token_in_blocklist_loader(|t| {
                assert!(!bad(&t));
                async { false }
            })
        }),
        ("lookup error", |b| b.user_lookup_loader(|t| async move { if bad(&t) { oops() } else { Ok(Some(())) } })),
        ("lookup panic", |b| {
            b.user_lookup_loader(|t| async move {
                assert!(!bad(&t));
                Some(())
            })
        }),
        ("verification error", |b| b.token_verification_loader(|t| if bad(t) { oops() } else { Ok(true) })),
        ("verification panic", |b| {
            b.token_verification_loader(|t| {
                assert!(!bad(t));
                true
            })
        }),
        ("decode key error", |b| {
            b.decode_key_loader(|_, claims| {
                if claims["sub"] == "bad" {
                    oops()
                } else {
                    Ok(VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).ok())
                }
            })
        }),
        ("decode key panic", |b| {
            b.decode_key_loader(|_, claims| {
                assert!(claims["sub"] != "bad");
                VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).ok()
            })
        }),
        ("response panic", |b| {
            b.token_verification_loader(|t| !bad(t)).token_verification_failed_loader(|_, _| panic!("on purpose"))
        }),
    ];
    for (what, hooked) in failing {
        let app = start(hooked);
        for path in ["/protected", "/bare"] {
            let answer = app.get_with(path, &with(json!({ "sub": "bad" })));
            answer.is(500, "Internal Server Error");
            assert_eq!(app.get_with(path, &good()).text(), "ada", "after {what}");
        }
    }

    fn bad(token: &actix_jwt_extended::VerifiedToken) -> bool {
        token.identity() == "bad"
    }
}

#[test]
fn a_failing_hook_of_issuing_is_an_error_not_a_panic() {
    type Hooked = fn(JwtManagerBuilder) -> JwtManagerBuilder;
    let failing: &[(&str, Hooked)] = &[
        ("additional_claims_loader", |b| b.additional_claims_loader(|_| -> serde_json::Value { panic!("on purpose") })),
        ("additional_headers_loader", |b| b.additional_headers_loader(|_| Err::<serde_json::Value, _>("on purpose"))),
        ("encode_key_loader", |b| b.encode_key_loader(|_| Err::<SigningKey, _>("on purpose"))),
    ];
    for (name, hooked) in failing {
        let error = build(hooked).create_access_token("ada").unwrap_err();
        assert!(matches!(&error, JwtError::Hook { hook, .. } if hook == name), "{error:?}");
        assert_eq!(error.status(), 500);
    }
    let jwt = build(|b| b.user_identity_loader(|_: &u8| -> String { panic!("on purpose") }));
    assert!(matches!(jwt.create_access_token_for(&1_u8), Err(JwtError::Hook { hook: "user_identity_loader", .. })));
}

/// What was asked, in order.
type Asked = Arc<Mutex<Vec<&'static str>>>;

#[actix_web::test]
async fn each_hook_of_a_refresh_runs_once() {
    let asked = Asked::default();
    let note = |what: &'static str| {
        let asked = Arc::clone(&asked);
        move || asked.lock().unwrap().push(what)
    };
    let (key, blocked, rules, user) = (note("key"), note("blocklist"), note("rules"), note("user"));
    let secret = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = builder(config())
        .token_store(MemoryStore::new())
        .decode_key_loader(move |_, _| {
            key();
            Some(secret.clone())
        })
        .token_in_blocklist_loader(move |_| {
            blocked();
            async { false }
        })
        .token_verification_loader(move |_| {
            rules();
            true
        })
        .user_lookup_loader(move |_| {
            user();
            async { Some(()) }
        })
        .build()
        .unwrap();
    let pair = jwt.start_session("ada").await.unwrap();
    let request = |token: &str| {
        let bearer = ("Authorization", format!("Bearer {token}"));
        TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request()
    };
    let refresh = request(&pair.refresh_token);
    let presented = verify_jwt_in_request(&refresh, &jwt_required().refresh()).await.unwrap().unwrap();
    let next = jwt.rotate(&presented, &refresh).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["key", "blocklist", "rules", "user"]);
    // A wrap that was told to skip it has not asked.
    asked.lock().unwrap().clear();
    let refresh = request(&next.refresh_token);
    let skips = jwt_required().refresh().skip_revocation_check();
    let presented = verify_jwt_in_request(&refresh, &skips).await.unwrap().unwrap();
    jwt.rotate(&presented, &refresh).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["key", "rules", "user", "blocklist"]);
    // What another request was told is not this one's.
    asked.lock().unwrap().clear();
    let other = request(&next.access_token);
    verify_jwt_in_request(&other, &jwt_required()).await.unwrap();
    jwt.rotate(&presented, &other).await.unwrap();
    assert_eq!(*asked.lock().unwrap(), ["key", "blocklist", "rules", "user", "blocklist"]);
}

#[test]
fn the_key_of_a_token_that_is_not_yet_valid_is_asked_for_once() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = build(|b| {
        b.decode_key_loader(move |_, _| {
            counted.fetch_add(1, SeqCst);
            Some(key.clone())
        })
    });
    let app = TestApp::start(&jwt, routes);
    for (claim, message) in [("nbf", "The token is not yet valid (nbf)"), ("iat", "The token is not yet valid (iat)")] {
        count.store(0, SeqCst);
        app.get_with("/protected", &with(json!({ claim: NOW + 60 }))).is(422, message);
        assert_eq!(count.load(SeqCst), 1, "{claim}");
    }
    count.store(0, SeqCst);
    app.get_with("/protected", &with(json!({ "exp": NOW }))).is(401, "Token has expired");
    assert_eq!(count.load(SeqCst), 1);
}

#[derive(Clone)]
struct Member {
    name: &'static str,
    roles: &'static [&'static str],
}

#[test]
fn loaders_are_given_the_user_object() {
    let signing = SigningKey::from_secret(Algorithm::HS256, b"the members' own secret, 32 bytes or more").unwrap();
    let verifying = VerifyingKey::from_secret(&[Algorithm::HS256], b"the members' own secret, 32 bytes or more");
    let jwt = builder(config())
        .verifying_key(verifying.unwrap().with_key_id("members"))
        .user_identity_loader(|member: &Member| member.name.to_owned())
        .additional_claims_loader(|identity| json!({ "by": identity }))
        .additional_claims_loader_for(|member: &Member| json!({ "roles": member.roles }))
        .additional_headers_loader_for(|member: &Member| json!({ "x-for": member.name }))
        .encode_key_loader_for(move |_: &Member| signing.clone().with_key_id("members"))
        .build()
        .unwrap();
    let ada = Member { name: "ada", roles: &["admin"] };
    for token in [jwt.create_access_token_for(&ada).unwrap(), jwt.create_refresh_token_for(&ada).unwrap()] {
        let token = jwt.decode_token(&token).unwrap();
        assert_eq!((token.identity(), &token.claims()["roles"]), ("ada".into(), &json!(["admin"])));
        assert_eq!((token.header().get("x-for"), token.header().key_id()), (Some(&json!("ada")), Some("members")));
        assert_eq!(token.claims().get("by"), None, "in the place of the one for identities");
    }
    // Of those given at the call nothing is taken away, and by identity all is as before.
    let own = jwt.access_token_for(&ada).unwrap().claim("roles", "own").encode().unwrap();
    assert_eq!(jwt.decode_token(&own).unwrap().claims()["roles"], "own");
    let plain = jwt.decode_token(&jwt.create_access_token("ada").unwrap()).unwrap();
    assert_eq!((&plain.claims()["by"], plain.claims().get("roles")), (&json!("ada"), None));
    assert_eq!(plain.header().key_id(), None);
}

#[test]
fn loaders_of_a_user_object_that_fail() {
    let ada = Member { name: "ada", roles: &[] };
    let error = |hooked: fn(JwtManagerBuilder) -> JwtManagerBuilder| {
        let jwt = build(|b| hooked(b.user_identity_loader(|member: &Member| member.name.to_owned())));
        jwt.create_access_token_for(&ada).unwrap_err()
    };
    let list = error(|b| b.additional_claims_loader_for(|_: &Member| json!([1])));
    assert!(matches!(list, JwtError::Hook { hook: "additional_claims_loader_for", .. }));
    let reserved = error(|b| b.additional_claims_loader_for(|_: &Member| json!({ "exp": 1 })));
    assert!(matches!(reserved, JwtError::Issue(_)));
    let panics = error(|b| b.additional_headers_loader_for(|_: &Member| -> serde_json::Value { panic!("on purpose") }));
    assert!(matches!(panics, JwtError::Hook { hook: "additional_headers_loader_for", .. }));
    let fails = error(|b| b.encode_key_loader_for(|_: &Member| Err::<SigningKey, _>("on purpose")));
    assert!(matches!(fails, JwtError::Hook { hook: "encode_key_loader_for", .. }));
}

#[actix_web::test]
async fn a_rotated_token_is_made_for_the_user_that_was_looked_up() {
    let roles = Arc::new(Mutex::new(&["admin"][..]));
    let now = Arc::clone(&roles);
    let jwt = builder(config())
        .token_store(MemoryStore::new())
        .user_identity_loader(|member: &Member| member.name.to_owned())
        .user_lookup_loader(move |_| {
            let roles = *now.lock().unwrap();
            async move { Some(Member { name: "ada", roles }) }
        })
        .additional_claims_loader_for(|member: &Member| json!({ "roles": member.roles }))
        .build()
        .unwrap();
    let roles_of = |token: &str| jwt.decode_token(token).unwrap().claims()["roles"].clone();
    let begun = jwt.start_session_for(&Member { name: "ada", roles: &["admin"] }).unwrap();
    let pair = begun.claim("team", "engine").await.unwrap();
    assert_eq!((roles_of(&pair.access_token), roles_of(&pair.refresh_token)), (json!(["admin"]), json!(["admin"])));
    *roles.lock().unwrap() = &["editor"];
    let bearer = ("Authorization", format!("Bearer {}", pair.refresh_token));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
    let presented = verify_jwt_in_request(&request, &jwt_required().refresh()).await.unwrap().unwrap();
    let next = jwt.rotate(&presented, &request).await.unwrap();
    assert_eq!(roles_of(&next.access_token), json!(["editor"]));
    assert_eq!(jwt.decode_token(&next.access_token).unwrap().claims()["team"], "engine");
}

/// A loader that is ready at its second poll.
async fn later<T>(value: T) -> T {
    actix_web::rt::task::yield_now().await;
    value
}

#[actix_web::test]
async fn loaders_of_issuing_may_wait() {
    let secret = b"a key that was fetched, 32 bytes or more";
    let signing = SigningKey::from_secret(Algorithm::HS256, secret).unwrap().with_key_id("fetched");
    let verifying = VerifyingKey::from_secret(&[Algorithm::HS256], secret).unwrap().with_key_id("fetched");
    let jwt = builder(config())
        .token_store(MemoryStore::new())
        .verifying_key(verifying)
        .additional_claims_loader(|_| json!({ "by": "the one that does not wait" }))
        .additional_claims_loader_async(|identity| later(json!({ "by": identity, "team": "loader" })))
        .encode_key_loader_async(move |_| later(signing.clone()))
        .build()
        .unwrap();
    let said = |token: &str| {
        let token = jwt.decode_token(token).unwrap();
        (token.claims()["by"].clone(), token.claims()["team"].clone(), token.header().key_id().map(str::to_owned))
    };
    let loaded = |team: &str| (json!("ada"), json!(team), Some("fetched".to_owned()));
    assert_eq!(said(&jwt.create_access_token_async("ada").await.unwrap()), loaded("loader"));
    assert_eq!(said(&jwt.create_refresh_token_async("ada").await.unwrap()), loaded("loader"));
    let own = jwt.access_token("ada").claim("team", "call").encode_async().await.unwrap();
    assert_eq!(said(&own), loaded("call"), "the call's own win");
    let pair = jwt.start_session("ada").await.unwrap();
    let bearer = ("Authorization", format!("Bearer {}", pair.refresh_token));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
    let presented = verify_jwt_in_request(&request, &jwt_required().refresh()).await.unwrap().unwrap();
    let next = jwt.rotate(&presented, &request).await.unwrap();
    for token in [pair.access_token, pair.refresh_token, next.access_token, next.refresh_token] {
        assert_eq!(said(&token), loaded("loader"));
    }
    // A token is not made without its claims and its key.
    assert!(matches!(jwt.create_access_token("ada"), Err(JwtError::NotConfigured(_))));
}

#[actix_web::test]
async fn a_loader_that_waits_and_fails_is_an_error_not_a_panic() {
    type Hooked = fn(JwtManagerBuilder) -> JwtManagerBuilder;
    let failing: &[(&str, Hooked)] = &[
        ("additional_claims_loader_async", |b| {
            b.additional_claims_loader_async(|_| later(Err::<serde_json::Value, _>("on purpose")))
        }),
        ("additional_claims_loader_async", |b| b.additional_claims_loader_async(|_| later(json!([1])))),
        ("encode_key_loader_async", |b| {
            b.encode_key_loader_async(|_| async {
                later(()).await;
                if true { panic!("on purpose") } else { SigningKey::from_secret(Algorithm::HS256, b"") }
            })
        }),
    ];
    for (name, hooked) in failing {
        let error = build(hooked).create_access_token_async("ada").await.unwrap_err();
        assert!(matches!(&error, JwtError::Hook { hook, .. } if hook == name), "{error:?}");
    }
    let key_only = build(|b| b.encode_key_loader_async(|_| later(Err::<SigningKey, _>("on purpose"))));
    assert!(matches!(key_only.create_access_token("ada"), Err(JwtError::NotConfigured(_))));
}
