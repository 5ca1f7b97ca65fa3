//! Extractors, with and without a wrap.

use crate::app::{NOW, SECRET, TestApp, builder, config, manager};
use crate::forge::{good, with, without};
use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
use actix_jwt_extended::{Claims, CurrentUser, Jwt, JwtIdentity, JwtManager, Optional, jwt_required};
use actix_web::{App, HttpResponse, HttpServer, Responder, get, web};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Deserialize)]
struct Mine {
    sub: String,
    team: String,
}

struct User {
    name: String,
}

#[get("/number")]
async fn number_route(user: JwtIdentity<i64>) -> String {
    (*user + 1).to_string()
}

#[get("/text")]
async fn text_route(user: JwtIdentity) -> String {
    user.into_inner()
}

/// As text without a type, and as the type that text has otherwise.
#[get("/both")]
async fn both_route(user: JwtIdentity, other: JwtIdentity<String>) -> String {
    let (text, copy): (&str, JwtIdentity) = (&user, user.clone());
    assert_eq!((text, format!("{user}"), format!("{user:?}")), (&**other, text.to_owned(), format!("{other:?}")));
    assert!(user == copy);
    copy.into_inner() + " and " + &other.into_inner()
}

#[get("/team")]
async fn team_route(claims: Claims<Mine>) -> String {
    format!("{} of {}", claims.sub, claims.team)
}

#[get("/claims", wrap = "jwt_required()")]
async fn claims_route(jwt: Jwt) -> impl Responder {
    web::Json(json!({
        "claims": jwt.claims(), "header": jwt.header().members(), "location": jwt.location().as_str(),
        "jti": jwt.jti(), "type": jwt.token_type().as_str(), "expires": jwt.expires_at(), "id": jwt.identity(),
    }))
}

#[get("/user")]
async fn user_route(user: CurrentUser<User>) -> String {
    user.name.clone()
}

#[get("/wrong_user")]
async fn wrong_user_route(_user: CurrentUser<u8>) -> String {
    "never".to_owned()
}

#[get("/optional")]
async fn optional_route(identity: Optional<JwtIdentity>, user: Optional<CurrentUser<User>>) -> String {
    format!("{:?} {:?}", identity.as_ref().map(|i| i.to_string()), user.as_ref().map(|u| u.name.clone()))
}

#[get("/refresh", wrap = "jwt_required().refresh()")]
async fn refresh_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/optional_wrap", wrap = "jwt_required().optional()")]
async fn optional_wrap_route(user: JwtIdentity) -> String {
    user.into_inner()
}

#[get("/manager")]
async fn manager_extractor(jwt: JwtManager) -> actix_web::Result<String> {
    Ok(jwt.create_access_token("grace")?)
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((
        number_route,
        text_route,
        both_route,
        team_route,
        claims_route,
        user_route,
        wrong_user_route,
        optional_route,
        refresh_route,
        optional_wrap_route,
        manager_extractor,
    ));
}

fn with_users() -> JwtManager {
    builder(config())
        .user_lookup_loader(|token| async move {
            (token.identity() != "nobody").then(|| User { name: token.identity().to_uppercase() })
        })
        .build()
        .unwrap()
}

#[test]
fn identities_of_any_type() {
    let app = TestApp::start(&manager(config()), routes);
    assert_eq!(app.get_with("/number", &with(json!({ "sub": "41" }))).text(), "42");
    app.get_with("/number", &good()).is(422, "Invalid identity in token");
    assert_eq!(app.get_with("/text", &with(json!({ "sub": "" }))).text(), "");
    let lax = TestApp::start(&manager(config().verify_sub(false)), routes);
    assert_eq!(lax.get_with("/number", &with(json!({ "sub": 41 }))).text(), "42");
    // With an escape, the text is not as it stands in the token.
    for (sub, text) in
        [(json!("ada"), "ada"), (json!("a\"d\u{e4}"), "a\"d\u{e4}"), (json!(41), "41"), (json!([1]), "[1]")]
    {
        assert_eq!(lax.get_with("/both", &with(json!({ "sub": sub }))).text(), format!("{text} and {text}"));
    }
}

#[test]
fn without_a_wrap_they_verify_by_themselves() {
    let app = TestApp::start(&manager(config()), routes);
    for path in ["/text", "/team", "/number"] {
        app.get(path, &[]).is(401, "Missing Authorization Header");
        app.get_with(path, "x").is(422, "Not enough segments");
        app.get_with(path, &with(json!({ "exp": NOW }))).is(401, "Token has expired");
        // The default demand: an access token.
        app.get_with(path, &with(json!({ "type": "refresh" }))).is(422, "Only non-refresh tokens are allowed");
    }
    assert_eq!(app.get_with("/text", &good()).text(), "ada");
    // Under a wrap they take what the wrap verified.
    assert_eq!(app.get_with("/refresh", &with(json!({ "type": "refresh" }))).text(), "ada");
    // Under an optional wrap a mandatory extractor still demands a token.
    app.get("/optional_wrap", &[]).is(401, "Missing Authorization Header");
    assert_eq!(app.get_with("/optional_wrap", &good()).text(), "ada");
}

#[test]
fn claims_of_ones_own_type() {
    let app = TestApp::start(&manager(config()), routes);
    assert_eq!(app.get_with("/team", &with(json!({ "team": "engine" }))).text(), "ada of engine");
    app.get_with("/team", &good()).is(422, "Invalid claims in token");
    app.get_with("/team", &with(json!({ "team": 7 }))).is(422, "Invalid claims in token");
}

