//! What a request is known to be: the token that passed, what of it need not be asked again, or that there was none.

use crate::claims::{TokenType, VerifiedToken};
use crate::config::Location;
use crate::error::MissingToken;
use crate::manager::hooks::AnyUser;
use crate::manager::{JwtManager, ManagerId, manager_of};
use crate::request::required::JwtRequired;
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
    pub(super) token: VerifiedToken,
    location: Location,
    /// Where a handler has it: who knows what becomes of it.
    manager: Option<JwtManager>,
}

impl Jwt {
    /// Where the token was found.
    #[must_use]
    pub fn location(&self) -> Location {
        self.location
    }

    /// As a handler gets it.
    pub(super) fn handed_out(&self, request: &HttpRequest) -> Self {
        Self { manager: manager_of(request).ok().cloned(), ..self.clone() }
    }

    pub(crate) fn manager(&self) -> Option<&JwtManager> {
        self.manager.as_ref()
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

pub(super) enum Verdict {
    /// An optional demand found no token: the request goes on as anonymous.
    Anonymous(Box<MissingToken>),
    Passed(Passed),
}

/// A token that passed, how it was looked for, and what of it need not be asked again.
#[derive(Clone)]
pub(super) struct Passed {
    pub(super) jwt: Jwt,
    names: TokenType,
    places: Places,
    /// It may have expired.
    expired_allowed: bool,
    pub(super) revocation: Check,
    pub(super) own_rules: Check,
    pub(super) user: Option<AnyUser>,
}

/// Where a token was looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    /// `JWT_TOKEN_LOCATION`
    OfSettings,
    OfDemand,
}

/// Whether a check is still to be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    Open,
    Done,
}

impl Passed {
    pub(super) fn new(token: VerifiedToken, location: Location, required: &JwtRequired) -> Self {
        Self {
            jwt: Jwt { token, location, manager: None },
            names: required.names(),
            places: if required.locations.is_none() { Places::OfSettings } else { Places::OfDemand },
            expired_allowed: required.allow_expired,
            revocation: Check::Open,
            own_rules: Check::Open,
            user: None,
        }
    }

    /// Whether this demand, too, would have found this token.
    pub(super) fn is_found_by(&self, required: &JwtRequired, manager: &JwtManager) -> bool {
        let location = self.jwt.location;
        let same_place = match &required.locations {
            None => self.places == Places::OfSettings,
            Some(locations) => locations.first() == Some(&location),
        } || required.locations_of(manager) == [location];
        let same_names = matches!(location, Location::Headers | Location::QueryString | Location::WebSocket)
            || self.names == required.names();
        // What a demand for logging out let through is not good for others.
        let in_time = required.allow_expired || !self.expired_allowed;
        same_place && same_names && in_time
    }
}

/// Leaves the verdict in the request. Nothing is left there before everything has passed.
pub(super) fn leave(request: &HttpRequest, manager: &JwtManager, verdict: Verdict) {
    request.extensions_mut().insert(State { by: manager.id(), verdict });
}

/// Takes back what outer wraps left: a refused request carries no token.
pub(crate) fn forget(request: &HttpRequest) {
    request.extensions_mut().remove::<State>();
}

/// Whether anybody has left a verdict.
pub(super) fn is_judged(request: &HttpRequest) -> bool {
    request.extensions().contains::<State>()
}

/// What this manager let pass.
pub(super) fn passed_by(manager: &JwtManager, request: &HttpRequest) -> Option<Passed> {
    match request.extensions().get::<State>() {
        Some(State { by, verdict: Verdict::Passed(passed) }) if *by == manager.id() => Some(passed.clone()),
        _ => None,
    }
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

/// Whether this very token passed, and it was asked whether it is revoked.
pub(crate) fn is_revocation_checked(token: &VerifiedToken, manager: &JwtManager, request: &HttpRequest) -> bool {
    passed_by(manager, request)
        .is_some_and(|passed| passed.revocation == Check::Done && passed.jwt.token.is_same(token))
}

/// The user that the lookup loaded for this very token.
pub(crate) fn user_of(token: &VerifiedToken, manager: &JwtManager, request: &HttpRequest) -> Option<AnyUser> {
    passed_by(manager, request).filter(|passed| passed.jwt.token.is_same(token))?.user
}

/// The user that the lookup loaded.
pub(crate) fn passed_user(request: &HttpRequest) -> Option<AnyUser> {
    passed_by(manager_of(request).ok()?, request)?.user
}
