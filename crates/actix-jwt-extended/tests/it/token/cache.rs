//! The token cache: what it may skip, and what it must not.

use crate::app::{NOW, SECRET, TestApp, config};
use crate::forge::{good, with};
use actix_jwt_extended::keys::{Algorithm, SigningKey, VerifyingKey};
use actix_jwt_extended::store::{MemoryStore, Revocation, TokenStore as _};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{Clock, DecodeOptions, JwtIdentity, JwtManager, JwtManagerBuilder, SystemClock, jwt_required};
use actix_web::web;
use futures_util::FutureExt as _;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

async fn name(user: JwtIdentity) -> String {
    user.into_inner()
}

fn routes(config: &mut web::ServiceConfig) {
    let route = |path: &'static str, demand| web::resource(path).wrap(demand).route(web::route().to(name));
    config
        .service(route("/protected", jwt_required()))
        .service(route("/fresh", jwt_required().fresh()))
        .service(route("/refresh", jwt_required().refresh()))
        .service(route("/role", jwt_required().any_role(["admin"])))
        .service(route("/unwatched", jwt_required().skip_revocation_check()));
}

/// A builder, and its clock to move.
fn clocked(config: actix_jwt_extended::JwtConfig) -> (JwtManagerBuilder, ManualClock) {
    let clock = ManualClock::at(NOW as u64);
    (JwtManager::builder(config).clock(clock.clone()), clock)
}

/// Hits, misses, tokens.
fn stats(jwt: &JwtManager) -> (u64, u64, u64) {
    let stats = jwt.token_cache_stats();
    (stats.hits, stats.misses, stats.tokens)
}

fn key(id: &str) -> SigningKey {
    SigningKey::from_secret(Algorithm::HS256, format!("{SECRET} {id}").as_bytes()).unwrap().with_key_id(id)
}

#[test]
fn a_token_is_verified_once() {
    let jwt = clocked(config()).0.build().unwrap();
    let app = TestApp::start(&jwt, routes);
    for n in 1..=5 {
        assert_eq!(app.get_with("/protected", &good()).text(), "ada");
        assert_eq!(stats(&jwt), (n - 1, 1, 1));
    }
    // However it is written, and for any demand.
    for (n, scheme) in (5..).zip(["Bearer", "Bearer  ", "bearer", "BEARER\t"]) {
        assert_eq!(app.get("/unwatched", &[("Authorization", &format!("{scheme} {}", good()))]).text(), "ada");
        assert_eq!(stats(&jwt), (n, 1, 1), "{scheme:?}");
    }
}

#[test]
fn it_expires_in_the_same_second() {
    let (builder, clock) = clocked(config());
    let jwt = builder.build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let token = with(json!({ "exp": NOW + 10, "nbf": NOW, "iat": NOW }));
    app.get_with("/protected", &token);
    clock.set(NOW as u64 + 9);
    assert_eq!(app.get_with("/protected", &token).text(), "ada");
    clock.set(NOW as u64 + 10);
    app.get_with("/protected", &token).is(401, "Token has expired");
    assert_eq!(stats(&jwt), (2, 1, 1));
    // Nor is it valid before its time, should the clock be set back.
    clock.set(NOW as u64 - 1);
    app.get_with("/protected", &token).is(422, "The token is not yet valid (iat)");
}

/// A clock whose cheap time is late.
#[derive(Debug)]
struct Late(ManualClock, Duration);

impl Clock for Late {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn coarse_seconds(&self) -> i64 {
        (self.0.now() - self.1).duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
    }
}

