//! From an error to the response: the application's hook, or the default in the configured format.

use crate::config::{ErrorFormat, JwtConfig};
use crate::error::{Answer, JwtError};
use crate::manager::hooks::{self, Hooks};
use crate::manager::{JwtManager, manager_of};
use actix_web::body::EitherBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fmt;

/// The response to a refused request. A hook that panics makes it a 500.
pub(crate) fn respond(manager: &JwtManager, error: &JwtError, request: &HttpRequest) -> HttpResponse {
    match from_hook(manager.hooks(), error, request) {
        Some(Ok(response)) => response,
        Some(Err(failed)) => default_response(manager.config(), &failed),
        None => default_response(manager.config(), error),
    }
}

/// That [`in_force`] has made a response what it is.
struct Answered;

/// What a handler answered with a [`JwtError`], as settings and hooks say it: the error knew neither when it became a
/// response. Whatever else was done to that response on its way stays. The innermost wrap does it, and once.
pub(crate) fn in_force<B>(response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    match answer_in_force(&response) {
        Some(answer) => replace_answer(response, answer),
        None => response.map_into_left_body(),
    }
}

fn answer_in_force<B>(response: &ServiceResponse<B>) -> Option<HttpResponse> {
    let error = response.response().error()?.as_error::<JwtError>()?;
    if response.response().extensions().contains::<Answered>() {
        return None;
    }
    let manager = manager_of(response.request()).ok()?;
    Some(match from_hook(manager.hooks(), error, response.request()) {
        Some(Ok(response)) => response,
        Some(Err(failed)) => default_response(manager.config(), &failed),
        // What is for the log is there already.
        None => written(manager.config(), error, error.answer()),
    })
}

fn replace_answer<B>(response: ServiceResponse<B>, answer: HttpResponse) -> ServiceResponse<EitherBody<B>> {
    let (request, response) = response.into_parts();
    let (answer, body) = answer.into_parts();
    let mut response = response.set_body(EitherBody::right(body));
    *response.status_mut() = answer.status();
    // They are about a body that nobody gets, and about this answer.
    for name in [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, WWW_AUTHENTICATE, RETRY_AFTER] {
        response.headers_mut().remove(name);
    }
    for name in answer.headers().keys().filter(|name| *name != SET_COOKIE) {
        response.headers_mut().remove(name);
    }
    for (name, value) in answer.headers() {
        response.headers_mut().append(name.clone(), value.clone());
    }
    response.extensions_mut().insert(Answered);
    ServiceResponse::new(request, response)
}

/// A refused request: what was wrong, and the response that settings and hooks give it.
///
/// ```
/// use actix_jwt_extended::{JwtRejection, jwt_required, verify_jwt_in_request};
/// use actix_web::HttpRequest;
///
/// async fn guard(request: HttpRequest) -> Result<(), JwtRejection> {
///     if let Err(rejection) = verify_jwt_in_request(&request, &jwt_required()).await {
///         println!("refused with {}: {}", rejection.error().status(), rejection);
///         return Err(rejection);
///     }
///     Ok(())
/// }
/// ```
pub struct JwtRejection {
    error: JwtError,
    status: StatusCode,
    manager: Option<JwtManager>,
    /// Given away by the first call of `error_response`, the hook's answer among them.
    response: RefCell<Option<HttpResponse>>,
}

impl JwtRejection {
    /// The error as settings and hooks answer it to this request: for what is neither wrapped in
    /// [`jwt_required`](crate::jwt_required) nor in [`jwt_errors`](crate::jwt_errors), and for middleware, whose errors
    /// pass by both.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtManager, JwtRejection};
    /// use actix_web::HttpRequest;
    ///
    /// async fn owner(jwt: JwtManager, request: HttpRequest, body: String) -> Result<String, JwtRejection> {
    ///     let token = jwt.decode_token(&body).map_err(|error| JwtRejection::new(error, &request))?;
    ///     Ok(token.identity().into_owned())
    /// }
    /// ```
    #[must_use]
    pub fn new(error: JwtError, request: &HttpRequest) -> Self {
        let manager = manager_of(request).ok().cloned();
        let response = match &manager {
            Some(manager) => respond(manager, &error, request),
            None => error.error_response(),
        };
        Self { error, status: response.status(), manager, response: RefCell::new(Some(response)) }
    }

    /// For a demand that was not met. An OPTIONS request gets no content and calls no hook: a browser's preflight
    /// carries no credentials, and whoever asks what may be asked is not to be alarmed by a 401.
    pub(crate) fn of_demand(error: JwtError, request: &HttpRequest) -> Self {
        if request.method() != Method::OPTIONS {
            return Self::new(error, request);
        }
        if error.status() >= 500 {
            log::error!("{error}");
        }
        Self { error, status: StatusCode::NO_CONTENT, manager: None, response: RefCell::new(None) }
    }

    /// What was wrong.
    #[must_use]
    pub fn error(&self) -> &JwtError {
        &self.error
    }
}

impl fmt::Debug for JwtRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JwtRejection").field(&self.error).finish()
    }
}

impl fmt::Display for JwtRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for JwtRejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl ResponseError for JwtRejection {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The answer of settings and hooks; asked again, that of the settings (a hook is called once).
    fn error_response(&self) -> HttpResponse {
        self.response.borrow_mut().take().unwrap_or_else(|| match &self.manager {
            _ if self.status == StatusCode::NO_CONTENT => HttpResponse::NoContent().finish(),
            Some(manager) => default_response(manager.config(), &self.error),
            None => self.error.error_response(),
        })
    }
}

