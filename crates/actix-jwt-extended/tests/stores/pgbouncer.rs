//! A PgBouncer of the test's own, with its defaults.

use crate::postgres_server::{belongs_to_the_server, unprivileged};
use crate::service::{free_port, program, wait_until_it_listens};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use tempfile::TempDir;

pub(crate) struct PgBouncer {
    _folder: TempDir,
    port: u16,
    child: Child,
}

impl PgBouncer {
    /// `pool_mode`: session or transaction; at most so many connections to the server.
    pub(crate) fn before(server: u16, pool_mode: &str, connections: u16) -> Option<Self> {
        let program = program("pgbouncer", &["/usr/sbin"])?;
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let at = |name: &str| folder.path().join(name);
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {pool_mode}\n\
             default_pool_size = {connections}\n",
            at("users").display()
        );
        fs::write(at("pgbouncer.ini"), settings).unwrap();
        fs::write(at("users"), "\"test\" \"\"\n").unwrap();
        let log = File::create(at("log")).unwrap();
        belongs_to_the_server(folder.path());
        let mut command = unprivileged(&program);
        command.arg(at("pgbouncer.ini")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/");
        let child = command.spawn().unwrap();
        let pooler = Self { _folder: folder, port, child };
        wait_until_it_listens(SocketAddr::from(([127, 0, 0, 1], port)));
        Some(pooler)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://test@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
