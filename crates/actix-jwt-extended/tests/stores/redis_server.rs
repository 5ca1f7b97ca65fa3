//! A Redis server of the test's own, or three that make a cluster.

use crate::service::{Service, free_port, program, wait_until_it_listens};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FOLDERS: &[&str] = &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"];

pub(crate) struct RedisServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    options: Vec<String>,
    child: Option<Child>,
}

#[allow(dead_code, reason = "not every test uses every way")]
impl RedisServer {
    /// Every write is on the disk before it is acknowledged.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
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

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// From now on it follows nobody.
    pub(crate) fn promote(&self) {
        let mut it = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd("REPLICAOF").arg("NO").arg("ONE").query::<()>(&mut it).unwrap();
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
            let client = redis::Client::open(self.url()).unwrap();
            if client.get_connection().is_ok_and(|mut it| redis::cmd("PING").query::<String>(&mut it).is_ok()) {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "redis-server does not answer");
            sleep(Duration::from_millis(20));
        }
    }
}

impl RedisServer {
    /// Whether this node of a cluster is the master of a key.
    fn holds(&self, key: &str) -> bool {
        let mut it = redis::Client::open(self.url()).unwrap().get_connection().unwrap();
        redis::cmd("EXISTS").arg(key).query::<bool>(&mut it).is_ok()
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
        let node = |(port, said): (u16, u16)| {
            let (bus, said) = (free_port().to_string(), said.to_string());
            let cluster = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
            let ports = ["--cluster-port", &bus, "--cluster-announce-port", &said];
            let durable = ["--appendonly", "yes", "--appendfsync", "always"];
            RedisServer::start_at(port, &[cluster, ports, durable].concat())
        };
        let mut cluster = Self { nodes: ports.into_iter().map(node).collect::<Option<_>>()?, next: 0 };
        let addresses = cluster.nodes.iter().map(|node| node.address().to_string());
        let mut create = Command::new(cli);
        create.args(["--cluster", "create"]).args(addresses).arg("--cluster-yes");
        let output = create.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        cluster.wait_until_whole();
        cluster.next = cluster.nodes.iter().position(|node| node.holds("{ajx}:head")).unwrap();
        Some(cluster)
    }

    /// All nodes know of each other.
    pub(crate) fn wait_until_whole(&self) {
        let begin = Instant::now();
        for node in &self.nodes {
            let client = redis::Client::open(node.url()).unwrap();
            loop {
                let info = client
                    .get_connection()
                    .and_then(|mut it| redis::cmd("CLUSTER").arg("INFO").query::<String>(&mut it))
                    .unwrap_or_default();
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
