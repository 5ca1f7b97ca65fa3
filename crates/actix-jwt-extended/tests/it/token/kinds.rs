//! What a token says it is, by its type, its header and its claims: only access tokens open routes.

use crate::app::{NOW, SECRET, TestApp, config, manager};
use crate::forge::{with, with_header, without};
use crate::logged;
use actix_jwt_extended::keys::Algorithm;
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager, Lifetime, TokenType, jwt_required};
use actix_web::{HttpResponse, Responder, get, web};
use serde_json::{Value, json};

const OTHER_KIND: &str = "Only access tokens are allowed";
const BOUND: &str = "Token is bound to a key (cnf), and no proof of it is checked here";

#[get("/access", wrap = "jwt_required()")]
async fn on_access() -> impl Responder {
    HttpResponse::Ok()
}

#[get("/refresh", wrap = "jwt_required().refresh()")]
async fn on_refresh() -> impl Responder {
    HttpResponse::Ok()
}

#[get("/any", wrap = "jwt_required().verify_type(false)")]
async fn on_any() -> impl Responder {
    HttpResponse::Ok()
}

fn routes(config: &mut web::ServiceConfig) {
    config.service(on_access).service(on_refresh).service(on_any);
}

struct Bench(JwtManager, TestApp);

impl Bench {
    fn new(config: JwtConfig) -> Self {
        Self::of(manager(config))
    }

    fn of(jwt: JwtManager) -> Self {
        let app = TestApp::start(&jwt, routes);
        Self(jwt, app)
    }

    #[track_caller]
    fn accepts(&self, token: &str) {
        assert_eq!(self.0.decode_token(token).unwrap().token_type(), TokenType::Access, "{token}");
        assert_eq!(self.1.get_with("/access", token).status, 200, "{token}");
    }

    /// Genuine, and good for no route that asks what it is.
    #[track_caller]
    fn finds_other(&self, token: &str) {
        assert_eq!(self.0.decode_token(token).unwrap().token_type(), TokenType::Other, "{token}");
        self.1.get_with("/access", token).is(422, OTHER_KIND);
        self.1.get_with("/refresh", token).is(422, "Only refresh tokens are allowed");
        assert_eq!(self.1.get_with("/any", token).status, 200, "{token}");
    }

    #[track_caller]
    fn refuses(&self, token: &str, message: &str) {
        assert_eq!(self.0.decode_token(token).unwrap_err().to_string(), message, "{token}");
        for path in ["/access", "/refresh", "/any"] {
            self.1.get_with(path, token).is(422, message);
        }
    }
}

fn typ(value: &Value) -> String {
    with_header(&json!({ "alg": "HS256", "typ": value }).to_string())
}

#[test]
fn claims_that_say_what_a_token_is_are_heard() {
    let bench = Bench::new(config());
    for other in [
        json!({ "type": "refresh_token" }),
        json!({ "type": "access_token" }),
        json!({ "type": "Access" }),
        json!({ "type": "" }),
        json!({ "at_hash": "x", "nonce": "n" }),
        json!({ "c_hash": null }),
        json!({ "token_use": "id" }),
        json!({ "token_use": ["access"] }),
        json!({ "typ": "ID" }),
        json!({ "typ": "Refresh", "type": "access" }),
        json!({ "typ": "refresh", "type": "refresh" }),
        json!({ "typ": "Offline", "own": {"a": 1} }),
        json!({ "typ": "Logout" }),
    ] {
        bench.finds_other(&with(other));
    }
    for fine in [
        json!({ "token_use": "access" }),
        json!({ "typ": "Bearer" }),
        json!({ "typ": ["ID"] }),
        json!({ "nonce": "n" }),
        json!({ "own": { "cnf": 1, "at_hash": 1, "typ": "ID" } }),
    ] {
        bench.accepts(&with(fine));
    }
    bench.accepts(&without("type"));
    // Spelt with escapes, it is the same name.
    let spelt = crate::forge::with_claims_text(&with_text().replace("\"sub\"", "\"at\\u005fhash\":1,\"sub\""));
    bench.finds_other(&spelt);
}