#[test]
fn the_whole_token() {
    let app = TestApp::start(&manager(config()), routes);
    let answer = app.get_with("/claims", &with(json!({ "own": {"a": [1, "x"]} }))).json();
    assert_eq!(answer["claims"]["own"], json!({"a": [1, "x"]}));
    assert_eq!(answer["claims"]["sub"], "ada");
    assert_eq!(answer["header"], json!({"alg": "HS256", "typ": "JWT"}));
    assert_eq!(
        (&answer["location"], &answer["jti"], &answer["type"]),
        (&json!("headers"), &json!("6f1c"), &json!("access"))
    );
    assert_eq!((&answer["expires"], &answer["id"]), (&json!(NOW + 900), &json!("ada")));
    let bare = app.get_with("/claims", &without("jti")).json();
    assert_eq!((&bare["jti"], bare["claims"].get("jti")), (&Value::Null, None));
}

#[test]
fn users() {
    let app = TestApp::start(&with_users(), routes);
    assert_eq!(app.get_with("/user", &good()).text(), "ADA");
    app.get_with("/user", &with(json!({ "sub": "nobody" }))).is(401, "Error loading the user nobody");
    app.get("/user", &[]).is(401, "Missing Authorization Header");
    app.get_with("/wrong_user", &good()).is(500, "Internal Server Error");
    let without_lookup = TestApp::start(&manager(config()), routes);
    without_lookup.get_with("/user", &good()).is(500, "Internal Server Error");
}

#[test]
fn optional_extractors_refuse_bad_tokens() {
    let app = TestApp::start(&with_users(), routes);
    assert_eq!(app.get("/optional", &[]).text(), "None None");
    assert_eq!(app.get_with("/optional", &good()).text(), r#"Some("ada") Some("ADA")"#);
    app.get_with("/optional", "x").is(422, "Not enough segments");
    app.get_with("/optional", &with(json!({ "sub": "nobody" }))).is(401, "Error loading the user nobody");
}

/// actix starts all extractors of a handler before it looks at what became of the first.
#[test]
fn several_extractors_refuse_a_request_once() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    static ANSWERED: AtomicUsize = AtomicUsize::new(0);
    fn answered() -> HttpResponse {
        ANSWERED.fetch_add(1, Ordering::SeqCst);
        HttpResponse::ImATeapot().finish()
    }
    async fn several(_: JwtIdentity, _: Jwt, _: Claims<Value>) -> &'static str {
        "in"
    }
    async fn lenient(jwt: Option<Jwt>, user: Result<JwtIdentity, actix_web::Error>, other: Option<Jwt>) -> String {
        format!("{} {} {}", jwt.is_some(), user.is_ok(), other.is_some())
    }
    let key = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let jwt = builder(config())
        .decode_key_loader(move |_, _| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            Some(key.clone())
        })
        .unauthorized_loader(|_, _| answered())
        .invalid_token_loader(|_, _| answered())
        .expired_token_loader(|_, _| answered());
    let app = TestApp::start(&jwt.build().unwrap(), |config| {
        let optional = web::resource("/optional").wrap(jwt_required().optional()).to(several);
        config.route("/several", web::get().to(several)).service(optional).route("/lenient", web::get().to(lenient));
    });
    let counted = || (ASKED.swap(0, Ordering::SeqCst), ANSWERED.swap(0, Ordering::SeqCst));
    for path in ["/several", "/optional"] {
        assert_eq!((app.get(path, &[]).status, counted()), (418, (0, 1)), "{path}");
        for bad in [with(json!({ "nbf": NOW + 60 })), with(json!({ "exp": NOW })), with(json!({ "type": "refresh" }))] {
            assert_eq!((app.get_with(path, &bad).status, counted()), (418, (1, 1)), "{path}");
        }
        assert_eq!((app.get_with(path, &good()).text(), counted()), ("in", (1, 0)), "{path}");
    }
    assert_eq!(app.get_with("/lenient", &good()).text(), "true true true");
    for text in [app.get("/lenient", &[]), app.get_with("/lenient", &with(json!({ "exp": NOW })))] {
        assert_eq!(text.text(), "false false false");
    }
}

#[test]
fn the_manager_is_an_extractor() {
    let jwt = manager(config());
    let app = TestApp::start(&jwt, routes);
    assert_eq!(jwt.decode_token(app.get("/manager", &[]).text()).unwrap().identity(), "grace");
    let bare = TestApp::serve(|| {
        let server = HttpServer::new(|| App::new().configure(routes)).workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        (server.addrs()[0], server.run())
    });
    for path in ["/manager", "/text", "/optional", "/claims"] {
        bare.get_with(path, &good()).is(500, "Internal Server Error");
    }
}

#[test]
fn nothing_secret_in_debug() {
    let jwt = with_users();
    let token = jwt.access_token("ada").claim("password", "hush").encode().unwrap();
    let verified = jwt.decode_token(&token).unwrap();
    let error = actix_jwt_extended::JwtError::Revoked(verified.clone());
    let all = format!("{jwt:?} {verified:?} {error:?} {error} {:?}", jwt.access_token("ada").claim("p", "hush"));
    for secret in [&*token, "hush", verified.csrf().unwrap(), crate::app::SECRET] {
        assert!(!all.contains(secret), "{all}");
    }
    assert!(all.contains("HS256"));
}
