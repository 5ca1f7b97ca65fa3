//! Logging out with a token that has expired, and waiting for a token's end.

use crate::app::{NOW, TestApp, config};
use crate::forge;
use actix_jwt_extended::session::TokenPair;
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{
    Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, Location, jwt_required, verify_jwt_in_request,
};
use actix_web::rt::time::timeout;
use actix_web::test::TestRequest;
use actix_web::{HttpRequest, delete, get, post, web};
use std::time::Duration;

#[delete("/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
async fn logout_route(jwt: JwtManager, presented: Jwt) -> actix_web::Result<&'static str> {
    jwt.log_out(&presented).await?;
    Ok("out")
}

#[post("/refresh", wrap = "jwt_required().refresh().locations([Location::Headers])")]
async fn refresh_route(
    jwt: JwtManager,
    presented: Jwt,
    request: HttpRequest,
) -> actix_web::Result<web::Json<TokenPair>> {
    Ok(web::Json(jwt.rotate(&presented, &request).await?))
}

#[get("/strict", wrap = "jwt_required()")]
async fn strict_route(user: JwtIdentity) -> String {
    user.into_inner()
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .service((logout_route, refresh_route))
        .service(web::scope("/within").wrap(jwt_required().allow_expired()).service(strict_route));
}

struct Site {
    app: TestApp,
    jwt: JwtManager,
    clock: ManualClock,
}

impl Site {
    fn start(config: JwtConfig) -> Self {
        let clock = ManualClock::at(NOW as u64);
        let config = config.token_location([Location::Headers, Location::Cookies]);
        let jwt = JwtManager::builder(config).clock(clock.clone()).token_store(MemoryStore::new()).build().unwrap();
        Self { app: TestApp::start(&jwt, routes), jwt, clock }
    }

    /// The access token has expired, the refresh token has not.
    fn an_hour_after_login(&self) -> (TokenPair, String) {
        let login = async { self.jwt.start_session("ada").await.unwrap() };
        let pair = actix_web::rt::System::new().block_on(login);
        let csrf = self.jwt.get_csrf_token(&pair.access_token).unwrap();
        self.clock.advance(Duration::from_secs(3600));
        (pair, csrf)
    }

    fn refresh(&self, pair: &TokenPair) -> u16 {
        let bearer = format!("Bearer {}", pair.refresh_token);
        self.app.post("/refresh", &[("Authorization", &bearer), ("Content-Length", "0")], b"").status
    }
}

#[test]
fn a_token_that_has_expired_ends_its_session() {
    let site = Site::start(config());
    let (pair, _) = site.an_hour_after_login();
    let bearer = format!("Bearer {}", pair.access_token);
    // Known or not: the first answer leaves nothing behind that the second would find.
    site.app.get_with("/within/strict", &pair.access_token).is(401, "Token has expired");
    assert_eq!(site.app.request("DELETE", "/logout", &[("Authorization", &bearer)]).status, 200);
    assert_eq!(site.refresh(&pair), 401);
    site.app.request("DELETE", "/logout", &[("Authorization", &bearer)]).is(401, "Token has been revoked");
    let forged = format!("Bearer {}x", forge::with(serde_json::json!({ "exp": 1 })));
    assert_eq!(site.app.request("DELETE", "/logout", &[("Authorization", &forged)]).status, 422);
}

#[test]
fn in_a_cookie_it_needs_its_csrf_value() {
    let site = Site::start(config());
    let (pair, csrf) = site.an_hour_after_login();
    let cookie = format!("access_token_cookie={}", pair.access_token);
    let logout =
        |csrf: &str| site.app.request("DELETE", "/logout", &[("Cookie", &cookie), ("X-CSRF-TOKEN", csrf)]).status;
    assert_eq!(site.app.request("DELETE", "/logout", &[("Cookie", &cookie)]).status, 401);
    assert_eq!(logout("another"), 401);
    assert_eq!(site.refresh(&pair), 200);
    assert_eq!(logout(&csrf), 200);
    assert_eq!(site.refresh(&pair), 401);
}

async fn presented(jwt: &JwtManager, token: &str) -> Jwt {
    let bearer = ("Authorization", format!("Bearer {token}"));
    let request = TestRequest::default().app_data(jwt.clone()).insert_header(bearer).to_http_request();
    verify_jwt_in_request(&request, &jwt_required()).await.unwrap().unwrap()
}

const LONG: Duration = Duration::from_secs(120);

/// The time that passes while something waits is tokio's.
#[actix_web::test]
async fn a_token_ends_when_it_expires() {
    tokio::time::pause();
    let clock = ManualClock::at(NOW as u64);
    let jwt = JwtManager::builder(config()).clock(clock.clone()).build().unwrap();
    let token = presented(&jwt, &jwt.create_access_token("ada").unwrap()).await;
    assert!(timeout(LONG, token.ended()).await.is_err(), "it lives");
    clock.advance(Duration::from_secs(900));
    assert!(matches!(timeout(LONG, token.ended()).await, Ok(JwtError::Expired(_))));
}

#[actix_web::test]
async fn a_token_ends_when_it_is_revoked() {
    tokio::time::pause();
    let clock = ManualClock::at(NOW as u64);
    let jwt = JwtManager::builder(config()).clock(clock).token_store(MemoryStore::new()).build().unwrap();
    let pair = jwt.start_session("ada").await.unwrap();
    let token = presented(&jwt, &pair.access_token).await;
    assert!(timeout(LONG, token.ended()).await.is_err(), "it lives");
    let logout = async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        jwt.revoke_session(&pair.session_id).await.unwrap();
        tokio::time::Instant::now()
    };
    let ended = async { (token.ended().await, tokio::time::Instant::now()) };
    let (revoked, (why, then)) = tokio::join!(logout, ended);
    assert!(matches!(why, JwtError::Revoked(_)));
    assert!(then - revoked <= Duration::from_secs(1), "{:?}", then - revoked);
}
