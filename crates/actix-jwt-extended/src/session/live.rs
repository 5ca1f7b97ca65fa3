//! The sessions that live: listed, and ended.

use super::Session;
use crate::claims::{VerifiedToken, time_of_jwt_id};
use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::session::rotation::{is_over, tokens_end_ms};
use crate::store::{Revocation, SIDE_BY_SIDE, SessionRecord, TokenIds, subject_in_realm};
use futures_util::TryStreamExt as _;
use futures_util::future::try_join_all;
use futures_util::stream::{Stream, try_unfold};
use std::pin::pin;

/// So many sessions are ended in one step.
const AT_ONCE: usize = 256;

/// A session ends with its revocation; its record is of no use then, and is left out of lists.
fn is_done<T>(removed: Result<T, JwtError>) {
    if let Err(error) = removed {
        log::warn!("a session has ended, and its record stays for now: {error}");
    }
}

impl JwtManager {
    /// Ends the session of a token, access or refresh; a token without a session is revoked by itself. For logout routes, which
    /// take any of somebody's tokens, one that has expired too:
    ///
    /// ```
    /// # use actix_jwt_extended::{Jwt, JwtManager, jwt_required};
    /// # use actix_web::{HttpResponse, delete};
    /// #[delete("/logout", wrap = "jwt_required().verify_type(false).allow_expired()")]
    /// async fn logout(jwt: JwtManager, presented: Jwt) -> actix_web::Result<HttpResponse> {
    ///     jwt.log_out(&presented).await?;
    ///     Ok(HttpResponse::NoContent().finish())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`]; [`JwtError::InvalidToken`] for a token with neither a session nor a JWT ID;
    /// [`JwtError::NotConfigured`] where there is no `token_store`.
    pub async fn log_out(&self, token: &VerifiedToken) -> Result<(), JwtError> {
        match token.session_id() {
            Some(session_id) => self.revoke_session(session_id).await,
            None => self.revoke(token).await,
        }
    }

    /// Ends a session: all its tokens are revoked from the moment this returns.
    ///
    /// Whoever's session it is: for an ID out of a token that was verified. For one that a client sends there is
    /// [`revoke_session_of`](Self::revoke_session_of).
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// async fn suspend(jwt: &JwtManager, session_id: &str) -> Result<(), JwtError> {
    ///     jwt.revoke_session(session_id).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Store`]; [`JwtError::NotConfigured`] where there is no `token_store`.
    pub async fn revoke_session(&self, session_id: &str) -> Result<(), JwtError> {
        match self.stored_session(session_id).await? {
            Some(session) => self.end_session(&session).await,
            // Unknown, or over: its access tokens may still live.
            None => self.keep(&Revocation::of_session(session_id, self.kept_until_ms(self.lifetimes_end_ms()))).await,
        }
    }

    /// Ends a session of this subject, as [`revoke_session`](Self::revoke_session) does; `false`, and nothing is done,
    /// where there is none of this ID, or it is somebody else's: for IDs that a client sends.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtIdentity, JwtManager, jwt_required};
    /// # use actix_web::{HttpResponse, delete, web};
    /// #[delete("/sessions/{id}", wrap = "jwt_required()")]
    /// async fn end(jwt: JwtManager, user: JwtIdentity, id: web::Path<String>) -> Result<HttpResponse, JwtError> {
    ///     Ok(match jwt.revoke_session_of(&user, &id).await? {
    ///         true => HttpResponse::NoContent().finish(),
    ///         false => HttpResponse::NotFound().finish(),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`revoke_session`](Self::revoke_session).
    pub async fn revoke_session_of(&self, subject: &str, session_id: &str) -> Result<bool, JwtError> {
        match self.stored_session(session_id).await? {
            Some(session) if session.owner() == subject => self.end_session(&session).await.map(|()| true),
            _ => Ok(false),
        }
    }

    /// A session of this manager's realm.
    pub(crate) async fn stored_session(&self, session_id: &str) -> Result<Option<SessionRecord>, JwtError> {
        let session = self.store_answer(|store| store.session(session_id)).await?;
        Ok(session.filter(|session| session.realm == self.config().realm))
    }

    /// Its tokens are dead before anything else is done.
    pub(crate) async fn end_session(&self, session: &SessionRecord) -> Result<(), JwtError> {
        self.revoke_tokens_of(session).await?;
        is_done(self.store_answer(|store| store.remove_session(session)).await);
        Ok(())
    }

    /// Somebody's sessions, as many at a time as the store finds in one step; some perhaps twice.
    pub(crate) fn session_pages(&self, subject: &str) -> impl Stream<Item = Result<Vec<SessionRecord>, JwtError>> {
        let subject = subject_in_realm(&self.config().realm, subject);
        try_unfold((subject, Some(None)), move |(subject, from): (String, Option<Option<String>>)| async move {
            let Some(after) = from else { return Ok(None) };
            let mut page = self.store_answer(|store| store.sessions_page(&subject, after.as_deref())).await?;
            page.sessions.retain(|session| session.realm == self.config().realm);
            Ok(Some((page.sessions, (subject, page.next.map(Some)))))
        })
    }

    /// Of very many, some at a time, so that each step is done in the time that one may take.
    pub(crate) async fn end_sessions(&self, sessions: &[SessionRecord]) -> Result<(), JwtError> {
        for some in sessions.chunks(AT_ONCE) {
            let revocations: Vec<_> = some.iter().map(|session| self.revocation_of(session)).collect();
            self.keep_all(&revocations).await?;
            is_done(self.store_answer(|store| store.remove_sessions(some)).await);
        }
        Ok(())
    }

