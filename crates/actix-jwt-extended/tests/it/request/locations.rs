//! Tokens in cookies, the query string and JSON bodies, one location and several.

use crate::app::{NOW, TestApp, config, manager};
use crate::forge::{good, with};
use actix_jwt_extended::{
    ErrorFormat, Jwt, JwtConfig, JwtIdentity, Location, OneOrMany, Optional, jwt_required, verify_jwt_in_request,
};
use actix_web::{HttpRequest, HttpResponse, Responder, route, web};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::time::Duration;

#[route("/protected", method = "GET", method = "POST", wrap = "jwt_required()")]
async fn protected(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.identity(), "location": jwt.location().as_str() }))
}

#[route("/bare", method = "GET", method = "POST")]
async fn bare(jwt: Jwt) -> impl Responder {
    web::Json(json!({ "logged_in_as": jwt.identity(), "location": jwt.location().as_str() }))
}

#[route("/optional", method = "GET", method = "POST", wrap = "jwt_required().optional()")]
async fn optional(user: Optional<JwtIdentity>) -> String {
    user.into_inner().map_or("nobody".to_owned(), JwtIdentity::into_inner)
}

#[route("/refresh", method = "GET", method = "POST", wrap = "jwt_required().refresh()")]
async fn refresh(jwt: Jwt) -> String {
    jwt.location().to_string()
}

#[route("/cookies_only", method = "GET", wrap = "jwt_required().locations([Location::Cookies])")]
async fn cookies_only(jwt: Jwt) -> String {
    jwt.location().to_string()
}

#[route("/cached", method = "GET", wrap = "jwt_required()")]
async fn own_cache_control(query: web::Query<Vec<(String, String)>>) -> impl Responder {
    HttpResponse::Ok().insert_header(("Cache-Control", &*query[0].1)).finish()
}

#[route("/bytes", method = "POST", wrap = "jwt_required()")]
async fn bytes(_user: JwtIdentity, body: web::Bytes) -> web::Bytes {
    body
}

#[route("/json", method = "POST", wrap = "jwt_required()")]
async fn json_body(_user: JwtIdentity, body: web::Json<Value>) -> web::Json<Value> {
    body
}

/// No wrap, and the handler wants the body too.
#[route("/bare_bytes", method = "POST")]
async fn bare_bytes(_user: JwtIdentity, _again: JwtIdentity, body: web::Bytes) -> web::Bytes {
    body
}

#[route("/twice", method = "POST", wrap = "jwt_required()", wrap = "jwt_required().optional()")]
async fn twice(user: JwtIdentity, body: web::Bytes) -> String {
    format!("{user} {}", body.len())
}

#[route("/function", method = "POST")]
async fn function(request: HttpRequest) -> actix_web::Result<String> {
    let jwt = verify_jwt_in_request(&request, &jwt_required()).await?;
    Ok(jwt.map(|jwt| jwt.identity().into_owned()).unwrap_or_default())
}

fn routes(config: &mut web::ServiceConfig) {
    config.service((protected, bare, optional, refresh, cookies_only, own_cache_control));
    config.service((bytes, json_body, bare_bytes, twice, function));
}

fn start(config: JwtConfig) -> TestApp {
    TestApp::start(&manager(config), routes)
}

fn at(locations: impl Into<Vec<Location>>) -> JwtConfig {
    config().token_location(locations)
}

fn found(location: &str) -> Value {
    json!({ "logged_in_as": "ada", "location": location })
}

fn refresh_token() -> String {
    with(json!({ "type": "refresh" }))
}

