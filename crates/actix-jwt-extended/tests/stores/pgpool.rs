//! A Pgpool-II of the test's own: one address for a primary and its standbys.

use crate::postgres_server::{belongs_to_the_server, unprivileged};
use crate::service::{free_port, program, wait_until_it_listens};
use std::fs::{self, File};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

pub(crate) struct Pgpool {
    _folder: TempDir,
    port: u16,
    child: Child,
}

impl Pgpool {
    /// It sends to the primary what writes, and every statement else to the standby.
    pub(crate) fn reading_from_the_standby(primary: u16, standby: u16) -> Option<Self> {
        let program = program("pgpool", &["/usr/sbin"])?;
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        let at = |name: &str| folder.path().join(name);
        let shown = folder.path().display();
        let settings = format!(
            "backend_clustering_mode = 'streaming_replication'
             listen_addresses = '127.0.0.1'
             port = {port}
             socket_dir = '{shown}'
             unix_socket_directories = '{shown}'
             pcp_listen_addresses = ''
             pcp_socket_dir = '{shown}'
             wd_ipc_socket_dir = '{shown}'
             pid_file_name = '{shown}/pid'
             logdir = '{shown}'
             backend_hostname0 = '127.0.0.1'
             backend_port0 = {primary}
             backend_weight0 = 0
             backend_flag0 = 'ALWAYS_PRIMARY|DISALLOW_TO_FAILOVER'
             backend_hostname1 = '127.0.0.1'
             backend_port1 = {standby}
             backend_weight1 = 1
             backend_flag1 = 'DISALLOW_TO_FAILOVER'
             load_balance_mode = on
             statement_level_load_balance = on
             enable_pool_hba = off
             health_check_period = 0
             sr_check_period = 0
             failover_on_backend_error = off
             num_init_children = 24
             use_watchdog = off
            "
        );
        fs::write(at("pgpool.conf"), settings).unwrap();
        for empty in ["pcp.conf", "pool_hba.conf", "pool_passwd"] {
            File::create(at(empty)).unwrap();
        }
        let mut command = unprivileged(&program);
        command
            .args(["-n", "-f"])
            .arg(at("pgpool.conf"))
            .arg("-F")
            .arg(at("pcp.conf"))
            .arg("-a")
            .arg(at("pool_hba.conf"));
        let log = File::create(at("log")).unwrap();
        belongs_to_the_server(folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).current_dir("/").spawn().unwrap();
        let pgpool = Self { _folder: folder, port, child };
        wait_until_it_listens(SocketAddr::from(([127, 0, 0, 1], port)));
        Some(pgpool)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pgpool {
    /// At once, its children too.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}
