//! `/auth/sessions`, refreshing, and where logins are kept.

use crate::helpers::{Demo, Folder, SECRET, claims_in, msg, test_user};
use serde_json::{Value, json};
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

fn login_from(demo: &Demo, program: &str) -> (String, String) {
    let headers = [("Content-Type", "application/json"), ("User-Agent", program)];
    pair(&demo.send("POST", "/auth/login", &headers, &test_user().to_string()).json())
}

fn pair(json: &Value) -> (String, String) {
    let token = |name: &str| json[name].as_str().unwrap().to_owned();
    (token("access_token"), token("refresh_token"))
}

fn sessions(demo: &Demo, token: &str) -> Vec<Value> {
    let response = demo.bearing(token, "GET", "/auth/sessions");
    assert_eq!(response.status, 200, "{response:?}");
    response.json()["sessions"].as_array().unwrap().clone()
}

#[track_caller]
fn assert_revoked(demo: &Demo, token: &str) {
    let response = demo.bearing(token, "GET", "/protected");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
}

#[test]
fn every_login_is_listed_with_its_program() {
    let folder = Folder::empty();
    let demo = folder.start();
    let (phone, _) = login_from(&demo, "a phone");
    let (laptop, _) = login_from(&demo, "a laptop");
    let listed = sessions(&demo, &phone);
    assert_eq!(listed.len(), 2);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for session in &listed {
        let current = session["label"] == "a phone";
        assert_eq!(session["current"], current);
        let sid = &claims_in(if current { &phone } else { &laptop })["sid"];
        assert_eq!(&session["id"], sid);
        let begin = session["created_at"].as_u64().unwrap();
        assert!(begin <= now && begin + 60 > now && session["last_used_at"] == session["created_at"]);
        // With its refresh token, unless it is refreshed before.
        assert_eq!(session["expires_at"], begin + 30 * 86_400);
    }
    // One without a session sees them, too, and is none of them.
    assert!(sessions(&demo, &demo.token()).iter().all(|session| session["current"] == false));
    assert_eq!(demo.send("GET", "/auth/sessions", &[], "").status, 401);
}

#[test]
fn without_sessions_it_is_as_in_flask_jwt_extended() {
    let folder = Folder::with_secret_and("DEMO_SESSIONS = false\n");
    let demo = folder.start();
    let (access, refresh) = login_from(&demo, "a phone");
    for token in [&access, &refresh] {
        let claims = claims_in(token);
        assert!(claims.get("sid").is_none() && claims.get("rot").is_none(), "{claims}");
    }
    assert_eq!(claims_in(&access)["fresh"], true);
    assert!(sessions(&demo, &access).is_empty());
    // A refresh token is good as often as one likes, and gives an access token alone.
    for _ in 0..2 {
        let response = demo.bearing(&refresh, "POST", "/auth/refresh");
        let names: Vec<_> = response.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!((response.status, names), (200, vec!["access_token".to_owned()]));
    }
    // Each token is revoked alone.
    assert_eq!(demo.bearing(&access, "DELETE", "/auth/logout").status, 200);
    assert_revoked(&demo, &access);
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 200);
    assert_eq!(demo.bearing(&refresh, "DELETE", "/auth/logout").json(), msg("Refresh token successfully revoked"));
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 401);
}

#[test]
fn one_can_be_ended_from_another() {
    let folder = Folder::empty();
    let demo = folder.start();
    let ((phone, refresh), (laptop, _)) = (login_from(&demo, "a phone"), login_from(&demo, "a laptop"));
    let sid = claims_in(&phone)["sid"].as_str().unwrap().to_owned();
    let response = demo.bearing(&laptop, "DELETE", &format!("/auth/sessions/{sid}"));
    assert_eq!((response.status, response.json()), (200, msg("Session ended")));
    assert_revoked(&demo, &phone);
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 401);
    demo.assert_accepts(&laptop);
    assert_eq!(sessions(&demo, &laptop).len(), 1);
    for unknown in [&*sid, "nonsense", "00000000-0000-4000-8000-000000000000", "%00"] {
        let response = demo.bearing(&laptop, "DELETE", &format!("/auth/sessions/{unknown}"));
        assert_eq!((response.status, response.json()), (404, msg("No such session")), "{unknown}");
    }
}

#[test]
fn somebody_elses_cannot_be_ended() {
    let folder = Folder::with_secret_and("");
    let demo = folder.start();
    let (mine, _) = login_from(&demo, "a phone");
    let sid = claims_in(&mine)["sid"].as_str().unwrap().to_owned();
    let other = crate::helpers::sign(&json!({ "sub": "another", "jti": "x" }));
    let response = demo.bearing(&other, "DELETE", &format!("/auth/sessions/{sid}"));
    assert_eq!((response.status, response.json()), (404, msg("No such session")));
    assert_eq!(demo.bearing(&other, "DELETE", "/auth/sessions").status, 200);
    demo.assert_accepts(&mine);
}

#[test]
fn all_can_be_ended_at_once_and_a_login_after_it_is_good() {
    let folder = Folder::empty();
    let demo = folder.start();
    let plain = demo.token();
    let ((phone, refresh), (laptop, _)) = (login_from(&demo, "a phone"), login_from(&demo, "a laptop"));
    let response = demo.bearing(&laptop, "DELETE", "/auth/sessions");
    assert_eq!((response.status, response.json()), (200, msg("Logged out everywhere")));
    for token in [&plain, &phone, &laptop] {
        assert_revoked(&demo, token);
    }
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 401);
    // In the same second, mostly.
    let (again, _) = login_from(&demo, "a phone");
    demo.assert_accepts(&again);
    demo.assert_accepts(&demo.token());
    assert_eq!(sessions(&demo, &again).len(), 1);
}

