//! Cookies renewed in passing.

use crate::app::{Answer, NOW, TestApp, config};
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{
    CookieOptions, Jwt, JwtConfig, JwtIdentity, JwtManager, JwtManagerBuilder, Location, RefreshExpiringCookies,
    jwt_required, refresh_expiring_cookies,
};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde_json::json;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[get("/me", wrap = "jwt_required()")]
async fn me(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/open")]
async fn open() -> &'static str {
    "open"
}

#[get("/missing", wrap = "jwt_required()")]
async fn missing() -> HttpResponse {
    HttpResponse::NotFound().finish()
}

#[get("/fresh", wrap = "jwt_required()", wrap = "jwt_required().fresh()")]
async fn fresh(user: JwtIdentity) -> String {
    user.into_inner()
}

/// An outer wrap passes what an inner one refuses.
#[get("/inner", wrap = "jwt_required().fresh()", wrap = "jwt_required()")]
async fn inner(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/number", wrap = "jwt_required()")]
async fn number(user: JwtIdentity<u8>) -> String {
    user.to_string()
}

#[post("/logout", wrap = "jwt_required()")]
async fn logout(jwt: Jwt, revoked: web::Data<Revoked>) -> &'static str {
    revoked.0.lock().unwrap().insert(jwt.jti().unwrap().to_owned());
    "out"
}

#[post("/unset", wrap = "jwt_required()")]
async fn unset(jwt: JwtManager) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    jwt.unset_jwt_cookies(&mut response);
    response.finish()
}

/// Sets an access cookie of its own.
#[post("/own", wrap = "jwt_required()")]
async fn own(jwt: JwtManager) -> actix_web::Result<HttpResponse> {
    let mut response = HttpResponse::Ok();
    jwt.set_access_cookies(&mut response, &jwt.create_access_token("somebody else")?)?;
    Ok(response.finish())
}

/// Says of caches what the query says.
#[get("/cached", wrap = "jwt_required()")]
async fn cached(request: HttpRequest) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    for line in request.query_string().split('&').filter(|line| !line.is_empty()) {
        response.append_header(("Cache-Control", line.replace("%20", " ").replace("%22", "\"")));
    }
    response.finish()
}

#[derive(Clone, Default)]
struct Revoked(Arc<Mutex<HashSet<String>>>);

struct Site {
    app: TestApp,
    jwt: JwtManager,
    clock: ManualClock,
}

