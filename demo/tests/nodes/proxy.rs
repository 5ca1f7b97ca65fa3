//! A way to the store that the test can cut, stall and slow down.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{sleep, spawn};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Way {
    Open,
    /// Everything is taken, nothing is passed on.
    Stalled,
    /// Connections are closed, old ones and new ones.
    Cut,
    /// Each piece takes a while.
    Slow,
}

pub struct Proxy {
    address: SocketAddr,
    way: Arc<AtomicU8>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (way, connections) = (Arc::new(AtomicU8::new(Way::Open as u8)), Arc::<Mutex<Vec<TcpStream>>>::default());
        let (its_way, its_connections) = (Arc::clone(&way), Arc::clone(&connections));
        // Ends with the process.
        spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if its_way.load(Ordering::SeqCst) == Way::Cut as u8 {
                    continue;
                }
                let Ok(far) = TcpStream::connect(target) else { continue };
                let mut all = its_connections.lock().unwrap();
                all.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
                for (from, to) in [(near.try_clone().unwrap(), far.try_clone().unwrap()), (far, near)] {
                    let way = Arc::clone(&its_way);
                    spawn(move || pass(from, to, &way));
                }
            }
        });
        Self { address, way, connections }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn set(&self, way: Way) {
        self.way.store(way as u8, Ordering::SeqCst);
        if way == Way::Cut {
            for connection in self.connections.lock().unwrap().drain(..) {
                let _ = connection.shutdown(Shutdown::Both);
            }
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, way: &AtomicU8) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        while way.load(Ordering::SeqCst) == Way::Stalled as u8 {
            sleep(Duration::from_millis(5));
        }
        if way.load(Ordering::SeqCst) == Way::Slow as u8 {
            sleep(Duration::from_millis(100));
        }
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
