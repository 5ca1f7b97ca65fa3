//! Instructions of one request, counted from outside: perf where the machine permits it, otherwise valgrind.

use crate::in_process::batch_size;
use crate::peers::{App, Peer};
use crate::token::Fixture;
use std::process::Command;

const BATCHES: usize = 12;

/// What counts them.
#[derive(Clone, Copy, PartialEq)]
pub enum Counter {
    Perf,
    Callgrind,
}

impl Counter {
    /// The best one that works here.
    pub fn find() -> Option<Self> {
        let works = |counter: &Self| counter.count(Command::new("true")).is_some();
        [Self::Perf, Self::Callgrind].into_iter().find(works)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Perf => "perf",
            Self::Callgrind => "emulated",
        }
    }

    /// The difference between requests that are handed over and such that are only made.
    pub fn per_request(self, peer: &Peer, fixture: &Fixture) -> Option<u64> {
        if matches!(peer.app, App::External(_)) {
            return None;
        }
        let times = BATCHES * batch_size();
        let [all, made] = ["all", "made"].map(|what| {
            let mut command = Command::new(std::env::current_exe().ok()?);
            let algorithm = format!("{:?}", fixture.algorithm);
            command.args(["work", peer.name, &algorithm, &times.to_string(), what, &fixture.token]);
            self.count(command)
        });
        Some(all?.saturating_sub(made?) / times as u64)
    }

    /// Instructions of a whole program.
    fn count(self, program: Command) -> Option<u64> {
        let mut command = match self {
            Self::Perf => Command::new("perf"),
            Self::Callgrind => Command::new("valgrind"),
        };
        match self {
            Self::Perf => command.args(["stat", "-x", ",", "-e", "instructions:u", "--"]),
            Self::Callgrind => command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]),
        };
        let output = command.arg(program.get_program()).args(program.get_args()).output().ok()?;
        let text = String::from_utf8(output.stderr).ok()?;
        match self {
            Self::Perf => text.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok(),
            Self::Callgrind => text.split_once("Collected : ")?.1.split_whitespace().next()?.parse().ok(),
        }
    }
}
