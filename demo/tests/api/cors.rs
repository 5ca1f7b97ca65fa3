//! DEMO_CORS_ORIGIN: one other origin may read the answers.

use crate::helpers::{Demo, Folder};
use crate::http;

const ORIGIN: &str = "https://app.example";

#[test]
fn without_the_setting_no_other_origin_reads_anything() {
    let folder = Folder::empty();
    let response = http::request(folder.start().port(), "GET", "/protected", &[("Origin", ORIGIN)], b"");
    assert_eq!(response.status, 401);
    assert_eq!(response.header("access-control-allow-origin"), None);
}

#[test]
fn the_named_origin_reads_a_refusal_and_may_send_the_header() {
    let folder = Folder::empty();
    let demo = Demo::start(folder.demo().env("DEMO_CORS_ORIGIN", ORIGIN).args(["--port", "0"]));
    let refused = http::request(demo.port(), "GET", "/protected", &[("Origin", ORIGIN)], b"");
    assert_eq!((refused.status, &*refused.body), (401, r#"{"msg":"Missing Authorization Header"}"#));
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));
    assert!(refused.header("access-control-expose-headers").unwrap().eq_ignore_ascii_case("www-authenticate"));
    assert_eq!(refused.header("access-control-allow-credentials"), None);

    let asked = [
        ("Origin", ORIGIN),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization"),
    ];
    let preflight = http::request(demo.port(), "OPTIONS", "/protected", &asked, b"");
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, Some(ORIGIN)));
    assert_eq!(preflight.header("access-control-allow-headers"), Some("authorization"));
    assert!(preflight.header("access-control-allow-methods").unwrap().contains("GET"));
}

#[test]
fn another_origin_is_answered_but_may_not_read() {
    let folder = Folder::empty();
    let demo = Demo::start(folder.demo().env("DEMO_CORS_ORIGIN", ORIGIN).args(["--port", "0"]));
    for other in ["https://other.example", "https://app.example:444", "null"] {
        let response = http::request(demo.port(), "GET", "/protected", &[("Origin", other)], b"");
        assert_eq!((response.status, response.header("access-control-allow-origin")), (401, None), "{other}");
    }
    // The demo's own page sends its origin, too.
    let own = format!("http://127.0.0.1:{}", demo.port());
    assert_eq!(http::request(demo.port(), "POST", "/login", &[("Origin", &own)], b"").status, 400);
}
