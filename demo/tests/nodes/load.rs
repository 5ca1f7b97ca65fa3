//! Users who log in, refresh, look and log out, all at once; and what they were promised.

use crate::helpers::{claims_in, test_user};
use crate::http::{self, Response};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, scope, sleep, spawn};
use std::time::{Duration, Instant};

/// `JWT_STORE_TIMEOUT` of the nodes: so long one question to the store may take, whatever the store does.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// `JWT_REFRESH_GRACE`: so long a refresh token gets its successor again. Once it is over, whoever never had an answer
/// may be logged out.
pub const GRACE: Duration = Duration::from_secs(10);

/// `JWT_REVOCATION_MAX_STALENESS`: so long another node's replica need not have heard of a logout.
pub const STALENESS: Duration = Duration::from_secs(5);

/// All that takes time besides the store: a password's hash, and a machine with two cores that does much else.
const BESIDES: Duration = Duration::from_secs(5);

const LOGIN: &str = "/auth/login";
const REFRESH: &str = "/auth/refresh";
const PROTECTED: &str = "/protected";
const LOGOUT: &str = "/auth/logout";

/// So long a request may take: as many questions as it has for the store, each with its timeout.
fn limit(path: &str) -> Duration {
    let questions = match path {
        // The new session.
        LOGIN => 1,
        // Is it revoked?
        PROTECTED => 1,
        // Is it revoked? Its session, the revocation, the session's removal.
        LOGOUT => 4,
        // Is it revoked? For sure? Then the session and its successor; again if another tab was faster, and again if a
        // call was that nobody waited for any more.
        _ => 2 + 3 * 2,
    };
    questions * STORE_TIMEOUT + BESIDES
}

/// What must hold however the store has fared.
#[derive(Debug, Default)]
pub struct Promises {
    /// Sessions whose end was acknowledged.
    logged_out: Vec<LoggedOut>,
    /// Sessions that nobody has ended.
    living: Vec<Session>,
    /// By the refresh token that was presented: the JWT IDs of the successors that were given for it.
    successors: BTreeMap<String, BTreeSet<String>>,
    /// How often each status was answered.
    pub statuses: BTreeMap<u16, u64>,
    /// How often each node has done what.
    done: BTreeMap<(u16, String), u64>,
    /// How often somebody was logged out who had no answer for longer than the grace.
    pub too_late: u64,
    pub longest: Duration,
}

#[derive(Clone, Debug)]
struct LoggedOut {
    access: String,
    refresh: String,
    at: Instant,
}

#[derive(Clone, Debug)]
struct Session {
    access: String,
    refresh: String,
    /// When the refresh token was first presented, if there was no answer.
    presented: Option<Instant>,
    /// The refresh token before, which is used up.
    used: Option<String>,
}

pub struct Load {
    promises: Arc<Mutex<Promises>>,
    stop: Arc<AtomicBool>,
    ports: Vec<u16>,
    users: Vec<JoinHandle<()>>,
}

impl Load {
    /// So many users, who go from one of the demos of these ports to the next.
    pub fn start(ports: &[u16], users: usize) -> Self {
        let (promises, stop) = (Arc::<Mutex<Promises>>::default(), Arc::<AtomicBool>::default());
        let users = (0..users)
            .map(|number| {
                let (promises, stop) = (Arc::clone(&promises), Arc::clone(&stop));
                let user = User { ports: ports.to_vec(), next: AtomicUsize::new(number), promises, number };
                spawn(move || {
                    let (mut round, mut ended) = (0, Vec::new());
                    while !stop.load(Ordering::SeqCst) {
                        user.live(round, &mut ended);
                        round += 1;
                    }
                })
            })
            .collect();
        Self { promises, stop, ports: ports.to_vec(), users }
    }

