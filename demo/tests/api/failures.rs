//! Every way to fail at the start: one line on stderr that says what and where, and an exit code.

use crate::helpers::{Demo, Folder, SECRET};
use std::fs;
use std::net::TcpListener;
#[cfg(unix)]
use std::path::Path;
use std::process::Command;

/// Runs it and expects `error: …` as the only line; without the secret.
#[track_caller]
fn fails_with(command: &mut Command, expected: &str) -> String {
    let (code, stderr) = Demo::spawn(command).end();
    assert_eq!(code, Some(1), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("error: "), "{stderr}");
    assert!(stderr.contains(expected), "{stderr}\nlacks: {expected}");
    assert!(!stderr.contains(SECRET), "{stderr}");
    stderr
}

fn valid() -> Folder {
    Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\nDEMO_PORT = 0\n"))
}

#[test]
fn broken_toml() {
    for broken in [
        format!("JWT_SECRET_KEY = \"{SECRET}"),
        format!("JWT_SECRET_KEY = {SECRET}"),
        format!("JWT_SECRET_KEY \"{SECRET}\""),
        format!("JWT_SECRET_KEY = \"{SECRET}\" # twice\nJWT_SECRET_KEY = \"{SECRET}\""),
        format!("\"{SECRET}"),
    ] {
        let folder = Folder::with_settings(&broken);
        fails_with(&mut folder.demo(), "Settings.toml is not valid TOML: syntax error");
        assert_eq!(fs::read_to_string(folder.settings()).unwrap(), broken);
    }
}

#[test]
fn a_file_that_is_no_text() {
    let folder = Folder::empty();
    fs::write(folder.settings(), [SECRET.as_bytes(), b"\xff\xfe\x00"].concat()).unwrap();
    fails_with(&mut folder.demo(), "cannot read Settings.toml: ");
}

#[test]
fn a_folder_in_the_files_place() {
    let folder = Folder::empty();
    fs::create_dir(folder.settings()).unwrap();
    fails_with(&mut folder.demo(), "cannot read Settings.toml: ");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_left_alone() {
    let folder = Folder::empty();
    std::os::unix::fs::symlink(folder.path().join("gone"), folder.settings()).unwrap();
    fails_with(&mut folder.demo(), "cannot read Settings.toml: ");
    assert!(!folder.path().join("gone").exists());
}

#[test]
fn a_folder_that_is_not_there() {
    let folder = Folder::empty();
    fails_with(folder.demo().args(["--settings", "no/such.toml"]), "cannot make no/such.toml: ");
}

#[cfg(unix)]
#[test]
fn a_file_that_may_not_be_read_and_a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt as _;

    let (file, folder) = (valid(), Folder::empty());
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&file.settings(), 0);
    set(folder.path(), 0o500);
    // Root may do everything.
    if fs::read(file.settings()).is_err() {
        fails_with(&mut file.demo(), "cannot read Settings.toml: Permission denied");
        fails_with(&mut folder.demo(), "cannot make Settings.toml: permission denied");
    }
    set(folder.path(), 0o700);
}

#[test]
fn weak_and_missing_secrets() {
    for (toml, expected) in [
        ("JWT_SECRET_KEY = \"super-secret\"", "JWT_SECRET_KEY is a well-known example"),
        ("JWT_SECRET_KEY = \"8f14e45fceea167a\"", "JWT_SECRET_KEY"),
        ("", "JWT_SECRET_KEY is not set"),
    ] {
        let folder = Folder::with_settings(toml);
        let told = fails_with(&mut folder.demo(), expected);
        assert!(!told.contains("super-secret") && !told.contains("8f14e45fceea167a"), "{told}");
    }
}

#[test]
fn a_taken_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let told = fails_with(valid().demo().args(["--port", &port]), "cannot listen on 127.0.0.1, port ");
    assert!(told.contains(&port) && told.contains("--port 0"), "{told}");
}

