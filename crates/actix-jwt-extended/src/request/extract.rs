//! Extractors: they read what a wrap verified, and verify by themselves where there was none.
//!
//! So a handler that takes one is never reached without a verified token, wrap or no wrap.

use crate::error::{BodyError, JwtError, MissingToken};
use crate::manager::hooks::AnyUser;
use crate::manager::{JwtManager, manager_of};
use crate::request::identity::{IdentityType, JwtIdentity};
use crate::request::locate::body::{self, Unread};
use crate::request::pipeline::{Outcome, begin, begin_with_body, finish};
use crate::request::required::jwt_required;
use crate::request::respond::JwtRejection;
use crate::request::verdict::{Jwt, forget, passed_user, read_verdict};
use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture, Shared};
use futures_util::lock::Mutex;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// Ready at once, unless the store or the user lookup must be asked.
type Extracting<T> = Either<Ready<Result<T, actix_web::Error>>, LocalBoxFuture<'static, Result<T, actix_web::Error>>>;

mod sealed {
    use super::{Jwt, JwtError};
    use actix_web::HttpRequest;

    /// What all extractors of a token have in common: how they read it.
    pub trait FromJwt: Sized + 'static {
        fn from_jwt(jwt: &Jwt, request: &HttpRequest) -> Result<Self, JwtError>;
    }
}
use sealed::FromJwt;

/// What can be made of a verdict: of a token, or of the reason why there is none.
trait FromVerdict: Sized + 'static {
    fn from_verdict(verdict: Result<&Jwt, &MissingToken>, request: &HttpRequest) -> Result<Self, JwtError>;
}

impl<T: FromJwt> FromVerdict for T {
    // It has to be: the compiler would move the result about, and that takes longer than to make it.
    #[inline(always)]
    fn from_verdict(verdict: Result<&Jwt, &MissingToken>, request: &HttpRequest) -> Result<Self, JwtError> {
        Self::from_jwt(verdict.map_err(Clone::clone)?, request)
    }
}

impl<E: FromJwt> FromVerdict for Optional<E> {
    fn from_verdict(verdict: Result<&Jwt, &MissingToken>, request: &HttpRequest) -> Result<Self, JwtError> {
        verdict.ok().map(|jwt| E::from_jwt(jwt, request)).transpose().map(Self)
    }
}

/// Extractor: the claims as a type of your own. Claims that do not fit it are a 422.
///
/// Derefs to `T`.
///
/// ```
/// use actix_jwt_extended::{Claims, jwt_required};
/// use actix_web::get;
///
/// #[derive(serde::Deserialize)]
/// struct Mine {
///     sub: String,
///     team: String,
/// }
///
/// #[get("/team", wrap = "jwt_required()")]
/// async fn team(claims: Claims<Mine>) -> String {
///     format!("{} is in {}", claims.sub, claims.team)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Claims<T>(T);

impl<T> Claims<T> {
    /// The claims themselves.
    ///
    /// ```
    /// use actix_jwt_extended::Claims;
    /// async fn handler(claims: Claims<serde_json::Value>) -> String {
    ///     claims.into_inner().to_string()
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Claims<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: IdentityType> FromJwt for JwtIdentity<T> {
    #[inline]
    fn from_jwt(jwt: &Jwt, _: &HttpRequest) -> Result<Self, JwtError> {
        Self::of(jwt)
    }
}

impl<T: DeserializeOwned + 'static> FromJwt for Claims<T> {
    fn from_jwt(jwt: &Jwt, _: &HttpRequest) -> Result<Self, JwtError> {
        jwt.claims_as().map(Self).map_err(JwtError::ClaimsFormat)
    }
}

impl FromJwt for Jwt {
    fn from_jwt(jwt: &Jwt, request: &HttpRequest) -> Result<Self, JwtError> {
        Ok(jwt.handed_out(request))
    }
}