impl Site {
    fn start(config: JwtConfig, hooked: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> Self {
        Self::wrapped(config, hooked, refresh_expiring_cookies())
    }

    fn wrapped(
        config: JwtConfig,
        hooked: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder,
        wrap: RefreshExpiringCookies,
    ) -> Self {
        let (clock, revoked) = (ManualClock::at(NOW as u64), Revoked::default());
        let asked = revoked.clone();
        let builder = JwtManager::builder(config.token_location([Location::Cookies, Location::Headers]))
            .clock(clock.clone())
            .token_in_blocklist_loader(move |token| {
                let revoked = token.jti().is_some_and(|jti| asked.0.lock().unwrap().contains(jti));
                async move { revoked }
            });
        let jwt = hooked(builder).build().unwrap();
        let manager = jwt.clone();
        let app = TestApp::serve(move || {
            let server = actix_web::HttpServer::new(move || {
                actix_web::App::new()
                    .app_data(manager.clone())
                    .app_data(web::Data::new(revoked.clone()))
                    .wrap(wrap.clone())
                    .service((me, open, missing, fresh, inner, number, logout, unset, own, cached))
            });
            let server = server.workers(2).disable_signals().bind("127.0.0.1:0").unwrap();
            (server.addrs()[0], server.run())
        });
        Self { app, jwt, clock }
    }

    fn token(&self) -> String {
        self.jwt.access_token("ada").claim("team", "engine").claim("role", "old").encode().unwrap()
    }

    /// The new access token that the answer to a request sets, and its status.
    fn request(&self, method: &str, path: &str, token: &str) -> (u16, Option<String>) {
        let answer = self.answer(method, path, token);
        let set = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: access_token_cookie="));
        (answer.status, set.map(|rest| rest.split(';').next().unwrap().to_owned()))
    }

    fn answer(&self, method: &str, path: &str, token: &str) -> Answer {
        let csrf = self.jwt.decode_token(token).ok().and_then(|token| token.csrf().map(str::to_owned));
        let cookie = format!("access_token_cookie={token}");
        self.app.request(method, path, &[("Cookie", &cookie), ("X-CSRF-TOKEN", &csrf.unwrap_or_default())])
    }
}

#[test]
fn a_token_is_replaced_past_half_its_life() {
    let site = Site::start(config(), |b| b.additional_claims_loader(|_| json!({ "role": "new" })));
    let old = site.jwt.access_token("ada").fresh().claim("team", "engine").claim("role", "old").encode().unwrap();
    assert_eq!(site.request("GET", "/me", &old), (200, None));
    site.clock.advance(Duration::from_secs(449));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
    site.clock.advance(Duration::from_secs(1));
    let (status, new) = site.request("GET", "/me", &old);
    let new = site.jwt.decode_token(&new.unwrap()).unwrap();
    let old = site.jwt.decode_token(&old).unwrap();
    assert_eq!(status, 200);
    assert_eq!(
        (new.identity(), &new.claims()["team"], &new.claims()["role"]),
        ("ada".into(), &json!("engine"), &json!("new"))
    );
    assert_eq!((new.issued_at(), new.expires_at()), (Some(NOW + 450), Some(NOW + 450 + 900)));
    assert_eq!(new.claims()["fresh"], false);
    assert_ne!(new.jti(), old.jti());
    // Forms that were made with the old token, this response's too, go on working.
    assert_eq!(new.csrf(), old.csrf());
}

#[test]
fn the_new_token_is_made_as_the_old_one_was() {
    let settings = || config().encode_audience("usual").encode_issuer("usual");
    let site = Site::start(settings(), |b| b.additional_headers_loader(|_| json!({ "role": "new" })));
    let builder = || site.jwt.access_token("ada").fresh_for(Duration::from_secs(3600));
    let builder = || builder().expires_in(Duration::from_secs(7200)).audience(["web", "app"]).issuer("login");
    let old = builder().claim("team", "engine").header("typ", "at+jwt").header("x", 7).header("role", "old");
    let (old, one) = (old.encode().unwrap(), builder().audience("web").encode().unwrap());
    site.clock.advance(Duration::from_secs(3599));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
    site.clock.advance(Duration::from_secs(1));
    let new = site.jwt.decode_token(&site.request("GET", "/me", &old).1.unwrap()).unwrap();
    assert_eq!(new.expires_at(), Some(NOW + 3600 + 7200));
    assert_eq!((&new.claims()["aud"], &new.claims()["iss"]), (&json!(["web", "app"]), &json!("login")));
    assert_eq!((&new.claims()["team"], &new.claims()["fresh"]), (&json!("engine"), &json!(false)));
    let header = new.header();
    assert_eq!((header.get("typ"), header.get("x")), (Some(&json!("at+jwt")), Some(&json!(7))));
    assert_eq!(header.get("role"), Some(&json!("new")));
    let new = site.jwt.decode_token(&site.request("GET", "/me", &one).1.unwrap()).unwrap();
    assert_eq!(new.claims()["aud"], json!("web"));
    // A token from before a setting is as the settings say.
    let before = Site::start(config(), |b| b).token();
    let site = Site::start(settings(), |b| b);
    site.clock.advance(Duration::from_secs(600));
    let new = site.jwt.decode_token(&site.request("GET", "/me", &before).1.unwrap()).unwrap();
    assert_eq!((&new.claims()["aud"], &new.claims()["iss"]), (&json!("usual"), &json!("usual")));
}

#[test]
fn what_the_loaders_no_longer_say_is_gone() {
    let says = Arc::new(Mutex::new(json!({ "roles": ["admin"] })));
    let (of_claims, of_header) = (Arc::clone(&says), Arc::clone(&says));
    let site = Site::start(config(), |b| {
        b.additional_claims_loader(move |_| of_claims.lock().unwrap().clone())
            .additional_headers_loader(move |_| of_header.lock().unwrap().clone())
    });
    let old = site.jwt.access_token("ada").claim("team", "engine").header("x", 7).encode().unwrap();
    *says.lock().unwrap() = json!({});
    let mut token = old.clone();
    for _ in 0..2 {
        site.clock.advance(Duration::from_secs(600));
        token = site.request("GET", "/me", &token).1.unwrap();
        let new = site.jwt.decode_token(&token).unwrap();
        assert_eq!((new.claims().get("roles"), &new.claims()["team"]), (None, &json!("engine")));
        assert_eq!((new.header().get("roles"), new.header().get("x")), (None, Some(&json!(7))));
    }
    // Nor does it come back with an application that has no loaders any more.
    let without = Site::start(config(), |b| b);
    without.clock.advance(Duration::from_secs(600));
    let new = without.jwt.decode_token(&without.request("GET", "/me", &old).1.unwrap()).unwrap();
    assert_eq!((new.claims().get("roles"), &new.claims()["team"]), (None, &json!("engine")));
    // Of a token from before it is not known who said what.
    let before = crate::forge::with(json!({ "iat": NOW, "exp": NOW + 900, "roles": ["admin"] }));
    site.clock.set(NOW as u64 + 600);
    let new = site.jwt.decode_token(&site.request("GET", "/me", &before).1.unwrap()).unwrap();
    assert_eq!(new.claims().get("roles"), None);
}

#[test]
fn without_a_store_no_token_of_a_session_is_renewed() {
    let site = Site::start(config(), |b| b);
    let old = crate::forge::with(json!({ "iat": NOW, "exp": NOW + 900, "sid": "a session" }));
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
}

#[test]
fn no_header_of_another_key_is_taken_over() {
    let site = Site::start(config(), |b| b);
    let claims = json!({ "sub": "ada", "iat": NOW, "exp": NOW + 900, "csrf": "c5rf" }).to_string();
    let header = r#"{"alg":"HS256","kid":"old","jku":"https://k.example","x5t":"x","own":1}"#;
    let old = crate::forge::sign_raw(header, &claims);
    site.clock.advance(Duration::from_secs(600));
    let new = site.jwt.decode_token(&site.request("GET", "/me", &old).1.unwrap()).unwrap();
    let header = serde_json::Value::Object(new.header().members().clone());
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT", "own": 1 }));
}

#[test]
fn the_cookie_is_set_with_the_options_of_the_wrap() {
    let options = CookieOptions::new().domain("example.com").max_age(Duration::from_secs(60));
    let site = Site::wrapped(config(), |b| b, refresh_expiring_cookies().cookie_options(options));
    let old = site.token();
    site.clock.advance(Duration::from_secs(600));
    let answer = site.answer("GET", "/me", &old);
    let lines: Vec<_> = answer.head.lines().filter(|line| line.starts_with("set-cookie: ")).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line.contains("; Domain=example.com; Max-Age=60; ")), "{lines:?}");
}

