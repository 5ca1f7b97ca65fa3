//! The tables, and the statements on them.

use crate::store::{StoreError, digest};

/// What this version of the crate reads and writes.
const VERSION: i64 = 1;

/// What a name may be made of: it stands in statements.
const LONGEST: usize = 40;

/// Names of tables, and all statements with them.
#[derive(Debug, Clone)]
pub(super) struct Schema {
    pub(super) channel: String,
    pub(super) migration: String,
    pub(super) exists: String,
    pub(super) elsewhere: String,
    pub(super) whole: String,
    pub(super) keep: String,
    pub(super) version: String,
    pub(super) revoke: String,
    pub(super) is_revoked: String,
    pub(super) insert_session: String,
    pub(super) session: String,
    pub(super) replace_session: String,
    pub(super) remove_session: String,
    pub(super) remove_sessions: String,
    pub(super) sessions: String,
    pub(super) sessions_page: String,
    pub(super) position: String,
    pub(super) snapshot: String,
    pub(super) changes: String,
}

impl Schema {
    /// `found` = the first schema of the search path, where none was named.
    pub(super) fn new(schema: Option<&str>, found: Option<&str>, prefix: &str) -> Result<Self, StoreError> {
        for name in schema.into_iter().chain([prefix]) {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || name.len() > LONGEST || !name.chars().all(fits) {
                return Err(StoreError::new(format!(
                    "a schema or table prefix consists of 1 to {LONGEST} ASCII letters, digits and '_'"
                )));
            }
        }
        let table = |name: &str| match schema.or(found) {
            Some(schema) => format!("\"{}\".\"{prefix}{name}\"", schema.replace('"', "\"\"")),
            None => format!("\"{prefix}{name}\""),
        };
        let index = |name: &str| format!("\"{prefix}{name}\"");
        let channel = channel(schema, prefix);
        let (versions, revocation, session, feed, head) =
            (table("schema"), table("revocation"), table("session"), table("feed"), table("head"));
        let (by_until, by_subject, by_end) =
            (index("revocation_until"), index("session_subject"), index("session_expires_at"));
        // Begins what only reads. It writes nothing; yet a standby refuses it, which could not tell what has been revoked
        // by now, and a pooler that gives reads to standbys leaves it to the primary.
        // Their first column, and that of what revokes, is whether the table of what is revoked is whole.
        let on_the_primary = format!("WITH writable AS (UPDATE {head} SET seq = seq WHERE FALSE)");
        // Of what was told last and is not over, that it is there; and anything at all, if anything was told: a revocation
        // leaves itself, at least. The order lets an index find it, however many rows are dead.
        let whole = format!(
            "(SELECT (NOT EXISTS (SELECT FROM {head} WHERE seq > 0)
                     OR EXISTS (SELECT FROM (SELECT key FROM {revocation} ORDER BY key LIMIT 1) AS anything))
                 AND NOT EXISTS (
                     SELECT FROM (SELECT key, until FROM {feed} ORDER BY seq DESC LIMIT 1) AS last
                     WHERE until > 1000 * extract(epoch FROM now())
                         AND NOT EXISTS (SELECT FROM {revocation} AS known WHERE known.key = last.key)))"
        );
        Ok(Self {
            // One transaction, and one process at a time.
            migration: format!(
                "SELECT pg_advisory_xact_lock(hashtextextended('{channel}', 0));
                 CREATE TABLE IF NOT EXISTS {revocation} (
                     key BYTEA PRIMARY KEY, issued_until BIGINT NOT NULL, until BIGINT NOT NULL);
                 CREATE INDEX IF NOT EXISTS {by_until} ON {revocation} (until);
                 CREATE TABLE IF NOT EXISTS {session} (
                     sid BYTEA PRIMARY KEY, subject BYTEA NOT NULL, rotation BIGINT NOT NULL,
                     expires_at BIGINT NOT NULL, data BYTEA NOT NULL);
                 CREATE INDEX IF NOT EXISTS {by_subject} ON {session} (subject, sid);
                 CREATE INDEX IF NOT EXISTS {by_end} ON {session} (expires_at);
                 CREATE TABLE IF NOT EXISTS {feed} (
                     seq BIGINT PRIMARY KEY, tag TEXT NOT NULL,
                     key BYTEA NOT NULL, issued_until BIGINT NOT NULL, until BIGINT NOT NULL);
                 CREATE TABLE IF NOT EXISTS {head} (
                     one BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (one), seq BIGINT NOT NULL, tag TEXT NOT NULL);
                 INSERT INTO {head} (seq, tag) VALUES (0, '') ON CONFLICT DO NOTHING;
                 CREATE TABLE IF NOT EXISTS {versions} (version BIGINT PRIMARY KEY);
                 INSERT INTO {versions} VALUES ({VERSION}) ON CONFLICT DO NOTHING;"
            ),
            exists: format!("SELECT to_regclass('{}') IS NOT NULL", versions.replace('\'', "''")),
            elsewhere: format!(
                "SELECT nspname::TEXT FROM pg_catalog.pg_class JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
                 WHERE relname = '{prefix}schema' AND nspname = ANY (current_schemas(FALSE))
                     AND nspname <> current_schema() LIMIT 1"
            ),
            whole: format!("SELECT {whole}"),
            keep: format!(
                "INSERT INTO {revocation} AS known (key, issued_until, until)
                 SELECT key, max(issued_until), max(until) FROM {feed} GROUP BY key ORDER BY key
                 ON CONFLICT (key) DO UPDATE SET
                     issued_until = GREATEST(known.issued_until, excluded.issued_until),
                     until = GREATEST(known.until, excluded.until)
                 WHERE known.issued_until < excluded.issued_until OR known.until < excluded.until
                 RETURNING TRUE"
            ),
            version: format!("SELECT max(version) FROM {versions}"),
            // The head's row may be missing, or older than the feed: somebody has emptied a table, or put one back. Numbers
            // go on above what has been told.
            // It is locked until the commit: so numbers are without holes, and in the order of commits.
            // Rows are locked in the order of their keys, so that no two of these wait for one another. The sweep leaves
            // alone what it would have to wait for, and the rows that are being widened; it takes more than are added.
            revoke: format!(
                "WITH wider AS (
                     INSERT INTO {revocation} AS known (key, issued_until, until)
                     SELECT * FROM unnest($1::BYTEA[], $2::BIGINT[], $3::BIGINT[]) AS given (key, issued_until, until)
                     ORDER BY key
                     ON CONFLICT (key) DO UPDATE SET
                         issued_until = GREATEST(known.issued_until, excluded.issued_until),
                         until = GREATEST(known.until, excluded.until)
                     WHERE known.issued_until < excluded.issued_until OR known.until < excluded.until
                     RETURNING key, issued_until, until
                 ), numbered AS (
                     SELECT wider.*, row_number() OVER (ORDER BY key) AS place, count(*) OVER () AS places FROM wider
                 ), raised AS (
                     INSERT INTO {head} AS known (seq, tag)
                     SELECT COALESCE((SELECT max(seq) FROM {feed}), 0) + count(*), ($4::TEXT[])[count(*)]
                     FROM wider HAVING count(*) > 0
                     ON CONFLICT (one) DO UPDATE SET
                         seq = GREATEST(known.seq, (SELECT max(seq) FROM {feed})) + (SELECT count(*) FROM wider),
                         tag = excluded.tag
                     RETURNING seq
                 ), told AS (
                     INSERT INTO {feed} (seq, tag, key, issued_until, until)
                     SELECT raised.seq - places + place, ($4::TEXT[])[place], key, issued_until, until
                     FROM raised, numbered
                 ), swept AS (
                     DELETE FROM {revocation} WHERE key IN (
                         SELECT key FROM {revocation} WHERE until < $5 AND key <> ALL($1::BYTEA[])
                         ORDER BY until LIMIT 500 FOR UPDATE SKIP LOCKED)
                 ), trimmed AS (
                     DELETE FROM {feed} WHERE seq <= (SELECT seq FROM raised) - 65536
                 )
                 SELECT {whole}, (SELECT pg_notify('{channel}', '')::TEXT FROM raised)"
            ),
            is_revoked: format!(
                "{on_the_primary}
                 SELECT {whole}, EXISTS (SELECT 1 FROM {revocation} WHERE key = ANY($1) AND issued_until >= $2)"
            ),
            insert_session: format!(
                "WITH swept AS (
                     DELETE FROM {session} WHERE sid IN (
                         SELECT sid FROM {session} WHERE expires_at < $6 AND sid <> $1
                         ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)
                 )
                 INSERT INTO {session} (sid, subject, rotation, expires_at, data) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (sid) DO NOTHING"
            ),
            session: format!("SELECT data FROM {session} WHERE sid = $1"),
            replace_session: format!(
                "UPDATE {session} SET rotation = $2, expires_at = $3, data = $4
                 WHERE sid = $1 AND rotation = $2::BIGINT - 1 RETURNING TRUE"
            ),
            remove_session: format!("DELETE FROM {session} WHERE sid = $1 RETURNING TRUE"),
            remove_sessions: format!(
                "DELETE FROM {session} WHERE sid IN (
                     SELECT sid FROM {session} WHERE sid = ANY($1) ORDER BY sid FOR UPDATE)"
            ),
            sessions: format!("SELECT data FROM {session} WHERE subject = $1"),
            sessions_page: format!(
                "SELECT sid, data FROM {session} WHERE subject = $1 AND sid >= $2 ORDER BY sid LIMIT $3"
            ),
            // Where the head's row is missing or older, what was told last.
            position: format!(
                "{on_the_primary}
                 SELECT {whole}, known.* FROM (SELECT 1) AS one LEFT JOIN (
                     SELECT seq, tag FROM (
                         SELECT seq, tag, 0 AS place FROM {head}
                         UNION ALL (SELECT seq, tag, 1 FROM {feed} ORDER BY seq DESC LIMIT 1)) AS ends
                     ORDER BY seq DESC, place LIMIT 1) AS known ON TRUE"
            ),
            snapshot: format!(
                "{on_the_primary}
                 SELECT key, issued_until, until FROM {revocation} WHERE key > $1 ORDER BY key LIMIT $2"
            ),
            changes: format!(
                "{on_the_primary}
                 SELECT {whole}, told.* FROM (SELECT 1) AS one LEFT JOIN (
                     SELECT seq, tag, key, issued_until, until FROM {feed} WHERE seq >= $1 ORDER BY seq LIMIT $2
                 ) AS told ON TRUE ORDER BY seq"
            ),
            channel,
        })
    }
}

/// What revocations are told on. PostgreSQL refuses longer names when somebody tells, not before.
fn channel(schema: Option<&str>, prefix: &str) -> String {
    const LONGEST: usize = 63;
    let name = format!("{}{prefix}feed", schema.map(|schema| format!("{schema}.")).unwrap_or_default());
    if name.len() <= LONGEST { name } else { digest(&name).chars().take(LONGEST).collect() }
}

/// Refuses tables that a later version of the crate has made.
pub(super) fn check(version: i64) -> Result<(), StoreError> {
    if version > VERSION {
        return Err(StoreError::new(format!(
            "the tables are of version {version}, and this crate knows {VERSION}: update actix-jwt-extended"
        )));
    }
    Ok(())
}
