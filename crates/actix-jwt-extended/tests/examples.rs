//! Every example, started for real, answers as its own documentation says.
//!
//! The console sessions in an example's first comment are run: lines that begin with `$ ` are commands,
//! in as little of shell, curl, grep, awk and jq as they use; the lines after them are what they print,
//! where `…` stands for anything.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

#[path = "stores/postgres_server.rs"]
mod postgres_server;
#[path = "stores/redis_server.rs"]
mod redis_server;
#[path = "stores/service.rs"]
mod service;

use postgres_server::PostgresServer;
use redis_server::RedisServer;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

macro_rules! examples {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &["pkcs11", "postgres_sessions", "redis_revocation", $(stringify!($name)),*];

        $(
            #[test]
            fn $name() {
                run(stringify!($name), include_str!(concat!("../examples/", stringify!($name), ".rs")), None);
            }
        )*
    };
}

examples! {
    basic
    cookies_csrf
    custom_middleware
    extractors
    fresh
    hooks
    implicit_refresh
    jwks
    keys_rotation
    keys_rs256
    locations
    optional
    own_claims
    own_store
    post_quantum
    protecting_routes
    refresh
    revocation
    scopes
    sessions
    tenants
    users
    websocket
}

#[test]
fn redis_revocation() {
    let Some(server) = RedisServer::start() else { return };
    let url = server.url();
    run("redis_revocation", include_str!("../examples/redis_revocation.rs"), Some(("REDIS_URL", &url)));
}

#[test]
fn postgres_sessions() {
    let Some(server) = PostgresServer::start() else { return };
    let url = server.url();
    run("postgres_sessions", include_str!("../examples/postgres_sessions.rs"), Some(("DATABASE_URL", &url)));
}

