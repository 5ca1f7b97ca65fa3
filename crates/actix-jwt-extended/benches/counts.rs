//! `cargo bench --bench counts`: allocations and instructions, which do not depend on what else the machine does.
//!
//! Instructions are counted twice: by callgrind, and by single steps. Callgrind emulates a CPU without SHA
//! extensions, so its counts for HMAC are some ten times too high; it is quick, and good for comparing a
//! commit with the one before. Single steps are what the CPU really executes.
//!
//! With `-- --check` our own rows are compared with those in `counts.txt`: a hot path that got slower fails
//! the build. `-- --write` writes that file anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]

mod common;

use actix_web::http::StatusCode;
use common::{FAMILIES, Keys};
use std::io::Read as _;
use std::process::{Command, ExitCode};

/// How often the work is repeated: the difference of two runs is free of start-up costs.
const RUNS: [u64; 2] = [100, 600];
/// A step takes some ten microseconds, or many more; so only HMAC and requests are stepped through.
const STEPPED_RUNS: [u64; 2] = [2, 6];

/// What the check measures: the paths that every request takes.
const GUARDED: [&str; 9] = [
    "HS256 verify",
    "HS256 cached",
    "HS256 issue",
    "request open",
    "request protected",
    "request protected cached",
    "request protected cached with a store",
    "request without a token",
    "request with garbage",
];
/// By how much a count may exceed the recorded one, in percent; and what protection adds to a request, of which the
/// request itself is the most; and a count by another compiler or valgrind.
const TOLERANCE: u64 = 3;
const TOLERANCE_ADDED: u64 = 10;
const TOLERANCE_ELSEWHERE: u64 = 25;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => print_all(),
        ["--check"] => return check(),
        ["--write"] => std::fs::write(RECORD, record()).unwrap(),
        ["work", work, times] => perform(work, times.parse().unwrap(), |run| run()),
        ["work when told", work, times] => {
            let mut told = false;
            perform(work, times.parse().unwrap(), |run| {
                if !std::mem::replace(&mut told, true) {
                    println!("ready");
                    // Until whoever wants to watch has taken hold of this process.
                    std::io::stdin().read_exact(&mut [0]).unwrap();
                }
                run();
            });
        }
        _ => panic!("neither --check nor --write: {arguments:?}"),
    }
    ExitCode::SUCCESS
}

fn print_all() {
    println!("{:<36} {:>12} {:>14} {:>14}", "work", "allocations", "instructions", "callgrind");
    for work in all_work() {
        let shown = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        let is_short = work.starts_with("HS256") || work.starts_with("request");
        let stepped = is_short.then(|| per_run(&work, STEPPED_RUNS, stepped)).flatten();
        let emulated = per_run(&work, RUNS, emulated);
        println!("{work:<36} {:>12} {:>14} {:>14}", allocations(&work), shown(stepped), shown(emulated));
    }
}

fn all_work() -> Vec<String> {
    let tokens = FAMILIES.iter().flat_map(|algorithm| {
        ["verify", "cached", "verify jsonwebtoken", "issue", "issue jsonwebtoken"]
            .map(|what| format!("{algorithm:?} {what}"))
    });
    let requests = GUARDED.iter().filter(|work| work.starts_with("request")).map(|work| (*work).to_owned());
    tokens.chain(requests).collect()
}

/// Does the named work, `times` times, each through `round`.
fn perform(work: &str, times: u64, mut round: impl FnMut(&mut dyn FnMut())) {
    if let Some(what) = work.strip_prefix("request ") {
        let keys = Keys::new(FAMILIES[0]);
        let (token, status) = match what {
            "with garbage" => (Some("x.y.z"), StatusCode::UNPROCESSABLE_ENTITY),
            "without a token" => (None, StatusCode::UNAUTHORIZED),
            _ => (Some(&*keys.token), StatusCode::OK),
        };
        let jwt = match what {
            "open" => None,
            "protected cached" => Some(&keys.caching),
            "protected cached with a store" => Some(&keys.storing),
            _ => Some(&keys.ours),
        };
        return actix_web::rt::System::new().block_on(async {
            let app = common::app(jwt).await;
            for _ in 0..times {
                // The request is made outside the round: a server has it already.
                let mut request = Some(common::request(token));
                round(&mut || common::call(&app, request.take().unwrap(), status));
            }
        });
    }
    let (algorithm, what) = work.split_once(' ').unwrap();
    let keys = Keys::new(algorithm.parse().unwrap());
    for _ in 0..times {
        round(&mut || match what {
            "verify" => keys.verify(),
            "cached" => keys.verify_cached(),
            "verify jsonwebtoken" => keys.verify_theirs(),
            "issue" => keys.issue(),
            _ => keys.issue_theirs(),
        });
    }
}