/// Extractor: the user that `user_lookup_loader` loaded. Derefs to `U`.
///
/// Without a `user_lookup_loader` that returns a `U` it is a 500, and a line in the log.
///
/// ```
/// use actix_jwt_extended::{CurrentUser, jwt_required};
/// use actix_web::get;
///
/// struct User {
///     name: String,
/// }
///
/// #[get("/me", wrap = "jwt_required()")]
/// async fn me(user: CurrentUser<User>) -> String {
///     user.name.clone()
/// }
/// ```
#[derive(Debug)]
pub struct CurrentUser<U>(Arc<U>);

impl<U> Clone for CurrentUser<U> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<U> Deref for CurrentUser<U> {
    type Target = U;

    fn deref(&self) -> &U {
        &self.0
    }
}

impl<U: Send + Sync + 'static> FromJwt for CurrentUser<U> {
    fn from_jwt(_: &Jwt, request: &HttpRequest) -> Result<Self, JwtError> {
        passed_user(request)
            .and_then(|user: AnyUser| user.downcast::<U>().ok())
            .map(Self)
            .ok_or(JwtError::NotConfigured("CurrentUser<U> needs a user_lookup_loader that returns a U"))
    }
}

/// Extractor: `None` where no token was sent; a token that is bad is still refused.
///
/// Not to be confused with `Option<JwtIdentity>`, which actix makes `None` for bad tokens too.
///
/// ```
/// use actix_jwt_extended::{JwtIdentity, Optional, jwt_required};
/// use actix_web::get;
///
/// #[get("/greeting", wrap = "jwt_required().optional()")]
/// async fn greeting(user: Optional<JwtIdentity>) -> String {
///     match user.into_inner() {
///         Some(user) => format!("Hello {user}"),
///         None => "Hello stranger".to_owned(),
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Optional<E>(Option<E>);

impl<E> Optional<E> {
    /// What was extracted, if a token was sent.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtIdentity, Optional};
    /// async fn handler(user: Optional<JwtIdentity>) -> String {
    ///     user.into_inner().map(JwtIdentity::into_inner).unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> Option<E> {
        self.0
    }
}

impl<E> Deref for Optional<E> {
    type Target = Option<E>;

    fn deref(&self) -> &Option<E> {
        &self.0
    }
}

macro_rules! from_request {
    ($([$($generics:tt)*] $extractor:ty;)*) => {$(
        impl<$($generics)*> FromRequest for $extractor {
            type Error = actix_web::Error;
            type Future = Extracting<Self>;

            fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
                extract(request, payload)
            }
        }
    )*};
}

