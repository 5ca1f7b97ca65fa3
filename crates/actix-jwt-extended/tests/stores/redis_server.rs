//! A Redis server of the test's own, or three that make a cluster.

use crate::service::{Service, free_port, program, wait_until_it_listens};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FOLDERS: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

/// What a process has written outlives it, also where it is killed; the tests wait for no disk. `always` would be for a
/// machine that may crash.
const DURABLE: &[&str] = &["--appendonly", "yes", "--appendfsync", "no"];

pub(crate) struct RedisServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

#[allow(dead_code, reason = "not every test uses every way")]
impl RedisServer {
    /// Every write is in its file before it is acknowledged.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(DURABLE)
    }

    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        Self::start_at(free_port(), options)
    }

    fn start_at(port: u16, options: &[&str]) -> Option<Self> {
        let mut server = Self {
            program: program("redis-server", FOLDERS)?,
            folder: TempDir::new().unwrap(),
            port,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            child: None,
        };
        server.restart();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// From now on it follows nobody.
    pub(crate) fn promote(&self) {
        self.ask::<()>(redis::cmd("REPLICAOF").arg("NO").arg("ONE")).unwrap();
    }

    /// Everything it has kept is gone.
    pub(crate) fn forget(&mut self) {
        self.kill();
        for file in fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path()) {
            if file.is_dir() { fs::remove_dir_all(file).unwrap() } else { fs::remove_file(file).unwrap() }
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }
}

impl Service for RedisServer {
    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn restart(&mut self) {
        self.kill();
        let log = File::create(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(&self.program);
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", ""]).args(&self.options);
        command.current_dir(self.folder.path()).stdin(Stdio::null()).stdout(log).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        wait_until_it_listens(self.address());
        self.wait_until_loaded();
    }

    fn pause(&self) {
        self.signal("STOP");
    }

    fn resume(&self) {
        self.signal("CONT");
    }
}

impl RedisServer {
    fn wait_until_loaded(&self) {
        if self.options.iter().any(|option| option == "--requirepass" || option == "--user") {
            return;
        }
        let begin = Instant::now();
        loop {
            if self.ask::<String>(&redis::cmd("PING")).is_ok() {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "redis-server does not answer");
            sleep(Duration::from_millis(20));
        }
    }
}

#[allow(dead_code, reason = "not every test uses every way")]
impl RedisServer {
    /// A node that may become one of a cluster, and where it says that it listens.
    fn of_a_cluster(port: u16, said: u16) -> Option<Self> {
        let (bus, said) = (free_port().to_string(), said.to_string());
        let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let ports = ["--cluster-port", &bus, "--cluster-announce-port", &said];
        Self::start_at(port, &[&cluster[..], &ports, DURABLE].concat())
    }

    /// Whether this node of a cluster is the master of a key.
    pub(crate) fn holds(&self, key: &str) -> bool {
        self.ask::<bool>(redis::cmd("EXISTS").arg(key)).is_ok()
    }

    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> redis::RedisResult<T> {
        command.query(&mut redis::Client::open(self.url())?.get_connection()?)
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Three masters.
#[allow(dead_code)]
pub(crate) struct RedisCluster {
    pub(crate) nodes: Vec<RedisServer>,
    /// Whose turn it is to be in trouble: at first the master of all revocations.
    next: usize,
}

#[allow(dead_code, reason = "not every test uses every way")]
impl RedisCluster {
    pub(crate) fn start() -> Option<Self> {
        Self::at([(); 3].map(|()| free_port()).map(|port| (port, port)))
    }

    /// Where the nodes listen, and where they say that they do.
    pub(crate) fn at(ports: [(u16, u16); 3]) -> Option<Self> {
        let cli = program("redis-cli", FOLDERS)?;
        let nodes = ports.into_iter().map(|(port, said)| RedisServer::of_a_cluster(port, said));
        let mut cluster = Self { nodes: nodes.collect::<Option<_>>()?, next: 0 };
        let addresses: Vec<_> = cluster.nodes.iter().map(|node| node.address().to_string()).collect();
        Self::manage(&cli, &["create"], &addresses);
        cluster.wait_until_whole();
        cluster.next = cluster.nodes.iter().position(|node| node.holds("{ajx}:head")).unwrap();
        Some(cluster)
    }

    fn manage(cli: &Path, what: &[&str], addresses: &[String]) {
        let mut command = Command::new(cli);
        command.arg("--cluster").args(&what[..1]).args(addresses).args(&what[1..]).arg("--cluster-yes");
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }

    /// Another node, which follows the master of all revocations and takes its place however far it lags behind.
    pub(crate) fn add_replica(&self) -> RedisServer {
        let cli = program("redis-cli", FOLDERS).unwrap();
        let port = free_port();
        let replica = RedisServer::of_a_cluster(port, port).unwrap();
        replica.ask::<()>(redis::cmd("CONFIG").arg("SET").arg("cluster-replica-validity-factor").arg(0)).unwrap();
        let master: String = self.nodes[self.next].ask(redis::cmd("CLUSTER").arg("MYID")).unwrap();
        let addresses = [&replica, &self.nodes[self.next]].map(|node| node.address().to_string());
        Self::manage(&cli, &["add-node", "--cluster-slave", "--cluster-master-id", &master], &addresses);
        replica
    }

    /// All nodes know of each other.
    pub(crate) fn wait_until_whole(&self) {
        let begin = Instant::now();
        for node in &self.nodes {
            loop {
                let info: String = node.ask(redis::cmd("CLUSTER").arg("INFO")).unwrap_or_default();
                if info.contains("cluster_state:ok") {
                    break;
                }
                assert!(begin.elapsed() < Duration::from_secs(60), "the cluster is not whole: {info}");
                sleep(Duration::from_millis(50));
            }
        }
    }

    pub(crate) fn url(&self) -> String {
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("redis+cluster://{}", nodes.join(","))
    }
}

#[allow(dead_code, reason = "not every test uses every way")]
impl RedisCluster {
    /// Which of the nodes is the master of all revocations; before anybody was in trouble.
    pub(crate) fn master(&self) -> usize {
        self.next
    }
}

/// One of its masters at a time.
impl Service for RedisCluster {
    fn address(&self) -> SocketAddr {
        self.nodes[self.next].address()
    }

    fn kill(&mut self) {
        self.nodes[self.next].kill();
    }

    fn restart(&mut self) {
        self.nodes[self.next].restart();
        self.wait_until_whole();
        self.next = (self.next + 1) % self.nodes.len();
    }

    fn pause(&self) {
        self.nodes[self.next].pause();
    }

    fn resume(&self) {
        self.nodes[self.next].resume();
        self.wait_until_whole();
    }
}
