//! Keeping out of shared caches what is one user's.

use actix_web::http::header::{CACHE_CONTROL, HeaderMap, HeaderValue};

/// Whether no cache that several users share may keep the response.
pub(crate) fn is_kept_out(headers: &HeaderMap) -> bool {
    // A directive with names of fields keeps out these only: such a line is not taken for more.
    let lines = headers.get_all(CACHE_CONTROL).map(HeaderValue::as_bytes).filter(|line| !line.contains(&b'"'));
    let mut directives = lines.flat_map(|line| line.split(|byte| *byte == b','));
    directives.any(|directive| {
        let directive = directive.trim_ascii();
        directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store")
    })
}

/// The answer to a token in the URL (RFC 6750 §2.3). A cache knows it by that URL, and would give it to whoever asks for
/// that again, after a logout too.
#[cold]
pub(crate) fn make_private(headers: &mut HeaderMap) {
    if !is_kept_out(headers) {
        headers.append(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
}
