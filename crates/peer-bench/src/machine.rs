//! Where and when the figures were taken.

use std::process::Command;

/// "2 cores of …, Linux …, rustc …"
pub fn describe() -> String {
    let cpu = first_line_after("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown CPU".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    // Without what a distribution or a host has added.
    let kernel = kernel.trim().split(['-', '+']).next().unwrap_or_default().to_owned();
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    let rustc = rustc.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let parts = [format!("{cores} cores of {cpu}"), format!("Linux {kernel}"), rustc];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

pub fn date() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

fn first_line_after(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
