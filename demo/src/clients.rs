//! Who sent a request: the peer, or whoever a trusted proxy says it was.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The proxies whose `X-Forwarded-For` is believed. By default none: anybody can send that header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Addresses and networks, such as `10.0.0.1` and `10.0.0.0/8`.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        entries.into_iter().map(network).collect::<Option<_>>().map(Self)
    }

    /// Where the request comes from; `None` where there is no address, as with a Unix socket.
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        Some(self.behind(request.peer_addr()?.ip(), request.headers()))
    }

    /// Each proxy appends the address that it was called from. So the walk begins at the end, and stops at the first
    /// address that is no trusted proxy: whatever stands before it, that client may have written itself.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
        let entries = lines.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
        for entry in entries {
            if !self.trusts(client) {
                break;
            }
            // Behind what cannot be read nothing can be told: it counts for the proxy that passed it on.
            let Some(before) = address(entry) else { break };
            client = before;
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| address.to_canonical().into()))
}

/// An address, with or without the port that some proxies add.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    address.or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn client(trusted: &[&str], peer: &str, lines: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_bytes(line).unwrap());
        }
        let trusted = TrustedProxies::parse(trusted.iter().copied()).unwrap();
        trusted.behind(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn the_header_of_an_untrusted_peer_is_ignored() {
        for trusted in [&[][..], &["10.0.0.0/8"], &["192.0.2.2", "2001:db8::/32"]] {
            assert_eq!(client(trusted, "192.0.2.1", &[b"198.51.100.1"]), "192.0.2.1", "{trusted:?}");
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
            assert_eq!(client(&trusted, "10.0.0.1", lines), expected, "{lines:?}");
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
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[&line]), "10.0.0.1", "{entry:?}");
            let line = [b"203.0.113.9, ", entry, b", 10.0.0.2"].concat();
            assert_eq!(client(&["10.0.0.0/8"], "10.0.0.1", &[&line]), "10.0.0.2", "{entry:?}");
        }
    }

    #[test]
    fn one_address_is_spelt_in_many_ways() {
        for (entry, expected) in [
            (&b"198.51.100.1:4711"[..], "198.51.100.1"),
            (b"::ffff:198.51.100.1", "198.51.100.1"),
            (b"2001:DB8:0::1", "2001:db8::1"),
            (b"[2001:db8::1]", "2001:db8::1"),
            (b"[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            // As a socket for both families shows a peer with an IPv4 address.
            assert_eq!(client(&["10.0.0.1"], "::ffff:10.0.0.1", &[entry]), expected);
        }
    }

    #[test]
    fn proxies_are_addresses_or_networks() {
        for right in ["10.0.0.1", " 10.0.0.0/8 ", "::1", "fd00::/8", "0.0.0.0/0", "::ffff:10.0.0.1"] {
            assert!(TrustedProxies::parse([right]).is_some(), "{right}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0", "10.0.0.0/", "proxy.example", "10.0.0.1:80", "*"] {
            assert_eq!(TrustedProxies::parse(["10.0.0.1", wrong]), None, "{wrong}");
        }
    }
}
