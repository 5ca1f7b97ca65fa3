//! Stores by the settings.

use super::JwtConfig;
#[cfg(feature = "postgres")]
use crate::store::{PostgresStore, PostgresStoreBuilder};
#[cfg(feature = "redis")]
use crate::store::{RedisStore, RedisStoreBuilder};

impl JwtConfig {
    /// A store on PostgreSQL, as [`PostgresStore::builder`] makes it, that trusts whom `JWT_STORE_CA_FILE` says.
    ///
    /// ```
    /// use actix_jwt_extended::store::Replicated;
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    ///
    /// async fn manager() -> Result<JwtManager, Box<dyn std::error::Error>> {
    ///     let config = JwtConfig::from_env()?;
    ///     let store = config.postgres_store().connect(&std::env::var("DATABASE_URL")?).await?;
    ///     Ok(JwtManager::builder(config).token_store(Replicated::start(store).await?).build()?)
    /// }
    /// ```
    #[cfg(feature = "postgres")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
    #[must_use]
    pub fn postgres_store(&self) -> PostgresStoreBuilder {
        match &self.store_ca_file {
            Some(file) => PostgresStore::builder().ca_file(file),
            None => PostgresStore::builder(),
        }
    }

    /// A store on Redis, as [`RedisStore::builder`] makes it, that trusts whom `JWT_STORE_CA_FILE` says.
    ///
    /// ```
    /// use actix_jwt_extended::store::Replicated;
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    ///
    /// async fn manager() -> Result<JwtManager, Box<dyn std::error::Error>> {
    ///     let config = JwtConfig::from_env()?;
    ///     let store = config.redis_store().connect(&std::env::var("REDIS_URL")?).await?;
    ///     Ok(JwtManager::builder(config).token_store(Replicated::start(store).await?).build()?)
    /// }
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    #[must_use]
    pub fn redis_store(&self) -> RedisStoreBuilder {
        match &self.store_ca_file {
            Some(file) => RedisStore::builder().ca_file(file),
            None => RedisStore::builder(),
        }
    }
}
