//! Sessions, rotation and revocation as a client sees them, and what happens when the store does not answer.

use crate::app::{Answer, NOW, TestApp, config};
use crate::{forge, logged};
use actix_jwt_extended::keys::VerifyingKey;
use actix_jwt_extended::session::{introspection_endpoint, revocation_endpoint};
use actix_jwt_extended::store::{MemoryStore, Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{
    IssueError, Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, JwtManagerBuilder, jwt_required,
    refresh_expiring_cookies, verify_jwt_in_request,
};
use actix_web::rt::time::{sleep, timeout};
use actix_web::test::TestRequest;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use serde_json::{Value, json};
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[post("/login")]
async fn login_route(jwt: JwtManager, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    let label = request.headers().get("user-agent").and_then(|label| label.to_str().ok()).unwrap_or_default();
    Ok(HttpResponse::Ok().json(jwt.start_session("ada").label(label).claim("team", "engine").await?))
}

#[post("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh_route(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(jwt.rotate(&presented, &request).await?))
}

/// No wrap's word: the rotation must ask by itself.
#[post("/unchecked", wrap = "jwt_required().refresh().skip_revocation_check()")]
async fn unchecked_refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> actix_web::Result<HttpResponse> {
    Ok(HttpResponse::Ok().json(jwt.rotate(&presented, &request).await?))
}

#[delete("/logout", wrap = "jwt_required().verify_type(false)")]
async fn logout_route(jwt: JwtManager, presented: Jwt) -> actix_web::Result<&'static str> {
    jwt.log_out(&presented).await?;
    Ok("out")
}

#[delete("/everywhere", wrap = "jwt_required()")]
async fn everywhere_route(jwt: JwtManager, user: JwtIdentity) -> actix_web::Result<&'static str> {
    jwt.revoke_all(&user).await?;
    Ok("out")
}

#[get("/me", wrap = "jwt_required()")]
async fn me(user: JwtIdentity) -> String {
    user.into_inner()
}

