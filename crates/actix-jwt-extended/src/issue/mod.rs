//! Making tokens.

mod carried;
mod claims;
mod encode;
mod token_builder;

pub(crate) use token_builder::OfSession;
pub use token_builder::TokenBuilder;

use crate::claims::TokenType;
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::manager::hooks;
use std::any::Any;
use std::fmt::Display;

impl JwtManager {
    /// An access token for `identity`, not fresh, living for `JWT_ACCESS_TOKEN_EXPIRES`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Issue`] and [`JwtError::Hook`], as [`TokenBuilder::encode`].
    pub fn create_access_token(&self, identity: impl Display) -> Result<String, JwtError> {
        self.access_token(identity).encode()
    }

    /// A refresh token for `identity`, living for `JWT_REFRESH_TOKEN_EXPIRES`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_refresh_token("ada")?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`create_access_token`](Self::create_access_token).
    pub fn create_refresh_token(&self, identity: impl Display) -> Result<String, JwtError> {
        self.refresh_token(identity).encode()
    }

    /// [`create_access_token`](Self::create_access_token) where
    /// [`additional_claims_loader_async`](crate::JwtManagerBuilder::additional_claims_loader_async) or
    /// [`encode_key_loader_async`](crate::JwtManagerBuilder::encode_key_loader_async) must be waited for, or a
    /// [remote](crate::keys::SigningKey::remote) signer.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// async fn token(jwt: &JwtManager) -> Result<String, JwtError> {
    ///     jwt.create_access_token_async("ada").await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`TokenBuilder::encode_async`].
    pub async fn create_access_token_async(&self, identity: impl Display) -> Result<String, JwtError> {
        self.access_token(identity).encode_async().await
    }

    /// [`create_refresh_token`](Self::create_refresh_token) where somebody must be waited for, as
    /// [`create_access_token_async`](Self::create_access_token_async).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// async fn token(jwt: &JwtManager) -> Result<String, JwtError> {
    ///     jwt.create_refresh_token_async("ada").await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`TokenBuilder::encode_async`].
    pub async fn create_refresh_token_async(&self, identity: impl Display) -> Result<String, JwtError> {
        self.refresh_token(identity).encode_async().await
    }

    /// An access token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`create_access_token`](Self::create_access_token), and [`JwtError::NotConfigured`] where
    /// there is no `user_identity_loader` for this type.
    #[doc = include_str!("for_user.md")]
    pub fn create_access_token_for<U: Any>(&self, user: &U) -> Result<String, JwtError> {
        self.access_token_for(user)?.encode()
    }

    /// A refresh token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`create_access_token_for`](Self::create_access_token_for).
    #[doc = include_str!("for_user.md")]
    pub fn create_refresh_token_for<U: Any>(&self, user: &U) -> Result<String, JwtError> {
        self.refresh_token_for(user)?.encode()
    }

    /// Begins an access token for `identity`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.access_token("ada").fresh().claim("team", "engine").encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn access_token(&self, identity: impl Display) -> TokenBuilder<'_> {
        TokenBuilder::new(self, TokenType::Access, identity.to_string())
    }

    /// Begins a refresh token for `identity`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.refresh_token("ada").never_expires().encode()?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    pub fn refresh_token(&self, identity: impl Display) -> TokenBuilder<'_> {
        TokenBuilder::new(self, TokenType::Refresh, identity.to_string())
    }

    /// Begins an access token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// [`JwtError::NotConfigured`] where there is no `user_identity_loader` for this type,
    /// [`JwtError::Hook`] where it fails.
    #[doc = include_str!("for_user.md")]
    pub fn access_token_for<U: Any>(&self, user: &U) -> Result<TokenBuilder<'_>, JwtError> {
        self.access_token(self.identity_of(user)?).of_user(user)
    }

    /// Begins a refresh token for a user object, whose identity `user_identity_loader` tells.
    ///
    /// # Errors
    /// As [`access_token_for`](Self::access_token_for).
    #[doc = include_str!("for_user.md")]
    pub fn refresh_token_for<U: Any>(&self, user: &U) -> Result<TokenBuilder<'_>, JwtError> {
        self.refresh_token(self.identity_of(user)?).of_user(user)
    }

    pub(crate) fn identity_of(&self, user: &dyn Any) -> Result<String, JwtError> {
        const MISSING: &str = "no user_identity_loader takes this type of user";
        let hook = self.hooks().user_identity.as_ref().ok_or(JwtError::NotConfigured(MISSING))?;
        hooks::call("user_identity_loader", || hook(user))?.ok_or(JwtError::NotConfigured(MISSING))
    }
}
