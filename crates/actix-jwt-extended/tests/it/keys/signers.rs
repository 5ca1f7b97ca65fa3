//! Keys that sign elsewhere: what a signer that is slow, broken or gone does to tokens, sessions and answers.

use super::hsm::{Does, Hsm, PUBLIC, public_key, remote};
use crate::app::{Answer, NOW, TestApp, config};
use actix_jwt_extended::keys::{
    Algorithm, SharedSigner, SignRequest, Signer, SignerError, SignerFuture, SigningKey, VerifyingKey,
};
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::{
    Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, JwtManagerBuilder, Lifetime, Location, jwt_required,
    refresh_expiring_cookies,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use futures_util::future::join_all;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, pause};

fn builder_of(hsm: &Arc<Hsm>, config: JwtConfig) -> JwtManagerBuilder {
    JwtManager::builder(config).clock(hsm.clock.clone()).token_store(MemoryStore::new())
}

fn manager_of(hsm: &Arc<Hsm>) -> JwtManager {
    builder_of(hsm, JwtConfig::new()).signing_key(remote(Arc::clone(hsm))).build().unwrap()
}

/// For a machine that has other work, where time does not stand still.
fn patient(hsm: &Arc<Hsm>) -> SharedSigner {
    SharedSigner::from(Arc::clone(hsm)).timeout(Duration::from_secs(60))
}

fn slow(latency_ms: u64) -> Arc<Hsm> {
    Arc::new(Hsm { latency: Duration::from_millis(latency_ms), ..Hsm::new() })
}

/// How many times 50 ms have passed of a time that stands still while anybody works; tokio's timers add one of their own.
fn latencies(begin: Instant) -> u128 {
    begin.elapsed().as_millis() / 50
}

fn text(answer: Result<String, JwtError>) -> String {
    answer.unwrap_err().to_string()
}

