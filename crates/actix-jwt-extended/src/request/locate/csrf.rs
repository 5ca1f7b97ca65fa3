//! Double-submit protection of cookies: where the value comes from, and the second line before it.

use super::body::{Body, find_field, is_form};
use super::websocket::is_upgrade;
use crate::config::{JwtConfig, Names};
use crate::error::{CsrfError, JwtError};
use actix_web::HttpRequest;
use actix_web::http::header::{HOST, ORIGIN};
use std::borrow::Cow;

/// The double-submit value of a request.
pub(crate) enum Found<'a, N> {
    /// Protection is off, or the method changes nothing.
    NotNeeded,
    Value(Cow<'a, str>),
    /// It may be in the form.
    NeedsBody(N),
}

/// Looks for the value that must equal the token's `csrf` claim: in the header, else in the form.
///
/// What the browser says of the request is asked first, and whether or not such a value is needed.
pub(crate) fn find<'a, B: Body<'a>>(
    request: &'a HttpRequest,
    config: &JwtConfig,
    names: Names<'_>,
    body: B,
) -> Result<Found<'a, B::Missing>, JwtError> {
    let method = request.method().as_str();
    let changes = config.csrf_methods.iter().any(|own| own.eq_ignore_ascii_case(method));
    // A WebSocket is a GET that any site may open with our cookies, and that does more than read.
    let matters = || changes || is_upgrade(request.headers());
    let needed = config.cookie_csrf_protect && changes;
    if config.csrf_fetch_metadata && matters() && !came_from(request, config.cookie_secure).is_trusted(needed) {
        return Err(JwtError::Csrf(CsrfError::CrossSite));
    }
    if !needed {
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
        match body.bytes() {
            Err(missing) => return Ok(Found::NeedsBody(missing)),
            Ok(body) => {
                if let Some(value) = find_field(body, names.csrf_field) {
                    return Ok(Found::Value(value));
                }
            }
        }
    }
    Err(JwtError::Csrf(CsrfError::Missing))
}

/// Where a browser says that a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CameFrom {
    /// Our own pages, the user, or a client that is no browser.
    Here,
    /// Another host of the same site, such as a subdomain.
    Sibling,
    Elsewhere,
}

impl CameFrom {
    /// A sibling must know the double-submit value; where none is asked for, nothing stands behind us.
    fn is_trusted(self, value_needed: bool) -> bool {
        match self {
            Self::Here => true,
            Self::Sibling => value_needed,
            Self::Elsewhere => false,
        }
    }
}

/// What the browser says: Fetch Metadata, else the `Origin`.
///
/// Silence is no verdict: clients that are no browsers send neither, and older browsers only the
/// second. `secure`: whether our cookies travel over HTTPS only.
fn came_from(request: &HttpRequest, secure: bool) -> CameFrom {
    let headers = request.headers();
    if let Some(site) = headers.get("sec-fetch-site") {
        return match site.as_bytes() {
            b"same-origin" | b"none" => CameFrom::Here,
            b"same-site" => CameFrom::Sibling,
            _ => CameFrom::Elsewhere,
        };
    }
    let Some(origin) = headers.get(ORIGIN) else { return CameFrom::Here };
    // HTTP/2 has no Host: there the authority says it.
    let authority = || request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let host = headers.get(HOST).map(|host| host.as_bytes()).or_else(authority).unwrap_or_default();
    let own = |scheme: &[u8], port: &[u8]| {
        // Browsers leave a scheme's own port out of both; proxies and other clients may write it (RFC 6454 §4).
        let bare = |authority| <[u8]>::strip_suffix(authority, port).unwrap_or(authority);
        origin.as_bytes().strip_prefix(scheme).is_some_and(|own| bare(own).eq_ignore_ascii_case(bare(host)))
    };
    // An origin of HTTPS is never doubted: behind a proxy that ends TLS, what arrives here looks like HTTP.
    if own(b"https://", b":443") || (own(b"http://", b":80") && !is_over_https(request, secure)) {
        CameFrom::Here
    } else {
        CameFrom::Elsewhere
    }
}