#[test]
fn a_refresh_token_is_good_once_and_a_moment() {
    let folder = Folder::empty();
    let mut demo = folder.start();
    let (access, first) = login_from(&demo, "a phone");
    let response = demo.bearing(&first, "POST", "/auth/refresh");
    assert_eq!((response.status, response.header("cache-control")), (200, Some("no-store")));
    let (next_access, second) = pair(&response.json());
    assert_eq!(claims_in(&next_access)["fresh"], false);
    let (_, again) = pair(&demo.bearing(&first, "POST", "/auth/refresh").json());
    assert_eq!(claims_in(&again)["jti"], claims_in(&second)["jti"], "an answer was lost: the same again");
    assert_eq!(demo.bearing(&second, "POST", "/auth/refresh").status, 200);
    // Its successor was used: now there are two who have it.
    let response = demo.bearing(&first, "POST", "/auth/refresh");
    assert_eq!((response.status, response.json()), (401, msg("Token has been revoked")));
    for token in [&access, &next_access] {
        assert_revoked(&demo, token);
    }
    let line = demo.wait_for("came back after it was used");
    assert!(line.contains("\"test\"") && line.contains("127.0.0.1"), "{line}");
    assert!(!line.contains(first.rsplit('.').next().unwrap()), "{line}");
}

#[test]
fn sessions_can_be_required() {
    let folder = Folder::with_secret_and("JWT_REQUIRE_SESSION = true");
    let demo = folder.start();
    let refresh = crate::helpers::sign(&json!({ "sub": "test", "jti": "x", "type": "refresh" }));
    let response = demo.bearing(&refresh, "POST", "/auth/refresh");
    assert_eq!((response.status, response.json()), (422, msg("Missing claim: sid")));
    let (_, refresh) = demo.tokens();
    assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 200);
}

#[test]
fn logins_and_logouts_survive_a_restart() {
    let folder = Folder::empty();
    let start = |store: Option<&str>| {
        let mut command = folder.demo();
        match store {
            Some(store) => command.env("DEMO_STORE", store),
            None => command.env_remove("DEMO_STORE"),
        };
        Demo::start(command.args(["--port", "0"]))
    };
    // By default, beside the settings.
    for store in [None, Some("sqlite:demo.db"), Some("sqlite:demo.db?replicated=true")] {
        let demo = start(store);
        let ((out, _), (stays, refresh)) = (login_from(&demo, "a phone"), login_from(&demo, "a laptop"));
        let plain = demo.token();
        assert_eq!(demo.bearing(&out, "DELETE", "/auth/logout").status, 200);
        assert_eq!(demo.bearing(&plain, "DELETE", "/auth/logout").status, 200);
        // Without a goodbye.
        let log = demo.kill();
        assert!(log.contains("logins are kept in ") && log.contains("demo.db"), "{log}");
        let demo = start(store);
        for token in [&out, &plain] {
            assert_revoked(&demo, token);
        }
        demo.assert_accepts(&stays);
        assert_eq!(demo.bearing(&refresh, "POST", "/auth/refresh").status, 200);
        assert_eq!(demo.bearing(&stays, "DELETE", "/auth/sessions").status, 200);
    }
    assert!(folder.path().join("demo.db").exists());
}

#[test]
fn a_store_that_will_not_do_is_told_in_one_line() {
    for (store, expected) in [
        ("nonsense", "DEMO_STORE must be \"sqlite:FILE\""),
        ("sqlite:", "DEMO_STORE must be \"sqlite:FILE\""),
        ("sqlite:no/such/folder/demo.db", "cannot keep logins in "),
        ("sqlite:text.db", "is not a database"),
        ("postgres://me:pass-word@127.0.0.1:1/db", "cannot keep logins in PostgreSQL"),
        ("redis://me:pass-word@127.0.0.1:1", "cannot keep logins in Redis"),
    ] {
        let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\nDEMO_STORE = \"{store}\"\n"));
        fs::write(folder.path().join("text.db"), "some text that is no database at all\n".repeat(100)).unwrap();
        let mut command = folder.demo();
        let (code, log) = Demo::spawn(command.env_remove("DEMO_STORE").args(["--port", "0"])).end();
        assert_eq!(code, Some(1), "{store}: {log}");
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("error: ") && last.contains(expected), "{store}: {log}");
        assert!(!log.contains("pass-word") && !log.contains(SECRET), "{log}");
    }
}

#[test]
fn a_store_with_a_password_may_stand_in_a_file() {
    let folder = Folder::empty();
    let file = folder.path().join("store");
    let start = |write: &str| {
        fs::write(&file, write).unwrap();
        let mut command = folder.demo();
        command.env_remove("DEMO_STORE").env("DEMO_STORE_FILE", &file).args(["--port", "0"]);
        command
    };
    let log = Demo::start(&mut start("memory:\n")).kill();
    assert!(log.contains("memory, until the demo ends"), "{log}");

    for (written, expected) in [
        ("redis://me:pass-word@127.0.0.1:1", "cannot keep logins in Redis"),
        ("pass-word", "DEMO_STORE must be \"sqlite:FILE\""),
    ] {
        let (code, log) = Demo::spawn(&mut start(written)).end();
        assert!(code == Some(1) && log.contains(expected) && !log.contains("pass-word"), "{log}");
    }
    let (code, log) = Demo::spawn(start("memory:").env("DEMO_STORE", "memory:")).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("DEMO_STORE and DEMO_STORE_FILE are both set; take one of them away"), "{log}");
    let (code, log) = Demo::spawn(start("").env("DEMO_STORE_FILE", "no/such/file")).end();
    assert_eq!(code, Some(1));
    assert!(log.contains("cannot read no/such/file"), "{log}");
}
