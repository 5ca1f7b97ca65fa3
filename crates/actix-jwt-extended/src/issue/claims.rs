//! The claims of a new token: Flask-JWT-Extended's in its order, then one's own.

use super::{Fresh, TokenBuilder, after};
use crate::claims::{MAX_NUMERIC_DATE, name};
use crate::config::Lifetime;
use crate::error::IssueError;
use crate::manager::jwt_id_of;
use serde::Serialize;
use uuid::Uuid;

impl TokenBuilder<'_> {
    pub(super) fn claims_json(&self) -> Result<Vec<u8>, IssueError> {
        let config = self.manager.config();
        let now_ms = self.manager.now_ms();
        let now = self.issued_at_ms.unwrap_or(now_ms).div_euclid(1000);
        let mut claims = Claims::with_capacity(384);
        match self.fresh {
            Fresh::Bool(fresh) => claims.add(name::FRESH, &fresh)?,
            Fresh::For(duration) => {
                claims.add(name::FRESH, &after(now, duration).unwrap_or(MAX_NUMERIC_DATE))?;
            }
        }
        claims.add(name::ISSUED_AT, &now)?;
        match &self.jwt_id {
            Some(jwt_id) => claims.add(name::JWT_ID, jwt_id)?,
            None => claims.add_id(name::JWT_ID, jwt_id_of(self.manager.issue_time_at(now_ms))),
        }
        claims.add(name::TYPE, self.token_type.as_str())?;
        match &self.identity_value {
            Some(value) => claims.add_any(&config.identity_claim, value)?,
            None => claims.add_any(&config.identity_claim, &self.identity)?,
        }
        if let Some(duration) = self.not_before_in {
            claims.add(name::NOT_BEFORE, &after(now, duration)?)?;
        } else if config.encode_nbf {
            claims.add(name::NOT_BEFORE, &now)?;
        }
        if config.cookie_csrf_protect {
            match &self.csrf {
                Some(csrf) => claims.add(name::CSRF, csrf)?,
                None => claims.add_id(name::CSRF, Uuid::new_v4()),
            }
        }
        if let Some(audience) = self.audience.as_ref().or(config.encode_audience.as_ref()) {
            claims.add(name::AUDIENCE, audience)?;
        }
        if let Some(issuer) = self.issuer.as_ref().or(config.encode_issuer.as_ref()) {
            claims.add(name::ISSUER, issuer)?;
        }
        if let Some(session) = &self.session {
            claims.add(name::SESSION_ID, &session.id)?;
            if let Some(rotation) = &session.rotation {
                claims.add(name::ROTATION, rotation)?;
            }
        }
        if let Some(expiration) = self.expiration(now)? {
            claims.add(name::EXPIRATION, &expiration)?;
        }
        for (name, value) in &self.claims {
            claims.add_any(name, value)?;
        }
        Ok(claims.into_json())
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

/// A JSON object in the making.
struct Claims(Vec<u8>);

impl Claims {
    fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// A claim of the library's own: its name needs no escapes.
    fn add<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), IssueError> {
        self.name(name);
        self.value(value)
    }

    fn add_any<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), IssueError> {
        self.0.push(self.separator());
        self.value(name)?;
        self.0.push(b':');
        self.value(value)
    }

    fn add_id(&mut self, name: &'static str, id: Uuid) {
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(id.hyphenated().encode_lower(&mut [0; 36]).as_bytes());
        self.0.push(b'"');
    }

    fn separator(&self) -> u8 {
        if self.0.is_empty() { b'{' } else { b',' }
    }

    fn name(&mut self, name: &'static str) {
        self.0.extend_from_slice(&[self.separator(), b'"']);
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), IssueError> {
        serde_json::to_writer(&mut self.0, value).map_err(IssueError::Serialize)
    }

    fn into_json(mut self) -> Vec<u8> {
        self.0.push(b'}');
        self.0
    }
}
