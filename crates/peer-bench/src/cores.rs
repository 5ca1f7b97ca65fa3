//! One core for the servers, which take turns, and another for the load; where there are two.

use core_affinity::{CoreId, set_for_current};

pub struct Cores {
    /// Also that of requests in process.
    of_load: Option<CoreId>,
    of_servers: Option<CoreId>,
}

impl Cores {
    /// Finds them, and keeps this thread on its own from here on.
    pub fn claim() -> Self {
        let cores = match core_affinity::get_core_ids().unwrap_or_default().as_slice() {
            [of_servers, of_load, ..] => Self { of_load: Some(*of_load), of_servers: Some(*of_servers) },
            _ => Self { of_load: None, of_servers: None },
        };
        cores.of_load.map(set_for_current);
        cores
    }

    /// None of their own: servers of several workers, and the load, share all cores.
    pub fn shared() -> Self {
        Self { of_load: None, of_servers: None }
    }

    /// A process stays on the core of the thread that started it.
    pub fn start_server<T>(&self, start: impl FnOnce() -> T) -> T {
        self.of_servers.map(set_for_current);
        let started = start();
        self.of_load.map(set_for_current);
        started
    }
}