fn with_text() -> String {
    crate::forge::good_claims().to_string()
}

#[test]
fn a_special_typ_is_accepted_only_where_it_is_named() {
    let bench = Bench::new(config());
    for usual in ["JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "Application/JWT"] {
        bench.accepts(&typ(&json!(usual)));
    }
    bench.accepts(&with_header(r#"{"alg":"HS256"}"#));
    let others = ["logout+jwt", "dpop+jwt", "secevent+jwt", "application/logout+jwt", "", "application/", "JWT "];
    for other in others.map(Value::from).into_iter().chain([json!(null), json!(["JWT"]), json!(1)]) {
        bench.finds_other(&typ(&other));
    }
    let bench = Bench::new(config().accept_typ_headers(["application/X+jwt", "y"]));
    for named in ["x+jwt", "APPLICATION/x+JWT", "Y", "JWT", "at+jwt"] {
        bench.accepts(&typ(&json!(named)));
    }
    bench.finds_other(&typ(&json!("logout+jwt")));
    // Seen before, and from the cache.
    bench.finds_other(&typ(&json!("logout+jwt")));
}

#[test]
fn further_types_are_access_tokens_where_they_are_named() {
    let bench = Bench::new(config().accept_type_claims(["access_token", "b\u{e4}r"]));
    for named in ["access", "access_token", "b\u{e4}r"] {
        bench.accepts(&with(json!({ "type": named, "own": [1] })));
    }
    bench.finds_other(&with(json!({ "type": "refresh_token" })));
    bench.finds_other(&with(json!({ "type": "access_token", "token_use": "id" })));
    let refresh = with(json!({ "type": "refresh" }));
    bench.1.get_with("/access", &refresh).is(422, "Only non-refresh tokens are allowed");
    assert_eq!(bench.1.get_with("/refresh", &refresh).status, 200);
}

#[test]
fn a_token_that_is_bound_to_a_key_needs_somebody_who_checks_it() {
    for cnf in [json!({ "jkt": "x" }), json!({ "x5t#S256": "x" }), json!({}), json!(null), json!("x")] {
        let token = with(json!({ "cnf": cnf }));
        Bench::new(config()).refuses(&token, BOUND);
        Bench::new(config().accept_cnf(true)).accepts(&token);
    }
}

#[test]
fn type_and_expiry_can_be_demanded() {
    let bench = Bench::new(config().require_type(true).require_exp(true));
    bench.refuses(&without("type"), "Missing claim: type");
    bench.refuses(&without("exp"), "Missing claim: exp");
    bench.accepts(&with(json!({})));
    let own = manager(config().require_type(true)).access_token("ada").never_expires().encode().unwrap();
    Bench::new(config()).accepts(&own);
    // A manager that would refuse what it issues is not built.
    let never = JwtConfig::new().secret_key(SECRET).access_token_expires(Lifetime::Never).require_exp(true);
    let error = JwtManager::new(never).unwrap_err().to_string();
    assert!(error.contains("Missing claim: exp"), "{error}");
    let never = JwtConfig::new().secret_key(SECRET).refresh_token_expires(Lifetime::Never).require_exp(true);
    let error = JwtManager::new(never).unwrap_err().to_string();
    assert!(error.contains("Missing claim: exp"), "{error}");
}

/// Whoever has a loader of keys to sign with issues tokens, too, and may let them live without an end.
#[test]
fn tokens_of_a_loaded_key_are_ones_own() {
    use actix_jwt_extended::keys::{SigningKey, VerifyingKey};
    let signing = SigningKey::from_secret(Algorithm::HS256, SECRET.as_bytes()).unwrap();
    let verifying = VerifyingKey::from_secret(&[Algorithm::HS256], SECRET.as_bytes()).unwrap();
    let of_tenants = |config: JwtConfig| {
        let (signing, verifying) = (signing.clone(), verifying.clone());
        JwtManager::builder(config)
            .encode_key_loader(move |_| signing.clone())
            .decode_key_loader(move |_, _| Some(verifying.clone()))
    };
    let lines = logged::lines_of(|| {
        let jwt = of_tenants(JwtConfig::new().access_token_expires(Lifetime::Never)).build().unwrap();
        let bench = Bench::of(jwt.clone());
        bench.accepts(&jwt.create_access_token("ada").unwrap());
        bench.accepts(&jwt.access_token("ada").never_expires().encode().unwrap());
    });
    assert!(lines.is_empty(), "there is no public key to warn of: {lines:?}");
    let waiting = JwtManager::builder(JwtConfig::new())
        .encode_key_loader_async({
            let signing = signing.clone();
            move |_| std::future::ready(signing.clone())
        })
        .verifying_key(verifying.clone())
        .build()
        .unwrap();
    let token = waiting.access_token("ada").never_expires().encode_async();
    let token = futures_util::FutureExt::now_or_never(token).unwrap().unwrap();
    assert_eq!(waiting.decode_token(&token).unwrap().identity(), "ada");
}

/// Keys and tokens of real servers, at the second after they were made.
fn of(provider: &str, at: u64, config: JwtConfig) -> Bench {
    let folder = format!("{}/tests/providers/{provider}", env!("CARGO_MANIFEST_DIR"));
    let config = config.algorithm(Algorithm::RS256).public_key(format!("{folder}/public.pem"));
    Bench::of(JwtManager::builder(config).clock(ManualClock::at(at)).build().unwrap())
}

macro_rules! token {
    ($name:literal) => {
        include_str!(concat!("../../providers/", $name, ".jwt")).trim()
    };
}

#[test]
fn tokens_of_real_servers_are_what_they_are() {
    const GLEWLWYD: u64 = 1_795_766_204;
    const A_YEAR: u64 = 365 * 86_400;
    let by_name = || JwtConfig::new().identity_claim("username");
    // Its access token says "access_token": nothing opens a route before the settings say so.
    let (access, refresh) = (token!("glewlwyd-oauth2/access"), token!("glewlwyd-oauth2/refresh"));
    of("glewlwyd-oauth2", GLEWLWYD, by_name()).finds_other(access);
    let named = || by_name().accept_type_claims("access_token");
    of("glewlwyd-oauth2", GLEWLWYD, named()).accepts(access);
    for at in [GLEWLWYD, GLEWLWYD + A_YEAR] {
        of("glewlwyd-oauth2", at, named()).refuses(refresh, "Missing claim: exp");
        of("glewlwyd-oauth2", at, named().require_exp(false)).finds_other(refresh);
    }

    let oidc = || of("oidc-provider", 1_795_764_896, JwtConfig::new().decode_audience("https://api.example/"));
    oidc().accepts(token!("oidc-provider/access"));
    oidc().refuses(token!("oidc-provider/access-dpop"), BOUND);
    // It bears nothing but a nonce: the audience tells.
    oidc().refuses(token!("oidc-provider/id"), "Audience doesn't match");

    let cognito = of("moto-cognito", 1_795_765_028, JwtConfig::new());
    cognito.accepts(token!("moto-cognito/access"));
    cognito.finds_other(token!("moto-cognito/id"));
    of("django-oauth-toolkit", 1_795_765_080, JwtConfig::new()).finds_other(token!("django-oauth-toolkit/id"));
}

#[test]
fn a_public_key_alone_is_told_to_be_too_little() {
    let warned = |config: JwtConfig| {
        let lines = logged::lines_of(|| drop(of("glewlwyd-oauth2", NOW as u64, config)));
        lines.iter().any(|line| line.contains("RFC 8725 section 3.11"))
    };
    assert!(warned(JwtConfig::new()));
    assert!(!warned(JwtConfig::new().decode_audience("app")));
    assert!(!warned(JwtConfig::new().decode_issuer("https://login.example")));
    assert!(!warned(JwtConfig::new().require_type(true)));
}
