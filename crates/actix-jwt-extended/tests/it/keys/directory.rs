//! `JWT_KEYS_DIR`: read, followed, changed, and broken in every way.

use crate::app::{NOW, builder, config};
use crate::logged;
use actix_jwt_extended::keys::{Algorithm, KeyDirectory, KeyState};
use actix_jwt_extended::test_util::ManualClock;
use actix_jwt_extended::{JwtConfig, JwtManager};
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A directory, what changes it, and the time of all who look at it.
struct Directory {
    folder: TempDir,
    keys: KeyDirectory,
    clock: ManualClock,
}

impl Directory {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(NOW as u64);
        let keys = KeyDirectory::open(&of(folder.path())).unwrap().clock(clock.clone());
        Self { folder, keys, clock }
    }

    fn with(algorithm: Algorithm) -> Self {
        let directory = Self::new();
        directory.keys.add(algorithm).unwrap();
        directory
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn manager(&self) -> JwtManager {
        builder(of(self.folder.path())).clock(self.clock.clone()).build().unwrap()
    }

    fn states(&self) -> Vec<KeyState> {
        self.keys.list().unwrap().iter().map(|key| key.state()).collect()
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string());
        let mut names: Vec<_> = names.map(|name| name.unwrap()).filter(|name| !name.starts_with('.')).collect();
        names.sort();
        names
    }
}

fn of(path: &Path) -> JwtConfig {
    JwtConfig::new().keys_dir(path)
}

fn signer(jwt: &JwtManager) -> (Algorithm, String) {
    let token = jwt.create_access_token("ada").unwrap();
    let verified = jwt.decode_token(&token).unwrap();
    (verified.header().algorithm(), verified.header().key_id().unwrap().to_owned())
}

#[test]
fn every_algorithm_goes_its_way_from_a_directory() {
    let directory = Directory::new();
    let all = [
        Algorithm::HS256,
        Algorithm::ES256,
        Algorithm::Ed25519,
        Algorithm::MlDsa44,
        Algorithm::HS512,
        Algorithm::ES512,
        Algorithm::RS256,
    ];
    let mut ids = vec![directory.keys.add(all[0]).unwrap()];
    let (one, other) = (directory.manager(), directory.manager());
    let long = |jwt: &JwtManager| jwt.access_token("ada").expires_in(20 * DAY).encode().unwrap();
    let mut tokens = vec![long(&one)];
    for algorithm in &all[1..] {
        let id = directory.keys.rotate(Some(*algorithm)).unwrap();
        for jwt in [&one, &other] {
            jwt.reload_keys().unwrap();
            assert!(!jwt.reload_keys().unwrap(), "nothing has changed since");
            // Published, and not in use before the others can know it.
            assert_ne!(signer(jwt).1, id);
        }
        directory.clock.advance(HOUR - Duration::from_secs(1));
        assert_ne!(signer(&one).1, id);
        directory.clock.advance(Duration::from_secs(1));
        for jwt in [&one, &other] {
            assert_eq!(signer(jwt), (*algorithm, id.clone()));
            assert!(tokens.iter().all(|token| jwt.decode_token(token).is_ok()));
        }
        tokens.push(long(&one));
        ids.push(id);
    }
    let states = directory.states();
    assert_eq!(states.iter().filter(|state| **state == KeyState::Active).count(), 1);
    assert_eq!(states.last(), Some(&KeyState::Active));
    // Gone by themselves: from the manager, and with the next change from the disk.
    directory.clock.advance(31 * DAY);
    signer(&one);
    assert_eq!(one.keys().len(), 1);
    directory.keys.rotate(None).unwrap();
    assert_eq!(directory.names().len(), 3, "{:?}", directory.names());
    assert!(ids.iter().collect::<std::collections::HashSet<_>>().len() == all.len());
}

