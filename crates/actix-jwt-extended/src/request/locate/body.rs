//! A token in a JSON body, a CSRF value in a form: reading the body and giving it back whole.

use crate::config::JwtConfig;
use crate::encoding::strict_json::{NameSeed, Scalar, ScalarSeed};
use crate::error::{BodyError, JwtError, MissingToken};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, BytesMut};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::{FutureExt as _, StreamExt as _};
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;

/// The body of a request, as far as it has come.
pub(crate) trait Body<'a>: Copy {
    /// Why there are no bytes; has no value where there always are.
    type Missing;

    fn bytes(self) -> Result<&'a [u8], Self::Missing>;
}

/// A body that nobody has read yet.
#[derive(Clone, Copy)]
pub(crate) struct Unread;

impl Body<'_> for Unread {
    type Missing = Self;

    fn bytes(self) -> Result<&'static [u8], Self> {
        Err(self)
    }
}

/// One that has been read; empty where it cannot be.
impl<'a> Body<'a> for &'a [u8] {
    type Missing = Infallible;

    fn bytes(self) -> Result<&'a [u8], Infallible> {
        Ok(self)
    }
}

/// `application/json`, or an application's type that says it is JSON by its suffix (RFC 6839 §3.1).
pub(super) fn is_json(request: &HttpRequest) -> bool {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json") || {
        let is = |part: Option<&str>, text: &str| part.is_some_and(|part| part.eq_ignore_ascii_case(text));
        is(essence.get(..12), "application/") && is(essence.get(essence.len().saturating_sub(5)..), "+json")
    }
}

pub(crate) fn is_form(request: &HttpRequest) -> bool {
    request.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The first form field of the name, if it is not empty.
pub(crate) fn find_field<'a>(body: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    form_urlencoded::parse(body)
        .find_map(|(own, value)| (own == name).then_some(value))
        .filter(|value| !value.is_empty())
}

/// The string member of that name. What Python calls false counts as missing, as in FJE.
pub(super) fn find_json<'a>(body: &'a [u8], key: &str) -> Result<Cow<'a, [u8]>, JwtError> {
    let missing = || JwtError::from(MissingToken::JsonKey { key: key.to_owned() });
    let text = std::str::from_utf8(body).map_err(|_| missing())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let found = (&mut deserializer)
        .deserialize_map(KeyVisitor(key))
        .and_then(|found| deserializer.end().map(|()| found))
        .map_err(|_| missing())?;
    match found {
        Some(Scalar::Text(text)) if !text.is_empty() => Ok(match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }),
        None | Some(Scalar::Text(_) | Scalar::Null | Scalar::Bool(false) | Scalar::Int(0) | Scalar::Empty) => {
            Err(missing())
        }
        Some(Scalar::Float(0.0)) => Err(missing()),
        Some(_) => Err(JwtError::MalformedCredentials(format!("The \"{key}\" key in json data must be a string"))),
    }
}

/// Finds one member of an object; all others are passed over.
struct KeyVisitor<'a>(&'a str);

impl<'de> Visitor<'de> for KeyVisitor<'_> {
    type Value = Option<Scalar<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key_seed(NameSeed)? {
            if name != self.0 {
                map.next_value::<serde::de::IgnoredAny>()?;
            } else if found.replace(map.next_value_seed(ScalarSeed::PLAIN)?).is_some() {
                return Err(crate::encoding::strict_json::duplicate());
            }
        }
        Ok(found)
    }
}

/// Reads a whole body, within the settings' size and time.
pub(crate) async fn read(payload: Payload, config: &JwtConfig) -> Result<Bytes, BodyError> {
    match timeout(config.body_timeout, collect(payload, config.max_body_size)).await {
        Ok(result) => result,
        Err(_) => Err(BodyError::TimedOut),
    }
}

async fn collect(mut payload: Payload, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len().saturating_add(chunk.len()) > limit {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The body again, as it came, for whoever reads it next.
pub(crate) fn payload_of(body: impl Future<Output = Result<Bytes, BodyError>> + 'static) -> Payload {
    let body = body.map(|body| {
        body.map_err(|error| match error {
            BodyError::TooLarge => PayloadError::Overflow,
            BodyError::TimedOut | BodyError::Broken => PayloadError::Incomplete(None),
        })
    });
    Payload::from(futures_util::stream::once(body).boxed_local())
}