#[test]
fn a_cheap_clock_that_is_late_changes_no_verdict() {
    let token = with(json!({ "exp": NOW + 4, "nbf": NOW + 1, "iat": NOW }));
    for (late, leeway) in [(0, 0), (1, 0), (500, 0), (999, 0), (999, 1)] {
        let clock = ManualClock::at(NOW as u64 + 2);
        let config = config().decode_leeway(Duration::from_secs(leeway));
        let remembering = JwtManager::builder(config.clone())
            .clock(Late(clock.clone(), Duration::from_millis(late)))
            .build()
            .unwrap();
        let forgetful = JwtManager::builder(config.token_cache_size(0)).clock(clock.clone()).build().unwrap();
        remembering.decode_token(&token).unwrap();

        clock.set(NOW as u64 - 1);
        let mut verdicts = Vec::new();
        for _ in (0..7_000).step_by(100) {
            let verdict =
                |jwt: &JwtManager| jwt.decode_token(&token).map_or_else(|error| error.to_string(), |_| "good".into());
            assert_eq!(verdict(&remembering), verdict(&forgetful), "{late} ms late, {:?}", clock.now());
            verdicts.push(verdict(&remembering));
            clock.advance(Duration::from_millis(100));
        }
        verdicts.dedup();
        let too_early = |claim| format!("The token is not yet valid ({claim})");
        let all = [&*too_early("iat"), &*too_early("nbf"), "good", "Token has expired"];
        // With a leeway of one second, the first one is over before the clock starts.
        assert_eq!(verdicts, all[leeway as usize..]);
    }
    // The system's own.
    let exact = || SystemClock.now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let (before, coarse, after) = (exact(), SystemClock.coarse_seconds(), exact());
    assert!((before - 1..=after).contains(&coarse), "{before} {coarse} {after}");
}

#[test]
fn what_has_expired_is_not_remembered() {
    let jwt = clocked(config()).0.build().unwrap();
    let token = with(json!({ "exp": NOW }));
    assert!(jwt.decode_token_with(&token, &DecodeOptions::new().allow_expired()).is_ok());
    assert!(jwt.decode_token(&token).is_err());
    assert_eq!(stats(&jwt), (0, 2, 0));
}

#[test]
fn type_freshness_and_roles_are_checked_each_time() {
    let app = TestApp::start(&clocked(config()).0.build().unwrap(), routes);
    for _ in 0..2 {
        assert_eq!(app.get_with("/protected", &good()).text(), "ada");
        app.get_with("/fresh", &good()).is(401, "Fresh token required");
        app.get_with("/refresh", &good()).is(422, "Only refresh tokens are allowed");
        app.get_with("/role", &good()).is(403, "Insufficient scope");
    }
    let (builder, clock) = clocked(config());
    let app = TestApp::start(&builder.build().unwrap(), routes);
    let token = with(json!({ "fresh": NOW + 5, "exp": NOW + 100 }));
    assert_eq!(app.get_with("/fresh", &token).text(), "ada");
    clock.advance(Duration::from_secs(6));
    app.get_with("/fresh", &token).is(401, "Fresh token required");
    assert_eq!(app.get_with("/protected", &token).text(), "ada");
}

#[test]
fn the_double_submit_value_is_compared_each_time() {
    let jwt = clocked(config()).0.build().unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    let csrf = jwt.get_csrf_token(&token).unwrap();
    for _ in 0..2 {
        assert!(jwt.decode_token_with(&token, &DecodeOptions::new().csrf_value(&csrf)).is_ok());
        assert!(jwt.decode_token_with(&token, &DecodeOptions::new().csrf_value("another")).is_err());
    }
    assert_eq!(stats(&jwt), (4, 1, 1));
}

#[test]
fn a_revocation_counts_at_once() {
    let revoked = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&revoked);
    let (builder, _) = clocked(config());
    let jwt = builder
        .token_in_blocklist_loader(move |_| {
            let revoked = asked.load(Ordering::SeqCst);
            async move { revoked }
        })
        .build()
        .unwrap();
    let app = TestApp::start(&jwt, routes);
    for _ in 0..3 {
        assert_eq!(app.get_with("/protected", &good()).text(), "ada");
    }
    revoked.store(true, Ordering::SeqCst);
    app.get_with("/protected", &good()).is(401, "Token has been revoked");
    assert_eq!(app.get_with("/unwatched", &good()).text(), "ada");
    assert_eq!(stats(&jwt), (4, 1, 1));
}

