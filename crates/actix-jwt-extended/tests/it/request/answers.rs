//! Every row of the table of answers that concerns headers, over HTTP.

use crate::app::{NOW, TestApp, config, manager};
use crate::forge::{good, with};
use actix_jwt_extended::{
    ErrorFormat, JwtConfig, JwtIdentity, JwtRejection, Optional, jwt_required, verify_jwt_in_request,
};
use actix_web::{HttpRequest, Responder, get, web};
use serde_json::json;

#[get("/protected", wrap = "jwt_required()")]
async fn protected_route(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[get("/optional", wrap = "jwt_required().optional()")]
async fn optional_route(user: Optional<JwtIdentity>) -> impl Responder {
    web::Json(json!({ "logged_in_as": user.as_ref().map(|user| user.to_string()) }))
}

#[get("/fresh", wrap = "jwt_required().fresh()")]
async fn fresh_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/both", wrap = "jwt_required().verify_type(false)")]
async fn both_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/scope", wrap = "jwt_required().scope(\"read write\")")]
async fn scope_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/role", wrap = "jwt_required().any_role([\"admin\", \"editor\"])")]
async fn role_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/own")]
async fn own_route(request: HttpRequest) -> Result<String, JwtRejection> {
    let jwt = verify_jwt_in_request(&request, &jwt_required()).await?;
    Ok(jwt.map(|jwt| jwt.identity().into_owned()).unwrap_or_default())
}

#[get("/open")]
async fn open_route() -> &'static str {
    "open"
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((
        protected_route,
        optional_route,
        fresh_route,
        refresh_route,
        both_route,
        scope_route,
        role_route,
        open_route,
        own_route,
    ));
}

fn start(config: JwtConfig) -> TestApp {
    TestApp::start(&manager(config), routes)
}

const MISSING: &str = "Missing Authorization Header";
const MISSING_TYPE: &str = "Missing 'Bearer' type in 'Authorization' header. Expected 'Authorization: Bearer <JWT>'";
const BAD: &str = "Bad Authorization header. Expected 'Authorization: Bearer <JWT>'";

