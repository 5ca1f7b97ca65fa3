//! A token in a cookie (RFC 6265 §5.4), found without building a jar of all the others.

use super::split_at;
use actix_web::http::header::{COOKIE, HeaderMap};

/// The first cookie of that name, over all `Cookie` lines; `None` also if it is empty.
///
/// A pair without `=` is passed over: browsers send that for a cookie without a name, which another host
/// of the site may have planted to look like ours (RFC 6265bis). Quotes around a value are not part of it.
pub(super) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    all(headers, name).next().filter(|value| !value.is_empty())
}

/// One of those after it: `at` = 1 is the second.
pub(super) fn find_further<'a>(headers: &'a HeaderMap, name: &str, at: usize) -> Option<&'a [u8]> {
    all(headers, name).nth(at).filter(|value| !value.is_empty())
}

pub(super) fn all<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = headers.get_all(COOKIE).flat_map(|line| split_at(b';', line.as_bytes()));
    pairs.filter_map(split).filter(move |(own, _)| *own == name.as_bytes()).map(|(_, value)| value)
}

fn split(pair: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'=', pair)?;
    let (name, value) = pair.split_at_checked(at)?;
    let value = value.get(1..)?.trim_ascii();
    let unquoted = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
    Some((name.trim_ascii(), unquoted.unwrap_or(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn found(lines: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
        }
        find(&headers, "token").map(|value| String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn the_first_of_that_name_counts() {
        assert_eq!(found(&["token=a"]).as_deref(), Some("a"));
        assert_eq!(found(&["x=1; token=a; token=b"]).as_deref(), Some("a"));
        assert_eq!(found(&["x=1", "token=a", "token=b"]).as_deref(), Some("a"));
        assert_eq!(found(&["token=; token=b"]), None);
        assert_eq!(found(&["Token=a"]), None);
        assert_eq!(found(&["xtoken=a; tokenx=b; x=token=a"]), None);
        assert_eq!(found(&[]), None);
    }

    #[test]
    fn the_others_of_that_name_in_their_order() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("token=a; x=1; token=b"));
        headers.append(COOKIE, HeaderValue::from_static("token=; token=c"));
        let found: Vec<_> = (1..5).map(|at| find_further(&headers, "token", at)).collect();
        assert_eq!(found, [Some(&b"b"[..]), None, Some(b"c"), None]);
    }

    #[test]
    fn white_space_quotes_and_broken_pairs() {
        assert_eq!(found(&["  token  =  a  ;x"]).as_deref(), Some("a"));
        assert_eq!(found(&["token=\"a\""]).as_deref(), Some("a"));
        assert_eq!(found(&["token=\"a"]).as_deref(), Some("\"a"));
        assert_eq!(found(&["token=\""]).as_deref(), Some("\""));
        assert_eq!(found(&["token=\"\""]), None);
        assert_eq!(found(&["token; ;=;==; ; =x; token=a=b"]).as_deref(), Some("a=b"));
    }
}
