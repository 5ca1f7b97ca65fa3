//! Revoking tokens, and asking whether one is revoked.

use crate::claims::VerifiedToken;
use crate::config::Lifetime;
use crate::error::{InvalidToken, JwtError};
use crate::manager::JwtManager;
use crate::manager::hooks;
use crate::session::rotation::{ATTEMPTS, after};
use crate::store::{CLOCKS_APART, FOREVER, Revocation, SharedStore, StoreError};
use actix_web::rt::time::timeout;
use futures_util::TryStreamExt as _;
use std::future::Future;
use std::time::Duration;

impl JwtManager {
    /// Revokes one token, from the moment this returns. For the whole session see
    /// [`revoke_session`](Self::revoke_session).
    ///
    /// ```
    /// # use actix_jwt_extended::{Jwt, JwtManager, jwt_required};
    /// # use actix_web::{HttpResponse, delete};
    /// #[delete("/logout", wrap = "jwt_required().verify_type(false)")]
    /// async fn logout(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    ///     jwt.revoke(&presented).await?;
    ///     Ok(HttpResponse::NoContent().finish())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`]; [`JwtError::InvalidToken`] for a token without a JWT ID;
    /// [`JwtError::NotConfigured`] where there is no `token_store`.
    pub async fn revoke(&self, token: &VerifiedToken) -> Result<(), JwtError> {
        let jwt_id = token.jti().ok_or_else(without_id)?;
        let until_ms = match token.expires_at() {
            Some(time) => time.saturating_mul(1000).saturating_add(self.leeway_ms()),
            None => FOREVER,
        };
        self.keep(&Revocation::of_token(jwt_id, until_ms)).await
    }

    /// Logs somebody out everywhere: ends all sessions, and revokes all tokens issued until now.
    ///
    /// A token that is issued afterwards is good, in the same second too. One that this process's other
    /// managers, or other machines, issue is judged by their clocks, to the millisecond.
    /// Remembered for the longer of the two lifetimes in the settings: what was made to live longer by
    /// [`expires_in`](crate::TokenBuilder::expires_in) or [`never_expires`](crate::TokenBuilder::never_expires)
    /// is good again after it; revoke such tokens one by one.
    ///
    /// ```
    /// # use actix_jwt_extended::store::MemoryStore;
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # actix_web::rt::System::new().block_on(async {
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// # let jwt = JwtManager::builder(config).token_store(MemoryStore::new()).build()?;
    /// let before = jwt.decode_token(&jwt.create_access_token("ada")?)?;
    /// jwt.revoke_all("ada").await?;
    /// let after = jwt.decode_token(&jwt.create_access_token("ada")?)?;
    /// assert!(jwt.is_revoked(&before).await? && !jwt.is_revoked(&after).await?);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`]: some of it may have been done; try again. [`JwtError::NotConfigured`] where there
    /// is no `token_store`.
    #[doc(alias = "log out everywhere")]
    pub async fn revoke_all(&self, subject: &str) -> Result<(), JwtError> {
        let cutoff_ms = self.cutoff_ms();
        let until_ms = self.kept_until_ms(self.lifetimes_end_ms());
        // The cut-off first: it needs no list that may be long.
        self.keep(&Revocation::of_subject(subject, cutoff_ms, until_ms)).await?;
        // By ID, too: whatever the clocks of other machines say, these are over.
        self.session_pages(subject).try_for_each(|page| async move { self.end_sessions(&page).await }).await
    }

