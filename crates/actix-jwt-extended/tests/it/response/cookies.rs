//! Cookies as they are set and unset: every attribute.

use crate::app::{NOW, TestApp, config, manager};
use actix_jwt_extended::{
    CookieOptions, CookiePrefix, JwtConfig, JwtIdentity, JwtManager, Location, SameSite, jwt_required,
};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, delete, get, post, web};
use std::time::Duration;

/// The `Set-Cookie` lines that a call leaves, tokens and CSRF values replaced by `<JWT>` and `<CSRF>`.
fn lines(jwt: &JwtManager, token: &str, set: impl FnOnce(&JwtManager, &mut HttpResponse, &str)) -> Vec<String> {
    let mut response = HttpResponse::Ok().finish();
    set(jwt, &mut response, token);
    let csrf = jwt.decode_token(token).unwrap().csrf().unwrap_or("no csrf").to_owned();
    response
        .headers()
        .get_all("set-cookie")
        .map(|line| line.to_str().unwrap().replace(token, "<JWT>").replace(&csrf, "<CSRF>"))
        .collect()
}

fn set_both(config: JwtConfig) -> Vec<String> {
    let jwt = manager(config);
    let (access, refresh) = (jwt.create_access_token("ada").unwrap(), jwt.create_refresh_token("ada").unwrap());
    let mut all = lines(&jwt, &access, |jwt, response, token| jwt.set_access_cookies(response, token).unwrap());
    all.extend(lines(&jwt, &refresh, |jwt, response, token| jwt.set_refresh_cookies(response, token).unwrap()));
    all
}

fn unset_all(config: JwtConfig) -> Vec<String> {
    let jwt = manager(config);
    let token = jwt.create_access_token("ada").unwrap();
    lines(&jwt, &token, |jwt, response, _| jwt.unset_jwt_cookies(response))
}

#[test]
fn by_default() {
    assert_eq!(
        set_both(config()),
        [
            "access_token_cookie=<JWT>; HttpOnly; Path=/",
            "csrf_access_token=<CSRF>; Path=/",
            "refresh_token_cookie=<JWT>; HttpOnly; Path=/",
            "csrf_refresh_token=<CSRF>; Path=/",
        ]
    );
    let gone = "Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    assert_eq!(
        unset_all(config()),
        [
            format!("access_token_cookie=; HttpOnly; {gone}"),
            format!("csrf_access_token=; {gone}"),
            format!("refresh_token_cookie=; HttpOnly; {gone}"),
            format!("csrf_refresh_token=; {gone}"),
        ]
    );
}

#[test]
fn with_every_setting() {
    let config = config()
        .access_cookie_name("a")
        .refresh_cookie_name("r")
        .access_csrf_cookie_name("ac")
        .refresh_csrf_cookie_name("rc")
        .access_cookie_path("/a")
        .refresh_cookie_path("/r")
        .access_csrf_cookie_path("/ac")
        .refresh_csrf_cookie_path("/rc")
        .cookie_secure(true)
        .cookie_samesite(SameSite::Strict)
        .cookie_domain("example.com")
        .cookie_partitioned(true)
        .session_cookie(false);
    // 1800000000 is Fri, 15 Jan 2027 08:00:00 GMT; and 31540000 seconds later:
    assert_eq!(NOW + 31_540_000, 1_831_540_000);
    let life = "Domain=example.com; Max-Age=31540000; Expires=Sat, 15 Jan 2028 09:06:40 GMT; Partitioned";
    assert_eq!(
        set_both(config.clone()),
        [
            format!("a=<JWT>; HttpOnly; SameSite=Strict; Secure; Path=/a; {life}"),
            format!("ac=<CSRF>; SameSite=Strict; Secure; Path=/ac; {life}"),
            format!("r=<JWT>; HttpOnly; SameSite=Strict; Secure; Path=/r; {life}"),
            format!("rc=<CSRF>; SameSite=Strict; Secure; Path=/rc; {life}"),
        ]
    );
    let gone = "Domain=example.com; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Partitioned";
    assert_eq!(unset_all(config)[0], format!("a=; HttpOnly; SameSite=Strict; Secure; Path=/a; {gone}"));
}

