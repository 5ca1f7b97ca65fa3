//! A PostgreSQL server of the test's own.

use crate::service::{Service, free_port, program};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const FOLDERS: &[&str] = &[
    "/usr/lib/postgresql/18/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
    "/usr/local/bin",
    "/opt/homebrew/bin",
];

pub(crate) struct PostgresServer {
    program: PathBuf,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

#[allow(dead_code, reason = "not every test uses every way")]
impl PostgresServer {
    pub(crate) fn start() -> Option<Self> {
        let (program, initdb) = (program("postgres", FOLDERS)?, program("initdb", FOLDERS)?);
        let fresh = fresh_data(&program, &initdb);
        Some(Self::over(program, |data| copy(&fresh, data)))
    }

    /// One that follows the server behind a port, and shows what it has got.
    pub(crate) fn standby_of(port: u16) -> Self {
        let (postgres, copy) = (program("postgres", FOLDERS).unwrap(), program("pg_basebackup", FOLDERS).unwrap());
        let port = port.to_string();
        let options = ["-h", "127.0.0.1", "-U", "test", "-R", "-c", "fast", "--no-sync", "-p", &port];
        Self::over(postgres, |data| make_data(&copy, &options, data))
    }

    /// Over data that somebody else makes.
    fn over(program: PathBuf, make: impl FnOnce(&Path)) -> Self {
        let mut server = Self { program, folder: TempDir::new().unwrap(), port: free_port(), child: None };
        belongs_to_the_server(server.folder.path());
        make(&server.data());
        server.restart();
        server
    }

    /// What it has said so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// From now on it follows nobody.
    pub(crate) fn promote(&self) {
        assert_eq!(self.execute("SELECT pg_promote()"), "t");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://test@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }

    /// As an administrator would.
    pub(crate) fn execute(&self, sql: &str) -> String {
        let psql = program("psql", FOLDERS).unwrap();
        let mut command = Command::new(psql);
        command.args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "test", "-d", "postgres"]);
        command.args(["-p", &self.port.to_string(), "-c", sql]).current_dir("/");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Without a password.
    fn connects_as(&self, user: &str) -> bool {
        let psql = program("psql", FOLDERS).unwrap();
        let mut command = Command::new(psql);
        command.args(["-X", "-w", "-h", "127.0.0.1", "-U", user, "-d", "postgres", "-c", "SELECT 1", "-p"]);
        command.arg(self.port.to_string()).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    /// From now on it has TLS, with a certificate that nobody knows.
    pub(crate) fn use_own_certificate(&self) {
        let mut make = unprivileged(Path::new("openssl"));
        make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]);
        make.args([
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=CA:FALSE",
            "-keyout",
            "server.key",
            "-out",
            "server.crt",
        ]);
        let made = make.current_dir(self.data()).stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(made.success());
        self.execute("ALTER SYSTEM SET ssl = on");
        self.execute("SELECT pg_reload_conf()");
        let begin = Instant::now();
        while self.execute("SHOW ssl") != "on" {
            assert!(begin.elapsed() < Duration::from_secs(30), "no TLS");
            sleep(Duration::from_millis(50));
        }
    }

