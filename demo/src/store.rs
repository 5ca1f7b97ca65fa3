//! Where revocations and sessions are kept: `DEMO_STORE`.

use crate::error::StartError;
use actix_jwt_extended::JwtConfig;
use actix_jwt_extended::store::{
    MemoryStore, Replicated, ReplicatedStats, RevocationFeed, SharedStore, SqliteStore, StoreError,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const EXPECTED: &str = "\"sqlite:FILE\", \"memory:\", a postgres:// URL or a redis:// URL; \
                            all but memory with ?replicated=true if wanted";

/// Which store. No `Debug`: the URL may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreSetting {
    kind: Kind,
    replicated: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Memory,
    Sqlite(PathBuf),
    Postgres(String),
    Redis(String),
}

impl Default for StoreSetting {
    fn default() -> Self {
        Self { kind: Kind::Sqlite("demo.db".into()), replicated: false }
    }
}

/// An open store; how its replica is doing, if it has one.
pub struct Store {
    pub shared: SharedStore,
    pub replica: Option<ReplicaStats>,
}

pub type ReplicaStats = Arc<dyn Fn() -> ReplicatedStats + Send + Sync>;

impl Store {
    fn alone(store: impl Into<SharedStore>) -> Self {
        Self { shared: store.into(), replica: None }
    }
}

impl StoreSetting {
    /// `None` = none of the forms.
    pub fn parse(text: &str) -> Option<Self> {
        let (text, replicated) = without_replicated(text)?;
        let (scheme, rest) = text.split_once(':')?;
        let kind = match scheme {
            "memory" if rest.is_empty() && !replicated => Kind::Memory,
            "sqlite" if !rest.is_empty() && !rest.contains('?') => Kind::Sqlite(rest.into()),
            "postgres" | "postgresql" if rest.starts_with("//") => Kind::Postgres(text),
            "redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel"
            | "redis+unix"
                if rest.starts_with("//") =>
            {
                Kind::Redis(text)
            }
            _ => return None,
        };
        Some(Self { kind, replicated })
    }

    /// A relative path counts from this folder.
    pub fn beside(self, folder: &Path) -> Self {
        let kind = match self.kind {
            Kind::Sqlite(path) => Kind::Sqlite(folder.join(path)),
            other => other,
        };
        Self { kind, ..self }
    }

    #[cfg_attr(not(any(feature = "postgres", feature = "redis")), allow(unused_variables))]
    pub async fn open(&self, config: &JwtConfig) -> Result<Store, StartError> {
        let opened = match &self.kind {
            Kind::Memory => Ok(Store::alone(MemoryStore::new())),
            Kind::Sqlite(path) => self.shared(SqliteStore::open(path).await).await,
            #[cfg(feature = "postgres")]
            Kind::Postgres(url) => self.shared(config.postgres_store().connect(url).await).await,
            #[cfg(not(feature = "postgres"))]
            Kind::Postgres(_) => return Err(StartError::NotBuiltIn { what: self.shown(), feature: "postgres" }),
            #[cfg(feature = "redis")]
            Kind::Redis(url) => self.shared(config.redis_store().connect(url).await).await,
            #[cfg(not(feature = "redis"))]
            Kind::Redis(_) => return Err(StartError::NotBuiltIn { what: self.shown(), feature: "redis" }),
        };
        opened.map_err(|source| StartError::Store { store: self.shown(), source })
    }

    async fn shared<S: RevocationFeed>(&self, store: Result<S, StoreError>) -> Result<Store, StoreError> {
        if !self.replicated {
            return store.map(Store::alone);
        }
        let replica = Replicated::start(store?).await?;
        let asked = replica.clone();
        Ok(Store { shared: replica.into(), replica: Some(Arc::new(move || asked.stats())) })
    }

    /// For the log: without a password.
    pub fn shown(&self) -> String {
        match &self.kind {
            Kind::Memory => "memory, until the demo ends".to_owned(),
            Kind::Sqlite(path) => std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string(),
            Kind::Postgres(_) => "PostgreSQL".to_owned(),
            Kind::Redis(_) => "Redis".to_owned(),
        }
    }
}

/// Takes `replicated=…` out of the query; all else stays for the store.
fn without_replicated(text: &str) -> Option<(String, bool)> {
    let Some((start, query)) = text.split_once('?') else { return Some((text.to_owned(), false)) };
    let mut replicated = false;
    let mut rest = Vec::new();
    for parameter in query.split('&') {
        match parameter.split_once('=') {
            Some(("replicated", "true")) => replicated = true,
            Some(("replicated", "false")) => replicated = false,
            Some(("replicated", _)) => return None,
            _ => rest.push(parameter),
        }
    }
    let text = if rest.is_empty() { start.to_owned() } else { format!("{start}?{}", rest.join("&")) };
    Some((text, replicated))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(Kind, bool)> {
        StoreSetting::parse(text).map(|setting| (setting.kind, setting.replicated))
    }

    #[test]
    fn each_form_is_read() {
        let url = |text: &str| text.to_owned();
        for (text, kind, replicated) in [
            ("memory:", Kind::Memory, false),
            ("sqlite:demo.db", Kind::Sqlite("demo.db".into()), false),
            ("sqlite:/var/lib/a b.db?replicated=true", Kind::Sqlite("/var/lib/a b.db".into()), true),
            (
                "postgres://me:secret@host/db?sslmode=disable&replicated=true",
                Kind::Postgres(url("postgres://me:secret@host/db?sslmode=disable")),
                true,
            ),
            ("postgresql:///db?replicated=false", Kind::Postgres(url("postgresql:///db")), false),
            (
                "redis://host:7000/1?replicated=true&protocol=resp3",
                Kind::Redis(url("redis://host:7000/1?protocol=resp3")),
                true,
            ),
            ("rediss+cluster://a:1,b:2", Kind::Redis(url("rediss+cluster://a:1,b:2")), false),
        ] {
            assert!(parsed(text) == Some((kind, replicated)), "{text}");
        }
        for text in [
            "",
            "memory",
            "memory:x",
            "memory:?replicated=true",
            "sqlite:",
            "sqlite:a?b=c",
            "demo.db",
            "mysql://x",
            "postgres:x",
            "redis:x",
            "sqlite:a?replicated=yes",
        ] {
            assert!(parsed(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_relative_file_lies_beside_the_settings() {
        let path = |text: &str| match StoreSetting::parse(text).unwrap().beside(Path::new("/etc/app")).kind {
            Kind::Sqlite(path) => path,
            _ => panic!("{text}"),
        };
        assert_eq!(path("sqlite:demo.db"), Path::new("/etc/app/demo.db"));
        assert_eq!(path("sqlite:/var/demo.db"), Path::new("/var/demo.db"));
    }
}
