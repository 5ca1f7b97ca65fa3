//! `cargo bench -p hot-path --bench counts`: allocations and instructions, which do not depend on what else the machine
//! does.
//!
//! Instructions are counted twice: by callgrind, and by single steps. Callgrind emulates a CPU without SHA
//! extensions, so its counts for HMAC are some ten times too high; it is quick, and good for comparing a
//! commit with the one before. Single steps are what the CPU really executes.
//!
//! All of it is for reading. CI leaves jsonwebtoken out (`--no-default-features`), which it does not look at.
//!
//! With `-- --check` our own rows are compared with those in `counts.txt`: a hot path that got slower fails
//! the build. `-- --write` writes that file anew.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::indexing_slicing)]

#[path = "../../actix-jwt-extended/benches/callgrind/mod.rs"]
mod callgrind;
mod common;
#[cfg(feature = "jsonwebtoken")]
#[path = "common/theirs.rs"]
mod theirs;

use actix_jwt_extended::jwt_required;
use actix_web::http::StatusCode;
use common::{FAMILIES, Keys};
use std::io::Read as _;
use std::process::{Command, ExitCode};
use std::sync::OnceLock;
use std::time::Duration;

/// How often the work is repeated: the difference of two runs is free of start-up costs.
const RUNS: [u64; 2] = [100, 600];
/// Of what takes so little that the start of two processes, whose keys make random numbers, differs by more.
const RUNS_OF_LITTLE: [u64; 2] = [1_000, 41_000];
/// A step takes some ten microseconds, or many more; so only HMAC and requests are stepped through.
const STEPPED_RUNS: [u64; 2] = [2, 6];

/// What the check measures: the paths that every request takes.
const GUARDED: [&str; 12] = [
    "HS256 verify",
    "HS256 verify with a key ID",
    "HS256 cached",
    "HS256 issue",
    "request open",
    "request protected",
    "request protected cached",
    "request protected cached with a store",
    "request protected cached by role",
    "request protected cached in a cookie",
    "request without a token",
    "request with garbage",
];
/// What the CPU may execute at most, and how many allocations it may take: these are the project's promises.
const LIMITS: [(&str, u64, u64); 2] = [("HS256 verify", 9_500, 2), ("HS256 cached", 700, 0)];
/// What it takes to make a request, which is no part of the work.
const MAKING: &str = "request made";
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
        ["--write"] => std::fs::write(RECORD, record()).unwrap_or_else(|error| panic!("{RECORD}: {error}")),
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
        let stepped = is_short.then(|| real_instructions(&work)).flatten();
        let emulated = instructions(&work);
        println!("{work:<36} {:>12} {:>14} {:>14}", allocations(&work), shown(stepped), shown(emulated));
    }
}

fn all_work() -> Vec<String> {
    let built_in = if cfg!(feature = "jsonwebtoken") { FAMILIES.len() } else { 1 };
    let tokens = FAMILIES.iter().take(built_in).flat_map(|algorithm| {
        ["verify", "cached", "verify jsonwebtoken", "issue", "issue jsonwebtoken"]
            .map(|what| format!("{algorithm:?} {what}"))
    });
    let all: Vec<String> =
        tokens.filter(|work| cfg!(feature = "jsonwebtoken") || !work.ends_with("jsonwebtoken")).collect();
    let others = GUARDED.map(str::to_owned).into_iter().filter(|work| !all.contains(work)).collect();
    [all, others].concat()
}

/// Does the named work, `times` times, each through `round`.
fn perform(work: &str, times: u64, mut round: impl FnMut(&mut dyn FnMut())) {
    // A token that is younger than the kernel's last tick, and of a new second, is judged twice.
    let let_the_clock_tick = || std::thread::sleep(Duration::from_millis(20));
    if let Some(what) = work.strip_prefix("request ") {
        let keys = Keys::new(FAMILIES[0]);
        let (in_cookies, cookie) = common::in_cookies();
        // Where it is wanted only: it is full, which takes a while to make.
        let storing = (what == "protected cached with a store").then(common::with_a_store);
        let bearer = |token: &str| ("Authorization", format!("Bearer {token}"));
        let header = match what {
            "with garbage" => bearer("x.y.z"),
            "without a token" => ("Accept-Language", "en".to_owned()),
            "protected cached by role" => {
                bearer(&keys.caching.access_token("ada").claim("roles", ["editor"]).encode().unwrap())
            }
            "protected cached in a cookie" => ("Cookie", format!("theme=dark; access_token_cookie={cookie}")),
            _ => bearer(&keys.token),
        };
        let status = match what {
            "with garbage" => StatusCode::UNPROCESSABLE_ENTITY,
            "without a token" => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        };
        let jwt = match what {
            "open" => None,
            "protected cached" | "protected cached by role" => Some(&keys.caching),
            "protected cached with a store" => storing.as_ref(),
            "protected cached in a cookie" => Some(&in_cookies),
            _ => Some(&keys.ours),
        };
        let demand =
            if what == "protected cached by role" { jwt_required().any_role(["editor"]) } else { jwt_required() };
        let_the_clock_tick();
        return actix_web::rt::System::new().block_on(async {
            let app = common::app_demanding(demand, jwt).await;
            for _ in 0..times {
                // The request is made outside the round: a server has it already.
                let mut request = Some(common::request_with((header.0, &header.1)));
                round(&mut || match what {
                    "made" => drop(request.take()),
                    _ => common::call(&app, request.take().unwrap(), status),
                });
            }
        });
    }
    let (algorithm, what) = work.split_once(' ').unwrap();
    let keys = Keys::new(algorithm.parse().unwrap());
    #[cfg(feature = "jsonwebtoken")]
    let theirs = theirs::Theirs::new(&keys);
    let (jwt, named) = common::with_key_id();
    let_the_clock_tick();
    for _ in 0..times {
        round(&mut || match what {
            "verify" => keys.verify(),
            "verify with a key ID" => drop(std::hint::black_box(jwt.decode_token(&named).unwrap())),
            "cached" => keys.verify_cached(),
            "issue" => keys.issue(),
            #[cfg(feature = "jsonwebtoken")]
            "verify jsonwebtoken" => theirs.verify(),
            #[cfg(feature = "jsonwebtoken")]
            "issue jsonwebtoken" => theirs.issue(),
            _ => panic!("{what:?}: no such work"),
        });
    }
}