/// No wrap: the extractor must ask the store by itself.
#[get("/bare")]
async fn bare(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/unchecked", wrap = "jwt_required().skip_revocation_check()")]
async fn unchecked(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/sessions", wrap = "jwt_required()")]
async fn sessions_route(jwt: JwtManager, user: JwtIdentity) -> actix_web::Result<web::Json<Vec<Value>>> {
    let sessions = jwt.sessions(&user).await?;
    let line =
        |session: &actix_jwt_extended::session::Session| json!([session.id(), session.label(), session.subject()]);
    Ok(web::Json(sessions.iter().map(line).collect()))
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service((login_route, refresh_route, logout_route, everywhere_route, me, bare, unchecked, sessions_route))
        .service(unchecked_refresh)
        .route("/revoke", web::post().to(revocation_endpoint))
        .route("/introspect", web::post().to(introspection_endpoint))
        .service(web::scope("/app").service(me).wrap(refresh_expiring_cookies()));
}

struct Client {
    app: TestApp,
    clock: ManualClock,
    jwt: JwtManager,
}

fn client(config: JwtConfig, with: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> Client {
    let clock = ManualClock::at(NOW as u64);
    let jwt = with(JwtManager::builder(config).clock(clock.clone())).build().unwrap();
    Client { app: TestApp::start(&jwt, routes), clock, jwt }
}

fn in_memory(config: JwtConfig) -> Client {
    client(config, |builder| builder.token_store(MemoryStore::new()))
}

impl Client {
    fn login(&self) -> (String, String) {
        pair(&self.app.post("/login", &[("User-Agent", "a phone"), ("Content-Length", "0")], b""))
    }

    fn refresh(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.app.post("/refresh", &[("Authorization", &bearer), ("Content-Length", "0")], b"")
    }

    fn delete(&self, path: &str, token: &str) -> Answer {
        self.app.request("DELETE", path, &[("Authorization", &format!("Bearer {token}"))])
    }

    fn form(&self, path: &str, body: &str) -> Answer {
        let length = body.len().to_string();
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", &*length)];
        self.app.post(path, &headers, body.as_bytes())
    }

    fn introspect(&self, token: &str) -> Value {
        let answer = self.form("/introspect", &format!("token={token}"));
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
        answer.json()
    }
}

fn pair(answer: &Answer) -> (String, String) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

#[test]
fn a_pair_belongs_to_one_session() {
    let client = in_memory(config());
    let (access, refresh) = client.login();
    let (access, refresh) = (client.jwt.decode_token(&access).unwrap(), client.jwt.decode_token(&refresh).unwrap());
    assert_eq!(access.session_id().unwrap(), refresh.session_id().unwrap());
    assert_eq!((&access.claims()["fresh"], &access.claims()["team"]), (&json!(true), &json!("engine")));
    assert_eq!((&refresh.claims()["rot"], refresh.claims().get("fresh")), (&json!(0), Some(&json!(false))));
    assert_eq!(access.claims().get("rot"), None);
    assert_eq!((access.expires_at(), refresh.expires_at()), (Some(NOW + 900), Some(NOW + 30 * 86_400)));
}

#[test]
fn rotation_gives_the_next_pair_and_takes_the_last_one() {
    let client = in_memory(config());
    let (access, first) = client.login();
    client.clock.advance(Duration::from_secs(60));
    let (next_access, second) = pair(&client.refresh(&first));
    let next = client.jwt.decode_token(&next_access).unwrap();
    assert_eq!((&next.claims()["fresh"], &next.claims()["team"]), (&json!(false), &json!("engine")));
    assert_eq!(next.expires_at(), Some(NOW + 60 + 900));
    for token in [&access, &next_access] {
        assert_eq!(client.app.get_with("/me", token).status, 200, "access tokens live until they expire");
    }
    client.clock.advance(Duration::from_secs(60));
    assert_eq!(client.refresh(&second).status, 200);
    // The first one again: stolen, or this is the thief.
    client.refresh(&first).is(401, "Token has been revoked");
    for token in [&access, &next_access] {
        client.app.get_with("/me", token).is(401, "Token has been revoked");
        client.app.get_with("/bare", token).is(401, "Token has been revoked");
        assert_eq!(client.app.get_with("/unchecked", token).status, 200);
    }
    client.refresh(&second).is(401, "Token has been revoked");
}

#[test]
fn logging_out_ends_the_session_and_no_other() {
    let client = in_memory(config());
    let (access, refresh) = client.login();
    let (other, _) = client.login();
    assert_eq!(client.delete("/logout", &refresh).status, 200);
    client.app.get_with("/me", &access).is(401, "Token has been revoked");
    client.refresh(&refresh).is(401, "Token has been revoked");
    assert_eq!(client.app.get_with("/me", &other).text(), "ada");
    let left = client.app.get_with("/sessions", &other).json();
    assert_eq!((left.as_array().unwrap().len(), &left[0][1], &left[0][2]), (1, &json!("a phone"), &json!("ada")));
    // A token without a session goes alone.
    let plain = client.jwt.create_access_token("ada").unwrap();
    assert_eq!(client.delete("/logout", &plain).status, 200);
    client.app.get_with("/me", &plain).is(401, "Token has been revoked");
    assert_eq!(client.app.get_with("/me", &other).status, 200);
    assert_eq!(client.delete("/everywhere", &other).status, 200);
    client.app.get_with("/me", &other).is(401, "Token has been revoked");
}

#[test]
fn a_session_has_an_end_that_no_refresh_moves() {
    let week = Duration::from_secs(7 * 86_400);
    let client = in_memory(config().session_lifetime(week * 2).session_idle(week));
    let (_, mut refresh) = client.login();
    for day in 1..=2 {
        client.clock.advance(week - Duration::from_secs(100));
        if day == 2 {
            let (access, next) = pair(&client.refresh(&refresh));
            // Neither outlives the session.
            for token in [&access, &next] {
                assert_eq!(client.jwt.decode_token(token).unwrap().expires_at(), Some(NOW + 14 * 86_400));
            }
            refresh = next;
        } else {
            refresh = pair(&client.refresh(&refresh)).1;
        }
    }
    client.clock.advance(Duration::from_secs(200));
    client.refresh(&refresh).is(401, "Token has expired");

    let (_, refresh) = client.login();
    client.clock.advance(week);
    client.refresh(&refresh).is(401, "Token has expired");
}

#[test]
fn tokens_without_a_session_are_refreshed_by_the_application_or_not_at_all() {
    let client = in_memory(config());
    let plain = client.jwt.create_refresh_token("ada").unwrap();
    client.refresh(&plain).is(422, "Missing claim: sid");
    let client = in_memory(config().require_session(true));
    let plain = client.jwt.create_refresh_token("ada").unwrap();
    // Refused by the wrap, whatever the handler would do.
    client.refresh(&plain).is(422, "Missing claim: sid");
    client.delete("/logout", &plain).is(422, "Missing claim: sid");
    let access = client.jwt.create_access_token("ada").unwrap();
    assert_eq!(client.app.get_with("/me", &access).status, 200);
}

#[test]
fn what_is_forged_or_odd_changes_nothing() {
    let client = in_memory(config());
    let (access, refresh) = client.login();
    let sid = client.jwt.decode_token(&access).unwrap().session_id().unwrap().to_owned();
    let now = json!({ "type": "refresh", "sid": sid, "sub": "ada", "jti": "guessed", "rot": 0 });
    let with = |changes: Value| {
        let mut claims = now.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        forge::with(claims)
    };
    for (token, status, message) in [
        (with(json!({})), 401, "Token has been revoked"),
        (with(json!({ "rot": 5 })), 401, "Token has been revoked"),
        (with(json!({ "sid": "another" })), 401, "Token has been revoked"),
        (with(json!({ "sub": "bob" })), 401, "Token has been revoked"),
        (with(json!({ "rot": -1 })), 422, "Missing claim: rot"),
        (with(json!({ "rot": "0" })), 422, "Missing claim: rot"),
        (with(json!({ "sid": 7 })), 422, "Missing claim: sid"),
        (with(json!({ "sid": null })), 422, "Missing claim: sid"),
    ] {
        client.refresh(&token).is(status, message);
    }
    client.refresh(&access).is(422, "Only refresh tokens are allowed");
    // The session is as it was.
    assert_eq!(client.refresh(&refresh).status, 200);
    assert_eq!(client.app.get_with("/me", &access).status, 200);
}

#[test]
fn a_token_that_could_not_be_revoked_is_refused() {
    let client = in_memory(config());
    client.app.get_with("/me", &forge::without("jti")).is(422, "Missing claim: jti");
    let without_store = client_without_store();
    assert_eq!(without_store.app.get_with("/me", &forge::without("jti")).status, 200);
}

fn client_without_store() -> Client {
    client(config(), |builder| builder)
}

#[test]
fn without_a_store_the_log_says_what_is_missing() {
    let client = client_without_store();
    assert_eq!(client.app.post("/login", &[("Content-Length", "0")], b"").status, 500);
    let rt = actix_web::rt::System::new();
    let token = client.jwt.decode_token(&client.jwt.create_access_token("ada").unwrap()).unwrap();
    let error = rt.block_on(client.jwt.revoke(&token)).unwrap_err();
    assert!(error.to_string().contains("token_store"), "{error}");
    assert!(!rt.block_on(client.jwt.is_revoked(&token)).unwrap());
}

#[test]
fn the_library_sets_the_claims_of_a_session() {
    let client = in_memory(config());
    for claim in ["sid", "rot"] {
        let error = client.jwt.access_token("ada").claim(claim, "x").encode().unwrap_err();
        assert!(
            matches!(&error, JwtError::Issue(IssueError::ReservedClaim { claim: c, .. }) if c == claim),
            "{error:?}"
        );
        assert!(error.to_string().contains(".start_session()"), "{error}");
    }
    let rt = actix_web::rt::System::new();
    let refused = rt.block_on(async { client.jwt.start_session("ada").claim("exp", 1).await });
    assert!(matches!(refused, Err(JwtError::Issue(_))), "{refused:?}");
    assert!(rt.block_on(client.jwt.sessions("ada")).unwrap().is_empty(), "nothing was left behind");
}

#[test]
fn labels_are_cut_and_cleaned() {
    let client = in_memory(config());
    let rt = actix_web::rt::System::new();
    rt.block_on(async {
        client.jwt.start_session("ada").label(format!("a\nb\u{7}{}", "🦀".repeat(500))).await.unwrap();
        let sessions = client.jwt.sessions("ada").await.unwrap();
        let label = sessions[0].label().unwrap();
        assert!(label.starts_with("ab🦀") && label.chars().count() == 200);
    });
}

#[test]
fn whoever_uses_a_token_twice_is_told_of() {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let tell = Arc::clone(&told);
    let client = client(config(), |builder| {
        builder.token_store(MemoryStore::new()).on_reuse_detected(move |detected| {
            let agent = detected.request().headers().get("user-agent").unwrap().to_str().unwrap().to_owned();
            tell.lock().unwrap().push(format!("{} {agent} {}", detected.subject(), detected.session_id().len()));
            async { Err::<(), _>("the hook's own trouble") }
        })
    });
    let (_, first) = client.login();
    pair(&client.refresh(&first));
    client.clock.advance(Duration::from_secs(11));
    let bearer = format!("Bearer {first}");
    let headers = [("Authorization", &*bearer), ("User-Agent", "curl"), ("Content-Length", "0")];
    // The hook failed: that is for the log.
    client.app.post("/refresh", &headers, b"").is(401, "Token has been revoked");
    client.refresh(&first).is(401, "Token has been revoked");
    assert_eq!(*told.lock().unwrap(), ["ada curl 36"]);
}

#[test]
fn whatever_is_done_about_a_reuse_it_is_refused() {
    type Hooked = fn(JwtManagerBuilder) -> JwtManagerBuilder;
    let hooks: &[(&str, Hooked)] = &[
        ("an error", |b| b.on_reuse_detected(|_| async { Err::<(), _>("the mail server is down") })),
        ("a panic", |b| b.on_reuse_detected(|detected| async move { assert!(detected.subject().is_empty()) })),
        ("a panic before its future", |b| {
            b.on_reuse_detected(|detected| {
                assert!(detected.subject().is_empty());
                async {}
            })
        }),
        ("no end", |b| b.on_reuse_detected(|_| pending::<()>())),
    ];
    logged::keep();
    for (what, hooked) in hooks {
        let client = client(config(), |builder| hooked(builder.token_store(MemoryStore::new())));
        let (access, first) = client.login();
        pair(&client.refresh(&first));
        client.clock.advance(Duration::from_secs(11));
        let begin = Instant::now();
        let answer = client.refresh(&first);
        assert_eq!((answer.status, answer.text().contains("revoked")), (401, true), "{what}");
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}: nobody waits for it");
        client.app.get_with("/me", &access).is(401, "Token has been revoked");
    }
    let logged = logged::lines("actix_jwt_extended::manager::hooks");
    let failed = |why: &str| logged.iter().filter(|line| **line == format!("on_reuse_detected failed: {why}")).count();
    assert_eq!((failed("the mail server is down"), failed("it panicked")), (1, 2), "{logged:?}");
}

/// As when a client that presents a stolen token hangs up: its request's future is dropped at whatever it waits for.
#[actix_web::test]
async fn a_reuse_is_told_though_the_client_has_gone() {
    // The time that passes here is tokio's.
    tokio::time::pause();
    for waits in [0, 1, 2, 3] {
        let (told, clock) = (Arc::<Mutex<Vec<String>>>::default(), ManualClock::at(NOW as u64));
        let tell = Arc::clone(&told);
        let store = Moody { store: MemoryStore::new(), mood: Arc::new(Mutex::new(Mood::Slow)) };
        let jwt = JwtManager::builder(config())
            .clock(clock.clone())
            .token_store(store.clone())
            .on_reuse_detected(move |detected| {
                let tell = Arc::clone(&tell);
                async move {
                    sleep(Duration::from_millis(30)).await;
                    tell.lock().unwrap().push(detected.subject().to_owned());
                }
            })
            .build()
            .unwrap();
        let pair = jwt.start_session("ada").await.unwrap();
        let bearer = ("Authorization", format!("Bearer {}", pair.refresh_token));
        let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
        let any = jwt_required().refresh().skip_revocation_check();
        let presented = verify_jwt_in_request(&request, &any).await.unwrap().unwrap();
        jwt.rotate(&presented, &request).await.unwrap();
        clock.advance(Duration::from_secs(11));
        // Asked whether it is revoked, for the session, to revoke it, and to remove it: 30 ms each.
        let gone = timeout(Duration::from_millis(75 + 30 * waits), jwt.rotate(&presented, &request)).await;
        assert_eq!(gone.is_err(), waits < 2, "{gone:?}");
        sleep(Duration::from_millis(300)).await;
        assert_eq!(*told.lock().unwrap(), ["ada"], "gone after {waits} more answers");
        assert!(jwt.is_revoked(&jwt.decode_token(&pair.access_token).unwrap()).await.unwrap());
    }
}

#[test]
fn the_blocklist_hook_works_beside_the_store() {
    let client = client(config(), |builder| {
        builder
            .token_store(MemoryStore::new())
            .token_in_blocklist_loader(|token| async move { token.identity() == "blocked" })
    });
    let (access, _) = client.login();
    assert_eq!(client.app.get_with("/me", &access).status, 200);
    let blocked = client.jwt.create_access_token("blocked").unwrap();
    client.app.get_with("/me", &blocked).is(401, "Token has been revoked");
    client.delete("/logout", &access);
    client.app.get_with("/me", &access).is(401, "Token has been revoked");
}

/// Everybody is logged out between the look at what is revoked and the making of the next pair.
#[test]
fn what_is_issued_for_a_token_does_not_outlive_a_cut_off_that_came_in_between() {
    let (store, clock) = (MemoryStore::new(), ManualClock::at(NOW as u64));
    let asked = Arc::new(Mutex::new(0));
    let (cut, time, times) = (store.clone(), clock.clone(), Arc::clone(&asked));
    let jwt = JwtManager::builder(config())
        .clock(clock.clone())
        .token_store(store)
        .token_in_blocklist_loader(move |_| {
            let (cut, time, times) = (cut.clone(), time.clone(), Arc::clone(&times));
            async move {
                *times.lock().unwrap() += 1;
                // The rotation asks, because the wrap does not: after the store has said no.
                if *times.lock().unwrap() == 1 {
                    cut.revoke(&Revocation::of_everyone(NOW * 1000 + 500, i64::MAX), 0).await.unwrap();
                    time.advance(Duration::from_secs(1));
                }
                false
            }
        })
        .build()
        .unwrap();
    let client = Client { app: TestApp::start(&jwt, routes), clock, jwt };
    let (_, refresh) = client.login();
    let headers = [("Authorization", &*format!("Bearer {refresh}")), ("Content-Length", "0")];
    let (access, successor) = pair(&client.app.post("/unchecked", &headers, b""));
    assert_eq!(*asked.lock().unwrap(), 1);
    client.app.get_with("/me", &access).is(401, "Token has been revoked");
    client.refresh(&successor).is(401, "Token has been revoked");
    assert_eq!(client.app.get_with("/me", &client.login().0).status, 200, "a login after it lives");
}

#[test]
fn a_cached_token_is_revoked_at_once() {
    let client = in_memory(config());
    let (access, _) = client.login();
    for _ in 0..3 {
        assert_eq!(client.app.get_with("/me", &access).status, 200);
    }
    assert!(client.jwt.token_cache_stats().hits >= 2);
    client.delete("/logout", &access);
    client.app.get_with("/me", &access).is(401, "Token has been revoked");
}

#[test]
fn cookies_are_renewed_within_their_session_only() {
    let client = in_memory(
        config().token_location([actix_jwt_extended::Location::Cookies]).session_lifetime(Duration::from_secs(1000)),
    );
    let rt = actix_web::rt::System::new();
    let pair = rt.block_on(async { client.jwt.start_session("ada").await }).unwrap();
    client.clock.advance(Duration::from_secs(600));
    let renewed = |token: &str| {
        let answer = client.app.get("/app/me", &[("Cookie", &format!("access_token_cookie={token}"))]);
        assert_eq!(answer.status, 200);
        let cookie = answer.header("set-cookie")?;
        let token = cookie.split_once("access_token_cookie=")?.1.split(';').next()?.to_owned();
        Some(client.jwt.decode_token(&token).unwrap())
    };
    let next = renewed(&pair.access_token).unwrap();
    assert_eq!((next.session_id(), next.expires_at()), (Some(&*pair.session_id), Some(NOW + 1000)));
    // A session that is not there any more renews nothing.
    let elsewhere = forge::with(json!({ "sid": "unknown", "iat": NOW, "exp": NOW + 900 }));
    assert!(renewed(&elsewhere).is_none());
}

#[test]
fn revocation_as_rfc_7009_says() {
    let client = in_memory(config());
    let (access, refresh) = client.login();
    for (body, error) in
        [("", "invalid_request"), ("token=", "invalid_request"), ("token=a&token=b", "invalid_request")]
    {
        let answer = client.form("/revoke", body);
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{body}");
    }
    let answer = client.app.post("/revoke", &[("Content-Type", "text/plain"), ("Content-Length", "7")], b"token=a");
    assert_eq!(answer.status, 400);
    let answer = client.form("/revoke", &format!("token={}", forge::without("jti")));
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("unsupported_token_type")));
    // What is not valid is answered as what was revoked.
    for token in ["nonsense", &forge::with(json!({ "exp": 1 })), "a.b.c"] {
        let answer = client.form("/revoke", &format!("token={token}&token_type_hint=access_token"));
        assert_eq!((answer.status, &*answer.body), (200, &b""[..]));
    }
    assert_eq!(client.app.get_with("/me", &access).status, 200);
    assert_eq!(client.form("/revoke", &format!("token={access}")).status, 200);
    client.app.get_with("/me", &access).is(401, "Token has been revoked");
    let (next, refresh) = pair(&client.refresh(&refresh));
    assert_eq!(client.form("/revoke", &format!("token={refresh}&token_type_hint=refresh_token")).status, 200);
    client.refresh(&refresh).is(401, "Token has been revoked");
    client.app.get_with("/me", &next).is(401, "Token has been revoked");
}

