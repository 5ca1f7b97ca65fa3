//! Renewing access cookies in passing, so that whoever keeps using a site stays logged in.

use crate::claims::{TokenType, VerifiedToken};
use crate::config::Location;
use crate::issue::OfSession;
use crate::manager::{JwtManager, manager_of};
use crate::request::respond::JwtRejection;
use crate::request::verdict::{Jwt, passed_token, user_of};
use crate::response::cookies::CookieOptions;
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::header::SET_COOKIE;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;
use serde_json::{Map, Value};
use std::any::Any;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Replaces an access token that came in a cookie once half of its life is over: Flask-JWT-Extended's
/// "implicit refreshing with cookies", as one wrap.
///
/// Wrap it outside of [`jwt_required`](crate::jwt_required). The new token has the old one's identity,
/// own claims and header as they were given at its making, lifetime, audience, issuer and CSRF value, so that forms
/// and tabs that are open go on working. What `additional_claims_loader` and `additional_headers_loader` say comes anew,
/// and what they no longer say is gone.
/// It is not fresh: that takes a login. The response that carries it is not to be cached: unless its
/// `Cache-Control` says `private` or `no-store`, it says `no-store` now (RFC 9111 §7.3).
///
/// There is none
///
/// - for a request that was refused, or whose token was revoked meanwhile (by the handler, say),
/// - where the handler sets the access cookie itself: its own wins,
/// - for requests that come at the same time with the same token: one gets it,
/// - for tokens without `exp` or `iat`, those that have expired (with `JWT_DECODE_LEEWAY` they may still
///   pass), and tokens that came another way than by cookie,
/// - where the token's session ends no later than the token, and where the manager has no store to ask whether it lives.
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
    RefreshExpiringCookies { after: 0.5, options: CookieOptions::new() }
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
    options: CookieOptions,
}

impl RefreshExpiringCookies {
    /// The part of its life after which a token is replaced, from 0.0 (always) to 1.0 (never); 0.5 by
    /// default.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::refresh_expiring_cookies().after(0.9);
    /// ```
    pub fn after(self, part: f64) -> Self {
        Self { after: if part.is_nan() { self.after } else { part.clamp(0.0, 1.0) }, ..self }
    }

    /// What the login gave to `set_access_cookies_with`: a browser does not send a cookie's attributes
    /// back, and without the same domain the new cookie would stand beside the old one.
    ///
    /// ```
    /// use actix_jwt_extended::{CookieOptions, refresh_expiring_cookies};
    /// let wrap = refresh_expiring_cookies().cookie_options(CookieOptions::new().domain("example.com"));
    /// ```
    pub fn cookie_options(self, options: CookieOptions) -> Self {
        Self { options, ..self }
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
        ready(Ok(RefreshExpiringCookiesMiddleware { service, wrap: Rc::new(self.clone()) }))
    }
}

/// The service that [`refresh_expiring_cookies`] wraps around another.
pub struct RefreshExpiringCookiesMiddleware<S> {
    service: S,
    wrap: Rc<RefreshExpiringCookies>,
}

impl<S> fmt::Debug for RefreshExpiringCookiesMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshExpiringCookiesMiddleware").field("wrap", &self.wrap).finish_non_exhaustive()
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
        RefreshExpiringCookiesFuture::Inner { future: self.service.call(request), wrap: Rc::clone(&self.wrap) }
    }
}

pin_project! {
    /// The response to come; boxed only where a cookie is due.
    #[project = Projected]
    #[doc(hidden)]
    pub enum RefreshExpiringCookiesFuture<F, B> {
        Inner { #[pin] future: F, wrap: Rc<RefreshExpiringCookies> },
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
                Projected::Inner { future, wrap } => {
                    let response = match future.poll(context) {
                        Poll::Ready(Ok(response)) => response,
                        other => return other,
                    };
                    let Some((jwt, manager)) = due(&response, wrap.after) else { return Poll::Ready(Ok(response)) };
                    let renewing = renew(response, jwt, manager, Rc::clone(wrap)).boxed_local();
                    self.set(Self::Renewing { future: renewing });
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
    let (issued, expires, now) = (jwt.issued_at()?, jwt.expires_at()?, manager.now());
    let life = expires.saturating_sub(issued) as f64;
    // Another machine's clock may be ahead.
    let age = now.saturating_sub(issued).max(0) as f64;
    if after >= 1.0 || age < life * after || now >= expires || sets_access_cookie(response, manager) {
        return None;
    }
    Some((jwt, manager.clone()))
}

async fn renew<B>(
    mut response: ServiceResponse<B>,
    jwt: Jwt,
    manager: JwtManager,
    wrap: Rc<RefreshExpiringCookies>,
) -> ServiceResponse<B> {
    // Before it is asked what is revoked: a cut-off that comes in between concerns the new token, too.
    let jwt_id = manager.new_jwt_id();
    if let Some(session) = still_good(&jwt, &manager).await
        && manager.renewals().claim(jwt.claims(), manager.now())
    {
        let next = manager.access_token(jwt.identity()).identity_value(jwt.identity_value().clone());
        let next = next.carry_all(&jwt).jwt_id(jwt_id);
        let next = match session {
            Some((session, claims)) => next.carry_session(claims.as_ref(), &jwt).of_session(session),
            None => next,
        };
        let user = user_of(&jwt, &manager, response.request());
        let user = user.as_deref().map(|user| user as &dyn Any);
        let set = |token: String| manager.set_access_cookies_with(&mut response, &token, &wrap.options);
        let made = match next.of_user_if_any(user) {
            Ok(next) => next.encode_async().await,
            Err(error) => Err(error),
        };
        if let Err(error) = made.and_then(set) {
            manager.renewals().release(jwt.claims());
            // The request itself went well, and its token still lives.
            log::error!("an access cookie could not be renewed: {error}");
        }
    }
    response
}

/// Those that a session was begun with, where they are known.
type OwnClaims = Option<Map<String, Value>>;

/// The handler may have revoked the token: whoever has just logged out is not logged in again.
/// With the session that the next token belongs to, if there is one.
async fn still_good(token: &VerifiedToken, manager: &JwtManager) -> Option<Option<(OfSession, OwnClaims)>> {
    if !matches!(manager.is_revoked_for_sure(token).await, Ok(false)) {
        return None;
    }
    match token.session_id() {
        // Who cannot ask whether the session lives lets no token outlive it.
        Some(id) => {
            let (session, ends_at_ms) = manager.live_session(id).await.ok()??;
            // It lives as long as it can.
            if token.expires_at().is_some_and(|expires| ends_at_ms.div_euclid(1000) <= expires) {
                return None;
            }
            Some(Some((OfSession { id: id.to_owned(), rotation: None, ends_at_ms }, session.claims)))
        }
        None => Some(None),
    }
}

fn sets_access_cookie<B>(response: &ServiceResponse<B>, manager: &JwtManager) -> bool {
    let name = manager.config().names(false).cookie.as_bytes();
    let sets = |line: &[u8]| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="));
    response.headers().get_all(SET_COOKIE).any(|line| sets(line.as_bytes()))
}
