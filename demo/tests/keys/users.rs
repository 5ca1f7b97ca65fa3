//! Users who log in, look, refresh and log out while keys change, and of whom none is ever refused.

use crate::helpers::{PATIENCE, claims_in, test_user};
use crate::http::{self, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::{Duration, Instant};

/// So that other tests get their turn, too.
const BREATH: Duration = Duration::from_millis(5);

/// What all users have seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub requests: u64,
    pub logins: u64,
    pub refreshes: u64,
    /// By key ID: when its first token was issued, in seconds since the epoch.
    pub first: BTreeMap<String, i64>,
    pub tokens: BTreeMap<String, u64>,
    /// The keys that every process is known to publish.
    published: BTreeSet<String>,
    /// Which process has issued a token of which key.
    issued: BTreeSet<(u16, String)>,
    /// Which process has accepted a token of which key.
    accepted: BTreeSet<(u16, String)>,
    /// By user: the key of the tokens that are presented now.
    held: BTreeMap<usize, String>,
}

pub struct Users {
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    ports: Vec<u16>,
    threads: Vec<JoinHandle<()>>,
}

impl Users {
    /// So many users, who go from one of the demos of these ports to the next. The key of this ID signs.
    pub fn start(ports: &[u16], users: usize, key_id: &str) -> Self {
        let (seen, stop) = (Arc::<Mutex<Seen>>::default(), Arc::<AtomicBool>::default());
        seen.lock().unwrap().published.insert(key_id.to_owned());
        let threads = (0..users)
            .map(|number| {
                let mut user = User { number, turn: number, ports: ports.to_vec(), seen: Arc::clone(&seen) };
                let stop = Arc::clone(&stop);
                spawn(move || {
                    while !stop.load(Ordering::SeqCst) {
                        user.live(&stop);
                    }
                })
            })
            .collect();
        Self { seen, stop, ports: ports.to_vec(), threads }
    }

    /// Every process publishes it now: from now on there may be tokens of it, and until now there may not.
    pub fn is_published(&self, key_id: &str) {
        self.seen.lock().unwrap().published.insert(key_id.to_owned());
    }

    /// Waits until every process has issued and accepted tokens of this key, and nobody holds one of another.
    pub fn all_use(&self, key_id: &str) {
        let users = self.threads.len();
        let every =
            |of: &BTreeSet<(u16, String)>| self.ports.iter().all(|port| of.contains(&(*port, key_id.to_owned())));
        self.wait(key_id, |seen| {
            let held = seen.held.len() == users && seen.held.values().all(|held| held == key_id);
            held && every(&seen.issued) && every(&seen.accepted)
        });
    }

    /// Waits until so many more requests have been answered.
    pub fn go_on(&self, after: &str) {
        let before = self.seen.lock().unwrap().requests;
        self.wait(after, |seen| seen.requests > before + 10 * self.threads.len() as u64);
    }

    fn wait(&self, what: &str, is_so: impl Fn(&Seen) -> bool) {
        let begin = Instant::now();
        while !is_so(&self.seen.lock().unwrap()) {
            assert!(self.threads.iter().all(|user| !user.is_finished()), "a user found something wrong");
            assert!(begin.elapsed() < PATIENCE, "{what}: {:?}", self.seen.lock().unwrap());
            sleep(Duration::from_millis(10));
        }
    }

    pub fn end(self) -> Seen {
        self.stop.store(true, Ordering::SeqCst);
        for user in self.threads {
            user.join().expect("a user found something wrong");
        }
        Arc::try_unwrap(self.seen).unwrap().into_inner().unwrap()
    }
}

struct User {
    number: usize,
    turn: usize,
    ports: Vec<u16>,
    seen: Arc<Mutex<Seen>>,
}

struct Session {
    access: String,
    refresh: String,
}

impl User {
    /// One login, some refreshes, a logout.
    fn live(&mut self, stop: &AtomicBool) {
        let (port, body) = (self.port(), test_user().to_string());
        let headers = [("Content-Type", "application/json")];
        let login = self.ask(port, "POST", "/auth/login", &headers, &body);
        self.seen.lock().unwrap().logins += 1;
        let mut session = self.session(port, &login);
        for _ in 0..8 {
            for _ in 0..self.ports.len() {
                self.look(&session);
            }
            let port = self.port();
            let answer = self.bearing(port, "POST", "/auth/refresh", &session.refresh);
            self.seen.lock().unwrap().refreshes += 1;
            session = self.session(port, &answer);
            if stop.load(Ordering::SeqCst) {
                return;
            }
            sleep(BREATH);
        }
        let port = self.port();
        self.bearing(port, "DELETE", "/auth/logout", &session.access);
    }

    fn look(&mut self, session: &Session) {
        let port = self.port();
        self.bearing(port, "GET", "/protected", &session.access);
        self.seen.lock().unwrap().accepted.insert((port, key_id(&session.access)));
    }

    fn session(&self, port: u16, response: &Response) -> Session {
        let json = response.json();
        let token = |name: &str| json[name].as_str().unwrap().to_owned();
        let session = Session { access: token("access_token"), refresh: token("refresh_token") };
        let mut seen = self.seen.lock().unwrap();
        for token in [&session.access, &session.refresh] {
            let (key_id, issued) = (key_id(token), claims_in(token)["iat"].as_i64().unwrap());
            assert!(seen.published.contains(&key_id), "{key_id} signs, and not every process publishes it");
            let first = seen.first.entry(key_id.clone()).or_insert(issued);
            *first = issued.min(*first);
            *seen.tokens.entry(key_id.clone()).or_default() += 1;
            seen.issued.insert((port, key_id));
        }
        // The one that is presented last.
        seen.held.insert(self.number, key_id(&session.refresh));
        session
    }

    fn port(&mut self) -> u16 {
        self.turn += 1;
        self.ports[self.turn % self.ports.len()]
    }

    fn bearing(&self, port: u16, method: &str, path: &str, token: &str) -> Response {
        self.ask(port, method, path, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    /// No request fails.
    fn ask(&self, port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let response = http::request(port, method, path, headers, body.as_bytes());
        self.seen.lock().unwrap().requests += 1;
        assert_eq!(
            response.status,
            200,
            "{method} {path} with a token of {:?}: {}",
            headers.first().map(|(_, value)| kid_of(value)),
            response.body
        );
        response
    }
}

fn kid_of(authorization: &str) -> Option<String> {
    authorization.strip_prefix("Bearer ").map(key_id)
}

/// Of the key that a token names.
pub fn key_id(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}
