//! Cookies renewed in passing.

use crate::app::{NOW, TestApp, config};
use actix_jwt_extended::{
    Jwt, JwtConfig, JwtIdentity, JwtManager, JwtManagerBuilder, Location, ManualClock, jwt_required,
    refresh_expiring_cookies,
};
use actix_web::{HttpResponse, get, post, web};
use serde_json::json;
use std::collections::HashSet;
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

#[derive(Clone, Default)]
struct Revoked(Arc<Mutex<HashSet<String>>>);

struct Site {
    app: TestApp,
    jwt: JwtManager,
    clock: ManualClock,
}

impl Site {
    fn start(config: JwtConfig, hooked: impl FnOnce(JwtManagerBuilder) -> JwtManagerBuilder) -> Self {
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
                    .wrap(refresh_expiring_cookies())
                    .service((me, open, missing, fresh, inner, number, logout, unset))
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
        let csrf = self.jwt.decode_token(token).ok().and_then(|token| token.csrf().map(str::to_owned));
        let cookie = format!("access_token_cookie={token}");
        let answer =
            self.app.request(method, path, &[("Cookie", &cookie), ("X-CSRF-TOKEN", &csrf.unwrap_or_default())]);
        let set = answer.head.lines().find_map(|line| line.strip_prefix("set-cookie: access_token_cookie="));
        (answer.status, set.map(|rest| rest.split(';').next().unwrap().to_owned()))
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
    assert_ne!((new.jti(), new.csrf()), (old.jti(), old.csrf()));
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
fn a_renewal_that_fails_costs_nothing() {
    let site = Site::start(config(), |b| {
        b.additional_claims_loader(|identity| if identity == "ada" { json!(7) } else { json!({}) })
    });
    let old = Site::start(config(), |b| b).token();
    site.clock.advance(Duration::from_secs(600));
    assert_eq!(site.request("GET", "/me", &old), (200, None));
}

#[test]
fn the_part_of_life_is_bounded() {
    for (part, shown) in [(0.9, "0.9"), (-1.0, "0.0"), (7.0, "1.0"), (f64::NAN, "0.5"), (f64::INFINITY, "1.0")] {
        let wrap = format!("{:?}", refresh_expiring_cookies().after(part));
        assert!(wrap.contains(&format!("after: {shown} ")), "{wrap}");
    }
}
