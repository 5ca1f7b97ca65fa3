//! Setters: sessions, and what a store is asked.

use super::setters;
use crate::config::{JwtConfig, Lifetime};
use std::path::PathBuf;
use std::time::Duration;

setters! {
    /// How long a refresh token that was used still gets its successor again; 10 seconds by default, 0 = never.
    ///
    /// So that two tabs, or an answer that was lost, log nobody out. See
    /// [`JwtManager::rotate`](crate::JwtManager::rotate).
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let strict = JwtConfig::new().refresh_grace(std::time::Duration::ZERO);
    /// ```
    "JWT_REFRESH_GRACE" refresh_grace(grace: Duration) => grace;

    /// How long a session lives, however often it is refreshed; 90 days by default.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, Lifetime};
    /// let config = JwtConfig::new().session_lifetime(Lifetime::Never);
    /// ```
    "JWT_SESSION_LIFETIME" session_lifetime(lifetime: impl Into<Lifetime>) => lifetime.into();

    /// How long a session lives without being refreshed; by default as long as its refresh token.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().session_idle(std::time::Duration::from_secs(3 * 86_400));
    /// ```
    "JWT_SESSION_IDLE" session_idle(lifetime: impl Into<Lifetime>) => lifetime.into();

    /// Whether refresh tokens without a session are refused; false by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().require_session(true);
    /// ```
    "JWT_REQUIRE_SESSION" require_session(on: bool) => on;

    /// How many sessions somebody may have: a login beyond that ends the oldest. By default 0: as many as there are.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().max_sessions(20);
    /// ```
    "JWT_MAX_SESSIONS" max_sessions(count: usize) => count;

    /// What keeps this manager's tokens, sessions and subjects apart from those of other managers in the same store;
    /// empty by default.
    ///
    /// With realms, customer "7" and employee "7" are two, and `revoke_everyone` means everybody of the realm. All nodes of
    /// one application have the same. At most 32 letters, digits and `.`, `_`, `-`.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().realm("staff");
    /// ```
    "JWT_REALM" realm(realm: impl Into<String>) => realm.into();

    /// How old a replica's knowledge of revocations may be; after that the store is asked. 5 seconds by default.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().revocation_max_staleness(std::time::Duration::from_secs(2));
    /// ```
    "JWT_REVOCATION_MAX_STALENESS" revocation_max_staleness(age: Duration) => age;

    /// Whether tokens are accepted while the store cannot be asked about them; false by default: 503.
    ///
    /// Each one so accepted is an error in the log. Sessions are neither begun nor refreshed.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().revocation_fail_open(true);
    /// ```
    "JWT_REVOCATION_FAIL_OPEN" revocation_fail_open(on: bool) => on;

    /// How long the store may take for one answer; 2 seconds by default. After that it counts as down.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().store_timeout(std::time::Duration::from_millis(500));
    /// ```
    "JWT_STORE_TIMEOUT" store_timeout(timeout: Duration) => timeout;

    /// The certificates, in PEM, of those who may sign the certificate of the store's server; by default those that the
    /// operating system trusts.
    ///
    /// For stores that `config.postgres_store()` and `config.redis_store()` make. `sslrootcert`
    /// in a store's URL comes first.
    ///
    /// ```
    /// # use actix_jwt_extended::JwtConfig;
    /// let config = JwtConfig::new().store_ca_file("/etc/ssl/ours.pem");
    /// ```
    "JWT_STORE_CA_FILE" store_ca_file(file: impl Into<PathBuf>) => Some(file.into());
}
