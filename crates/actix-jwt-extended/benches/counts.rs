//! `cargo bench --bench counts`: allocations, and instructions where valgrind or perf is installed.
//!
//! Counts do not depend on what else the machine does. Valgrind emulates a CPU without SHA
//! extensions: its counts for HMAC are some ten times too high, good for regressions only.
//! perf counts what the CPU really did, where the machine lets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod common;

use actix_web::http::StatusCode;
use common::{FAMILIES, Keys};
use std::process::Command;

/// How often the work is repeated: the difference of two runs is free of start-up costs.
const RUNS: [u64; 2] = [200, 1_200];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [work, times] = arguments.as_slice() {
        return perform(work, times.parse().unwrap(), |run| run());
    }
    println!("{:<36} {:>12} {:>18} {:>18}", "work", "allocations", "instructions: perf", "callgrind");
    for work in all_work() {
        let mut allocations = 0;
        // The first rounds fill what is filled once.
        let mut rounds = 0;
        perform(&work, 10, |run| {
            allocations = allocation_counter::measure(&mut *run).count_total;
            rounds += 1;
        });
        assert_eq!(rounds, 10);
        let [perf, callgrind] = [with_perf, with_callgrind].map(|measure| per_run(&work, measure));
        println!("{work:<36} {allocations:>12} {perf:>18} {callgrind:>18}");
    }
}

fn all_work() -> Vec<String> {
    let tokens = FAMILIES.iter().flat_map(|algorithm| {
        ["verify", "cached", "verify jsonwebtoken", "issue", "issue jsonwebtoken"]
            .map(|what| format!("{algorithm:?} {what}"))
    });
    let requests = [
        "request open",
        "request protected",
        "request protected cached",
        "request without a token",
        "request with garbage",
    ];
    tokens.chain(requests.map(str::to_owned)).collect()
}

/// Does the named work, `times` times, each through `round`.
fn perform(work: &str, times: u64, mut round: impl FnMut(&mut dyn FnMut())) {
    if let Some(what) = work.strip_prefix("request ") {
        let keys = Keys::new(FAMILIES[0]);
        let (path, token, status) = match what {
            "open" => ("/open", Some(&*keys.token), StatusCode::OK),
            "noop2" => ("/noop2", Some(&*keys.token), StatusCode::OK),
            "wrapped cached" => ("/wrapped", Some(&*keys.token), StatusCode::OK),
            "protected" | "protected cached" => ("/protected", Some(&*keys.token), StatusCode::OK),
            "with garbage" => ("/protected", Some("x.y.z"), StatusCode::UNPROCESSABLE_ENTITY),
            _ => ("/protected", None, StatusCode::UNAUTHORIZED),
        };
        return actix_web::rt::System::new().block_on(async {
            let jwt = if what.ends_with("cached") { &keys.caching } else { &keys.ours };
            let app = common::app(jwt.clone()).await;
            for _ in 0..times {
                // The request is made outside the round: a server has it already.
                let mut request = Some(common::request(path, token));
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

fn per_run(work: &str, measure: fn(&str, u64) -> Option<u64>) -> String {
    let [few, many] = RUNS.map(|times| measure(work, times));
    match (few, many) {
        (Some(few), Some(many)) => ((many - few) / (RUNS[1] - RUNS[0])).to_string(),
        _ => "-".to_owned(),
    }
}

fn with_perf(work: &str, times: u64) -> Option<u64> {
    let output = Command::new("perf")
        .args(["stat", "-x", ",", "-e", "instructions:u", "--"])
        .arg(std::env::current_exe().ok()?)
        .args([work, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    text.lines().find(|line| line.contains("instructions"))?.split(',').next()?.parse().ok()
}

fn with_callgrind(work: &str, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([work, &times.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8(output.stderr).ok()?;
    let (_, rest) = text.split_once("Collected : ")?;
    rest.split_whitespace().next()?.parse().ok()
}
