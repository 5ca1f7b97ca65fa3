//! Verdicts on public test vectors, held against those of their own suites: nothing may differ but what `list.tsv` names.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

const LIST: &str = include_str!("list.tsv");

/// The vectors of a file, and what is said of them. `None` where this folder was copied without them.
pub(crate) fn read(file: &str) -> Option<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    if !folder.exists() {
        assert!(std::env::var_os("CI").is_none(), "tests/vectors is missing");
        // Written past the test's own output, which nobody sees of a test that passes.
        let _ = writeln!(std::io::stderr(), "skipped: tests/vectors is not in this copy");
        return None;
    }
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// What both say of the vectors of one source.
pub(crate) struct Verdicts {
    source: &'static str,
    ran: usize,
    not_expressible: usize,
    different: BTreeMap<String, [&'static str; 2]>,
}

impl Verdicts {
    pub(crate) fn of(source: &'static str) -> Self {
        Self { source, ran: 0, not_expressible: 0, different: BTreeMap::new() }
    }

    /// A vector that the library was asked: whether it accepts, and whether its suite does.
    pub(crate) fn add(&mut self, id: &str, ours: bool, theirs: bool) {
        self.ran += 1;
        if ours != theirs {
            let word = |accepts| if accepts { "accepted" } else { "refused" };
            let id = format!("{}: {}", self.source, id.escape_debug());
            let before = self.different.insert(id.clone(), [word(ours), word(theirs)]);
            assert!(before.is_none(), "two vectors are called {id}");
        }
    }

    /// A vector that cannot be put to this library.
    pub(crate) fn pass_over(&mut self) {
        self.not_expressible += 1;
    }

    /// Nothing differs but what the list names, and all that it names differs; and as many ran as ever.
    pub(crate) fn check(self, ran: usize, not_expressible: usize) {
        let listed = listed(self.source);
        let shown = |(id, [ours, theirs]): (&String, &[&str; 2])| format!("{id}\t{ours}\t{theirs}");
        let new: Vec<_> = self.different.iter().filter(|(id, v)| listed.get(*id) != Some(v)).map(shown).collect();
        let gone: Vec<_> = listed.iter().filter(|(id, v)| self.different.get(*id) != Some(v)).map(shown).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "these differ, and tests/differences/list.tsv does not say so:\n{}\nthese it names, and they do not differ so:\n{}",
            new.join("\n"),
            gone.join("\n"),
        );
        assert_eq!((self.ran, self.not_expressible), (ran, not_expressible), "{}: ran, not expressible", self.source);
    }
}

/// The list's lines of a source: the vector, our verdict and theirs.
fn listed(source: &str) -> BTreeMap<String, [&'static str; 2]> {
    let lines = LIST.lines().filter(|line| !line.starts_with('#'));
    let mut listed = BTreeMap::new();
    for line in lines {
        let cells: Vec<_> = line.split('\t').collect();
        let [id, ours, theirs, reason] = cells[..] else { panic!("not four cells: {line}") };
        assert!(!reason.is_empty(), "without a reason: {line}");
        if id.split_once(": ").unwrap().0 == source {
            assert!(listed.insert(id.to_owned(), [ours, theirs]).is_none(), "twice: {line}");
        }
    }
    listed
}

/// Where the list's lines may come from; a line of another source would be looked at by no test.
#[test]
fn each_line_of_the_list_has_a_test() {
    let sources = [
        "peers",
        "keys",
        "json_web_crypto",
        "json_web_key",
        "json_web_signature",
        "hmac_sha256",
        "rsa_signature_2048_sha256",
        "rsa_pss_2048_sha256_mgf1_32",
        "ecdsa_secp256r1_sha256_p1363",
        "ecdsa_secp384r1_sha384_p1363",
        "ed25519",
    ];
    let known: usize = sources.iter().map(|source| listed(source).len()).sum();
    assert_eq!(known, LIST.lines().filter(|line| !line.starts_with('#')).count());
}
