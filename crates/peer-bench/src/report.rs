//! The tables and plots of the page.

use crate::http::{self, Measured};
use crate::in_process;
use crate::instructions::Counter;
use crate::machine;
use crate::numbers::{or_dash, thousands};
use crate::options::Options;
use crate::page;
use crate::peers::{self, App, Peer};
use crate::plot::{self, Bar, Colour};
use jsonwebtoken::Algorithm;
use std::fmt::Write as _;
use std::io::Result;
use std::path::Path;

pub struct Report<'a> {
    pub options: &'a Options,
    pub machine: &'a str,
    pub counter: Option<Counter>,
    pub algorithms: &'a [OfAlgorithm],
    /// The versions of Python and Node, or why they are missing.
    pub runtimes: [&'a std::result::Result<String, String>; 2],
}

pub struct OfAlgorithm {
    pub algorithm: Algorithm,
    pub in_process: Vec<InProcess>,
    /// What failed its checks in process, and how.
    pub refused: Vec<(&'static Peer, String)>,
    pub http: Vec<http::Result>,
}

pub struct InProcess {
    pub result: in_process::Result,
    pub instructions: Option<u64>,
}

/// The page of the guide that holds it.
pub const PAGE: &str = "peers.md";

impl Report<'_> {
    /// Into the page, and the plots into a folder beside it.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let plots = self
            .algorithms
            .iter()
            .flat_map(|of| [(of.throughput_file(), of.throughput_plot()), (of.added_file(), of.added_plot())]);
        page::write(folder, PAGE, &self.markdown(), plots)
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("Taken on {}: {}.", machine::date(), self.machine);
        let found: Vec<&str> = self.runtimes.iter().filter_map(|runtime| runtime.as_deref().ok()).collect();
        if !found.is_empty() {
            let _ = write!(text, " {}.", found.join(", "));
        }
        let seconds = self.options.each.as_secs_f64();
        let _ = writeln!(text, "\nOver HTTP, {seconds} s for each row, in process {} s.", seconds / 4.0);
        let _ = writeln!(text, "{}", self.about_instructions());
        let rows = self.algorithms.iter().flat_map(|of| &of.http).filter_map(|row| row.outcome.as_ref().ok());
        text.push_str(&page::caveats(self.options.each, rows));
        for of in self.algorithms {
            let _ = writeln!(text, "\n## {:?}\n", of.algorithm);
            self.write_http(&mut text, of);
            self.write_in_process(&mut text, of);
        }
        self.write_peers(&mut text);
        text
    }

    fn about_instructions(&self) -> &'static str {
        match self.counter {
            Some(Counter::Perf) => "Instructions are those in user space that perf has counted.",
            Some(Counter::Callgrind) => {
                "Instructions are those that valgrind has counted while it emulated a CPU without SHA and AVX-512 \
                 extensions: they show the work of parsing and routing well, but hashing looks some ten times as \
                 costly as it is."
            }
            None => "Instructions are not counted: neither perf nor valgrind works here.",
        }
    }

    fn write_http(&self, text: &mut String, of: &OfAlgorithm) {
        let _ = writeln!(text, "![Throughput, {:?}](plots/{})\n", of.algorithm, of.throughput_file());
        text.push_str("| over HTTP | requests/s | ÷ unprotected | p50 | p99 | CPU per request | core in use |\n");
        text.push_str("| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
        for peer in &self.options.peers {
            let cells =
                match of.http.iter().find(|result| result.row.peer.name == peer.name).map(|result| &result.outcome) {
                    None => "not supported | | | | |".to_owned(),
                    Some(Err(why)) => format!("{why} | | | | |"),
                    Some(Ok(measured)) => format!(
                        "{} | {} | {:.0} µs | {:.0} µs | {:.2} µs | {:.0} % |",
                        thousands(measured.requests_per_second),
                        or_dash(measured.ratio, |ratio| format!("{ratio:.3}")),
                        measured.p50,
                        measured.p99,
                        measured.cpu,
                        measured.busy * 100.0,
                    ),
                };
            let _ = writeln!(text, "| {} | {cells}", name(peer));
        }
        text.push('\n');
    }

    fn write_in_process(&self, text: &mut String, of: &OfAlgorithm) {
        if !self.options.peers.iter().any(|peer| is_in_process(peer)) {
            return;
        }
        let _ = writeln!(text, "![Time added, {:?}](plots/{})\n", of.algorithm, of.added_file());
        let (head, line) = match self.counter {
            Some(counter) => (format!(" instructions ({}) |", counter.name()), " ---: |"),
            None => (String::new(), ""),
        };
        let _ = writeln!(text, "| in process | time | added | × unprotected | allocations |{head}");
        let _ = writeln!(text, "| --- | ---: | ---: | ---: | ---: |{line}");
        for peer in self.options.peers.iter().filter(|peer| is_in_process(peer)) {
            let measured = of.in_process.iter().find(|in_process| in_process.result.peer.name == peer.name);
            let refused = of.refused.iter().find(|(refused, _)| refused.name == peer.name);
            let cells = match (measured, refused) {
                (None, None) => "not supported | | | |".to_owned(),
                (None, Some((_, why))) => format!("{why} | | | |"),
                (Some(InProcess { result: in_process::Result { figures, .. }, .. }), _) => {
                    let added = or_dash(figures.added, |added| format!("{} ns", thousands(added)));
                    let ratio = or_dash(figures.ratio, |ratio| format!("{ratio:.2}"));
                    format!("{} ns | {added} | {ratio} | {} |", thousands(figures.nanoseconds), figures.allocations)
                }
            };
            let _ = write!(text, "| {} | {cells}", name(peer));
            if self.counter.is_some() {
                let instructions = measured.and_then(|in_process| in_process.instructions);
                let _ = write!(text, " {} |", instructions.map(|n| thousands(n as f64)).unwrap_or_default());
            }
            text.push('\n');
        }
    }

    /// What each row is, and how it answers what it must refuse.
    fn write_peers(&self, text: &mut String) {
        text.push_str("\n## The rows\n\n");
        text.push_str("| row | versions | no token | tampered | expired |\n| --- | --- | --- | --- | --- |\n");
        for peer in &self.options.peers {
            let made_of: Vec<String> = peer.made_of.iter().map(|package| with_version(package)).collect();
            let verdict = self.algorithms.iter().flat_map(|of| &of.http).find_map(|result| match &result.outcome {
                Ok(Measured { verdict, .. }) if result.row.peer.name == peer.name => Some(verdict),
                _ => None,
            });
            let cells = match verdict {
                Some(verdict) if peer.base.is_some() => {
                    let expired = match verdict.expired {
                        200 => "**accepted**".to_owned(),
                        status => status.to_string(),
                    };
                    format!("{} | {} | {expired}", verdict.without, verdict.tampered)
                }
                _ => "– | – | –".to_owned(),
            };
            let _ = writeln!(text, "| {} | {} | {cells} |", name(peer), made_of.join(", "));
        }
        text.push_str("\nHow each is set up:\n\n");
        for peer in &self.options.peers {
            let _ = writeln!(text, "- {}: {}", name(peer), peer.set_up);
        }
    }
}