    /// Waits until every node has done everything again.
    pub fn goes_on(&self, after: &str) {
        let done = || self.promises.lock().unwrap().done.clone();
        let (begin, before) = (Instant::now(), done());
        let again = |now: &BTreeMap<(u16, String), u64>| {
            let kinds =
                self.ports.iter().flat_map(|port| [LOGIN, REFRESH, PROTECTED, LOGOUT].map(|path| (*port, path)));
            kinds.map(|(port, path)| (port, path.to_owned())).all(|kind| now.get(&kind) > before.get(&kind))
        };
        loop {
            let now = done();
            if again(&now) {
                break;
            }
            assert!(self.users.iter().all(|user| !user.is_finished()), "a user found something wrong");
            let waited = begin.elapsed();
            assert!(waited < Duration::from_secs(60), "not everything works after {after}: {before:?}, {now:?}");
            sleep(Duration::from_millis(20));
        }
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
    ports: Vec<u16>,
    next: AtomicUsize,
    promises: Arc<Mutex<Promises>>,
    number: usize,
}

impl User {
    /// One login, some refreshes, and mostly a logout.
    fn live(&self, round: usize, ended: &mut Vec<LoggedOut>) {
        let body = test_user().to_string();
        let login = self.ask(self.port(), "POST", LOGIN, &[("Content-Type", "application/json")], &body);
        assert_ne!(login.status, 401, "{login:?}");
        let Some((access, refresh)) = pair(&login) else { return self.nobody_accepts(ended) };
        let mut session = Session { access, refresh, presented: None, used: None };
        for step in 0..3 {
            // It lives: nothing but the store's absence keeps it out.
            let look = self.bearing("GET", PROTECTED, &session.access);
            assert_ne!(look.status, 401, "a live session was refused: {look:?}");
            // Every second time from two tabs at once.
            if !self.refresh(&mut session, (self.number + round + step).is_multiple_of(2)) {
                return;
            }
        }
        if (self.number + round) % 4 == 3 {
            self.promises.lock().unwrap().living.push(session);
            return;
        }
        let port = self.port();
        let logout = self.ask(port, "DELETE", LOGOUT, &[("Authorization", &bearer(&session.access))], "");
        assert_ne!(logout.status, 401, "a live session could not be ended: {logout:?}");
        // Without an answer it may be over, or not.
        if logout.status != 200 {
            return;
        }
        let over = LoggedOut { access: session.access, refresh: session.refresh, at: Instant::now() };
        let look = self.ask(port, "GET", PROTECTED, &[("Authorization", &bearer(&over.access))], "");
        assert_ne!(look.status, 200, "accepted where it had just been logged out: {look:?}");
        let refresh = self.bearing("POST", REFRESH, &over.refresh);
        assert_ne!(refresh.status, 200, "refreshed after the logout: {refresh:?}");
        self.promises.lock().unwrap().logged_out.push(over.clone());
        ended.push(over);
        self.nobody_accepts(ended);
    }

    /// What ended long enough ago, everybody knows, or knows that he does not: also while the store is away.
    fn nobody_accepts(&self, ended: &[LoggedOut]) {
        let Some(old) = ended.iter().rev().find(|old| old.at.elapsed() > STALENESS) else { return };
        for port in &self.ports {
            let look = self.ask(*port, "GET", PROTECTED, &[("Authorization", &bearer(&old.access))], "");
            assert_ne!(look.status, 200, "a logout was forgotten: {look:?}");
        }
    }

    /// Whether the session goes on.
    fn refresh(&self, session: &mut Session, two_tabs: bool) -> bool {
        let presented = *session.presented.get_or_insert_with(Instant::now);
        let present = || self.bearing("POST", REFRESH, &session.refresh);
        let answers = scope(|scope| {
            let other = two_tabs.then(|| scope.spawn(present));
            let mut answers = vec![present()];
            answers.extend(other.map(|other| other.join().expect("an answer in the other tab, too")));
            answers
        });
        let waited = presented.elapsed();
        let mut next = None;
        for answer in &answers {
            if let Some((access, refresh)) = pair(answer) {
                let jwt_id = claims_in(&refresh)["jti"].as_str().unwrap().to_owned();
                let mut promises = self.promises.lock().unwrap();
                promises.successors.entry(session.refresh.clone()).or_default().insert(jwt_id);
                next = Some((access, refresh));
            }
        }
        if answers.iter().any(|answer| answer.status == 401) {
            assert!(waited >= GRACE, "refused after {waited:?}: {answers:?}");
            self.promises.lock().unwrap().too_late += 1;
            return false;
        }
        // Without an answer the same token is presented again.
        if let Some((access, refresh)) = next {
            let used = Some(std::mem::replace(&mut session.refresh, refresh));
            (session.access, session.used, session.presented) = (access, used, None);
        }
        true
    }

