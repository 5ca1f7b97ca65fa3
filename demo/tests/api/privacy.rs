//! What the log says of a request, and what it never says.

use crate::helpers::{Demo, Folder, secret_in, test_user};
use crate::http;
use serde_json::json;

#[test]
fn no_token_no_password_and_no_secret_is_logged() {
    // By default, and with all that the demo and its dependencies can say.
    for level in [None, Some("trace")] {
        let folder = Folder::empty();
        let mut command = folder.demo();
        command.args(["--port", "0"]);
        if let Some(level) = level {
            command.env("RUST_LOG", level);
        }
        let mut demo = Demo::start(&mut command);
        let token = demo.token();
        let (_, refresh) = demo.tokens();
        let bearer = format!("Bearer {token}");
        let tampered = format!("{bearer}x");
        let path = format!("/protected?jwt={token}");
        let referrer = format!("http://test{path}");
        demo.assert_accepts(&token);
        demo.protected(Some(&tampered));
        demo.protected(Some(&format!("{bearer} twice")));
        http::request(demo.port(), "GET", &path, &[("Authorization", &bearer), ("Referer", &referrer)], b"");
        http::request(demo.port(), "GET", &format!("http://test{path}"), &[("Cookie", &token)], b"");
        http::request(demo.port(), "GET", &format!("/nowhere?jwt={token}"), &[("User-Agent", &token)], b"");
        let cookies = demo.send_json("POST", "/auth/cookies", &test_user());
        let cookie = cookies.header("set-cookie").unwrap().split(';').next().unwrap();
        demo.send("PUT", "/auth/cookies", &[("Cookie", cookie)], "");
        demo.send_json("POST", "/auth/refresh", &json!({ "refresh_token": refresh }));
        demo.bearing(&refresh, "DELETE", "/auth/logout");
        demo.bearing(&refresh, "GET", "/me");
        demo.login("application/json", br#"{"username": "test", "password": "hunter2hunter2"}"#);
        demo.login("application/json", br#"{"username": "test", "password": "hunter2hunter2"#);
        demo.login("application/json", br#"{"username": "test", "password": ["hunter2hunter2"]}"#);
        http::request(demo.port(), "GET", "/the-end", &[], b"");
        demo.wait_for("/the-end");
        let log = demo.kill();
        // Parts of them would not be better.
        for (what, text) in [
            ("token", token.as_str()),
            ("claims", token.split('.').nth(1).unwrap()),
            ("signature", token.split('.').nth(2).unwrap()),
            ("refresh token", refresh.as_str()),
            ("cookie", cookie.split_once('=').unwrap().1),
            ("secret", &secret_in(&folder.settings())),
            ("password", "hunter2"),
            ("hash", "$argon2"),
        ] {
            assert!(!log.contains(text), "{what} at {level:?}:\n{log}");
        }
    }
}

#[test]
fn each_request_is_logged() {
    let folder = Folder::empty();
    let mut demo = folder.start();
    demo.token();
    demo.wait_for("127.0.0.1 POST /login 200 ");
    demo.protected(None);
    demo.wait_for("127.0.0.1 GET /protected 401 ");
    http::request(demo.port(), "GET", "/nowhere?a=b", &[], b"");
    demo.wait_for("127.0.0.1 GET /nowhere 404 ");
}

#[cfg(unix)]
#[test]
fn rust_log_decides() {
    let folder = Folder::empty();
    let mut demo = Demo::start(folder.demo().args(["--port", "0"]).env("RUST_LOG", "demo=info"));
    assert_eq!(demo.protected(None).status, 401);
    demo.signal("TERM");
    demo.wait_for("SIGTERM");
    let (_, log) = demo.end();
    assert!(!log.contains("GET /protected"), "{log}");
}
