//! A `MemoryStore` for each worker of a server, where there must be one for all: noticed, and said loudly.

use super::MemoryStore;
use super::memory::Inner;
use std::panic::Location;
use std::sync::{Mutex, PoisonError, Weak};
use std::thread::{self, ThreadId};

/// Those that workers have built managers with, and that live.
static BUILT: Mutex<Vec<Built>> = Mutex::new(Vec::new());

struct Built {
    place: &'static Location<'static>,
    worker: ThreadId,
    store: Weak<Inner>,
    is_told: bool,
}

/// Two workers that build a manager in one place, each with a store of its own, know nothing of each other's logouts.
pub(super) fn notice(store: &MemoryStore, place: &'static Location<'static>) {
    let this = thread::current();
    if !this.name().is_some_and(is_worker) {
        return;
    }
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.retain(|one| one.store.strong_count() > 0);
    let store = store.downgrade();
    let same_place = || built.iter().filter(|one| one.place == place);
    let by_another = same_place().any(|one| one.worker != this.id() && !one.store.ptr_eq(&store));
    if by_another && !same_place().any(|one| one.is_told) {
        log::error!(
            "each worker has built a manager with a MemoryStore of its own ({place}): a logout counts for one worker only, \
             and the others go on accepting its tokens; build the manager before HttpServer::new, and give clones of it to \
             the closure"
        );
    }
    built.push(Built { place, worker: this.id(), store, is_told: by_another });
}

/// As actix names them.
fn is_worker(name: &str) -> bool {
    name.starts_with("actix-rt|") || name.starts_with("actix-server worker")
}
