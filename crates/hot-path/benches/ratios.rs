//! `cargo bench -p hot-path --bench ratios`: our time beside jsonwebtoken's, and a protected request beside an open one,
//! in turns within one run, so that whatever else the machine does falls on both. All is divided by jsonwebtoken's time
//! with the faster of its two providers of cryptography. What is wanted: 0.35 for HS256, from the cache 0.06, and 0.003 for ES256; 0.5 for issuing with HS256.
//! `-- HS256`, another algorithm, `requests` or `threads`: only those.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::indexing_slicing)]

mod common;
#[path = "common/theirs.rs"]
mod theirs;

use actix_web::Error;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use common::{FAMILIES, Keys};
use std::thread;
use std::time::{Duration, Instant};
use theirs::{Theirs, by_the_slower};

/// Rounds of which the median is taken, and how long each kind of work runs in one.
const ROUNDS: usize = 101;
const SLICE: Duration = Duration::from_millis(2);

/// So many runs between two looks at the clock.
const RUNS: u32 = 16;

fn main() {
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    println!("{:<34} {:>10} {:>8}", "work", "ns", "ratio");
    for algorithm in FAMILIES.iter().copied().filter(|algorithm| format!("{algorithm:?}").contains(&wanted)) {
        let keys = Keys::new(algorithm);
        let theirs = Theirs::new(&keys);
        let name = |what: &str| format!("{:?} {what}", keys.algorithm);
        compare([
            (name("verify, jsonwebtoken"), &mut || timed(|| theirs.verify())),
            (name("verify, its other provider"), &mut || timed(|| by_the_slower(|| theirs.verify()))),
            (name("verify"), &mut || timed(|| keys.verify())),
            (name("verify, cached"), &mut || timed(|| keys.verify_cached())),
        ]);
        compare([
            (name("issue, jsonwebtoken"), &mut || timed(|| theirs.issue())),
            (name("issue, its other provider"), &mut || timed(|| by_the_slower(|| theirs.issue()))),
            (name("issue"), &mut || timed(|| keys.issue())),
        ]);
    }
    if "requests".contains(&wanted) {
        requests();
    }
    if "threads".contains(&wanted) {
        hot_token();
    }
}

/// One token, recognised by two threads at once: what they share costs them nothing, if it costs as on one.
fn hot_token() {
    let keys = Keys::new(FAMILIES[0]);
    let each = |threads: usize| {
        thread::scope(|scope| {
            let running: Vec<_> =
                (0..threads).map(|_| scope.spawn(|| time(&mut || timed(|| keys.verify_cached())))).collect();
            median(running.into_iter().map(|thread| thread.join().unwrap()))
        })
    };
    let times: Vec<[f64; 2]> = (0..ROUNDS).map(|_| [each(1), each(2)]).collect();
    let ratio = median(times.iter().map(|[one, two]| two / one));
    println!("{:<34} {:>10.0} {:>8}", "cached, one thread", median(times.iter().map(|round| round[0])), "1.0000");
    println!("{:<34} {:>10.0} {ratio:>8.4}", "cached, each of two threads", median(times.iter().map(|round| round[1])));
}

fn requests() {
    let keys = Keys::new(FAMILIES[0]);
    actix_web::rt::System::new().block_on(async {
        let open = common::app(None).await;
        let verifying = common::app(Some(&keys.ours)).await;
        let caching = common::app(Some(&keys.caching)).await;
        let token = Some(&*keys.token);
        compare([
            ("request, open".to_owned(), &mut || sent(&open, token, StatusCode::OK)),
            ("request, protected".to_owned(), &mut || sent(&verifying, token, StatusCode::OK)),
            ("request, protected, cached".to_owned(), &mut || sent(&caching, token, StatusCode::OK)),
            ("request, refused without a token".to_owned(), &mut || sent(&caching, None, StatusCode::UNAUTHORIZED)),
        ]);
    });
}

/// Some runs of the work, and how long they took.
type Work<'a> = (String, &'a mut dyn FnMut() -> Duration);

fn timed(work: impl Fn()) -> Duration {
    let start = Instant::now();
    (0..RUNS).for_each(|_| work());
    start.elapsed()
}

/// The requests are made before the time is taken: a server has them already.
fn sent<S, B>(app: &S, token: Option<&str>, expected: StatusCode) -> Duration
where
    S: Service<actix_http::Request, Response = ServiceResponse<B>, Error = Error>,
{
    let requests: Vec<_> = (0..RUNS).map(|_| common::request(token)).collect();
    let start = Instant::now();
    requests.into_iter().for_each(|request| common::call(app, request, expected));
    start.elapsed()
}

/// All in turns; the first is what the others are divided by.
fn compare<const N: usize>(mut works: [Work<'_>; N]) {
    let mut round = || std::array::from_fn(|i| time(works[i].1));
    let times: Vec<[f64; N]> = (0..ROUNDS).map(|_| round()).collect();
    for (i, (name, _)) in works.iter().enumerate() {
        let own = median(times.iter().map(|round| round[i]));
        let ratio = median(times.iter().map(|round| round[i] / round[0]));
        println!("{name:<34} {own:>10.0} {ratio:>8.4}");
    }
    println!();
}

/// Nanoseconds a run.
fn time(work: &mut dyn FnMut() -> Duration) -> f64 {
    let (mut passed, mut runs) = (Duration::ZERO, 0);
    while passed < SLICE {
        passed += work();
        runs += RUNS;
    }
    passed.as_nanos() as f64 / f64::from(runs)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
