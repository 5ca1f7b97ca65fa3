//! SIGHUP: keys are read anew.

use actix_jwt_extended::JwtManager;
use std::io;

/// Reads `JWT_KEYS_DIR` again at each SIGHUP, if it has changed. Without the signal it is noticed, too, within a second.
#[cfg(unix)]
pub fn reloads(jwt: JwtManager) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut hangup = signal(SignalKind::hangup())?;
    actix_web::rt::spawn(async move {
        while hangup.recv().await.is_some() {
            let jwt = jwt.clone();
            // It asks a disk. What goes wrong, the library says in the log.
            let _ = actix_web::rt::task::spawn_blocking(move || jwt.reload_keys()).await;
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub fn reloads(_: JwtManager) -> io::Result<()> {
    Ok(())
}
