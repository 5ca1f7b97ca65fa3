//! [`JwtManager`]: settings, keys and hooks in one handle that every worker shares.

mod async_loaders;
mod awaited_keys;
pub(crate) mod builder;
mod decode_options;
mod followed_keys;
pub(crate) mod hooks;
mod key_directory;
mod key_rotation;
mod of_user;
pub(crate) mod renewals;
pub(crate) mod revocation;
mod start_up;

pub use decode_options::DecodeOptions;
pub use followed_keys::KeyReloadStats;

use crate::claims::{HeaderRef, VerifiedToken};
use crate::clock::{Clock, unix_millis, unix_seconds};
use crate::config::{JwtConfig, TrustedProxies};
use crate::error::{InvalidToken, JwtError};
use crate::keys::{Changed, KeyKeeper, KeyRing, VerifyingKey};
use crate::store::SharedStore;
use crate::token::cache::{TokenCacheStats, VerifiedTokens};
use crate::token::codec::{self, Parts};
use crate::token::verify::{self, Rules};
use actix_web::http::header::{AUTHORIZATION, HeaderName};
use actix_web::{HttpRequest, web};
use arc_swap::Guard;
use followed_keys::FollowedKeys;
use hooks::Hooks;
use renewals::Renewals;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

/// Issues and verifies tokens. Cheap to clone; `Send + Sync`.
///
/// Register one with [`App::app_data`](actix_web::App::app_data): the wraps and extractors of this
/// crate find it there. As a handler's argument it is an extractor.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtManager};
/// use actix_web::{App, HttpResponse, post};
///
/// #[post("/login")]
/// async fn login(jwt: JwtManager) -> actix_web::Result<HttpResponse> {
///     let token = jwt.create_access_token("ada")?;
///     Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).body(token))
/// }
///
/// let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more"))?;
/// let app = App::new().app_data(jwt.clone()).service(login);
/// # drop(app);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct JwtManager(Arc<Inner>);

struct Inner {
    config: JwtConfig,
    keys: KeyKeeper,
    followed: Option<FollowedKeys>,
    rules: Rules,
    hooks: Hooks,
    clock: Arc<dyn Clock>,
    /// `JWT_HEADER_NAME`, ready for a look-up.
    header_name: HeaderName,
    trusted_proxies: TrustedProxies,
    verified: VerifiedTokens,
    renewals: Renewals,
    store: Option<SharedStore>,
    /// Before this, in milliseconds since the epoch, nothing more is issued: a cut-off lies there.
    earliest_issue_ms: AtomicI64,
}

impl JwtManager {
    fn from_parts(
        config: JwtConfig,
        keys: KeyKeeper,
        followed: Option<FollowedKeys>,
        hooks: Hooks,
        clock: Arc<dyn Clock>,
        store: Option<SharedStore>,
    ) -> Self {
        let rules = Rules::from_config(&config, keys.ring().signing.is_some() || hooks.load_signing_keys());
        // Whether a key of `decode_key_loader` is still good, only the hook knows.
        let remembered = if hooks.load_keys() { 0 } else { config.token_cache_size };
        let verified = VerifiedTokens::new(remembered);
        // The settings have been checked.
        let header_name = config.header_name.parse().unwrap_or(AUTHORIZATION);
        let trusted_proxies = TrustedProxies::of(&config).unwrap_or_default();
        let renewals = Renewals::default();
        let earliest_issue_ms = AtomicI64::new(0);
        Self(Arc::new(Inner {
            config,
            keys,
            followed,
            rules,
            hooks,
            clock,
            header_name,
            trusted_proxies,
            verified,
            renewals,
            store,
            earliest_issue_ms,
        }))
    }

    /// Which manager this and its clones are.
    pub(crate) fn id(&self) -> ManagerId {
        ManagerId(Arc::as_ptr(&self.0) as usize)
    }

    pub(crate) fn config(&self) -> &JwtConfig {
        &self.0.config
    }

    pub(crate) fn header_name(&self) -> &HeaderName {
        &self.0.header_name
    }

