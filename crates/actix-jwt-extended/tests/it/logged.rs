//! What is said in the log.

use std::sync::{Mutex, Once};
use std::thread::{self, ThreadId};

static LINES: Mutex<Vec<(ThreadId, String, String)>> = Mutex::new(Vec::new());

struct Keep;

impl log::Log for Keep {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "access" || metadata.target().starts_with("actix_jwt_extended")
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = (thread::current().id(), record.target().to_owned(), record.args().to_string());
            LINES.lock().unwrap().push(line);
        }
    }
    fn flush(&self) {}
}

/// From now on, of this crate and of what calls itself `access`.
pub(crate) fn keep() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        log::set_logger(&Keep).unwrap();
        log::set_max_level(log::LevelFilter::Info);
    });
}

/// By all tests so far.
pub(crate) fn lines(target: &str) -> Vec<String> {
    let lines = LINES.lock().unwrap();
    lines.iter().filter(|(_, by, _)| by.starts_with(target)).map(|(_, _, line)| line.clone()).collect()
}

/// By this crate, on this thread, while `work` is done.
pub(crate) fn lines_of(work: impl FnOnce()) -> Vec<String> {
    keep();
    let before = LINES.lock().unwrap().len();
    work();
    let here = |by: &ThreadId| *by == thread::current().id();
    let lines = LINES.lock().unwrap();
    lines.iter().skip(before).filter(|(by, ..)| here(by)).map(|(_, _, line)| line.clone()).collect()
}
