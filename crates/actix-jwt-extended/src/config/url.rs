//! URLs as metadata documents and challenges name them.

use actix_web::http::Uri;

/// An absolute https URL (RFC 9110 §4.2.2) without user and fragment, which is as good within quotes as anywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HttpsUrl<'a> {
    /// Scheme, host and port.
    pub(crate) origin: &'a str,
    /// Empty, or from its first slash on.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
}

impl<'a> HttpsUrl<'a> {
    pub(crate) const KIND: &'static str = "an https URL";
    pub(crate) const EXPECTED: &'static str = "an https URL without fragment";

    /// `None` = it is none.
    pub(crate) fn read(text: &'a str) -> Option<Self> {
        const SCHEME: &str = "https://";
        let rest = text.strip_prefix(SCHEME)?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at_checked(end)?;
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let in_url = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
        let is_whole = text.bytes().all(in_url) && !authority.contains('@') && is_escaped(text);
        let uri: Uri = text.parse().ok().filter(|_| is_whole)?;
        let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
        let is_host = uri.host().is_some_and(|host| !host.is_empty());
        if !is_host || port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return None;
        }
        Some(Self { origin: text.get(..SCHEME.len() + end)?, path, query })
    }
}

/// Whether each `%` begins an octet.
fn is_escaped(text: &str) -> bool {
    let is_octet = |rest: &str| rest.get(..2).is_some_and(|octet| octet.bytes().all(|byte| byte.is_ascii_hexdigit()));
    text.split('%').skip(1).all(is_octet)
}

#[cfg(test)]
mod tests {
    use super::HttpsUrl;

    #[test]
    fn only_https_urls_that_are_whole() {
        for (text, origin, path, query) in [
            ("https://a.example", "https://a.example", "", None),
            ("https://a.example/", "https://a.example", "/", None),
            ("https://a.example:8443/b/c?d=e?f", "https://a.example:8443", "/b/c", Some("d=e?f")),
            ("https://[::1]:1/%20", "https://[::1]:1", "/%20", None),
            ("https://127.0.0.1?q", "https://127.0.0.1", "", Some("q")),
        ] {
            let url = HttpsUrl::read(text).expect(text);
            assert_eq!((url.origin, url.path, url.query), (origin, path, query));
        }
        for text in [
            "",
            "https://",
            "https:///path",
            "https://:443/",
            "https://?q",
            "http://a.example",
            "HTTPS://a.example",
            "ftp://a.example",
            "//a.example",
            "a.example",
            "https:a.example",
            "https://a.example#",
            "https://a.example/#part",
            "https://ada@a.example/",
            "https://a.example:http/",
            "https://a.example:/",
            "https://a.example:65536/",
            "https://a.example/ b",
            " https://a.example",
            "https://a.example/\"",
            "https://a.example/\\",
            "https://a.example/{id}",
            "https://a.example/<",
            "https://a.example/\r\nx: y",
            "https://a.example/ü",
            "https://ü.example",
            "https://a.example/%",
            "https://a.example/%2",
            "https://a.example/%zz",
        ] {
            assert!(HttpsUrl::read(text).is_none(), "{text:?}");
        }
    }
}
