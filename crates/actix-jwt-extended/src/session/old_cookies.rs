//! A browser that sends an old refresh cookie before the current one: the domain or the path of cookies has changed.

use crate::claims::{TokenType, VerifiedToken};
use crate::config::Location;
use crate::error::JwtError;
use crate::manager::{DecodeOptions, JwtManager};
use crate::request::locate;
use crate::request::verdict::Jwt;
use crate::store::SessionRecord;
use actix_web::HttpRequest;

/// So many cookies of one name are looked at.
const COOKIES: usize = 4;

impl JwtManager {
    /// The session's current token, if it has come in another cookie of the name. Who has it needs no old one to get on:
    /// it is the browser's, and not a thief's, that was presented with it.
    pub(super) async fn current_beside(
        &self,
        presented: &Jwt,
        session: &SessionRecord,
        request: &HttpRequest,
    ) -> Result<Option<VerifiedToken>, JwtError> {
        if presented.location() != Location::Cookies {
            return Ok(None);
        }
        let options = match presented.csrf() {
            Some(csrf) if self.config().cookie_csrf_protect => DecodeOptions::new().csrf_value(csrf),
            _ => DecodeOptions::new(),
        };
        for token in locate::cookies(request, self.config().names(true).cookie).take(COOKIES) {
            let Ok(token) = std::str::from_utf8(token) else { continue };
            let Ok(token) = self.decode_token_with_async(token, &options).await else { continue };
            let is_current = token.token_type() == TokenType::Refresh
                && token.session_id() == Some(&session.sid)
                && token.jti() == Some(&session.current)
                && token.identity() == presented.identity();
            if is_current {
                return Ok((!self.is_revoked_for_sure(&token).await?).then_some(token));
            }
        }
        Ok(None)
    }
}
