//! The application's own code that we call: what it looks like inside, and how we survive it.

use crate::claims::VerifiedToken;
use crate::error::JwtError;
use crate::keys::{SigningKey, VerifyingKey};
use actix_web::rt::{System, spawn};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, Shared};
use serde_json::{Map, Value};
use std::any::Any;
use std::cell::Cell;
use std::error::Error;
use std::future::Future;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;

/// An error of a hook; it goes to the log, never to a client.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// What a hook may return: the value itself, or a `Result` of it.
///
/// ```
/// use actix_jwt_extended::{JwtConfig, JwtManager};
/// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
/// let jwt = JwtManager::builder(config)
///     .token_verification_loader(|token| token.claims().contains_key("team")) // bool
///     .token_in_blocklist_loader(|token| async move {
///         let id: u128 = token.jti().unwrap_or("").replace('-', "").parse()?; // Result<bool, _>
///         Ok::<_, std::num::ParseIntError>(id == 7)
///     })
///     .build()?;
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
pub trait HookOutput<T> {
    /// The value, or why there is none.
    ///
    /// # Errors
    /// The hook's own.
    fn into_hook_result(self) -> Result<T, Box<dyn Error + Send + Sync>>;
}

impl<T> HookOutput<T> for T {
    fn into_hook_result(self) -> Result<T, BoxError> {
        Ok(self)
    }
}

impl<T, E: Into<BoxError>> HookOutput<T> for Result<T, E> {
    fn into_hook_result(self) -> Result<T, BoxError> {
        self.map_err(Into::into)
    }
}

/// A user as the lookup returned it, type erased.
pub(crate) type AnyUser = Arc<dyn Any + Send + Sync>;

/// A refresh token that was used before: somebody has a copy of it.
///
/// ```
/// # use actix_jwt_extended::store::MemoryStore;
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
/// let jwt = JwtManager::builder(config)
///     .token_store(MemoryStore::new())
///     .on_reuse_detected(|detected| async move {
///         // … tell the user, and whoever is on call …
///         log::warn!("{} from {:?}", detected.subject(), detected.client_address());
///     })
///     .build()?;
/// # Ok::<(), actix_jwt_extended::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct ReuseDetected {
    session_id: String,
    subject: String,
    client: Option<IpAddr>,
    request: HttpRequest,
}

impl ReuseDetected {
    pub(crate) fn new(session_id: String, subject: String, client: Option<IpAddr>, request: HttpRequest) -> Self {
        Self { session_id, subject, client, request }
    }

    /// The session, which is revoked already.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Whose session it was.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Where the request came from, as [`JwtManager::client_address`](crate::JwtManager::client_address) tells it.
    #[must_use]
    pub fn client_address(&self) -> Option<IpAddr> {
        self.client
    }

    /// The request that presented the token: the thief's, or that of the owner who was slower.
    #[must_use]
    pub fn request(&self) -> &HttpRequest {
        &self.request
    }
}

impl std::fmt::Debug for ReuseDetected {
    /// Without the request, whose headers hold the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReuseDetected")
            .field("session_id", &self.session_id)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// What of a user is `None` where the hook takes another type.
type OfUser<T> = Sync1<dyn Any, Option<T>>;
type Sync1<A, T> = Box<dyn Fn(&A) -> Result<T, BoxError> + Send + Sync>;
type Async1<T> = Box<dyn Fn(VerifiedToken) -> LocalBoxFuture<'static, Result<T, BoxError>> + Send + Sync>;
/// By identity.
type AsyncLoader<T> = Box<dyn Fn(String) -> LocalBoxFuture<'static, Result<T, BoxError>> + Send + Sync>;
type OnReuse = Box<dyn Fn(ReuseDetected) -> LocalBoxFuture<'static, Result<(), BoxError>> + Send + Sync>;
type TokenResponse = Box<dyn Fn(&VerifiedToken, &HttpRequest) -> HttpResponse + Send + Sync>;
type ReasonResponse = Box<dyn Fn(&str, &HttpRequest) -> HttpResponse + Send + Sync>;
type DecodeKey =
    Box<dyn Fn(&Map<String, Value>, &Map<String, Value>) -> Result<Option<VerifyingKey>, BoxError> + Send + Sync>;
/// By header and claims.
type AsyncDecodeKey = Box<
    dyn Fn(Map<String, Value>, Map<String, Value>) -> LocalBoxFuture<'static, Result<Option<VerifyingKey>, BoxError>>
        + Send
        + Sync,
>;

/// All of Flask-JWT-Extended's callbacks.
#[derive(Default)]
pub(crate) struct Hooks {
    pub(crate) additional_claims: Option<Sync1<str, Value>>,
    pub(crate) additional_claims_async: Option<AsyncLoader<Value>>,
    pub(crate) additional_headers: Option<Sync1<str, Value>>,
    pub(crate) encode_key: Option<Sync1<str, SigningKey>>,
    pub(crate) encode_key_async: Option<AsyncLoader<SigningKey>>,
    pub(crate) decode_key: Option<DecodeKey>,
    pub(crate) decode_key_async: Option<AsyncDecodeKey>,
    pub(crate) user_identity: Option<OfUser<String>>,
    pub(crate) claims_of_user: Option<OfUser<Value>>,
    pub(crate) headers_of_user: Option<OfUser<Value>>,
    pub(crate) key_of_user: Option<OfUser<SigningKey>>,
    pub(crate) user_lookup: Option<Async1<Option<AnyUser>>>,
    pub(crate) token_in_blocklist: Option<Async1<bool>>,
    pub(crate) reuse_detected: Option<OnReuse>,
    pub(crate) token_verification: Option<Sync1<VerifiedToken, bool>>,
    pub(crate) user_lookup_error: Option<TokenResponse>,
    pub(crate) token_verification_failed: Option<TokenResponse>,
    pub(crate) expired_token: Option<TokenResponse>,
    pub(crate) needs_fresh_token: Option<TokenResponse>,
    pub(crate) revoked_token: Option<TokenResponse>,
    pub(crate) invalid_token: Option<ReasonResponse>,
    pub(crate) unauthorized: Option<ReasonResponse>,
}

impl Hooks {
    /// Whether own claims may be a loader's.
    pub(crate) fn load_claims(&self) -> bool {
        self.additional_claims.is_some() || self.additional_claims_async.is_some() || self.claims_of_user.is_some()
    }