    /// Whoever this is must know the password from now on.
    pub(crate) fn ask_for_passwords(&self, user: &str) {
        let file = self.data().join("pg_hba.conf");
        let rules = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("host all {user} all scram-sha-256\n{rules}")).unwrap();
        self.execute("SELECT pg_reload_conf()");
        let begin = Instant::now();
        while self.connects_as(user) {
            assert!(begin.elapsed() < Duration::from_secs(30), "{user} needs no password");
            sleep(Duration::from_millis(20));
        }
    }

    /// Whoever this is must present a certificate from now on: this one, with its key. The server has TLS.
    pub(crate) fn ask_for_a_certificate(&self, user: &str) -> (PathBuf, PathBuf) {
        let mut make = unprivileged(Path::new("openssl"));
        make.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &format!("/CN={user}")]);
        make.args(["-keyout", "user.key", "-out", "user.crt"]);
        let made = make.current_dir(self.data()).stdin(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(made.success());
        let file = self.data().join("pg_hba.conf");
        let rules = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("hostssl all {user} all cert\nhost all {user} all reject\n{rules}")).unwrap();
        self.execute("ALTER SYSTEM SET ssl_ca_file = 'user.crt'");
        self.execute("SELECT pg_reload_conf()");
        let begin = Instant::now();
        while self.connects_as(user) || self.execute("SHOW ssl_ca_file") != "user.crt" {
            assert!(begin.elapsed() < Duration::from_secs(30), "{user} needs no certificate");
            sleep(Duration::from_millis(20));
        }
        (self.data().join("user.crt"), self.data().join("user.key"))
    }

    /// A copy that everybody may read.
    pub(crate) fn certificate(&self) -> PathBuf {
        let copy = self.folder.path().join("certificate");
        std::fs::copy(self.data().join("server.crt"), &copy).unwrap();
        copy
    }

    /// All its processes.
    fn signal(&self, name: &str) {
        let parent = self.child.as_ref().unwrap().id().to_string();
        let children = Command::new("pgrep").args(["-P", &parent]).output().unwrap();
        let children = String::from_utf8(children.stdout).unwrap();
        for pid in [&*parent].into_iter().chain(children.lines()) {
            // One may just have ended.
            let _ = Command::new("kill").args(["-s", name, pid]).stderr(Stdio::null()).status();
        }
    }
}

/// What initdb makes, of which every server gets a copy: a tenth of the work. It is made once for each version of PostgreSQL,
/// and kept beside what cargo builds.
fn fresh_data(postgres: &Path, initdb: &Path) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _making = ONE_AT_A_TIME.lock().unwrap();
    let mut version = DefaultHasher::new();
    Command::new(postgres).arg("--version").output().unwrap().stdout.hash(&mut version);
    is_root().hash(&mut version);
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-{:x}", version.finish()));
    if !kept.exists() {
        let folder = TempDir::new().unwrap();
        belongs_to_the_server(folder.path());
        let made = folder.path().join("data");
        make_data(initdb, &["--auth", "trust", "--username", "test", "--encoding", "UTF8", "--no-sync"], &made);
        // All of it appears at once, and another process may have been quicker.
        let own = kept.with_extension(std::process::id().to_string());
        copy(&made, &own);
        if std::fs::rename(&own, &kept).is_err() {
            std::fs::remove_dir_all(&own).unwrap();
        }
    }
    kept
}

fn make_data(program: &Path, options: &[&str], data: &Path) {
    let mut make = unprivileged(program);
    make.args(options).arg("-D").arg(data);
    let output = make.stdin(Stdio::null()).current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// With its owner and permissions, which PostgreSQL looks at.
fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout == b"0\n"
}

/// So that what runs [`unprivileged`] may write there.
pub(crate) fn belongs_to_the_server(folder: &Path) {
    if is_root() {
        assert!(Command::new("chown").args(["-R", "postgres"]).arg(folder).status().unwrap().success());
    }
}

/// PostgreSQL refuses to run as root.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command
}

impl Service for PostgresServer {
    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    fn kill(&mut self) {
        if self.child.is_some() {
            self.signal("KILL");
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    fn restart(&mut self) {
        self.kill();
        let begin = Instant::now();
        // First the port alone, because a program to ask it is more work.
        while TcpStream::connect(self.address()).is_err() || !self.connects_as("test") {
            assert!(begin.elapsed() < Duration::from_secs(60), "postgres does not answer");
            // It does not start while something of its predecessor is left.
            if self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
                let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
                let mut command = unprivileged(&self.program);
                command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string(), "-h", "127.0.0.1", "-k", ""]);
                // What it has written outlives a process that is killed; the tests wait for no disk.
                command.arg("-F");
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/");
                self.child = Some(command.spawn().unwrap());
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn pause(&self) {
        self.signal("STOP");
    }

    fn resume(&self) {
        self.signal("CONT");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.kill();
    }
}
