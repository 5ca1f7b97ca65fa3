//! Revoking tokens: one, somebody's, everybody's.

use crate::claims::VerifiedToken;
use crate::config::Lifetime;
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::manager::revocation::without_id;
use crate::session::rotation::{ATTEMPTS, after};
use crate::store::{CLOCKS_APART, FOREVER, Revocation};
use futures_util::TryStreamExt as _;

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

    pub(crate) async fn keep(&self, revocation: &Revocation) -> Result<(), JwtError> {
        let (revocation, over_by_ms) = (revocation.clone().in_realm(&self.config().realm), self.over_by_ms());
        self.store_answer(|store| store.revoke(&revocation, over_by_ms)).await
    }

    pub(crate) async fn keep_all(&self, revocations: &[Revocation]) -> Result<(), JwtError> {
        let in_realm = |revocation: &Revocation| revocation.clone().in_realm(&self.config().realm);
        let (revocations, over_by_ms) = (revocations.iter().map(in_realm).collect::<Vec<_>>(), self.over_by_ms());
        self.store_answer(|store| store.revoke_many(&revocations, over_by_ms)).await
    }

    /// What was over by then is cleaned up.
    fn over_by_ms(&self) -> i64 {
        self.now_ms().saturating_sub(CLOCKS_APART)
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
