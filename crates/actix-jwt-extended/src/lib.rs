#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod claims;
mod clock;
mod config;
mod encoding;
mod error;
mod issue;
pub mod keys;
mod manager;
pub mod publish;
mod request;
mod response;
pub mod session;
pub mod store;
#[cfg(any(test, feature = "test-util"))]
mod store_testing;
mod token;

pub use claims::{JoseHeader, TokenType, VerifiedToken};
pub use clock::{Clock, SystemClock};
pub use config::{
    CookiePrefix, ErrorFormat, ForwardedHeader, JwtConfig, Lifetime, Location, OneOrMany, ParseLifetimeError, SameSite,
};
pub use error::{BodyError, ConfigError, CsrfError, InvalidToken, IssueError, JwtError, MissingToken};
pub use issue::TokenBuilder;
pub use manager::builder::JwtManagerBuilder;
pub use manager::hooks::HookOutput;
pub use manager::{DecodeOptions, JwtManager, KeyReloadStats};
pub use request::errors::{JwtErrors, JwtErrorsMiddleware, jwt_errors};
pub use request::extract::{Claims, CurrentUser, Optional};
pub use request::identity::{IdentityText, JwtIdentity};
pub use request::middleware::{JwtRequiredFuture, JwtRequiredMiddleware};
pub use request::pipeline::verify_jwt_in_request;
pub use request::required::{JwtRequired, jwt_required};
pub use request::respond::JwtRejection;
pub use request::verdict::Jwt;
pub use response::cookies::{CookieOptions, SetCookies};
pub use response::implicit_refresh::{
    RefreshExpiringCookies, RefreshExpiringCookiesFuture, RefreshExpiringCookiesMiddleware, refresh_expiring_cookies,
};
pub use token::cache::TokenCacheStats;

/// What nearly every handler needs: `use actix_jwt_extended::prelude::*;`.
///
/// ```
/// use actix_jwt_extended::prelude::*;
/// use actix_web::{Responder, get};
///
/// #[get("/me", wrap = "jwt_required()")]
/// async fn me(user: JwtIdentity) -> impl Responder {
///     format!("Hello {user}")
/// }
/// ```
pub mod prelude {
    pub use crate::{
        Claims, CurrentUser, Jwt, JwtConfig, JwtError, JwtIdentity, JwtManager, JwtRejection, Optional, jwt_required,
        verify_jwt_in_request,
    };
}

/// For the tests of applications and of stores of your own: time that tests move, and what every store must do.
#[cfg(any(test, feature = "test-util"))]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod test_util {
    pub use crate::clock::ManualClock;

    /// What every store must do: run these on a store of your own.
    pub mod store_testing {
        pub use crate::store_testing::{check, check_cleanup, check_feed};
    }
}