fn allocations(work: &str) -> u64 {
    let mut last = 0;
    // The first rounds fill what is filled once.
    perform(work, 10, |run| last = allocation_counter::measure(&mut *run).count_total);
    last
}

fn per_run(work: &str, runs: [u64; 2], count: fn(&str, u64) -> Option<u64>) -> Option<u64> {
    let [few, many] = runs.map(|times| count(work, times));
    Some(many?.saturating_sub(few?) / (runs[1] - runs[0]))
}

fn emulated(work: &str, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args(["work", work, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    assert!(output.status.success(), "{work}: {text}");
    let (_, rest) = text.split_once("Collected : ")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Has the kernel stop the process after each instruction.
#[cfg(target_os = "linux")]
fn stepped(work: &str, times: u64) -> Option<u64> {
    use nix::sys::ptrace;
    use nix::sys::wait::{WaitStatus, waitpid};
    use nix::unistd::Pid;
    use std::io::Write as _;
    use std::process::Stdio;

    let mut child = Command::new(std::env::current_exe().ok()?)
        .args(["work when told", work, &times.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdout.as_mut()?.read_exact(&mut [0; b"ready\n".len()]).ok()?;
    let pid = Pid::from_raw(child.id().try_into().ok()?);
    if ptrace::attach(pid).is_err() || waitpid(pid, None).is_err() {
        // Not allowed here.
        child.kill().and_then(|()| child.wait()).ok()?;
        return None;
    }
    child.stdin.take()?.write_all(b"x").ok()?;
    let mut steps = 0;
    let mut signal = None;
    loop {
        ptrace::step(pid, signal).ok()?;
        steps += 1;
        signal = match waitpid(pid, None).ok()? {
            WaitStatus::Stopped(_, nix::sys::signal::Signal::SIGTRAP) => None,
            WaitStatus::Stopped(_, other) => Some(other),
            _ => return Some(steps),
        };
    }
}

#[cfg(not(target_os = "linux"))]
fn stepped(_: &str, _: u64) -> Option<u64> {
    None
}

const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/counts.txt");

/// The guarded counts, and with what they were taken.
fn record() -> String {
    let mut text = format!("{}\n", tools());
    for work in GUARDED {
        let instructions = per_run(work, RUNS, emulated).unwrap_or_else(|| panic!("valgrind is needed"));
        text += &format!("{work}: {} allocations, {instructions} instructions\n", allocations(work));
    }
    text
}

/// Another compiler makes other code, and another valgrind has another CPU.
fn tools() -> String {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").output().ok()?;
        Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
    };
    [version("rustc"), version("valgrind")].map(|version| version.unwrap_or_default()).join(", ")
}

fn check() -> ExitCode {
    let recorded = std::fs::read_to_string(RECORD).unwrap();
    let (taken_with, rows) = recorded.split_once('\n').unwrap();
    let same_tools = taken_with == tools();
    if !same_tools {
        println!("counts.txt was taken with {taken_with}; here is {}: instructions are compared roughly", tools());
    }
    let percent = |usual| 100 + if same_tools { usual } else { TOLERANCE_ELSEWHERE };
    let mut open = None;
    let mut code = ExitCode::SUCCESS;
    assert_eq!(rows.lines().count(), GUARDED.len(), "counts.txt is not of this program");
    for (work, row) in GUARDED.iter().zip(rows.lines()) {
        let numbers: Vec<u64> = row.rsplit(": ").next().unwrap().split(' ').filter_map(|n| n.parse().ok()).collect();
        let mut compare = |what: &str, now: u64, then: u64, most: u64| {
            println!("{work}: {now} {what}, {then} recorded");
            if now > most {
                println!("FAILED: at most {most}; if that is what you want, `cargo bench --bench counts -- --write`");
                code = ExitCode::FAILURE;
            }
        };
        compare("allocations", allocations(work), numbers[0], numbers[0]);
        let Some(now) = per_run(work, RUNS, emulated) else { continue };
        assert!(now > 0, "{work}: nothing was counted");
        let then = numbers[1];
        compare("instructions", now, then, then * percent(TOLERANCE) / 100);
        match open {
            _ if *work == "request open" => open = Some((now, then)),
            Some((open_now, open_then)) => {
                let (now, then) = (now.saturating_sub(open_now), then.saturating_sub(open_then));
                compare("instructions added", now, then, then * percent(TOLERANCE_ADDED) / 100 + 50);
            }
            None => {}
        }
    }
    code
}
