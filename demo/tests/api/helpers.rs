//! Starts the demo in a folder of its own, and stops it whatever happens.

use crate::http::{self, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, thread};
use tempfile::TempDir;

/// Long enough for a machine that does much else; only a failing test ever waits for it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What no test may find in a log or an error.
pub const SECRET: &str = "5d1f0c9ab27e4836917c05e2d8f34ba6109e7d52c8b1f04a63e58d279bfa1c06";

/// A folder that goes when the test ends.
pub struct Folder(TempDir);

impl Folder {
    pub fn empty() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn with_settings(toml: &str) -> Self {
        let folder = Self::empty();
        fs::write(folder.settings(), toml).unwrap();
        folder
    }

    /// With `SECRET`, so that tests can make tokens, too; and these settings.
    pub fn with_secret_and(toml: &str) -> Self {
        Self::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\n{toml}\n"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn settings(&self) -> PathBuf {
        self.path().join("Settings.toml")
    }

    /// The demo, not yet started, with nothing in its environment that it would read.
    pub fn demo(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
        command.current_dir(self.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        for (name, _) in env::vars_os() {
            let upper = name.to_string_lossy().to_ascii_uppercase();
            if upper.starts_with("JWT_") || upper.starts_with("DEMO_") || upper == "RUST_LOG" {
                command.env_remove(&name);
            }
        }
        // Most tests need no file of logins; those that do say so.
        command.env("DEMO_STORE", "memory:");
        command
    }

    pub fn start(&self) -> Demo {
        Demo::start(self.demo().args(["--port", "0"]))
    }
}

/// A demo that runs, or has run.
pub struct Demo {
    child: Child,
    lines: Receiver<String>,
    log: Vec<String>,
    port: u16,
}

impl Demo {
    /// Starts it and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        let mut demo = Self::spawn(command);
        demo.listening();
        demo
    }

    /// Waits until it listens.
    pub fn listening(&mut self) -> &Self {
        let line = self.wait_for("listening on http://");
        self.port = line.rsplit(':').next().unwrap().parse().unwrap();
        self
    }

    /// Starts it and does not wait.
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stderr.split(b'\n').map_while(Result::ok) {
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Self { child, lines, log: Vec::new(), port: 0 }
    }

    /// Waits for a line of the log that contains this.
    pub fn wait_for(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.log.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("no line contains {text:?}; the log:\n{}", self.log.join("\n"));
    }

    /// Waits for its end: the exit code and all that it wrote to stderr.
    pub fn end(mut self) -> (Option<i32>, String) {
        let deadline = Instant::now() + PATIENCE;
        let code = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if Instant::now() > deadline => panic!("still running; the log:\n{}", self.log.join("\n")),
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        // The other end is closed now, so this ends, too.
        self.log.extend(self.lines.iter());
        (code, self.log.join("\n"))
    }

    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Stops it now: the whole log.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.end().1
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        http::request(self.port, method, path, headers, body.as_bytes())
    }

    /// With a header token.
    pub fn bearing(&self, token: &str, method: &str, path: &str) -> Response {
        self.send(method, path, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    pub fn send_json(&self, method: &str, path: &str, body: &Value) -> Response {
        self.send(method, path, &[("Content-Type", "application/json")], &body.to_string())
    }

    /// An access token, which is fresh, and a refresh token.
    pub fn tokens(&self) -> (String, String) {
        let response = self.send_json("POST", "/auth/login", &test_user());
        assert_eq!(response.status, 200, "{response:?}");
        let token = |name| response.json()[name].as_str().unwrap().to_owned();
        (token("access_token"), token("refresh_token"))
    }

    pub fn login(&self, content_type: &str, body: &[u8]) -> Response {
        http::request(self.port, "POST", "/login", &[("Content-Type", content_type)], body)
    }

    pub fn token(&self) -> String {
        let response = self.login("application/json", br#"{"username": "test", "password": "test"}"#);
        assert_eq!(response.status, 200, "{response:?}");
        response.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub fn protected(&self, authorization: Option<&str>) -> Response {
        let header = authorization.map(|value| ("Authorization", value));
        http::request(self.port, "GET", "/protected", header.as_slice(), b"")
    }

    #[track_caller]
    pub fn assert_accepts(&self, token: &str) {
        let response = self.protected(Some(&format!("Bearer {token}")));
        assert_eq!((response.status, response.json()), (200, json!({ "logged_in_as": "test" })));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Also when a test has panicked. Errors mean that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn msg(text: &str) -> Value {
    json!({ "msg": text })
}

pub fn test_user() -> Value {
    json!({ "username": "test", "password": "test" })
}

/// A token of these claims, signed with `SECRET`.
pub fn sign(claims: &Value) -> String {
    let part = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(&text);
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// What a token says, unverified.
pub fn claims_in(token: &str) -> Value {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The secret in a settings file that the demo has made.
pub fn secret_in(path: &Path) -> String {
    let content = fs::read_to_string(path).unwrap();
    let line = content.lines().find(|line| line.starts_with("JWT_SECRET_KEY")).unwrap();
    line.split('"').nth(1).unwrap().to_owned()
}
