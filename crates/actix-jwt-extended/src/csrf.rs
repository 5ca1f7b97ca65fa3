//! Double-submit protection of cookies: where the value comes from, and the second line before it.

use crate::config::{JwtConfig, Names};
use crate::error::{CsrfError, JwtError};
use crate::locate::body::{find_field, is_form};
use crate::locate::websocket::is_upgrade;
use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use std::borrow::Cow;

/// The double-submit value of a request.
pub(crate) enum Found<'a> {
    /// Protection is off, or the method changes nothing.
    NotNeeded,
    Value(Cow<'a, str>),
    /// It may be in the form.
    NeedsBody,
}

/// Looks for the value that must equal the token's `csrf` claim: in the header, else in the form.
pub(crate) fn find<'a>(
    request: &'a HttpRequest,
    config: &JwtConfig,
    names: Names<'_>,
    body: Option<&'a [u8]>,
) -> Result<Found<'a>, JwtError> {
    if !config.cookie_csrf_protect {
        return Ok(Found::NotNeeded);
    }
    let method = request.method().as_str();
    let changes = config.csrf_methods.iter().any(|own| own.eq_ignore_ascii_case(method));
    // A WebSocket is a GET that any site may open with our cookies, and that does more than read.
    let matters = changes || is_upgrade(request.headers());
    if config.csrf_fetch_metadata && matters && is_cross_site(request) {
        return Err(JwtError::Csrf(CsrfError::CrossSite));
    }
    if !changes {
        return Ok(Found::NotNeeded);
    }
    let lines: Vec<_> = request.headers().get_all(names.csrf_header).filter_map(|line| line.to_str().ok()).collect();
    match lines.as_slice() {
        [] | [""] => {}
        [value] => return Ok(Found::Value((*value).into())),
        // Several lines are one list (RFC 9110 §5.3), which is nobody's value.
        several => return Ok(Found::Value(several.join(",").into())),
    }
    if config.csrf_check_form && is_form(request) {
        match body {
            None => return Ok(Found::NeedsBody),
            Some(body) => {
                if let Some(value) = find_field(body, names.csrf_field) {
                    return Ok(Found::Value(value));
                }
            }
        }
    }
    Err(JwtError::Csrf(CsrfError::Missing))
}

/// What the browser says of where the request comes from: Fetch Metadata, else the `Origin`.
///
/// Silence is no verdict: clients that are no browsers send neither, and older browsers only the
/// second.
fn is_cross_site(request: &HttpRequest) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"same-site" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    // HTTP/2 has no Host: there the authority says it.
    let authority = || request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let host = headers.get(HOST).map(|host| host.as_bytes()).or_else(authority).unwrap_or_default();
    let own = |scheme: &[u8]| origin.as_bytes().strip_prefix(scheme).is_some_and(|own| own.eq_ignore_ascii_case(host));
    !(own(b"https://") || own(b"http://"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn cross_site(lines: &[(&str, &str)]) -> bool {
        let request = lines.iter().fold(TestRequest::default(), |request, line| request.insert_header(*line));
        is_cross_site(&request.to_http_request())
    }

    #[test]
    fn what_browsers_say() {
        assert!(!cross_site(&[]));
        for site in ["same-origin", "same-site", "none"] {
            assert!(!cross_site(&[("sec-fetch-site", site), ("origin", "https://evil.example")]));
        }
        for site in ["cross-site", "", "anything"] {
            assert!(cross_site(&[("sec-fetch-site", site)]));
        }
        assert!(!cross_site(&[("origin", "https://Own.example:8443"), ("host", "own.example:8443")]));
        for origin in
            ["https://evil.example", "null", "https://own.example", "https://own.example:8443.evil.example", ""]
        {
            assert!(cross_site(&[("origin", origin), ("host", "own.example:8443")]), "{origin}");
        }
        let h2 = TestRequest::default().uri("https://own.example/x").insert_header(("origin", "https://own.example"));
        assert!(!is_cross_site(&h2.to_http_request()));
    }
}