    pub(crate) fn trusted_proxies(&self) -> &TrustedProxies {
        &self.0.trusted_proxies
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    /// The keys that are in force, for a token that is issued now.
    pub(crate) fn ring(&self) -> Guard<Arc<KeyRing>> {
        self.turn_keys();
        self.0.keys.ring()
    }

    pub(crate) fn renewals(&self) -> &Renewals {
        &self.0.renewals
    }

    /// The time in seconds since the epoch.
    pub(crate) fn now(&self) -> i64 {
        unix_seconds(self.0.clock.now())
    }

    /// The time in milliseconds since the epoch.
    pub(crate) fn now_ms(&self) -> i64 {
        unix_millis(self.0.clock.now())
    }

    pub(crate) fn store(&self) -> Option<&SharedStore> {
        self.0.store.as_ref()
    }

    /// What is issued from now on counts as issued later than this.
    pub(crate) fn issue_only_after(&self, cutoff_ms: i64) {
        self.0.earliest_issue_ms.fetch_max(cutoff_ms.saturating_add(1), Ordering::SeqCst);
    }

    /// What is issued now counts as issued then: never before the last cut-off.
    pub(crate) fn issued_now_ms(&self) -> i64 {
        self.issued_at_ms(self.now_ms())
    }

    /// The same for what is issued at `now_ms`, where the time has just been asked for.
    pub(crate) fn issued_at_ms(&self, now_ms: i64) -> i64 {
        now_ms.max(self.0.earliest_issue_ms.load(Ordering::SeqCst))
    }

    /// A UUID of version 7 (RFC 9562 §5.7): unique, and it tells the millisecond, which `iat` does not.
    pub(crate) fn new_jwt_id(&self) -> String {
        jwt_id_of(self.issued_now_ms()).to_string()
    }

    /// Verifies a token as [`decode_token_with`](Self::decode_token_with) does, by the default options.
    ///
    /// The type (access or refresh), freshness and revocation are not looked at, nor whether the token is about
    /// [anybody](VerifiedToken::has_identity): that is for [`jwt_required`](crate::jwt_required).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// assert_eq!(jwt.decode_token(&token)?.identity(), "ada");
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// [`JwtError::InvalidToken`] for whatever is wrong with the token, [`JwtError::Expired`],
    /// [`JwtError::Hook`] if `decode_key_loader` fails.
    pub fn decode_token(&self, token: &str) -> Result<VerifiedToken, JwtError> {
        self.decode_token_with(token, &DecodeOptions::new())
    }

    /// Verifies a token: its signature (RFC 7515 §5.2), then its claims (RFC 7519 §7.2).
    ///
    /// ```
    /// # use actix_jwt_extended::{DecodeOptions, JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// let csrf = jwt.get_csrf_token(&token)?;
    /// let verified = jwt.decode_token_with(&token, &DecodeOptions::new().csrf_value(csrf))?;
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode_token`](Self::decode_token), and [`JwtError::Csrf`].
    pub fn decode_token_with(&self, token: &str, options: &DecodeOptions) -> Result<VerifiedToken, JwtError> {
        let (token, csrf_value, allow_expired) =
            (token.as_bytes(), options.csrf_value.as_deref(), options.allow_expired);
        match self.0.verified.get(token) {
            Some(known) => self.judge_known(known, csrf_value, allow_expired),
            None => self.verify_new(token, By::Own, csrf_value, allow_expired, |_| Ok(())),
        }
    }

    /// Verifies the token of somebody, and where one is given that the double-submit value is its own.
    pub(crate) fn verify(
        &self,
        token: &[u8],
        csrf_value: Option<&str>,
        allow_expired: bool,
    ) -> Result<VerifiedToken, JwtError> {
        match self.0.verified.get(token) {
            Some(known) => self.judge_known(known, csrf_value, allow_expired),
            None => self.verify_unknown(token, csrf_value, allow_expired),
        }
    }

    /// Whether the token cache is on.
    pub(crate) fn recalls(&self) -> bool {
        self.0.verified.is_on()
    }

    /// The token, if it has been verified before; that what time changes still holds.
    #[inline]
    pub(crate) fn recall(&self, token: &[u8]) -> Option<Result<VerifiedToken, JwtError>> {
        let known = self.0.verified.get(token)?;
        Some(if self.is_valid_for_sure(&known) { Ok(known) } else { self.judge_known(known, None, false) })
    }

    /// Whether it is valid now, by the coarse time and a second more: a no may be too careful.
    fn is_valid_for_sure(&self, known: &VerifiedToken) -> bool {
        let lately = self.0.clock.coarse_seconds();
        self.0.rules.is_valid_throughout(known, lately, lately.saturating_add(1))
    }

    #[inline(never)]
    fn judge_known(
        &self,
        known: VerifiedToken,
        csrf_value: Option<&str>,
        allow_expired: bool,
    ) -> Result<VerifiedToken, JwtError> {
        if self.is_valid_for_sure(&known) {
            verify::judge_csrf(&known, csrf_value)?;
            return Ok(known);
        }
        let now = self.now();
        self.0.rules.judge_beginning(known.claims_set(), now)?;
        self.judge_end(known, csrf_value, allow_expired, now)
    }

    /// Verifies somebody's token that is not known, or is treated so, and remembers it.
    pub(crate) fn verify_unknown(
        &self,
        token: &[u8],
        csrf_value: Option<&str>,
        allow_expired: bool,
    ) -> Result<VerifiedToken, JwtError> {
        self.verify_new(token, By::Own, csrf_value, allow_expired, |verified| self.judge_identity(verified))
    }

    fn verify_new(
        &self,
        token: &[u8],
        by: By<'_>,
        csrf_value: Option<&str>,
        allow_expired: bool,
        judge_identity: impl FnOnce(&VerifiedToken) -> Result<(), JwtError>,
    ) -> Result<VerifiedToken, JwtError> {
        let generation = self.0.verified.generation();
        let (verified, now) = self.verify_now(token, by)?;
        judge_identity(&verified)?;
        let verified = self.judge_end(verified, csrf_value, allow_expired, now)?;
        // Nobody's is not remembered: what a request brings and is known, is somebody's.
        if verified.has_identity() && !self.0.rules.is_expired(&verified, now) {
            self.0.verified.insert(token, &verified, generation);
        }
        Ok(verified)
    }

    pub(crate) fn judge_identity(&self, token: &VerifiedToken) -> Result<(), JwtError> {
        Ok(self.0.rules.judge_identity(token)?)
    }

    pub(crate) fn is_expired(&self, token: &VerifiedToken) -> bool {
        self.0.rules.is_expired(token, self.now())
    }

    fn judge_end(
        &self,
        token: VerifiedToken,
        csrf_value: Option<&str>,
        allow_expired: bool,
        now: i64,
    ) -> Result<VerifiedToken, JwtError> {
        verify::judge_csrf(&token, csrf_value)?;
        // Last, as in Flask-JWT-Extended: "expired" is said only of tokens that are good otherwise.
        if !allow_expired && self.0.rules.is_expired(&token, now) {
            return Err(JwtError::Expired(token));
        }
        Ok(token)
    }

    /// By the coarse time, unless the exact one could say something else; and by which of them it was.
    fn verify_now(&self, token: &[u8], by: By<'_>) -> Result<(VerifiedToken, i64), JwtError> {
        let lately = self.0.clock.coarse_seconds();
        let verified = self.verify_anew(token, by, lately)?;
        let is_sure = self.0.rules.is_valid_throughout(&verified, lately, lately.saturating_add(1));
        // Perhaps its last second, or its first.
        let now = if is_sure { lately } else { self.now() };
        Ok((verified, now))
    }

    #[inline(never)]
    fn verify_anew(&self, token: &[u8], by: By<'_>, lately: i64) -> Result<VerifiedToken, JwtError> {
        let Inner { keys, rules, hooks, verified: seen, .. } = &*self.0;
        let ring = &*keys.ring();
        let parts = Parts::split(token, rules.max_token_size, ring, |segment| seen.header(segment))?;
        match (by, &hooks.decode_key) {
            (By::Loaded(key), _) => parts.verify_with(key.ok_or(InvalidToken::Signature)?)?,
            (By::Own, _) if hooks.decode_key_async.is_some() => {
                return Err(JwtError::NotConfigured("decode_key_loader_async is for `decode_token_async`"));
            }
            (By::Own, None) => parts.verify(ring)?,
            (By::Own, Some(decode_key)) => {
                // Before the signature is judged, nothing is said of the claims.
                let claims = parts.unverified_claims().map_err(|_| InvalidToken::Signature)?;
                let key = hooks::call("decode_key_loader", || decode_key(parts.header.get().members(), &claims))?;
                parts.verify_with(&key.ok_or(InvalidToken::Signature)?)?;
            }
        }
        if let (Some(segment), HeaderRef::Own(header)) = (parts.new_header, &parts.header) {
            seen.insert_header(segment, Arc::clone(header));
        }
        Ok(rules.judge(parts, lately, || self.now())?)
    }

    /// How often the token cache has recognised tokens, since this manager was built.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let stats = jwt.token_cache_stats();
    /// println!("{} hits, {} misses, {} tokens", stats.hits, stats.misses, stats.tokens);
    /// ```
    #[must_use]
    pub fn token_cache_stats(&self) -> TokenCacheStats {
        self.0.verified.stats()
    }

    /// The `jti` of a token (RFC 7519 §4.1.7), after verifying it.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// assert_eq!(jwt.get_jti(&token)?.map(|jti| jti.len()), Some(36));
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode_token`](Self::decode_token).
    pub fn get_jti(&self, token: &str) -> Result<Option<String>, JwtError> {
        self.decode_token(token).map(|token| token.jti().map(str::to_owned))
    }

    /// The double-submit value of a token, after verifying it.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// assert_eq!(jwt.get_csrf_token(&token)?.len(), 36);
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// As [`decode_token`](Self::decode_token), and for a token without a `csrf` claim.
    pub fn get_csrf_token(&self, token: &str) -> Result<String, JwtError> {
        self.csrf_of(&self.decode_token(token)?)
    }

    pub(crate) fn csrf_of(&self, token: &VerifiedToken) -> Result<String, JwtError> {
        let csrf = token.csrf().ok_or_else(|| InvalidToken::MissingClaim("csrf".to_owned()))?;
        Ok(csrf.to_owned())
    }

    /// The JOSE header of a token that nobody has verified: anybody may have written it.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # let jwt = JwtManager::new(JwtConfig::new().secret_key("an example's secret, 32 bytes or more")).unwrap();
    /// let token = jwt.create_access_token("ada")?;
    /// assert_eq!(jwt.get_unverified_jwt_headers(&token)?["alg"], "HS256");
    /// # Ok::<(), actix_jwt_extended::JwtError>(())
    /// ```
    ///
    /// # Errors
    /// A token that is too long, not three segments, or whose header is not strict JSON, has a `kid` that is no string,
    /// or a `crit` (RFC 7515 §4.1.11) that no token can have here.
    pub fn get_unverified_jwt_headers(&self, token: &str) -> Result<Map<String, Value>, JwtError> {
        Ok(codec::unverified_header(token.as_bytes(), self.0.rules.max_token_size)?)
    }
}

impl fmt::Debug for JwtManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtManager").field("config", &self.0.config).field("keys", &self.0.keys).finish_non_exhaustive()
    }
}

