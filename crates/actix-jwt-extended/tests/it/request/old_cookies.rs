//! A browser that sends an old cookie of the name first: the domain or the path of cookies has changed.

use crate::app::{NOW, TestApp, builder, config};
use crate::forge::{good, sign_raw, with};
use actix_jwt_extended::store::MemoryStore;
use actix_jwt_extended::{
    Jwt, JwtConfig, JwtIdentity, JwtManager, Location, Optional, jwt_required, verify_jwt_in_request,
};
use actix_web::{HttpRequest, delete, route, web};
use serde_json::json;

#[route("/protected", method = "GET", method = "POST", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> String {
    user.into_inner()
}

#[route("/bare", method = "GET", method = "POST")]
async fn bare(user: JwtIdentity) -> String {
    user.into_inner()
}

#[route("/optional", method = "GET", method = "POST", wrap = "jwt_required().optional()")]
async fn optional(user: Optional<JwtIdentity>) -> String {
    user.into_inner().map_or("nobody".to_owned(), JwtIdentity::into_inner)
}

#[route("/function", method = "GET", method = "POST")]
async fn function(request: HttpRequest) -> actix_web::Result<String> {
    let jwt = verify_jwt_in_request(&request, &jwt_required()).await?;
    Ok(jwt.map(|jwt| jwt.identity().into_owned()).unwrap_or_default())
}

#[delete("/logout", wrap = "jwt_required().allow_expired()")]
async fn logout(jwt: JwtManager, presented: Jwt) -> actix_web::Result<String> {
    jwt.revoke(&presented).await?;
    Ok(presented.identity().into_owned())
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((protected, bare, optional, function, logout));
}

const PATHS: [&str; 4] = ["/protected", "/bare", "/optional", "/function"];

fn by_cookie() -> JwtConfig {
    config().token_location([Location::Cookies, Location::Headers])
}

fn cookies(tokens: &[&str]) -> String {
    let pairs: Vec<_> = tokens.iter().map(|token| format!("access_token_cookie={token}")).collect();
    pairs.join("; ")
}

fn expired() -> String {
    with(json!({ "sub": "old", "jti": "expired", "exp": NOW, "csrf": "old" }))
}

