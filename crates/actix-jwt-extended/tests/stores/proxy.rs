//! A way to a server that the test can cut, stall, slow down, and lead elsewhere.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[allow(dead_code, reason = "not every test goes every way")]
pub(crate) enum Way {
    Open,
    /// Everything is taken, and passed on later.
    Stalled,
    /// Connections are closed, old ones and new ones.
    Cut,
    /// Each piece takes a while.
    Slow,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    target: Arc<Mutex<SocketAddr>>,
    way: Arc<AtomicU8>,
    connections: Arc<Mutex<Vec<Connection>>>,
}

struct Connection {
    ends: [TcpStream; 2],
    silent: Arc<AtomicBool>,
}

#[allow(dead_code, reason = "not every test goes every way")]
impl Proxy {
    pub(crate) fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self {
            address,
            target: Arc::new(Mutex::new(target)),
            way: Arc::new(AtomicU8::new(Way::Open as u8)),
            connections: Arc::default(),
        };
        let (target, way, connections) =
            (Arc::clone(&proxy.target), Arc::clone(&proxy.way), Arc::clone(&proxy.connections));
        // Ends with the process.
        spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let mut all = connections.lock().unwrap();
                if way.load(Ordering::SeqCst) == Way::Cut as u8 {
                    continue;
                }
                let Ok(far) = TcpStream::connect(*target.lock().unwrap()) else { continue };
                let silent = Arc::<AtomicBool>::default();
                let ends = [near.try_clone().unwrap(), far.try_clone().unwrap()];
                all.push(Connection { ends, silent: Arc::clone(&silent) });
                for (from, to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    let (way, silent) = (Arc::clone(&way), Arc::clone(&silent));
                    spawn(move || pass(from, to, &way, &silent));
                }
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn set(&self, way: Way) {
        let mut connections = self.connections.lock().unwrap();
        self.way.store(way as u8, Ordering::SeqCst);
        if way == Way::Cut {
            for end in connections.drain(..).flat_map(|connection| connection.ends) {
                let _ = end.shutdown(Shutdown::Both);
            }
        }
    }

    /// The connections that there are say nothing any more, for good, and are not closed either: as if somebody on the
    /// way had lost them. New ones work. How many that concerns.
    pub(crate) fn silence(&self) -> usize {
        let connections = self.connections.lock().unwrap();
        connections.iter().for_each(|connection| connection.silent.store(true, Ordering::SeqCst));
        connections.len()
    }

    /// How many have been made since it was cut last.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// New connections go there; old ones stay where they are, as behind a name or an address that moves.
    pub(crate) fn lead_new_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = target;
    }

    /// New connections go there; old ones are closed.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        self.set(Way::Cut);
        *self.target.lock().unwrap() = target;
        self.set(Way::Open);
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, way: &AtomicU8, silent: &AtomicBool) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        while way.load(Ordering::SeqCst) == Way::Stalled as u8 && !silent.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(5));
        }
        if way.load(Ordering::SeqCst) == Way::Slow as u8 {
            sleep(Duration::from_millis(100));
        }
        if silent.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    if !silent.load(Ordering::SeqCst) {
        let _ = to.shutdown(Shutdown::Both);
    }
}
