//! What a failure of PostgreSQL or of its client means, in words: all of its causes, and what to do.

use crate::store::StoreError;
use std::error::Error;
use std::fmt;
use tokio_postgres::error::{DbError, SqlState};

/// An error whose text says all that its causes say.
#[derive(Debug)]
struct Explained {
    said: String,
    source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl Error for Explained {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// With what was tried, if that is not clear.
pub(super) fn explained(tried: &str, error: impl Error + Send + Sync + 'static) -> StoreError {
    let mut said = String::from(tried);
    let (mut next, mut code): (Option<&(dyn Error + 'static)>, _) = (Some(&error), None);
    while let Some(cause) = next {
        let text = match cause.downcast_ref::<DbError>() {
            Some(told) => {
                code = Some(told.code().clone());
                // Not the details: they may show what is in a row.
                let hint = told.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("{}: {}{hint}", told.severity(), told.message())
            }
            None => cause.to_string(),
        };
        // Some show their causes themselves.
        if text != "db error" && !said.contains(&text) {
            if !said.is_empty() {
                said.push_str(": ");
            }
            said.push_str(&text);
        }
        next = cause.source();
    }
    if let Some(way_out) = code.as_ref().and_then(|code| way_out(code, &said)).or_else(|| way_out_of_text(&said)) {
        said.push_str("; ");
        said.push_str(way_out);
    }
    StoreError::new(Explained { said, source: Box::new(error) })
}

fn way_out(code: &SqlState, said: &str) -> Option<&'static str> {
    Some(match code.code() {
        "28P01" | "28000" => "check the user and the password of the URL, and the server's pg_hba.conf",
        "3D000" => "create the database, or name another one in the URL",
        "25006" | "25P04" => READ_ONLY,
        "42501" => "grant it to this role: the guide's page \"PostgreSQL\" lists what is needed",
        "42P01" | "3F000" => {
            "run the migration, or name the schema that the tables are in: PostgresStore::builder().schema(..)"
        }
        "53300" => "lower pool_size(..), raise the server's max_connections, or use a pooler",
        "08P01" if said.contains("startup parameter") => {
            "a pooler refuses what the URL sets for the session: leave `options` out of it"
        }
        _ => return None,
    })
}

pub(super) const READ_ONLY: &str = "this server takes no writes (a standby, or default_transaction_read_only): name the \
     primary in the URL, or all servers: postgres://one,two/database";

fn way_out_of_text(said: &str) -> Option<&'static str> {
    if said.contains("server does not support TLS") {
        return Some("turn on `ssl` on the server, or set sslmode=disable where nobody else is on the way");
    }
    if said.contains("database does not allow writes") {
        return Some("no server of the URL takes writes: add the primary");
    }
    if said.contains("TLS handshake") {
        return Some(
            "name the authority that signed the server's certificate with sslrootcert=FILE or JWT_STORE_CA_FILE, and the \
             host as the certificate does; sslmode=verify-ca leaves the host's name out",
        );
    }
    None
}
