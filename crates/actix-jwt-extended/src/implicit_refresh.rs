//! Renewing access cookies in passing, so that whoever keeps using a site stays logged in.

use crate::claims::{TokenType, VerifiedToken};
use crate::config::Location;
use crate::issue::OfSession;
use crate::manager::{JwtManager, manager_of};
use crate::pipeline::{Jwt, passed_token};
use crate::respond::JwtRejection;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::SET_COOKIE;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Replaces an access token that came in a cookie once half of its life is over: Flask-JWT-Extended's
/// "implicit refreshing with cookies", as one wrap.
///
/// Wrap it outside of [`jwt_required`](crate::jwt_required). The new token has the old one's identity
/// and own claims, those of `additional_claims_loader` anew, and is not fresh. There is none
///
/// - for a request that was refused, or whose token was revoked meanwhile (by the handler, say),
/// - where the handler sets the access cookie itself: its own wins,
/// - for requests that come at the same time with the same token: one gets it,
/// - for tokens without `exp` or `iat`, and tokens that came another way than by cookie.
///
/// ```
/// use actix_jwt_extended::{jwt_required, refresh_expiring_cookies};
/// use actix_web::{App, web};
///
/// let app = App::new()
///     .service(web::scope("/app").wrap(jwt_required()).wrap(refresh_expiring_cookies()));
/// # drop(app);
/// ```
pub fn refresh_expiring_cookies() -> RefreshExpiringCookies {
    RefreshExpiringCookies { after: 0.5 }
}

/// The wrap that [`refresh_expiring_cookies`] makes.
///
/// ```
/// let wrap = actix_jwt_extended::refresh_expiring_cookies().after(0.75);
/// ```
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it is wrapped around something"]
pub struct RefreshExpiringCookies {
    after: f64,
}

impl RefreshExpiringCookies {
    /// The part of its life after which a token is replaced, from 0.0 (always) to 1.0 (never); 0.5 by
    /// default.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::refresh_expiring_cookies().after(0.9);
    /// ```
    pub fn after(self, part: f64) -> Self {
        Self { after: if part.is_nan() { self.after } else { part.clamp(0.0, 1.0) } }
    }
}

impl<S, B> Transform<S, ServiceRequest> for RefreshExpiringCookies
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = RefreshExpiringCookiesMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(RefreshExpiringCookiesMiddleware { service, after: self.after }))
    }
}

/// The service that [`refresh_expiring_cookies`] wraps around another.
pub struct RefreshExpiringCookiesMiddleware<S> {
    service: S,
    after: f64,
}

impl<S> fmt::Debug for RefreshExpiringCookiesMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshExpiringCookiesMiddleware").field("after", &self.after).finish_non_exhaustive()
    }
}

impl<S, B> Service<ServiceRequest> for RefreshExpiringCookiesMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = RefreshExpiringCookiesFuture<S::Future, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        RefreshExpiringCookiesFuture::Inner { future: self.service.call(request), after: self.after }
    }
}

pin_project! {
    /// The response to come; boxed only where a cookie is due.
    #[project = Projected]
    #[doc(hidden)]
    pub enum RefreshExpiringCookiesFuture<F, B> {
        Inner { #[pin] future: F, after: f64 },
        Renewing { future: LocalBoxFuture<'static, ServiceResponse<B>> },
    }
}

impl<F, B> fmt::Debug for RefreshExpiringCookiesFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshExpiringCookiesFuture")
    }
}

impl<F, B> Future for RefreshExpiringCookiesFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
    B: 'static,
{
    type Output = Result<ServiceResponse<B>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match self.as_mut().project() {
                Projected::Inner { future, after } => {
                    let response = match future.poll(context) {
                        Poll::Ready(Ok(response)) => response,
                        other => return other,
                    };
                    let Some((jwt, manager)) = due(&response, *after) else { return Poll::Ready(Ok(response)) };
                    self.set(Self::Renewing { future: renew(response, jwt, manager).boxed_local() });
                }
                Projected::Renewing { future } => return future.as_mut().poll(context).map(Ok),
            }
        }
    }
}

/// The token to replace, if there is one and its time has come.
fn due<B>(response: &ServiceResponse<B>, after: f64) -> Option<(Jwt, JwtManager)> {
    // What a wrap refused carries no token any more; an extractor's refusal is the response's error.
    if response.response().error().is_some_and(|error| error.as_error::<JwtRejection>().is_some()) {
        return None;
    }
    // Only a token that the manager found here has judged: its key signs the next one.
    let jwt = passed_token(response.request())?;
    if jwt.location() != Location::Cookies || jwt.token_type() != TokenType::Access {
        return None;
    }
    let manager = manager_of(response.request()).ok()?;
    let (issued, expires) = (jwt.issued_at()?, jwt.expires_at()?);
    let life = expires.saturating_sub(issued) as f64;
    let age = manager.now().saturating_sub(issued) as f64;
    if age < life * after || sets_access_cookie(response, manager) {
        return None;
    }
    Some((jwt, manager.clone()))
}

async fn renew<B>(mut response: ServiceResponse<B>, jwt: Jwt, manager: JwtManager) -> ServiceResponse<B> {
    if let Some(session) = still_good(&jwt, &manager).await
        && manager.renewals().claim(jwt.jti(), manager.now())
    {
        let next = manager.access_token(jwt.identity()).identity_value(jwt.identity_value().clone()).carry_claims(&jwt);
        let next = match session {
            Some(session) => next.of_session(session),
            None => next,
        };
        let renewed = next.encode().and_then(|token| manager.set_access_cookies(&mut response, &token));
        if let Err(error) = renewed {
            // The request itself went well, and its token still lives.
            log::error!("an access cookie could not be renewed: {error}");
        }
    }
    response
}

/// The handler may have revoked the token: whoever has just logged out is not logged in again.
/// With the session that the next token belongs to, if there is one.
async fn still_good(token: &VerifiedToken, manager: &JwtManager) -> Option<Option<OfSession>> {
    if !matches!(manager.is_revoked(token).await, Ok(false)) {
        return None;
    }
    match token.session_id() {
        Some(id) if manager.store().is_some() => {
            let ends_at_ms = manager.session_end_ms(id).await.ok()??;
            Some(Some(OfSession { id: id.to_owned(), rotation: None, ends_at_ms }))
        }
        _ => Some(None),
    }
}

fn sets_access_cookie<B>(response: &ServiceResponse<B>, manager: &JwtManager) -> bool {
    let name = manager.config().names(false).cookie.as_bytes();
    let sets = |line: &[u8]| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="));
    response.headers().get_all(SET_COOKIE).any(|line| sets(line.as_bytes()))
}
