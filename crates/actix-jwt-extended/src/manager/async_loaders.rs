//! The hooks of claims and keys for those who must wait: for a database, or a service that holds keys.

use crate::keys::{SigningKey, VerifyingKey};
use crate::manager::builder::JwtManagerBuilder;
use crate::manager::hooks::{HookOutput, awaited};
use futures_util::future::FutureExt as _;
use serde_json::{Map, Value};
use std::future::Future;

impl JwtManagerBuilder {
    /// [`additional_claims_loader`](Self::additional_claims_loader), and in its place, for claims that must be waited for: the
    /// worker goes on with other requests meanwhile.
    ///
    /// Tokens are then made by [`encode_async`](crate::TokenBuilder::encode_async),
    /// [`create_access_token_async`](crate::JwtManager::create_access_token_async) or its sibling for refresh tokens, by
    /// sessions and by [`refresh_expiring_cookies`](crate::refresh_expiring_cookies); the methods that do not wait are
    /// [`JwtError::NotConfigured`](crate::JwtError::NotConfigured).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # actix_web::rt::System::new().block_on(async {
    /// async fn roles_of(identity: &str) -> Result<Vec<String>, std::io::Error> {
    ///     // … ask the database …
    ///     Ok(vec![format!("friend of {identity}")])
    /// }
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::builder(config)
    ///     .additional_claims_loader_async(|identity| async move {
    ///         let roles = roles_of(&identity).await?;
    ///         Ok::<_, std::io::Error>(serde_json::json!({ "roles": roles }))
    ///     })
    ///     .build()?;
    /// let token = jwt.create_access_token_async("ada").await?;
    /// assert_eq!(jwt.decode_token(&token)?.claims()["roles"][0], "friend of ada");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    #[must_use]
    pub fn additional_claims_loader_async<O, F>(mut self, hook: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        O: HookOutput<Value> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.additional_claims_async = Some(awaited(hook));
        self
    }

    /// [`encode_key_loader`](Self::encode_key_loader), and in its place, for keys that must be waited for; as
    /// [`additional_claims_loader_async`](Self::additional_claims_loader_async).
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).encode_key_loader_async(|_identity| async {
    ///     // … ask whoever keeps the keys, and remember the answer …
    ///     SigningKey::from_secret(Algorithm::HS256, b"a tenant's own secret, 32 bytes or more")
    /// });
    /// ```
    #[must_use]
    pub fn encode_key_loader_async<O, F>(mut self, hook: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        O: HookOutput<SigningKey> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.encode_key_async = Some(awaited(hook));
        self
    }

    /// [`decode_key_loader`](Self::decode_key_loader), and in its place, for keys that must be waited for: the worker goes on
    /// with other requests meanwhile.
    ///
    /// It is asked once for each token of a request, before anything of that token has been verified: bound what it does
    /// for a header and claims that somebody made up. Wraps, extractors and the endpoints wait for it, and so does
    /// [`decode_token_async`](crate::JwtManager::decode_token_async);
    /// [`decode_token`](crate::JwtManager::decode_token) and its siblings are
    /// [`JwtError::NotConfigured`](crate::JwtError::NotConfigured). `set_*_cookies`, which get their token from the
    /// application, look at all of it but the signature.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// async fn key_of(tenant: &str) -> Result<Option<VerifyingKey>, std::io::Error> {
    ///     // … ask whoever keeps the keys, and remember the answer …
    ///     Ok((tenant == "acme").then(|| VerifyingKey::from_secret(&[Algorithm::HS256], b"a tenant's own secret, 32 bytes or more").unwrap()))
    /// }
    /// JwtManager::builder(JwtConfig::new()).decode_key_loader_async(|_header, claims| async move {
    ///     match claims.get("tenant").and_then(|tenant| tenant.as_str()) {
    ///         Some(tenant) => key_of(tenant).await,
    ///         None => Ok(None),
    ///     }
    /// });
    /// ```
    #[must_use]
    pub fn decode_key_loader_async<O, F>(
        mut self,
        hook: impl Fn(Map<String, Value>, Map<String, Value>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        O: HookOutput<Option<VerifyingKey>> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.decode_key_async =
            Some(Box::new(move |header, claims| hook(header, claims).map(HookOutput::into_hook_result).boxed_local()));
        self
    }
}
