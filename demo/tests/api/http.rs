//! As much of HTTP/1.1 as the tests need. A client of one's own sends what others refuse to send.

use crate::helpers::PATIENCE;
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(move |(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
    let mut stream = connect(port);
    let mut request = head(method, path, headers, body.len()).into_bytes();
    request.extend(body);
    // The server may answer and hang up before it has read a body that is too long.
    let _ = stream.write_all(&request);
    read_response(stream)
}

pub fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

pub fn head(method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n")
}

/// Reads up to the end of the connection.
pub fn read_response(mut stream: TcpStream) -> Response {
    let mut bytes = Vec::new();
    // A reset after the answer is the server's way to say that it wants no more of the body.
    let end = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { panic!("no response: {text:?}, {end:?}") };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Response { status, head: head.to_owned(), body: body.to_owned() }
}
