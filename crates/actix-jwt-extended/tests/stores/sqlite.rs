use crate::common::{self, LATER, NOW, knows, manager, successor, token, until};
use actix_jwt_extended::store::{
    Changes, Replicated, Revocation, RevocationFeed as _, SessionRecord, SqliteStore, TokenIds, TokenStore as _,
};
use futures_util::future::join_all;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;
use tempfile::TempDir;

/// Makes files that go with it.
struct Files(TempDir, AtomicUsize);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap(), AtomicUsize::new(0))
    }

    fn next(&self) -> PathBuf {
        self.0.path().join(format!("{}.db", self.1.fetch_add(1, Ordering::Relaxed)))
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(self.next()).await.unwrap()
    }
}

async fn is_revoked(store: &SqliteStore, jwt_id: &str) -> bool {
    store.is_revoked(&token(jwt_id)).await.unwrap()
}

#[actix_web::test]
async fn passes_every_check() {
    let files = Files::new();
    common::passes_every_check(|| files.store()).await;
}

#[actix_web::test]
async fn everything_survives_a_restart() {
    let files = Files::new();
    let path = files.next();
    let (session, position) = {
        let store = SqliteStore::open(&path).await.unwrap();
        store.revoke(&Revocation::of_token("gone", LATER), NOW).await.unwrap();
        let pair = manager(store.clone()).start_session("ada").await.unwrap();
        (pair.session_id, store.position().await.unwrap())
    };
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(is_revoked(&store, "gone").await && !is_revoked(&store, "other").await);
    assert_eq!(store.session(&session).await.unwrap().unwrap().subject(), "ada");
    assert_eq!(store.position().await.unwrap(), position);
}

#[cfg(unix)]
#[actix_web::test]
async fn nobody_else_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
    for file in fs::read_dir(files.0.path()).unwrap() {
        let mode = file.as_ref().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
    assert!(!format!("{store:?}").contains("ajx"), "{store:?}");
}

#[actix_web::test]
async fn a_path_is_a_path() {
    let files = Files::new();
    for name in [":memory:", "file:uri.db", "file:uri.db?mode=memory", "a b%20c.db"] {
        let path = files.0.path().join(name);
        let store = SqliteStore::open(&path).await.unwrap();
        store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap();
        assert!(is_revoked(&store, "a").await, "{name}");
        assert!(fs::metadata(&path).unwrap().len() > 0, "{name}");
    }
}

#[actix_web::test]
async fn several_stores_share_a_file() {
    let files = Files::new();
    let path = files.next();
    let (one, other) = (SqliteStore::open(&path).await.unwrap(), SqliteStore::open(&path).await.unwrap());
    let session = manager(one.clone()).start_session("ada").await.unwrap().session_id;
    let record = other.session(&session).await.unwrap().unwrap();
    let next = successor(&record);
    let stores: Vec<_> = (0..40).map(|at| if at % 2 == 0 { &one } else { &other }).collect();
    let replaced = join_all(stores.iter().map(|store| store.replace_session(&next))).await;
    assert_eq!(replaced.into_iter().filter(|replaced| *replaced.as_ref().unwrap()).count(), 1);

    let replica = Replicated::start(other).await.unwrap();
    assert!(!knows(&replica, "x"));
    one.revoke(&Revocation::of_token("x", LATER), NOW).await.unwrap();
    until("followed", || knows(&replica, "x")).await;
    assert_eq!((replica.stats().snapshots, replica.stats().gaps), (1, 0));
}

#[test]
fn one_of_a_thousand_wins() {
    let files = Files::new();
    let path = files.next();
    common::one_of_a_thousand_wins(|| async { SqliteStore::open(&path).await.unwrap() });
}

#[actix_web::test]
async fn the_feed_goes_back_some_way_and_no_further() {
    let store = Files::new();
    let store = store.store().await;
    let start = store.position().await.unwrap();
    for batch in 0..66 {
        let revocations: Vec<_> = (0..1_000).map(|at| Revocation::of_token(&format!("{batch} {at}"), LATER)).collect();
        for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, NOW))).await {
            revoked.unwrap();
        }
    }
    assert!(matches!(store.changes(&start).await.unwrap(), Changes::Gap), "its beginning is gone");
    assert_eq!(store.position().await.unwrap().sequence, 66_000);
}

