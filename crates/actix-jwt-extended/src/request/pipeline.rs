//! The way of a request: locate, verify, check, load, and leave the verdict for whoever comes next.

use crate::config::Location;
use crate::error::{CsrfError, JwtError};
use crate::manager::{JwtManager, manager_of};
use crate::request::check::{self, Checked};
use crate::request::loaded_keys;
use crate::request::locate::body::{Body, Unread};
use crate::request::locate::{self, Candidate, Located, Search};
use crate::request::required::JwtRequired;
use crate::request::respond::JwtRejection;
use crate::request::verdict::{self, Jwt, Passed, Verdict, forget, leave, passed_token};
use actix_web::HttpRequest;
use std::convert::Infallible;

/// How far a request came without waiting. `N`: why the body is needed; with the body at hand there is no such way out.
pub(crate) enum Outcome<N> {
    /// It may go on: with the token that was left in it, or as anonymous.
    Pass,
    /// The store or the user lookup must be asked.
    Ask(Pending),
    /// This token's key must be loaded, with which it begins again.
    NeedsKey(Box<[u8]>),
    /// The token, or its CSRF value, may be in the body: begin again with it.
    NeedsBody(N),
}

/// A token that passed everything that needs no waiting; and the further ones of a browser that sent several.
pub(crate) struct Pending {
    first: Passed,
    further: Vec<Passed>,
}

/// Follows a request that has not been read as far as it comes without waiting.
pub(crate) fn begin(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<Outcome<Unread>, JwtError> {
    // The way of nearly every request, kept apart so that it is short: the header's token is known.
    let glance = at_first_glance(required, manager, request);
    match glance.and_then(|token| manager.recall(token)) {
        Some(known) => check_and_leave(Passed::new(known?, Location::Headers, required), required, manager, request),
        None => follow(required, manager, request, Unread, glance),
    }
}

/// The same for a request whose body has been read.
pub(crate) fn begin_with_body(
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: &[u8],
) -> Result<Outcome<Infallible>, JwtError> {
    follow(required, manager, request, body, None)
}

/// What is left to do once there is no body to wait for. `body`: what was read of it, for a token whose key comes late.
pub(crate) async fn finish(
    mut outcome: Outcome<Infallible>,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    body: &[u8],
) -> Result<(), JwtError> {
    loop {
        match outcome {
            Outcome::Pass => return Ok(()),
            Outcome::Ask(pending) => {
                let passed = pending.ask(required, manager).await?;
                leave(request, manager, Verdict::Passed(passed));
                return Ok(());
            }
            // Each token once, and a request has no more than it brought.
            Outcome::NeedsKey(token) => {
                loaded_keys::load(manager, request, token).await?;
                outcome = begin_with_body(required, manager, request, body)?;
            }
        }
    }
}

impl Pending {
    async fn ask(self, required: &JwtRequired, manager: &JwtManager) -> Result<Passed, JwtError> {
        let Self { first: mut passed, further } = self;
        let mut refusal = match check::ask(&mut passed, required, manager).await {
            Ok(()) => return Ok(passed),
            Err(error) => error,
        };
        for mut passed in further {
            if !is_of_this_one(&refusal) {
                break;
            }
            match check::ask(&mut passed, required, manager).await {
                Ok(()) => return Ok(passed),
                Err(error) if is_of_this_one(&error) => {}
                Err(error) => refusal = error,
            }
        }
        Err(refusal)
    }
}

impl Outcome<Unread> {
    /// With the body, where it is needed: `begin_with_body` says how it goes on.
    pub(crate) fn or_with_body(
        self,
        begin_with_body: impl FnOnce() -> Result<Outcome<Infallible>, JwtError>,
    ) -> Result<Outcome<Infallible>, JwtError> {
        match self {
            Self::Pass => Ok(Outcome::Pass),
            Self::Ask(pending) => Ok(Outcome::Ask(pending)),
            Self::NeedsKey(token) => Ok(Outcome::NeedsKey(token)),
            Self::NeedsBody(Unread) => begin_with_body(),
        }
    }
}

/// What may well be the token, where no outer wrap has judged one.
fn at_first_glance<'a>(required: &JwtRequired, manager: &JwtManager, request: &'a HttpRequest) -> Option<&'a [u8]> {
    let in_header = manager.recalls() && required.locations_of(manager).first() == Some(&Location::Headers);
    if !in_header || required.allow_expired || verdict::is_judged(request) {
        return None;
    }
    locate::at_first_glance(request, manager.header_name(), manager.config())
}

/// The whole way. `not_cached`: a token that the cache has just been asked for, and does not hold.
#[inline(never)]
fn follow<'a, B: Body<'a>>(
    required: &'a JwtRequired,
    manager: &'a JwtManager,
    request: &'a HttpRequest,
    body: B,
    not_cached: Option<&[u8]>,
) -> Result<Outcome<B::Missing>, JwtError> {
    if let Some(passed) = verdict::passed_by(manager, request).filter(|passed| passed.is_found_by(required, manager)) {
        return check_and_leave(passed, required, manager, request);
    }
    let search = search(required, manager, request, body);
    let candidate = match search.run() {
        Ok(Located::Found(candidate)) => candidate,
        Ok(Located::NeedsBody(missing)) => return Ok(Outcome::NeedsBody(missing)),
        Err(JwtError::MissingToken(reason)) if required.optional => {
            leave(request, manager, Verdict::Anonymous(Box::new(reason)));
            return Ok(Outcome::Pass);
        }
        Err(error) => return Err(error),
    };
    let passed = match verify(&candidate, required, manager, request, not_cached) {
        Judged::Now(passed) => passed,
        Judged::WithKey(token) => return Ok(Outcome::NeedsKey(token)),
    };
    match candidate.location {
        Location::Cookies => among_cookies(passed, &search, required, manager),
        _ => check_and_leave(passed?, required, manager, request),
    }
}

