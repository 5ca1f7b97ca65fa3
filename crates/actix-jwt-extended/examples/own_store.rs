//! A store of one's own: here one file of JSON, for a handful of users.
//!
//! It is good when `cargo test --example own_store` says so: one line runs every check. As a program,
//! `cargo run --example own_store`, and in another terminal:
//!
//! ```console
//! $ TOKEN=$(curl -s -X POST http://127.0.0.1:8080/login | jq -r .access_token)
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"logged_in_as":"ada"} 200
//! $ curl -s -X DELETE -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/logout
//! {"msg":"logged out"}
//! $ curl -sw ' %{http_code}\n' -H "Authorization: Bearer $TOKEN" http://127.0.0.1:8080/protected
//! {"msg":"Token has been revoked"} 401
//! ```

#![allow(missing_docs, clippy::print_stdout)]

use actix_jwt_extended::store::{Revocation, SessionRecord, StoreError, TokenIds, TokenStore};
use actix_jwt_extended::{Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, jwt_required};
use actix_web::{App, HttpServer, Responder, delete, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Debug)]
struct FileStore {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// By its key: issued until, and until when it must be kept.
    revocations: BTreeMap<String, (i64, i64)>,
    sessions: BTreeMap<String, SessionRecord>,
}

impl FileStore {
    fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        let kept = match fs::read(&path) {
            Ok(json) => serde_json::from_slice(&json).map_err(StoreError::new)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::default(),
            Err(error) => return Err(StoreError::new(error)),
        };
        Ok(Self { path, kept: Mutex::new(kept) })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of it or nothing: what could not be written did not happen.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> Result<T, StoreError> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        let answer = change(&mut next);
        save(&self.path, &next).map_err(StoreError::new)?;
        *kept = next;
        Ok(answer)
    }
}

/// A new file takes the old one's place in one step, and is on the disk before.
fn save(path: &Path, kept: &Kept) -> Result<(), Box<dyn Error + Send + Sync>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec(kept)?)?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    Ok(())
}

impl TokenStore for FileStore {
    async fn revoke(&self, revocation: &Revocation, over_by_ms: i64) -> Result<(), StoreError> {
        self.change(|kept| {
            kept.revocations.retain(|_, (_, until)| *until >= over_by_ms);
            let (issued_until, until) =
                kept.revocations.entry(revocation.key().to_owned()).or_insert((i64::MIN, i64::MIN));
            *issued_until = revocation.issued_until_ms().max(*issued_until);
            *until = revocation.until_ms().max(*until);
        })
    }

    async fn is_revoked(&self, token: &TokenIds<'_>) -> Result<bool, StoreError> {
        let kept = self.kept();
        let issued_until = |key: String| kept.revocations.get(&key).map(|(issued_until, _)| *issued_until);
        Ok(token.keys().filter_map(issued_until).any(|issued_until| issued_until >= token.issued_at_ms))
    }

    async fn insert_session(&self, session: &SessionRecord, now_ms: i64) -> Result<(), StoreError> {
        self.change(|kept| {
            kept.sessions.retain(|_, session| session.expires_at_ms() >= now_ms);
            kept.sessions.entry(session.session_id().to_owned()).or_insert_with(|| session.clone());
        })
    }

    async fn session(&self, session_id: &str) -> Result<Option<SessionRecord>, StoreError> {
        Ok(self.kept().sessions.get(session_id).cloned())
    }

    async fn replace_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.change(|kept| match kept.sessions.get_mut(session.session_id()) {
            Some(known) if known.rotation().checked_add(1) == Some(session.rotation()) => {
                *known = session.clone();
                true
            }
            _ => false,
        })
    }

    async fn remove_session(&self, session: &SessionRecord) -> Result<bool, StoreError> {
        self.change(|kept| kept.sessions.remove(session.session_id()).is_some())
    }

    async fn sessions(&self, subject: &str) -> Result<Vec<SessionRecord>, StoreError> {
        Ok(self.kept().sessions.values().filter(|session| session.subject() == subject).cloned().collect())
    }
}

#[post("/login")]
async fn login(jwt: JwtManager) -> Result<impl Responder, JwtError> {
    jwt.start_session("ada").await
}

#[delete("/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
async fn logout(jwt: JwtManager, presented: Jwt) -> Result<impl Responder, JwtError> {
    jwt.log_out(&presented).await?;
    Ok(web::Json(json!({ "msg": "logged out" })))
}

#[get("/protected", wrap = "jwt_required()")]
async fn protected(user: JwtIdentity) -> impl Responder {
    web::Json(json!({ "logged_in_as": *user }))
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
        .token_store(FileStore::open(folder.path().join("logins.json"))?)
        .build()?;
    let port = env::var("PORT").map_or(Ok(8080), |port| port.parse())?;
    let server =
        HttpServer::new(move || App::new().app_data(jwt.clone()).service(login).service(logout).service(protected))
            .bind(("127.0.0.1", port))?;
    for address in server.addrs() {
        println!("listening on http://{address}");
    }
    server.run().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_jwt_extended::test_util::store_testing;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[actix_web::test]
    #[allow(clippy::unwrap_used)]
    async fn it_is_a_store() {
        let (folder, number) = (tempfile::tempdir().unwrap(), AtomicUsize::new(0));
        let path = || folder.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        store_testing::check(|_| async { FileStore::open(path()).unwrap() }).await;
    }
}
