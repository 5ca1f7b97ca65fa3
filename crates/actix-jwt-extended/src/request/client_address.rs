//! Who sent a request: the peer, or whoever a trusted proxy says it was.

use crate::config::{ForwardedHeader, TrustedProxies};
use crate::manager::JwtManager;
use actix_web::HttpRequest;
use actix_web::http::header::{FORWARDED, HeaderMap, X_FORWARDED_FOR};
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

impl JwtManager {
    /// The address that a request comes from: of the connection, or, where that is a proxy that
    /// [`trusted_proxies`](crate::JwtConfig::trusted_proxies) names, of whoever called the proxy. `None` where there is no
    /// address, as with a Unix socket.
    ///
    /// Each proxy appends the address that it was called from. So the header is read from its end, up to the first address
    /// that is no trusted proxy: the client may have written whatever stands before it. An entry that is no address ends the
    /// reading, too. actix-web's `realip_remote_addr` takes the first address, from whomever.
    ///
    /// ```
    /// use actix_jwt_extended::{JwtConfig, JwtManager};
    /// use actix_web::test::TestRequest;
    ///
    /// let config = JwtConfig::new().secret_key("an example's secret, 32 bytes or more").trusted_proxies(["10.0.0.0/8"]);
    /// let jwt = JwtManager::new(config)?;
    /// let request = TestRequest::default()
    ///     .peer_addr("10.0.0.1:4711".parse()?)
    ///     .insert_header(("X-Forwarded-For", "192.0.2.66, 203.0.113.9"))
    ///     .to_http_request();
    /// assert_eq!(jwt.client_address(&request), Some("203.0.113.9".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn client_address(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(behind(self.trusted_proxies(), self.config().forwarded_header, peer, request.headers()))
    }
}

fn behind(trusted: &TrustedProxies, header: ForwardedHeader, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let mut client = peer.to_canonical();
    if !trusted.contain(client) {
        return client;
    }
    let name = match header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => FORWARDED,
    };
    let lines: Vec<_> = headers.get_all(name).map(|line| line.to_str().unwrap_or_default()).collect();
    let entries = lines.iter().rev().flat_map(|line| match header {
        ForwardedHeader::XForwardedFor => line.split(',').map(|entry| Some(Cow::Borrowed(entry))).rev().collect(),
        ForwardedHeader::Forwarded => elements(line).into_iter().rev().collect::<Vec<_>>(),
    });
    for entry in entries {
        if !trusted.contain(client) {
            break;
        }
        // Behind what cannot be read nothing can be told: it counts for the proxy that passed it on.
        let Some(before) = entry.and_then(|entry| address(&entry)) else { break };
        client = before;
    }
    client
}

/// The `for` of each element of a `Forwarded` line (RFC 7239 §4), in their order; `None` for one without, and for a
/// line that cannot be read from there on: quotation marks may hide where its elements end.
fn elements(line: &str) -> Vec<Option<Cow<'_, str>>> {
    let (mut elements, mut found, mut rest) = (Vec::new(), None, line);
    loop {
        let Some((name, value, after)) = pair(rest) else {
            elements.push(None);
            return elements;
        };
        if name.eq_ignore_ascii_case("for") {
            found = Some(value);
        }
        rest = after.trim_start();
        match rest.as_bytes().first() {
            Some(b';') => {}
            Some(b',') => elements.push(found.take()),
            None => {
                elements.push(found);
                return elements;
            }
            Some(_) => {
                elements.push(None);
                return elements;
            }
        }
        rest = rest.get(1..).unwrap_or_default();
    }
}

/// `name=value` or `name="value"`, and what comes after.
fn pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, text) = text.split_once('=')?;
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',', ' ', '\t', '"']).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((name.trim(), value.into(), rest));
    };
    let (mut value, mut chars) = (String::new(), quoted.chars());
    loop {
        match chars.next()? {
            '"' => return Some((name.trim(), value.into(), chars.as_str())),
            '\\' => value.push(chars.next()?),
            char => value.push(char),
        }
    }
}

