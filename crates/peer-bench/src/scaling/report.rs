//! The tables and plots of the page about scaling.

use super::memory::{self, OfConnections, OfToken};
use super::over_http::{APPS, CONNECTION_COUNTS};
use super::section::{Measured, Section};
use crate::http::{self, Row};
use crate::in_process::Figures;
use crate::machine;
use crate::numbers::{or_dash, thousands};
use crate::page;
use crate::plot::{Colour, Line, lines};
use std::fmt::Write as _;
use std::io::Result;
use std::path::Path;
use std::time::Duration;

/// In the order of the lines.
const COLOURS: [Colour; 4] = [Colour::Ours, Colour::Other, Colour::OtherLanguage, Colour::Further];
/// With fewer connections a server waits for the network now and then.
const ENOUGH_CONNECTIONS: usize = 64;

const THROUGHPUT: &str = "scaling-connections-throughput.svg";
const CPU: &str = "scaling-connections-cpu.svg";

pub struct Report<'a> {
    pub each: Duration,
    pub machine: &'a str,
    /// What the limit on open files permits.
    pub most_connections: usize,
    pub workers: &'a [http::Result],
    pub connections: &'a [http::Result],
    pub sections: &'a [Section<Measured>],
    pub tokens: &'a [OfToken],
    pub memory_connections: &'a [OfConnections],
}

/// The page of the guide that holds it.
pub const PAGE: &str = "scaling.md";

impl Report<'_> {
    pub fn write(&self, folder: &Path) -> Result<()> {
        let throughput = self.connection_plot("Throughput", "/s", |measured| measured.requests_per_second);
        let cpu = self.connection_plot("CPU time of the server for each request", "µs", |measured| measured.cpu);
        let of_sections = self.sections.iter().map(|section| (section.file.to_owned(), section_plot(section)));
        let plots = [(THROUGHPUT.to_owned(), throughput), (CPU.to_owned(), cpu)].into_iter().chain(of_sections);
        page::write(folder, PAGE, &self.markdown(), plots)
    }

    pub fn markdown(&self) -> String {
        let mut text = format!("Taken on {}: {}.\n", machine::date(), self.machine);
        let seconds = self.each.as_secs_f64();
        let _ = writeln!(text, "Over HTTP, {seconds} s for each row, in process {} s.", seconds / 4.0);
        let busy = self.connections.iter().filter(|result| result.row.connections >= ENOUGH_CONNECTIONS);
        text.push_str(&page::caveats(self.each, busy.filter_map(|result| result.outcome.as_ref().ok())));
        self.write_workers(&mut text);
        self.write_connections(&mut text);
        for section in self.sections {
            write_section(&mut text, section);
        }
        self.write_memory(&mut text);
        text
    }

    fn write_workers(&self, text: &mut String) {
        text.push_str("\n## Workers\n\n");
        write_http(text, "workers", self.workers, |row| row.workers);
    }

    fn write_connections(&self, text: &mut String) {
        let _ = writeln!(text, "\n## Connections\n\n![Throughput]({})\n", in_folder(THROUGHPUT));
        let _ = writeln!(text, "![CPU time of the server for each request]({})\n", in_folder(CPU));
        write_http(text, "connections", self.connections, |row| row.connections);
        let skipped = CONNECTION_COUNTS.iter().filter(|count| **count > self.most_connections);
        for count in skipped {
            let _ =
                writeln!(text, "\nThe limit on open files did not permit {} connections.", thousands(*count as f64));
        }
    }

    fn write_memory(&self, text: &mut String) {
        text.push_str("\n## Memory\n\n");
        text.push_str("| remembered token | bytes | without its own text | bytes, once its claims are read |\n");
        text.push_str("| --- | ---: | ---: | ---: |\n");
        for OfToken { size, kept, kept_when_read } in self.tokens {
            let _ = writeln!(
                text,
                "| {size} bytes | {} | {} | {} |",
                thousands(*kept),
                thousands(kept - *size as f64),
                thousands(*kept_when_read)
            );
        }
        text.push_str("\n| bytes for each connection | idle | after one request |\n| --- | ---: | ---: |\n");
        for OfConnections { label, idle, asked } in self.memory_connections {
            let _ = writeln!(text, "| {label} | {} | {} |", thousands(*idle), thousands(*asked));
        }
        let _ = writeln!(
            text,
            "\n{} tokens; {} connections, or as many as the limit on open files permits.",
            thousands(memory::TOKENS as f64),
            thousands(memory::CONNECTIONS as f64),
        );
    }

    fn connection_plot(&self, title: &str, unit: &str, value: fn(&http::Measured) -> f64) -> String {
        let line = |((label, name), colour)| Line {
            label,
            colour,
            points: self
                .connections
                .iter()
                .filter(|result| result.row.peer.name == name)
                .filter_map(|result| Some((result.row.connections as f64, value(result.outcome.as_ref().ok()?))))
                .collect(),
        };
        let all: Vec<Line> =
            APPS.into_iter().zip([Colour::Other, Colour::Ours, Colour::OtherLanguage]).map(line).collect();
        lines(title, "over HTTP, one worker on one core", "connections", unit, &all)
    }
}

