//! `demo keys …` and `demo token inspect`, beside a demo that serves.

use crate::helpers::Folder;
use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// A folder whose settings name a directory of keys.
fn folder() -> Folder {
    let folder = Folder::empty();
    fs::write(folder.settings(), "JWT_KEYS_DIR = \"keys\"\n").unwrap();
    folder
}

fn run(folder: &Folder, arguments: &[&str], input: &str) -> Output {
    let mut command = folder.demo();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[track_caller]
fn said(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments, "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("PRIVATE") && !text.contains("\"d\""), "{text}");
    text
}

#[track_caller]
fn refused(folder: &Folder, arguments: &[&str]) -> String {
    let output = run(folder, arguments, "");
    assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: ") && text.lines().count() == 1, "{text}");
    text
}

/// The first word of the line.
fn key_id(text: &str) -> String {
    text.split_whitespace().next().unwrap().to_owned()
}

fn states(folder: &Folder) -> Vec<String> {
    let list = said(folder, &["keys", "list"]);
    list.lines().skip(1).map(|line| line.split_whitespace().nth(2).unwrap().to_owned()).collect()
}

#[test]
fn keys_are_made_rotated_and_withdrawn_while_a_demo_serves() {
    let folder = folder();
    assert!(refused(&folder, &["keys", "list"]).contains("JWT_KEYS_DIR"));
    let first = key_id(&said(&folder, &["keys", "new", "--alg", "ES256"]));
    assert_eq!(states(&folder), ["active"]);
    let demo = folder.start();
    let old = demo.token();
    demo.assert_accepts(&old);
    assert!(said(&folder, &["keys", "rotate", "--dry-run"]).contains("would be active"));
    assert_eq!(states(&folder), ["active"]);
    let next = said(&folder, &["keys", "rotate", "--alg", "EdDSA"]);
    assert!(next.contains(" active in 59m"), "{next}");
    assert_eq!(states(&folder), ["active", "next"]);
    assert_eq!(key_id(&said(&folder, &["keys", "rotate", "--now"])), key_id(&next));
    assert_eq!(states(&folder), ["retiring", "active"]);
    let jwks = said(&folder, &["keys", "export", "--jwks"]);
    assert!(jwks.contains(&first) && jwks.contains("OKP"), "{jwks}");
    demo.assert_accepts(&old);
    assert_eq!(said(&folder, &["keys", "withdraw", &first]), format!("{first} withdrawn\n"));
    let begun = Instant::now();
    while demo.bearing(&old, "GET", "/protected").status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the demo does not follow its keys");
        sleep(Duration::from_millis(20));
    }
    demo.assert_accepts(&demo.token());
    assert!(refused(&folder, &["keys", "withdraw", "nobody's"]).contains("has no key \"nobody's\""));
}

#[test]
fn keys_of_other_tools_are_imported() {
    let folder = folder();
    let file = folder.path().join("mine.pem");
    let pem = include_str!("../../../crates/actix-jwt-extended/tests/keys/ed25519.pem");
    fs::write(&file, pem).unwrap();
    let import = ["keys", "import", file.to_str().unwrap(), "--alg", "EdDSA"];
    said(&folder, &import);
    assert!(refused(&folder, &import).contains("is in JWT_KEYS_DIR already"));
    assert!(refused(&folder, &["keys", "import", "gone.pem", "--alg", "EdDSA"]).contains("cannot read gone.pem"));
    let wrong = ["keys", "import", file.to_str().unwrap(), "--alg", "ES256"];
    assert!(refused(&folder, &wrong).contains("is not an EC P-256 key"));
    assert_eq!(fs::read_to_string(file).unwrap(), pem);
    assert_eq!(states(&folder), ["active"]);
}

#[test]
fn a_token_is_taken_apart_and_not_printed_back() {
    let folder = folder();
    said(&folder, &["keys", "new"]);
    let demo = folder.start();
    let token = demo.token();
    let inspect = |input: &str| String::from_utf8(run(&folder, &["token", "inspect"], input).stdout).unwrap();
    let good = inspect(&format!("Bearer {token}\n"));
    assert!(good.contains("\"alg\":\"HS256\"") && good.contains("\"sub\":\"test\""), "{good}");
    assert!(good.contains("\"csrf\":\"[hidden]\"") && good.contains("verdict: good"), "{good}");
    let (message, _) = token.rsplit_once('.').unwrap();
    let forged = inspect(&format!("{message}.{}", "A".repeat(43)));
    assert!(forged.contains("verdict: refused: Signature verification failed"), "{forged}");
    assert!(!forged.contains("\"sub\""), "{forged}");
    assert!(inspect("no token").contains("verdict: refused: "));
    for text in [good, forged] {
        assert!(token.split('.').all(|part| !text.contains(part)), "{text}");
    }
}