#[test]
fn introspection_as_rfc_7662_says() {
    let client = in_memory(config().encode_issuer("me").encode_audience("web").decode_audience("web"));
    let (access, refresh) = client.login();
    let told = client.introspect(&access);
    assert_eq!(
        (&told["active"], &told["sub"], &told["iss"], &told["aud"]),
        (&json!(true), &json!("ada"), &json!("me"), &json!("web"))
    );
    assert_eq!((&told["exp"], &told["token_type"]), (&json!(NOW + 900), &json!("Bearer")));
    assert!(told["sid"].is_string() && told["jti"].is_string());
    assert!(told.get("csrf").is_none() && told.get("team").is_none(), "{told}");
    assert_eq!(client.introspect(&refresh)["active"], json!(true));
    let (_, next) = pair(&client.refresh(&refresh));
    let inactive = json!({ "active": false });
    assert_eq!(client.introspect(&refresh), inactive, "a refresh token that was used");
    assert_eq!(client.introspect(&next)["active"], json!(true));
    assert_eq!(client.introspect("nonsense"), inactive);
    for other in [json!({ "at_hash": "x" }), json!({ "type": "logout" }), json!({ "token_use": "id" })] {
        let mut claims = other.clone();
        claims["aud"] = "web".into();
        assert_eq!(client.introspect(&forge::with(claims)), inactive, "no route takes it: {other}");
    }
    assert_eq!(client.introspect(&forge::with(json!({ "aud": "web", "exp": NOW }))), inactive);
    client.delete("/logout", &access);
    for token in [&access, &next] {
        assert_eq!(client.introspect(token), inactive);
    }
    assert_eq!(client.form("/introspect", "x=y").status, 400);
}