#[test]
fn other_settings() {
    for same_site in [(SameSite::Lax, "Lax"), (SameSite::None, "None")] {
        let lines = set_both(config().cookie_samesite(same_site.0).cookie_secure(true));
        assert_eq!(lines[0], format!("access_token_cookie=<JWT>; HttpOnly; SameSite={}; Secure; Path=/", same_site.1));
    }
    for config in [config().csrf_in_cookies(false), config().cookie_csrf_protect(false)] {
        let expected = ["access_token_cookie=<JWT>; HttpOnly; Path=/", "refresh_token_cookie=<JWT>; HttpOnly; Path=/"];
        assert_eq!(set_both(config.clone()), expected);
        assert_eq!(unset_all(config).len(), 2);
    }
    let prefixed = set_both(config().cookie_prefix(CookiePrefix::Host).cookie_secure(true));
    assert_eq!(prefixed[0], "__Host-access_token_cookie=<JWT>; HttpOnly; Secure; Path=/");
    assert_eq!(prefixed[3], "__Host-csrf_refresh_token=<CSRF>; Secure; Path=/");
}

#[test]
fn with_options_of_the_call() {
    let jwt = manager(config().cookie_domain("example.com"));
    let token = jwt.create_access_token("ada").unwrap();
    let options = CookieOptions::new().max_age(Duration::from_secs(60)).domain("other.example");
    let lines = lines(&jwt, &token, |jwt, response, token| {
        jwt.set_access_cookies_with(response, token, &options).unwrap();
    });
    let life = "Domain=other.example; Max-Age=60; Expires=Fri, 15 Jan 2027 08:01:00 GMT";
    assert_eq!(
        lines,
        [
            format!("access_token_cookie=<JWT>; HttpOnly; Path=/; {life}"),
            format!("csrf_access_token=<CSRF>; Path=/; {life}"),
        ]
    );
}

#[test]
fn cookies_with_a_domain_of_their_own_are_taken_away_with_it() {
    let jwt = manager(config());
    let token = jwt.create_access_token("ada").unwrap();
    let options = CookieOptions::new().domain("other.example");
    let lines = lines(&jwt, &token, |jwt, response, _| {
        jwt.unset_jwt_cookies_with(response, &options).unwrap();
    });
    assert_eq!(lines.len(), 4);
    assert!(lines.iter().all(|line| line.contains("Domain=other.example; Max-Age=0")), "{lines:?}");
}

#[test]
fn a_domain_that_browsers_would_not_take_is_an_error() {
    let plain = manager(config());
    let bound = manager(config().cookie_prefix(CookiePrefix::Host).cookie_secure(true));
    // Only one of the two cookies has the prefix, in any case.
    let half = manager(config().refresh_csrf_cookie_name("__host-csrf").cookie_secure(true));
    for (jwt, domain) in [
        (&plain, ""),
        (&plain, "x; Path=/other"),
        (&plain, "x\r\nSet-Cookie: a=b"),
        (&plain, "a b"),
        (&plain, "https://example.com"),
        (&plain, "bücher.example"),
        (&bound, "example.com"),
        (&half, "example.com"),
    ] {
        let options = CookieOptions::new().domain(domain);
        let mut response = HttpResponse::Ok().finish();
        let token = jwt.create_refresh_token("ada").unwrap();
        assert!(jwt.set_refresh_cookies_with(&mut response, &token, &options).is_err(), "{domain}");
        assert!(jwt.unset_refresh_cookies_with(&mut response, &options).is_err(), "{domain}");
        assert!(jwt.unset_jwt_cookies_with(&mut response, &options).is_err(), "{domain}");
        assert!(response.headers().is_empty(), "{response:?}");
    }
    let (mut response, options) = (HttpResponse::Ok().finish(), CookieOptions::new().domain("example.com"));
    half.set_access_cookies_with(&mut response, &half.create_access_token("ada").unwrap(), &options).unwrap();
    half.unset_access_cookies_with(&mut response, &options).unwrap();
    bound.unset_jwt_cookies_with(&mut response, &CookieOptions::new()).unwrap();
    assert_eq!(response.headers().get_all("set-cookie").count(), 8);
}

#[test]
fn a_token_of_somebody_else_is_not_set() {
    let jwt = manager(config());
    let mut response = HttpResponse::Ok();
    assert!(jwt.set_access_cookies(&mut response, "x.y.z").is_err());
    let other = manager(JwtConfig::new().secret_key("another secret: 0123456789 abcdef ghij"));
    assert!(jwt.set_access_cookies(&mut response, &other.create_access_token("ada").unwrap()).is_err());
    // Whether or not there is a CSRF value to read out of it.
    let bare = manager(config().cookie_csrf_protect(false));
    assert!(bare.set_access_cookies(&mut response, "x; Domain=evil.example; Path=/other").is_err());
    assert!(bare.set_access_cookies(&mut response, &bare.create_refresh_token("ada").unwrap()).is_err());
    assert!(bare.set_refresh_cookies(&mut response, &bare.create_access_token("ada").unwrap()).is_err());
    let options = CookieOptions::new().domain("a.example; Secure");
    assert!(bare.set_access_cookies_with(&mut response, &bare.create_access_token("ada").unwrap(), &options).is_err());
    assert!(response.finish().headers().get("set-cookie").is_none());
}

