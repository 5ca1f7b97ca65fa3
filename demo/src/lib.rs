//! The Flask-JWT-Extended example as a program one can run. A library only for cargo: it turns on features for the tests of
//! a package that has one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod configuration;
mod cors;
mod error;
mod hangup;
mod logging;
mod managers;
mod page_settings;
mod passwords;
mod routes;
mod settings_file;
mod shutdown;
mod startup;
mod store;
mod throttle;
mod tools;
mod users;

use clap::Parser as _;
use configuration::{Flags, Settings};
use error::StartError;
use startup::Application;
use std::io::Write as _;
use std::process::ExitCode;

/// The whole program.
pub fn main() -> ExitCode {
    let mut flags = Flags::parse();
    logging::init();
    let outcome = match flags.tool.take() {
        Some(tool) => tool.run(&flags.settings),
        None => run(flags),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // One line, whatever is in the name of a file or a setting.
            let error = error.to_string().replace(char::is_control, "?");
            // Not `eprintln!`: it panics when nobody reads stderr any more.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[actix_web::main]
async fn run(flags: Flags) -> Result<(), StartError> {
    Application::build(Settings::load(flags)?).await?.run_until_stopped().await
}
