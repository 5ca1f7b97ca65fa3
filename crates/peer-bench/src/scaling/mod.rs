//! How the cost of protection by this repository's library changes with what an application has much of.
//!
//! `docs/src/scaling.md` says how, and has the results.

mod apps;
mod files;
mod keys;
mod memory;
mod over_http;
mod report;
mod roles;
mod routes;
mod section;
mod sizes;
mod tokens;

use crate::cores::Cores;
use crate::machine;
use crate::page;
use crate::peers::Workshop;
use crate::token::Fixture;
use jsonwebtoken::Algorithm;
use report::Report;
use section::Section;
use std::io::{Error, Result};
use std::path::PathBuf;
use std::time::Duration;

pub struct Options {
    /// For each row of the tables, over HTTP; a quarter of it in process.
    pub each: Duration,
    pub out: Option<PathBuf>,
}

/// What is measured in process: one quantity each.
const SECTIONS: [fn() -> Section; 4] = [sizes::section, keys::section, roles::section, routes::section];

pub fn measure(options: &Options) -> Result<()> {
    options.out.as_ref().map_or(Ok(()), |folder| page::check(folder, report::PAGE))?;
    // Before this thread is kept on a core.
    let machine = machine::describe();
    let fixture = Fixture::new(Algorithm::HS256);
    let workshop = Workshop::open(&[])?;
    let most_connections = files::most_connections();
    eprintln!("workers");
    // Before that, too: two workers need all of them.
    let workers = over_http::workers(&fixture, &workshop, &Cores::shared(), options.each);
    let cores = Cores::claim();
    let mut sections = Vec::new();
    for section in SECTIONS {
        let section = section();
        eprintln!("{}", section.quantity);
        sections.push(section.measure(options.each / 4).map_err(Error::other)?);
    }
    eprintln!("memory");
    let tokens = memory::of_tokens();
    let memory_connections = memory::of_connections(&fixture, &workshop, &cores, most_connections)?;
    eprintln!("connections");
    let connections = over_http::connections(&fixture, &workshop, &cores, options.each, most_connections);
    let report = Report {
        each: options.each,
        machine: &machine,
        most_connections,
        workers: &workers,
        connections: &connections,
        sections: &sections,
        tokens: &tokens,
        memory_connections: &memory_connections,
    };
    match &options.out {
        Some(folder) => report.write(folder),
        None => {
            println!("{}", report.markdown());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_application_lets_the_right_token_in_and_nobody_without_one() {
        for section in SECTIONS {
            let mut section = section();
            let (first, last) = (0, section.points.len() - 1);
            for at in [first, last] {
                section.points[at].check().unwrap_or_else(|error| panic!("{}: {error}", section.quantity));
            }
        }
    }
}