#[post("/login")]
async fn login(jwt: JwtManager) -> actix_web::Result<HttpResponse> {
    let mut response = HttpResponse::Ok();
    jwt.set_access_cookies(&mut response, &jwt.create_access_token("ada")?)?;
    Ok(response.body("in"))
}

#[get("/me", wrap = "jwt_required()")]
async fn me(user: JwtIdentity) -> String {
    user.into_inner()
}

#[post("/change", wrap = "jwt_required()")]
async fn change(user: JwtIdentity) -> String {
    user.into_inner()
}

#[delete("/login")]
async fn logout(jwt: JwtManager) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    jwt.unset_jwt_cookies(&mut response);
    response.body("out")
}

#[test]
fn a_browsers_whole_visit() {
    for prefix in [None, Some(CookiePrefix::Host)] {
        let config = config().token_location([Location::Cookies]).cookie_secure(true);
        let config = prefix.map_or(config.clone(), |prefix| config.cookie_prefix(prefix));
        let app = TestApp::start(&manager(config), |config: &mut web::ServiceConfig| {
            config.service((login, me, change, logout));
        });
        let answer = app.request("POST", "/login", &[]);
        let jar: Vec<(String, String)> = answer
            .head
            .lines()
            .filter_map(|line| line.strip_prefix("set-cookie: "))
            .map(|line| line.split(';').next().unwrap().split_once('=').unwrap())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(jar.len(), 2);
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let csrf = &jar.iter().find(|(name, _)| name.contains("csrf")).unwrap().1;
        assert_eq!(app.get("/me", &[("Cookie", &cookies)]).text(), "ada");
        let refused = app.request("POST", "/change", &[("Cookie", &cookies)]);
        refused.is(401, "Missing CSRF token");
        // The token is good; it is the request that lacks something (RFC 6750 §3.1).
        assert_eq!(
            refused.header("www-authenticate"),
            Some(r#"Bearer error="invalid_request", error_description="Missing CSRF token""#)
        );
        let headers = [("Cookie", cookies.as_str()), ("X-CSRF-TOKEN", csrf)];
        assert_eq!(app.request("POST", "/change", &headers).text(), "ada");
        let gone = app.request("DELETE", "/login", &[]);
        assert_eq!(gone.head.matches("Max-Age=0").count(), 4);
    }
}

#[test]
fn a_cookie_that_browsers_would_drop_for_its_size_is_an_error() {
    let jwt = manager(config());
    let token = |length: usize| jwt.access_token("ada").claim("long", "x".repeat(length)).encode().unwrap();
    let size = |token: &str| "access_token_cookie".len() + token.len();
    let fits = (2000..3000).rev().map(token).find(|token| size(token) <= 4096).unwrap();
    let mut response = HttpResponse::Ok().finish();
    jwt.set_access_cookies(&mut response, &fits).unwrap();
    assert_eq!(response.headers().get_all("set-cookie").count(), 2);

    let long = token(4000);
    let mut response = HttpResponse::Ok().finish();
    let error = jwt.set_access_cookies(&mut response, &long).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cannot issue a token: the cookie access_token_cookie has {} bytes of name and value, and browsers drop one \
             of more than 4096; put fewer claims into the token",
            size(&long)
        )
    );
    assert_eq!((error.status(), response.headers().contains_key("set-cookie")), (500, false));
}

#[test]
fn no_cache_keeps_a_response_that_sets_a_token() {
    let jwt = manager(config());
    let (access, refresh) = (jwt.create_access_token("ada").unwrap(), jwt.create_refresh_token("ada").unwrap());
    let said = |response: &HttpResponse| response.headers().get("cache-control").cloned();
    let mut builder = HttpResponse::Ok();
    jwt.set_access_cookies(&mut builder, &access).unwrap();
    assert_eq!(said(&builder.finish()).unwrap(), "no-store");
    for (own, expected) in [(None, "no-store"), (Some("max-age=60"), "no-store"), (Some("private"), "private")] {
        let mut response = HttpResponse::Ok().finish();
        if let Some(own) = own {
            response.headers_mut().insert(CACHE_CONTROL, own.parse().unwrap());
        }
        jwt.set_refresh_cookies(&mut response, &refresh).unwrap();
        assert_eq!(said(&response).unwrap(), expected);
    }
    let mut response = HttpResponse::Ok().finish();
    jwt.unset_jwt_cookies(&mut response);
    assert_eq!(said(&response), None);
}
