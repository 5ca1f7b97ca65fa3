//! What the server would forget of what it has acknowledged: said once, when a store connects.

use super::link::Link;
use redis::cmd;
use std::collections::HashMap;

/// Where the server may not be asked, nothing is said.
pub(super) async fn warn_of_forgetting(link: &Link) {
    let servers = link.info("persistence").await.unwrap_or_default();
    let keeps_no_file = servers.iter().any(|server| server.contains("aof_enabled:0"));
    if keeps_no_file {
        log::warn!(
            "Redis keeps no append-only file: what is revoked is forgotten when it restarts; \
             set appendonly yes and appendfsync always"
        );
    }
    match setting(link, "appendfsync").await.as_deref() {
        Some("everysec") if !keeps_no_file => log::warn!(
            "Redis writes to the disk once a second (appendfsync everysec): the last second or two of what was revoked \
             is forgotten when its machine crashes; set appendfsync always"
        ),
        Some("no") if !keeps_no_file => log::warn!(
            "Redis writes to the disk when its system likes (appendfsync no): half a minute of what was revoked is \
             forgotten when its machine crashes; set appendfsync always"
        ),
        _ => {}
    }
    // Managed services refuse CONFIG GET, and say it here.
    let memory = link.info("memory").await.unwrap_or_default();
    let named =
        |server: &String| server.lines().find_map(|line| line.strip_prefix("maxmemory_policy:").map(str::to_owned));
    let mut policies: Vec<_> = memory.iter().filter_map(named).collect();
    if policies.is_empty() {
        policies.extend(setting(link, "maxmemory-policy").await);
    }
    if policies.iter().any(|policy| policy.trim() != "noeviction") {
        log::warn!("Redis may evict what is revoked: set maxmemory-policy noeviction");
    }
}

async fn setting(link: &Link, name: &str) -> Option<String> {
    let mut config = cmd("CONFIG");
    config.arg("GET").arg(name);
    link.query::<HashMap<String, String>>(&config).await.ok()?.remove(name)
}
