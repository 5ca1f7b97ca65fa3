//! Whoever changes a directory of keys is killed, at any moment.

use crate::helpers::PATIENCE;
use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyInfo, KeyState};
use actix_jwt_extended::{JwtConfig, JwtManager, Lifetime};
use serde_json::Value;
use std::hash::BuildHasher as _;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};
use std::{env, fs};
use tempfile::TempDir;

const DIRECTORY: &str = "KEYS_THAT_ARE_CHANGED";

/// More than anybody waits for, and fewer than a journal has room for.
const CHANGES: usize = 1_000;

const SIGKILL: i32 = 9;

/// One directory, changed by one process after the other, each of which is killed.
#[test]
fn a_directory_is_whole_whenever_its_changes_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyDirectory::open(&config(folder.path())).unwrap();
    keys.add(Algorithm::ES256).unwrap();
    let (jwt, stop) = (JwtManager::new(config(folder.path())).unwrap(), AtomicBool::new(false));
    scope(|scope| {
        let follower = scope.spawn(|| follow(&jwt, &stop));
        for round in 0..24 {
            change_and_kill(folder.path(), When::AfterChanges(1 + round % 4));
            let listed = keys.list().unwrap();
            assert_eq!(active(&listed), 1, "{listed:?}");
            no_file_is_missing(folder.path());
            // Whoever starts now finds its keys.
            let new = JwtManager::new(config(folder.path())).unwrap();
            // And whoever works, the same ones.
            jwt.reload_keys().unwrap();
            new.decode_token(&jwt.create_access_token("ada").unwrap()).unwrap();
            assert!(!follower.is_finished(), "the ring was lost");
        }
        stop.store(true, Ordering::SeqCst);
        println!(
            "{} tokens while the directory changed {} times",
            follower.join().unwrap(),
            jwt.key_reload_stats().reloads
        );
    });
    assert_eq!(jwt.key_reload_stats().failures, 0);
}

/// The first changes of all, when there is no journal yet.
#[test]
fn a_directory_is_whole_whenever_its_first_change_is_killed() {
    let pem = include_str!("../../../crates/actix-jwt-extended/tests/keys/ec256.pem");
    for round in 0..18 {
        let folder = tempfile::tempdir().unwrap();
        let has_key = round % 2 == 0;
        if has_key {
            write_key(&folder, pem);
        }
        // Twice: what the first one leaves is in the second one's way.
        for _ in 0..2 {
            change_and_kill(folder.path(), When::Within(Duration::from_millis(8) / (1 << (round / 2 % 3))));
        }
        let keys = KeyDirectory::open(&config(folder.path())).unwrap();
        let listed = keys.list().unwrap();
        assert!(active(&listed) == 1 || !has_key && listed.is_empty(), "{listed:?}");
        no_file_is_missing(folder.path());
        keys.rotate_now(Some(Algorithm::EdDSA)).unwrap();
        assert_eq!(active(&keys.list().unwrap()), 1);
        JwtManager::new(config(folder.path())).unwrap().create_access_token("ada").unwrap();
    }
}

/// What the tests above start and kill.
#[test]
#[ignore = "is killed by other tests"]
fn changes_keys_until_it_is_killed() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let keys = KeyDirectory::open(&config(Path::new(&directory))).unwrap();
    // The first key takes the crypto library a tenth of a second, in which nothing happens.
    keys.clone().dry_run(true).add(Algorithm::EdDSA).unwrap();
    println!("changing");
    for round in 0..CHANGES {
        let algorithms = [Algorithm::EdDSA, Algorithm::HS256, Algorithm::ES256, Algorithm::MlDsa44];
        let algorithm = algorithms[round % algorithms.len()];
        match round % 4 {
            0 => drop(keys.rotate_now(Some(algorithm)).unwrap()),
            1 => drop(keys.add(algorithm).unwrap()),
            2 => drop(keys.rotate(None).unwrap()),
            _ => {
                let listed = keys.list().unwrap();
                // Of those that sign, too.
                let old =
                    listed.iter().filter(|key| key.state() != KeyState::Withdrawn).map(|key| key.key_id().unwrap());
                let old: Vec<_> = old.collect();
                keys.withdraw(old[round / 4 % old.len()]).unwrap();
            }
        }
        println!("changed");
    }
    sleep(PATIENCE);
    panic!("nobody killed it");
}

fn config(directory: &Path) -> JwtConfig {
    // Keys go, too.
    let soon = Duration::from_secs(2);
    let config = JwtConfig::new().keys_dir(directory).jwks_max_age(Duration::from_secs(1));
    config.access_token_expires(soon).refresh_token_expires(soon).key_lifetime(Lifetime::Never)
}

/// Somebody who uses the keys all the time; how often.
fn follow(jwt: &JwtManager, stop: &AtomicBool) -> u64 {
    let mut tokens = 0;
    while !stop.load(Ordering::SeqCst) {
        // The key may be withdrawn between the two, or the token expire on a slow machine, but not always.
        let verified = (0..20).any(|_| {
            let token = jwt.create_access_token("ada").expect("there is always a key that signs");
            jwt.decode_token(&token).is_ok()
        });
        assert!(verified, "what was signed is not verified");
        let listed = jwt.keys();
        assert_eq!(active(&listed), 1, "{listed:?}");
        tokens += 1;
        sleep(Duration::from_millis(1));
    }
    tokens
}

fn active(keys: &[KeyInfo]) -> usize {
    keys.iter().filter(|key| key.state() == KeyState::Active).count()
}

fn no_file_is_missing(directory: &Path) {
    let Ok(journal) = fs::read_to_string(directory.join("keys.json")) else { return };
    let journal: Value = serde_json::from_str(&journal).unwrap();
    for key in journal["keys"].as_array().unwrap().iter().filter(|key| key.get("withdrawn").is_none()) {
        assert!(directory.join(key["file"].as_str().unwrap()).is_file(), "{key}");
    }
}

fn write_key(folder: &TempDir, pem: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join("jwt.pem");
    fs::write(&path, pem).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
}

enum When {
    /// And somewhere in the two after them.
    AfterChanges(usize),
    /// At most so long after the beginning of the first change.
    Within(Duration),
}

/// A process that changes the directory again and again is killed at a random moment.
fn change_and_kill(directory: &Path, when: When) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["kill::changes_keys_until_it_is_killed", "--exact", "--ignored", "--nocapture"]);
    command.env(DIRECTORY, directory).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut changer = Killed(command.spawn().unwrap());
    let mut lines = BufReader::new(changer.0.stdout.take().unwrap()).lines();
    let mut wait_for = |text: &str| {
        let found = lines.any(|line| line.is_ok_and(|line| line.ends_with(text)));
        assert!(found, "it ended before it was killed");
    };
    wait_for("changing");
    let at_most = match when {
        When::AfterChanges(changes) => {
            let begin = Instant::now();
            (0..changes).for_each(|_| wait_for("changed"));
            2 * begin.elapsed() / changes as u32
        }
        When::Within(time) => time,
    };
    let random = std::hash::RandomState::new().hash_one(directory);
    sleep(at_most.mul_f64((random % 1_000) as f64 / 1_000.0));
    changer.0.kill().unwrap();
    let status = changer.0.wait().unwrap();
    assert_eq!(status.signal(), Some(SIGKILL), "it ended by itself: {status}");
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // Also when a test has panicked. Errors mean that it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
