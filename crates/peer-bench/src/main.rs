//! Measures ways to protect a route of actix-web side by side, in one run: `cargo run --release -- --help`.
//!
//! `docs/src/peers.md` says how, and has the results.

mod allocations;
mod checks;
mod cores;
mod crypto;
mod http;
mod in_process;
mod instructions;
mod machine;
mod numbers;
mod options;
mod page;
mod peers;
mod plot;
mod report;
mod scaling;
mod statistics;
mod token;

use cores::Cores;
use instructions::Counter;
use jsonwebtoken::Algorithm;
use options::{Command, Options};
use peers::{PEERS, Peer, Workshop};
use report::{InProcess, OfAlgorithm, Report};
use std::process::ExitCode;
use token::Fixture;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match options::read(&arguments).and_then(|command| perform(command).map_err(|error| error.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn perform(command: Command) -> std::io::Result<()> {
    match command {
        Command::Measure(options) => measure(&options),
        Command::List => {
            PEERS.iter().for_each(|peer| println!("{}", peer.name));
            Ok(())
        }
        Command::Help => {
            println!("{}", options::HELP);
            Ok(())
        }
        Command::Scaling(options) => scaling::measure(&options),
        Command::Serve(child, port, workers) => {
            http::serve(child.peer, &Fixture::with_token(child.algorithm, child.token), port, workers)
        }
        Command::Work(child, times, only_made) => {
            in_process::work(child.peer, &Fixture::with_token(child.algorithm, child.token), times, only_made);
            Ok(())
        }
    }
}

fn measure(options: &Options) -> std::io::Result<()> {
    options.out.as_ref().map_or(Ok(()), |folder| page::check(folder, report::PAGE))?;
    let machine = machine::describe();
    let workshop = Workshop::open(&options.peers)?;
    let cores = Cores::claim();
    let counter = Counter::find();
    let mut algorithms = Vec::new();
    for algorithm in &options.algorithms {
        algorithms.push(measure_algorithm(*algorithm, options, &workshop, &cores, counter));
    }
    let report = Report { options, machine: &machine, counter, algorithms: &algorithms, runtimes: workshop.runtimes() };
    match &options.out {
        Some(folder) => report.write(folder),
        None => {
            println!("{}", report.markdown());
            Ok(())
        }
    }
}

fn measure_algorithm(
    algorithm: Algorithm,
    options: &Options,
    workshop: &Workshop,
    cores: &Cores,
    counter: Option<Counter>,
) -> OfAlgorithm {
    let fixture = Fixture::new(algorithm);
    let supported: Vec<&'static Peer> = options.peers.iter().copied().filter(|peer| peer.supports(algorithm)).collect();
    eprintln!("{algorithm:?}: in process");
    let mut refused = Vec::new();
    let mut trusted = Vec::new();
    for peer in &supported {
        let send = |token: Option<&str>| in_process::once(peer, &fixture, token).ok_or_else(String::new);
        match checks::check(peer, &fixture, send) {
            Ok(_) => trusted.push(*peer),
            // Not one of this process.
            Err(why) if why.is_empty() => (),
            Err(why) => refused.push((*peer, why)),
        }
    }
    let measured = in_process::measure_peers(&trusted, &fixture, options.each / 4);
    eprintln!("{algorithm:?}: instructions");
    let count = |peer| counter.and_then(|counter| counter.per_request(peer, &fixture));
    let in_process =
        measured.into_iter().map(|result| InProcess { instructions: count(result.peer), result }).collect();
    eprintln!("{algorithm:?}: over HTTP");
    let rows: Vec<http::Row> = supported.into_iter().map(http::Row::usual).collect();
    let http = http::measure(&rows, &fixture, workshop, cores, options.each);
    OfAlgorithm { algorithm, in_process, refused, http }
}
