//! Signals: what is in flight is answered, then the demo ends.

use crate::helpers::{Demo, Folder};
use crate::http;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

const BODY: &[u8] = br#"{"username": "test", "password": "test"}"#;

#[test]
fn a_request_in_flight_is_answered() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::empty();
        let mut demo = folder.start();
        let mut stream = begin_login(demo.port());
        demo.signal(signal);
        demo.wait_for(&format!("SIG{signal}: stopping"));
        // Time to do it wrong: to hang up on us.
        thread::sleep(Duration::from_millis(200));
        stream.write_all(&BODY[10..]).unwrap();
        let response = http::read_response(stream);
        assert_eq!(response.status, 200, "{response:?}");
        assert!(response.json().get("access_token").is_some_and(Value::is_string));
        let (code, log) = demo.end();
        assert_eq!(code, Some(0), "{log}");
    }
}

/// Sends the head and a part of the body. "100 Continue" tells that the demo has read the head.
fn begin_login(port: u16) -> TcpStream {
    let mut stream = http::connect(port);
    let headers = [("Content-Type", "application/json"), ("Expect", "100-continue")];
    stream.write_all(http::head("POST", "/login", &headers, BODY.len()).as_bytes()).unwrap();
    let mut interim = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&BODY[..10]).unwrap();
    stream
}

#[test]
fn nothing_in_flight_ends_at_once() {
    for signal in ["TERM", "INT"] {
        let folder = Folder::empty();
        let demo = folder.start();
        // Open, but nothing is asked on them, or not any more: as a browser's connections are.
        let _never_used = http::connect(demo.port());
        let mut kept_alive = http::connect(demo.port());
        kept_alive.write_all(b"GET /protected HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        kept_alive.read_exact(&mut [0; 1]).unwrap();
        let begun = Instant::now();
        demo.signal(signal);
        let (code, log) = demo.end();
        assert_eq!(code, Some(0), "{log}");
        // Less than the ten seconds that requests in flight are given.
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}

#[test]
fn who_sends_nothing_more_does_not_keep_it_from_ending() {
    let folder = Folder::empty();
    let demo = folder.start();
    let _stream = begin_login(demo.port());
    demo.signal("TERM");
    let (code, log) = demo.end();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn a_stopped_demo_can_be_started_again_on_its_port() {
    let folder = Folder::empty();
    let demo = folder.start();
    let port = demo.port().to_string();
    let token = demo.token();
    demo.signal("TERM");
    assert_eq!(demo.end().0, Some(0));
    let demo = Demo::start(folder.demo().args(["--port", &port]));
    demo.assert_accepts(&token);
}
