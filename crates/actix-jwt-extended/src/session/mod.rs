//! Sessions: a login, and the pairs of tokens that come of it.

mod answer;
mod ended;
pub(crate) mod endpoints;
mod live;
mod old_cookies;
pub(crate) mod revoke;
pub(crate) mod rotation;

pub use crate::manager::hooks::ReuseDetected;
pub use endpoints::{introspection_endpoint, revocation_endpoint};

use crate::claims::{VerifiedToken, name};
use crate::error::{InvalidToken, JwtError};
use crate::issue::{OfSession, TokenBuilder};
use crate::manager::hooks;
use crate::manager::revocation::without_id;
use crate::manager::{JwtManager, jwt_id_of};
use crate::request::verdict::{Jwt, is_revocation_checked, user_of};
use crate::session::rotation::{ATTEMPTS, Presented, SessionRules, Verdict, is_over, tokens_end_ms};
use crate::store::{SessionRecord, StoreError, subject_in_realm};
use actix_web::HttpRequest;
use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, try_join};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::Digest as _;
use std::any::Any;
use std::fmt::{self, Display};
use std::future::IntoFuture;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::Uuid;

impl JwtManager {
    /// Begins a session: call it at login, and send both tokens. `.await` it, or add to it before.
    ///
    /// The access token is fresh. Both tokens carry the session's ID as `sid`, so that
    /// [`revoke_session`](Self::revoke_session) ends both; the refresh token is good for one
    /// [`rotate`](Self::rotate).
    ///
    /// ```
    /// # use actix_jwt_extended::session::TokenPair;
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// # use actix_web::{post, web};
    /// #[derive(serde::Deserialize)]
    /// struct Login {
    ///     username: String,
    /// }
    ///
    /// #[post("/login")]
    /// async fn login(jwt: JwtManager, form: web::Json<Login>) -> Result<TokenPair, JwtError> {
    ///     // … check the password …
    ///     jwt.start_session(&form.username).label("Firefox on Linux").await
    /// }
    /// ```
    ///
    /// # Errors
    /// When awaited: [`JwtError::Store`], [`JwtError::Issue`], [`JwtError::Hook`], [`JwtError::Signer`], and
    /// [`JwtError::NotConfigured`] where there is no `token_store`.
    pub fn start_session(&self, identity: impl Display) -> SessionBuilder<'_> {
        SessionBuilder {
            manager: self,
            user: None,
            identity: Value::String(identity.to_string()),
            label: None,
            fresh: true,
            claims: Map::new(),
            mistake: None,
        }
    }

    /// Begins a session for a user object, whose identity `user_identity_loader` tells.
    ///
    /// ```
    /// # use actix_jwt_extended::session::TokenPair;
    /// # use actix_jwt_extended::{JwtError, JwtManager};
    /// struct User {
    ///     id: u64,
    /// }
    /// async fn login(jwt: JwtManager, user: &User) -> Result<TokenPair, JwtError> {
    ///     jwt.start_session_for(user)?.label("Firefox on Linux").await
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`access_token_for`](Self::access_token_for); when awaited as [`start_session`](Self::start_session).
    pub fn start_session_for<'a, U: Any>(&'a self, user: &'a U) -> Result<SessionBuilder<'a>, JwtError> {
        Ok(SessionBuilder { user: Some(user), ..self.start_session(self.identity_of(user)?) })
    }

    /// Takes a refresh token of a session and gives the next pair: RFC 9700 §4.14.2.
    ///
    /// Each refresh token is good once. For `JWT_REFRESH_GRACE` after that it gets its successor again, so that
    /// two tabs, or an answer that was lost, log nobody out. Later, or once the successor was used, somebody has a
    /// copy: the session is revoked with all its tokens, and `on_reuse_detected` is called.
    /// The new access token is not fresh. The claims given to [`start_session`](Self::start_session) are carried over;
    /// those of `additional_claims_loader` are asked for anew. Double-submit values stay the session's.
    ///
    /// ```
    /// # use actix_jwt_extended::session::TokenPair;
    /// # use actix_jwt_extended::{Jwt, JwtError, JwtManager, jwt_required};
    /// # use actix_web::{HttpRequest, post};
    /// #[post("/refresh", wrap = "jwt_required().refresh()")]
    /// async fn refresh(jwt: JwtManager, presented: Jwt, request: HttpRequest) -> Result<TokenPair, JwtError> {
    ///     jwt.rotate(&presented, &request).await
    /// }
    /// ```
    ///
    /// # Errors
    /// [`JwtError::Revoked`] for one that was used, or whose session is over or unknown;
    /// [`JwtError::Expired`] where the token's or the session's time is over; [`JwtError::InvalidToken`] for a token without a
    /// session; [`JwtError::Store`], and nothing was issued; [`JwtError::Hook`], [`JwtError::Issue`] and [`JwtError::Signer`] where
    /// the next pair cannot be made, and the token presented is as good as before.
    pub async fn rotate(&self, presented: &Jwt, request: &HttpRequest) -> Result<TokenPair, JwtError> {
        let token: &VerifiedToken = presented;
        // A demand for logging out lets it through, and this is none.
        if self.is_expired(token) {
            return Err(JwtError::Expired(token.clone()));
        }
        let subject = token.identity();
        let sid = token.session_id().ok_or_else(|| missing(name::SESSION_ID))?;
        let mut rotation = rotation_of(token).ok_or_else(|| missing(name::ROTATION))?;
        let mut jwt_id = token.jti().ok_or_else(without_id)?.to_owned();
        // Before it is asked what is revoked: a cut-off that comes in between concerns the successors, too.
        let issued_ms = self.issued_now_ms();
        // Not only by the wrap, which may have been told to skip it; and not by what is known here, but by the store.
        // The hook once for a request: its wrap may have asked it.
        let revoked = match is_revocation_checked(token, self, request) {
            true => self.is_revoked_in_store(token).await?,
            false => self.is_revoked_for_sure(token).await?,
        };
        if revoked {
            return Err(JwtError::Revoked(token.clone()));
        }
        for _ in 0..ATTEMPTS {
            let Some(session) = self.stored_session(sid).await? else {
                return Err(JwtError::Revoked(token.clone()));
            };
            let (rules, now_ms) = (self.session_rules(), self.now_ms());
            let of_token = Presented { subject: &subject, jwt_id: &jwt_id, rotation };
            match rules.present(&session, of_token, || jwt_id_of(issued_ms).to_string(), now_ms) {
                Verdict::Rotate(next) => {
                    // Made before the session moves on: where that fails, the token presented is as good as before.
                    let pair = self.carry_on(token, &next, issued_ms, request).await?;
                    if self.moves_on(&next).await? {
                        return Ok(pair);
                    }
                }
                Verdict::Repeat => return self.carry_on(token, &session, issued_ms, request).await,
                Verdict::Ended => return Err(JwtError::Expired(token.clone())),
                Verdict::Unknown => return Err(JwtError::Revoked(token.clone())),
                Verdict::Reused => {
                    if let Some(current) = self.current_beside(presented, &session, request).await?
                        && let Some(its_rotation) = rotation_of(&current)
                    {
                        (jwt_id, rotation) = (session.current, its_rotation);
                        continue;
                    }
                    // A client that presents a stolen token and hangs up stops none of it.
                    let ended = end_reused(self.clone(), session, subject.into_owned(), request.clone());
                    hooks::to_the_end(ended).await.unwrap_or(Ok(()))?;
                    return Err(JwtError::Revoked(token.clone()));
                }
            }
        }
        Err(JwtError::Store(StoreError::new("the session kept changing while its token was presented")))
    }

    /// The session where it still lives, for one that issues tokens in passing, and when it ends.
    pub(crate) async fn live_session(&self, session_id: &str) -> Result<Option<(SessionRecord, i64)>, JwtError> {
        let session = self.stored_session(session_id).await?;
        let now_ms = self.now_ms();
        Ok(session.filter(|session| !is_over(session, now_ms)).map(|session| {
            let ends_at_ms = no_later(&session, now_ms);
            (session, ends_at_ms)
        }))
    }

    /// Whether a refresh token is the one that its session has now.
    pub(crate) async fn is_current(&self, token: &VerifiedToken) -> Result<bool, JwtError> {
        let Some(session_id) = token.session_id() else { return Ok(false) };
        let session = self.stored_session(session_id).await?;
        let now_ms = self.now_ms();
        Ok(session.is_some_and(|session| !is_over(&session, now_ms) && token.jti() == Some(&*session.current)))
    }

    fn session_rules(&self) -> SessionRules {
        let config = self.config();
        SessionRules {
            lifetime: config.session_lifetime,
            idle: config.session_idle,
            grace: config.refresh_grace,
            longest: self.longest_lifetime(),
            leeway: config.decode_leeway,
        }
    }

    /// Whether this record took its session's place, also where the store's answer was lost: whoever presents the
    /// token again, after the grace, is no thief.
    async fn moves_on(&self, next: &SessionRecord) -> Result<bool, JwtError> {
        let lost = match self.store_answer(|store| store.replace_session(next)).await {
            Ok(replaced) => return Ok(replaced),
            Err(lost) => lost,
        };
        match self.stored_session(&next.sid).await {
            Ok(Some(found)) if found.current == next.current => Ok(true),
            _ => Err(lost),
        }
    }

    async fn carry_on(
        &self,
        presented: &VerifiedToken,
        session: &SessionRecord,
        issued_ms: i64,
        request: &HttpRequest,
    ) -> Result<TokenPair, JwtError> {
        let access_id = jwt_id_of(issued_ms).to_string();
        let csrf = presented.csrf().map(str::to_owned);
        let user = user_of(presented, self, request);
        let user = user.as_deref().map(|user| user as &dyn Any);
        self.pair(session, presented.identity_value(), false, access_id, csrf, |builder| {
            builder.carry_session(session.claims.as_ref(), presented).of_user_if_any(user)
        })
        .await
    }

    async fn pair(
        &self,
        session: &SessionRecord,
        identity: &Value,
        fresh: bool,
        access_id: String,
        csrf: Option<String>,
        with_claims: impl for<'b> Fn(TokenBuilder<'b>) -> Result<TokenBuilder<'b>, JwtError>,
    ) -> Result<TokenPair, JwtError> {
        let ends_at_ms = no_later(session, self.now_ms());
        let of_session = |rotation, ends_at_ms| OfSession { id: session.sid.clone(), rotation, ends_at_ms };
        let access = self.access_token("").identity_value(identity.clone()).jwt_id(access_id);
        let access = if fresh { access.fresh() } else { access };
        // Made again, it is the same token: of the same ID, issued and expiring at the same time.
        let refresh = self
            .refresh_token("")
            .identity_value(identity.clone())
            .jwt_id(&*session.current)
            .issued_at_ms(session.rotated_at_ms)
            .of_session(of_session(Some(session.rotation), no_later(session, session.rotated_at_ms)));
        // The session's for as long as it lives: another tab holds them, and could not even refresh without.
        let csrf = csrf.unwrap_or_else(|| Uuid::new_v4().to_string());
        let (access, refresh) = (access.csrf(csrf_of_access(&csrf)), refresh.csrf(csrf));
        let access = with_claims(access.of_session(of_session(None, ends_at_ms)))?.encode_async();
        let refresh = with_claims(refresh)?.encode_async();
        // At the same time: a remote signer may be far away.
        let (access_token, refresh_token) = try_join(access, refresh).await?;
        Ok(TokenPair {
            access_token,
            token_type: "Bearer",
            expires_in: self.access_expires_in(ends_at_ms),
            refresh_token,
            session_id: session.sid.clone(),
        })
    }
}

