//! `JWT_KEYS_DIR`, changed while it is read, and by somebody who is killed meanwhile.

use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyInfo, KeyState};
use actix_jwt_extended::{JwtConfig, JwtManager};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn of(path: &Path) -> JwtConfig {
    JwtConfig::new().keys_dir(path)
}

fn write(directory: &Path, name: &str, text: &str) {
    fs::write(directory.join(name), text).unwrap();
    fs::set_permissions(directory.join(name), fs::Permissions::from_mode(0o600)).unwrap();
}

fn states(keys: &[KeyInfo]) -> Vec<(Option<&str>, KeyState)> {
    keys.iter().map(|key| (key.key_id(), key.state())).collect()
}

/// What is written while the journal is being read is found at the next look.
#[test]
fn no_change_is_missed() {
    const ROUNDS: u64 = 200;
    const FAR: u64 = 100_000_000_000;
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyDirectory::open(&of(folder.path())).unwrap();
    keys.add(Algorithm::HS256).unwrap();
    let waits = keys.add(Algorithm::HS256).unwrap();
    let text = fs::read_to_string(folder.path().join("keys.json")).unwrap();
    let jwt = JwtManager::new(of(folder.path())).unwrap();
    // As the key tool does it, but for the disk, so that there is less time between two changes. No two are of one length.
    let change = |number: u64| {
        let (id, spaces) = (format!("\"kid\": \"{waits}\","), " ".repeat(number as usize));
        let text = text.replace(&id, &format!("{id} \"signs_from\": {}, {spaces}", FAR + number));
        write(folder.path(), ".new", &text);
        fs::rename(folder.path().join(".new"), folder.path().join("keys.json")).unwrap();
    };
    let (looks, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let missed = scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::SeqCst) {
                let _ = jwt.reload_keys();
                looks.fetch_add(1, Ordering::SeqCst);
            }
        });
        let missed = (0..ROUNDS).find(|round| {
            change(2 * round);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_micros(round * 3) {
                std::hint::spin_loop();
            }
            change(2 * round + 1);
            // One look may be under way; the next one begins after the change.
            let (begin, enough) = (Instant::now(), looks.load(Ordering::SeqCst) + 2);
            while looks.load(Ordering::SeqCst) < enough && begin.elapsed() < Duration::from_secs(30) {
                std::thread::yield_now();
            }
            let signs_from = Some(UNIX_EPOCH + Duration::from_secs(FAR + 2 * round + 1));
            jwt.keys().iter().all(|key| key.until() != signs_from)
        });
        stop.store(true, Ordering::SeqCst);
        missed
    });
    assert_eq!(missed, None, "the change of this round is missed");
}

/// The file of a key that is withdrawn goes after the journal has changed: whoever has read the old one reads the new one.
#[test]
fn whoever_reads_while_a_key_goes_reads_again() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyDirectory::open(&of(folder.path())).unwrap();
    keys.add(Algorithm::HS256).unwrap();
    let stop = AtomicBool::new(false);
    scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        keys.list()?;
                    }
                    Ok::<(), actix_jwt_extended::ConfigError>(())
                })
            })
            .collect();
        for _ in 0..100 {
            let next = keys.add(Algorithm::HS256).unwrap();
            keys.withdraw(&next).unwrap();
        }
        stop.store(true, Ordering::SeqCst);
        readers.into_iter().for_each(|reader| reader.join().unwrap().unwrap());
    });
}

/// The journal cannot be written, as if the process had been killed before it was.
#[test]
fn a_change_that_ends_before_the_journal_leaves_the_key_that_is_alone() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "jwt.pem", include_str!("../../keys/ec256.pem"));
    let keys = KeyDirectory::open(&of(folder.path())).unwrap();
    let before = states(&keys.list().unwrap())[0].0.map(str::to_owned);
    fs::create_dir(folder.path().join(".keys.json.new")).unwrap();
    let error = keys.rotate(Some(Algorithm::EdDSA)).unwrap_err().to_string();
    assert!(error.contains("cannot be written to"), "{error}");
    let jwt = JwtManager::new(of(folder.path())).unwrap();
    assert_eq!(jwt.keys()[0].key_id(), before.as_deref());
    fs::remove_dir(folder.path().join(".keys.json.new")).unwrap();
    keys.rotate(Some(Algorithm::EdDSA)).unwrap();
    assert!(jwt.reload_keys().unwrap());
    assert_eq!(jwt.keys().len(), 2);
}

/// An import was killed when the key had its file, and the journal did not name it yet.
#[test]
fn what_was_half_imported_is_imported() {
    let pem = include_str!("../../keys/ed25519.pem");
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let id = KeyDirectory::open(&of(other.path())).unwrap().import(Algorithm::EdDSA, pem).unwrap();
    let keys = KeyDirectory::open(&of(folder.path())).unwrap();
    keys.add(Algorithm::ES256).unwrap();
    write(folder.path(), &format!("{id}.pem"), "what nobody may overwrite");
    assert_eq!(keys.import(Algorithm::EdDSA, pem).unwrap(), id);
    assert_eq!(keys.list().unwrap()[1].key_id(), Some(&*id));
    assert_eq!(fs::read_to_string(folder.path().join(format!("{id}.pem"))).unwrap(), "what nobody may overwrite");
}

#[test]
fn a_full_journal_takes_no_more_keys() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyDirectory::open(&of(folder.path())).unwrap();
    keys.add(Algorithm::HS256).unwrap();
    let text = fs::read_to_string(folder.path().join("keys.json")).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let gone = (1..4096).map(|number| {
        format!("{{\"kid\":\"k{number}\",\"alg\":\"ES256\",\"file\":\"k.pem\",\"published\":1,\"withdrawn\":{now}}},")
    });
    let full = text.replacen("\"keys\": [", &format!("\"keys\": [{}", gone.collect::<String>()), 1);
    write(folder.path(), "keys.json", &full);
    let error = keys.rotate_now(None).unwrap_err().to_string();
    assert_eq!(error, "JWT_KEYS_DIR holds 4096 keys, and more it cannot; those that are withdrawn go by themselves");
    assert_eq!(keys.list().unwrap().len(), 4096);
}
