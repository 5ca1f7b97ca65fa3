//! [`JwtRequired`] as an actix middleware. A request that needs no waiting allocates nothing here.

use crate::config::Location;
use crate::error::JwtError;
use crate::manager::{JwtManager, manager_of};
use crate::request::caches;
use crate::request::locate::body::{self, Unread};
use crate::request::locate::websocket;
use crate::request::pipeline::{Outcome, begin, begin_with_body, finish};
use crate::request::required::JwtRequired;
use crate::request::respond::{JwtRejection, in_force};
use crate::request::verdict::{forget, passed_token};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::StatusCode;
use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage as _, ResponseError as _};
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

impl<S, B> Transform<S, ServiceRequest> for JwtRequired
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = JwtRequiredMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(JwtRequiredMiddleware { service: Rc::new(service), required: Rc::new(self.clone()) }))
    }
}

/// The service that [`jwt_required`](crate::jwt_required) wraps around another.
pub struct JwtRequiredMiddleware<S> {
    service: Rc<S>,
    required: Rc<JwtRequired>,
}

impl<S> fmt::Debug for JwtRequiredMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtRequiredMiddleware").field("required", &self.required).finish_non_exhaustive()
    }
}

impl<S, B> Service<ServiceRequest> for JwtRequiredMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = JwtRequiredFuture<S::Future, B>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        // Not remembered: a middleware outside may give each request a manager of its own.
        let manager = match manager_of(request.request()) {
            Ok(manager) => manager,
            Err(error) => return refused(request, error),
        };
        match begin(&self.required, manager, request.request()) {
            Ok(Outcome::Pass) => JwtRequiredFuture::Inner { future: self.service.call(request) },
            Ok(outcome) => {
                let (service, required, manager) =
                    (Rc::clone(&self.service), Rc::clone(&self.required), manager.clone());
                let waiting = wait_then_call(service, required, manager, outcome, request);
                JwtRequiredFuture::Boxed { future: waiting.boxed_local() }
            }
            Err(error) => refused(request, error),
        }
    }
}

async fn wait_then_call<S, B>(
    service: Rc<S>,
    required: Rc<JwtRequired>,
    manager: JwtManager,
    outcome: Outcome<Unread>,
    mut request: ServiceRequest,
) -> Result<ServiceResponse<EitherBody<B>>, Error>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    match wait(&required, &manager, outcome, &mut request).await {
        Ok(()) => service.call(request).await.map(finished),
        Err(error) => Ok(refuse(request, error)),
    }
}

/// What a verdict may have to wait for: the body, which the handler then finds untouched, the store,
/// the user lookup.
async fn wait(
    required: &JwtRequired,
    manager: &JwtManager,
    outcome: Outcome<Unread>,
    request: &mut ServiceRequest,
) -> Result<(), JwtError> {
    let mut body = Bytes::new();
    if matches!(outcome, Outcome::NeedsBody(Unread)) {
        body = body::read(request.take_payload(), manager.config()).await?;
        request.set_payload(body::payload_of(ready(Ok(body.clone()))));
    }
    let outcome = outcome.or_with_body(|| begin_with_body(required, manager, request.request(), &body))?;
    finish(outcome, required, manager, request.request(), &body).await
}

/// What the service behind answered, on its way out.
fn finished<B>(response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    if response.response().error().is_some() {
        return in_force(response);
    }
    match response.status() {
        StatusCode::SWITCHING_PROTOCOLS => upgraded(response).map_into_left_body(),
        // Most requests have no query, and are asked nothing more.
        _ if response.request().query_string().is_empty() => response.map_into_left_body(),
        _ => kept_to_its_user(response).map_into_left_body(),
    }
}

/// Where the token came in the URL, no shared cache keeps the answer.
fn kept_to_its_user<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    if passed_token(response.request()).is_some_and(|jwt| jwt.location() == Location::QueryString) {
        caches::make_private(response.headers_mut());
    }
    response
}

/// Names the protocol that the token came by.
#[cold]
fn upgraded<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    if passed_token(response.request()).is_some_and(|jwt| jwt.location() == Location::WebSocket)
        && !response.headers().contains_key(SEC_WEBSOCKET_PROTOCOL)
        && let Some(protocol) = websocket::answer(response.request().headers())
    {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    response
}

fn refused<F, B: 'static>(request: ServiceRequest, error: JwtError) -> JwtRequiredFuture<F, B> {
    JwtRequiredFuture::Boxed { future: ready(Ok(refuse(request, error))).boxed_local() }
}

/// A response, not an error: so that CORS, logging and compression outside treat it as one.
fn refuse<B>(request: ServiceRequest, error: JwtError) -> ServiceResponse<EitherBody<B>> {
    forget(request.request());
    let response = JwtRejection::of_demand(error, request.request()).error_response();
    request.into_response(response).map_into_right_body()
}

pin_project! {
    /// The response to come.
    #[project = Projected]
    #[doc(hidden)]
    pub enum JwtRequiredFuture<F, B> {
        Inner { #[pin] future: F },
        // What must wait, and what was refused: rare, and not to make the future of the others large.
        Boxed { #[pin] future: LocalBoxFuture<'static, Result<ServiceResponse<EitherBody<B>>, Error>> },
    }
}

impl<F, B> fmt::Debug for JwtRequiredFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtRequiredFuture")
    }
}

impl<F, B> Future for JwtRequiredFuture<F, B>
where
    F: Future<Output = Result<ServiceResponse<B>, Error>>,
{
    type Output = Result<ServiceResponse<EitherBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Projected::Inner { future } => future.poll(context).map_ok(finished),
            Projected::Boxed { future } => future.poll(context),
        }
    }
}
