//! The sessions that live: listed, and ended.

use super::Session;
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::session::rotation::{is_over, tokens_end_ms};
use crate::store::{Revocation, SessionRecord};
use futures_util::TryStreamExt as _;
use futures_util::stream::{Stream, try_unfold};

/// So many sessions are ended in one step.
const AT_ONCE: usize = 256;

impl JwtManager {
    /// Ends a session: all its tokens are revoked from the moment this returns.
    ///
    /// Whose session it is, is for the caller to check: see [`sessions`](Self::sessions).
    ///
    /// ```
    /// # use actix_jwt_extended::{Jwt, JwtManager, jwt_required};
    /// # use actix_web::{HttpResponse, delete};
    /// #[delete("/logout", wrap = "jwt_required().verify_type(false)")]
    /// async fn logout(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    ///     match presented.session_id() {
    ///         Some(session_id) => jwt.revoke_session(session_id).await?,
    ///         None => jwt.revoke(&presented).await?,
    ///     }
    ///     Ok(HttpResponse::NoContent().finish())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`]; [`JwtError::NotConfigured`] where there is no `token_store`.
    pub async fn revoke_session(&self, session_id: &str) -> Result<(), JwtError> {
        match self.store_answer(|store| store.session(session_id)).await? {
            Some(session) => self.end_session(&session).await,
            // Unknown, or over: its access tokens may still live.
            None => self.keep(&Revocation::of_session(session_id, self.kept_until_ms(self.lifetimes_end_ms()))).await,
        }
    }

    /// Its tokens are dead before anything else is done.
    pub(crate) async fn end_session(&self, session: &SessionRecord) -> Result<(), JwtError> {
        self.revoke_tokens_of(session).await?;
        self.store_answer(|store| store.remove_session(session)).await.map(drop)
    }

    /// Somebody's sessions, as many at a time as the store finds in one step; some perhaps twice.
    pub(crate) fn session_pages(&self, subject: &str) -> impl Stream<Item = Result<Vec<SessionRecord>, JwtError>> {
        try_unfold(Some(None), move |from: Option<Option<String>>| async move {
            let Some(after) = from else { return Ok(None) };
            let page = self.store_answer(|store| store.sessions_page(subject, after.as_deref())).await?;
            Ok(Some((page.sessions, page.next.map(Some))))
        })
    }

    /// Of very many, some at a time, so that each step is done in the time that one may take.
    pub(crate) async fn end_sessions(&self, sessions: &[SessionRecord]) -> Result<(), JwtError> {
        for some in sessions.chunks(AT_ONCE) {
            let revocations: Vec<_> = some.iter().map(|session| self.revocation_of(session)).collect();
            self.keep_all(&revocations).await?;
            self.store_answer(|store| store.remove_sessions(some)).await?;
        }
        Ok(())
    }

    pub(super) async fn revoke_tokens_of(&self, session: &SessionRecord) -> Result<(), JwtError> {
        self.keep(&self.revocation_of(session)).await
    }

    fn revocation_of(&self, session: &SessionRecord) -> Revocation {
        // What a rotation that is under way will issue is made by the settings, or as the record says.
        let end_ms = tokens_end_ms(session, self.now_ms()).max(session.ends_at_ms.min(self.lifetimes_end_ms()));
        Revocation::of_session(&session.sid, self.kept_until_ms(end_ms))
    }

    /// The live sessions of somebody, the one used last first.
    ///
    /// ```
    /// # use actix_jwt_extended::store::MemoryStore;
    /// # use actix_jwt_extended::{JwtConfig, JwtManager};
    /// # actix_web::rt::System::new().block_on(async {
    /// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
    /// # let jwt = JwtManager::builder(config).token_store(MemoryStore::new()).build()?;
    /// jwt.start_session("ada").label("a phone").await?;
    /// let sessions = jwt.sessions("ada").await?;
    /// assert_eq!(sessions[0].label(), Some("a phone"));
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// As [`revoke_session`](Self::revoke_session).
    pub async fn sessions(&self, subject: &str) -> Result<Vec<Session>, JwtError> {
        let mut sessions = self.session_pages(subject).try_concat().await?;
        let now_ms = self.now_ms();
        sessions.retain(|session| !is_over(session, now_ms));
        // One that was refreshed meanwhile may be on two pages: as it was last counts.
        sessions.sort_by(|a, b| (&a.sid, b.rotation).cmp(&(&b.sid, a.rotation)));
        sessions.dedup_by(|a, b| a.sid == b.sid);
        sessions.sort_by(|a, b| (b.rotated_at_ms, &b.sid).cmp(&(a.rotated_at_ms, &a.sid)));
        Ok(sessions.into_iter().map(Session).collect())
    }
}
