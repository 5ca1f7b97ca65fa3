//! `POST /login`, as Flask-JWT-Extended's example answers.

use crate::helpers::{Folder, msg};
use crate::http;
use serde_json::json;
use std::thread;

const RIGHT: &[u8] = br#"{"username": "test", "password": "test"}"#;

#[test]
fn the_right_pair_gets_a_token() {
    let folder = Folder::empty();
    let demo = folder.start();
    let response = demo.login("application/json", RIGHT);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let answer = response.json();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(answer, json!({ "access_token": token }));
    demo.assert_accepts(token);
    demo.assert_accepts(&demo.token());
}

#[test]
fn what_is_not_sent_as_json_is_missing() {
    let folder = Folder::empty();
    let demo = folder.start();
    for content_type in [
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/json-seq",
        "text/x+json",
        "application/xml+json-seq",
        "application",
        "json",
        "",
        ";",
        "application/json, text/plain",
    ] {
        let response = demo.login(content_type, RIGHT);
        assert_eq!((response.status, response.json()), (400, msg("Missing JSON in request")), "{content_type:?}");
    }
    let response = http::request(demo.port(), "POST", "/login", &[], RIGHT);
    assert_eq!((response.status, response.json()), (400, msg("Missing JSON in request")));
    for content_type in [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "application/vnd.api+json",
        "application/ld+JSON; a=b",
    ] {
        assert_eq!(demo.login(content_type, RIGHT).status, 200, "{content_type:?}");
    }
}

#[test]
fn missing_parameters_are_named() {
    let folder = Folder::empty();
    let demo = folder.start();
    for (body, name) in [
        ("{}", "username"),
        (r#"{"password": "test"}"#, "username"),
        (r#"{"username": null, "password": "test"}"#, "username"),
        (r#"{"username": "", "password": "test"}"#, "username"),
        (r#"{"username": [], "password": {}}"#, "username"),
        (r#"{"username": 0, "password": "test"}"#, "username"),
        (r#"{"username": false}"#, "username"),
        (r#"{"username": "test"}"#, "password"),
        (r#"{"username": "test", "password": null}"#, "password"),
        (r#"{"username": "test", "password": ""}"#, "password"),
        (r#"{"username": 7, "password": -0.0}"#, "password"),
        // No object, so nothing is in it.
        ("[]", "username"),
        (r#"["username", "password"]"#, "username"),
        ("null", "username"),
        ("7", "username"),
        (r#""username""#, "username"),
    ] {
        let response = demo.login("application/json", body.as_bytes());
        let expected = msg(&format!("Missing {name} parameter"));
        assert_eq!((response.status, response.json()), (400, expected), "{body}");
    }
}

#[test]
fn a_wrong_pair_is_refused_in_one_way() {
    let folder = Folder::empty();
    let demo = folder.start();
    let too_long = format!(r#"{{"username": "test", "password": "{}"}}"#, "test".repeat(1000));
    for body in [
        r#"{"username": "test", "password": "wrong"}"#,
        r#"{"username": "test", "password": "Test"}"#,
        r#"{"username": "test", "password": "test "}"#,
        r#"{"username": "test", "password": "test\u0000"}"#,
        r#"{"username": "Test", "password": "test"}"#,
        r#"{"username": "nobody", "password": "test"}"#,
        r#"{"username": "nobody", "password": " "}"#,
        // Of another type than text.
        r#"{"username": 7, "password": "test"}"#,
        r#"{"username": "test", "password": 7.5}"#,
        r#"{"username": ["test"], "password": ["test"]}"#,
        r#"{"username": {"test": "test"}, "password": true}"#,
        &too_long,
    ] {
        let response = demo.login("application/json", body.as_bytes());
        assert_eq!((response.status, response.json()), (401, msg("Bad username or password")), "{body}");
        assert_eq!(response.header("www-authenticate"), Some("Bearer"));
    }
}

#[test]
fn what_is_no_json_is_malformed() {
    let folder = Folder::empty();
    let demo = folder.start();
    let deep = "[".repeat(5000);
    for body in [
        &b""[..],
        b"{",
        b"username=test&password=test",
        b"{'username': 'test', 'password': 'test'}",
        br#"{"username": "test", "password": "test"} and more"#,
        br#"{"username": "\ud800", "password": "test"}"#,
        br#"{"username": 1e999, "password": "test"}"#,
        b"{\"username\": \"\xff\xfe\", \"password\": \"test\"}",
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        deep.as_bytes(),
    ] {
        let response = demo.login("application/json", body);
        let shown = String::from_utf8_lossy(body);
        assert_eq!((response.status, response.json()), (400, msg("Malformed JSON in request")), "{shown}");
    }
    assert_eq!(demo.login("application/json", RIGHT).status, 200);
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    let folder = Folder::empty();
    let demo = folder.start();
    let expected = (413, msg("Request body is longer than 16384 bytes"));
    for length in [16 * 1024 + 1, 1024 * 1024, 32 * 1024 * 1024] {
        let response = demo.login("application/json", &vec![b' '; length]);
        assert_eq!((response.status, response.json()), expected, "{length}");
        let response = demo.login("text/plain", &vec![b' '; length]);
        assert_eq!((response.status, response.json()), (400, msg("Missing JSON in request")), "{length}");
    }
    // The longest that is read: spaces before the JSON.
    let mut longest = vec![b' '; 16 * 1024 - RIGHT.len()];
    longest.extend(RIGHT);
    assert_eq!(demo.login("application/json", &longest).status, 200);
}

#[test]
fn many_logins_at_once_are_all_answered() {
    let folder = Folder::empty();
    let demo = folder.start();
    thread::scope(|scope| {
        for index in 0..40 {
            let port = demo.port();
            scope.spawn(move || {
                let (password, expected) = if index % 2 == 0 { ("test", 200) } else { ("wrong", 401) };
                let body = json!({ "username": "test", "password": password }).to_string();
                let headers = [("Content-Type", "application/json")];
                assert_eq!(http::request(port, "POST", "/login", &headers, body.as_bytes()).status, expected);
            });
        }
    });
    demo.assert_accepts(&demo.token());
}

#[test]
fn a_flood_of_logins_is_turned_away_and_the_next_one_served() {
    let folder = Folder::empty();
    let demo = folder.start();
    let port = demo.port();
    thread::scope(|scope| {
        for _ in 0..200 {
            scope.spawn(move || {
                let headers = [("Content-Type", "application/json")];
                let response = http::request(port, "POST", "/login", &headers, RIGHT);
                if response.status == 503 {
                    assert_eq!(response.header("retry-after"), Some("1"));
                    assert_eq!(response.json(), msg("Too many logins at once; try again"));
                } else {
                    assert_eq!(response.status, 200);
                }
            });
        }
    });
    demo.assert_accepts(&demo.token());
}

#[test]
fn other_paths_and_methods_are_not_found() {
    let folder = Folder::empty();
    let demo = folder.start();
    for (method, path) in
        [("GET", "/nothing"), ("GET", "/login"), ("DELETE", "/login"), ("POST", "/protected"), ("GET", "/%00%ff/..%2f")]
    {
        let status = http::request(demo.port(), method, path, &[], b"").status;
        assert!((400..500).contains(&status), "{method} {path}: {status}");
    }
    assert_eq!(demo.login("application/json", RIGHT).status, 200);
}