    /// Revokes everybody's tokens issued until now: for the day on which a key or a database has leaked.
    ///
    /// Remembered forever. Sessions end with their tokens.
    ///
    /// ```
    /// # async fn emergency(jwt: actix_jwt_extended::JwtManager) -> Result<(), actix_jwt_extended::JwtError> {
    /// jwt.revoke_everyone().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub async fn revoke_everyone(&self) -> Result<(), JwtError> {
        self.keep(&Revocation::of_everyone(self.cutoff_ms(), FOREVER)).await
    }

    /// Whether a token is revoked: by the store, or by `token_in_blocklist_loader`.
    ///
    /// Protected routes ask by themselves; this is for what lives longer than a request, such as a WebSocket.
    ///
    /// ```
    /// # use actix_jwt_extended::{Jwt, JwtError, JwtManager};
    /// async fn still_welcome(jwt: &JwtManager, presented: &Jwt) -> Result<bool, JwtError> {
    ///     Ok(!jwt.is_revoked(presented).await?)
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`] and [`JwtError::Hook`]; [`JwtError::InvalidToken`] for a token without a JWT ID
    /// where there is a store.
    pub async fn is_revoked(&self, token: &VerifiedToken) -> Result<bool, JwtError> {
        if let Some(store) = self.store()
            && self.ask_store(store, token).await?
        {
            return Ok(true);
        }
        self.is_blocked(token).await
    }

    /// The same by the store's own word, for whoever is about to issue a token for another one: what is known here
    /// may be some seconds old, and a new token would outlive that.
    pub(crate) async fn is_revoked_for_sure(&self, token: &VerifiedToken) -> Result<bool, JwtError> {
        if let Some(store) = self.store()
            && self.store_says(store, token).await?
        {
            return Ok(true);
        }
        self.is_blocked(token).await
    }

    async fn is_blocked(&self, token: &VerifiedToken) -> Result<bool, JwtError> {
        match &self.hooks().token_in_blocklist {
            Some(hook) => hooks::call_async("token_in_blocklist_loader", || hook(token.clone())).await,
            None => Ok(false),
        }
    }

    /// Whether anybody must be asked.
    pub(crate) fn can_revoke(&self) -> bool {
        self.store().is_some() || self.hooks().token_in_blocklist.is_some()
    }

    /// The same, if it is known without waiting.
    pub(crate) fn is_revoked_at_once(&self, token: &VerifiedToken) -> Result<Option<bool>, JwtError> {
        let known = match self.store() {
            Some(store) => self.known_again(store, token)?,
            None => Some(false),
        };
        // What the hook thinks is not known before it is asked.
        Ok(known.filter(|revoked| *revoked || self.hooks().token_in_blocklist.is_none()))
    }

    /// What was found before, where nothing has been revoked since. For tokens that this manager has verified:
    /// they remember nothing of another one's store.
    fn known_again(&self, store: &SharedStore, token: &VerifiedToken) -> Result<Option<bool>, JwtError> {
        let max_staleness = self.config().revocation_max_staleness;
        let so_far = store.revocations_so_far(max_staleness);
        if so_far.is_some_and(|so_far| token.is_clear_after(so_far)) {
            return Ok(Some(false));
        }
        let known = self.known(store, token, max_staleness)?;
        if let (Some(so_far), Some(false)) = (so_far, known) {
            token.clear_after(so_far);
        }
        Ok(known)
    }

    fn known(
        &self,
        store: &SharedStore,
        token: &VerifiedToken,
        max_staleness: Duration,
    ) -> Result<Option<bool>, JwtError> {
        let subject = token.identity();
        let ids = token.ids(&subject).ok_or_else(without_id)?;
        Ok(store.is_revoked_at_once(&ids, max_staleness))
    }

    async fn ask_store(&self, store: &SharedStore, token: &VerifiedToken) -> Result<bool, JwtError> {
        if let Some(known) = self.known(store, token, self.config().revocation_max_staleness)? {
            return Ok(known);
        }
        match self.store_says(store, token).await {
            Err(JwtError::Store(error)) if self.config().revocation_fail_open => {
                log::error!("JWT_REVOCATION_FAIL_OPEN: a token is accepted, though {error}");
                // What is known still counts, however old it is.
                Ok(self.known(store, token, Duration::MAX)?.unwrap_or(false))
            }
            answer => answer,
        }
    }

    async fn store_says(&self, store: &SharedStore, token: &VerifiedToken) -> Result<bool, JwtError> {
        let subject = token.identity();
        let ids = token.ids(&subject).ok_or_else(without_id)?;
        Ok(self.in_time(store.is_revoked(&ids)).await?)
    }

    pub(crate) async fn keep(&self, revocation: &Revocation) -> Result<(), JwtError> {
        let over_by_ms = self.over_by_ms();
        self.store_answer(|store| store.revoke(revocation, over_by_ms)).await
    }

    pub(crate) async fn keep_all(&self, revocations: &[Revocation]) -> Result<(), JwtError> {
        let over_by_ms = self.over_by_ms();
        self.store_answer(|store| store.revoke_many(revocations, over_by_ms)).await
    }

    /// What was over by then is cleaned up.
    fn over_by_ms(&self) -> i64 {
        self.now_ms().saturating_sub(CLOCKS_APART)
    }

    /// Asks the store, and no longer than the settings say.
    pub(crate) async fn store_answer<'a, T, F>(&'a self, ask: impl FnOnce(&'a SharedStore) -> F) -> Result<T, JwtError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        const MISSING: &str = "sessions and revocation need a store: set one with JwtManagerBuilder::token_store";
        let store = self.store().ok_or(JwtError::NotConfigured(MISSING))?;
        Ok(self.in_time(ask(store)).await?)
    }

    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        timeout(self.config().store_timeout, answer).await.unwrap_or_else(|_| Err(StoreError::timed_out()))
    }

    pub(crate) fn leeway_ms(&self) -> i64 {
        i64::try_from(self.config().decode_leeway.as_millis()).unwrap_or(FOREVER)
    }

    /// When no token lives any more that is issued now and by the settings.
    pub(crate) fn lifetimes_end_ms(&self) -> i64 {
        after(self.now_ms(), self.longest_lifetime())
    }

    pub(crate) fn longest_lifetime(&self) -> Lifetime {
        match (self.config().access_token_expires, self.config().refresh_token_expires) {
            (Lifetime::After(access), Lifetime::After(refresh)) => Lifetime::After(access.max(refresh)),
            _ => Lifetime::Never,
        }
    }

    /// How long what ends with these tokens must be remembered: whoever has asked already whether they are revoked may
    /// issue others for them, once the store has answered what else a rotation asks.
    pub(crate) fn kept_until_ms(&self, tokens_end_ms: i64) -> i64 {
        let under_way = self.config().store_timeout.saturating_mul(2 * ATTEMPTS + 2);
        let under_way_ms = i64::try_from(under_way.as_millis()).unwrap_or(FOREVER);
        tokens_end_ms.saturating_add(self.leeway_ms()).saturating_add(under_way_ms)
    }

    /// Now; and what is issued from here on is issued later.
    fn cutoff_ms(&self) -> i64 {
        let now_ms = self.now_ms().max(self.issued_now_ms());
        self.issue_only_after(now_ms);
        now_ms
    }
}

pub(crate) fn without_id() -> JwtError {
    InvalidToken::MissingClaim("jti".to_owned()).into()
}
