//! The command line.

use crate::peers::{PEERS, Peer};
use crate::scaling;
use crate::token::ALGORITHMS;
use jsonwebtoken::Algorithm;
use std::path::PathBuf;
use std::time::Duration;

pub const HELP: &str = "\
Measures ways to protect a route, side by side.

  --scaling          measures this repository's library alone, and how its cost changes with workers, connections,
                     tokens, keys, roles and routes; writes FOLDER/scaling.md. Six seconds for each row
  --quick            one second for each row instead of ten
  --seconds N        so many seconds
  --only NAME        this peer and what it is compared with; may be repeated
  --algorithm NAME   HS256, ES256, EdDSA or RS256; may be repeated
  --out FOLDER       writes into FOLDER/peers.md, between its markers, and FOLDER/plots;
                     without it, the tables are printed
  --list             the names of the peers";

pub enum Command {
    Measure(Options),
    Scaling(scaling::Options),
    List,
    Help,
    /// In a child process, on this port with so many workers: see `http/server.rs`.
    Serve(Child, u16, usize),
    /// In a child process: see `instructions.rs`.
    Work(Child, usize, bool),
}

pub struct Options {
    /// For each row of the tables, over HTTP; a quarter of it in process.
    pub each: Duration,
    pub peers: Vec<&'static Peer>,
    pub algorithms: Vec<Algorithm>,
    pub out: Option<PathBuf>,
}

/// Which application a child process runs, with the token of its parent.
pub struct Child {
    pub peer: &'static Peer,
    pub algorithm: Algorithm,
    pub token: String,
}

pub fn read(arguments: &[&str]) -> Result<Command, String> {
    match arguments {
        ["--help" | "-h"] => Ok(Command::Help),
        ["--list"] => Ok(Command::List),
        ["serve", name, algorithm, port, token, workers] => {
            Ok(Command::Serve(child(name, algorithm, token)?, number(port)?, number(workers)?))
        }
        ["work", name, algorithm, times, what, token] => {
            Ok(Command::Work(child(name, algorithm, token)?, number(times)?, *what == "made"))
        }
        _ => measure(arguments),
    }
}

fn measure(mut arguments: &[&str]) -> Result<Command, String> {
    let (mut seconds, mut out, mut is_scaling) = (None, None, false);
    let (mut names, mut algorithms) = (Vec::new(), Vec::new());
    while let [option, rest @ ..] = arguments {
        arguments = rest;
        match *option {
            "--quick" => {
                seconds = Some(1.0);
                continue;
            }
            "--scaling" => {
                is_scaling = true;
                continue;
            }
            _ => {}
        }
        let [value, rest @ ..] = arguments else { return Err(format!("{option} needs a value, or is no option")) };
        arguments = rest;
        match *option {
            "--seconds" => seconds = Some(number(value)?),
            "--only" => names.push(peer(value)?.name),
            "--algorithm" => algorithms.push(algorithm(value)?),
            "--out" => out = Some(PathBuf::from(value)),
            _ => return Err(format!("{option} is no option")),
        }
    }
    let seconds = seconds.unwrap_or(if is_scaling { 6.0 } else { 10.0 });
    if !(0.1..=3600.0).contains(&seconds) {
        return Err("--seconds is from 0.1 to 3600".to_owned());
    }
    let each = Duration::from_secs_f64(seconds);
    if is_scaling {
        return match (names.as_slice(), algorithms.as_slice()) {
            ([], []) => Ok(Command::Scaling(scaling::Options { each, out })),
            _ => Err("--scaling is of one library and one algorithm".to_owned()),
        };
    }
    let all: Vec<&'static Peer> = PEERS.iter().filter_map(|peer| Peer::named(peer.name)).collect();
    let is_wanted = |peer: &&'static Peer| {
        let is_base = |name: &&str| all.iter().any(|other| other.name == *name && other.base == Some(peer.name));
        names.is_empty() || names.contains(&peer.name) || names.iter().any(is_base)
    };
    let peers = all.iter().copied().filter(is_wanted).collect();
    if algorithms.is_empty() {
        algorithms = ALGORITHMS.to_vec();
    }
    Ok(Command::Measure(Options { each, peers, algorithms, out }))
}

fn child(name: &str, named: &str, token: &str) -> Result<Child, String> {
    Ok(Child { peer: peer(name)?, algorithm: algorithm(named)?, token: token.to_owned() })
}

fn peer(name: &str) -> Result<&'static Peer, String> {
    Peer::named(name).ok_or_else(|| format!("there is no peer {name}: see --list"))
}

fn algorithm(name: &str) -> Result<Algorithm, String> {
    ALGORITHMS.into_iter().find(|algorithm| format!("{algorithm:?}") == name).ok_or_else(|| format!("not {name}"))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not such a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_peer_comes_with_what_it_is_compared_with() {
        let Ok(Command::Measure(options)) = read(&["--only", "jwt-authorizer", "--quick"]) else { panic!() };
        assert_eq!(options.peers.iter().map(|peer| peer.name).collect::<Vec<_>>(), ["axum", "jwt-authorizer"]);
        assert_eq!(options.each, Duration::from_secs(1));
        for wrong in [&["--only"][..], &["--only", "nobody"], &["--seconds", "0"], &["--slow", "1"], &["quick"]] {
            assert!(read(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn scaling_is_of_our_library_only() {
        let Ok(Command::Scaling(options)) = read(&["--scaling", "--seconds", "2"]) else { panic!() };
        assert_eq!(options.each, Duration::from_secs(2));
        assert!(read(&["--scaling", "--only", "axum"]).is_err());
    }
}