    /// Those beyond so many. Of two logins at the same time each sees the same order.
    pub(super) async fn end_oldest(&self, subject: &str, allowed: usize) -> Result<(), JwtError> {
        let mut sessions = self.session_pages(subject).try_concat().await?;
        let now_ms = self.now_ms();
        sessions.retain(|session| !is_over(session, now_ms));
        sessions.sort_by(|a, b| (b.created_at_ms, &b.sid).cmp(&(a.created_at_ms, &a.sid)));
        sessions.dedup_by(|a, b| a.sid == b.sid);
        if sessions.len() > allowed {
            self.drop_ended(subject, &mut sessions).await?;
        }
        self.end_sessions(sessions.get(allowed..).unwrap_or_default()).await
    }

    pub(super) async fn revoke_tokens_of(&self, session: &SessionRecord) -> Result<(), JwtError> {
        self.keep(&self.revocation_of(session)).await
    }

    fn revocation_of(&self, session: &SessionRecord) -> Revocation {
        // What a rotation that is under way will issue is made by the settings, or as the record says.
        let end_ms = tokens_end_ms(session, self.now_ms()).max(session.ends_at_ms.min(self.lifetimes_end_ms()));
        Revocation::of_session(&session.sid, self.kept_until_ms(end_ms))
    }

    /// The live sessions of somebody, the one used last first. Of somebody who may have very many,
    /// [`sessions_up_to`](Self::sessions_up_to) lists some.
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
        self.sessions_up_to(subject, usize::MAX).await
    }

    /// The same, of so many at most; of somebody who has more, any of them. The store is asked for no more pages than
    /// that takes.
    ///
    /// ```
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// async fn has_many(jwt: &JwtManager, subject: &str) -> Result<bool, JwtError> {
    ///     Ok(jwt.sessions_up_to(subject, 100).await?.len() == 100)
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`revoke_session`](Self::revoke_session).
    pub async fn sessions_up_to(&self, subject: &str, limit: usize) -> Result<Vec<Session>, JwtError> {
        let mut sessions = Vec::new();
        let mut pages = pin!(self.session_pages(subject));
        while sessions.len() < limit
            && let Some(mut page) = pages.try_next().await?
        {
            let now_ms = self.now_ms();
            page.retain(|session| !is_over(session, now_ms));
            self.drop_cut_off(subject, &mut page).await?;
            self.drop_ended(subject, &mut page).await?;
            sessions.append(&mut page);
        }
        // One that was refreshed meanwhile may be on two pages: as it was last counts.
        sessions.sort_by(|a, b| (&a.sid, b.rotation).cmp(&(&b.sid, a.rotation)));
        sessions.dedup_by(|a, b| a.sid == b.sid);
        sessions.sort_by(|a, b| (b.rotated_at_ms, &b.sid).cmp(&(a.rotated_at_ms, &a.sid)));
        sessions.truncate(limit);
        Ok(sessions.into_iter().map(Session).collect())
    }

    /// Those whose end was kept, and whose record could not be removed then. It goes now, if that works.
    async fn drop_ended(&self, subject: &str, sessions: &mut Vec<SessionRecord>) -> Result<(), JwtError> {
        // No token's own, and issued after every cut-off: only the session is asked for.
        let jwt_id = self.new_jwt_id();
        let has_ended = |session: &SessionRecord| {
            let (realm, sid, jwt_id) = (&self.config().realm, session.sid.clone(), &jwt_id);
            async move {
                let ids = TokenIds { realm, jwt_id, session_id: Some(&sid), subject, issued_at_ms: i64::MAX };
                self.store_answer(|store| async {
                    match store.is_revoked_at_once(&ids, self.config().revocation_max_staleness) {
                        Some(known) => Ok(known),
                        None => store.is_revoked(&ids).await,
                    }
                })
                .await
            }
        };
        let mut ended = Vec::new();
        for some in sessions.chunks(SIDE_BY_SIDE) {
            ended.extend(try_join_all(some.iter().map(has_ended)).await?);
        }
        let mut ended = ended.into_iter();
        let gone: Vec<_> = sessions.extract_if(.., |_| ended.next().unwrap_or(false)).collect();
        if !gone.is_empty() {
            is_done(self.store_answer(|store| store.remove_sessions(&gone)).await);
        }
        Ok(())
    }

    /// Those whose tokens were issued before everybody, or everything of the subject, was revoked.
    async fn drop_cut_off(&self, subject: &str, sessions: &mut Vec<SessionRecord>) -> Result<(), JwtError> {
        let issued_at_ms = |session: &SessionRecord| time_of_jwt_id(&session.current).unwrap_or(session.rotated_at_ms);
        let mut times: Vec<_> = sessions.iter().map(issued_at_ms).collect();
        times.sort_unstable();
        // No token's own: only what was cut off by time is asked for.
        let jwt_id = self.new_jwt_id();
        // What was issued before one that is cut off is cut off, too; and most often nothing is.
        let (mut from, mut to, mut at) = (0, times.len(), 0);
        while let Some(&issued_at_ms) = times.get(at).filter(|_| from < to) {
            let ids =
                TokenIds { realm: &self.config().realm, jwt_id: &jwt_id, session_id: None, subject, issued_at_ms };
            if self.store_answer(|store| store.is_revoked(&ids)).await? {
                from = at + 1;
            } else {
                to = at;
            }
            at = from + (to - from) / 2;
        }
        match times.get(from) {
            Some(first) => sessions.retain(|session| issued_at_ms(session) >= *first),
            None => sessions.clear(),
        }
        Ok(())
    }
}