#[test]
fn what_a_wrap_would_refuse_is_not_active() {
    let client = client(config().require_session(true), |builder| {
        builder
            .token_store(MemoryStore::new())
            .token_verification_loader(|token| token.claims().contains_key("team"))
            .user_lookup_loader(|token| async move {
                match &*token.identity() {
                    "ada" => Ok(Some(())),
                    "down" => Err("the database's password is hush"),
                    _ => Ok(None),
                }
            })
    });
    let inactive = json!({ "active": false });
    let (access, refresh) = client.login();
    for token in [&access, &refresh] {
        assert_eq!(client.introspect(token)["active"], json!(true));
    }
    let of = |identity: &str| client.jwt.access_token(identity).claim("team", "engine");
    assert_eq!(client.introspect(&of("ada").encode().unwrap())["active"], json!(true));
    assert_eq!(client.introspect(&client.jwt.create_access_token("ada").unwrap()), inactive, "its claims");
    assert_eq!(client.introspect(&of("eve").encode().unwrap()), inactive, "its user");
    let sessionless = client.jwt.refresh_token("ada").claim("team", "engine").encode().unwrap();
    assert_eq!(client.introspect(&sessionless), inactive, "its session");
    client.form("/introspect", &format!("token={}", of("down").encode().unwrap())).is(500, "Internal Server Error");
}

