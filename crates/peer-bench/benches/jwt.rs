//! `cargo bench --manifest-path crates/peer-bench/Cargo.toml --bench jwt`: signing and verifying per algorithm, jsonwebtoken beside us in the
//! same run, and one request in process with and without protection.

#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../../hot-path/benches/common/mod.rs"]
mod common;
#[path = "../../hot-path/benches/common/theirs.rs"]
mod theirs;

use actix_web::http::StatusCode;
use common::{FAMILIES, Keys};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use theirs::Theirs;

fn tokens(criterion: &mut Criterion) {
    for keys in FAMILIES.map(Keys::new) {
        let theirs = Theirs::new(&keys);
        let mut verify = criterion.benchmark_group(format!("verify/{:?}", keys.algorithm));
        verify.bench_function("ours", |b| b.iter(|| keys.verify()));
        verify.bench_function("ours, cached", |b| b.iter(|| keys.verify_cached()));
        verify.bench_function("jsonwebtoken", |b| b.iter(|| theirs.verify()));
        verify.finish();
        let mut issue = criterion.benchmark_group(format!("issue/{:?}", keys.algorithm));
        issue.bench_function("ours", |b| b.iter(|| keys.issue()));
        issue.bench_function("jsonwebtoken", |b| b.iter(|| theirs.issue()));
        issue.finish();
    }
}

fn requests(criterion: &mut Criterion) {
    let keys = Keys::new(FAMILIES[0]);
    actix_web::rt::System::new().block_on(async {
        let open = common::app(None).await;
        let (verifying, caching) = (common::app(Some(&keys.ours)).await, common::app(Some(&keys.caching)).await);
        let mut group = criterion.benchmark_group("request/HS256");
        for (name, app, token, status) in [
            ("open", &open, Some(&*keys.token), StatusCode::OK),
            ("protected", &verifying, Some(&*keys.token), StatusCode::OK),
            ("protected, cached", &caching, Some(&*keys.token), StatusCode::OK),
            ("refused without a token", &verifying, None, StatusCode::UNAUTHORIZED),
            ("refused with garbage", &verifying, Some("x.y.z"), StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            group.bench_function(name, |b| {
                b.iter_batched(
                    || common::request(token),
                    |request| common::call(app, request, status),
                    BatchSize::SmallInput,
                );
            });
        }
        group.finish();
    });
}

criterion_group!(benches, tokens, requests);
criterion_main!(benches);