/// Of those who notice at the same time, one tells; where it is not known who, rather twice than never.
async fn end_reused(
    manager: JwtManager,
    session: SessionRecord,
    subject: String,
    request: HttpRequest,
) -> Result<(), JwtError> {
    manager.revoke_tokens_of(&session).await?;
    if !matches!(manager.store_answer(|store| store.remove_session(&session)).await, Ok(false)) {
        log::warn!("a refresh token was used twice: session {} is revoked", session.sid);
        if let Some(hook) = &manager.hooks().reuse_detected {
            let client = manager.client_address(&request);
            let detected = ReuseDetected::new(session.sid, subject, client, request);
            hooks::notify("on_reuse_detected", || hook(detected)).await;
        }
    }
    Ok(())
}

/// The access tokens' double-submit value, from the refresh tokens': so no store needs to keep it.
fn csrf_of_access(csrf: &str) -> String {
    let digest = sha2::Sha256::new_with_prefix("access\0").chain_update(csrf).finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, from)| *byte = from);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// When a token expires at the latest that is made for a session: so that its revocation is kept for long enough.
fn no_later(session: &SessionRecord, made_at_ms: i64) -> i64 {
    session.expires_at_ms.min(tokens_end_ms(session, made_at_ms))
}

fn rotation_of(token: &VerifiedToken) -> Option<u64> {
    token.claims().get(name::ROTATION).and_then(Value::as_u64)
}