#[test]
fn cookies() {
    let app = start(at([Location::Cookies]));
    for path in ["/protected", "/bare"] {
        app.get(path, &[]).is(401, "Missing cookie \"access_token_cookie\"");
        let cookie = format!("a=b; access_token_cookie={}; c", good());
        assert_eq!(app.get(path, &[("Cookie", &cookie)]).json(), found("cookies"));
        let quoted = format!("access_token_cookie=\"{}\"", good());
        assert_eq!(app.get(path, &[("Cookie", &quoted)]).json(), found("cookies"));
        app.get(path, &[("Cookie", "access_token_cookie=x")]).is(422, "Not enough segments");
        // A header is not looked at.
        app.get_with(path, &good()).is(401, "Missing cookie \"access_token_cookie\"");
    }
    app.get("/refresh", &[("Cookie", &format!("access_token_cookie={}", refresh_token()))])
        .is(401, "Missing cookie \"refresh_token_cookie\"");
    let answer = app.get("/refresh", &[("Cookie", &format!("refresh_token_cookie={}", refresh_token()))]);
    assert_eq!(answer.text(), "cookies");
}

#[test]
fn a_cookie_of_another_name() {
    let app = start(at([Location::Cookies]).access_cookie_name("mine"));
    assert_eq!(app.get("/protected", &[("Cookie", &format!("mine={}", good()))]).json(), found("cookies"));
    app.get("/protected", &[]).is(401, "Missing cookie \"mine\"");
}

#[test]
fn refresh_tokens_under_other_names() {
    let app = start(
        at([Location::Cookies, Location::Json])
            .refresh_cookie_name("mine")
            .refresh_csrf_field_name("xsrf")
            .refresh_json_key("token")
            .csrf_check_form(true),
    );
    let cookie = format!("mine={}", refresh_token());
    assert_eq!(app.get("/refresh", &[("Cookie", &cookie)]).text(), "cookies");
    let usual = format!("refresh_token_cookie={}", refresh_token());
    let missing = app.get("/refresh", &[("Cookie", &usual)]);
    assert!(missing.status == 401 && missing.text().contains("Missing cookie \\\"mine\\\""), "{missing:?}");
    let form = |body: &str| {
        let length = body.len().to_string();
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        app.post("/refresh", &[("Cookie", &cookie), kind, ("Content-Length", &length)], body.as_bytes())
    };
    assert_eq!(form("xsrf=c5rf").text(), "cookies");
    form("csrf_token=c5rf").is(401, "Missing CSRF token");
    let json =
        |key: &str| json_request(&app, "/refresh", "application/json", &json!({ key: refresh_token() }).to_string());
    assert_eq!(json("token").text(), "json");
    let missing = json("refresh_token");
    assert!(missing.status == 401 && missing.text().contains("Missing \\\"token\\\" key"), "{missing:?}");
}

#[test]
fn csrf_in_a_header() {
    let app = start(at([Location::Cookies]));
    let cookie = format!("access_token_cookie={}", good());
    let cookie = ("Cookie", cookie.as_str());
    for path in ["/protected", "/bare"] {
        app.request("POST", path, &[cookie]).is(401, "Missing CSRF token");
        app.request("POST", path, &[cookie, ("X-CSRF-TOKEN", "")]).is(401, "Missing CSRF token");
        for wrong in ["x", "c5r", "c5rff", "C5RF"] {
            app.request("POST", path, &[cookie, ("X-CSRF-TOKEN", wrong)])
                .is(401, "CSRF double submit tokens do not match");
        }
        let two_values = [cookie, ("X-CSRF-TOKEN", "c5rf"), ("X-CSRF-TOKEN", "c5rf")];
        app.request("POST", path, &two_values).is(401, "CSRF double submit tokens do not match");
        assert_eq!(app.request("POST", path, &[cookie, ("X-CSRF-TOKEN", "c5rf")]).json(), found("cookies"));
        assert_eq!(app.get(path, &[cookie]).status, 200);
    }
    // A field in a form does not count unless the settings say so.
    let form = [cookie, ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "15")];
    app.post("/protected", &form, b"csrf_token=c5rf").is(401, "Missing CSRF token");
    let without = format!("access_token_cookie={}", crate::forge::without("csrf"));
    app.request("POST", "/protected", &[("Cookie", &without), ("X-CSRF-TOKEN", "x")]).is(422, "Missing claim: csrf");
    // An expired token with a wrong value: the value is told first, as in Flask-JWT-Extended.
    let expired = format!("access_token_cookie={}", with(json!({ "exp": NOW })));
    let wrong = [("Cookie", expired.as_str()), ("X-CSRF-TOKEN", "x")];
    app.request("POST", "/protected", &wrong).is(401, "CSRF double submit tokens do not match");
}