from_request! {
    [] Jwt;
    [T: IdentityType] JwtIdentity<T>;
    [T: DeserializeOwned + 'static] Claims<T>;
    [U: Send + Sync + 'static] CurrentUser<U>;
    [E: FromJwt] Optional<E>;
}

impl FromRequest for JwtManager {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(manager_of(request).cloned().map_err(|error| refusal(error, request)))
    }
}

#[inline]
fn extract<T: FromVerdict>(request: &HttpRequest, payload: &mut Payload) -> Extracting<T> {
    match read_verdict(request, |verdict| T::from_verdict(verdict, request)) {
        Some(Ok(extracted)) => Either::Left(ready(Ok(extracted))),
        Some(Err(error)) => refuse_in_turn(error, request),
        None => verify_here(request, payload),
    }
}

/// Where no wrap has judged the request.
#[inline(never)]
fn verify_here<T: FromVerdict>(request: &HttpRequest, payload: &mut Payload) -> Extracting<T> {
    let begun = match begin_here(request) {
        Ok(Begun::Done(extracted)) => return Either::Left(ready(Ok(extracted))),
        Ok(Begun::Waiting(outcome)) => outcome,
        Err(error) => {
            // The extractors after this one are started all the same. They wait for what becomes of it.
            turn(request);
            return refuse_in_turn(error, request);
        }
    };
    let body = matches!(begun, Some(Outcome::NeedsBody(Unread))).then(|| share_body(request, payload));
    let (turn, request) = (turn(request), request.clone());
    let waiting = async move {
        let _turn = turn.lock().await;
        wait(begun, body, &request).await.map_err(|error| refusal(error, &request))
    };
    Either::Right(waiting.boxed_local())
}

/// How far an extractor came. actix starts all extractors of a handler before it waits for any.
enum Begun<T> {
    Done(T),
    /// `None` = another extractor of this request is at it.
    Waiting(Option<Outcome<Unread>>),
}

/// The default demand judges the request, as far as it can without waiting.
/// Optional, so that the absence of a token is left to each extractor.
fn begin_here<T: FromVerdict>(request: &HttpRequest) -> Result<Begun<T>, JwtError> {
    let manager = manager_of(request)?;
    if request.extensions().contains::<Rc<Mutex<()>>>() {
        return Ok(Begun::Waiting(None));
    }
    match begin(&jwt_required().optional(), manager, request)? {
        Outcome::Pass => read_what_was_left(request).map(Begun::Done),
        outcome => Ok(Begun::Waiting(Some(outcome))),
    }
}

/// The verdict that has just been left in the request.
fn read_what_was_left<T: FromVerdict>(request: &HttpRequest) -> Result<T, JwtError> {
    read_verdict(request, |verdict| T::from_verdict(verdict, request))
        .unwrap_or(Err(JwtError::NotConfigured("the request passed without leaving a verdict")))
}

/// One extractor at a time, per request.
fn turn(request: &HttpRequest) -> Rc<Mutex<()>> {
    let mut extensions = request.extensions_mut();
    if let Some(turn) = extensions.get::<Rc<Mutex<()>>>() {
        return Rc::clone(turn);
    }
    let turn = Rc::default();
    extensions.insert(Rc::clone(&turn));
    turn
}

type SharedBody = Shared<LocalBoxFuture<'static, Result<Bytes, BodyError>>>;

/// Reads the body for us and leaves it to the handler's other extractors: whoever is polled first
/// drives the one reading.
fn share_body(request: &HttpRequest, payload: &mut Payload) -> SharedBody {
    let (taken, manager) = (payload.take(), manager_of(request).cloned());
    let reading = async move {
        match manager {
            Ok(manager) => body::read(taken, manager.config()).await,
            Err(_) => Err(BodyError::Broken),
        }
    };
    let shared = reading.boxed_local().shared();
    *payload = body::payload_of(shared.clone());
    shared
}

async fn wait<T: FromVerdict>(
    begun: Option<Outcome<Unread>>,
    body: Option<SharedBody>,
    request: &HttpRequest,
) -> Result<T, JwtError> {
    let (manager, required) = (manager_of(request)?, jwt_required().optional());
    if let Some(extracted) = read_verdict(request, |verdict| T::from_verdict(verdict, request)) {
        return extracted;
    }
    let outcome = match begun {
        Some(outcome) => outcome,
        // The other one failed, and so shall this one.
        None => begin(&required, manager, request)?,
    };
    let body = match body {
        Some(body) => body.await?,
        // The other one has read it, and left nothing.
        None => Bytes::new(),
    };
    let outcome = outcome.or_with_body(|| begin_with_body(&required, manager, request, &body))?;
    finish(outcome, &required, manager, request, &body).await?;
    read_what_was_left(request)
}

/// Once it is this extractor's turn: actix drops those after the first that fails, and with it their answers.
#[cold]
fn refuse_in_turn<T: 'static>(error: JwtError, request: &HttpRequest) -> Extracting<T> {
    let request = request.clone();
    Either::Right(async move { Err(refusal(error, &request)) }.boxed_local())
}

/// The error with the response that the settings and hooks give it.
fn refusal(error: JwtError, request: &HttpRequest) -> actix_web::Error {
    // No token, or an identity or claims of another form, say nothing against a verdict.
    if !matches!(
        error,
        JwtError::MissingToken(_) | JwtError::IdentityFormat | JwtError::ClaimsFormat(_) | JwtError::NotConfigured(_)
    ) {
        forget(request);
    }
    JwtRejection::new(error, request).into()
}
