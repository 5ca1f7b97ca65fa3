//! The claims of a new token: Flask-JWT-Extended's in its order, then one's own.

use super::token_builder::{Fresh, TokenBuilder};
use crate::claims::MAX_NUMERIC_DATE;
use crate::claims::name::member;
use crate::config::Lifetime;
use crate::error::IssueError;
use crate::manager::jwt_id_of;
use serde::Serialize;
use std::time::Duration;
use uuid::Uuid;

impl TokenBuilder<'_> {
    /// The claims as JSON, with room behind for the token that is made of them, and when it expires.
    pub(super) fn claims_json(&self, now_ms: i64) -> Result<(Vec<u8>, Option<i64>), IssueError> {
        let config = self.manager.config();
        let now = self.issued_at(now_ms);
        let mut claims = Claims::new();
        match self.fresh {
            Fresh::Bool(fresh) => claims.add(member::FRESH, &fresh)?,
            Fresh::For(duration) => {
                claims.add(member::FRESH, &after(now, duration).unwrap_or(MAX_NUMERIC_DATE))?;
            }
        }
        claims.add(member::ISSUED_AT, &now)?;
        match &self.jwt_id {
            Some(jwt_id) => claims.add(member::JWT_ID, jwt_id)?,
            None => claims.add_id(member::JWT_ID, jwt_id_of(self.manager.issued_at_ms(now_ms))),
        }
        claims.add(member::TYPE, self.token_type.as_str())?;
        let extras = self.extras.as_deref();
        match extras.and_then(|extras| extras.identity_value.as_ref()) {
            Some(value) => claims.add_any(&config.identity_claim, value)?,
            None => claims.add_any(&config.identity_claim, &self.identity)?,
        }
        if let Some(duration) = self.not_before_in {
            claims.add(member::NOT_BEFORE, &after(now, duration)?)?;
        } else if config.encode_nbf {
            claims.add(member::NOT_BEFORE, &now)?;
        }
        if config.cookie_csrf_protect {
            match extras.and_then(|extras| extras.csrf.as_ref()) {
                Some(csrf) => claims.add(member::CSRF, csrf)?,
                None => claims.add_id(member::CSRF, Uuid::new_v4()),
            }
        }
        if let Some(audience) = extras.and_then(|extras| extras.audience.as_ref()).or(config.encode_audience.as_ref()) {
            claims.add(member::AUDIENCE, audience)?;
        }
        if let Some(issuer) = extras.and_then(|extras| extras.issuer.as_ref()).or(config.encode_issuer.as_ref()) {
            claims.add(member::ISSUER, issuer)?;
        }
        if let Some(session) = &self.session {
            claims.add(member::SESSION_ID, &session.id)?;
            if let Some(rotation) = &session.rotation {
                claims.add(member::ROTATION, rotation)?;
            }
        }
        let expiration = self.expiration(now)?;
        if let Some(expiration) = expiration {
            claims.add(member::EXPIRATION, &expiration)?;
        }
        for (name, value) in extras.into_iter().flat_map(|extras| &extras.claims) {
            claims.add_any(name, value)?;
        }
        Ok((claims.into_json(), expiration))
    }

    /// The `iat` of a token that is made now.
    pub(super) fn issued_at(&self, now_ms: i64) -> i64 {
        self.issued_at_ms.unwrap_or(now_ms).div_euclid(1000)
    }

    fn expiration(&self, now: i64) -> Result<Option<i64>, IssueError> {
        let own = match self.lifetime {
            Lifetime::After(duration) => Some(after(now, duration)?),
            Lifetime::Never => None,
        };
        let session = self.session.as_ref().map(|session| session.ends_at_ms.div_euclid(1000));
        Ok(own.into_iter().chain(session.filter(|end| *end <= MAX_NUMERIC_DATE)).min())
    }
}

fn after(now: i64, duration: Duration) -> Result<i64, IssueError> {
    i64::try_from(duration.as_secs())
        .ok()
        .and_then(|seconds| now.checked_add(seconds))
        .filter(|time| *time <= MAX_NUMERIC_DATE)
        .ok_or(IssueError::LifetimeTooLong)
}

/// A JSON object in the making.
struct Claims(Vec<u8>);

impl Claims {
    fn new() -> Self {
        Self(Vec::with_capacity(1024))
    }

    /// A claim of the library's own, whose name is one of [`member`].
    fn add<T: Serialize + ?Sized>(&mut self, member: &'static str, value: &T) -> Result<(), IssueError> {
        self.0.extend_from_slice(member.as_bytes());
        self.value(value)
    }

    fn add_id(&mut self, member: &'static str, id: Uuid) {
        self.0.extend_from_slice(member.as_bytes());
        self.0.push(b'"');
        self.0.extend_from_slice(id.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        self.0.push(b'"');
    }

    /// A claim of any name.
    fn add_any<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), IssueError> {
        self.0.push(b',');
        self.value(name)?;
        self.0.push(b':');
        self.value(value)
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), IssueError> {
        serde_json::to_writer(&mut self.0, value).map_err(IssueError::Serialize)
    }

    fn into_json(mut self) -> Vec<u8> {
        // In the place of the first comma.
        if let Some(first) = self.0.first_mut() {
            *first = b'{';
        }
        self.0.push(b'}');
        self.0
    }
}
