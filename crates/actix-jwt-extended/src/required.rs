//! [`jwt_required`]: what a route demands, and the way of a request from the token to the user.

use crate::claims::{TokenType, VerifiedToken};
use crate::config::Location;
use crate::error::{BodyError, JwtError};
use crate::hooks::{self, AnyUser};
use crate::locate::{Located, Search};
use crate::manager::{JwtManager, manager_of};
use crate::respond::JwtRejection;
use crate::scope::AccessPolicy;
use actix_web::http::Method;
use actix_web::{HttpMessage as _, HttpRequest};
use std::fmt;
use std::ops::Deref;

/// Demands a valid access token: as a wrap on an App, a scope or a resource, or in a route macro.
///
/// ```
/// use actix_jwt_extended::{JwtIdentity, jwt_required};
/// use actix_web::{App, get, web};
///
/// #[get("/me", wrap = "jwt_required()")]
/// async fn me(user: JwtIdentity) -> String {
///     user.to_string()
/// }
///
/// let app = App::new()
///     .service(me)
///     .service(web::scope("/admin").wrap(jwt_required().fresh().any_role(["admin"])));
/// # drop(app);
/// ```
pub fn jwt_required() -> JwtRequired {
    JwtRequired::default()
}

/// What a route demands of a request; made by [`jwt_required`].
///
/// ```
/// use actix_jwt_extended::jwt_required;
/// let for_refreshing = jwt_required().refresh();
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "a demand does nothing until it is wrapped around something"]
pub struct JwtRequired {
    optional: bool,
    fresh: bool,
    refresh: bool,
    any_type: bool,
    skip_revocation_check: bool,
    locations: Option<Vec<Location>>,
    policy: AccessPolicy,
}

impl JwtRequired {
    /// Lets a request without a token through, as anonymous. A token that is bad is still refused.
    ///
    /// Handlers take [`Optional<E>`](crate::Optional).
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().optional();
    /// ```
    pub fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// Demands a fresh token: one that was issued for a password, not for a refresh token.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().fresh();
    /// ```
    pub fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    /// Demands a refresh token instead of an access token.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().refresh();
    /// ```
    pub fn refresh(self) -> Self {
        Self { refresh: true, ..self }
    }

    /// Looks in these places, in this order, instead of those of `JWT_TOKEN_LOCATION`.
    ///
    /// ```
    /// use actix_jwt_extended::{Location, jwt_required};
    /// let wrap = jwt_required().locations([Location::Headers]);
    /// ```
    pub fn locations(self, locations: impl Into<Vec<Location>>) -> Self {
        Self { locations: Some(locations.into()), ..self }
    }

    /// With `false`, access and refresh tokens both pass.
    ///
    /// ```
    /// let for_logging_out = actix_jwt_extended::jwt_required().verify_type(false);
    /// ```
    pub fn verify_type(self, verify: bool) -> Self {
        Self { any_type: !verify, ..self }
    }

    /// Does not ask whether the token has been revoked.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().skip_revocation_check();
    /// ```
    pub fn skip_revocation_check(self) -> Self {
        Self { skip_revocation_check: true, ..self }
    }

    /// Demands all of these scopes, separated by spaces (RFC 6749 §3.3), in the `scope` or `scp`
    /// claim; otherwise 403. Called again, it adds an alternative. No scope at all admits nobody.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().scope("orders:read orders:write").scope("admin");
    /// ```
    pub fn scope(mut self, scopes: &str) -> Self {
        self.policy.allow_scopes(scopes);
        self
    }

    /// Demands one of these roles in the `roles` claim; otherwise 403. An empty list admits nobody.
    ///
    /// ```
    /// let wrap = actix_jwt_extended::jwt_required().any_role(["admin", "editor"]);
    /// ```
    pub fn any_role<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.policy.allow_roles(roles.into_iter().map(Into::into).collect());
        self
    }

    fn locations_of<'a>(&'a self, manager: &'a JwtManager) -> &'a [Location] {
        self.locations.as_deref().unwrap_or(&manager.config().token_location)
    }
}

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

/// What the request carries from one wrap to the next and to the extractors.
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

/// A token that passed everything that needs no waiting.
pub(crate) struct Pending {
    passed: Passed,
    known: bool,
}

/// How far a request came without waiting.
pub(crate) enum Outcome {
    /// It may go on: its token is in the request, or it needs none.
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
    let found = already_passed(required, manager, request);
    let known = found.is_some();
    let passed = match found {
        Some(passed) => passed,
        None => match find_and_verify(required, manager, request, body) {
            Ok(Some(passed)) => passed,
            Ok(None) => return Ok(Outcome::NeedsBody),
            Err(error) if required.optional && error.is_missing_token() => return Ok(Outcome::Pass),
            Err(error) => return Err(error),
        },
    };
    check_type(required, &passed.jwt)?;
    if required.fresh && !passed.jwt.is_fresh_at(manager.now()) {
        return Err(JwtError::FreshTokenRequired(passed.jwt.token));
    }
    let pending = Pending { passed, known };
    if pending.must_ask(required, manager) {
        return Ok(Outcome::Ask(pending));
    }
    finish(pending, required, manager, request)?;
    Ok(Outcome::Pass)
}