/// Which key verifies a token.
#[derive(Clone, Copy)]
enum By<'a> {
    /// One of the manager's, or of `decode_key_loader`.
    Own,
    /// That of `decode_key_loader_async`, which may have found none.
    Loaded(Option<&'a VerifyingKey>),
}

/// The manager that is registered nearest to where the request is now.
#[inline]
pub(crate) fn manager_of(request: &HttpRequest) -> Result<&JwtManager, JwtError> {
    // Both forms, always: which of two was registered nearer, a request does not tell.
    match (request.app_data::<JwtManager>(), request.app_data::<web::Data<JwtManager>>()) {
        (Some(manager), None) => Ok(manager),
        (None, Some(data)) => Ok(data),
        (manager, _) => Err(not_one_manager(manager.is_some())),
    }
}

#[cold]
fn not_one_manager(two_forms: bool) -> JwtError {
    JwtError::NotConfigured(if two_forms {
        "a JwtManager and a web::Data<JwtManager> are registered: register all in the first form"
    } else {
        "no JwtManager: register one with App::app_data(jwt.clone()) or ServiceConfig::app_data"
    })
}

pub(crate) fn jwt_id_of(time_ms: i64) -> Uuid {
    let mut random = [0; 10];
    // The bytes of another UUID, from a CSPRNG of the thread's own: version and variant are set anew.
    random.copy_from_slice(Uuid::new_v4().as_bytes().last_chunk::<10>().unwrap_or(&[0; 10]));
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(time_ms).unwrap_or(0), &random).into_uuid()
}

/// Tells managers apart; as good as long as the manager lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ManagerId(usize);

impl ManagerId {
    /// Whether this is the manager that is in force for the request where it is now.
    pub(crate) fn is_in_force(self, request: &HttpRequest) -> bool {
        manager_of(request).is_ok_and(|manager| manager.id() == self)
    }
}
