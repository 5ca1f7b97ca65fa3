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
    if setting(link, "maxmemory-policy").await.is_some_and(|policy| policy != "noeviction") {
        log::warn!("Redis may evict what is revoked: set maxmemory-policy noeviction");
    }
}

async fn setting(link: &Link, name: &str) -> Option<String> {
    let mut config = cmd("CONFIG");
    config.arg("GET").arg(name);
    link.query::<HashMap<String, String>>(&config).await.ok()?.remove(name)
}
