//! Asking whether a token is revoked: what is known here, the store, the application's hook.

use crate::claims::VerifiedToken;
use crate::error::{InvalidToken, JwtError};
use crate::manager::{JwtManager, hooks};
use crate::store::{SharedStore, StoreError};
use actix_web::rt::time::timeout;
use std::future::Future;
use std::time::Duration;

impl JwtManager {
    /// Whether a token is revoked: by the store, or by `token_in_blocklist_loader`.
    ///
    /// Protected routes ask by themselves. What lives longer than a request, such as a WebSocket, waits for
    /// [`Jwt::ended`](crate::Jwt::ended).
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
        Ok(self.is_revoked_in_store(token).await? || self.is_blocked(token).await?)
    }

    /// The same, where the hook has been asked in this request.
    pub(crate) async fn is_revoked_in_store(&self, token: &VerifiedToken) -> Result<bool, JwtError> {
        match self.store() {
            Some(store) => self.store_says(store, token).await,
            None => Ok(false),
        }
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
        let ids = token.ids(&self.config().realm, &subject).ok_or_else(without_id)?;
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
        let ids = token.ids(&self.config().realm, &subject).ok_or_else(without_id)?;
        Ok(self.in_time(store.is_revoked(&ids)).await?)
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
}

/// What makes a token impossible to revoke.
pub(crate) fn without_id() -> JwtError {
    InvalidToken::MissingClaim("jti".to_owned()).into()
}
