//! Metadata documents, and where a refused client learns of them.

use crate::app::{TestApp, builder, config, manager};
use crate::forge::{good, with};
use crate::logged::lines_of;
use actix_jwt_extended::publish::MetadataEndpoint;
use actix_jwt_extended::{ConfigError, ErrorFormat, JwtConfig, JwtManager, Location, jwt_required};
use actix_web::{App, HttpServer, web};
use serde_json::{Value, json};

fn document(built: Result<MetadataEndpoint, ConfigError>) -> Value {
    serde_json::from_str(&built.unwrap().to_string()).unwrap()
}

fn error(built: Result<MetadataEndpoint, ConfigError>) -> String {
    built.unwrap_err().to_string()
}

fn issuer() -> JwtManager {
    manager(config().encode_issuer("https://login.example"))
}

#[test]
fn an_authorization_server_says_what_it_was_told() {
    let jwt = issuer();
    let least = document(jwt.authorization_server_metadata().build());
    assert_eq!(least, json!({ "issuer": "https://login.example", "response_types_supported": [] }));
    let url = |path: &str| format!("https://login.example{path}");
    let most = jwt
        .authorization_server_metadata()
        .jwks_uri(url("/.well-known/jwks.json"))
        .token_endpoint(url("/token"))
        .authorization_endpoint(url("/authorize?ui=1"))
        .revocation_endpoint(url("/revoke"))
        .introspection_endpoint(url("/introspect"))
        .scopes(["read", "write"])
        .grant_types(["authorization_code", "refresh_token"])
        .member("code_challenge_methods_supported", vec!["S256"]);
    let expected = json!({
        "issuer": "https://login.example",
        "jwks_uri": "https://login.example/.well-known/jwks.json",
        "token_endpoint": "https://login.example/token",
        "authorization_endpoint": "https://login.example/authorize?ui=1",
        "revocation_endpoint": "https://login.example/revoke",
        "introspection_endpoint": "https://login.example/introspect",
        "scopes_supported": ["read", "write"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
    });
    assert_eq!(document(most.clone().build()), expected);
    // RFC 8414 §3.2.
    let none: [&str; 0] = [];
    assert!(document(most.clone().scopes(none).build()).get("scopes_supported").is_none());
    let other = most.member("response_types_supported", vec!["code token"]).build();
    assert_eq!(document(other)["response_types_supported"], json!(["code token"]));
}

#[test]
fn a_protected_resource_says_how_and_where_to_get_in() {
    let jwt = |config: JwtConfig| manager(config).protected_resource_metadata("https://api.example/v1");
    let plain = document(jwt(config()).build());
    assert_eq!(plain, json!({ "resource": "https://api.example/v1", "bearer_methods_supported": ["header"] }));
    let issuers = || config().decode_issuer(["https://a.example", "https://b.example/t", "an old name"]);
    assert_eq!(
        document(jwt(issuers()).build())["authorization_servers"],
        json!(["https://a.example", "https://b.example/t"])
    );
    let said = jwt(issuers())
        .authorization_servers(["https://c.example"])
        .scopes(["read"])
        .jwks_uri("https://api.example/keys")
        .member("resource_name", "An example");
    let expected = json!({
        "resource": "https://api.example/v1",
        "authorization_servers": ["https://c.example"],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["read"],
        "jwks_uri": "https://api.example/keys",
        "resource_name": "An example",
    });
    assert_eq!(document(said.build()), expected);
    // Only ways that RFC 6750 knows.
    let all = [Location::Cookies, Location::QueryString, Location::Headers, Location::Json];
    for (config, methods) in [
        (config().token_location(all).query_string_name("access_token"), json!(["query", "header"])),
        (config().token_location(all), json!(["header"])),
        (config().token_location([Location::Cookies]), json!([])),
        (config().header_name("X-Token"), json!([])),
        (config().header_type(""), json!([])),
        (config().header_type("bearer"), json!(["header"])),
    ] {
        assert_eq!(document(jwt(config).build())["bearer_methods_supported"], methods);
    }
}

#[test]
fn what_is_no_https_url_is_found_at_start_up() {
    let named = || issuer().authorization_server_metadata();
    for bad in ["http://login.example", "login.example", "https://login.example?a", "https://login.example/#a", ""] {
        let said = "issuer must be an https URL without query and fragment";
        assert_eq!(error(named().issuer(bad).build()), said, "{bad}");
    }
    assert_eq!(
        error(manager(config()).authorization_server_metadata().build()),
        "JWT_ENCODE_ISSUER is not set, and the metadata of an authorization server need the issuer"
    );
    assert!(error(manager(config().encode_issuer("us")).authorization_server_metadata().build()).starts_with("issuer"));
    for (built, name) in [
        (named().jwks_uri("/keys").build(), "jwks_uri"),
        (named().token_endpoint("http://login.example/token").build(), "token_endpoint"),
        (named().authorization_endpoint("https://a.example/#x").build(), "authorization_endpoint"),
        (named().revocation_endpoint("").build(), "revocation_endpoint"),
        (named().introspection_endpoint("https://a b").build(), "introspection_endpoint"),
        (issuer().protected_resource_metadata("https://api.example#a").build(), "resource"),
        (issuer().protected_resource_metadata("http://api.example").build(), "resource"),
        (issuer().protected_resource_metadata("https://a.example").jwks_uri("x").build(), "jwks_uri"),
    ] {
        assert_eq!(error(built), format!("{name} must be an https URL without fragment"));
    }
    let servers = issuer().protected_resource_metadata("https://api.example").authorization_servers(["us"]);
    assert_eq!(
        error(servers.build()),
        "authorization_servers must be issuers, each an https URL without query and fragment"
    );
    for bad in ["http://api.example/m", "https://api.example/\"", "https://api.example/#m", "api.example", ""] {
        let error = JwtManager::new(config().resource_metadata(bad)).unwrap_err().to_string();
        assert_eq!(error, "JWT_RESOURCE_METADATA must be an https URL without fragment", "{bad}");
    }
}

#[test]
fn each_is_where_the_rfcs_say() {
    let (server, resource) = ("oauth-authorization-server", "oauth-protected-resource");
    for (base, path) in [
        ("https://a.example", ""),
        ("https://a.example/", ""),
        ("https://a.example:8443/b", "/b"),
        ("https://a.example/b/c/", "/b/c"),
    ] {
        let host = base.get(..base[8..].find('/').map_or(base.len(), |end| end + 8)).unwrap();
        let of_server = issuer().authorization_server_metadata().issuer(base).build().unwrap();
        assert_eq!(of_server.url(), format!("{host}/.well-known/{server}{path}"));
        let of_resource = issuer().protected_resource_metadata(base).build().unwrap();
        assert_eq!(of_resource.url(), format!("{host}/.well-known/{resource}{path}"));
        let jwt = issuer();
        let app = TestApp::serve(move || {
            HttpServer::new(move || {
                let (of_server, of_resource) = (of_server.clone(), of_resource.clone());
                App::new()
                    .app_data(jwt.clone())
                    .service(of_server)
                    .service(of_resource.clone().at("/here"))
                    .service(of_resource)
            })
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
        });
        for (path, member) in [
            (format!("/.well-known/{server}{path}"), "issuer"),
            (format!("/.well-known/{resource}{path}"), "resource"),
            ("/here".to_owned(), "resource"),
        ] {
            let answer = app.get(&path, &[]);
            assert_eq!((answer.status, &answer.json()[member]), (200, &base.into()), "{path}");
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
            let tag = answer.header("etag").unwrap();
            assert_eq!(app.get(&path, &[("If-None-Match", tag)]).status, 304);
            assert_eq!(app.request("POST", &path, &[]).status, 405);
        }
    }
    let query = issuer().protected_resource_metadata("https://a.example/b?c=d").build().unwrap();
    assert_eq!(query.url(), "https://a.example/.well-known/oauth-protected-resource/b?c=d");
}

const METADATA: &str = "https://api.example/.well-known/oauth-protected-resource";

fn routes(config: &mut web::ServiceConfig) {
    async fn nothing() -> &'static str {
        "nothing"
    }
    let wrapped = |path: &str, wrap| web::resource(path.to_owned()).wrap(wrap).to(nothing);
    config
        .service(wrapped("/protected", jwt_required()))
        .service(wrapped("/fresh", jwt_required().fresh()))
        .service(wrapped("/scope", jwt_required().scope("read \"write\"")));
}