#[test]
fn csrf_settings() {
    let cookie = format!("access_token_cookie={}; refresh_token_cookie={}", good(), refresh_token());
    let cookie = ("Cookie", cookie.as_str());
    let off = start(at([Location::Cookies]).cookie_csrf_protect(false));
    assert_eq!(off.request("POST", "/protected", &[cookie]).status, 200);
    let methods = start(at([Location::Cookies]).csrf_methods(["GET"]));
    assert_eq!(methods.request("POST", "/protected", &[cookie]).status, 200);
    methods.get("/protected", &[cookie]).is(401, "Missing CSRF token");
    let names = start(at([Location::Cookies]).access_csrf_header_name("X-A").refresh_csrf_header_name("X-R"));
    for (path, right, wrong) in [("/protected", "X-A", "X-R"), ("/refresh", "X-R", "X-A")] {
        assert_eq!(names.request("POST", path, &[cookie, (right, "c5rf")]).status, 200);
        names.request("POST", path, &[cookie, (wrong, "c5rf")]).is(401, "Missing CSRF token");
    }
    // CSRF is a matter of cookies alone.
    let header = start(at([Location::Headers, Location::Cookies]));
    assert_eq!(header.request("POST", "/protected", &[("Authorization", &format!("Bearer {}", good()))]).status, 200);
}