#[test]
fn the_key_pairs_ids_are_their_thumbprints_and_the_files_are_private() {
    let directory = Directory::with(Algorithm::ES256);
    let id = directory.keys.list().unwrap()[0].key_id().unwrap().to_owned();
    assert_eq!(id.len(), 43);
    let mut expected = [format!("{id}.pem"), "keys.json".to_owned()];
    expected.sort();
    assert_eq!(directory.names(), expected);
    for name in directory.names() {
        assert_eq!(fs::metadata(directory.path(&name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    let journal = fs::read_to_string(directory.path("keys.json")).unwrap();
    assert!(!journal.contains("PRIVATE"));
    let shown = format!("{:?} {:?}", directory.keys, directory.manager());
    let pem = fs::read_to_string(directory.path(&format!("{id}.pem"))).unwrap();
    let body = pem.lines().nth(1).unwrap();
    assert!(!shown.contains("PRIVATE") && !shown.contains(&body[..20]), "{shown}");
}

#[test]
fn a_secret_of_the_settings_gives_way_to_the_directory() {
    let directory = Directory::with(Algorithm::EdDSA);
    let old = builder(config()).clock(directory.clock.clone()).build().unwrap();
    let token = old.create_refresh_token("ada").unwrap();
    let both = config().keys_dir(directory.folder.path());
    let jwt = builder(both).clock(directory.clock.clone()).build().unwrap();
    assert_eq!(signer(&jwt).0, Algorithm::EdDSA);
    assert!(jwt.decode_token(&token).is_ok());
    directory.clock.advance(30 * DAY - Duration::from_secs(1));
    assert!(jwt.decode_token(&token).is_ok());
    directory.clock.advance(Duration::from_secs(1));
    signer(&jwt);
    let late = old.create_access_token("ada").unwrap();
    assert_eq!(jwt.decode_token(&late).unwrap_err().to_string(), "Signature verification failed");
}

#[test]
fn a_key_that_is_withdrawn_is_refused_at_once() {
    let directory = Directory::with(Algorithm::ES256);
    let jwt = directory.manager();
    let token = jwt.create_access_token("ada").unwrap();
    assert!(jwt.decode_token(&token).is_ok(), "it is in the token cache now");
    let (_, id) = signer(&jwt);
    directory.keys.withdraw(&id).unwrap();
    assert_eq!(directory.states(), [KeyState::Withdrawn, KeyState::Active]);
    assert!(!directory.path(&format!("{id}.pem")).exists());
    jwt.reload_keys().unwrap();
    assert!(jwt.decode_token(&token).is_err());
    assert_ne!(signer(&jwt).1, id);
    // With another one that waits, that one.
    let next = directory.keys.add(Algorithm::ES256).unwrap();
    let (_, id) = signer(&jwt);
    directory.keys.withdraw(&id).unwrap();
    jwt.reload_keys().unwrap();
    assert_eq!(signer(&jwt).1, next);
    // What was withdrawn is forgotten when its tokens have expired.
    directory.clock.advance(30 * DAY);
    directory.keys.add(Algorithm::ES256).unwrap();
    assert_eq!(directory.states(), [KeyState::Active, KeyState::Next]);
    let error = directory.keys.withdraw("nobody's").unwrap_err().to_string();
    assert_eq!(error, "JWT_KEYS_DIR has no key \"nobody's\"");
}

#[test]
fn what_a_process_withdraws_stays_so_when_the_directory_is_read_again() {
    let directory = Directory::with(Algorithm::ES256);
    let jwt = directory.manager();
    let (_, first) = signer(&jwt);
    directory.keys.rotate_now(None).unwrap();
    jwt.reload_keys().unwrap();
    let token = jwt.create_access_token("ada").unwrap();
    let (_, second) = signer(&jwt);
    assert!(jwt.withdraw_key(&second));
    directory.keys.add(Algorithm::EdDSA).unwrap();
    jwt.reload_keys().unwrap();
    assert!(jwt.decode_token(&token).is_err());
    assert_eq!(signer(&jwt).1, first);
    let error = jwt.activate_key(&first).unwrap_err().to_string();
    assert!(error.contains("is of JWT_KEYS_DIR"), "{error}");
}

#[test]
fn a_key_is_replaced_when_it_is_old() {
    let directory = Directory::with(Algorithm::Ed25519);
    let config = of(directory.folder.path()).key_lifetime(60 * DAY);
    let jwt = || builder(config.clone()).clock(directory.clock.clone()).build().unwrap();
    let managers = [jwt(), jwt(), jwt()];
    let (_, first) = signer(&managers[0]);
    directory.clock.advance(30 * DAY - Duration::from_secs(1));
    assert!(managers.iter().all(|jwt| !jwt.reload_keys().unwrap()));
    directory.clock.advance(Duration::from_secs(1));
    // One of them makes the key, and each of them reads it.
    for jwt in &managers {
        jwt.reload_keys().unwrap();
    }
    assert!(managers.iter().all(|jwt| !jwt.reload_keys().unwrap() && jwt.keys().len() == 2));
    assert_eq!(directory.states(), [KeyState::Active, KeyState::Next]);
    directory.clock.advance(20 * DAY - Duration::from_secs(1));
    assert!(managers.iter().all(|jwt| signer(jwt).1 == first));
    directory.clock.advance(Duration::from_secs(1));
    assert!(managers.iter().all(|jwt| signer(jwt).1 != first));
    assert_eq!(signer(&managers[0]).0, Algorithm::Ed25519);
    // Never, where it is not wanted.
    let never = Directory::with(Algorithm::Ed25519);
    let config = of(never.folder.path()).key_lifetime(actix_jwt_extended::Lifetime::Never);
    let jwt = builder(config).clock(never.clock.clone()).build().unwrap();
    never.clock.advance(4000 * DAY);
    assert!(!jwt.reload_keys().unwrap());
}

#[test]
fn a_directory_is_followed_without_being_asked() {
    let directory = Directory::with(Algorithm::ES256);
    let jwt = directory.manager();
    let token = jwt.create_access_token("ada").unwrap();
    let (_, id) = signer(&jwt);
    directory.keys.withdraw(&id).unwrap();
    let begun = Instant::now();
    while jwt.decode_token(&token).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the directory is not followed");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(jwt.key_reload_stats().reloads >= 1);
}

/// Each of these stops a start with words about it, and a manager at work goes on with what it had.
#[test]
fn a_broken_directory_never_empties_the_ring() {
    let journal = |keys: &str| format!("{{\"version\":1,\"keys\":[{keys}]}}");
    let entry = |id: &str, file: &str, from: &str| {
        format!("{{\"kid\":\"{id}\",\"alg\":\"ES256\",\"file\":\"{file}\",\"published\":1,\"signs_from\":{from}}}")
    };
    let ec = include_str!("../../keys/ec256.pem");
    let write = |directory: &Directory, name: &str, text: &str| {
        fs::write(directory.path(name), text).unwrap();
        fs::set_permissions(directory.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    };
    type Break<'a> = Box<dyn Fn(&Directory) + 'a>;
    let json = |text: String| -> Break<'_> { Box::new(move |directory| write(directory, "keys.json", &text)) };
    let long_id = "x".repeat(1_000_000);
    let breaks: Vec<(&str, Break<'_>, &str)> = vec![
        ("half a journal", json("{\"version\":1,\"keys\":[{\"ki".into()), "keys.json is not as it must be, at line 1"),
        ("an empty journal", json(String::new()), "keys.json is not as it must be"),
        ("no key", json(journal("")), "holds no key that signs"),
        ("another version", json("{\"version\":2,\"keys\":[]}".into()), "has version 2; this program reads version 1"),
        ("an unknown member", json("{\"version\":1,\"keys\":[],\"key\":1}".into()), "is not as it must be"),
        (
            "a file that is not there",
            json(journal(&entry("a", "gone.pem", "1"))),
            "gone.pem cannot be read: No such file",
        ),
        (
            "a file elsewhere",
            json(journal(&entry("a", "../jwt.pem", "1"))),
            "which is no name of a file in its directory",
        ),
        ("a hidden file", json(journal(&entry("a", ".jwt.pem", "1"))), "which is no name of a file in its directory"),
        (
            "a long key ID",
            json(journal(&entry(&long_id, "a.pem", "1"))),
            "one has 1 to 128 bytes and no control characters",
        ),
        ("no key ID", json(journal(&entry("", "a.pem", "1"))), "one has 1 to 128 bytes and no control characters"),
        ("a key ID of two lines", json(journal(&entry("a\\nb", "a.pem", "1"))), "no control characters"),
        ("a time out of range", json(journal(&entry("a", "a.pem", "-1"))), "a time for \"a\" that is not in seconds"),
        (
            "a file twice",
            json(journal(&[entry("a", "a.pem", "1"), entry("b", "a.pem", "2")].join(","))),
            "\"a.pem\" twice",
        ),
        (
            "a key twice",
            Box::new(|directory| {
                write(directory, "a.pem", ec);
                write(directory, "b.pem", ec);
                write(
                    directory,
                    "keys.json",
                    &journal(&[entry("a", "a.pem", "1"), entry("b", "b.pem", "2")].join(",")),
                );
            }),
            "b.pem and a.pem are the same key",
        ),
        (
            "two keys of one ID",
            Box::new(|directory| {
                write(directory, "a.pem", ec);
                write(directory, "b.pem", &openssl_like(directory));
                write(
                    directory,
                    "keys.json",
                    &journal(&[entry("a", "a.pem", "1"), entry("a", "b.pem", "2")].join(",")),
                );
            }),
            "keys.json has two keys with the key ID \"a\"",
        ),
        (
            "two active keys",
            Box::new(|directory| {
                write(directory, "a.pem", ec);
                write(directory, "b.pem", &openssl_like(directory));
                write(
                    directory,
                    "keys.json",
                    &journal(&[entry("a", "a.pem", "5"), entry("b", "b.pem", "5")].join(",")),
                );
            }),
            "keys.json has another key that signs from the same second on as \"b\"",
        ),
        (
            "a key that is none",
            Box::new(|directory| {
                write(directory, "a.pem", "-----BEGIN PRIVATE KEY-----\nMII\n");
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem is no PEM",
        ),
        (
            "a public key",
            Box::new(|directory| {
                write(directory, "a.pem", include_str!("../../keys/ec256.pub.pem"));
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem holds a public key; the private one is needed to sign",
        ),
        (
            "a key of another algorithm",
            Box::new(|directory| {
                write(directory, "a.pem", include_str!("../../keys/ed25519.pem"));
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem is not an EC P-256 key",
        ),
        (
            "a file of 100 MB",
            Box::new(|directory| {
                write(directory, "a.pem", "");
                fs::OpenOptions::new().write(true).open(directory.path("a.pem")).unwrap().set_len(100_000_000).unwrap();
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem cannot be read: it is longer than 65536 bytes",
        ),
        (
            "a journal of 100 MB",
            Box::new(|directory| {
                let file = fs::OpenOptions::new().write(true).open(directory.path("keys.json")).unwrap();
                file.set_len(100_000_000).unwrap();
            }),
            "keys.json cannot be read: it is longer than 4 MiB",
        ),
        (
            "links in a circle",
            Box::new(|directory| {
                symlink("b.pem", directory.path("a.pem")).unwrap();
                symlink("a.pem", directory.path("b.pem")).unwrap();
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem cannot be read: Too many levels of symbolic links",
        ),
        (
            "a device",
            Box::new(|directory| {
                symlink("/dev/zero", directory.path("a.pem")).unwrap();
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem cannot be read: it is no regular file",
        ),
        (
            "a folder",
            Box::new(|directory| {
                fs::create_dir(directory.path("a.pem")).unwrap();
                write(directory, "keys.json", &journal(&entry("a", "a.pem", "1")));
            }),
            "a.pem cannot be read: it is no regular file",
        ),
        (
            "10,000 files without a journal",
            Box::new(|directory| {
                fs::remove_file(directory.path("keys.json")).unwrap();
                (0..10_000).for_each(|number| drop(fs::File::create(directory.path(&format!("{number}.pem")))));
            }),
            "holds several keys and no keys.json, which says what each does",
        ),
    ];
    for (what, break_it, said) in &breaks {
        let directory = Directory::with(Algorithm::ES256);
        let jwt = directory.manager();
        let token = jwt.create_access_token("ada").unwrap();
        let whole = fs::read_to_string(directory.path("keys.json")).unwrap();
        break_it(&directory);
        let error = JwtManager::new(of(directory.folder.path())).map(|_| what).unwrap_err().to_string();
        assert!(error.contains(said) && error.len() < 1000, "{what}: {error}");
        let error = jwt.reload_keys().map(|_| what).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("MII"), "{what}: {error}");
        assert!(jwt.decode_token(&token).is_ok() && jwt.create_access_token("ada").is_ok(), "{what}");
        assert!(jwt.key_reload_stats().failures >= 1, "{what}");
        write(&directory, "keys.json", &whole);
        jwt.reload_keys().unwrap();
        assert!(jwt.decode_token(&token).is_ok(), "{what}");
    }
}

/// Some other P-256 key.
fn openssl_like(directory: &Directory) -> String {
    let other = Directory::with(Algorithm::ES256);
    let name = other.names().into_iter().find(|name| name.ends_with(".pem")).unwrap();
    let _ = directory;
    fs::read_to_string(other.path(&name)).unwrap()
}

#[test]
fn a_directory_that_is_gone_changes_nothing() {
    let directory = Directory::with(Algorithm::EdDSA);
    let jwt = directory.manager();
    let before = signer(&jwt);
    let away = directory.folder.path().with_extension("away");
    fs::rename(directory.folder.path(), &away).unwrap();
    assert!(jwt.reload_keys().is_err());
    assert_eq!(signer(&jwt), before);
    fs::rename(&away, directory.folder.path()).unwrap();
    assert!(jwt.reload_keys().is_ok());
    let error = JwtManager::new(of(Path::new("no/such/folder"))).unwrap_err().to_string();
    assert!(error.starts_with("JWT_KEYS_DIR no/such/folder: No such file or directory"), "{error}");
    let file = of(&directory.path("keys.json"));
    assert!(JwtManager::new(file).unwrap_err().to_string().ends_with("is no directory"));
}

#[test]
fn a_key_alone_needs_no_journal() {
    let alone = |name: &str, text: &str| {
        let directory = Directory::new();
        fs::write(directory.path(name), text).unwrap();
        fs::set_permissions(directory.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        directory
    };
    for (name, text, algorithm) in [
        ("jwt.pem", include_str!("../../keys/ec384.pem"), Algorithm::ES384),
        ("jwt.pem", include_str!("../../keys/ed25519.pem"), Algorithm::EdDSA),
        ("jwt.pem", include_str!("../../keys/rsa2048.pem"), Algorithm::RS256),
        ("jwt.key", include_str!("../../keys/mldsa44.pem"), Algorithm::MlDsa44),
        ("jwt.secret", "hex:00112233445566778899aabbccddeeff102132435465768798a9bacbdcedfe0f\n", Algorithm::HS256),
    ] {
        let directory = alone(name, text);
        let jwt = directory.manager();
        let (own, id) = signer(&jwt);
        assert_eq!(own, algorithm);
        // The first change writes a journal, in which it stands.
        directory.keys.rotate(None).unwrap();
        assert_eq!(directory.states(), [KeyState::Active, KeyState::Next]);
        jwt.reload_keys().unwrap();
        assert_eq!(signer(&jwt), (algorithm, id));
    }
    let error = JwtManager::new(of(alone("x.txt", "").folder.path())).unwrap_err().to_string();
    assert!(error.starts_with("JWT_KEYS_DIR holds no key that signs; make one, for example with `openssl"), "{error}");
}

#[test]
fn what_others_can_read_is_warned_of() {
    let directory = Directory::with(Algorithm::ES256);
    let name = directory.names().into_iter().find(|name| name.ends_with(".pem")).unwrap();
    fs::set_permissions(directory.path(&name), fs::Permissions::from_mode(0o644)).unwrap();
    let lines = logged::lines_of(|| drop(directory.manager()));
    let said =
        "can be read by others than its owner (mode 0644); run `chmod 600` on it, or set JWT_ALLOW_READABLE_KEYS";
    assert!(lines.iter().any(|line| line.contains(said)), "{lines:?}");
    let allowed = of(directory.folder.path()).allow_readable_keys(true);
    let lines = logged::lines_of(|| drop(builder(allowed).clock(directory.clock.clone()).build().unwrap()));
    assert!(!lines.iter().any(|line| line.contains(said)), "{lines:?}");
}

/// As Kubernetes mounts a secret: links to links, and all of them turned round at once.
#[test]
fn a_mounted_secret_is_followed() {
    let (old, new) = (Directory::with(Algorithm::ES256), Directory::with(Algorithm::EdDSA));
    let mount = Directory::new();
    let turn = |to: &Directory| {
        symlink(to.folder.path(), mount.path("..data.new")).unwrap();
        fs::rename(mount.path("..data.new"), mount.path("..data")).unwrap();
    };
    turn(&old);
    for name in old.names().into_iter().chain(new.names()) {
        let _ = symlink(Path::new("..data").join(&name), mount.path(&name));
    }
    let jwt = mount.manager();
    assert_eq!(signer(&jwt).0, Algorithm::ES256);
    turn(&new);
    jwt.reload_keys().unwrap();
    assert_eq!(signer(&jwt).0, Algorithm::EdDSA);
}

/// What a process leaves that is killed between two steps: a file that nothing names, half a journal that is not it yet, its lock.
#[test]
fn what_a_killed_process_leaves_is_in_nobodys_way() {
    let directory = Directory::with(Algorithm::ES256);
    let jwt = directory.manager();
    let before = signer(&jwt);
    fs::write(directory.path("orphan.pem"), "-----BEGIN PRIVATE").unwrap();
    fs::write(directory.path(".keys.json.new"), "{\"version\":").unwrap();
    assert!(jwt.reload_keys().is_ok());
    assert_eq!(signer(&jwt), before);
    let next = directory.keys.rotate(None).unwrap();
    jwt.reload_keys().unwrap();
    directory.clock.advance(HOUR);
    assert_eq!(signer(&jwt).1, next);
}

#[test]
fn a_dry_run_writes_nothing() {
    let directory = Directory::with(Algorithm::ES256);
    let before = (directory.names(), fs::read_to_string(directory.path("keys.json")).unwrap());
    let dry = directory.keys.clone().dry_run(true);
    dry.add(Algorithm::EdDSA).unwrap();
    dry.rotate(None).unwrap();
    dry.rotate_now(Some(Algorithm::HS256)).unwrap();
    dry.withdraw(directory.keys.list().unwrap()[0].key_id().unwrap()).unwrap();
    assert!(dry.import(Algorithm::EdDSA, "no key").is_err());
    dry.import(Algorithm::EdDSA, include_str!("../../keys/ed25519.pem")).unwrap();
    assert_eq!((directory.names(), fs::read_to_string(directory.path("keys.json")).unwrap()), before);
}

#[test]
fn a_key_is_imported_once() {
    let directory = Directory::with(Algorithm::ES256);
    let pem = include_str!("../../keys/ed25519.pem");
    let id = directory.keys.import(Algorithm::EdDSA, pem).unwrap();
    assert_eq!(directory.states(), [KeyState::Active, KeyState::Next]);
    let error = directory.keys.import(Algorithm::EdDSA, pem).unwrap_err().to_string();
    assert_eq!(error, format!("the key \"{id}\" is in JWT_KEYS_DIR already"));
    // It is the one that waits.
    assert_eq!(directory.keys.rotate_now(None).unwrap(), id);
    assert_eq!(signer(&directory.manager()).0, Algorithm::EdDSA);
}

/// Many processes change one directory.
#[test]
fn no_change_is_lost() {
    let directory = Directory::with(Algorithm::EdDSA);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..5).for_each(|_| drop(directory.keys.add(Algorithm::EdDSA).unwrap())));
        }
    });
    assert_eq!(directory.states().len(), 41);
}
