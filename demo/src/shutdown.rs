//! When to stop.

use std::io;

/// Completes at Ctrl-C, and at SIGTERM where there is one. Listens from the moment it is called.
pub fn requested() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let signal = signal()?;
    Ok(async move {
        let signal = signal.await;
        log::info!("{signal}: stopping as soon as the requests in flight are answered");
    })
}

#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = &'static str> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(windows)]
fn signal() -> io::Result<impl Future<Output = &'static str> + Send + 'static> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
        "Ctrl-C"
    })
}
