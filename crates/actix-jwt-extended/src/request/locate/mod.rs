//! Finding the one candidate in a request. Borrows from the request; judges nothing of the token.

pub(crate) mod body;
mod cookie;
mod csrf;
mod header;
mod query;
pub(crate) mod websocket;

use crate::config::{JwtConfig, Location, Names};
use crate::error::{JwtError, MissingToken};
use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;
use body::Body;
use std::borrow::Cow;

/// What was found, and where. No `Debug`: it holds a token that nobody has judged.
pub(crate) struct Candidate<'a> {
    pub(crate) token: Cow<'a, [u8]>,
    pub(crate) location: Location,
    /// The double-submit value, where one is needed: what the token's `csrf` claim must equal.
    pub(crate) csrf: Option<Cow<'a, str>>,
}

/// How a search ended.
pub(crate) enum Located<'a, N> {
    Found(Candidate<'a>),
    /// The body decides: search again with it.
    NeedsBody(N),
}

/// A request, and what is to be looked for in it.
pub(crate) struct Search<'a, B> {
    pub(crate) request: &'a HttpRequest,
    pub(crate) config: &'a JwtConfig,
    /// `JWT_HEADER_NAME`, ready for a look-up.
    pub(crate) header_name: &'a HeaderName,
    pub(crate) locations: &'a [Location],
    /// Whether the names of refresh tokens are in force.
    pub(crate) refresh: bool,
    pub(crate) body: B,
}

impl<'a, B: Body<'a>> Search<'a, B> {
    /// The first location that holds a candidate decides.
    pub(crate) fn run(&self) -> Result<Located<'a, B::Missing>, JwtError> {
        // Nearly always there is one location: its own reason is the answer.
        if let [location] = self.locations {
            return self.look_in(*location);
        }
        let mut reasons = Vec::new();
        for location in self.locations {
            match self.look_in(*location) {
                Err(JwtError::MissingToken(reason)) => reasons.push(reason),
                decided => return decided,
            }
        }
        Err(JwtError::MissingToken(match self.locations {
            [] => MissingToken::Header { name: self.config.header_name.clone() },
            locations => MissingToken::Everywhere {
                locations: locations.iter().map(|location| location.as_str()).collect(),
                reasons,
            },
        }))
    }

    fn look_in(&self, location: Location) -> Result<Located<'a, B::Missing>, JwtError> {
        let names = || self.config.names(self.refresh);
        let (token, csrf) = match location {
            Location::Headers => (header::find(self.request.headers(), self.header_name, self.config)?.into(), None),
            Location::QueryString => (query::find(self.request.query_string(), self.config)?, None),
            Location::Cookies => {
                let names = names();
                let token = cookie::find(self.request.headers(), names.cookie)
                    .ok_or_else(|| MissingToken::Cookie { name: names.cookie.to_owned() })?;
                return self.with_csrf(token, names);
            }
            Location::WebSocket => {
                (websocket::find(self.request.headers()).ok_or(MissingToken::WebSocket)?.into(), None)
            }
            Location::Json => {
                if !body::is_json(self.request) {
                    return Err(MissingToken::ContentType.into());
                }
                match self.body.bytes() {
                    Ok(body) => (body::find_json(body, names().json_key)?, None),
                    Err(missing) => return Ok(Located::NeedsBody(missing)),
                }
            }
        };
        Ok(Located::Found(Candidate { token, location, csrf }))
    }
}

impl<'a, B: Body<'a>> Search<'a, B> {
    /// Another cookie of the name, where the first was found: `at` = 1 is the second.
    pub(crate) fn further_cookie(&self, at: usize) -> Option<Candidate<'a>> {
        let names = self.config.names(self.refresh);
        let token = cookie::find_further(self.request.headers(), names.cookie, at)?;
        match self.with_csrf(token, names) {
            Ok(Located::Found(candidate)) => Some(candidate),
            // The first cookie had the same answer.
            Ok(Located::NeedsBody(_)) | Err(_) => None,
        }
    }

    fn with_csrf(&self, token: &'a [u8], names: Names<'_>) -> Result<Located<'a, B::Missing>, JwtError> {
        let csrf = match csrf::find(self.request, self.config, names, self.body)? {
            csrf::Found::NotNeeded => None,
            csrf::Found::Value(value) => Some(value),
            csrf::Found::NeedsBody(missing) => return Ok(Located::NeedsBody(missing)),
        };
        Ok(Located::Found(Candidate { token: token.into(), location: Location::Cookies, csrf }))
    }
}

/// The values of all cookies of a name, in their order.
pub(crate) fn cookies<'a>(request: &'a HttpRequest, name: &str) -> impl Iterator<Item = &'a [u8]> {
    cookie::all(request.headers(), name)
}

/// The parts of a header's line, empty ones too. Tokens are long: so many bytes are looked at in one step.
fn split_at(separator: u8, line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let (part, tail) = match memchr::memchr(separator, line) {
            Some(at) => (line.get(..at)?, line.get(at + 1..)),
            None => (line, None),
        };
        rest = tail;
        Some(part)
    })
}

/// What may well be the token, if the header is the first location. Only a text that is known from before is
/// surely the one that [`Search::run`] would find: a verified token has no comma and no space.
pub(crate) fn at_first_glance<'a>(request: &'a HttpRequest, name: &HeaderName, config: &JwtConfig) -> Option<&'a [u8]> {
    header::at_first_glance(request.headers(), name, &config.header_type)
}