#[test]
fn a_response_with_a_new_cookie_is_kept_out_of_shared_caches() {
    let site = Site::start(config(), |b| b);
    for (said, then) in [
        ("", "no-store"),
        ("public,%20max-age=60", "no-store"),
        ("no-cache", "no-store"),
        ("private=%22x,%20private,%20y%22", "no-store"),
        ("public&max-age=60", "no-store"),
        ("private,%20max-age=60", "private, max-age=60"),
        ("max-age=60,Private", "max-age=60,Private"),
        ("no-store", "no-store"),
    ] {
        let old = site.token();
        let before = site.answer("GET", &format!("/cached?{said}"), &old);
        assert_eq!(before.header("cache-control").is_some(), !said.is_empty(), "untouched where nothing is renewed");
        site.clock.advance(Duration::from_secs(600));
        let answer = site.answer("GET", &format!("/cached?{said}"), &old);
        assert!(answer.header("set-cookie").is_some());
        let lines = answer.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("cache-control:"));
        assert_eq!((lines.count(), answer.header("cache-control")), (1, Some(then)), "{said}");
    }
}

#[test]
fn where_the_session_ends_there_is_nothing_to_win() {
    let life = Duration::from_secs(1000);
    let site = Site::start(config().session_lifetime(life), |b| b.token_store(MemoryStore::new()));
    let started = site.jwt.start_session("ada").into_future();
    let pair = actix_web::rt::System::new().block_on(started).unwrap();
    site.clock.advance(Duration::from_secs(500));
    let (_, new) = site.request("GET", "/me", &pair.access_token);
    let new = new.unwrap();
    assert_eq!(site.jwt.decode_token(&new).unwrap().expires_at(), Some(NOW + 1000));
    site.clock.advance(Duration::from_secs(400));
    assert_eq!(site.request("GET", "/me", &new), (200, None));
}

#[test]
fn only_cookies_of_requests_that_went_through() {
    let site = Site::start(config(), |b| b);
    let (old, refresh) = (site.token(), site.jwt.create_refresh_token("ada").unwrap());
    let eternal = site.jwt.access_token("ada").never_expires().encode().unwrap();
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.request("GET", "/open", &old), (200, None));
    assert_eq!(site.request("GET", "/fresh", &old), (401, None));
    assert_eq!(site.request("GET", "/inner", &old), (401, None));
    assert_eq!(site.request("GET", "/number", &old), (422, None));
    assert_eq!(site.request("GET", "/me", &refresh), (422, None));
    assert_eq!(site.request("GET", "/me", &eternal), (200, None));
    let by_header = site.app.get_with("/me", &old);
    assert_eq!((by_header.status, by_header.header("set-cookie")), (200, None));
    // The handler's own answer is no refusal.
    let (status, new) = site.request("GET", "/missing", &old);
    assert!(status == 404 && new.is_some());
    site.clock.advance(Duration::from_secs(300));
    assert_eq!(site.request("GET", "/me", &old), (401, None));
}