#[actix_web::test]
async fn tokens_are_signed_elsewhere_and_verified_here() {
    pause();
    let hsm = slow(50);
    let jwt = manager_of(&hsm);
    assert_eq!(hsm.asked(), 0, "a start waits for no network");
    let begin = Instant::now();
    let token = jwt.access_token("ada").claim("team", "engine").encode_async().await.unwrap();
    assert_eq!((hsm.asked(), latencies(begin)), (1, 1));
    let verified = jwt.decode_token(&token).unwrap();
    assert_eq!((&*verified.identity(), verified.header().key_id()), ("ada", Some("hsm-1")));
    // Of another process, which knows the public key alone.
    let elsewhere = JwtConfig::new().algorithm(Algorithm::ES256).public_key(PUBLIC);
    let elsewhere = JwtManager::builder(elsewhere).clock(hsm.clock.clone()).build().unwrap();
    assert_eq!(elsewhere.decode_token(&token).unwrap().claims()["team"], "engine");
    assert!(jwt.create_refresh_token_async("ada").await.is_ok());
    assert!(jwt.access_token("ada").header("typ", "at+jwt").encode_async().await.is_ok());
    assert_eq!(hsm.heard.lock().unwrap()[0], r#"SignRequest { algorithm: ES256, key_id: Some("hsm-1"), .. }"#);
    // Both of a session at once.
    let begin = Instant::now();
    jwt.start_session("ada").await.unwrap();
    assert_eq!(latencies(begin), 1);
}

#[actix_web::test]
async fn what_cannot_wait_says_what_can() {
    let hsm = Arc::new(Hsm::new());
    let jwt = builder_of(&hsm, JwtConfig::new())
        .signing_key(remote(Arc::clone(&hsm)))
        .user_identity_loader(|id: &u8| id.to_string())
        .build()
        .unwrap();
    let expected = "cannot issue a token: the signing key is remote, and this method cannot wait for its signer: use \
                    `.encode_async().await`, `create_access_token_async` or `create_refresh_token_async`";
    for refused in [
        jwt.create_access_token("ada"),
        jwt.create_refresh_token("ada"),
        jwt.access_token("ada").fresh().encode(),
        jwt.create_access_token_for(&7_u8),
    ] {
        let error = refused.unwrap_err();
        assert_eq!((error.status(), error.to_string()), (500, expected.to_owned()));
    }
    assert_eq!(hsm.asked(), 0);
    assert!(jwt.access_token_for(&7_u8).unwrap().encode_async().await.is_ok());
}

#[actix_web::test]
async fn a_loader_may_give_a_remote_key() {
    let hsm = Arc::new(Hsm::new());
    let key = remote(Arc::clone(&hsm));
    let jwt = builder_of(&hsm, JwtConfig::new())
        .verifying_key(public_key().with_key_id("hsm-1"))
        .encode_key_loader(move |_identity| key.clone())
        .build()
        .unwrap();
    assert!(text(jwt.create_access_token("ada")).contains("is remote"));
    let token = jwt.create_access_token_async("ada").await.unwrap();
    assert!(jwt.decode_token(&token).is_ok());
}

/// From a key in this process to one elsewhere, and back.
#[actix_web::test]
async fn a_remote_key_takes_over_while_the_manager_works() {
    let hsm = Arc::new(Hsm { longest: Some(Duration::from_secs(3600)), ..Hsm::new() });
    let config = |seconds| config().refresh_token_expires(Duration::from_secs(seconds));
    let jwt = builder_of(&hsm, config(7200)).build().unwrap();
    let refused = jwt.rotate_keys(remote(Arc::clone(&hsm))).unwrap_err().to_string();
    assert!(refused.starts_with("JWT_REFRESH_TOKEN_EXPIRES is 2h, and the remote signer"), "{refused}");
    let jwt = builder_of(&hsm, config(3600)).build().unwrap();
    let before = jwt.create_access_token("ada").unwrap();
    jwt.rotate_keys(remote(Arc::clone(&hsm))).unwrap();
    assert!(jwt.create_access_token("ada").is_ok(), "it is published, and does not sign yet");
    jwt.activate_key("hsm-1").unwrap();
    assert!(text(jwt.create_access_token("ada")).contains("is remote"));
    let token = jwt.create_access_token_async("ada").await.unwrap();
    assert!([&before, &token].into_iter().all(|token| jwt.decode_token(token).is_ok()));
    assert!(jwt.withdraw_key("hsm-1"));
    assert!(jwt.decode_token(&token).is_err() && jwt.create_access_token("ada").is_ok());
}

/// Never asked twice: the signature may have been made.
#[actix_web::test]
async fn without_a_good_signature_there_is_no_token() {
    pause();
    let hsm = Arc::new(Hsm::new());
    let jwt = manager_of(&hsm);
    let wrong = "its signature is none of ES256 by its public key";
    for (does, says) in [
        (Does::Fail, "the connection was refused"),
        (Does::Panic, "it panicked"),
        (Does::PanicLater, "it panicked"),
        (Does::Hang, "no answer within 2s"),
        (Does::SignInDer, wrong),
        (Does::SignOtherBytes, wrong),
        (Does::SignShort, wrong),
        (Does::SignNothing, wrong),
    ] {
        hsm.now_does(does);
        let asked = hsm.asked();
        let error = jwt.create_access_token_async("ada").await.unwrap_err();
        assert_eq!(error.to_string(), format!("cannot issue a token: the remote signer failed: {says}"));
        assert_eq!((error.status(), hsm.asked() - asked), (503, 1));
        let JwtError::Signer(error) = error else { panic!("{error:?}") };
        assert_eq!(error.is_timeout(), does == Does::Hang);
        assert!(remote(Arc::clone(&hsm)).check().await.is_err());
    }
    hsm.now_does(Does::Sign);
    assert!(jwt.create_access_token_async("ada").await.is_ok());
    assert!(remote(Arc::clone(&hsm)).check().await.is_ok());
    assert_eq!(hsm.in_flight.load(SeqCst), 0);
}

#[actix_web::test]
async fn another_keys_signer_is_found_out() {
    let other = VerifyingKey::from_pem(&[Algorithm::ES384], include_str!("../../keys/ec384.pub.pem")).unwrap();
    let error = SigningKey::remote(Algorithm::ES256, Hsm::new(), other).unwrap_err().to_string();
    assert_eq!(error, "the remote signer's public key was not made for ES256; name it in `from_pem`");
    let secret = VerifyingKey::from_secret(&[Algorithm::HS256], b"a secret for tests: 0123456789 abcdef").unwrap();
    let error = SigningKey::remote(Algorithm::HS256, Hsm::new(), secret).unwrap_err().to_string();
    assert_eq!(error, "the remote signer's public key must be of a key pair; HS256 has none");
    let rsa = VerifyingKey::from_pem(&[Algorithm::RS256], include_str!("../../keys/rsa2048.pub.pem")).unwrap();
    assert!(SigningKey::remote(Algorithm::PS256, Hsm::new(), rsa).is_err());
}

/// More wait, and none of them for longer than the limit.
#[actix_web::test]
async fn so_many_are_in_flight_and_no_more() {
    pause();
    let hsm = slow(50);
    let limited = SharedSigner::from(Arc::clone(&hsm)).max_in_flight(3);
    let jwt = builder_of(&hsm, JwtConfig::new()).signing_key(remote(limited)).build().unwrap();
    let begin = Instant::now();
    let tokens = join_all((0..20).map(|user| jwt.create_access_token_async(user))).await;
    assert!(tokens.iter().all(Result::is_ok));
    assert_eq!((hsm.most.load(SeqCst), latencies(begin)), (3, 7));

    let limited = SharedSigner::from(Arc::clone(&hsm)).max_in_flight(0).timeout(Duration::from_millis(70));
    let jwt = builder_of(&hsm, JwtConfig::new()).signing_key(remote(limited)).build().unwrap();
    let asked = hsm.asked();
    let begin = Instant::now();
    let tokens = join_all((0..3).map(|user| jwt.create_access_token_async(user))).await;
    assert_eq!((latencies(begin), hsm.asked() - asked), (1, 2), "no third is begun");
    let [first, second, third] = tokens.try_into().unwrap();
    assert!(first.is_ok());
    assert!(text(second).ends_with("failed: no answer within 70ms"));
    assert!(text(third).ends_with("failed: too many signatures were in flight for all of 70ms"));
    // Who no longer waits takes nobody's place.
    hsm.now_does(Does::Hang);
    tokio::time::timeout(Duration::from_millis(10), jwt.create_access_token_async("gone")).await.unwrap_err();
    hsm.now_does(Does::Sign);
    assert!(jwt.create_access_token_async("next").await.is_ok());
}

/// The times in a token stand before it is signed.
#[actix_web::test]
async fn a_token_whose_times_no_longer_hold_does_not_come_out() {
    let hsm = Arc::new(Hsm::new());
    let jwt = manager_of(&hsm);
    let late = "cannot issue a token: the remote signer failed: the clock says that the token's times no longer hold";
    for (seconds, lives, good) in [
        (0, 60, true),
        (2, 60, true),
        (1, 2, true),
        // As one that is signed here, which nobody can use either.
        (1, 0, true),
        (1, 1, false),
        (2, 1, false),
        // The machine slept, or its clock was set.
        (10, 60, false),
        (3600, 86400, false),
        (-10, 60, false),
    ] {
        hsm.clock.set(NOW as u64);
        hsm.now_does(Does::SignAfter(seconds));
        let made = jwt.access_token("ada").expires_in(Duration::from_secs(lives)).encode_async().await;
        match good {
            true => assert!(made.is_ok(), "{seconds} {lives}"),
            false => assert_eq!(text(made), late, "{seconds} {lives}"),
        }
    }
}

#[actix_web::test]
async fn no_token_lives_longer_than_its_signer_allows() {
    let hsm = Arc::new(Hsm { longest: Some(Duration::from_secs(3600)), ..Hsm::new() });
    let hour = Duration::from_secs(3600);
    let build = |config: JwtConfig| builder_of(&hsm, config).signing_key(remote(Arc::clone(&hsm))).build();
    for (config, says) in [
        (JwtConfig::new(), "JWT_REFRESH_TOKEN_EXPIRES is 30days"),
        (JwtConfig::new().access_token_expires(hour * 2), "JWT_ACCESS_TOKEN_EXPIRES is 2h"),
        (JwtConfig::new().access_token_expires(Lifetime::Never), "JWT_ACCESS_TOKEN_EXPIRES is never"),
    ] {
        let rest = ", and the remote signer signs no token that lives for more than 1h; shorten it";
        assert_eq!(build(config).unwrap_err().to_string(), format!("{says}{rest}"));
    }
    let jwt = build(JwtConfig::new().refresh_token_expires(hour)).unwrap();
    let asked = hsm.asked();
    let token = || jwt.access_token("ada");
    let longer = token().expires_in(hour + Duration::from_secs(1)).encode_async().await;
    let says = "cannot issue a token: the token would live for 1h 1s, and its signer allows at most 1h";
    assert_eq!((longer.as_ref().unwrap_err().status(), text(longer)), (500, says.to_owned()));
    let says = "cannot issue a token: the token would never expire, and its signer allows at most 1h";
    assert_eq!(text(token().never_expires().encode_async().await), says);
    assert_eq!(hsm.asked(), asked, "what may not be signed is not sent there");
    assert!(token().expires_in(hour).encode_async().await.is_ok());
    assert!(jwt.start_session("ada").await.is_ok());
}

#[actix_web::test]
async fn what_can_be_known_at_start_is() {
    let build = |config: JwtConfig, algorithm: Algorithm, public_key: &str| {
        let public_key = VerifyingKey::from_pem(&[algorithm], public_key).unwrap();
        let key = SigningKey::remote(algorithm, Hsm::new(), public_key).unwrap();
        JwtManager::builder(config).signing_key(key).build()
    };
    let cookies = JwtConfig::new().token_location([Location::Cookies]);
    let error = build(cookies, Algorithm::MlDsa65, include_str!("../../keys/mldsa65.pub.pem")).unwrap_err();
    assert!(error.to_string().contains("every token of ML-DSA-65 has"), "{error}");
    let audiences = JwtConfig::new().encode_audience("here").decode_audience("there");
    let error = build(audiences, Algorithm::ES256, PUBLIC).unwrap_err();
    assert!(error.to_string().starts_with("JWT_ENCODE_AUDIENCE and JWT_DECODE_AUDIENCE"), "{error}");
    // Too long for anybody is not sent.
    let hsm = Arc::new(Hsm::new());
    let jwt = manager_of(&hsm);
    let long = jwt.access_token("ada").claim("all", "x".repeat(9000)).encode_async().await;
    assert!(text(long).contains("longer than JWT_MAX_TOKEN_SIZE"));
    assert_eq!(hsm.asked(), 0);
}

#[actix_web::test]
async fn a_signer_tells_its_keys() {
    struct Silent;
    impl Signer for Silent {
        fn sign<'a>(&'a self, _: SignRequest<'a>) -> SignerFuture<'a, Vec<u8>> {
            Box::pin(async { Err(SignerError::new("not today")) })
        }
    }
    let error = SharedSigner::from(Silent).keys().await.unwrap_err().to_string();
    assert_eq!(error, "the remote signer failed: it does not tell its public keys");
    pause();
    let hsm = slow(50);
    let signer = SharedSigner::from(Arc::clone(&hsm));
    let keys = signer.keys().await.unwrap();
    assert_eq!((keys.others().len(), keys.refresh_hint()), (1, Some(Duration::from_secs(3600))));
    assert_eq!(keys.others()[0].verifying_key().unwrap().key_id(), Some("next"));
    let signing = SigningKey::remote(Algorithm::ES256, signer.clone(), keys.active().verifying_key().unwrap()).unwrap();
    assert_eq!((signing.key_id(), signing.is_remote()), (Some("now"), true));
    assert_eq!(format!("{signing:?}"), r#"SigningKey { algorithm: ES256, key_id: Some("now") }"#);
    assert_eq!(format!("{signer:?}"), "SharedSigner { timeout: 2s, .. }");
    assert!(signer.timeout(Duration::from_millis(20)).keys().await.unwrap_err().is_timeout());
}

#[post("/login")]
async fn login(jwt: JwtManager) -> Result<TokenPair, JwtError> {
    jwt.start_session("ada").await
}

#[post("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> Result<TokenPair, JwtError> {
    jwt.rotate(&presented, &request).await
}

#[post("/cookie")]
async fn with_cookie(jwt: JwtManager) -> Result<HttpResponse, JwtError> {
    let mut response = HttpResponse::Ok().finish();
    jwt.set_access_cookies(&mut response, &jwt.create_access_token_async("ada").await?)?;
    Ok(response)
}

#[get("/me", wrap = "jwt_required()", wrap = "refresh_expiring_cookies()")]
async fn me(user: JwtIdentity) -> String {
    user.into_inner()
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((login, refresh, with_cookie, me));
}

fn is_unavailable(answer: &Answer) {
    answer.is(503, "Service Unavailable");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// The answers of a real server; what was stored before is there afterwards.
#[test]
fn a_signer_that_is_down_costs_no_session() {
    let hsm = Arc::new(Hsm::new());
    let signer = SharedSigner::from(Arc::clone(&hsm)).timeout(Duration::from_secs(3));
    let config = config().token_location([Location::Headers, Location::Cookies]).cookie_secure(false);
    let jwt = builder_of(&hsm, config).signing_key(remote(signer)).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let with = |path: &str, token: &str| app.post(path, &[("Authorization", &format!("Bearer {token}"))], b"");
    let sessions = || actix_web::rt::System::new().block_on(jwt.sessions("ada")).unwrap().len();
    let token = |answer: &Answer, name: &str| answer.json()[name].as_str().unwrap().to_owned();

    for does in [Does::Fail, Does::Panic, Does::SignOtherBytes, Does::Hang] {
        hsm.now_does(does);
        is_unavailable(&app.post("/login", &[], b""));
    }
    assert_eq!(sessions(), 0);
    hsm.now_does(Does::Sign);
    let first = app.post("/login", &[], b"");
    assert_eq!((first.status, sessions()), (200, 1));
    let (access, held) = (token(&first, "access_token"), token(&first, "refresh_token"));
    // For longer than the grace, too.
    for does in [Does::Fail, Does::Hang, Does::SignNothing] {
        hsm.now_does(does);
        is_unavailable(&with("/refresh", &held));
        hsm.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(app.get_with("/me", &access).text(), "ada", "verifying needs no signer");
    hsm.now_does(Does::Sign);
    let second = with("/refresh", &held);
    assert_eq!(second.status, 200);
    // Its answer was lost, and meanwhile the signer.
    hsm.now_does(Does::Fail);
    is_unavailable(&with("/refresh", &held));
    hsm.now_does(Does::Sign);
    assert_eq!(token(&with("/refresh", &held), "refresh_token").len(), token(&second, "refresh_token").len());
    assert_eq!(with("/refresh", &token(&second, "refresh_token")).status, 200);
    assert_eq!(sessions(), 1);

    let set = app.post("/cookie", &[], b"");
    let cookie = set.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    hsm.clock.advance(Duration::from_secs(600));
    hsm.now_does(Does::Fail);
    let passed = app.get("/me", &[("Cookie", &cookie)]);
    assert_eq!((passed.text(), passed.header("set-cookie")), ("ada", None), "it is good for a while");
    hsm.now_does(Does::Sign);
    assert!(app.get("/me", &[("Cookie", &cookie)]).header("set-cookie").is_some());
}

/// Whoever logged in before a key took over whose tokens must live less is renewed for as long as that key allows.
#[test]
fn a_cookie_is_renewed_by_a_key_whose_tokens_live_less() {
    let hsm = Arc::new(Hsm { longest: Some(Duration::from_secs(1800)), ..Hsm::new() });
    let half_an_hour = Duration::from_secs(1800);
    let config = config().token_location([Location::Cookies]).cookie_secure(false);
    let config = config.access_token_expires(half_an_hour).refresh_token_expires(half_an_hour);
    let jwt = builder_of(&hsm, config).build().unwrap();
    let token = jwt.access_token("ada").expires_in(half_an_hour * 4).encode().unwrap();
    jwt.rotate_keys(remote(patient(&hsm))).unwrap();
    jwt.activate_key("hsm-1").unwrap();
    let app = TestApp::start(&jwt, routes);
    hsm.clock.advance(half_an_hour * 3);
    let renewed = app.get("/me", &[("Cookie", &format!("access_token_cookie={token}"))]);
    let cookie = renewed.header("set-cookie").expect("it is due").split(';').next().unwrap();
    let next = jwt.decode_token(cookie.split_once('=').unwrap().1).unwrap();
    assert_eq!((next.header().key_id(), next.expires_at()), (Some("hsm-1"), Some(NOW + 4 * 1800)));
}

/// Six clients log in, refresh and ask all the time, while keys of three kinds take over one after the other.
#[test]
fn keys_here_and_elsewhere_follow_each_other_and_no_request_fails() {
    let hsm = slow(50);
    let jwt = builder_of(&hsm, config().token_location([Location::Headers])).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let of_token = |token: &str| jwt.decode_token(token).unwrap().header().key_id().unwrap_or("").to_owned();
    // The key ID that each client has met last; "" is the secret's.
    let met: Vec<Mutex<Option<String>>> = (0..6).map(|_| Mutex::new(None)).collect();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also where an assertion below fails: a scope waits for its threads.
        let _end = OnDrop(&over);
        for met in &met {
            let (app, over, of_token) = (&app, &over, &of_token);
            scope.spawn(move || {
                while !over.load(SeqCst) {
                    let _end = OnPanic(over);
                    let first = app.post("/login", &[], b"");
                    assert_eq!(first.status, 200, "{first:?}");
                    let held = format!("Bearer {}", first.json()["refresh_token"].as_str().unwrap());
                    let next = app.post("/refresh", &[("Authorization", &held)], b"");
                    assert_eq!(next.status, 200, "{next:?}");
                    let next = next.json();
                    let token = next["access_token"].as_str().unwrap();
                    assert_eq!(app.get_with("/me", token).text(), "ada");
                    *met.lock().unwrap() = Some(of_token(token));
                }
            });
        }
        let all_meet = |key_id: &str| {
            let begin = std::time::Instant::now();
            while met.iter().any(|met| met.lock().unwrap().as_deref() != Some(key_id)) {
                assert!(!over.load(SeqCst), "a client has failed");
                assert!(begin.elapsed() < Duration::from_secs(60), "{key_id:?} does not sign");
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        all_meet("");
        let here = SigningKey::from_pem(Algorithm::EdDSA, include_str!("../../keys/ed25519.pem")).unwrap();
        for key in [remote(patient(&hsm)), here.with_key_id("here")] {
            let key_id = key.key_id().unwrap().to_owned();
            jwt.rotate_keys(key).unwrap();
            jwt.activate_key(&key_id).unwrap();
            all_meet(&key_id);
        }
    });
    assert!(hsm.asked() > 0 && hsm.in_flight.load(SeqCst) == 0);
}

struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

struct OnPanic<'a>(&'a AtomicBool);

impl Drop for OnPanic<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(std::thread::panicking(), SeqCst);
    }
}
