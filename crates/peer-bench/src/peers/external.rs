//! Peers in other languages: Flask-JWT-Extended, which is the model here, and @fastify/jwt.
//!
//! They are installed into a temporary folder when Python and Node are there, and left out when they are not.

use super::{App, Credentials, Peer};
use crate::token::{ALGORITHMS, Fixture, SECRET, SUBJECT};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub struct External {
    runtime: Runtime,
    protection: &'static str,
}

#[derive(Clone, Copy, PartialEq)]
enum Runtime {
    Python,
    Node,
}

const FLASK_PACKAGES: &[&str] = &["flask", "gunicorn"];
const FASTIFY_PACKAGES: &[&str] = &["fastify"];

pub const FLASK: Peer = Peer {
    name: "Flask",
    made_of: FLASK_PACKAGES,
    set_up: "No protection; the subject is a constant. gunicorn with one worker (`gthread`, because `sync` knows no \
             keep-alive) of one thread.",
    base: None,
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::External(External { runtime: Runtime::Python, protection: "none" }),
};

pub const FLASK_JWT_EXTENDED: Peer = Peer {
    name: "Flask-JWT-Extended",
    made_of: &["flask-jwt-extended", "pyjwt", "cryptography", "flask", "gunicorn"],
    set_up: "`@jwt_required()` and `get_jwt_identity()`, default settings; gunicorn as for Flask.",
    base: Some("Flask"),
    app: App::External(External { runtime: Runtime::Python, protection: "jwt" }),
    ..FLASK
};

pub const FASTIFY: Peer = Peer {
    name: "Fastify",
    made_of: FASTIFY_PACKAGES,
    set_up: "No protection; the subject is a constant. A response schema, as Fastify recommends; one process.",
    base: None,
    algorithms: &ALGORITHMS,
    credentials: Credentials::Bearer,
    app: App::External(External { runtime: Runtime::Node, protection: "none" }),
};

pub const FASTIFY_JWT: Peer = Peer {
    name: "@fastify/jwt",
    made_of: &["@fastify/jwt", "fastify"],
    set_up: "`request.jwtVerify()` in `onRequest`, `request.user` in the handler, `algorithms` set.",
    base: Some("Fastify"),
    app: App::External(External { runtime: Runtime::Node, protection: "jwt" }),
    ..FASTIFY
};

pub const FASTIFY_JWT_CACHE: Peer = Peer {
    name: "@fastify/jwt, cache",
    set_up: "The same with `verify: { cache: true }`: verified tokens are remembered.",
    app: App::External(External { runtime: Runtime::Node, protection: "cached" }),
    ..FASTIFY_JWT
};

/// A temporary folder with what could be installed.
pub struct Workshop {
    folder: TempDir,
    python: Result<String, String>,
    node: Result<String, String>,
}

impl Workshop {
    /// Installs what these peers need.
    pub fn open(peers: &[&Peer]) -> std::io::Result<Self> {
        let folder = tempfile::tempdir().map_err(|error| {
            std::io::Error::new(error.kind(), format!("{}: {error}", std::env::temp_dir().display()))
        })?;
        let wanted = |runtime| {
            let is = |peer: &&Peer| matches!(&peer.app, App::External(external) if external.runtime == runtime);
            if peers.iter().any(is) { Ok(()) } else { Err("not asked for".to_owned()) }
        };
        let path = folder.path();
        let python = wanted(Runtime::Python).and_then(|()| install_python(path));
        let node = wanted(Runtime::Node).and_then(|()| install_node(path));
        Ok(Self { folder, python, node })
    }

    /// The command that serves one peer on a port; or why it cannot be served.
    pub fn command(&self, external: &External, fixture: &Fixture, port: u16) -> Result<Command, String> {
        let mut command = match external.runtime {
            Runtime::Python => {
                self.python.as_ref().map_err(Clone::clone)?;
                let mut command = Command::new(self.folder.path().join("venv/bin/gunicorn"));
                command
                    .args(["--workers", "1", "--worker-class", "gthread", "--threads", "1", "--keep-alive", "75"])
                    .args(["--log-level", "error", "--bind", &format!("127.0.0.1:{port}"), "flask_app:app"]);
                command
            }
            Runtime::Node => {
                self.node.as_ref().map_err(Clone::clone)?;
                let mut command = Command::new("node");
                command.arg("fastify_app.mjs");
                command
            }
        };
        let public = if format!("{:?}", fixture.algorithm).starts_with("HS") { "" } else { fixture.public_pem() };
        command
            .current_dir(self.folder.path())
            .env("PEER_ALGORITHM", format!("{:?}", fixture.algorithm))
            .env("PEER_PORT", port.to_string())
            .env("PEER_PROTECTION", external.protection)
            .env("PEER_PUBLIC_KEY", public)
            .env("PEER_SECRET", SECRET)
            .env("PEER_SUBJECT", SUBJECT)
            .stdout(Stdio::null());
        Ok(command)
    }

    /// "Python 3.11.7", or why it is missing.
    pub fn runtimes(&self) -> [&Result<String, String>; 2] {
        [&self.python, &self.node]
    }
}

/// The version that is asked for, of a package in another language.
pub fn version(package: &str) -> Option<String> {
    let python = REQUIREMENTS.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    let node = PACKAGE_JSON.lines().find_map(|line| line.trim().strip_prefix(&format!("\"{package}\": \"")));
    python.or(node).map(|version| version.trim_end_matches([',', '"']).to_owned())
}

const REQUIREMENTS: &str = include_str!("../../servers/requirements.txt");
const PACKAGE_JSON: &str = include_str!("../../servers/package.json");

fn install_python(folder: &Path) -> Result<String, String> {
    let version = output(Command::new("python3").arg("--version"))?;
    write(folder, "flask_app.py", include_str!("../../servers/flask_app.py"))?;
    write(folder, "requirements.txt", REQUIREMENTS)?;
    output(Command::new("python3").args(["-m", "venv", "venv"]).current_dir(folder))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "requirements.txt"];
    output(Command::new(folder.join("venv/bin/python")).args(pip).current_dir(folder))?;
    Ok(version)
}

fn install_node(folder: &Path) -> Result<String, String> {
    let version = output(Command::new("node").arg("--version"))?;
    write(folder, "fastify_app.mjs", include_str!("../../servers/fastify_app.mjs"))?;
    write(folder, "package.json", PACKAGE_JSON)?;
    let npm = ["install", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    output(Command::new("npm").args(npm).current_dir(folder))?;
    Ok(format!("Node {version}"))
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    std::fs::write(folder.join(name), text).map_err(|error| format!("{name}: {error}"))
}

/// Only the program and its first arguments are named when it fails: its output may hold paths of this machine.
fn output(command: &mut Command) -> Result<String, String> {
    let name = |command: &Command| {
        let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let arguments = command.get_args().take(3).map(|argument| argument.to_string_lossy().into_owned());
        std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
    };
    let output = command.output().map_err(|error| format!("`{}`: {error}", name(command)))?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Err(format!("`{}` failed", name(command)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
