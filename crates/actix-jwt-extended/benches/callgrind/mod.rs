//! Instructions of this program, started anew with other arguments, as callgrind counts them.

use std::process::Command;
use std::thread;

/// Of one run of some work: the difference of two numbers of runs is free of start-up costs. `arguments`: for so many
/// runs. `None` = there is no valgrind.
pub(crate) fn per_run(runs: [u64; 2], arguments: impl Fn(&str) -> Vec<String>) -> Option<u64> {
    // At the same time: what is counted does not depend on what else runs.
    let [few, many] = thread::scope(|scope| {
        let counting =
            runs.map(|times| arguments(&times.to_string())).map(|arguments| scope.spawn(move || count(&arguments)));
        counting.map(|count| count.join().ok().flatten())
    });
    Some(many?.saturating_sub(few?) / (runs[1] - runs[0]))
}

fn count(arguments: &[String]) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    assert!(output.status.success(), "{arguments:?}: {text}");
    let (_, rest) = text.split_once("Collected : ")?;
    rest.split_whitespace().next()?.parse().ok()
}
