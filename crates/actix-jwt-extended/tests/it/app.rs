//! A real server on a free port, and a client that sends whatever bytes a test wants.

use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager, JwtManagerBuilder};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

pub(crate) const SECRET: &str = "a secret for tests: 0123456789 abcdef";
/// The time at which all tests begin.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn config() -> JwtConfig {
    JwtConfig::new().secret_key(SECRET)
}

/// A builder whose clock stands at [`NOW`].
pub(crate) fn builder(config: JwtConfig) -> JwtManagerBuilder {
    JwtManager::builder(config).clock(ManualClock::at(NOW as u64))
}

pub(crate) fn manager(config: JwtConfig) -> JwtManager {
    builder(config).build().unwrap()
}

pub(crate) struct TestApp {
    address: SocketAddr,
    handle: ServerHandle,
}

impl TestApp {
    /// Serves these routes, with `jwt` in the app's data.
    pub(crate) fn start(jwt: &JwtManager, routes: fn(&mut web::ServiceConfig)) -> Self {
        let jwt = jwt.clone();
        Self::serve(move || {
            let jwt = jwt.clone();
            HttpServer::new(move || App::new().app_data(jwt.clone()).configure(routes))
                .workers(1)
                .disable_signals()
                .bind("127.0.0.1:0")
                .map(|server| (server.addrs()[0], server.run()))
                .unwrap()
        })
    }

    /// Serves whatever `make` makes.
    pub(crate) fn serve(make: impl FnOnce() -> (SocketAddr, actix_web::dev::Server) + Send + 'static) -> Self {
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let (address, server) = make();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, handle) = receive.recv_timeout(Duration::from_secs(30)).expect("the server did not start");
        Self { address, handle }
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers)
    }

    /// A GET with `Authorization: Bearer`.
    pub(crate) fn get_with(&self, path: &str, token: &str) -> Answer {
        self.get(path, &[("Authorization", &format!("Bearer {token}"))])
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&head(method, path, headers))
    }

    /// A POST with a body; the headers say how long it is.
    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut bytes = head("POST", path, headers);
        bytes.extend(body);
        self.send(&bytes)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    pub(crate) fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        Answer::parse(&answer)
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").bytes());
    }
    bytes.extend(b"\r\n");
    bytes
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = bytes[end + 4..].to_vec();
        Self { status, head, body: if chunked { unchunk(&body) } else { body } }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts Flask-JWT-Extended's answer: a status, and the one message under `msg`.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, message: &str) {
        assert_eq!((self.status, self.json()), (status, serde_json::json!({ "msg": message })));
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("www-authenticate").is_some(), matches!(status, 401 | 403), "{self:?}");
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
}