#[test]
fn an_endpoint_that_cannot_tell_says_so() {
    let client = client(config(), |builder| {
        let no_key = |_: &_, _: &_| -> Result<Option<VerifyingKey>, std::io::Error> {
            Err(std::io::Error::other("the tenants' database is down"))
        };
        builder.token_store(MemoryStore::new()).decode_key_loader(no_key)
    });
    let (access, _) = client.login();
    for path in ["/revoke", "/introspect"] {
        assert_eq!(client.form(path, &format!("token={access}")).status, 500, "{path}");
    }
}

/// A store that the test can switch off.
#[derive(Debug, Clone)]
struct Moody {
    store: MemoryStore,
    mood: Arc<Mutex<Mood>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Down,
    Silent,
    Slow,
}

impl Moody {
    async fn answer(&self) -> Result<(), StoreError> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Well => Ok(()),
            Mood::Down => Err(StoreError::new("redis://user:password@host refused")),
            Mood::Silent => pending().await,
            Mood::Slow => {
                sleep(Duration::from_millis(30)).await;
                Ok(())
            }
        }
    }
}

impl TokenStore for Moody {
    async fn revoke(&self, revocation: &Revocation, now_ms: i64) -> Result<(), StoreError> {
        self.answer().await?;
        self.store.revoke(revocation, now_ms).await
    }
    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        self.answer().await?;
        self.store.is_revoked(token).await
    }
    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.answer().await?;
        self.store.insert_session(session, now_ms).await
    }
    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        self.answer().await?;
        self.store.session(session_id).await
    }
    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.answer().await?;
        self.store.replace_session(session).await
    }
    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.answer().await?;
        self.store.remove_session(session).await
    }
    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        self.answer().await?;
        self.store.sessions(subject).await
    }
}