/// The answer without a manager at hand: Flask-JWT-Extended's, with its default key. Inside of
/// [`jwt_required`](crate::jwt_required) and [`jwt_errors`](crate::jwt_errors) that of settings and hooks takes its place.
impl ResponseError for JwtError {
    fn status_code(&self) -> StatusCode {
        status(self.status())
    }

    fn error_response(&self) -> HttpResponse {
        default_response(&JwtConfig::new(), self)
    }
}

fn from_hook(hooks: &Hooks, error: &JwtError, request: &HttpRequest) -> Option<Result<HttpResponse, JwtError>> {
    let (name, token, hook) = match error {
        JwtError::Expired(token) => ("expired_token_loader", token, &hooks.expired_token),
        JwtError::FreshTokenRequired(token) => ("needs_fresh_token_loader", token, &hooks.needs_fresh_token),
        JwtError::Revoked(token) => ("revoked_token_loader", token, &hooks.revoked_token),
        JwtError::UserNotFound(token) => ("user_lookup_error_loader", token, &hooks.user_lookup_error),
        JwtError::ClaimsVerificationFailed(token) => {
            ("token_verification_failed_loader", token, &hooks.token_verification_failed)
        }
        JwtError::MissingToken(_) | JwtError::Csrf(_) => {
            let hook = hooks.unauthorized.as_ref()?;
            return Some(hooks::call("unauthorized_loader", || Ok(hook(&error.answer().message, request))));
        }
        JwtError::InvalidToken(_)
        | JwtError::MalformedCredentials(_)
        | JwtError::WrongTokenType { .. }
        | JwtError::IdentityFormat
        | JwtError::ClaimsFormat(_) => {
            let hook = hooks.invalid_token.as_ref()?;
            return Some(hooks::call("invalid_token_loader", || Ok(hook(&error.answer().message, request))));
        }
        _ => return None,
    };
    let hook = hook.as_ref()?;
    Some(hooks::call(name, || Ok(hook(token, request))))
}

fn default_response(config: &JwtConfig, error: &JwtError) -> HttpResponse {
    let answer = error.answer();
    if answer.status >= 500 {
        log::error!("{error}");
    }
    written(config, error, answer)
}

fn written(config: &JwtConfig, error: &JwtError, mut answer: Answer) -> HttpResponse {
    if config.error_format != ErrorFormat::Flask {
        answer.status = rfc6750_status(&answer);
    }
    let mut response = HttpResponse::build(status(answer.status));
    if matches!(answer.status, 401 | 403)
        && let Some(value) = challenge(config, &answer, error)
    {
        response.insert_header((WWW_AUTHENTICATE, value));
    }
    if answer.status == 503 {
        // In seconds (RFC 9110 §10.2.3).
        response.insert_header((RETRY_AFTER, "1"));
    }
    match config.error_format {
        ErrorFormat::Flask => response.json(OneMember(&config.error_message_key, &answer.message)),
        ErrorFormat::Rfc6750 => {
            let code = answer.code.map(|code| ("error".to_owned(), Value::from(code)));
            let description = ("error_description".to_owned(), Value::from(answer.message));
            response.json(code.into_iter().chain([description]).collect::<Map<_, _>>())
        }
        ErrorFormat::Problem => {
            let title = status(answer.status).canonical_reason().unwrap_or_default();
            response.content_type("application/problem+json").json(serde_json::json!({
                "type": "about:blank",
                "title": title,
                "status": answer.status,
                "detail": answer.message,
            }))
        }
    }
}

/// RFC 6750 §3.1.
fn rfc6750_status(answer: &Answer) -> u16 {
    match answer.code {
        Some("invalid_token") => 401,
        Some("invalid_request") => 400,
        Some("insufficient_scope") => 403,
        _ => answer.status,
    }
}

/// A JSON object with one member.
struct OneMember<'a>(&'a str, &'a str);

impl Serialize for OneMember<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

/// RFC 6750 §3: no code where the request carried no credentials. RFC 9728 §5.1: where the metadata are, if that was said.
fn challenge(config: &JwtConfig, answer: &Answer, error: &JwtError) -> Option<HeaderValue> {
    let scheme = if config.header_type.is_empty() { "Bearer" } else { &config.header_type };
    let metadata = config.resource_metadata.as_deref().map(quotable);
    let Some(code) = answer.code else {
        if let Some(url) = metadata {
            return format!("{scheme} resource_metadata=\"{url}\"").try_into().ok();
        }
        // Nearly every refusal that is no attack: made without an allocation.
        return if scheme == "Bearer" { Some(HeaderValue::from_static("Bearer")) } else { scheme.parse().ok() };
    };
    let description = quotable(&answer.message);
    let mut challenge = format!("{scheme} error=\"{code}\", error_description=\"{description}\"");
    if let JwtError::InsufficientScope { scope: Some(scope) } = error {
        challenge.extend([", scope=\"", &quotable(scope), "\""]);
    }
    if let Some(url) = metadata {
        challenge.extend([", resource_metadata=\"", &url, "\""]);
    }
    challenge.try_into().ok()
}

/// What may stand between quotes in a header (RFC 6750 §3).
fn quotable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\')).collect()
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
