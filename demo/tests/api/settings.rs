//! Where settings come from, and the file that the first run makes.

use crate::helpers::{Demo, Folder, SECRET, secret_in};
use std::fs;
use std::process::{Command, Stdio};

#[test]
fn the_first_run_makes_a_settings_file_and_says_where() {
    let folder = Folder::empty();
    let mut demo = Demo::spawn(folder.demo().args(["--port", "0"]));
    let line = demo.wait_for("made ");
    assert!(line.contains(&*folder.settings().to_string_lossy()), "{line}");
    demo.wait_for("listening on");
    let secret = secret_in(&folder.settings());
    assert_eq!(secret.len(), 64);
    assert!(!demo.kill().contains(&secret));
    // The temporary file is gone.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_the_settings_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::empty();
    let _demo = folder.start();
    assert_eq!(fs::metadata(folder.settings()).unwrap().permissions().mode() & 0o7777, 0o600);
}

#[test]
fn the_second_run_uses_the_same_secret() {
    let folder = Folder::empty();
    let first = folder.start();
    let token = first.token();
    first.kill();
    let content = fs::read(folder.settings()).unwrap();
    let second = folder.start();
    second.assert_accepts(&token);
    assert_eq!(fs::read(folder.settings()).unwrap(), content);
    assert!(!second.kill().contains("made "));
}