fn missing(claim: &str) -> JwtError {
    InvalidToken::MissingClaim(claim.to_owned()).into()
}

/// A session in the making; `.await` begins it.
///
/// ```
/// # use actix_jwt_extended::store::MemoryStore;
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # actix_web::rt::System::new().block_on(async {
/// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
/// # let jwt = JwtManager::builder(config).token_store(MemoryStore::new()).build()?;
/// let tokens = jwt.start_session("ada").label("a phone").claim("team", "engine").await?;
/// assert_eq!(jwt.decode_token(&tokens.access_token)?.session_id(), Some(&*tokens.session_id));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use = "a session begins when it is awaited"]
pub struct SessionBuilder<'a> {
    manager: &'a JwtManager,
    user: Option<&'a dyn Any>,
    identity: Value,
    label: Option<String>,
    fresh: bool,
    claims: Map<String, Value>,
    mistake: Option<JwtError>,
}

impl fmt::Debug for SessionBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBuilder").field("label", &self.label).finish_non_exhaustive()
    }
}

/// A label is for a list; more than this many characters of it are cut off.
const LABEL: usize = 200;

impl SessionBuilder<'_> {
    /// What the user will know it by in a list of sessions: a `User-Agent`, say. At most 200 characters.
    pub fn label(self, label: impl Into<String>) -> Self {
        let label = label.into().chars().filter(|c| !c.is_control()).take(LABEL).collect();
        Self { label: Some(label), ..self }
    }

    /// The identity as JSON of another type than text: see
    /// [`TokenBuilder::identity_value`](crate::TokenBuilder::identity_value).
    pub fn identity_value(self, identity: impl Into<Value>) -> Self {
        Self { identity: identity.into(), ..self }
    }

    /// The access token is not fresh: for a login that needed no password.
    pub fn not_fresh(self) -> Self {
        Self { fresh: false, ..self }
    }

    /// One own claim, for all tokens of the session.
    pub fn claim(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => drop(self.claims.insert(name.into(), value)),
            Err(error) => drop(self.mistake.get_or_insert(crate::error::IssueError::Serialize(error).into())),
        }
        self
    }

    async fn begin(self) -> Result<TokenPair, JwtError> {
        let Self { manager, user, identity, label, fresh, claims, mistake } = self;
        if let Some(mistake) = mistake {
            return Err(mistake);
        }
        let now_ms = manager.now_ms();
        let subject = match &identity {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let sid = Uuid::new_v4().to_string();
        let realm = manager.config().realm.clone();
        let subject = subject_in_realm(&realm, &subject);
        let session = manager.session_rules().begin(sid, subject, manager.new_jwt_id(), now_ms);
        let session = SessionRecord { realm, label, claims: Some(claims), ..session };
        // Before it is kept: what cannot be issued leaves nothing behind.
        let pair = manager
            .pair(&session, &identity, fresh, manager.new_jwt_id(), None, |builder| {
                builder.claims(&session.claims).of_user_if_any(user)
            })
            .await?;
        manager.store_answer(|store| store.insert_session(&session, now_ms)).await?;
        let allowed = manager.config().max_sessions;
        if allowed > 0
            && let Err(error) = manager.end_oldest(session.owner(), allowed).await
        {
            // Nobody gets its tokens, so it is none of those that live.
            if let Err(kept) = manager.store_answer(|store| store.remove_session(&session)).await {
                log::warn!("a login failed, and the record of its session stays: {kept}");
            }
            return Err(error);
        }
        Ok(pair)
    }
}