fn moody(config: JwtConfig) -> (Client, Arc<Mutex<Mood>>) {
    let mood = Arc::new(Mutex::new(Mood::Well));
    let store = Moody { store: MemoryStore::new(), mood: Arc::clone(&mood) };
    (client(config.store_timeout(Duration::from_millis(200)), |builder| builder.token_store(store)), mood)
}

#[test]
fn a_store_that_is_down_is_a_503_and_nothing_is_issued() {
    let (client, mood) = moody(config());
    let (access, refresh) = client.login();
    for state in [Mood::Down, Mood::Silent] {
        *mood.lock().unwrap() = state;
        let begin = Instant::now();
        let answers = [
            client.app.get_with("/me", &access),
            client.app.get_with("/bare", &access),
            client.refresh(&refresh),
            client.delete("/logout", &access),
            client.app.post("/login", &[("Content-Length", "0")], b""),
            client.form("/revoke", &format!("token={access}")),
            client.form("/introspect", &format!("token={access}")),
        ];
        for answer in &answers {
            answer.is(503, "Service Unavailable");
            assert_eq!(answer.header("retry-after"), Some("1"));
            assert!(!answer.text().contains("password"));
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "nothing hangs");
        assert_eq!(client.app.get_with("/unchecked", &access).status, 200);
        client.app.get_with("/me", "nonsense").is(422, "Not enough segments");
    }
    *mood.lock().unwrap() = Mood::Well;
    assert_eq!(client.app.get_with("/me", &access).status, 200);
    assert_eq!(client.refresh(&refresh).status, 200);
}

#[test]
fn fail_open_accepts_tokens_and_issues_none() {
    let (client, mood) = moody(config().revocation_fail_open(true));
    let (access, refresh) = client.login();
    for state in [Mood::Down, Mood::Silent] {
        *mood.lock().unwrap() = state;
        assert_eq!(client.app.get_with("/me", &access).status, 200);
        client.refresh(&refresh).is(503, "Service Unavailable");
        client.delete("/logout", &access).is(503, "Service Unavailable");
    }
}