#[test]
fn pkcs11() {
    if !Path::new("/usr/lib/softhsm/libsofthsm2.so").exists() {
        assert!(std::env::var_os("CI").is_none(), "softhsm2 is not installed");
        eprintln!("skipped: softhsm2 is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("softhsm2.conf");
    std::fs::write(&settings, format!("directories.tokendir = {}\n", folder.path().display())).unwrap();
    let settings = ("SOFTHSM2_CONF", settings.to_str().unwrap());
    run("pkcs11", include_str!("../examples/pkcs11.rs"), Some(settings));
}

/// No server: its session is for a real shell.
#[cfg(unix)]
#[test]
fn token_tool() {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: openssl is not installed");
        return;
    }
    let steps = session(include_str!("../examples/token_tool.rs"));
    let (first, steps) = steps.split_first().unwrap();
    assert!(first.0.starts_with("token_tool() {"), "{}", first.0);
    // What that line defines, without building anew; then each command, and a line after what it prints.
    let mut script = format!("token_tool() {{ '{}' \"$@\"; }}\n", program("token_tool").display());
    for (command, _) in steps {
        script.push_str(&format!("{command}\necho ---\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("exec 2>&1\n{script}")]).current_dir(folder.path());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("JWT_")) {
        shell.env_remove(name);
    }
    let printed = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let printed: Vec<Vec<&str>> = printed.split_terminator("---\n").map(|text| text.lines().collect()).collect();
    assert_eq!(printed.len(), steps.len(), "{printed:#?}");
    for ((command, expected), printed) in steps.iter().zip(printed) {
        let same = printed.len() == expected.len() && printed.iter().zip(expected).all(|(line, form)| fits(line, form));
        assert!(same, "{command}\nprinted  {printed:#?}\nand not  {expected:#?}");
    }
}

#[test]
fn no_server_is_left_out() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let servers: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file() && std::fs::read_to_string(path).unwrap().contains("listening on http://"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(servers, NAMES.iter().map(|name| (*name).to_owned()).collect());
}

fn run(name: &str, source: &str, variable: Option<(&str, &str)>) {
    let example = Example::start(name, variable);
    let mut shell = Shell { address: &example.address, variables: BTreeMap::new(), cookies: BTreeMap::new() };
    let steps = session(source);
    assert!(!steps.is_empty(), "{name} has no console session");
    for (command, expected) in steps {
        let printed = shell.run(command);
        let printed: Vec<&str> = printed.lines().collect();
        let same =
            printed.len() == expected.len() && printed.iter().zip(&expected).all(|(line, form)| fits(line, form));
        assert!(same, "{name}: {command}\nprinted  {printed:#?}\nand not  {expected:#?}");
    }
}

/// The commands of the first comment's console blocks, each with the lines that it prints.
fn session(source: &str) -> Vec<(&str, Vec<&str>)> {
    let mut steps: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut in_session = false;
    for line in source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim_start) {
        match line {
            "```console" => in_session = true,
            "```" => in_session = false,
            _ if !in_session => {}
            _ => match line.strip_prefix("$ ") {
                Some(command) => steps.push((command, Vec::new())),
                None => steps.last_mut().expect("a session begins with a command").1.push(line),
            },
        }
    }
    steps
}

/// Whether the line is of the form, in which `…` stands for anything.
fn fits(line: &str, form: &str) -> bool {
    match form.split_once('…') {
        None => line == form,
        Some((start, rest)) => line
            .strip_prefix(start)
            .is_some_and(|line| line.char_indices().any(|(at, _)| fits(&line[at..], rest)) || rest.is_empty()),
    }
}

fn program(name: &str) -> PathBuf {
    // target/debug/deps/examples-… → target/debug/examples/NAME
    let own = std::env::current_exe().unwrap();
    let program = own.ancestors().nth(2).unwrap().join("examples").join(name);
    let program = program.with_extension(std::env::consts::EXE_EXTENSION);
    assert!(program.exists(), "{name} is not built: run `cargo build --examples`, or all of `cargo test`");
    program
}

/// A running example; ends with its test.
struct Example {
    child: Child,
    address: String,
}

impl Example {
    fn start(name: &str, variable: Option<(&str, &str)>) -> Self {
        let mut child =
            Command::new(program(name)).env("PORT", "0").envs(variable).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut example = Self { child, address: String::new() };
        let (send, receive) = mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let line = receive.recv_timeout(Duration::from_secs(60)).expect("the example did not start");
        example.address = line.strip_prefix("listening on http://").expect(&line).to_owned();
        example
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As much of a shell as the sessions use.
struct Shell<'a> {
    address: &'a str,
    variables: BTreeMap<String, String>,
    /// The one cookie file.
    cookies: BTreeMap<String, Cookie>,
}

struct Cookie {
    value: String,
    path: String,
}

impl Shell<'_> {
    fn run(&mut self, command: &str) -> String {
        let assignment = command.split_once("=$(").and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
        match assignment {
            Some((name, command)) => {
                let value = self.pipe(command).trim_end().to_owned();
                assert!(!value.is_empty() && value != "null", "{command} printed {value:?}");
                self.variables.insert(name.to_owned(), value);
                String::new()
            }
            None => self.pipe(command),
        }
    }

    fn pipe(&mut self, command: &str) -> String {
        let (command, filter) = command.split_once(" | ").map_or((command, None), |(first, last)| (first, Some(last)));
        let words = self.words(command);
        let output = match words[0].as_str() {
            "curl" => self.curl(&words[1..]),
            "awk" => self.awk(&words[1]),
            "echo" => words[1].clone(),
            other => panic!("the sessions have no {other}"),
        };
        let Some(filter) = filter else { return output };
        let words = self.words(filter);
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["jq", "-r", key] => {
                let json: serde_json::Value = serde_json::from_str(&output).expect(&output);
                json[&key[1..]].as_str().expect(&output).to_owned()
            }
            ["grep", "-i", form] => {
                let start = form.strip_prefix('^').unwrap();
                let is_it = |line: &&str| line.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
                output.lines().filter(is_it).map(|line| format!("{line}\n")).collect()
            }
            _ => panic!("the sessions have no {filter}"),
        }
    }

    /// Splits at spaces, takes quotes away, and puts the values of variables in.
    fn words(&self, command: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quote = None;
        let mut rest = command;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            let word = words.last_mut().unwrap();
            match (c, quote) {
                ('\\', Some('"')) => {
                    word.push_str(&rest[..1]);
                    rest = &rest[1..];
                }
                ('"' | '\'', None) => quote = Some(c),
                (_, Some(open)) if c == open => quote = None,
                (' ', None) => words.push(String::new()),
                ('$', None | Some('"')) => {
                    let braced = rest.strip_prefix('{');
                    let own = braced.unwrap_or(rest);
                    let end = own.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(own.len());
                    word.push_str(&self.variables[&own[..end]]);
                    rest = &own[end + usize::from(braced.is_some())..];
                }
                _ => word.push(c),
            }
        }
        words
    }

    /// `/NAME/ { print $7 }`: the value of the cookie whose line has that name.
    fn awk(&self, program: &str) -> String {
        let name = program.strip_prefix('/').and_then(|rest| rest.strip_suffix("/ { print $7 }")).unwrap();
        self.cookies[name].value.clone()
    }

    fn curl(&mut self, words: &[String]) -> String {
        let (mut method, mut url, mut body, mut template) = ("", "", "", "");
        let (mut with_head, mut keep_cookies) = (false, false);
        let mut headers = Vec::new();
        let mut with_cookies = None;
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap();
            match word {
                "-s" => {}
                "-si" => with_head = true,
                "-sw" => template = value(),
                "-X" => method = value(),
                "-H" => headers.push(value().to_owned()),
                "-A" => headers.push(format!("User-Agent: {}", value())),
                "-b" => with_cookies = Some(value()),
                "-c" => keep_cookies = value() == "cookies",
                "--json" => {
                    body = value();
                    headers.push("Content-Type: application/json".to_owned());
                }
                _ if word.starts_with('-') => panic!("the sessions have no curl {word}"),
                _ => url = word,
            }
        }
        let path = url.strip_prefix("http://127.0.0.1:8080").expect("the sessions use the default port");
        match with_cookies {
            Some("cookies") => {
                let sent = self.cookies.iter().filter(|(_, cookie)| path.starts_with(&cookie.path));
                let pairs: Vec<_> = sent.map(|(name, cookie)| format!("{name}={}", cookie.value)).collect();
                headers.push(format!("Cookie: {}", pairs.join("; ")));
            }
            Some(literal) => headers.push(format!("Cookie: {literal}")),
            None => {}
        }
        if method.is_empty() {
            method = if body.is_empty() { "GET" } else { "POST" };
        }
        let answer = self.request(method, path, &headers, body);
        let (head, body) = answer.split_once("\r\n\r\n").expect(&answer);
        // RFC 6749 §5.1. A JWT begins with `{"` in base64url.
        let is_stored = !head.lines().any(|line| line.eq_ignore_ascii_case("cache-control: no-store"));
        assert!(!(answer.contains("eyJ") && is_stored), "caches may keep these tokens:\n{head}");
        if keep_cookies {
            self.keep_cookies(head);
        }
        let status = head.split(' ').nth(1).unwrap();
        let head = if with_head { format!("{head}\r\n\r\n") } else { String::new() };
        format!("{head}{body}{}", template.replace("%{http_code}", status).replace("\\n", "\n"))
    }

    fn request(&self, method: &str, path: &str, headers: &[String], body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let upgrades = headers.iter().any(|header| header.starts_with("Connection: "));
        let close = if upgrades { "" } else { "Connection: close\r\n" };
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{close}{headers}", self.address);
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        // After an upgrade come frames, which are no text.
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn keep_cookies(&mut self, head: &str) {
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let mut parts = cookie.split("; ");
            let (name, value) = parts.next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                let path = parts.find_map(|part| part.strip_prefix("Path=")).unwrap();
                self.cookies.insert(name.to_owned(), Cookie { value: value.to_owned(), path: path.to_owned() });
            }
        }
    }
}