#[test]
fn a_good_token_opens_the_route() {
    let app = start(config());
    let answer = app.get_with("/protected", &good());
    assert_eq!((answer.status, answer.text()), (200, r#"{"logged_in_as":"ada"}"#));
    assert_eq!(app.get("/open", &[]).text(), "open");
}

#[test]
fn headers_without_a_token() {
    let app = start(config());
    app.get("/protected", &[]).is(401, MISSING);
    for empty in ["", " ", ",", " , ,, "] {
        app.get("/protected", &[("Authorization", empty)]).is(401, MISSING);
    }
    let good = good();
    for other in [
        "Basic dGVzdDp0ZXN0".to_owned(),
        good.clone(),
        format!("JWT {good}"),
        format!("Bearer{good}"),
        format!("Bearer: {good}"),
        "Basic a, Digest b".into(),
    ] {
        app.get("/protected", &[("Authorization", &other)]).is(401, MISSING_TYPE);
    }
    // Two tokens are no token: which one would count?
    let twice = format!("Bearer {good}, Bearer {good}");
    app.get("/protected", &[("Authorization", &twice)]).is(401, MISSING_TYPE);
    let line = format!("Bearer {good}");
    app.get("/protected", &[("Authorization", &line), ("Authorization", &line)]).is(401, MISSING_TYPE);
}

#[test]
fn headers_with_a_malformed_token() {
    let app = start(config());
    let good = good();
    for bad in [
        "Bearer".to_owned(),
        "Bearer ".into(),
        format!("Bearer {good} more"),
        "bearer".into(),
        "Basic x, Bearer".into(),
    ] {
        app.get("/protected", &[("Authorization", &bad)]).is(422, BAD);
    }
}

#[test]
fn the_scheme_is_compared_without_regard_to_case_and_lists_are_searched() {
    let app = start(config());
    let good = good();
    for fine in [
        format!("bearer {good}"),
        format!("BEARER   {good}"),
        format!("Bearer\t{good}"),
        format!(" , Bearer {good} , "),
        format!("Basic dGVzdDp0ZXN0, Bearer {good}"),
        format!("Bearer {good},Basic dGVzdDp0ZXN0"),
        format!("Bearer {good},"),
    ] {
        assert_eq!(app.get("/protected", &[("Authorization", &fine)]).status, 200, "{fine}");
    }
    let lines = [("Authorization", "Basic dGVzdDp0ZXN0"), ("authorization", &*format!("Bearer {good}"))];
    assert_eq!(app.get("/protected", &lines).status, 200);
}

#[test]
fn another_header_and_another_type() {
    let app = start(config().header_name("X-Token").header_type("JWT"));
    let good = good();
    let line = format!("JWT {good}");
    assert_eq!(app.get("/protected", &[("x-token", &line)]).status, 200);
    app.get("/protected", &[("Authorization", &line)]).is(401, "Missing X-Token Header");
    let bearer = format!("Bearer {good}");
    let expected = "Missing 'JWT' type in 'X-Token' header. Expected 'X-Token: JWT <JWT>'";
    let answer = app.get("/protected", &[("X-Token", &bearer)]);
    answer.is(401, expected);
    assert_eq!(answer.header("www-authenticate"), Some("JWT"));
    app.get("/protected", &[("X-Token", "JWT a b")]).is(422, "Bad X-Token header. Expected 'X-Token: JWT <JWT>'");
}

#[test]
fn no_type_at_all() {
    let app = start(config().header_type(""));
    let good = good();
    assert_eq!(app.get("/protected", &[("Authorization", &good)]).status, 200);
    assert_eq!(app.get("/protected", &[("Authorization", &format!("{good},"))]).status, 200);
    for bad in [format!("Bearer {good}"), format!("{good},{good}"), format!("{good} x")] {
        let expected = "Bad Authorization header. Expected 'Authorization: <JWT>'";
        app.get("/protected", &[("Authorization", &bad)]).is(422, expected);
    }
    app.get("/protected", &[]).is(401, MISSING);
}

#[test]
fn bytes_that_are_no_text() {
    let app = start(config());
    for value in [&b"Bearer \xff\xfe"[..], b"\xff Bearer x", b"Bearer a.b.\xc3\xa9"] {
        let mut request = b"GET /protected HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: ".to_vec();
        request.extend(value);
        request.extend(b"\r\n\r\n");
        let answer = app.send(&request);
        assert!(matches!(answer.status, 401 | 422), "{answer:?}");
    }
}

#[test]
fn optional_routes_take_anonymous_and_refuse_bad_tokens() {
    let app = start(config());
    let anonymous = json!({ "logged_in_as": null });
    assert_eq!(app.get("/optional", &[]).json(), anonymous);
    assert_eq!(app.get("/optional", &[("Authorization", "Basic x")]).json(), anonymous);
    assert_eq!(app.get_with("/optional", &good()).json(), json!({ "logged_in_as": "ada" }));
    app.get_with("/optional", "not.a.token").is(422, "Invalid header padding");
    app.get_with("/optional", &with(json!({ "exp": NOW }))).is(401, "Token has expired");
    app.get_with("/optional", &with(json!({ "type": "refresh" }))).is(422, "Only non-refresh tokens are allowed");
    app.get("/optional", &[("Authorization", "Bearer")]).is(422, BAD);
}

#[test]
fn the_type_of_token() {
    let app = start(config());
    let refresh = with(json!({ "type": "refresh" }));
    app.get_with("/protected", &refresh).is(422, "Only non-refresh tokens are allowed");
    app.get_with("/refresh", &good()).is(422, "Only refresh tokens are allowed");
    assert_eq!(app.get_with("/refresh", &refresh).text(), "ada");
    assert_eq!(app.get_with("/both", &refresh).text(), "ada");
    assert_eq!(app.get_with("/both", &good()).text(), "ada");
}

#[test]
fn freshness() {
    let app = start(config());
    for fresh in [json!(true), json!(NOW), json!(NOW + 5)] {
        assert_eq!(app.get_with("/fresh", &with(json!({ "fresh": fresh }))).text(), "ada");
    }
    for stale in [json!(false), json!(NOW - 1), json!(0)] {
        app.get_with("/fresh", &with(json!({ "fresh": stale }))).is(401, "Fresh token required");
    }
}

#[test]
fn scopes_and_roles() {
    let app = start(config());
    assert_eq!(app.get_with("/scope", &with(json!({ "scope": "write x read" }))).text(), "ada");
    let answer = app.get_with("/scope", &with(json!({ "scope": "read" })));
    answer.is(403, "Insufficient scope");
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer error="insufficient_scope", error_description="Insufficient scope", scope="read write""#)
    );
    assert_eq!(app.get_with("/role", &with(json!({ "roles": ["editor"] }))).text(), "ada");
    app.get_with("/role", &good()).is(403, "Insufficient scope");
}

#[test]
fn a_rejection_answers_the_same_however_often_it_is_looked_at() {
    use actix_web::ResponseError as _;
    let jwt = crate::app::builder(config().error_message_key("detail"))
        .unauthorized_loader(|_, _| actix_web::HttpResponse::Forbidden().finish())
        .build()
        .unwrap();
    let request = actix_web::test::TestRequest::default().app_data(jwt).to_http_request();
    let demand = jwt_required();
    let rejection = futures_util::FutureExt::now_or_never(verify_jwt_in_request(&request, &demand));
    let rejection = rejection.unwrap().unwrap_err();
    assert_eq!(
        (rejection.status_code(), rejection.error_response().status()),
        (403.try_into().unwrap(), 403.try_into().unwrap())
    );
    assert_eq!(rejection.status_code(), 403);
    assert_eq!(rejection.error_response().status(), 401);
}

#[test]
fn challenges_say_why_but_not_to_those_who_sent_nothing() {
    let app = start(config());
    assert_eq!(app.get("/protected", &[]).header("www-authenticate"), Some("Bearer"));
    assert_eq!(
        app.get_with("/protected", &with(json!({ "exp": 1 }))).header("www-authenticate"),
        Some(r#"Bearer error="invalid_token", error_description="Token has expired""#)
    );
}

#[test]
fn another_message_key() {
    let app = start(config().error_message_key("detail"));
    assert_eq!(app.get("/protected", &[]).json(), json!({ "detail": MISSING }));
    assert_eq!(app.get("/own", &[]).json(), json!({ "detail": MISSING }));
}

#[test]
fn the_format_of_rfc_6750() {
    let app = start(config().error_format(ErrorFormat::Rfc6750));
    let missing = app.get("/protected", &[]);
    assert_eq!((missing.status, missing.json()), (401, json!({ "error_description": MISSING })));
    let invalid = app.get_with("/protected", "x");
    let body = json!({ "error": "invalid_token", "error_description": "Not enough segments" });
    assert_eq!((invalid.status, invalid.json()), (401, body));
    assert_eq!(
        invalid.header("www-authenticate"),
        Some(r#"Bearer error="invalid_token", error_description="Not enough segments""#)
    );
    assert_eq!(app.get("/protected", &[("Authorization", "Bearer")]).status, 400);
    assert_eq!(app.get_with("/role", &good()).status, 403);
}

#[test]
fn the_format_of_rfc_9457() {
    let app = start(config().error_format(ErrorFormat::Problem));
    let answer = app.get_with("/protected", "x");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body =
        json!({ "type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "Not enough segments" });
    assert_eq!((answer.status, answer.json()), (401, body));
}

#[test]
fn a_message_with_a_foreign_text_stays_a_header() {
    // The extension's name goes into the message, and in this format into the challenge.
    let app = start(config().error_format(ErrorFormat::Rfc6750));
    let token = crate::forge::with_header("{\"alg\":\"HS256\",\"crit\":[\"a\\\"\\r\\nSet-Cookie: b=c\\\\é\"]}");
    let answer = app.get_with("/protected", &token);
    assert_eq!(answer.status, 401);
    assert!(answer.header("set-cookie").is_none());
    let challenge = answer.header("www-authenticate").unwrap();
    let plain = r#"Bearer error="invalid_token", error_description="Unsupported critical extension: aSet-Cookie: b=c""#;
    assert_eq!(challenge, plain);
}