#[test]
fn csrf_in_a_form_leaves_the_form_to_the_handler() {
    let app = start(at([Location::Cookies]).csrf_check_form(true).access_csrf_field_name("csrf"));
    let cookie = format!("access_token_cookie={}", good());
    let form = |body: &[u8], path: &str| {
        let length = body.len().to_string();
        let headers = [
            ("Cookie", cookie.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Content-Length", &length),
        ];
        app.post(path, &headers, body)
    };
    for path in ["/bytes", "/bare_bytes"] {
        for body in ["a=b&csrf=c5rf&c=d", "csrf=c5r%66"] {
            let answer = form(body.as_bytes(), path);
            assert_eq!((answer.status, answer.text()), (200, body));
        }
        form(b"csrf=wrong", path).is(401, "CSRF double submit tokens do not match");
        form(b"csrf=", path).is(401, "Missing CSRF token");
        form(b"csrf_token=c5rf", path).is(401, "Missing CSRF token");
        form(b"", path).is(401, "Missing CSRF token");
    }
    // The header goes first; no form, no body to look into.
    let headers = [("Cookie", cookie.as_str()), ("X-CSRF-TOKEN", "c5rf"), ("Content-Length", "1")];
    assert_eq!(app.post("/bytes", &headers, b"x").text(), "x");
    let headers = [("Cookie", cookie.as_str()), ("Content-Type", "text/plain"), ("Content-Length", "9")];
    app.post("/bytes", &headers, b"csrf=c5rf").is(401, "Missing CSRF token");
}

#[test]
fn fetch_metadata_as_a_second_line() {
    let app = start(at([Location::Cookies, Location::Headers]).csrf_fetch_metadata(true));
    let cookie = format!("access_token_cookie={}", good());
    let good_request = [("Cookie", cookie.as_str()), ("X-CSRF-TOKEN", "c5rf")];
    let with = |more: &[(&str, &str)]| app.request("POST", "/protected", &[&good_request, more].concat());
    for fine in [
        &[][..],
        &[("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "http://test")],
        &[("Sec-Fetch-Site", "none")],
    ] {
        assert_eq!(with(fine).status, 200, "{fine:?}");
    }
    for cross in [&[("Sec-Fetch-Site", "cross-site")][..], &[("Origin", "http://evil.example")], &[("Origin", "null")]]
    {
        with(cross).is(401, "Cross-site request refused");
    }
    // A link from elsewhere is no change, and a token in a header cannot be sent by another site's form.
    let headers = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(app.get("/protected", &headers).status, 200);
    let bearer = format!("Bearer {}", good());
    let headers = [("Authorization", bearer.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(app.request("POST", "/protected", &headers).status, 200);
}

#[test]
fn fetch_metadata_without_double_submit() {
    let app = start(at([Location::Cookies]).cookie_csrf_protect(false).csrf_fetch_metadata(true));
    let cookie = format!("access_token_cookie={}", good());
    let cookie = ("Cookie", cookie.as_str());
    for path in ["/protected", "/bare"] {
        for fine in [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none"), ("Origin", "http://test")] {
            assert_eq!(app.request("POST", path, &[cookie, fine]).status, 200, "{fine:?}");
        }
        assert_eq!(app.request("POST", path, &[cookie]).status, 200);
        // Nothing stands behind it here, so siblings are kept out too.
        for cross in
            [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "http://evil.example")]
        {
            app.request("POST", path, &[cookie, cross]).is(401, "Cross-site request refused");
            assert_eq!(app.get(path, &[cookie, cross]).status, 200);
        }
    }
}

#[test]
fn the_scheme_of_an_origin_counts_where_https_is_known() {
    let cookie = format!("access_token_cookie={}", good());
    let request = |app: &TestApp, origin: &str, proxy: &[(&str, &str)]| {
        let headers = [("Cookie", cookie.as_str()), ("X-CSRF-TOKEN", "c5rf"), ("Origin", origin)];
        app.request("POST", "/protected", &[&headers, proxy].concat())
    };
    let plain = start(at([Location::Cookies]).csrf_fetch_metadata(true));
    assert_eq!(request(&plain, "http://test", &[]).status, 200);
    // A proxy that ends TLS: it may say so or not.
    assert_eq!(request(&plain, "https://test", &[]).status, 200);
    let said = [("X-Forwarded-Proto", "https")];
    assert_eq!(request(&plain, "https://test", &said).status, 200);
    request(&plain, "http://test", &said).is(401, "Cross-site request refused");
    let secure = start(at([Location::Cookies]).csrf_fetch_metadata(true).cookie_secure(true));
    assert_eq!(request(&secure, "https://test", &[]).status, 200);
    request(&secure, "http://test", &[]).is(401, "Cross-site request refused");
}

/// RFC 6750 §2.3: a shared cache knows an answer by its URL, and would go on giving it after a logout.
#[test]
fn the_answer_to_a_token_in_the_url_is_private() {
    let app = start(at([Location::Headers, Location::QueryString]));
    let cached = |path: &str, headers: &[(&str, &str)]| {
        let answer = app.get(path, headers);
        assert_eq!(answer.status, 200, "{path}");
        answer.header("cache-control").map(str::to_owned)
    };
    let private = Some("private".to_owned());
    assert_eq!(cached(&format!("/protected?jwt={}", good()), &[]), private);
    assert_eq!(cached(&format!("/optional?jwt={}", good()), &[]), private);
    assert_eq!(cached("/optional?a=b", &[]), None);
    // Shared caches keep no answer to `Authorization` (RFC 9111 §3.5).
    let bearer = format!("Bearer {}", good());
    assert_eq!(cached("/protected?a=b", &[("Authorization", &bearer)]), None);
    for (own, expected) in [("no-store", "no-store"), ("max-age=60, Private", "max-age=60, Private")] {
        let path = format!("/cached?own={}&jwt={}", own.replace(' ', "%20"), good());
        assert_eq!(cached(&path, &[]).as_deref(), Some(expected));
    }
    let path = format!("/cached?own=max-age=60&jwt={}", good());
    let answer = app.get(&path, &[]);
    assert!(answer.head.contains("max-age=60") && answer.head.contains("private"), "{}", answer.head);
}

#[test]
fn query_string() {
    let app = start(at([Location::QueryString]));
    for path in ["/protected", "/bare"] {
        app.get(path, &[]).is(401, "Missing 'jwt' query paramater");
        app.get(&format!("{path}?jwt="), &[]).is(401, "Missing 'jwt' query paramater");
        app.get(&format!("{path}?JWT={}", good()), &[]).is(401, "Missing 'jwt' query paramater");
        assert_eq!(app.get(&format!("{path}?a=b&jwt={}&jwt=x", good()), &[]).json(), found("query_string"));
        assert_eq!(app.get(&format!("{path}?j%77t={}", good().replace('.', "%2E")), &[]).json(), found("query_string"));
        app.get(&format!("{path}?jwt=x&jwt={}", good()), &[]).is(422, "Not enough segments");
        // No CSRF: nobody sends it for you.
        assert_eq!(app.request("POST", &format!("{path}?jwt={}", good()), &[]).status, 200);
        assert_eq!(app.get(&format!("{path}?jwt=%FF%FE"), &[]).status, 422);
    }
    let app = start(at([Location::QueryString]).query_string_name("t").query_string_value_prefix("Bearer "));
    assert_eq!(app.get(&format!("/protected?t=Bearer+{}", good()), &[]).json(), found("query_string"));
    assert_eq!(app.get(&format!("/protected?t=Bearer%20{}", good()), &[]).json(), found("query_string"));
    let expected = "Invalid value for query parameter 't'. Expected the value to start with 'Bearer '";
    app.get(&format!("/protected?t={}", good()), &[]).is(422, expected);
}

fn json_request(app: &TestApp, path: &str, content_type: &str, body: &str) -> crate::app::Answer {
    let length = body.len().to_string();
    app.post(path, &[("Content-Type", content_type), ("Content-Length", &length)], body.as_bytes())
}

#[test]
fn json() {
    let app = start(at([Location::Json]));
    let body = json!({ "access_token": good(), "other": [1, {"a": "b"}] }).to_string();
    for path in ["/protected", "/bare"] {
        for content_type in
            ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"]
        {
            assert_eq!(json_request(&app, path, content_type, &body).json(), found("json"), "{content_type}");
        }
        for content_type in ["text/plain", "text/json", "text/x+json", "application/jsonp", "+json", "json", "ü", ""] {
            json_request(&app, path, content_type, &body).is(401, "Invalid content-type. Must be application/json.");
        }
        app.request("POST", path, &[]).is(401, "Invalid content-type. Must be application/json.");
        let missing = "Missing \"access_token\" key in json data.";
        for nothing in [
            "",
            "{}",
            "[]",
            "\"x\"",
            "7",
            "null",
            "{",
            "{\"access_token\"",
            "\u{feff}{}",
            "{\"access_token\":\"\"}",
            "{\"access_token\":null}",
            "{\"access_token\":0}",
            "{\"access_token\":false}",
            "{\"access_token\":-0.0}",
            "{\"access_token\":[]}",
            "{\"access_token\":{}}",
            "{\"access_token\":\"a\",\"access_token\":\"b\"}",
            "{\"refresh_token\":\"x\"}",
        ] {
            json_request(&app, path, "application/json", nothing).is(401, missing);
        }
        for wrong in ["7", "true", "[1]", "{\"a\":1}", "1.5"] {
            let body = format!("{{\"access_token\":{wrong}}}");
            json_request(&app, path, "application/json", &body)
                .is(422, "The \"access_token\" key in json data must be a string");
        }
        json_request(&app, path, "application/json", "{\"access_token\":\"x\"}").is(422, "Not enough segments");
    }
    let refreshing = json!({ "refresh_token": refresh_token() }).to_string();
    assert_eq!(json_request(&app, "/refresh", "application/json", &refreshing).text(), "json");
    json_request(&app, "/refresh", "application/json", &body).is(401, "Missing \"refresh_token\" key in json data.");
    let named = start(at([Location::Json]).json_key("t"));
    let escaped = format!("{{\"\\u0074\":\"{}\"}}", good().replace('e', "\\u0065"));
    assert_eq!(json_request(&named, "/protected", "application/json", &escaped).json(), found("json"));
}

#[test]
fn the_handler_sees_the_body_byte_for_byte() {
    let app = start(at([Location::Json]));
    let body = format!("{{ \"access_token\" :\"{}\",\r\n \"pad\": \"{}\" }}", good(), "é".repeat(20_000));
    for path in ["/bytes", "/bare_bytes"] {
        assert_eq!(json_request(&app, path, "application/json", &body).text(), body);
        // Chunked, in pieces that end anywhere.
        let mut chunked = Vec::new();
        for piece in body.as_bytes().chunks(777) {
            chunked.extend(format!("{:x}\r\n", piece.len()).bytes());
            chunked.extend(piece);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        let headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")];
        assert_eq!(app.post(path, &headers, &chunked).text(), body);
    }
    let small = json!({ "access_token": good(), "n": 1 });
    assert_eq!(json_request(&app, "/json", "application/json", &small.to_string()).json(), small);
    let text = small.to_string();
    assert_eq!(json_request(&app, "/twice", "application/json", &text).text(), format!("ada {}", text.len()));
    // The function has no body to look into, and says so as if there were none.
    json_request(&app, "/function", "application/json", &text).is(401, "Missing \"access_token\" key in json data.");
}

#[test]
fn a_body_may_not_be_too_long() {
    let app = start(at([Location::Json]).max_body_size(1000));
    let of_size = |size: usize| {
        let body = json!({ "access_token": good(), "pad": "" }).to_string();
        body.replace("\"pad\":\"\"", &format!("\"pad\":\"{}\"", "x".repeat(size - body.len())))
    };
    for path in ["/bytes", "/bare_bytes"] {
        assert_eq!(json_request(&app, path, "application/json", &of_size(1000)).status, 200);
        json_request(&app, path, "application/json", &of_size(1001)).is(413, "Request body is too large");
    }
}

#[test]
fn a_body_that_stalls_or_is_not_well_formed_is_a_4xx() {
    let app = start(at([Location::Json]).body_timeout(Duration::from_millis(150)));
    for path in ["/bytes", "/bare_bytes"] {
        // Stalls: the rest never comes.
        let mut stream = app.connect();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: t\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("Request body did not arrive in time"));
        // Not well-formed.
        let headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")];
        app.post(path, &headers, b"zz\r\n{}\r\n0\r\n\r\n").is(400, "Request body could not be read");
    }
    let fine = json!({ "access_token": good() }).to_string();
    assert_eq!(json_request(&app, "/bytes", "application/json", &fine).text(), fine);
}

#[test]
fn several_locations_in_their_order() {
    use Location::{Cookies, Headers, Json, QueryString};
    let app = start(at([Headers, Cookies, QueryString, Json]));
    let message = "Missing JWT in headers, cookies, query_string or json (Missing Authorization Header; \
                   Missing cookie \"access_token_cookie\"; Missing 'jwt' query paramater; \
                   Invalid content-type. Must be application/json.)";
    app.get("/protected", &[]).is(401, message);
    app.get("/bare", &[]).is(401, message);
    let two = start(at([Json, Headers]));
    two.get("/protected", &[("Authorization", "Basic x")]).is(
        401,
        "Missing JWT in json or headers (Invalid content-type. Must be application/json.; Missing 'Bearer' type in \
         'Authorization' header. Expected 'Authorization: Bearer <JWT>')",
    );

    let (bearer, cookie) = (format!("Bearer {}", good()), format!("access_token_cookie={}", good()));
    let (bearer, cookie) = (("Authorization", bearer.as_str()), ("Cookie", cookie.as_str()));
    let query = format!("/protected?jwt={}", good());
    assert_eq!(app.get(&query, &[bearer, cookie]).json(), found("headers"));
    assert_eq!(app.get(&query, &[cookie]).json(), found("cookies"));
    assert_eq!(app.get(&query, &[("Authorization", "Basic x")]).json(), found("query_string"));
    let body = json!({ "access_token": good() }).to_string();
    assert_eq!(json_request(&app, "/protected", "application/json", &body).json(), found("json"));
    // The first that holds a candidate decides, for bad too.
    app.get(&query, &[("Authorization", "Bearer x"), cookie]).is(422, "Not enough segments");
    app.get(&query, &[("Cookie", "access_token_cookie=x")]).is(422, "Not enough segments");
    // A POST with the cookie and no CSRF value: refused where cookies go first, fine where headers do.
    assert_eq!(app.request("POST", "/protected", &[bearer, cookie]).json(), found("headers"));
    let cookies_first = start(at([Cookies, Headers]));
    cookies_first.request("POST", "/protected", &[bearer, cookie]).is(401, "Missing CSRF token");
    assert_eq!(cookies_first.request("POST", "/protected", &[bearer]).json(), found("headers"));
}

#[test]
fn a_route_may_have_locations_of_its_own() {
    let app = start(config());
    let cookie = format!("access_token_cookie={}", good());
    assert_eq!(app.get("/cookies_only", &[("Cookie", &cookie)]).text(), "cookies");
    app.get_with("/cookies_only", &good()).is(401, "Missing cookie \"access_token_cookie\"");
    app.get("/protected", &[("Cookie", &cookie)]).is(401, "Missing Authorization Header");
}

#[test]
fn an_inner_wrap_with_other_locations_looks_for_itself() {
    fn routes(config: &mut web::ServiceConfig) {
        config.service(
            web::scope("/outer").wrap(jwt_required()).service(
                web::resource("/inner")
                    .wrap(jwt_required().locations([Location::Cookies]))
                    .route(web::get().to(async |jwt: Jwt| format!("{} {}", jwt.identity(), jwt.location()))),
            ),
        );
    }
    let app = TestApp::start(&manager(config()), routes);
    let bearer = format!("Bearer {}", good());
    let cookie = format!("access_token_cookie={}", with(json!({ "sub": "grace" })));
    app.get("/outer/inner", &[("Authorization", &bearer)]).is(401, "Missing cookie \"access_token_cookie\"");
    let answer = app.get("/outer/inner", &[("Authorization", &bearer), ("Cookie", &cookie)]);
    assert_eq!(answer.text(), "grace cookies");
}

#[test]
fn optional_routes_in_every_location() {
    use Location::{Cookies, Headers, Json, QueryString};
    let app = start(at([Headers, Cookies, QueryString, Json]));
    assert_eq!(app.get("/optional", &[]).text(), "nobody");
    assert_eq!(json_request(&app, "/optional", "application/json", "{}").text(), "nobody");
    assert_eq!(json_request(&app, "/optional", "application/json", "{").text(), "nobody");
    let cookie = format!("access_token_cookie={}", good());
    assert_eq!(app.get("/optional", &[("Cookie", &cookie)]).text(), "ada");
    // There is a token, and it may not be used so.
    app.request("POST", "/optional", &[("Cookie", &cookie)]).is(401, "Missing CSRF token");
    app.get("/optional?jwt=x", &[]).is(422, "Not enough segments");
}

#[test]
fn formats_of_refusals_know_bodies_too() {
    let app = start(at([Location::Json]).max_body_size(10).error_format(ErrorFormat::Rfc6750));
    let answer = json_request(&app, "/bytes", "application/json", "{\"access_token\":\"x\"}");
    assert_eq!((answer.status, answer.json()), (413, json!({ "error_description": "Request body is too large" })));
    let methods: OneOrMany = ["POST"].into();
    assert_eq!(methods.iter().next(), Some("POST"));
}
