//! `/metrics`: how the replica and the token caches are doing, as Prometheus reads it.

use crate::managers::Managers;
use crate::store::ReplicaStats;
use actix_web::HttpResponse;
use actix_web::guard::{Any, Get, Head};
use actix_web::http::header::ContentType;
use actix_web::web::{self, ServiceConfig};
use std::fmt::{Display, Write as _};

/// Without a token: there is nothing of anybody in it. A real application keeps it in its own network.
pub fn configure(app: &mut ServiceConfig, managers: Managers, replica: Option<ReplicaStats>) {
    let metrics = move || {
        let text = text(&managers, replica.as_ref());
        async move { HttpResponse::Ok().content_type(ContentType::plaintext()).body(text) }
    };
    app.route("/metrics", web::route().guard(Any(Get()).or(Head())).to(metrics));
}

fn text(managers: &Managers, replica: Option<&ReplicaStats>) -> String {
    let mut text = String::new();
    let caches = [managers.jwt.token_cache_stats(), managers.loading_users.token_cache_stats()];
    add(&mut text, "jwt_token_cache_hits_total", "counter", caches.iter().map(|cache| cache.hits).sum::<u64>());
    add(&mut text, "jwt_token_cache_misses_total", "counter", caches.iter().map(|cache| cache.misses).sum::<u64>());
    if let Some(stats) = replica.map(|stats| stats()) {
        // Beyond JWT_REVOCATION_MAX_STALENESS the store is asked: that is what to be alarmed by.
        add(&mut text, "jwt_replica_staleness_seconds", "gauge", stats.staleness.as_secs_f64());
        add(&mut text, "jwt_replica_revocations", "gauge", stats.revocations);
        add(&mut text, "jwt_replica_snapshots_total", "counter", stats.snapshots);
        add(&mut text, "jwt_replica_gaps_total", "counter", stats.gaps);
        add(&mut text, "jwt_replica_failures_total", "counter", stats.failures);
    }
    text
}

fn add(text: &mut String, name: &str, kind: &str, value: impl Display) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# TYPE {name} {kind}\n{name} {value}");
}