/// Logouts of a long time, in that of a test: what is over does not pile up. A million takes seven times as long, and its
/// size is that of the first hundred thousand.
#[actix_web::test]
async fn many_dead_tokens_leave_nothing_behind() {
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    store.revoke(&Revocation::of_token("lives", i64::MAX), NOW).await.unwrap();
    let mut sizes = Vec::new();
    for batch in 0..150 {
        let now_ms = NOW + batch * 60_000;
        let revocations: Vec<_> =
            (0..1_000).map(|at| Revocation::of_token(&format!("{batch} {at}"), now_ms + 30_000)).collect();
        for revoked in join_all(revocations.iter().map(|revocation| store.revoke(revocation, now_ms))).await {
            revoked.unwrap();
        }
        sizes.push(fs::metadata(&path).unwrap().len());
    }
    let rows: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM ajx_revocation", [], |row| row.get(0))
        .unwrap();
    assert!(rows <= 2_001, "{rows} rows");
    // Once the feed is as long as it gets, nothing grows any more.
    let (before, after) = (sizes[80], sizes[149]);
    assert!(after < 32 << 20 && after < before + before / 10, "{before} bytes, then {after}");
    assert!(is_revoked(&store, "lives").await);
}

#[actix_web::test]
async fn a_hundred_thousand_dead_sessions_leave_nothing_behind() {
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    let lives = session("lives", i64::MAX);
    store.insert_session(&lives, NOW).await.unwrap();
    for batch in 0..100 {
        let now_ms = NOW + batch * 60_000;
        let sessions: Vec<_> = (0..1_000).map(|at| session(&format!("{batch} {at}"), now_ms + 30_000)).collect();
        for kept in join_all(sessions.iter().map(|session| store.insert_session(session, now_ms))).await {
            kept.unwrap();
        }
    }
    let rows: i64 = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("SELECT count(*) FROM ajx_session", [], |row| row.get(0))
        .unwrap();
    assert!(rows <= 2_001, "{rows} rows");
    assert!(fs::metadata(&path).unwrap().len() < 32 << 20);
    assert_eq!(store.session("lives").await.unwrap(), Some(lives));
}

fn session(sid: &str, expires_at_ms: i64) -> SessionRecord {
    let record = serde_json::json!({
        "sid": sid, "subject": "ada", "created_at_ms": NOW, "ends_at_ms": expires_at_ms, "expires_at_ms": expires_at_ms,
        "rotation": 0, "current": "r0", "rotated_at_ms": NOW,
    });
    serde_json::from_value(record).unwrap()
}

#[actix_web::test]
async fn files_that_will_not_do_are_errors() {
    let files = Files::new();
    let folder = files.0.path();
    assert!(SqliteStore::open(folder.join("no/such/folder.db")).await.is_err());
    assert!(SqliteStore::open(folder).await.is_err());
    let text = files.next();
    fs::write(&text, "this is no database, and longer than a header is: ".repeat(100)).unwrap();
    let error = SqliteStore::open(&text).await.unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");

    // A file of a later version is left as it is.
    let later = files.next();
    rusqlite::Connection::open(&later)
        .unwrap()
        .execute_batch("CREATE TABLE ajx_schema (version INTEGER NOT NULL); INSERT INTO ajx_schema VALUES (2)")
        .unwrap();
    let before = fs::read(&later).unwrap();
    assert!(SqliteStore::open(&later).await.is_err());
    assert_eq!(fs::read(&later).unwrap(), before);

    let later = files.next();
    drop(SqliteStore::open(&later).await.unwrap());
    rusqlite::Connection::open(&later).unwrap().execute("UPDATE ajx_schema SET version = 2", []).unwrap();
    let error = SqliteStore::open(&later).await.unwrap_err();
    assert!(error.to_string().contains("version 2") && error.to_string().contains("update"), "{error}");
}

#[actix_web::test]
async fn a_file_that_is_locked_for_long_is_an_error_and_then_good_again() {
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let revocation = Revocation::of_token("a", LATER);
    assert!(store.revoke(&revocation, NOW).await.is_err(), "nothing is acknowledged that is not kept");
    assert!(!is_revoked(&store, "a").await, "reading goes on");
    other.execute_batch("COMMIT").unwrap();
    store.revoke(&revocation, NOW).await.unwrap();
    assert!(is_revoked(&store, "a").await);
}

#[actix_web::test]
async fn whoever_gives_up_disturbs_nobody() {
    let files = Files::new();
    let store = files.store().await;
    let revocations: Vec<_> = (0..200).map(|at| Revocation::of_token(&at.to_string(), LATER)).collect();
    let all = join_all(revocations.iter().enumerate().map(|(at, revocation)| {
        let store = store.clone();
        async move {
            let patience = if at % 2 == 0 { Duration::ZERO } else { Duration::from_secs(60) };
            tokio::time::timeout(patience, store.revoke(revocation, NOW)).await
        }
    }))
    .await;
    for (at, answer) in all.into_iter().enumerate().filter(|(at, _)| at % 2 == 1) {
        answer.unwrap().unwrap();
        assert!(is_revoked(&store, &at.to_string()).await);
    }
}

