//! A peer's server, in a process of its own.

use crate::cores::Cores;
use crate::peers::{App, Peer, Workshop};
use crate::token::Fixture;
use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START_UP: Duration = Duration::from_secs(30);
const SHUT_DOWN: Duration = Duration::from_secs(5);

/// Runs until it is dropped, or this process ends.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// `workers`: for the peers of this program; the others have one.
    pub fn start(
        peer: &Peer,
        workers: usize,
        fixture: &Fixture,
        workshop: &Workshop,
        cores: &Cores,
    ) -> Result<Self, String> {
        let port = free_port().map_err(|error| error.to_string())?;
        let mut command = match &peer.app {
            App::External(external) => workshop.command(external, fixture, port)?,
            _ => this_program(peer, workers, fixture, port).map_err(|error| error.to_string())?,
        };
        // Its end tells the child that this process is gone, however it went.
        command.stdin(Stdio::piped());
        let child = cores.start_server(|| command.spawn()).map_err(|error| error.to_string())?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into() };
        server.wait_until_ready()?;
        Ok(server)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// CPU time of the process and its children so far.
    pub(super) fn cpu_time(&self) -> Duration {
        processes_under(self.child.id()).into_iter().map(cpu_time_of).sum()
    }

    /// What the process has in memory, in bytes.
    pub fn memory(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id())).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("Rss:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let started = Instant::now();
        while started.elapsed() < START_UP {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("its server ended at once, {status}"));
            }
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("its server does not start".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // They all end when their standard input does.
        drop(self.child.stdin.take());
        let started = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if started.elapsed() > SHUT_DOWN {
                let _ = self.child.kill();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The child's side, `peer-bench serve NAME ALGORITHM PORT TOKEN WORKERS`: until standard input ends.
pub fn serve(peer: &'static Peer, fixture: &Fixture, port: u16, workers: usize) -> std::io::Result<()> {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    match peer.app {
        App::Actix(configure) => {
            let fixture = fixture.clone();
            actix_web::rt::System::new().block_on(
                actix_web::HttpServer::new(move || {
                    actix_web::App::new().configure(|config| configure(config, &fixture))
                })
                .workers(workers)
                .bind((Ipv4Addr::LOCALHOST, port))?
                .run(),
            )
        }
        App::Axum(router) => tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            axum::serve(listener, router(fixture)).await
        }),
        App::External(_) => Err(std::io::Error::other("not served by this program")),
    }
}

fn this_program(peer: &Peer, workers: usize, fixture: &Fixture, port: u16) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    let algorithm = format!("{:?}", fixture.algorithm);
    command.args(["serve", peer.name, &algorithm, &port.to_string(), &fixture.token, &workers.to_string()]);
    Ok(command)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// A process and its descendants.
fn processes_under(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut next = 0;
    while let Some(process) = found.get(next).copied() {
        next += 1;
        let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { continue };
        for task in tasks.flatten() {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            found.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    found
}

/// The first number of each thread's `schedstat` is the time it ran, in nanoseconds.
fn cpu_time_of(process: u32) -> Duration {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else { return Duration::ZERO };
    let of_task = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    Duration::from_nanos(tasks.flatten().filter_map(of_task).sum())
}