fn write_http(text: &mut String, quantity: &str, results: &[http::Result], value: fn(&Row) -> usize) {
    let _ = writeln!(text, "| {quantity} | | requests/s | ÷ unprotected | p50 | p99 | CPU per request |");
    text.push_str("| ---: | --- | ---: | ---: | ---: | ---: | ---: |\n");
    for http::Result { row, outcome } in results {
        let label = APPS.iter().find(|(_, name)| *name == row.peer.name).map_or("", |(label, _)| label);
        let cells = match outcome {
            Err(why) => format!("{why} | | | |"),
            Ok(measured) => format!(
                "{} | {} | {:.0} µs | {:.0} µs | {:.2} µs",
                thousands(measured.requests_per_second),
                or_dash(measured.ratio, |ratio| format!("{ratio:.3}")),
                measured.p50,
                measured.p99,
                measured.cpu,
            ),
        };
        let _ = writeln!(text, "| {} | {label} | {cells} |", thousands(value(row) as f64));
    }
}

fn write_section(text: &mut String, section: &Section<Measured>) {
    let _ = writeln!(text, "\n## {}\n\n![{}]({})\n", section.heading, title(section), in_folder(section.file));
    let _ = write!(text, "| {} |", section.quantity);
    for label in section.open {
        let _ = write!(text, " {label} |");
    }
    for (label, _) in section.series {
        let _ = write!(text, " {label} | allocations |");
    }
    let columns = section.open.len() + 2 * section.series.len();
    let _ = writeln!(text, "\n| ---: |{}", " ---: |".repeat(columns));
    for Measured { value, open, protected } in &section.points {
        let _ = write!(text, "| {} |", thousands(*value as f64));
        for figures in open {
            let _ = write!(text, " {} ns |", thousands(figures.nanoseconds));
        }
        for figures in protected {
            let _ = write!(text, " {} |", figures.as_ref().map_or_else(|| "– | –".to_owned(), cells));
        }
        text.push('\n');
    }
}

/// What protection adds: time and allocations.
fn cells(figures: &Figures) -> String {
    let allocations = figures.allocations_added.unwrap_or_default();
    format!("+{} ns | +{allocations}", thousands(figures.added))
}

fn section_plot(section: &Section<Measured>) -> String {
    let line = |(at, (label, _)): (usize, &(&'static str, usize))| Line {
        label,
        colour: COLOURS[at % COLOURS.len()],
        points: section
            .points
            .iter()
            .filter_map(|point| Some((point.value as f64, point.protected[at].as_ref()?.added)))
            .collect(),
    };
    let all: Vec<Line> = section.series.iter().enumerate().map(line).collect();
    lines(&title(section), "in process, without the network; lower is better", section.quantity, "ns", &all)
}

fn title(section: &Section<Measured>) -> String {
    format!("{}: what protection adds to a request", section.heading)
}

fn in_folder(file: &str) -> String {
    format!("plots/{file}")
}