#[test]
fn nobody_is_logged_in_again_by_logging_out() {
    let site = Site::start(config(), |b| b);
    let (first, second) = (site.token(), site.token());
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.request("POST", "/logout", &first), (200, None));
    assert_eq!(site.request("GET", "/me", &first), (401, None));
    // The handler's own cookie wins: here it takes the token away.
    assert_eq!(site.request("POST", "/unset", &second), (200, Some(String::new())));
}

#[test]
fn of_concurrent_requests_one_gets_the_new_token() {
    let site = Site::start(config(), |b| b);
    let old = site.token();
    site.clock.advance(Duration::from_secs(600));
    let renewed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| site.request("GET", "/me", &old))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .map(|(status, new)| {
                assert_eq!(status, 200);
                usize::from(new.is_some())
            })
            .sum()
    });
    assert_eq!(renewed, 1);
    // If that answer was lost, there is another a little later.
    site.clock.advance(Duration::from_secs(30));
    assert!(site.request("GET", "/me", &old).1.is_some());
}

#[test]
fn a_token_without_an_id_is_replaced_once_too() {
    let site = Site::start(config(), |b| b);
    let (old, other) = (crate::forge::without("jti"), crate::forge::with(json!({ "jti": "other" })));
    site.clock.advance(Duration::from_secs(600));
    assert!(site.request("GET", "/me", &old).1.is_some());
    assert_eq!(site.request("GET", "/me", &old), (200, None));
    assert!(site.request("GET", "/me", &other).1.is_some());
}

#[test]
fn a_renewal_that_fails_costs_nothing() {
    let broken = Arc::new(AtomicBool::new(true));
    let now_broken = Arc::clone(&broken);
    let site = Site::start(config(), |b| {
        b.additional_claims_loader(move |_| if now_broken.load(SeqCst) { json!(7) } else { json!({}) })
    });
    let old = Site::start(config(), |b| b).token();
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
    // And the next request may try again.
    broken.store(false, SeqCst);
    assert!(site.request("GET", "/me", &old).1.is_some());
}

#[test]
fn the_handlers_own_cookie_wins() {
    let site = Site::start(config(), |b| b);
    let old = site.token();
    site.clock.advance(Duration::from_secs(600));
    let answer = site.answer("POST", "/own", &old);
    assert_eq!(answer.head.matches("set-cookie: access_token_cookie=").count(), 1);
    let (_, set) = site.request("POST", "/own", &old);
    assert_eq!(site.jwt.decode_token(&set.unwrap()).unwrap().identity(), "somebody else");
    // It was not the wrap's: that one is still to come.
    assert!(site.request("GET", "/me", &old).1.is_some());
}

#[test]
fn the_part_of_life_from_always_to_never() {
    let start = |after: f64| {
        let config = config().decode_leeway(Duration::from_secs(60));
        Site::wrapped(config, |b| b, refresh_expiring_cookies().after(after))
    };
    for always in [0.0, -1.0, f64::NEG_INFINITY] {
        let site = start(always);
        assert!(site.request("GET", "/me", &site.token()).1.is_some(), "{always}");
    }
    for never in [1.0, 7.0, f64::INFINITY] {
        let site = start(never);
        let old = site.token();
        for seconds in [0, 899, 1, 59] {
            site.clock.advance(Duration::from_secs(seconds));
            assert_eq!(site.request("GET", "/me", &old), (200, None), "{never}");
        }
        // Not even what was dead before it was born, by another machine's clock.
        let (born, dies) = (NOW + 959 + 60, NOW + 959 + 30);
        let odd = crate::forge::with(json!({ "iat": born, "exp": dies }));
        assert_eq!(site.request("GET", "/me", &odd), (200, None), "{never}");
    }
    for usual in [0.5, f64::NAN] {
        let site = Site::wrapped(config(), |b| b, refresh_expiring_cookies().after(usual));
        let old = site.token();
        site.clock.advance(Duration::from_secs(449));
        assert_eq!(site.request("GET", "/me", &old), (200, None));
        site.clock.advance(Duration::from_secs(1));
        assert!(site.request("GET", "/me", &old).1.is_some());
    }
}

#[test]
fn what_has_expired_is_not_renewed() {
    let site = Site::start(config().decode_leeway(Duration::from_secs(60)), |b| b);
    let (old, last) = (site.token(), site.token());
    site.clock.advance(Duration::from_secs(899));
    assert!(site.request("GET", "/me", &last).1.is_some());
    site.clock.advance(Duration::from_secs(1));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
}
