//! [`JwtManagerBuilder`]: keys of one's own, the clock, and the hooks. Everything is checked in `build`.

use super::followed_keys::FollowedKeys;
use super::start_up::{accepts_its_own, check_lifetimes, check_room, warn_of_any_token};
use crate::claims::{TokenType, VerifiedToken};
use crate::clock::{Clock, SystemClock, unix_seconds};
use crate::config::{JwtConfig, Lifetime, warn_of_long_headers, warn_of_plain_cookies};
use crate::error::ConfigError;
use crate::keys::{KeyKeeper, KeyRules, SigningKey, TimedKey, VerifyingKey, keys_of};
use crate::manager::JwtManager;
use crate::manager::hooks::{AnyUser, HookOutput, Hooks, ReuseDetected, awaited, of_user};
use crate::store::SharedStore;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::future::FutureExt as _;
use serde_json::{Map, Value};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

impl JwtManager {
    /// A manager with these settings and no hooks.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// As [`JwtManagerBuilder::build`].
    pub fn new(config: JwtConfig) -> Result<Self, ConfigError> {
        Self::builder(config).build()
    }

    /// A builder, for everything that is no setting: hooks, further keys, a clock.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::builder(config).build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn builder(config: JwtConfig) -> JwtManagerBuilder {
        JwtManagerBuilder {
            config,
            hooks: Hooks::default(),
            signing_key: None,
            verifying_keys: Vec::new(),
            clock: Arc::new(SystemClock),
            store: None,
        }
    }
}

/// Builds a [`JwtManager`].
///
/// The `*_loader` methods take Flask-JWT-Extended's callbacks. A hook that fails or panics costs
/// its own request a 500, and a line in the log.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_web::HttpResponse;
///
/// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
///     .additional_claims_loader(|identity| serde_json::json!({ "team": if identity == "ada" { "engine" } else { "" } }))
///     .expired_token_loader(|_token, _request| HttpResponse::Unauthorized().body("log in again"))
///     .build()?;
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
pub struct JwtManagerBuilder {
    config: JwtConfig,
    pub(super) hooks: Hooks,
    signing_key: Option<SigningKey>,
    verifying_keys: Vec<VerifyingKey>,
    clock: Arc<dyn Clock>,
    store: Option<SharedStore>,
}

impl fmt::Debug for JwtManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManagerBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

impl JwtManagerBuilder {
    /// Checks all settings, prepares all keys, and tries out the crypto library.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let error = JwtManager::builder(JwtConfig::new().secret_key("secret")).build().unwrap_err();
    /// assert!(error.to_string().starts_with("JWT_SECRET_KEY is a well-known example"));
    /// ```
    ///
    /// # Errors
    /// The first mistake found in the settings; the message names the setting and the way out.
    #[track_caller]
    pub fn build(mut self) -> Result<JwtManager, ConfigError> {
        if let Some(store) = &self.store {
            store.built_at(Location::caller());
        }
        self.config.apply_cookie_prefix();
        self.config.validate()?;
        let others_verify = self.signing_key.is_some()
            || !self.verifying_keys.is_empty()
            || self.hooks.load_keys()
            || self.config.keys_dir.is_some()
            || !self.config.keys.is_empty();
        let mut keys = keys_of(&self.config, others_verify, self.clock.now())?;
        keys.extend(self.verifying_keys.into_iter().map(TimedKey::verifying));
        if let Some(key) = self.signing_key {
            keys.push(TimedKey::signing(key)?);
        }
        let now = unix_seconds(self.clock.now());
        let (followed, of_directory) = FollowedKeys::open(&self.config, now)?.unzip();
        keys.extend(of_directory.into_iter().flatten());
        let keys = KeyKeeper::new(keys, KeyRules::of(&self.config), now)?;
        let ring = Arc::clone(&keys.ring());
        ring.self_test()?;
        if followed.is_some() && ring.signing.is_none() && !self.hooks.load_signing_keys() {
            return Err(FollowedKeys::none_signs());
        }
        check_room(&self.config, &ring)?;
        check_lifetimes(&self.config, &ring)?;
        // A session's tokens end with it.
        let sessions_end = self.store.is_some() && self.config.session_lifetime != Lifetime::Never;
        let refresh_tokens_end = self.config.refresh_token_expires != Lifetime::Never || sessions_end;
        accepts_its_own(&self.config, &ring, TokenType::Access, self.config.access_token_expires != Lifetime::Never)?;
        accepts_its_own(&self.config, &ring, TokenType::Refresh, refresh_tokens_end)?;
        warn_of_plain_cookies(&self.config, false);
        if ring.signing.is_none() && !self.hooks.load_signing_keys() {
            warn_of_any_token(&self.config);
        }
        warn_of_long_headers(&self.config);
        self.config.forget_keys();
        let manager = JwtManager::from_parts(self.config, keys, followed, self.hooks, self.clock, self.store);
        manager.follow_keys();
        Ok(manager)
    }

