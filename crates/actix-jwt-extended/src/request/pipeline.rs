//! The way of a request, from the token to the user: locate, verify, check, load, and what is left
//! in the request for whoever comes next.

use crate::claims::{TokenType, VerifiedToken, name};
use crate::config::Location;
use crate::error::{BodyError, InvalidToken, JwtError, MissingToken};
use crate::manager::hooks::{self, AnyUser};
use crate::manager::{JwtManager, ManagerId, manager_of};
use crate::request::locate::{self, Located, Search};
use crate::request::required::{JwtRequired, jwt_required};
use crate::request::respond::JwtRejection;
use actix_web::http::Method;
use actix_web::{HttpMessage as _, HttpRequest};
use std::fmt;
use std::ops::Deref;

/// Extractor: the whole verified token, and where it was found.
///
/// Derefs to [`VerifiedToken`].
///
/// ```
/// use actix_jwt_extended::{Jwt, jwt_required};
/// use actix_web::{Responder, get, web};
///
/// #[get("/claims", wrap = "jwt_required()")]
/// async fn claims(jwt: Jwt) -> impl Responder {
///     web::Json(jwt.claims().clone())
/// }
/// ```
#[derive(Clone)]
pub struct Jwt {
    token: VerifiedToken,
    location: Location,
}

impl Jwt {
    /// Where the token was found.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// The token alone.
    #[must_use]
    pub fn into_token(self) -> VerifiedToken {
        self.token
    }
}

impl Deref for Jwt {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.token
    }
}

impl fmt::Debug for Jwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwt").field("token", &self.token).field("location", &self.location).finish()
    }
}

/// What a request is known to be, by the manager that judged it.
///
/// A scope may have a manager of its own: what another one found does not count there.
struct State {
    by: ManagerId,
    verdict: Verdict,
}

enum Verdict {
    /// An optional demand found no token: the request goes on as anonymous.
    Anonymous(Box<MissingToken>),
    Passed(Passed),
}

/// A token that passed, and what of it need not be asked again.
#[derive(Clone)]
struct Passed {
    jwt: Jwt,
    /// Looked for with the names of a refresh token.
    refresh: bool,
    /// Looked for in the settings' locations.
    usual_locations: bool,
    revocation_checked: bool,
    verification_checked: bool,
    user: Option<AnyUser>,
}

impl Passed {
    fn new(token: VerifiedToken, location: Location, required: &JwtRequired) -> Self {
        Self {
            jwt: Jwt { token, location },
            refresh: required.refresh,
            usual_locations: required.locations.is_none(),
            revocation_checked: false,
            verification_checked: false,
            user: None,
        }
    }
}

/// A token that passed everything that needs no waiting.
pub(crate) struct Pending(Passed);

/// How far a request came without waiting.
pub(crate) enum Outcome {
    /// It may go on: with the token that was left in it, or as anonymous.
    Pass,
    /// The store or the user lookup must be asked.
    Ask(Pending),
    /// The token, or its CSRF value, may be in the body: begin again with it.
    NeedsBody,
}

/// Locate, verify, and all checks that need no waiting.
pub(crate) fn begin(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: Option<&[u8]>,
) -> Result<Outcome, JwtError> {
    // The way of nearly every request, kept apart so that it is short.
    let glance = at_first_glance(required, manager, request);
    match glance.and_then(|token| manager.recall(token)) {
        Some(known) => check(Passed::new(known?, Location::Headers, required), required, manager, request),
        None => begin_anew(required, manager, request, body, glance),
    }
}

/// What may well be the token, where no outer wrap has judged one.
fn at_first_glance<'a>(required: &JwtRequired, manager: &JwtManager, request: &'a HttpRequest) -> Option<&'a [u8]> {
    let in_header = manager.recalls() && required.locations_of(manager).first() == Some(&Location::Headers);
    if !in_header || request.extensions().contains::<State>() {
        return None;
    }
    locate::at_first_glance(request, manager.header_name(), manager.config())
}

/// The way of all others. `unknown`: what has been looked up in vain.
#[inline(never)]
fn begin_anew(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: Option<&[u8]>,
    unknown: Option<&[u8]>,
) -> Result<Outcome, JwtError> {
    let found = match already_passed(required, manager, request) {
        Some(passed) => Ok(Some(passed)),
        None => find_and_verify(required, manager, request, body, unknown),
    };
    match found {
        Ok(Some(passed)) => check(passed, required, manager, request),
        Ok(None) => Ok(Outcome::NeedsBody),
        Err(JwtError::MissingToken(reason)) if required.optional => {
            leave(request, manager, Verdict::Anonymous(Box::new(reason)));
            Ok(Outcome::Pass)
        }
        Err(error) => Err(error),
    }
}

