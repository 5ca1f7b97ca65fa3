//! The limit on open files, which is one on connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a process has open besides connections; generously.
const OTHERS: u64 = 128;

/// How many connections this process and a server may have; after raising the limit as far as it may be raised.
pub fn most_connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where that fails, the limit is what it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = getrlimit(Resource::Nofile).current;
    files.map_or(usize::MAX, |files| files.saturating_sub(OTHERS) as usize)
}
