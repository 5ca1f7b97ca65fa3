//! What each worker builds for itself: the closure of `HttpServer::new` is run by all of them.

use crate::app::{TestApp, builder, config};
use crate::logged;
use actix_jwt_extended::JwtManager;
use actix_jwt_extended::store::MemoryStore;
use actix_web::{App, HttpServer};
use std::sync::Arc;

/// A server whose workers have all built what they need.
fn serve(workers: usize, build: impl Fn() -> JwtManager + Send + Clone + 'static) -> TestApp {
    let app = TestApp::serve(move || {
        HttpServer::new(move || App::new().app_data(build()))
            .workers(workers)
            .disable_signals()
            .bind("127.0.0.1:0")
            .map(|server| (server.addrs()[0], server.run()))
            .unwrap()
    });
    assert_eq!(app.get("/", &[]).status, 404);
    app
}

fn told() -> Vec<String> {
    let mut lines = logged::lines("actix_jwt_extended");
    lines.retain(|line| line.contains("a MemoryStore of its own"));
    lines
}

#[test]
fn a_memory_store_of_each_workers_own_is_said_loudly() {
    logged::keep();
    // One for all of them, one of a single worker's, and none.
    let store = MemoryStore::new();
    let _shared = serve(2, move || builder(config()).token_store(store.clone()).build().unwrap());
    let _single = serve(1, || builder(config()).token_store(MemoryStore::new()).build().unwrap());
    let _without = serve(2, || builder(config()).build().unwrap());
    assert_eq!(told(), Vec::<String>::new());
    let _own = serve(3, || builder(config()).token_store(MemoryStore::new()).build().unwrap());
    let told = told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("per_worker.rs:") && told[0].contains("before HttpServer::new"), "{told:?}");
    let _in_arc = serve(2, || builder(config()).token_store(Arc::new(MemoryStore::new())).build().unwrap());
    assert_eq!(self::told().len(), 2, "whatever it is handed over in");
}