#[test]
fn a_host_that_is_not_there() {
    fails_with(
        valid().demo().args(["--host", "no.such.host.invalid"]),
        "cannot listen on no.such.host.invalid, port 0: ",
    );
    // Of TEST-NET-1: nobody's.
    fails_with(valid().demo().args(["--host", "192.0.2.1"]), "cannot listen on 192.0.2.1, port 0: ");
}

#[test]
fn unknown_names_in_the_file_get_a_suggestion() {
    for (line, expected) in [
        ("JWT_SECRET_KEI = \"\"", "JWT_SECRET_KEI is no setting; did you mean JWT_SECRET_KEY?"),
        ("DEMO_PROT = 8080", "DEMO_PROT is no setting; did you mean DEMO_PORT?"),
        ("demo_host = \"::1\"", "demo_host is no setting; did you mean DEMO_HOST?"),
        (r#""DEMO_\nPORT" = 1"#, "DEMO_?PORT is no setting; did you mean DEMO_PORT?"),
        ("[DEMO_HOSTS]\nname = 1", "DEMO_HOSTS is no setting; did you mean DEMO_HOST?"),
    ] {
        let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\n{line}\n"));
        fails_with(&mut folder.demo(), expected);
    }
}

#[test]
fn unknown_names_in_the_environment_get_a_suggestion() {
    for (name, expected) in [
        ("JWT_SECRETKEY", "JWT_SECRETKEY is no setting; did you mean JWT_SECRET_KEY?"),
        ("DEMO_HSOT", "DEMO_HSOT is no setting; did you mean DEMO_HOST?"),
    ] {
        fails_with(valid().demo().env(name, SECRET), expected);
    }
}

#[test]
fn values_of_the_wrong_type() {
    for line in ["DEMO_PORT = 65536", "DEMO_PORT = -1", "DEMO_PORT = true", "DEMO_PORT = 80.5", "DEMO_PORT = [1]"] {
        let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\n{line}\n"));
        fails_with(&mut folder.demo(), "DEMO_PORT must be a port: a whole number from 0 to 65535");
    }
    for line in ["DEMO_HOST = 1", "DEMO_HOST = \"\"", "DEMO_HOST = [\"::1\"]", "[DEMO_HOST]"] {
        let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\n{line}\n"));
        fails_with(&mut folder.demo(), "DEMO_HOST must be an address or a host's name");
    }
    for line in ["DEMO_CORS_ORIGIN = true", "DEMO_CORS_ORIGIN = \"*\"", "DEMO_CORS_ORIGIN = [\"https://app.example\"]"]
    {
        let folder = Folder::with_settings(&format!("JWT_SECRET_KEY = \"{SECRET}\"\n{line}\n"));
        fails_with(&mut folder.demo(), "DEMO_CORS_ORIGIN must be one origin as browsers send it");
    }
    fails_with(valid().demo().env("DEMO_PORT", SECRET), "DEMO_PORT must be");
    fails_with(valid().demo().env("DEMO_PORT", ""), "DEMO_PORT must be");
    fails_with(valid().demo().env("JWT_ALGORITHM", SECRET), "JWT_ALGORITHM must be");
}

#[cfg(unix)]
#[test]
fn an_environment_that_is_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let no_text = OsStr::from_bytes(b"\xff");
    fails_with(valid().demo().env("DEMO_HOST", no_text), "DEMO_HOST must be");
    fails_with(valid().demo().env("JWT_SECRET_KEY", no_text), "JWT_SECRET_KEY must be");
    // Others' names may be as they like.
    let folder = valid();
    Demo::start(folder.demo().env(no_text, ""));
}

#[test]
fn flags_that_are_not_there_are_told_by_clap() {
    let folder = Folder::empty();
    for flags in [&["--prot", "1"][..], &["--port", "65536"], &["--port"], &["more"]] {
        let (code, stderr) = Demo::spawn(folder.demo().args(flags)).end();
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