impl OfAlgorithm {
    fn throughput_file(&self) -> String {
        format!("throughput-{}.svg", format!("{:?}", self.algorithm).to_lowercase())
    }

    fn added_file(&self) -> String {
        format!("added-{}.svg", format!("{:?}", self.algorithm).to_lowercase())
    }

    fn throughput_plot(&self) -> String {
        let bars: Vec<Bar> = self
            .http
            .iter()
            .filter_map(|result| Some((result.row.peer, result.outcome.as_ref().ok()?)))
            .filter(|(_, measured)| measured.ratio.is_finite())
            .map(|(peer, measured)| {
                let text = format!("{:.2}  ({}/s)", measured.ratio, thousands(measured.requests_per_second));
                bar(peer, measured.ratio, text)
            })
            .collect();
        let title = format!("Throughput that is left, {:?}", self.algorithm);
        let subtitle = "protected ÷ unprotected, each with its own framework; higher is better; the line is 1";
        plot::bars(&title, subtitle, &bars, 1.0, true)
    }

    fn added_plot(&self) -> String {
        let protected = || {
            let results = self.in_process.iter().map(|one| &one.result);
            results.filter_map(|result| Some((result.peer, &result.figures, result.figures.allocations_added?)))
        };
        let longest = protected().map(|(_, figures, _)| figures.added).fold(1.0, f64::max);
        let bars: Vec<Bar> = protected()
            .map(|(peer, figures, allocations)| {
                let text = format!("{} ns, {allocations} allocations", thousands(figures.added));
                bar(peer, figures.added, text)
            })
            .collect();
        let title = format!("What protection adds to a request, {:?}", self.algorithm);
        plot::bars(&title, "in process, without the network; lower is better", &bars, longest, false)
    }
}

fn bar(peer: &Peer, value: f64, text: String) -> Bar {
    let colour = match peer.app {
        _ if is_ours(peer) => Colour::Ours,
        App::External(_) => Colour::OtherLanguage,
        _ => Colour::Other,
    };
    Bar { label: peer.name.to_owned(), value, text, colour }
}

fn name(peer: &Peer) -> String {
    match peer.name {
        ours if is_ours(peer) => format!("**{ours}**"),
        base if peer.base.is_none() => format!("*{base}, no protection*"),
        other => other.to_owned(),
    }
}

fn is_ours(peer: &Peer) -> bool {
    peer.name.starts_with("actix-jwt-extended")
}

fn is_in_process(peer: &Peer) -> bool {
    !matches!(peer.app, App::External(_))
}

/// A crate's version from the lock file, a package's from what is asked for. "name 8" is the one that begins so.
fn with_version(package: &str) -> String {
    const LOCK: &str = include_str!("../Cargo.lock");
    let (name, begin) = package.split_once(' ').unwrap_or((package, ""));
    let before = format!("\nname = \"{name}\"\nversion = \"");
    let locked = || LOCK.split(&before).skip(1).find(|rest| rest.starts_with(begin))?.split('"').next();
    let version = peers::external_version(name).or_else(|| locked().map(str::to_owned));
    version.map_or_else(|| package.to_owned(), |version| format!("{name} {version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_its_versions() {
        for package in peers::PEERS.iter().flat_map(|peer| peer.made_of) {
            assert!(with_version(package).contains(|c: char| c.is_ascii_digit()), "{package}");
        }
        assert!(with_version("jsonwebtoken 9").starts_with("jsonwebtoken 9."));
    }
}