fn challenge(app: &TestApp, path: &str, token: &str) -> (u16, String) {
    let answer = if token.is_empty() { app.get(path, &[]) } else { app.get_with(path, token) };
    (answer.status, answer.header("www-authenticate").unwrap().to_owned())
}

#[test]
fn a_refused_client_is_told_where_the_metadata_are() {
    let link = format!("resource_metadata=\"{METADATA}\"");
    for format in [ErrorFormat::Flask, ErrorFormat::Rfc6750, ErrorFormat::Problem] {
        let with_link = |config: JwtConfig| config.error_format(format).resource_metadata(METADATA);
        let app = TestApp::start(&manager(with_link(config())), routes);
        assert_eq!(challenge(&app, "/protected", ""), (401, format!("Bearer {link}")));
        let expired = with(json!({ "exp": 1 }));
        assert_eq!(
            challenge(&app, "/protected", &expired),
            (401, format!("Bearer error=\"invalid_token\", error_description=\"Token has expired\", {link}"))
        );
        let (status, fresh) = challenge(&app, "/fresh", &good());
        assert!(status == 401 && fresh.ends_with(&format!(", {link}")), "{status} {fresh}");
        // It helps there as well.
        let (status, scope) = challenge(&app, "/scope", &good());
        assert!(status == 403 && scope.ends_with(&format!(", scope=\"read write\", {link}")), "{status} {scope}");
        let other = TestApp::start(&manager(with_link(config().header_type("JWT"))), routes);
        assert_eq!(challenge(&other, "/protected", ""), (401, format!("JWT {link}")));
    }
    let app = TestApp::start(&manager(config()), routes);
    assert_eq!(challenge(&app, "/protected", ""), (401, "Bearer".to_owned()));
}

#[test]
fn a_challenge_that_leads_elsewhere_is_warned_of() {
    let jwt = builder(config().resource_metadata(METADATA)).build().unwrap();
    let here = jwt.protected_resource_metadata("https://api.example").build().unwrap();
    assert_eq!(here.url(), METADATA);
    let said = lines_of(|| drop(jwt.protected_resource_metadata("https://other.example").build().unwrap()));
    assert!(said.iter().any(|line| line.contains("https://other.example/.well-known/")), "{said:?}");
}