    /// Signs with this key instead of the settings'; its tokens are accepted.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"an example's secret, 32 bytes or more")?;
    /// let jwt = JwtManager::builder(JwtConfig::new()).signing_key(key.with_key_id("2026-11")).build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// Accepts tokens of this key too: one that is being retired, or another service's.
    ///
    /// A key with a key ID verifies the tokens that carry that `kid`; one without verifies those
    /// whose `kid` is absent or unknown.
    ///
    /// ```
    /// use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let old = VerifyingKey::from_secret(&[Algorithm::HS256], b"last year's secret, 32 bytes or more")?;
    /// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
    ///     .verifying_key(old)
    ///     .build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn verifying_key(mut self, key: VerifyingKey) -> Self {
        self.verifying_keys.push(key);
        self
    }

    /// Takes the time from this clock instead of the operating system's.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtConfig, JwtManager, SystemClock};
    /// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
    ///     .clock(SystemClock)
    ///     .build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Keeps revocations and sessions here: protected routes then refuse what is revoked.
    ///
    /// ```
    /// use actix_jwt_extended::store::MemoryStore;
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let jwt = JwtManager::builder(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))
    ///     .token_store(MemoryStore::new())
    ///     .build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn token_store(mut self, store: impl Into<SharedStore>) -> Self {
        self.store = Some(store.into());
        self
    }

    /// Own claims for every token, by identity: a JSON object. Those given at the call win over them.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).additional_claims_loader(|identity| serde_json::json!({ "name": identity }));
    /// ```
    #[must_use]
    pub fn additional_claims_loader<O: HookOutput<Value>>(
        mut self,
        hook: impl Fn(&str) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.additional_claims = Some(Box::new(move |identity| hook(identity).into_hook_result()));
        self
    }

    /// Own header parameters for every token, by identity: a JSON object. Those given at the call win
    /// over them.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).additional_headers_loader(|_identity| serde_json::json!({ "typ": "at+jwt" }));
    /// ```
    #[must_use]
    pub fn additional_headers_loader<O: HookOutput<Value>>(
        mut self,
        hook: impl Fn(&str) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.additional_headers = Some(Box::new(move |identity| hook(identity).into_hook_result()));
        self
    }

    /// The key that signs, by identity. Keep prepared keys and return clones of them.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, SigningKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let key = SigningKey::from_secret(Algorithm::HS256, b"a tenant's own secret, 32 bytes or more")?;
    /// JwtManager::builder(config).encode_key_loader(move |_identity| key.clone());
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn encode_key_loader<O: HookOutput<SigningKey>>(
        mut self,
        hook: impl Fn(&str) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.encode_key = Some(Box::new(move |identity| hook(identity).into_hook_result()));
        self
    }

    /// The key that verifies, by a token's header and claims, which nobody has verified yet.
    ///
    /// `None` refuses the token. The settings' allow-list holds, and then the key's own.
    /// Keep prepared keys and return clones of them.
    ///
    /// ```
    /// # use actix_jwt_extended::keys::{Algorithm, VerifyingKey};
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// let key = VerifyingKey::from_secret(&[Algorithm::HS256], b"a tenant's own secret, 32 bytes or more")?;
    /// let jwt = JwtManager::builder(JwtConfig::new())
    ///     .decode_key_loader(move |_header, claims| (claims.get("tenant")? == "acme").then(|| key.clone()))
    ///     .build()?;
    /// # Ok::<(), actix_jwt_extended::ConfigError>(())
    /// ```
    #[must_use]
    pub fn decode_key_loader<O: HookOutput<Option<VerifyingKey>>>(
        mut self,
        hook: impl Fn(&Map<String, Value>, &Map<String, Value>) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.decode_key = Some(Box::new(move |header, claims| hook(header, claims).into_hook_result()));
        self
    }

    /// The identity of a user object, for [`JwtManager::access_token_for`] and its siblings.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// struct User {
    ///     id: u64,
    /// }
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// let jwt = JwtManager::builder(config).user_identity_loader(|user: &User| user.id.to_string()).build().unwrap();
    /// let token = jwt.create_access_token_for(&User { id: 7 })?;
    /// assert_eq!(jwt.decode_token(&token)?.identity(), "7");
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    #[must_use]
    pub fn user_identity_loader<U: 'static, O: HookOutput<String>>(
        mut self,
        hook: impl Fn(&U) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.user_identity = Some(of_user(hook));
        self
    }

    /// Loads the user that a token is about, for every protected request; handlers take it as
    /// [`CurrentUser<U>`](crate::CurrentUser). `None` refuses the request.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// struct User {
    ///     name: String,
    /// }
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).user_lookup_loader(|token| async move {
    ///     // … ask the database …
    ///     Some(User { name: token.identity().into_owned() })
    /// });
    /// ```
    #[must_use]
    pub fn user_lookup_loader<U, O, F>(mut self, hook: impl Fn(VerifiedToken) -> F + Send + Sync + 'static) -> Self
    where
        U: Send + Sync + 'static,
        O: HookOutput<Option<U>> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.user_lookup = Some(Box::new(move |token| {
            hook(token).map(|user| Ok(user.into_hook_result()?.map(|user| Arc::new(user) as AnyUser))).boxed_local()
        }));
        self
    }

    /// Whether a token has been revoked; asked for every protected request.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).token_in_blocklist_loader(|token| async move {
    ///     // … ask the store …
    ///     token.jti() == Some("a revoked one")
    /// });
    /// ```
    #[must_use]
    #[doc(alias = "blocklist")]
    pub fn token_in_blocklist_loader<O, F>(mut self, hook: impl Fn(VerifiedToken) -> F + Send + Sync + 'static) -> Self
    where
        O: HookOutput<bool> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.token_in_blocklist = Some(awaited(hook));
        self
    }

    /// Called when a refresh token of a session comes back after it was used. The session is revoked by then.
    /// Whatever the hook does, the request is refused with 401, and nobody waits for the hook: it is run by the
    /// thread's actix runtime, also where the client has gone. Its error is a line in the log.
    ///
    /// ```
    /// # use actix_jwt_extended::store::MemoryStore;
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).token_store(MemoryStore::new()).on_reuse_detected(|detected| async move {
    ///     log::warn!("a refresh token of {} was stolen", detected.subject());
    /// });
    /// ```
    #[must_use]
    pub fn on_reuse_detected<O, F>(mut self, hook: impl Fn(ReuseDetected) -> F + Send + Sync + 'static) -> Self
    where
        O: HookOutput<()> + 'static,
        F: Future<Output = O> + 'static,
    {
        self.hooks.reuse_detected = Some(awaited(hook));
        self
    }

    /// Own rules for a token's claims; `false` refuses the request with 400.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// JwtManager::builder(config).token_verification_loader(|token| token.claims().contains_key("team"));
    /// ```
    #[must_use]
    pub fn token_verification_loader<O: HookOutput<bool>>(
        mut self,
        hook: impl Fn(&VerifiedToken) -> O + Send + Sync + 'static,
    ) -> Self {
        self.hooks.token_verification = Some(Box::new(move |token| hook(token).into_hook_result()));
        self
    }
}

/// The hooks that make a response of their own: one method each.
macro_rules! response_hooks {
    ($($(#[$doc:meta])* $method:ident, $field:ident, $what:ty;)*) => {
        impl JwtManagerBuilder {
            $(
                $(#[$doc])*
                ///
                /// The response is sent as it is; a 401 should carry `WWW-Authenticate` (RFC 9110 §15.5.2).
                ///
                /// ```
                /// # use actix_jwt_extended::{JwtConfig, JwtManager};
                /// # use actix_web::HttpResponse;
                /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
                #[doc = concat!("JwtManager::builder(config).", stringify!($method), "(|_what, request| {")]
                ///     HttpResponse::Forbidden().body(format!("not {} for you", request.path()))
                /// });
                /// ```
                #[must_use]
                pub fn $method(
                    mut self,
                    hook: impl Fn(&$what, &HttpRequest) -> HttpResponse + Send + Sync + 'static,
                ) -> Self {
                    self.hooks.$field = Some(Box::new(hook));
                    self
                }
            )*
        }
    };
}

response_hooks! {
    /// The answer when the user lookup found nobody.
    user_lookup_error_loader, user_lookup_error, VerifiedToken;
    /// The answer when `token_verification_loader` said no.
    token_verification_failed_loader, token_verification_failed, VerifiedToken;
    /// The answer to a token that has expired.
    expired_token_loader, expired_token, VerifiedToken;
    /// The answer to a token that is not fresh where it must be.
    needs_fresh_token_loader, needs_fresh_token, VerifiedToken;
    /// The answer to a token that has been revoked.
    revoked_token_loader, revoked_token, VerifiedToken;
    /// The answer to a token that is not valid; the hook gets the reason.
    invalid_token_loader, invalid_token, str;
    /// The answer to a request without a token; the hook gets the reason.
    unauthorized_loader, unauthorized, str;
}
