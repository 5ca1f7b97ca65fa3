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

/// Whether the results can be written here; before the work that they take.
pub fn check(folder: &Path, name: &str) -> Result<()> {
    let page = folder.join(name);
    around(&page, &read(&page)?)?;
    let file = std::fs::OpenOptions::new().append(true).open(&page);
    file.map(drop).map_err(|error| named(&page, error))
}

/// Replaces what the page has between its markers. `plots`: files and what is in them.
pub fn write(
    folder: &Path,
    name: &str,
    markdown: &str,
    plots: impl IntoIterator<Item = (String, String)>,
) -> Result<()> {
    let page = folder.join(name);
    let text = read(&page)?;
    let (before, after) = around(&page, &text)?;
    let folder = folder.join("plots");
    std::fs::create_dir_all(&folder).map_err(|error| named(&folder, error))?;
    for (file, svg) in plots {
        let file = folder.join(file);
        std::fs::write(&file, svg).map_err(|error| named(&file, error))?;
    }
    std::fs::write(&page, format!("{before}{BEGIN}\n\n{markdown}\n{END}{after}")).map_err(|error| named(&page, error))
}

fn read(page: &Path) -> Result<String> {
    std::fs::read_to_string(page).map_err(|error| named(page, error))
}

/// What the page has before and after its markers.
fn around<'a>(page: &Path, text: &'a str) -> Result<(&'a str, &'a str)> {
    let without = |marker| Error::other(format!("{} has no {marker}", page.display()));
    let (before, rest) = text.split_once(BEGIN).ok_or_else(|| without(BEGIN))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| without(END))?;
    Ok((before, after))
}

fn named(path: &Path, error: Error) -> Error {
    Error::new(error.kind(), format!("{}: {error}", path.display()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_told_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let told = |folder: &Path| check(folder, "peers.md").unwrap_err().to_string();
        let missing = folder.path().join("nowhere");
        assert!(told(&missing).starts_with(&*missing.join("peers.md").to_string_lossy()), "{}", told(&missing));
        let page = folder.path().join("peers.md");
        std::fs::write(&page, "a page of something else").unwrap();
        assert_eq!(told(folder.path()), format!("{} has no {BEGIN}", page.display()));
        std::fs::write(&page, format!("before{BEGIN}{END}after")).unwrap();
        check(folder.path(), "peers.md").unwrap();
        write(folder.path(), "peers.md", "figures", []).unwrap();
        assert_eq!(std::fs::read_to_string(page).unwrap(), format!("before{BEGIN}\n\nfigures\n{END}after"));
    }
}