#[test]
fn what_was_found_not_to_be_revoked_is_looked_up_again_after_each_revocation() {
    let store = MemoryStore::new();
    let jwt = clocked(config()).0.token_store(store.clone()).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let revoke = |revocation| store.revoke(&revocation, NOW * 1000).now_or_never().unwrap().unwrap();
    for kind in ["jti", "sid", "sub", "everyone"] {
        let jti = format!("token {kind}");
        let token = with(json!({ "jti": jti, "sid": format!("session {kind}"), "sub": kind }));
        for other in ["other 1", "other 2"] {
            assert_eq!(app.get_with("/protected", &token).text(), kind);
            assert_eq!(app.get_with("/protected", &token).text(), kind);
            revoke(Revocation::of_token(&format!("{other} {kind}"), i64::MAX));
        }
        revoke(match kind {
            "jti" => Revocation::of_token(&jti, i64::MAX),
            "sid" => Revocation::of_session("session sid", i64::MAX),
            "sub" => Revocation::of_subject("sub", i64::MAX, i64::MAX),
            _ => Revocation::of_everyone(i64::MAX, i64::MAX),
        });
        for _ in 0..2 {
            app.get_with("/protected", &token).is(401, "Token has been revoked");
        }
    }
}

#[test]
fn a_key_that_is_withdrawn_counts_no_more() {
    let jwt = clocked(config()).0.verifying_key(verifying("old")).signing_key(key("new")).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let old = clocked(config()).0.signing_key(key("old")).build().unwrap().create_access_token("ada").unwrap();
    let new = jwt.create_access_token("eve").unwrap();
    for _ in 0..2 {
        assert_eq!(app.get_with("/protected", &old).text(), "ada");
        assert_eq!(app.get_with("/protected", &new).text(), "eve");
    }
    assert!(!jwt.withdraw_key("unknown"));
    assert_eq!(app.get_with("/protected", &old).text(), "ada");
    assert!(jwt.withdraw_key("old"));
    app.get_with("/protected", &old).is(422, "Signature verification failed");
    // Not even by a key without a key ID, which is for unknown ones only.
    assert_eq!(app.get_with("/protected", &new).text(), "eve");
    assert!(jwt.withdraw_key("old"));
}

fn verifying(id: &str) -> VerifyingKey {
    VerifyingKey::from_secret(&[Algorithm::HS256], format!("{SECRET} {id}").as_bytes()).unwrap().with_key_id(id)
}

#[test]
fn a_key_is_withdrawn_for_all_threads_while_they_verify() {
    for _ in 0..20 {
        let jwt = clocked(config()).0.signing_key(key("one")).build().unwrap();
        let token = jwt.create_access_token("ada").unwrap();
        let (begun, withdrawn) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (jwt, token) = (jwt.clone(), token.clone());
                let (begun, withdrawn) = (Arc::clone(&begun), Arc::clone(&withdrawn));
                thread::spawn(move || {
                    loop {
                        // Looked at before: what begins after the withdrawal must fail.
                        let must_fail = withdrawn.load(Ordering::SeqCst);
                        let verified = jwt.decode_token(&token).is_ok();
                        begun.store(true, Ordering::SeqCst);
                        assert!(!(must_fail && verified), "accepted after its key was withdrawn");
                        if must_fail {
                            return jwt.decode_token(&token).is_ok();
                        }
                    }
                })
            })
            .collect();
        while !begun.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        assert!(jwt.withdraw_key("one"));
        withdrawn.store(true, Ordering::SeqCst);
        for thread in threads {
            assert!(!thread.join().unwrap());
        }
    }
}

#[test]
fn the_keys_of_a_hook_are_asked_for_each_time() {
    let known = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&known);
    let (builder, _) = clocked(config());
    let jwt = builder
        .decode_key_loader(move |_, _| {
            asked
                .load(Ordering::SeqCst)
                .then(|| VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap())
        })
        .build()
        .unwrap();
    for _ in 0..2 {
        assert!(jwt.decode_token(&good()).is_ok());
    }
    known.store(false, Ordering::SeqCst);
    assert!(jwt.decode_token(&good()).is_err());
    assert_eq!(stats(&jwt), (0, 0, 0));
}

