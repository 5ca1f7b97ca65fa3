//! The checks of a verified token: those that need no waiting, then those that may, and the user.

use crate::claims::{TokenType, VerifiedToken, name};
use crate::config::Location;
use crate::error::{InvalidToken, JwtError};
use crate::manager::{JwtManager, hooks};
use crate::request::required::{JwtRequired, jwt_required};
use crate::request::verdict::{Check, Passed};

/// How far the checks came without waiting.
pub(super) enum Checked {
    Passed(Passed),
    /// The store or the user lookup must be asked.
    Open(Passed),
}

/// All checks that need no waiting.
// Of a token that was recognised much is known, and what that makes needless is left out by the compiler.
#[inline(always)]
pub(super) fn check(mut passed: Passed, required: &JwtRequired, manager: &JwtManager) -> Result<Checked, JwtError> {
    check_type(required, &passed.jwt)?;
    if required.fresh && !passed.jwt.is_fresh_at(manager.now()) {
        return Err(JwtError::FreshTokenRequired(passed.jwt.token));
    }
    check_session(&passed.jwt, manager)?;
    if must_check_revocation(required, manager, &passed) {
        match manager.is_revoked_at_once(&passed.jwt)? {
            Some(true) => return Err(JwtError::Revoked(passed.jwt.token)),
            Some(false) => passed.revocation = Check::Done,
            None => return Ok(Checked::Open(passed)),
        }
    }
    if manager.hooks().user_lookup.is_some() && passed.user.is_none() {
        return Ok(Checked::Open(passed));
    }
    check_claims(&mut passed, required, manager)?;
    Ok(Checked::Passed(passed))
}

/// The checks that may wait: revocation, then what only makes sense after it, then the user.
pub(super) async fn ask(passed: &mut Passed, required: &JwtRequired, manager: &JwtManager) -> Result<(), JwtError> {
    if must_check_revocation(required, manager, passed) {
        if manager.is_revoked(&passed.jwt).await? {
            return Err(JwtError::Revoked(passed.jwt.token.clone()));
        }
        passed.revocation = Check::Done;
    }
    check_claims(passed, required, manager)?;
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
    if token.token_type() == TokenType::Other {
        return Err(InvalidToken::OtherKind.into());
    }
    manager.judge_identity(token)?;
    check_session(token, manager)?;
    ask(&mut Passed::new(token.clone(), Location::Headers, &required), &required, manager).await
}

fn check_type(required: &JwtRequired, token: &VerifiedToken) -> Result<(), JwtError> {
    match (token.token_type(), required.refresh) {
        _ if required.any_type => Ok(()),
        (TokenType::Access, false) | (TokenType::Refresh, true) => Ok(()),
        (TokenType::Other, false) => Err(InvalidToken::OtherKind.into()),
        (_, refresh_needed) => Err(JwtError::WrongTokenType { refresh_needed }),
    }
}

fn check_session(token: &VerifiedToken, manager: &JwtManager) -> Result<(), JwtError> {
    let needed = manager.config().require_session && token.token_type() == TokenType::Refresh;
    if needed && token.session_id().is_none() {
        return Err(InvalidToken::MissingClaim(name::SESSION_ID.to_owned()).into());
    }
    Ok(())
}

fn must_check_revocation(required: &JwtRequired, manager: &JwtManager, passed: &Passed) -> bool {
    manager.can_revoke() && !required.skip_revocation_check && passed.revocation == Check::Open
}

/// The application's own rules, once per request; scopes and roles, for each demand.
#[inline]
fn check_claims(passed: &mut Passed, required: &JwtRequired, manager: &JwtManager) -> Result<(), JwtError> {
    if let Some(hook) = &manager.hooks().token_verification
        && passed.own_rules == Check::Open
    {
        if !hooks::call("token_verification_loader", || hook(&passed.jwt.token))? {
            return Err(JwtError::ClaimsVerificationFailed(passed.jwt.token.clone()));
        }
        passed.own_rules = Check::Done;
    }
    if !required.policy.is_open() && !required.policy.admits(passed.jwt.claims()) {
        return Err(JwtError::InsufficientScope { scope: required.policy.challenge_scope() });
    }
    Ok(())
}