impl Pending {
    fn must_ask(&self, required: &JwtRequired, manager: &JwtManager) -> bool {
        let hooks = manager.hooks();
        (hooks.token_in_blocklist.is_some() && !required.skip_revocation_check && !self.passed.revocation_checked)
            || (hooks.user_lookup.is_some() && self.passed.user.is_none())
    }
}

/// The checks that may wait: revocation, then what only makes sense after it, then the user.
pub(crate) async fn ask(
    mut pending: Pending,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<(), JwtError> {
    if let Some(hook) = &manager.hooks().token_in_blocklist
        && !required.skip_revocation_check
        && !pending.passed.revocation_checked
    {
        let token = pending.passed.jwt.token.clone();
        if hooks::call_async("token_in_blocklist_loader", || hook(token)).await? {
            return Err(JwtError::Revoked(pending.passed.jwt.token));
        }
        pending.passed.revocation_checked = true;
    }
    verify_claims(&mut pending.passed, required, manager)?;
    if let Some(hook) = &manager.hooks().user_lookup
        && pending.passed.user.is_none()
    {
        let token = pending.passed.jwt.token.clone();
        match hooks::call_async("user_lookup_loader", || hook(token)).await? {
            Some(user) => pending.passed.user = Some(user),
            None => return Err(JwtError::UserNotFound(pending.passed.jwt.token)),
        }
    }
    finish(pending, required, manager, request)
}

/// Leaves the token in the request. Nothing is left there before everything has passed.
fn finish(
    mut pending: Pending,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<(), JwtError> {
    verify_claims(&mut pending.passed, required, manager)?;
    if !pending.known || pending.passed.revocation_checked || pending.passed.user.is_some() {
        request.extensions_mut().insert(pending.passed);
    }
    Ok(())
}

/// The application's own rules, once per request; scopes and roles, for each wrap.
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
    let extensions = request.extensions();
    let passed = extensions.get::<Passed>()?;
    let location = passed.jwt.location;
    let same_place = match &required.locations {
        None => passed.usual_locations,
        Some(locations) => locations.first() == Some(&location),
    } || required.locations_of(manager) == [location];
    let same_names = matches!(location, Location::Headers | Location::QueryString | Location::WebSocket)
        || passed.refresh == required.refresh;
    (same_place && same_names).then(|| Passed { jwt: passed.jwt.clone(), user: passed.user.clone(), ..*passed })
}

/// `None` = the body decides.
fn find_and_verify(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: Option<&[u8]>,
) -> Result<Option<Passed>, JwtError> {
    let (config, locations, refresh) = (manager.config(), required.locations_of(manager), required.refresh);
    let candidate = match (Search { request, config, locations, refresh, body }).run()? {
        Located::Found(candidate) => candidate,
        Located::NeedsBody => return Ok(None),
    };
    let token = manager.verify(&candidate.token, candidate.csrf.as_deref(), false)?;
    Ok(Some(Passed {
        jwt: Jwt { token, location: candidate.location },
        refresh,
        usual_locations: required.locations.is_none(),
        revocation_checked: false,
        verification_checked: false,
        user: None,
    }))
}

fn check_type(required: &JwtRequired, token: &VerifiedToken) -> Result<(), JwtError> {
    let is_refresh = token.token_type() == TokenType::Refresh;
    if required.any_type || is_refresh == required.refresh {
        Ok(())
    } else {
        Err(JwtError::WrongTokenType { refresh_needed: required.refresh })
    }
}

/// OPTIONS requests pass unchecked: a browser's preflight carries no credentials.
pub(crate) fn is_exempt(request: &HttpRequest) -> bool {
    request.method() == Method::OPTIONS
}

/// Takes back what outer wraps left: a refused request carries no token.
pub(crate) fn forget(request: &HttpRequest) {
    request.extensions_mut().remove::<Passed>();
}

/// What the wraps left in the request.
pub(crate) fn passed_token(request: &HttpRequest) -> Option<Jwt> {
    request.extensions().get::<Passed>().map(|passed| passed.jwt.clone())
}

/// The user that the lookup loaded.
pub(crate) fn passed_user(request: &HttpRequest) -> Option<AnyUser> {
    request.extensions().get::<Passed>().and_then(|passed| passed.user.clone())
}

/// The same check as [`jwt_required`], as a function: for a middleware or a guard of one's own.
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
    verify(request, required).await.map_err(|error| JwtRejection::new(error, request))
}

async fn verify(request: &HttpRequest, required: &JwtRequired) -> Result<Option<Jwt>, JwtError> {
    let manager = manager_of(request)?;
    // A request without its payload has no body to search.
    match begin(required, manager, request, Some(&[]))? {
        Outcome::Pass => {}
        Outcome::Ask(pending) => ask(pending, required, manager, request).await?,
        Outcome::NeedsBody => return Err(BodyError::Broken.into()),
    }
    Ok(passed_token(request))
}