    fn port(&self) -> u16 {
        self.ports[self.next.fetch_add(1, Ordering::SeqCst) % self.ports.len()]
    }

    fn bearing(&self, method: &str, path: &str, token: &str) -> Response {
        self.ask(self.port(), method, path, &[("Authorization", &bearer(token))], "")
    }

    fn ask(&self, port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let begin = Instant::now();
        let response = in_time(port, method, path, headers, body);
        let mut promises = self.promises.lock().unwrap();
        promises.longest = promises.longest.max(begin.elapsed());
        *promises.statuses.entry(response.status).or_default() += 1;
        if response.status == 200 {
            *promises.done.entry((port, path.to_owned())).or_default() += 1;
        }
        drop(promises);
        assert!(matches!(response.status, 200 | 401 | 503), "{method} {path}: {response:?}");
        assert!(response.status != 503 || response.header("retry-after").is_some(), "{response:?}");
        response
    }
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// An answer within the [`limit`], or a panic.
fn in_time(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
    let (begin, limit) = (Instant::now(), limit(path));
    let mut stream = http::connect(port);
    stream.set_read_timeout(Some(limit)).unwrap();
    stream.write_all(format!("{}{body}", http::head(method, path, headers, body.len())).as_bytes()).unwrap();
    let response = http::read_response(stream);
    let took = begin.elapsed();
    assert!(took <= limit, "{method} {path} took {took:?}: {response:?}");
    response
}

fn pair(response: &Response) -> Option<(String, String)> {
    let token = |json: &Value, name: &str| json[name].as_str().map(str::to_owned);
    let json = (response.status == 200).then(|| response.json())?;
    Some((token(&json, "access_token")?, token(&json, "refresh_token")?))
}

impl Promises {
    /// Once the store is well again: nothing acknowledged was forgotten, nothing was given twice, and whoever has not
    /// logged out is logged in.
    pub fn check(&self, ports: &[u16]) {
        let ask = |port: u16, method, path, token: &str| {
            in_time(port, method, path, &[("Authorization", &bearer(token))], "").status
        };
        let twice = self.successors.iter().find(|(_, successors)| successors.len() > 1);
        assert!(twice.is_none(), "two successors of one refresh token: {twice:?}");
        let (logged_out, living) = (self.logged_out.len(), self.living.len());
        assert!(logged_out > 0 && living > 0 && self.successors.len() > 3, "hardly anything happened: {self:?}");

        for (number, LoggedOut { access, refresh, at }) in self.logged_out.iter().enumerate() {
            for port in ports {
                while at.elapsed() < STALENESS && ask(*port, "GET", PROTECTED, access) == 200 {
                    sleep(Duration::from_millis(20));
                }
                assert_eq!(ask(*port, "GET", PROTECTED, access), 401, "logout {number} was forgotten on {port}");
                assert_eq!(ask(*port, "POST", REFRESH, refresh), 401, "logout {number} was forgotten on {port}");
            }
        }

        let mut refreshed = 0;
        for (number, session) in self.living.iter().enumerate() {
            for port in ports {
                assert_eq!(ask(*port, "GET", PROTECTED, &session.access), 200, "session {number} was lost on {port}");
            }
            // As long after the first time it may be taken for a theft.
            if session.presented.is_some() {
                continue;
            }
            let (port, other) = (ports[number % ports.len()], ports[(number + 1) % ports.len()]);
            assert_eq!(ask(port, "POST", REFRESH, &session.refresh), 200, "session {number} cannot be refreshed");
            refreshed += 1;
            // Its successor has been used, too.
            let Some(used) = &session.used else { continue };
            assert_eq!(ask(other, "POST", REFRESH, used), 401, "a refresh token of session {number} was used twice");
        }
        assert!(refreshed > 0, "no session was left to refresh");
    }
}
