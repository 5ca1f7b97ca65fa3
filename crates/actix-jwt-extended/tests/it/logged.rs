//! What is said in the log.

use std::sync::{Mutex, Once};

static LINES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

struct Keep;

impl log::Log for Keep {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() == "access" || metadata.target().starts_with("actix_jwt_extended")
    }
    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push((record.target().to_owned(), record.args().to_string()));
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
    lines.iter().filter(|(by, _)| by.starts_with(target)).map(|(_, line)| line.clone()).collect()
}