    /// Whether keys to verify with are a loader's.
    pub(crate) fn load_keys(&self) -> bool {
        self.decode_key.is_some() || self.decode_key_async.is_some()
    }

    /// Whether keys to sign with may be.
    pub(crate) fn load_signing_keys(&self) -> bool {
        self.encode_key.is_some() || self.encode_key_async.is_some() || self.key_of_user.is_some()
    }

    /// Whether own header parameters may be.
    pub(crate) fn load_headers(&self) -> bool {
        self.additional_headers.is_some() || self.headers_of_user.is_some()
    }
}

/// A hook that takes users of one type.
pub(super) fn of_user<U: 'static, T, O: HookOutput<T>>(hook: impl Fn(&U) -> O + Send + Sync + 'static) -> OfUser<T> {
    Box::new(move |user| user.downcast_ref::<U>().map(|user| hook(user).into_hook_result()).transpose())
}

/// A hook that must be waited for.
pub(super) fn awaited<A, T, O, F>(
    hook: impl Fn(A) -> F + Send + Sync + 'static,
) -> Box<dyn Fn(A) -> LocalBoxFuture<'static, Result<T, BoxError>> + Send + Sync>
where
    T: 'static,
    O: HookOutput<T> + 'static,
    F: Future<Output = O> + 'static,
{
    Box::new(move |given| hook(given).map(HookOutput::into_hook_result).boxed_local())
}

/// Calls a hook; its error or panic is this request's alone.
pub(crate) fn call<T>(hook: &'static str, run: impl FnOnce() -> Result<T, BoxError>) -> Result<T, JwtError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|source| JwtError::Hook { hook, source }),
        Err(_) => Err(panicked(hook)),
    }
}

/// Calls an async hook, likewise.
pub(crate) async fn call_async<T>(
    hook: &'static str,
    start: impl FnOnce() -> LocalBoxFuture<'static, Result<T, BoxError>>,
) -> Result<T, JwtError> {
    let future = call(hook, || Ok(start()))?;
    match AssertUnwindSafe(future).catch_unwind().await {
        Ok(result) => result.map_err(|source| JwtError::Hook { hook, source }),
        Err(_) => Err(panicked(hook)),
    }
}

/// Begins what a hook does, and waits for none of it; its failure is for the log.
pub(crate) async fn notify(hook: &'static str, start: impl FnOnce() -> LocalBoxFuture<'static, Result<(), BoxError>>) {
    let told = match call(hook, || Ok(start())) {
        Ok(future) => async move { log_failure(call_async(hook, || future).await) }.boxed_local().shared(),
        Err(error) => return log_failure(Err(error)),
    };
    // Elsewhere than in actix's runtime nobody else would do it.
    if !spawned(&told) {
        told.await;
    }
}

fn log_failure(told: Result<(), JwtError>) {
    if let Err(error) = told {
        log::error!("{error}");
    }
}

/// Does some work to its end, though whoever waits for it may go: with a client that disconnects goes the future of its
/// request.
pub(crate) async fn to_the_end<T: 'static>(work: impl Future<Output = T> + 'static) -> Option<T> {
    let answer = Rc::new(Cell::new(None));
    let keep = Rc::clone(&answer);
    let work = async move { keep.set(Some(work.await)) }.boxed_local().shared();
    spawned(&work);
    work.await;
    answer.take()
}

fn spawned(work: &Shared<LocalBoxFuture<'static, ()>>) -> bool {
    System::try_current().is_some() && {
        let work = work.clone();
        // Another runtime may run within actix's; it says so by a panic only.
        catch_unwind(AssertUnwindSafe(|| drop(spawn(work)))).is_ok()
    }
}

fn panicked(hook: &'static str) -> JwtError {
    JwtError::Hook { hook, source: "it panicked".into() }
}
