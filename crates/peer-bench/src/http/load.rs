//! Load from one thread: some connections that stay open, each with one request on its way at any time.
//!
//! It must cost less than the servers do. So the request is bytes that are made once, and a response is compared
//! with the first one rather than parsed.

use crate::checks::Answer;
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A server that is silent for so long has failed.
const SILENCE: Duration = Duration::from_secs(10);

/// What one run has shown.
pub(super) struct Slice {
    requests: u64,
    time: Duration,
    /// In microseconds.
    pub(super) p50: f64,
    pub(super) p99: f64,
    /// With the warm-up, and with what was on its way at the end.
    pub(super) all_requests: u64,
    pub(super) all_time: Duration,
}

impl Slice {
    pub(super) fn requests_per_second(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }
}

pub fn request(address: SocketAddr, header: Option<&(&str, String)>) -> Vec<u8> {
    let header = header.map(|(name, value)| format!("{name}: {value}\r\n")).unwrap_or_default();
    format!("GET /protected HTTP/1.1\r\nhost: {address}\r\naccept: */*\r\n{header}\r\n").into_bytes()
}

/// One request on a connection of its own.
pub(super) fn once(address: SocketAddr, request: &[u8]) -> std::result::Result<Answer, String> {
    let answer = || {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(SILENCE))?;
        stream.write_all(request)?;
        let mut bytes = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => bytes.extend(&buffer[..read]),
            }
            if let Some((status, body)) = parse(&bytes)? {
                return Ok(Answer { status, body: body.to_vec() });
            }
        }
    };
    answer().map_err(|error: Error| error.to_string())
}

/// Open connections, each for the same request.
pub struct Load<'a> {
    poll: Poll,
    clients: Vec<Client>,
    request: &'a [u8],
    /// The body of the first answer.
    expected: Vec<u8>,
}

impl<'a> Load<'a> {
    pub fn open(address: SocketAddr, request: &'a [u8], connections: usize) -> Result<Self> {
        let expected = once(address, request).map_err(Error::other)?.body;
        let poll = Poll::new()?;
        let mut clients = Vec::with_capacity(connections);
        for at in 0..connections {
            let mut stream = TcpStream::from_std(connect(address)?);
            poll.registry().register(&mut stream, Token(at), Interest::READABLE)?;
            clients.push(Client { stream, sent: Instant::now(), buffer: [0; 2048], filled: 0 });
        }
        Ok(Self { poll, clients, request, expected })
    }

    /// One request on each connection.
    pub fn once_each(&mut self) -> Result<()> {
        self.exchange(|_, _| false)
    }

    /// Load for `warm_up` and then `duration`. A response that is not the first one's like is an error.
    pub(super) fn run(&mut self, warm_up: Duration, duration: Duration) -> Result<Slice> {
        let mut latencies = Vec::with_capacity(1 << 17);
        let started = Instant::now();
        let (measured_from, end) = (started + warm_up, started + warm_up + duration);
        let mut all_requests = 0;
        self.exchange(|sent, now| {
            all_requests += 1;
            if (measured_from..end).contains(&now) {
                latencies.push(now - sent);
            }
            now < end
        })?;
        latencies.sort_unstable();
        let percentile = |share: f64| match latencies.get((latencies.len() as f64 * share) as usize) {
            Some(latency) => latency.as_secs_f64() * 1e6,
            None => f64::NAN,
        };
        Ok(Slice {
            requests: latencies.len() as u64,
            time: duration,
            p50: percentile(0.5),
            p99: percentile(0.99),
            all_requests,
            all_time: started.elapsed(),
        })
    }

    /// A request on each connection, and after each answer another as long as `again` says so; until all are answered.
    /// It is told when the request was sent, and when the answer was there.
    fn exchange(&mut self, mut again: impl FnMut(Instant, Instant) -> bool) -> Result<()> {
        let mut events = Events::with_capacity(self.clients.len());
        let now = Instant::now();
        for client in &mut self.clients {
            client.send(self.request, now)?;
        }
        let mut outstanding = self.clients.len();
        while outstanding > 0 {
            self.poll.poll(&mut events, Some(SILENCE))?;
            if events.is_empty() {
                return Err(ErrorKind::TimedOut.into());
            }
            for event in &events {
                let client = &mut self.clients[event.token().0];
                if !client.receive(&self.expected)? {
                    continue;
                }
                let now = Instant::now();
                if again(client.sent, now) {
                    client.send(self.request, now)?;
                } else {
                    outstanding -= 1;
                }
            }
        }
        Ok(())
    }
}

fn connect(address: SocketAddr) -> Result<std::net::TcpStream> {
    let stream = std::net::TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

struct Client {
    stream: TcpStream,
    sent: Instant,
    buffer: [u8; 2048],
    filled: usize,
}

impl Client {
    fn send(&mut self, request: &[u8], now: Instant) -> Result<()> {
        self.sent = now;
        // Less than 10 KiB, and the socket's buffer is empty: a part only would be an error, not a case to handle.
        match self.stream.write(request)? {
            written if written == request.len() => Ok(()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }

    /// Whether the whole response is here. Then nothing more is to come, and reading again would tell nothing.
    fn receive(&mut self, expected: &[u8]) -> Result<bool> {
        loop {
            match self.stream.read(&mut self.buffer[self.filled..]) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
            if let Some((status, body)) = parse(&self.buffer[..self.filled])? {
                if status != 200 || body != expected {
                    return Err(Error::other(format!("an answer with status {status}, or of another content")));
                }
                self.filled = 0;
                return Ok(true);
            }
        }
    }
}

/// Status and body, when the response is complete. Only what is needed here: every server says `Content-Length`.
fn parse(bytes: &[u8]) -> Result<Option<(u16, &[u8])>> {
    let Some(end) = memchr::memmem::find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let invalid = || Error::from(ErrorKind::InvalidData);
    let number = |digits: &[u8]| {
        let digits = digits.trim_ascii();
        digits
            .iter()
            .try_fold(0_usize, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + usize::from(digit - b'0')))
    };
    let status = head.strip_prefix(b"HTTP/1.1 ").and_then(|rest| number(rest.get(..3)?)).ok_or_else(invalid)?;
    const LENGTH: &[u8] = b"content-length:";
    let mut lines = memchr::memchr_iter(b'\n', head).map(|at| &head[at + 1..]);
    let length = lines.find(|line| line.get(..LENGTH.len()).is_some_and(|name| name.eq_ignore_ascii_case(LENGTH)));
    let length = length
        .map(|line| &line[LENGTH.len()..])
        .map(|value| &value[..memchr::memchr(b'\r', value).unwrap_or(value.len())])
        .and_then(number)
        .ok_or_else(invalid)?;
    match body.len() {
        here if here < length => Ok(None),
        here if here == length => Ok(Some((status as u16, body))),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_complete_with_its_last_byte() {
        let response = b"HTTP/1.1 200 OK\r\nserver: x\r\nContent-Length: 2\r\n\r\nok";
        for length in 0..response.len() {
            assert!(parse(&response[..length]).unwrap().is_none(), "{length}");
        }
        assert_eq!(parse(response).unwrap(), Some((200, &b"ok"[..])));
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nok").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
