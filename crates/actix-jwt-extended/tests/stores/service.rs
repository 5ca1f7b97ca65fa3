//! Servers that a test starts for itself.

use std::env;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A server that can be killed and started again, over the same data and on the same port.
#[allow(dead_code, reason = "not every server is used in every way")]
pub(crate) trait Service {
    fn address(&self) -> SocketAddr;
    /// SIGKILL, and waits until it is gone.
    fn kill(&mut self);
    /// Starts it again, and waits until it answers.
    fn restart(&mut self);
    /// SIGSTOP: it accepts connections and says nothing.
    fn pause(&self);
    /// SIGCONT.
    fn resume(&self);
}

/// Where a program is: on the `PATH`, or in one of these folders. `None` = not installed, which is said, and
/// which is an error where `CI` is set.
#[allow(dead_code, clippy::print_stderr, reason = "not every test asks; and somebody should know")]
pub(crate) fn program(name: &str, folders: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).chain(folders.iter().map(PathBuf::from)).map(|folder| folder.join(name));
    let found = found.into_iter().find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "{name} is not installed");
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// A port that was free a moment ago; below those that the system gives to clients, so that none of theirs takes it
/// while its server is down. No two tests get the same.
#[allow(dead_code)]
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 10_000).unwrap();
    loop {
        let port = 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

#[allow(dead_code)]
pub(crate) fn wait_until_it_listens(address: SocketAddr) {
    let begin = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing listens on {address}");
        sleep(Duration::from_millis(20));
    }
}
