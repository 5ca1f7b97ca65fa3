//! Waiting for a token's end: for what lives longer than a request.

use crate::error::JwtError;
use crate::manager::JwtManager;
use crate::request::verdict::Jwt;
use actix_web::rt::time::sleep;
use std::time::Duration;

/// So often it is looked at what is known without asking anybody.
const LOOK: Duration = Duration::from_secs(1);

impl Jwt {
    /// Waits until the token is good no more, and says why: [`JwtError::Expired`], or [`JwtError::Revoked`] by the store,
    /// its replica, or `token_in_blocklist_loader`. For what lives longer than a request, such as a WebSocket.
    ///
    /// What is known here, by a `MemoryStore` or `Replicated`, is looked at each second; another store, and the hook, are
    /// asked once in `JWT_REVOCATION_MAX_STALENESS`, but not more often than once a second. Where they have not answered
    /// for so long, their error is the end; the store's is not, if `JWT_REVOCATION_FAIL_OPEN` is set. Dropping the future
    /// ends the waiting.
    ///
    /// ```
    /// # use actix_jwt_extended::{Jwt, jwt_required};
    /// # use actix_web::{HttpRequest, HttpResponse, get, web};
    /// #[get("/ws", wrap = "jwt_required()")]
    /// async fn socket(jwt: Jwt, request: HttpRequest, body: web::Payload) -> actix_web::Result<HttpResponse> {
    ///     let (response, session, _messages) = actix_ws::handle(&request, body)?;
    ///     actix_web::rt::spawn(async move {
    ///         jwt.ended().await;
    ///         let _ = session.close(None).await;
    ///     });
    ///     Ok(response)
    /// }
    /// ```
    pub async fn ended(&self) -> JwtError {
        let Some(manager) = self.manager() else {
            return JwtError::NotConfigured("this token was verified by no manager");
        };
        let patience = i64::try_from(manager.config().revocation_max_staleness.as_millis()).unwrap_or(i64::MAX);
        let mut heard_ms = manager.now_ms();
        loop {
            if manager.is_expired(self) {
                return JwtError::Expired((**self).clone());
            }
            match manager.is_revoked(self).await {
                Ok(true) => return JwtError::Revoked((**self).clone()),
                Ok(false) => heard_ms = manager.now_ms(),
                Err(error) if manager.now_ms().saturating_sub(heard_ms) >= patience => return error,
                Err(_) => {}
            }
            sleep(self.pause(manager)).await;
        }
    }

    /// Until it may have ended.
    fn pause(&self, manager: &JwtManager) -> Duration {
        let known = matches!(manager.is_revoked_at_once(self), Ok(Some(_)));
        let look = if known { LOOK } else { manager.config().revocation_max_staleness.max(LOOK) };
        let Some(expires_at) = self.expires_at() else { return look };
        let left_ms =
            expires_at.saturating_mul(1000).saturating_add(manager.leeway_ms()).saturating_sub(manager.now_ms());
        look.min(Duration::from_millis(u64::try_from(left_ms).unwrap_or(0).max(1)))
    }
}
