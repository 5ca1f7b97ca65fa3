//! Users who log in, refresh, look and log out, all at once; and what they were promised.

use crate::helpers::{claims_in, test_user};
use crate::http::{self, Response};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// What must hold however the store has fared.
#[derive(Debug, Default)]
pub struct Promises {
    /// Tokens of sessions whose end was acknowledged.
    logged_out: Vec<(String, String)>,
    /// By the refresh token that was presented: the JWT IDs of the successors that were given for it.
    successors: BTreeMap<String, BTreeSet<String>>,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, u64>,
    pub longest: Duration,
}

pub struct Load {
    promises: Arc<Mutex<Promises>>,
    stop: Arc<AtomicBool>,
    users: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many users, each at one of the demos of these ports.
    pub fn start(ports: &[u16], users: usize) -> Self {
        let (promises, stop) = (Arc::<Mutex<Promises>>::default(), Arc::<AtomicBool>::default());
        let users = (0..users)
            .map(|number| {
                let (promises, stop) = (Arc::clone(&promises), Arc::clone(&stop));
                let user = User { port: ports[number % ports.len()], promises, number };
                spawn(move || {
                    let mut round = 0;
                    while !stop.load(Ordering::SeqCst) {
                        user.live(round);
                        round += 1;
                    }
                })
            })
            .collect();
        Self { promises, stop, users }
    }

    pub fn logins_and_logouts(&self) -> usize {
        self.promises.lock().unwrap().logged_out.len()
    }

    pub fn end(self) -> Promises {
        self.stop.store(true, Ordering::SeqCst);
        for user in self.users {
            user.join().expect("a user found something wrong");
        }
        Arc::try_unwrap(self.promises).unwrap().into_inner().unwrap()
    }
}

struct User {
    port: u16,
    promises: Arc<Mutex<Promises>>,
    number: usize,
}

impl User {
    /// One login, some refreshes, and mostly a logout.
    fn live(&self, round: usize) {
        let body = test_user().to_string();
        let login = self.ask("POST", "/auth/login", &[("Content-Type", "application/json")], &body);
        let Some((mut access, mut refresh)) = pair(&login) else { return };
        for step in 0..3 {
            self.bearing("GET", "/protected", &access);
            // Every second time from two tabs at once.
            let answers = if (self.number + round + step).is_multiple_of(2) {
                std::thread::scope(|scope| {
                    let other = scope.spawn(|| self.bearing("POST", "/auth/refresh", &refresh));
                    [Some(self.bearing("POST", "/auth/refresh", &refresh)), other.join().ok()]
                })
            } else {
                [Some(self.bearing("POST", "/auth/refresh", &refresh)), None]
            };
            let pairs: Vec<_> = answers.iter().flatten().filter_map(pair).collect();
            for (_, next) in &pairs {
                let jwt_id = claims_in(next)["jti"].as_str().unwrap().to_owned();
                self.promises.lock().unwrap().successors.entry(refresh.clone()).or_default().insert(jwt_id);
            }
            // Without an answer the same token is presented again.
            if let Some(next) = pairs.into_iter().next_back() {
                (access, refresh) = next;
            }
        }
        if self.bearing("DELETE", "/auth/logout", &access).status == 200 {
            self.promises.lock().unwrap().logged_out.push((access, refresh));
        }
    }

    fn bearing(&self, method: &str, path: &str, token: &str) -> Response {
        self.ask(method, path, &[("Authorization", &format!("Bearer {token}"))], "")
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let begin = Instant::now();
        let response = http::request(self.port, method, path, headers, body.as_bytes());
        let mut promises = self.promises.lock().unwrap();
        promises.longest = promises.longest.max(begin.elapsed());
        *promises.statuses.entry(response.status).or_default() += 1;
        drop(promises);
        // Of a session that was ended because an answer was lost for too long, 401; else only the documented 503.
        assert!(matches!(response.status, 200 | 401 | 503), "{method} {path}: {response:?}");
        assert!(response.status != 503 || response.header("retry-after").is_some(), "{response:?}");
        response
    }
}

fn pair(response: &Response) -> Option<(String, String)> {
    let token = |json: &Value, name: &str| json[name].as_str().map(str::to_owned);
    let json = (response.status == 200).then(|| response.json())?;
    Some((token(&json, "access_token")?, token(&json, "refresh_token")?))
}

impl Promises {
    /// Once the store is well again: nothing acknowledged was forgotten, nothing was given twice.
    pub fn check(&self, ports: &[u16]) {
        let twice = self.successors.iter().find(|(_, successors)| successors.len() > 1);
        assert!(twice.is_none(), "two successors of one refresh token: {twice:?}");
        assert!(
            !self.logged_out.is_empty() && self.successors.len() > 3,
            "hardly anything happened: {:?}",
            self.statuses
        );
        for (number, (access, refresh)) in self.logged_out.iter().enumerate() {
            let port = ports[number % ports.len()];
            for (method, path, token) in [("GET", "/protected", access), ("POST", "/auth/refresh", refresh)] {
                let authorization = format!("Bearer {token}");
                let response = http::request(port, method, path, &[("Authorization", &authorization)], b"");
                assert_eq!(response.status, 401, "logout {number} was forgotten: {path} {response:?}");
            }
        }
    }
}