#[test]
fn the_whole_token_must_be_the_same() {
    let jwt = clocked(config()).0.build().unwrap();
    let token = good();
    jwt.decode_token(&token).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let (header, _) = message.split_once('.').unwrap();
    let (other, _) = with(json!({ "sub": "eve" })).rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
    for forged in [
        // Somebody else's claims, or header, over a signature that is known.
        format!("{other}.{signature}"),
        format!("{header}..{signature}"),
        format!("x{token}"),
        token[1..].to_owned(),
        format!("{token}x"),
    ] {
        assert!(jwt.decode_token(&forged).is_err(), "{forged}");
    }
    assert_eq!(stats(&jwt).2, 1);
    // Every single byte of it counts.
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(jwt.decode_token(std::str::from_utf8(&altered).unwrap()).is_err(), "byte {at}");
    }
}

#[test]
fn what_is_made_up_pushes_nothing_out() {
    let jwt = clocked(config().token_cache_size(2)).0.build().unwrap();
    jwt.decode_token(&good()).unwrap();
    let (message, _) = good().rsplit_once('.').map(|(m, s)| (m.to_owned(), s.to_owned())).unwrap();
    for n in 0..10_000 {
        assert!(jwt.decode_token(&format!("{message}.{n:043}")).is_err());
    }
    jwt.decode_token(&good()).unwrap();
    assert_eq!(stats(&jwt), (1, 10_001, 1));
}

#[test]
fn it_is_bounded_in_tokens_and_in_bytes() {
    let jwt = clocked(config().token_cache_size(64)).0.build().unwrap();
    for n in 0..1_000 {
        jwt.decode_token(&jwt.create_access_token(n).unwrap()).unwrap();
    }
    let (hits, misses, tokens) = stats(&jwt);
    assert_eq!((hits, misses), (0, 1_000));
    assert!((32..=64).contains(&tokens), "{tokens}");
    // Tokens of some 4 KiB count for several.
    let jwt = clocked(config().token_cache_size(64)).0.build().unwrap();
    for n in 0..100 {
        jwt.decode_token(&jwt.access_token(n).claim("own", "x".repeat(3_000)).encode().unwrap()).unwrap();
    }
    let tokens = stats(&jwt).2;
    assert!((3..=64 / 4).contains(&tokens), "{tokens}");
    // Short texts of many values, which take more once somebody asks for all claims.
    let jwt = clocked(config().token_cache_size(64)).0.build().unwrap();
    let count = allocation_counter::measure(|| {
        for n in 0..100 {
            let token = jwt.access_token(n).claim("own", vec![1; 2_000]).encode().unwrap();
            let _ = jwt.decode_token(&token).unwrap().claims();
        }
    });
    assert!(count.bytes_current < 64 * 2560, "{} bytes", count.bytes_current);
}

#[test]
fn it_can_be_turned_off() {
    let jwt = clocked(config().token_cache_size(0)).0.build().unwrap();
    for _ in 0..3 {
        jwt.decode_token(&good()).unwrap();
    }
    assert_eq!(stats(&jwt), (0, 0, 0));
}

#[test]
fn each_manager_and_each_thread_remembers_for_itself() {
    let (one, other) = (clocked(config()).0.build().unwrap(), clocked(config()).0.build().unwrap());
    one.decode_token(&good()).unwrap();
    other.decode_token(&good()).unwrap();
    assert_eq!((stats(&one), stats(&other)), ((0, 1, 1), (0, 1, 1)));
    let clone = one.clone();
    let there = move || {
        clone.decode_token(&good()).unwrap();
        stats(&clone)
    };
    assert_eq!(thread::spawn(there).join().unwrap(), (0, 2, 2));
    // What the thread has remembered is gone with it.
    assert_eq!(stats(&one), (0, 2, 1));
    // Another secret: another manager knows nothing of what this one has verified.
    let stranger = clocked(actix_jwt_extended::JwtConfig::new().secret_key("another secret: 0123456789 abcdef"));
    assert!(stranger.0.build().unwrap().decode_token(&good()).is_err());
}