fn search<'a, B: Body<'a>>(
    required: &'a JwtRequired,
    manager: &'a JwtManager,
    request: &'a HttpRequest,
    body: B,
) -> Search<'a, B> {
    let (config, locations, refresh) = (manager.config(), required.locations_of(manager), required.refresh);
    Search { request, config, header_name: manager.header_name(), locations, refresh, body }
}

/// So many cookies of one name are tried.
const COOKIES: usize = 4;

/// The first cookie of the name that is good. A browser whose cookie has got another domain or path sends the old one, too,
/// and as long as it keeps that, no login and no logout could help.
fn among_cookies<'a, B: Body<'a>>(
    first: Result<Passed, JwtError>,
    search: &Search<'a, B>,
    required: &JwtRequired,
    manager: &JwtManager,
) -> Result<Outcome<B::Missing>, JwtError> {
    let (mut open, mut expired, mut refusal) = (Vec::new(), None, None);
    let mut judged = first.and_then(|passed| check::check(passed, required, manager));
    for at in 1..=COOKIES {
        match judged {
            // For logging out: another one may be whom the browser is logged in as.
            Ok(Checked::Passed(passed) | Checked::Open(passed))
                if required.allow_expired && manager.is_expired(&passed.jwt) =>
            {
                expired = expired.or(Some(passed));
            }
            Ok(Checked::Passed(passed)) if open.is_empty() => {
                leave(search.request, manager, Verdict::Passed(passed));
                return Ok(Outcome::Pass);
            }
            Ok(Checked::Passed(passed) | Checked::Open(passed)) => open.push(passed),
            Err(error) if is_of_this_one(&error) => refusal = refusal.or(Some(error)),
            Err(error) if open.is_empty() => return Err(error),
            Err(_) => break,
        }
        let further = if at < COOKIES { search.further_cookie(at) } else { None };
        let Some(candidate) = further else { break };
        let passed = match verify(&candidate, required, manager, search.request, None) {
            Judged::Now(passed) => passed,
            Judged::WithKey(token) => return Ok(Outcome::NeedsKey(token)),
        };
        judged = passed.and_then(|passed| check::check(passed, required, manager));
    }
    open.extend(expired);
    let mut open = open.into_iter();
    match (open.next(), refusal) {
        (Some(first), _) => Ok(Outcome::Ask(Pending { first, further: open.collect() })),
        (None, Some(refusal)) => Err(refusal),
        (None, None) => Err(JwtError::NotConfigured("no cookie was judged")),
    }
}

/// Whether another cookie of the name may be good all the same.
fn is_of_this_one(error: &JwtError) -> bool {
    matches!(
        error,
        JwtError::InvalidToken(_)
            | JwtError::Expired(_)
            | JwtError::Csrf(CsrfError::Mismatch)
            | JwtError::Revoked(_)
            | JwtError::UserNotFound(_)
    )
}

/// When a token can be judged.
enum Judged {
    Now(Result<Passed, JwtError>),
    /// Once the key of this one has been loaded.
    WithKey(Box<[u8]>),
}

fn verify(
    candidate: &Candidate<'_>,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
    not_cached: Option<&[u8]>,
) -> Judged {
    let (token, csrf, allow_expired) = (&*candidate.token, candidate.csrf.as_deref(), required.allow_expired);
    let verified = if manager.waits_for_keys() {
        let Some(key) = loaded_keys::find(manager, request, token) else { return Judged::WithKey(token.into()) };
        manager.verify_loaded(token, key.as_ref(), csrf, allow_expired)
    } else if not_cached == Some(token) {
        manager.verify_unknown(token, csrf, allow_expired)
    } else {
        manager.verify(token, csrf, allow_expired)
    };
    Judged::Now(verified.map(|token| Passed::new(token, candidate.location, required)))
}

#[inline(always)]
fn check_and_leave<N>(
    passed: Passed,
    required: &JwtRequired,
    manager: &JwtManager,
    request: &HttpRequest,
) -> Result<Outcome<N>, JwtError> {
    match check::check(passed, required, manager)? {
        Checked::Passed(passed) => {
            leave(request, manager, Verdict::Passed(passed));
            Ok(Outcome::Pass)
        }
        Checked::Open(passed) => Ok(Outcome::Ask(Pending { first: passed, further: Vec::new() })),
    }
}

/// The same check as [`jwt_required`](crate::jwt_required), as a function: for a middleware or a guard of one's own.
///
/// It sees the request without its body: tokens in JSON and CSRF values in forms are for the wraps.
/// `None` = the request may go on without a token: the demand is optional and there was none.
/// After it, the extractors find the token in the request.
/// An OPTIONS request that does not pass is refused as any other, with an answer of 204: send it,
/// and do not go on.
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
    verify_here(request, required).await.map_err(|error| {
        forget(request);
        JwtRejection::of_demand(error, request)
    })
}

async fn verify_here(request: &HttpRequest, required: &JwtRequired) -> Result<Option<Jwt>, JwtError> {
    let manager = manager_of(request)?;
    // A request without its payload has no body to search.
    let outcome =
        begin(required, manager, request)?.or_with_body(|| begin_with_body(required, manager, request, &[]))?;
    finish(outcome, required, manager, request, &[]).await?;
    Ok(passed_token(request).map(|jwt| jwt.handed_out(request)))
}
