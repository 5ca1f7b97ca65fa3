//! The log, on stderr. No token, password or secret gets into it.

use actix_web::middleware::Logger;
use env_logger::Env;
use std::io::Write as _;
use std::time::SystemTime;

/// `RUST_LOG` decides what is shown; by default what the demo does, and each request.
pub fn init() {
    env_logger::Builder::from_env(Env::default().default_filter_or("info,actix_server=warn"))
        .format(|line, record| {
            let time = humantime::format_rfc3339_seconds(SystemTime::now());
            let (level, style) = (record.level(), line.default_level_style(record.level()));
            // What goes on in another line is indented, so that it cannot be taken for a line of its own.
            let text = record.args().to_string().replace('\n', "\n    ");
            writeln!(line, "[{time} {style}{level:<5}{style:#}] {text}")
        })
        .init();
}

/// One line per request: its path without the query, which may hold a token (`?jwt=…`). actix's
/// own format would show the query, and the referrer with its query.
pub fn requests() -> Logger {
    Logger::new("%a %{METHOD}xi %U %s %Dms")
        .custom_request_replace("METHOD", |request| request.method().as_str().to_owned())
}
