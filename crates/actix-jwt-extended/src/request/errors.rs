//! [`jwt_errors`]: one answer for one error, on routes without a demand, too.

use crate::request::respond::in_force;
use actix_web::Error;
use actix_web::body::EitherBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use futures_util::TryFutureExt as _;
use futures_util::future::MapOk;
use std::fmt;
use std::future::{Ready, ready};

/// A wrap for the whole application: a [`JwtError`](crate::JwtError) that a handler returns is answered as settings and
/// hooks say, as one that [`jwt_required`](crate::jwt_required) finds is.
///
/// Inside of `jwt_required()` that is so already. This is for the routes without: a login whose token store is down, a
/// handler that decodes a token from somewhere else.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtError, JwtManager, jwt_errors};
/// use actix_web::{App, get, web};
///
/// #[get("/owner/{token}")]
/// async fn owner(jwt: JwtManager, token: web::Path<String>) -> Result<String, JwtError> {
///     Ok(jwt.decode_token(&token)?.identity().into_owned())
/// }
///
/// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more").error_message_key("detail");
/// let app = App::new().app_data(JwtManager::new(config)?).service(owner).wrap(jwt_errors());
/// # drop(app);
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
pub fn jwt_errors() -> JwtErrors {
    JwtErrors(())
}

/// The wrap that [`jwt_errors`] makes.
///
/// ```
/// let wrap = actix_jwt_extended::jwt_errors();
/// ```
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it is wrapped around something"]
pub struct JwtErrors(());

impl<S, B> Transform<S, ServiceRequest> for JwtErrors
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = JwtErrorsMiddleware<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(JwtErrorsMiddleware { service }))
    }
}

/// The service that [`jwt_errors`] wraps around another.
pub struct JwtErrorsMiddleware<S> {
    service: S,
}

impl<S> fmt::Debug for JwtErrorsMiddleware<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtErrorsMiddleware")
    }
}

impl<S, B> Service<ServiceRequest> for JwtErrorsMiddleware<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = MapOk<S::Future, fn(ServiceResponse<B>) -> Self::Response>;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        self.service.call(request).map_ok(in_force)
    }
}
