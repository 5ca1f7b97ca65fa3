//! Reading and checking a username and its password: the same for every way to log in.

use crate::passwords::Unverified;
use crate::throttle::Throttle;
use crate::users::Users;
use actix_jwt_extended::JwtManager;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError, web};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// Far more than a username and a password need.
const MAX_BODY: usize = 16 * 1024;

/// So long it may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who sent the right pair.
pub async fn verified_username(
    jwt: &JwtManager,
    users: &Users,
    throttle: &Throttle,
    request: &HttpRequest,
    body: web::Payload,
) -> actix_web::Result<String> {
    let (username, password) = read(request, body).await?;
    let attempt = throttle.attempt(&username, jwt.client_address(request));
    // Before anything is hashed.
    throttle.check(attempt).map_err(Refusal::Throttled)?;
    match users.verify(&username, password).await {
        Ok(true) => Ok(throttle.succeeded(attempt).map(|()| username).map_err(Refusal::Throttled)?),
        Ok(false) => Err(throttle.failed(attempt).map_or_else(Refusal::Throttled, |()| Refusal::WrongPair).into()),
        Err(Unverified::Busy) => Err(Refusal::Busy.into()),
        Err(Unverified::Stopped(error)) => Err(error.into()),
    }
}

/// What Flask takes for JSON: `application/json`, and `application/` with the suffix `+json`.
fn is_json(request: &HttpRequest) -> bool {
    let kind = request.content_type().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// By hand, because `web::Json` would answer in its own words, and accept `text/json`.
async fn read(request: &HttpRequest, body: web::Payload) -> Result<(String, String), Refusal> {
    if !is_json(request) {
        return Err(Refusal::NotJson);
    }
    let body = timeout(PATIENCE, body.to_bytes_limited(MAX_BODY)).await.map_err(|_| Refusal::TooSlow)?;
    let body = body.map_err(|_| Refusal::TooLarge)?;
    let body = body.map_err(|_| Refusal::Malformed)?;
    let mut json: Value = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
    let username = take_parameter(&mut json, "username")?;
    let password = take_parameter(&mut json, "password")?;
    match (username, password) {
        (Value::String(username), Value::String(password)) => Ok((username, password)),
        // What is no text is nobody's name and nobody's password.
        _ => Err(Refusal::WrongPair),
    }
}

fn take_parameter(json: &mut Value, name: &'static str) -> Result<Value, Refusal> {
    json.get_mut(name).map(Value::take).filter(|value| !is_empty(value)).ok_or(Refusal::Missing(name))
}

/// What the Python example takes for absent: everything that is false there.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Why there is no token. Never says whether it was the username or the password.
#[derive(Debug)]
enum Refusal {
    NotJson,
    TooLarge,
    TooSlow,
    Malformed,
    Missing(&'static str),
    WrongPair,
    /// So many log in that this one would wait too long.
    Busy,
    /// So many have failed that the next one waits for so long.
    Throttled(Duration),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("Missing JSON in request"),
            Self::TooLarge => write!(f, "Request body is longer than {MAX_BODY} bytes"),
            Self::TooSlow => write!(f, "Request body did not arrive within {} seconds", PATIENCE.as_secs()),
            Self::Malformed => f.write_str("Malformed JSON in request"),
            Self::Missing(name) => write!(f, "Missing {name} parameter"),
            Self::WrongPair => f.write_str("Bad username or password"),
            Self::Busy => f.write_str("Too many logins at once; try again"),
            Self::Throttled(_) => f.write_str("Too many failed logins; try again later"),
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NotJson | Self::Malformed | Self::Missing(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::WrongPair => StatusCode::UNAUTHORIZED,
            Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            // RFC 9110 §15.5.2: a 401 names a scheme.
            Self::WrongPair => drop(response.insert_header((WWW_AUTHENTICATE, "Bearer"))),
            Self::Busy => drop(response.insert_header((RETRY_AFTER, "1"))),
            Self::Throttled(wait) => {
                // Rounded up: whoever comes then is let in.
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                response.insert_header((RETRY_AFTER, seconds.max(1)));
            }
            _ => {}
        }
        response.json(json!({ "msg": self.to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::FromRequest as _;
    use actix_web::dev::Payload;
    use actix_web::test::TestRequest;
    use futures_util::stream::{self, StreamExt as _};

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stalls_is_refused() {
        let request = TestRequest::post().insert_header(("Content-Type", "application/json")).to_http_request();
        let begun = stream::iter([Ok(web::Bytes::from_static(b"{"))]).chain(stream::pending());
        let mut payload = Payload::Stream { payload: begun.boxed_local() };
        let body = web::Payload::from_request(&request, &mut payload).await.unwrap();
        let refusal = read(&request, body).await.unwrap_err();
        assert_eq!(refusal.status_code(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(refusal.to_string(), "Request body did not arrive within 10 seconds");
    }
}
