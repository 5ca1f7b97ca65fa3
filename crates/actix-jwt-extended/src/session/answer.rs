//! A pair of tokens as the answer of a handler: RFC 6749 §5.1.

use super::TokenPair;
use crate::config::Lifetime;
use crate::manager::JwtManager;
use crate::store::FOREVER;
use actix_web::body::BoxBody;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, Responder};

/// `200` with the tokens as JSON, and `Cache-Control: no-store`.
impl Responder for TokenPair {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(self)
    }
}

impl JwtManager {
    /// The seconds that an access token lives which is made now for a session that ends then.
    pub(super) fn access_expires_in(&self, ends_at_ms: i64) -> Option<i64> {
        let own = match self.config().access_token_expires {
            Lifetime::After(lifetime) => Some(i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX)),
            Lifetime::Never => None,
        };
        let now = self.now_ms().div_euclid(1000);
        let sessions = (ends_at_ms != FOREVER).then(|| ends_at_ms.div_euclid(1000).saturating_sub(now).max(0));
        own.into_iter().chain(sessions).min()
    }
}
