#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod claims;
mod clock;
mod config;
mod encoding;
mod error;
mod issue;
mod keys;
mod manager;
mod request;
mod response;
mod session;
mod store;
#[cfg(any(test, feature = "test-util"))]
pub mod store_testing;
mod token;

pub use claims::{JoseHeader, TokenType, VerifiedToken};
#[cfg(any(test, feature = "test-util"))]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use config::{CookiePrefix, ErrorFormat, JwtConfig, Lifetime, Location, OneOrMany, ParseLifetimeError, SameSite};
pub use error::{BodyError, ConfigError, CsrfError, InvalidToken, IssueError, JwtError, MissingToken};
pub use issue::TokenBuilder;
pub use jsonwebtoken::Algorithm;
pub use keys::{SigningKey, VerifyingKey};
pub use manager::builder::JwtManagerBuilder;
pub use manager::hooks::{HookOutput, ReuseDetected};
pub use manager::{DecodeOptions, JwtManager};
pub use request::extract::{Claims, CurrentUser, Optional};
pub use request::identity::{IdentityText, JwtIdentity};
pub use request::middleware::{JwtRequiredFuture, JwtRequiredMiddleware};
pub use request::pipeline::{Jwt, verify_jwt_in_request};
pub use request::required::{JwtRequired, jwt_required};
pub use request::respond::JwtRejection;
pub use response::cookies::{CookieOptions, SetCookies};
pub use response::implicit_refresh::{
    RefreshExpiringCookies, RefreshExpiringCookiesFuture, RefreshExpiringCookiesMiddleware, refresh_expiring_cookies,
};
pub use session::endpoints::{introspection_endpoint, revocation_endpoint};
pub use session::{Session, SessionBuilder, TokenPair};
#[cfg(feature = "redis")]
#[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
pub use store::RedisStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use store::SqliteStore;
pub use store::{
    Changes, FeedPosition, MemoryStore, Replicated, ReplicatedStats, Revocation, RevocationFeed, SessionRecord,
    SessionsPage, SharedStore, SnapshotPage, StoreError, TokenIds, TokenStore,
};
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use store::{PostgresStore, PostgresStoreBuilder};
pub use token::cache::TokenCacheStats;