/// Of another key.
fn foreign() -> String {
    let mut token = sign_raw(r#"{"alg":"HS256"}"#, r#"{"sub":"old"}"#);
    token.truncate(token.len() - 4);
    token + "AAAA"
}

#[test]
fn one_that_is_not_genuine_or_has_expired_shuts_nobody_out() {
    let app = TestApp::start(&builder(by_cookie()).build().unwrap(), routes);
    for old in ["garbage".to_owned(), foreign(), expired()] {
        for path in PATHS {
            let answer = app.get(path, &[("Cookie", &cookies(&[&old, &good()]))]);
            assert_eq!((answer.status, answer.text()), (200, "ada"), "{path}");
            let answer = app.request("POST", path, &[("Cookie", &cookies(&[&old, &good()])), ("X-CSRF-TOKEN", "c5rf")]);
            assert_eq!((answer.status, answer.text()), (200, "ada"), "{path}");
        }
    }
    // Nor one that lives, where the page knows the new one's CSRF value.
    let old = with(json!({ "sub": "old", "jti": "old", "csrf": "old" }));
    let both = ("Cookie", &*cookies(&[&old, &good()]));
    let post = |csrf| app.request("POST", "/protected", &[both, ("X-CSRF-TOKEN", csrf)]);
    assert_eq!(app.get("/protected", &[both]).text(), "old");
    assert_eq!((post("c5rf").text(), post("old").text()), ("ada", "old"));
    post("neither").is(401, "CSRF double submit tokens do not match");
}

#[test]
fn where_none_is_good_the_first_is_answered() {
    let app = TestApp::start(&builder(by_cookie()).build().unwrap(), routes);
    for path in PATHS {
        app.get(path, &[("Cookie", &cookies(&[&expired(), "garbage"]))]).is(401, "Token has expired");
        app.get(path, &[("Cookie", &cookies(&["garbage", &expired()]))]).is(422, "Not enough segments");
        // The next location is for requests without a cookie.
        let bearer = format!("Bearer {}", good());
        app.get(path, &[("Cookie", &cookies(&[&expired()])), ("Authorization", &bearer)]).is(401, "Token has expired");
    }
    // Of very many the first four count.
    let (old, new) = (expired(), good());
    assert_eq!(app.get("/protected", &[("Cookie", &cookies(&[&old, &old, &old, &new]))]).status, 200);
    let five = cookies(&[&old, &old, &old, &old, &new]);
    app.get("/protected", &[("Cookie", &five)]).is(401, "Token has expired");
}

/// Whether it is known at once that one is revoked, or must be asked.
#[test]
fn one_that_is_revoked_shuts_nobody_out() {
    let stored = builder(by_cookie()).token_store(MemoryStore::new()).build().unwrap();
    let hooked = builder(by_cookie()).token_in_blocklist_loader(|token| async move { token.jti() == Some("old") });
    let old = with(json!({ "sub": "old", "jti": "old" }));
    let revoking = async { stored.revoke(&stored.decode_token(&old).unwrap()).await.unwrap() };
    actix_web::rt::System::new().block_on(revoking);
    for jwt in [stored, hooked.build().unwrap()] {
        let app = TestApp::start(&jwt, routes);
        for path in PATHS {
            for before in [&[&*old][..], &[&expired(), &old], &[&old, "garbage"]] {
                let all = cookies(&[before, &[&good()]].concat());
                let answer = app.get(path, &[("Cookie", &all)]);
                assert_eq!((answer.status, answer.text()), (200, "ada"), "{path}");
            }
            app.get(path, &[("Cookie", &cookies(&[&old, &expired()]))]).is(401, "Token has been revoked");
        }
    }
}

#[test]
fn logging_out_means_the_one_that_lives() {
    let jwt = builder(by_cookie()).token_store(MemoryStore::new()).build().unwrap();
    let app = TestApp::start(&jwt, routes);
    let old = with(json!({ "sub": "old", "jti": "old", "exp": NOW }));
    let log_out =
        |all: &[&str]| app.request("DELETE", "/logout", &[("Cookie", &cookies(all)), ("X-CSRF-TOKEN", "c5rf")]);
    assert_eq!(log_out(&[&old, &good()]).text(), "ada");
    // Then only the old one is left.
    assert_eq!(log_out(&[&old, &good()]).text(), "old");
    log_out(&[&old, &good()]).is(401, "Token has been revoked");
}

#[test]
fn both_cookies_meet_the_demands_of_two_wraps() {
    fn routes(config: &mut web::ServiceConfig) {
        config.service(
            web::scope("/outer").wrap(jwt_required()).service(
                web::resource("/refresh")
                    .wrap(jwt_required().refresh())
                    .route(web::get().to(|jwt: Jwt| async move { jwt.jti().unwrap_or_default().to_owned() })),
            ),
        );
    }
    let app = TestApp::start(&builder(by_cookie()).build().unwrap(), routes);
    let refresh = with(json!({ "type": "refresh", "jti": "the refresh token" }));
    let both = format!("{}; refresh_token_cookie={refresh}", cookies(&[&good()]));
    assert_eq!(app.get("/outer/refresh", &[("Cookie", &both)]).text(), "the refresh token");
    app.get_with("/outer/refresh", &good()).is(422, "Only refresh tokens are allowed");
    app.get_with("/outer/refresh", &refresh).is(422, "Only non-refresh tokens are allowed");
    app.get("/outer/refresh", &[("Cookie", &cookies(&[&good()]))]).is(
        401,
        "Missing JWT in cookies or headers (Missing cookie \"refresh_token_cookie\"; Missing Authorization Header)",
    );
}