/// An address, with or without the port that some proxies add.
fn address(entry: &str) -> Option<IpAddr> {
    let text = entry.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::JwtConfig;
    use actix_web::http::header::HeaderValue;

    fn client(trusted: &[&str], header: ForwardedHeader, peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        let (right, wrong) = match header {
            ForwardedHeader::XForwardedFor => (X_FORWARDED_FOR, FORWARDED),
            ForwardedHeader::Forwarded => (FORWARDED, X_FORWARDED_FOR),
        };
        for line in lines {
            headers.append(right.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        // Of the other header nobody takes notice.
        headers.append(wrong, HeaderValue::from_static("for=192.0.2.250"));
        let trusted = TrustedProxies::of(&JwtConfig::new().trusted_proxies(trusted.to_vec())).unwrap();
        behind(&trusted, header, peer.parse().unwrap(), &headers).to_string()
    }

    fn by_x(trusted: &[&str], peer: &str, lines: &[&[u8]]) -> String {
        client(trusted, ForwardedHeader::XForwardedFor, peer, lines)
    }

    fn by_forwarded(lines: &[&[u8]]) -> String {
        client(&["10.0.0.0/8", "fd00::/8"], ForwardedHeader::Forwarded, "10.0.0.1", lines)
    }

    #[test]
    fn the_header_of_an_untrusted_peer_is_ignored() {
        for trusted in [&[][..], &["10.0.0.0/8"], &["192.0.2.2", "2001:db8::/32"]] {
            assert_eq!(by_x(trusted, "192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1", "{trusted:?}");
            let told = client(trusted, ForwardedHeader::Forwarded, "192.0.2.1", &[b"for=198.51.100.1"]);
            assert_eq!(told, "192.0.2.1", "{trusted:?}");
        }
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxy_is_the_client() {
        let trusted = ["10.0.0.0/8", "fd00::/8"];
        for (lines, expected) in [
            (&[&b"198.51.100.1"[..]][..], "198.51.100.1"),
            // The client has written the first one itself.
            (&[b"203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            (&[b"203.0.113.9,198.51.100.1 , 10.0.0.2,fd00::1"], "198.51.100.1"),
            (&[b"10.0.0.7, 198.51.100.1"], "198.51.100.1"),
            (&[b"203.0.113.9", b"198.51.100.1", b"10.0.0.2"], "198.51.100.1"),
            // Proxies all the way: the farthest.
            (&[b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(by_x(&trusted, "10.0.0.1", lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn an_entry_that_is_no_address_ends_the_walk() {
        for entry in [
            &b""[..],
            b" ",
            b"unknown",
            b"_hidden",
            b"198.51.100",
            b"198.51.100.1:",
            b"[2001:db8::1",
            b"1.2.3.4:99999",
            b"\xff",
        ] {
            let line = [b"203.0.113.9, ", entry].concat();
            assert_eq!(by_x(&["10.0.0.0/8"], "10.0.0.1", &[&line]), "10.0.0.1", "{entry:?}");
            let line = [b"203.0.113.9, ", entry, b", 10.0.0.2"].concat();
            // A line that is no text cannot be read at all.
            let expected = if entry == b"\xff" { "10.0.0.1" } else { "10.0.0.2" };
            assert_eq!(by_x(&["10.0.0.0/8"], "10.0.0.1", &[&line]), expected, "{entry:?}");
        }
    }

    #[test]
    fn one_address_is_spelt_in_many_ways() {
        for (entry, expected) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("::ffff:198.51.100.1", "198.51.100.1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            // As a socket for both families shows a peer with an IPv4 address.
            assert_eq!(by_x(&["10.0.0.1"], "::ffff:10.0.0.1", &[entry.as_bytes()]), expected);
            assert_eq!(by_forwarded(&[format!("for=\"{entry}\"").as_bytes()]), expected);
        }
    }

    /// The examples of RFC 7239 §4 to §6, and what quotation marks hide.
    #[test]
    fn forwarded_is_read_as_its_rfc_says() {
        for (lines, expected) in [
            (&[&b"for=192.0.2.60;proto=http;by=203.0.113.43"[..]][..], "192.0.2.60"),
            (&[b"For=\"[2001:db8:cafe::17]:4711\""], "2001:db8:cafe::17"),
            (&[b"for=192.0.2.43, for=198.51.100.17"], "198.51.100.17"),
            (&[b"for=192.0.2.43,FOR=\"10.0.0.2:80\" ; by=x"], "192.0.2.43"),
            (&[b"for=192.0.2.43", b"host=\"a, for=6.6.6.6;\\\"\"; for=fd00::1"], "192.0.2.43"),
            (&[b"for=192.0.2.43", b"host=\"a, for=6.6.6.6;\\\"\"; for=\"[fd00::1]\""], "192.0.2.43"),
            (&[b"for=192.0.2.43, for=\"1\\98.51.100.17\""], "198.51.100.17"),
            // No address, no `for`, or no end: nothing before it counts.
            (&[b"for=192.0.2.43, for=unknown"], "10.0.0.1"),
            (&[b"for=192.0.2.43, for=_SEVKISEK"], "10.0.0.1"),
            (&[b"for=192.0.2.43, proto=https"], "10.0.0.1"),
            (&[b"for=192.0.2.43, "], "10.0.0.1"),
            (&[b"for=192.0.2.43, for=\"198.51.100.17"], "10.0.0.1"),
            (&[b"for=192.0.2.43, for=198.51.100.17 x"], "10.0.0.1"),
            (&[b""], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(by_forwarded(lines), expected, "{lines:?}");
        }
    }
}
