//! The hooks of issuing that get the user object given to `create_*_token_for`, not its identity's text.

use crate::keys::SigningKey;
use crate::manager::builder::JwtManagerBuilder;
use crate::manager::hooks::{HookOutput, of_user};
use serde_json::Value;

impl JwtManagerBuilder {
    /// Own claims for the tokens of a user object: [`additional_claims_loader`](Self::additional_claims_loader) for what is
    /// given to [`create_access_token_for`](crate::JwtManager::create_access_token_for) and its siblings.
    ///
    /// It takes the place of `additional_claims_loader` for users of this type. A token that is rotated or renewed is
    /// made for the user that `user_lookup_loader` has loaded; where there is none of this type, and for tokens that are
    /// made by identity, `additional_claims_loader` is asked.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// struct User {
    ///     id: u64,
    ///     roles: Vec<String>,
    /// }
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::builder(config)
    ///     .user_identity_loader(|user: &User| user.id.to_string())
    ///     .additional_claims_loader_for(|user: &User| serde_json::json!({ "roles": user.roles }))
    ///     .build()
    ///     .unwrap();
    /// let token = jwt.create_access_token_for(&User { id: 7, roles: vec!["admin".into()] })?;
    /// assert_eq!(jwt.decode_token(&token)?.claims()["roles"][0], "admin");
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    #[must_use]
    pub fn additional_claims_loader_for<U: 'static, O: HookOutput<Value>>(
        mut self,
        hook: impl Fn(&U) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.claims_of_user = Some(of_user(hook));
        self
    }

    /// Own header parameters for the tokens of a user object: as
    /// [`additional_claims_loader_for`](Self::additional_claims_loader_for), in the place of `additional_headers_loader`.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// struct User {
    ///     tenant: String,
    /// }
    /// JwtManager::builder(config)
    ///     .additional_headers_loader_for(|user: &User| serde_json::json!({ "tenant": user.tenant }));
    /// ```
    #[must_use]
    pub fn additional_headers_loader_for<U: 'static, O: HookOutput<Value>>(
        mut self,
        hook: impl Fn(&U) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.headers_of_user = Some(of_user(hook));
        self
    }

    /// The key that signs the tokens of a user object: as
    /// [`additional_claims_loader_for`](Self::additional_claims_loader_for), in the place of `encode_key_loader`.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// struct User {
    ///     key: SigningKey,
    /// }
    /// JwtManager::builder(config).encode_key_loader_for(|user: &User| user.key.clone());
    /// ```
    #[must_use]
    pub fn encode_key_loader_for<U: 'static, O: HookOutput<SigningKey>>(
        mut self,
        hook: impl Fn(&U) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.key_of_user = Some(of_user(hook));
        self
    }
}