#[test]
fn demos_that_start_at_the_same_time_agree_on_one_file() {
    for _ in 0..5 {
        let folder = Folder::empty();
        let mut demos: Vec<_> = (0..4).map(|_| Demo::spawn(folder.demo().args(["--port", "0"]))).collect();
        let tokens: Vec<_> = demos.iter_mut().map(|demo| demo.listening().token()).collect();
        for demo in &demos {
            for token in &tokens {
                demo.assert_accepts(token);
            }
        }
        let made = demos.into_iter().filter_map(|demo| demo.kill().contains("made ").then_some(())).count();
        assert_eq!(made, 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn another_file_can_be_named() {
    let folder = Folder::empty();
    let demo = Demo::start(folder.demo().args(["--port", "0", "--settings", "other"]));
    assert_eq!(secret_in(&folder.path().join("other")).len(), 64);
    assert!(!folder.settings().exists());
    demo.assert_accepts(&demo.token());
}

#[test]
fn the_environment_is_over_the_file() {
    let folder = Folder::with_settings(&format!(
        "JWT_SECRET_KEY = \"{SECRET}\"\nJWT_ERROR_MESSAGE_KEY = \"file\"\nDEMO_HOST = \"no.such.host.invalid\"\nDEMO_PORT = 1\n"
    ));
    let mut command = folder.demo();
    command.envs([("DEMO_HOST", "127.0.0.1"), ("DEMO_PORT", "0"), ("JWT_ERROR_MESSAGE_KEY", "environment")]);
    let demo = Demo::start(&mut command);
    assert_eq!(demo.protected(None).body, r#"{"environment":"Missing Authorization Header"}"#);
}

#[test]
fn the_flags_are_over_the_environment() {
    let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\nDEMO_PORT = \"1\"\n"));
    let mut command = folder.demo();
    command.envs([("DEMO_HOST", "no.such.host.invalid"), ("DEMO_PORT", "1")]);
    let demo = Demo::start(command.args(["--host", "127.0.0.1", "--port", "0"]));
    assert_eq!(demo.protected(None).body, r#"{"msg":"Missing Authorization Header"}"#);
}

#[test]
fn the_file_is_over_the_defaults() {
    let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\nDEMO_PORT = 0\nOTHERS = true\n"));
    let demo = Demo::start(&mut folder.demo());
    assert_ne!(demo.port(), 0);
    assert_ne!(demo.port(), 8080);
    demo.assert_accepts(&demo.token());
}

#[test]
fn a_secret_in_the_environment_does_not_keep_the_file_from_being_made() {
    let folder = Folder::empty();
    let demo = Demo::start(folder.demo().env("JWT_SECRET_KEY", SECRET).args(["--port", "0"]));
    let token = demo.token();
    assert_ne!(secret_in(&folder.settings()), SECRET);
    demo.kill();
    let demo = Demo::start(folder.demo().env("JWT_SECRET_KEY", SECRET).args(["--port", "0"]));
    demo.assert_accepts(&token);
    demo.kill();
    assert_eq!(folder.start().protected(Some(&format!("Bearer {token}"))).status, 422);
}

#[test]
fn help_and_version_need_no_settings() {
    let folder = Folder::empty();
    for (flag, expected) in [("--help", "--settings <FILE>"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = run(folder.demo().arg(flag));
        assert!(output.contains(expected), "{output}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn run(command: &mut Command) -> String {
    let output = command.stdout(Stdio::piped()).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_page_is_told_the_names_in_force_and_no_secret() {
    let folder = Folder::with_secret_and("JWT_ACCESS_CSRF_COOKIE_NAME = \"file\"\nJWT_HEADER_NAME = \"X-File\"");
    let mut command = folder.demo();
    let demo = Demo::start(command.env("JWT_ACCESS_CSRF_COOKIE_NAME", "environment").args(["--port", "0"]));
    let page = demo.send("GET", "/", &[], "").body;
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"settings\">").unwrap();
    let told: serde_json::Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert_eq!((&told["access_csrf_cookie"], &told["header_name"]), (&"environment".into(), &"X-File".into()));
    assert!(!page.contains(SECRET));
}

#[test]
fn settings_below_a_table_header_are_an_error_that_says_to_move_them_up() {
    for (text, table, setting) in [
        ("[server]\nDEMO_PORT = 0", "server", "DEMO_PORT"),
        ("[server.tls]\ndemo_sessions = false", "server.tls", "DEMO_SESSIONS"),
        ("server.DEMO_HOST = \"::1\"", "server", "DEMO_HOST"),
        ("[[server]]\nDEMO_PORT = 0", "server", "DEMO_PORT"),
        ("demo.port = 0", "demo", "DEMO_PORT"),
        ("[server]\nJWT_COOKIE_SECURE = true", "server", "JWT_COOKIE_SECURE"),
    ] {
        let folder = Folder::with_secret_and(text);
        let (code, log) = Demo::spawn(&mut folder.demo()).end();
        assert_eq!(code, Some(1), "{text}: {log}");
        assert!(
            log.contains(&format!("error: {setting} stands in the table [{table}], where it is not in force")),
            "{log}"
        );
    }
}

#[test]
fn others_variables_are_no_settings_and_ours_are_read_leniently() {
    let folder = Folder::with_secret_and("");
    let mut command = folder.demo();
    // A service called `demo`, and one called `jwt-auth`, in Kubernetes.
    command.envs([("DEMO_PORT", "tcp://10.0.0.1:80"), ("DEMO_SERVICE_HOST", "10.0.0.1")]);
    command.envs([("JWT_AUTH_PORT", "tcp://10.0.0.1:80"), ("JWT_AUTH_SERVICE_HOST", "10.0.0.1")]);
    command.envs([("DEMO_SESSIONS", "False"), ("DEMO_HOST", " 127.0.0.1\r")]);
    let demo = Demo::start(command.args(["--port", "0"]));
    demo.assert_accepts(&demo.token());
}

#[test]
fn the_environment_alone_will_do_where_no_file_can_be_made() {
    let folder = Folder::empty();
    // A folder that is not there can no more hold a file than one that may not be written.
    let args = ["--settings", "gone/Settings.toml", "--port", "0"];
    let demo = Demo::start(folder.demo().env("JWT_SECRET_KEY", SECRET).args(args));
    demo.assert_accepts(&demo.token());
    assert!(demo.kill().contains("settings are the environment's"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