impl<'a> IntoFuture for SessionBuilder<'a> {
    type Output = Result<TokenPair, JwtError>;
    type IntoFuture = LocalBoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.begin().boxed_local()
    }
}

/// What a login and a refresh are answered with, in OAuth's words (RFC 6749 §5.1). A handler may return it as it is:
/// that answer no cache keeps.
///
/// ```
/// # use actix_jwt_extended::store::MemoryStore;
/// # use actix_jwt_extended::{JwtConfig, JwtManager};
/// # actix_web::rt::System::new().block_on(async {
/// # let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more");
/// # let jwt = JwtManager::builder(config).token_store(MemoryStore::new()).build()?;
/// let tokens = jwt.start_session("ada").await?;
/// assert_eq!(serde_json::to_value(&tokens)?["access_token"], tokens.access_token);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Serialize)]
#[non_exhaustive]
pub struct TokenPair {
    /// Opens protected routes.
    pub access_token: String,
    /// `Bearer`.
    pub token_type: &'static str,
    /// So many seconds the access token lives; `None` = without an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// Gets the next pair, once.
    pub refresh_token: String,
    /// The `sid` of both.
    #[serde(skip)]
    pub session_id: String,
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair").field("session_id", &self.session_id).finish_non_exhaustive()
    }
}

/// A live session, for a list that its owner sees.
///
/// ```
/// use actix_jwt_extended::session::Session;
/// fn line(session: &Session) -> String {
///     format!("{} {}", session.id(), session.label().unwrap_or("unknown device"))
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session(SessionRecord);

impl Session {
    /// The `sid` of its tokens.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.sid
    }

    /// Whose it is.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.0.owner()
    }

    /// What it was called at its begin.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// When it began.
    #[must_use]
    pub fn created_at(&self) -> SystemTime {
        time(self.0.created_at_ms)
    }

    /// When it was last refreshed.
    #[must_use]
    pub fn last_used_at(&self) -> SystemTime {
        time(self.0.rotated_at_ms)
    }

    /// When it ends, unless it is refreshed before; `None` = never.
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        (self.0.expires_at_ms != crate::store::FOREVER).then(|| time(self.0.expires_at_ms))
    }
}

fn time(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}