/// Whether the browser is known to have sent the request over HTTPS: our cookies would not have come
/// otherwise, the connection is one, or a proxy says so (`Forwarded`, `X-Forwarded-Proto`), which no
/// page can make a browser say to another site without CORS.
fn is_over_https(request: &HttpRequest, secure: bool) -> bool {
    secure || request.connection_info().scheme().eq_ignore_ascii_case("https")
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn from(lines: &[(&str, &str)]) -> CameFrom {
        let request = lines.iter().fold(TestRequest::default(), |request, line| request.insert_header(*line));
        came_from(&request.to_http_request(), false)
    }

    #[test]
    fn what_browsers_say() {
        assert_eq!(from(&[]), CameFrom::Here);
        for site in ["same-origin", "none"] {
            assert_eq!(from(&[("sec-fetch-site", site), ("origin", "https://evil.example")]), CameFrom::Here);
        }
        assert_eq!(from(&[("sec-fetch-site", "same-site")]), CameFrom::Sibling);
        for site in ["cross-site", "", "anything"] {
            assert_eq!(from(&[("sec-fetch-site", site)]), CameFrom::Elsewhere);
        }
        assert_eq!(from(&[("origin", "https://Own.example:8443"), ("host", "own.example:8443")]), CameFrom::Here);
        for origin in
            ["https://evil.example", "null", "https://own.example", "https://own.example:8443.evil.example", ""]
        {
            assert_eq!(from(&[("origin", origin), ("host", "own.example:8443")]), CameFrom::Elsewhere, "{origin}");
        }
        let h2 = TestRequest::default().uri("https://own.example/x").insert_header(("origin", "https://own.example"));
        assert_eq!(came_from(&h2.to_http_request(), false), CameFrom::Here);
    }

    #[test]
    fn a_schemes_own_port_may_be_said_or_not() {
        for (origin, host) in [
            ("https://own.example", "own.example:443"),
            ("https://own.example:443", "own.example"),
            ("http://own.example", "own.example:80"),
            ("http://[::1]", "[::1]:80"),
        ] {
            assert_eq!(from(&[("origin", origin), ("host", host)]), CameFrom::Here, "{origin} {host}");
        }
        for (origin, host) in [
            ("https://own.example", "own.example:80"),
            ("http://own.example", "own.example:443"),
            ("https://own.example", "own.example:4430"),
            ("https://own.example:443.evil.example", "own.example:443"),
            ("https://evil.example", "own.example:443"),
        ] {
            assert_eq!(from(&[("origin", origin), ("host", host)]), CameFrom::Elsewhere, "{origin} {host}");
        }
    }

    #[test]
    fn plain_http_is_another_origin_where_https_is_known() {
        let (host, plain) = (("host", "own.example"), ("origin", "http://own.example"));
        assert_eq!(from(&[host, plain]), CameFrom::Here);
        for said in [("x-forwarded-proto", "https"), ("forwarded", "proto=https")] {
            assert_eq!(from(&[host, plain, said]), CameFrom::Elsewhere);
            assert_eq!(from(&[host, ("origin", "https://own.example"), said]), CameFrom::Here);
        }
        let request = TestRequest::default().insert_header(host).insert_header(plain).to_http_request();
        assert_eq!(came_from(&request, true), CameFrom::Elsewhere);
        // A proxy that ends TLS and says nothing of it.
        assert_eq!(from(&[host, ("origin", "https://own.example")]), CameFrom::Here);
    }

    #[test]
    fn siblings_need_the_value() {
        for (from, with, without) in
            [(CameFrom::Here, true, true), (CameFrom::Sibling, true, false), (CameFrom::Elsewhere, false, false)]
        {
            assert_eq!((from.is_trusted(true), from.is_trusted(false)), (with, without));
        }
    }
}