/// What `kill -9` leaves. The child is this program again.
const CHILD: &str = "AJX_SQLITE_CHILD";

#[actix_web::test]
async fn child() {
    let Some(path) = env::var_os(CHILD) else { return };
    let store = SqliteStore::open(path).await.unwrap();
    let jwt = manager(store.clone());
    for number in 0.. {
        let id = format!("{} {number}", std::process::id());
        store.revoke(&Revocation::of_token(&id, LATER), NOW).await.unwrap();
        acknowledge(&format!("revoked {id}"));
        let session = jwt.start_session("ada").await.unwrap().session_id;
        acknowledge(&format!("began {session}"));
        if number % 2 == 0 {
            acknowledge(&format!("ending {session}"));
            jwt.revoke_session(&session).await.unwrap();
            acknowledge(&format!("ended {session}"));
        } else {
            let next = successor(&store.session(&session).await.unwrap().unwrap());
            assert!(store.replace_session(&next).await.unwrap());
            acknowledge(&format!("rotated {session}"));
        }
    }
}

/// To the parent, in one piece.
fn acknowledge(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    out.write_all(format!("\n{line}.\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

const LIMITED: &str = "AJX_SQLITE_LIMITED";

/// Revokes until the file may not grow any more, and goes on living.
#[actix_web::test]
async fn limited() {
    let Some(path) = env::var_os(LIMITED) else { return };
    let store = SqliteStore::open(path).await.unwrap();
    let mut number = 0;
    let error = loop {
        match store.revoke(&Revocation::of_token(&number.to_string(), LATER), NOW).await {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    acknowledge(&format!("refused {error}"));
    for number in 0..number {
        assert!(is_revoked(&store, &number.to_string()).await);
    }
    acknowledge(&format!("acknowledged {number}"));
}

/// As where a service has a limit for its files: the system ends whoever does not see to it.
#[cfg(unix)]
#[actix_web::test]
async fn a_file_that_may_not_grow_is_an_error() {
    let files = Files::new();
    let path = files.next();
    let mut child = Command::new("sh");
    child.args(["-c", "ulimit -f 400 && exec \"$0\" \"$@\""]).arg(env::current_exe().unwrap());
    child.args(["--exact", "sqlite::limited", "--nocapture"]).env(LIMITED, &path);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("\nrefused "), "{:?}: {said}", output.status);
    let acknowledged = said.split_once("\nacknowledged ").unwrap().1.split_once('.').unwrap().0.parse().unwrap();
    let store = SqliteStore::open(&path).await.unwrap();
    for number in 0..acknowledged {
        assert!(is_revoked(&store, &number.to_string()).await, "{number} of {acknowledged} was forgotten");
    }
    // Without the limit it goes on.
    store.revoke(&Revocation::of_token("later", LATER), NOW).await.unwrap();
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn acknowledged_by_a_child_that_is_killed(path: &Path, after: Duration) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "sqlite::child", "--nocapture"]).env(CHILD, path);
    let mut child = Killed(child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines().map_while(Result::ok);
    // It has begun.
    let mut all = vec![lines.find(|line| line.starts_with("revoked")).unwrap()];
    sleep(after);
    child.0.kill().unwrap();
    all.extend(lines);
    all
}

#[actix_web::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let files = Files::new();
    let path = files.next();
    let (mut revoked, mut began, mut ended, mut rotated) = (Vec::new(), BTreeSet::new(), Vec::new(), BTreeSet::new());
    for round in 0..20 {
        for line in acknowledged_by_a_child_that_is_killed(&path, Duration::from_millis(7 * round % 90)) {
            let Some(line) = line.strip_suffix('.') else { continue };
            match line.split_once(' ') {
                Some(("revoked", id)) => revoked.push(id.to_owned()),
                Some(("began", id)) => drop(began.insert(id.to_owned())),
                // From then on it may be gone, or not.
                Some(("ending", id)) => drop(began.remove(id)),
                Some(("ended", id)) => ended.push(id.to_owned()),
                Some(("rotated", id)) => drop(rotated.insert(id.to_owned())),
                _ => {}
            }
        }
        let store = SqliteStore::open(&path).await.unwrap();
        for id in &revoked {
            assert!(is_revoked(&store, id).await, "round {round}: {id} was forgotten");
        }
        for id in &ended {
            let token = TokenIds { realm: "", jwt_id: "j", session_id: Some(id), subject: "ada", issued_at_ms: LATER };
            assert!(store.is_revoked(&token).await.unwrap(), "round {round}: the end of {id} was forgotten");
        }
        let live = store.sessions("ada").await.unwrap();
        for id in &began {
            let session = live.iter().find(|session| session.session_id() == id);
            let session = session.unwrap_or_else(|| panic!("round {round}: the session {id} was forgotten"));
            if rotated.contains(id) {
                assert_eq!(session.rotation(), 1, "round {round}: a rotation of {id} was forgotten");
            }
        }
    }
    assert!(
        revoked.len() > 20 && !ended.is_empty() && !rotated.is_empty(),
        "the children did hardly anything: {}",
        revoked.len()
    );
}

/// `mv` of a restored backup: it does not know the logouts of since.
#[cfg(unix)]
#[actix_web::test]
async fn a_file_that_was_replaced_answers_nothing_until_it_is_back() {
    let files = Files::new();
    let (path, backup, aside) = (files.next(), files.next(), files.next());
    let store = SqliteStore::open(&path).await.unwrap();
    let pair = manager(store.clone()).start_session("ada").await.unwrap();
    rusqlite::Connection::open(&path).unwrap().execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    store.revoke(&Revocation::of_token("later", LATER), NOW).await.unwrap();

    fs::rename(&path, &aside).unwrap();
    fs::rename(&backup, &path).unwrap();
    for _ in 0..2 {
        let told = store.revoke(&Revocation::of_token("lost", LATER), NOW).await.unwrap_err().to_string();
        assert!(told.contains("another file has taken the place of the one that was opened"), "{told}");
        store.is_revoked(&token("later")).await.unwrap_err();
        store.session(&pair.session_id).await.unwrap_err();
        store.position().await.unwrap_err();
    }

    fs::rename(&aside, &path).unwrap();
    assert!(is_revoked(&store, "later").await);
    assert!(!is_revoked(&store, "lost").await, "what was refused was not kept");
    store.revoke(&Revocation::of_token("lost", LATER), NOW).await.unwrap();
    assert!(is_revoked(&store, "lost").await);
}

#[cfg(unix)]
#[actix_web::test]
async fn a_file_that_was_deleted_takes_no_logout() {
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    assert!(!is_revoked(&store, "a").await);
    fs::remove_file(&path).unwrap();
    let told = store.revoke(&Revocation::of_token("a", LATER), NOW).await.unwrap_err().to_string();
    assert!(told.contains("was deleted or moved"), "{told}");
    // Another process makes a new one in its place: each knows nothing of the other.
    let other = SqliteStore::open(&path).await.unwrap();
    other.revoke(&Revocation::of_token("b", LATER), NOW).await.unwrap();
    let told = store.is_revoked(&token("b")).await.unwrap_err().to_string();
    assert!(told.contains("another file has taken the place"), "{told}");
}

/// A backup that was restored into the open file: the same inode, other rows.
#[actix_web::test]
async fn a_file_that_was_put_back_to_an_earlier_state_is_noticed() {
    let files = Files::new();
    let path = files.next();
    let store = SqliteStore::open(&path).await.unwrap();
    for jwt_id in ["a", "b"] {
        store.revoke(&Revocation::of_token(jwt_id, LATER), NOW).await.unwrap();
    }
    let restored = rusqlite::Connection::open(&path).unwrap();
    restored
        .execute_batch("DELETE FROM ajx_feed WHERE seq = 2; DELETE FROM ajx_revocation WHERE key LIKE '%b'")
        .unwrap();
    let told = store.revoke(&Revocation::of_token("c", LATER), NOW).await.unwrap_err().to_string();
    assert!(told.contains("was put back to an earlier state"), "{told}");
    store.is_revoked(&token("a")).await.unwrap_err();

    // Restarted, it goes on with what there is.
    let again = SqliteStore::open(&path).await.unwrap();
    assert!(is_revoked(&again, "a").await && !is_revoked(&again, "b").await);
    again.revoke(&Revocation::of_token("c", LATER), NOW).await.unwrap();
}

#[actix_web::test]
async fn the_file_alone_has_everything_once_the_store_is_dropped() {
    let files = Files::new();
    let (path, copy) = (files.next(), files.next());
    let store = SqliteStore::open(&path).await.unwrap();
    store.revoke(&Revocation::of_token("gone", LATER), NOW).await.unwrap();
    let session = manager(store.clone()).start_session("ada").await.unwrap().session_id;
    assert!(is_revoked(&store, "gone").await);
    drop(store);
    fs::copy(&path, &copy).unwrap();
    let copy = SqliteStore::open(&copy).await.unwrap();
    assert!(is_revoked(&copy, "gone").await);
    assert!(copy.session(&session).await.unwrap().is_some());
}