fn allocations(work: &str) -> u64 {
    let mut last = 0;
    // The first rounds fill what is filled once.
    perform(work, 10, |run| last = allocation_counter::measure(&mut *run).count_total);
    last
}

/// By callgrind; of a request, without making it.
fn instructions(work: &str) -> Option<u64> {
    static OF_MAKING: OnceLock<Option<u64>> = OnceLock::new();
    let making = || *OF_MAKING.get_or_init(|| emulated_per_run(MAKING, RUNS));
    let runs = if work.ends_with("256 cached") { RUNS_OF_LITTLE } else { RUNS };
    without_making(work, emulated_per_run(work, runs)?, making)
}

/// By single steps, likewise.
fn real_instructions(work: &str) -> Option<u64> {
    static OF_MAKING: OnceLock<Option<u64>> = OnceLock::new();
    let making = || *OF_MAKING.get_or_init(|| stepped_per_run(MAKING));
    without_making(work, stepped_per_run(work)?, making)
}

fn without_making(work: &str, count: u64, making: impl FnOnce() -> Option<u64>) -> Option<u64> {
    let making = if work.starts_with("request") { making()? } else { 0 };
    Some(count.saturating_sub(making))
}

fn emulated_per_run(work: &str, runs: [u64; 2]) -> Option<u64> {
    callgrind::per_run(runs, |times| ["work", work, times].map(str::to_owned).to_vec())
}

fn stepped_per_run(work: &str) -> Option<u64> {
    let [few, many] = STEPPED_RUNS.map(|times| stepped(work, times));
    Some(many?.saturating_sub(few?) / (STEPPED_RUNS[1] - STEPPED_RUNS[0]))
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
        let instructions = instructions(work).unwrap_or_else(|| panic!("valgrind is needed"));
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
    let recorded = std::fs::read_to_string(RECORD).unwrap_or_else(|error| panic!("{RECORD}: {error}"));
    let (taken_with, rows) = recorded.split_once('\n').unwrap();
    let same_tools = taken_with == tools();
    if !same_tools {
        println!("counts.txt was taken with {taken_with}; here is {}: instructions are compared roughly", tools());
    }
    let percent = |usual| 100 + if same_tools { usual } else { TOLERANCE_ELSEWHERE };
    let mut open = None;
    let mut counted = Vec::new();
    let mut code = ExitCode::SUCCESS;
    assert_eq!(rows.lines().count(), GUARDED.len(), "counts.txt is not of this program");
    for (work, row) in GUARDED.iter().zip(rows.lines()) {
        let numbers: Vec<u64> = row.rsplit(": ").next().unwrap().split(' ').filter_map(|n| n.parse().ok()).collect();
        let mut compare = |what: &str, now: u64, then: u64, most: u64| {
            println!("{work}: {now} {what}, {then} recorded");
            if now > most {
                println!(
                    "FAILED: at most {most}; if that is what you want, `cargo bench -p hot-path --no-default-features --bench counts -- --write`"
                );
                code = ExitCode::FAILURE;
            }
        };
        compare("allocations", allocations(work), numbers[0], numbers[0]);
        let Some(now) = instructions(work) else { continue };
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
        counted.push((*work, now));
    }
    keep_promises(&counted).unwrap_or_else(|broken| {
        println!("FAILED: {broken}");
        code = ExitCode::FAILURE;
    });
    code
}

/// What holds whatever was recorded.
fn keep_promises(counted: &[(&str, u64)]) -> Result<(), String> {
    for (work, most, most_allocations) in LIMITS {
        let allocations = allocations(work);
        let real = real_instructions(work);
        let shown = real.map_or("not counted here".to_owned(), |real| real.to_string());
        println!(
            "{work}: {shown} real instructions, at most {most}; {allocations} allocations, at most {most_allocations}"
        );
        if allocations > most_allocations || real.is_some_and(|real| real > most) {
            return Err(format!("{work} takes more"));
        }
    }
    let of = |wanted: &str| counted.iter().find(|(work, _)| *work == wanted).map(|(_, count)| *count);
    if let (Some(refused), Some(verified)) = (of("request without a token"), of("request protected"))
        && refused >= verified
    {
        return Err(format!("a request without a token takes {refused} instructions, a verified one {verified}"));
    }
    Ok(())
}