/// All checks that need no waiting.
// Of a token that was recognised much is known, and what that makes needless is left out by the compiler.
#[inline(always)]
fn check(
    mut passed: Passed,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<Outcome, JwtError> {
    check_type(required, &passed.jwt)?;
    if required.fresh && !passed.jwt.is_fresh_at(manager.now()) {
        return Err(JwtError::FreshTokenRequired(passed.jwt.token));
    }
    check_session(&passed.jwt, manager)?;
    if must_check_revocation(required, manager, &passed) {
        match manager.is_revoked_at_once(&passed.jwt)? {
            Some(true) => return Err(JwtError::Revoked(passed.jwt.token)),
            Some(false) => passed.revocation_checked = true,
            None => return Ok(Outcome::Ask(Pending(passed))),
        }
    }
    if manager.hooks().user_lookup.is_some() && passed.user.is_none() {
        return Ok(Outcome::Ask(Pending(passed)));
    }
    verify_claims(&mut passed, required, manager)?;
    leave(request, manager, Verdict::Passed(passed));
    Ok(Outcome::Pass)
}

/// What is left to do once there is no body to wait for.
pub(crate) async fn finish(
    outcome: Outcome,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<(), JwtError> {
    match outcome {
        Outcome::Pass => Ok(()),
        Outcome::Ask(pending) => ask(pending, required, manager, request).await,
        // It was given the body, or there is none; to ask again is a no.
        Outcome::NeedsBody => Err(BodyError::Broken.into()),
    }
}

/// The checks that may wait: revocation, then what only makes sense after it, then the user.
async fn ask(
    Pending(mut passed): Pending,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<(), JwtError> {
    ask_about(&mut passed, required, manager).await?;
    leave(request, manager, Verdict::Passed(passed));
    Ok(())
}

async fn ask_about(passed: &mut Passed, required: &JwtRequired, manager: &JwtManager) -> Result<(), JwtError> {
    if must_check_revocation(required, manager, passed) {
        if manager.is_revoked(&passed.jwt).await? {
            return Err(JwtError::Revoked(passed.jwt.token.clone()));
        }
        passed.revocation_checked = true;
    }
    verify_claims(passed, required, manager)?;
    if let Some(hook) = &manager.hooks().user_lookup
        && passed.user.is_none()
    {
        let token = passed.jwt.token.clone();
        match hooks::call_async("user_lookup_loader", || hook(token)).await? {
            Some(user) => passed.user = Some(user),
            None => return Err(JwtError::UserNotFound(passed.jwt.token.clone())),
        }
    }
    Ok(())
}

/// All checks of a verified token that a wrap makes by default, for one that came in no request's own name: of either
/// type, and by whatever the manager asks.
pub(crate) async fn would_pass(token: &VerifiedToken, manager: &JwtManager) -> Result<(), JwtError> {
    let required = jwt_required().verify_type(false);
    check_session(token, manager)?;
    ask_about(&mut Passed::new(token.clone(), Location::Headers, &required), &required, manager).await
}

fn must_check_revocation(required: &JwtRequired, manager: &JwtManager, passed: &Passed) -> bool {
    manager.can_revoke() && !required.skip_revocation_check && !passed.revocation_checked
}

/// Leaves the verdict in the request. Nothing is left there before everything has passed.
fn leave(request: &HttpRequest, manager: &JwtManager, verdict: Verdict) {
    request.extensions_mut().insert(State { by: manager.id(), verdict });
}

/// The application's own rules, once per request; scopes and roles, for each demand.
#[inline]
fn verify_claims(passed: &mut Passed, required: &JwtRequired, manager: &JwtManager) -> Result<(), JwtError> {
    if let Some(hook) = &manager.hooks().token_verification
        && !passed.verification_checked
    {
        if !hooks::call("token_verification_loader", || hook(&passed.jwt.token))? {
            return Err(JwtError::ClaimsVerificationFailed(passed.jwt.token.clone()));
        }
        passed.verification_checked = true;
    }
    if !required.policy.is_open() && !required.policy.admits(passed.jwt.claims()) {
        return Err(JwtError::InsufficientScope { scope: required.policy.challenge_scope() });
    }
    Ok(())
}

/// What an outer wrap verified, if this demand would have found the same token.
fn already_passed(required: &JwtRequired, manager: &JwtManager, request: &HttpRequest) -> Option<Passed> {
    let passed = passed_by(manager, request)?;
    let location = passed.jwt.location;
    let same_place = match &required.locations {
        None => passed.usual_locations,
        Some(locations) => locations.first() == Some(&location),
    } || required.locations_of(manager) == [location];
    let same_names = matches!(location, Location::Headers | Location::QueryString | Location::WebSocket)
        || passed.refresh == required.refresh;
    (same_place && same_names).then_some(passed)
}

fn passed_by(manager: &JwtManager, request: &HttpRequest) -> Option<Passed> {
    match request.extensions().get::<State>() {
        Some(State { by, verdict: Verdict::Passed(passed) }) if *by == manager.id() => Some(passed.clone()),
        _ => None,
    }
}

/// `None` = the body decides.
fn find_and_verify(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: Option<&[u8]>,
    unknown: Option<&[u8]>,
) -> Result<Option<Passed>, JwtError> {
    let (config, locations, refresh) = (manager.config(), required.locations_of(manager), required.refresh);
    let search = Search { request, config, header_name: manager.header_name(), locations, refresh, body };
    let candidate = match search.run()? {
        Located::Found(candidate) => candidate,
        Located::NeedsBody => return Ok(None),
    };
    let verify = if unknown == Some(&*candidate.token) { JwtManager::verify_unknown } else { JwtManager::verify };
    let token = verify(manager, &candidate.token, candidate.csrf.as_deref(), false)?;
    Ok(Some(Passed::new(token, candidate.location, required)))
}

fn check_type(required: &JwtRequired, token: &VerifiedToken) -> Result<(), JwtError> {
    let is_refresh = token.token_type() == TokenType::Refresh;
    if required.any_type || is_refresh == required.refresh {
        Ok(())
    } else {
        Err(JwtError::WrongTokenType { refresh_needed: required.refresh })
    }
}

fn check_session(token: &VerifiedToken, manager: &JwtManager) -> Result<(), JwtError> {
    let needed = manager.config().require_session && token.token_type() == TokenType::Refresh;
    if needed && token.session_id().is_none() {
        return Err(InvalidToken::MissingClaim(name::SESSION_ID.to_owned()).into());
    }
    Ok(())
}

/// OPTIONS requests pass unchecked: a browser's preflight carries no credentials.
pub(crate) fn is_exempt(request: &HttpRequest) -> bool {
    request.method() == Method::OPTIONS
}

/// Takes back what outer wraps left: a refused request carries no token.
pub(crate) fn forget(request: &HttpRequest) {
    request.extensions_mut().remove::<State>();
}

/// Reads what the manager left in the request, a token or why there is none: `None` = nothing yet.
pub(crate) fn read_verdict<T>(request: &HttpRequest, read: impl FnOnce(Result<&Jwt, &MissingToken>) -> T) -> Option<T> {
    let extensions = request.extensions();
    let State { by, verdict } = extensions.get()?;
    by.is_in_force(request).then(|| {
        read(match verdict {
            Verdict::Passed(passed) => Ok(&passed.jwt),
            Verdict::Anonymous(reason) => Err(reason),
        })
    })
}

/// The token that passed, if there is one.
pub(crate) fn passed_token(request: &HttpRequest) -> Option<Jwt> {
    read_verdict(request, |verdict| verdict.ok().cloned())?
}

/// The user that the lookup loaded.
pub(crate) fn passed_user(request: &HttpRequest) -> Option<AnyUser> {
    passed_by(manager_of(request).ok()?, request)?.user
}

/// The same check as [`jwt_required`](crate::jwt_required), as a function: for a middleware or a guard of one's own.
///
/// It sees the request without its body: tokens in JSON and CSRF values in forms are for the wraps.
/// `None` = the request may go on without a token: an OPTIONS request, or the demand is optional
/// and there was none. After it, the extractors find the token in the request.
///
/// ```
/// use actix_jwt_extended::{JwtRejection, jwt_required, verify_jwt_in_request};
/// use actix_web::HttpRequest;
///
/// async fn greet(request: HttpRequest) -> Result<String, JwtRejection> {
///     let jwt = verify_jwt_in_request(&request, &jwt_required().optional()).await?;
///     Ok(match jwt {
///         Some(jwt) => format!("Hello {}", jwt.identity()),
///         None => "Hello stranger".to_owned(),
///     })
/// }
/// ```
///
/// # Errors
/// Whatever is wrong with the token, or missing; with the response that settings and hooks give it.
pub async fn verify_jwt_in_request(request: &HttpRequest, required: &JwtRequired) -> Result<Option<Jwt>, JwtRejection> {
    if is_exempt(request) {
        return Ok(None);
    }
    verify(request, required).await.map_err(|error| {
        forget(request);
        JwtRejection::new(error, request)
    })
}

async fn verify(request: &HttpRequest, required: &JwtRequired) -> Result<Option<Jwt>, JwtError> {
    let manager = manager_of(request)?;
    // A request without its payload has no body to search.
    let outcome = begin(required, manager, request, Some(&[]))?;
    finish(outcome, required, manager, request).await?;
    Ok(passed_token(request))
}
