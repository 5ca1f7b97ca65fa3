//! The log, on stderr. No token, password or secret gets into it.

use actix_web::middleware::Logger;
use env_logger::Env;

/// `RUST_LOG` decides what is shown; by default what the demo does, and each request.
pub fn init() {
    env_logger::Builder::from_env(Env::default().default_filter_or("info,actix_server=warn"))
        .format_target(false)
        .init();
}

/// One line per request: its path without the query, which may hold a token (`?jwt=…`). actix's
/// own format would show the query, and the referrer with its query.
pub fn requests() -> Logger {
    Logger::new("%a %{METHOD}xi %U %s %Dms")
        .custom_request_replace("METHOD", |request| request.method().as_str().to_owned())
}
