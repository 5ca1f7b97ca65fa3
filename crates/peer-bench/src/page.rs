//! A page of the guide: what stands between its markers, and the plots beside it.

use crate::http::Measured;
use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::Path;
use std::time::Duration;

const BEGIN: &str = "<!-- peer-bench: begin -->";
const END: &str = "<!-- peer-bench: end -->";

/// For figures that are worth comparing.
const ENOUGH: Duration = Duration::from_secs(5);
/// The share of its core that a server has when nothing else runs.
const UNDISTURBED: f64 = 0.9;

/// Replaces what the page has between its markers. `plots`: files and what is in them.
pub fn write(
    folder: &Path,
    name: &str,
    markdown: &str,
    plots: impl IntoIterator<Item = (String, String)>,
) -> Result<()> {
    let page = folder.join(name);
    let text = std::fs::read_to_string(&page)?;
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| Error::other(format!("{name} has no marker")))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| Error::other(format!("{name} has no second marker")))?;
    let folder = folder.join("plots");
    std::fs::create_dir_all(&folder)?;
    for (file, svg) in plots {
        std::fs::write(folder.join(file), svg)?;
    }
    std::fs::write(page, format!("{before}{BEGIN}\n\n{markdown}\n{END}{after}"))
}

/// What makes these figures rough, if anything does. `rows`: those in which the server should have all of its core.
pub fn caveats<'a>(each: Duration, rows: impl IntoIterator<Item = &'a Measured>) -> String {
    let mut caveats = String::new();
    if each < ENOUGH {
        caveats.push_str("\n**A quick run: these figures are rough.**\n");
    }
    let (disturbed, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|measured| measured.busy < UNDISTURBED);
    if !disturbed.is_empty() {
        let _ = writeln!(
            caveats,
            "\n**Something else used the machine: in {} of {} rows over HTTP the server had less than {} % of its \
             core.**",
            disturbed.len(),
            disturbed.len() + others.len(),
            UNDISTURBED * 100.0,
        );
    }
    caveats
}
