//! The proxies in front of the application: whose word about a client's address counts, and what they let through.

use super::value::{FromSetting, SettingValue};
use super::{JwtConfig, Location, OneOrMany};
use ipnet::IpNet;
use std::net::IpAddr;

/// The header by which trusted proxies tell who called them.
///
/// ```
/// use actix_jwt_extended::{ForwardedHeader, JwtConfig};
/// let config = JwtConfig::new().trusted_proxies(["10.0.0.0/8"]).forwarded_header(ForwardedHeader::Forwarded);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardedHeader {
    /// `X-Forwarded-For: 203.0.113.9, 10.0.0.2`.
    XForwardedFor,
    /// `Forwarded: for=203.0.113.9, for="[2001:db8::1]:4711"` (RFC 7239).
    Forwarded,
}

impl FromSetting for ForwardedHeader {
    const EXPECTED: &'static str = "\"X-Forwarded-For\" or \"Forwarded\"";

    fn from_setting(value: SettingValue) -> Option<Self> {
        let name = String::from_setting(value)?;
        [("X-Forwarded-For", Self::XForwardedFor), ("Forwarded", Self::Forwarded)]
            .into_iter()
            .find_map(|(known, header)| name.trim().eq_ignore_ascii_case(known).then_some(header))
    }
}

/// Addresses and networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) const EXPECTED: &str = "a list of addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]";

    /// `None` = one of them is neither.
    pub(crate) fn of(config: &JwtConfig) -> Option<Self> {
        config.trusted_proxies.iter().flat_map(OneOrMany::iter).map(network).collect::<Option<_>>().map(Self)
    }

    /// `address` in its canonical form.
    pub(crate) fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| address.to_canonical().into()))
}

/// So long a line of a header may be for nginx, Apache httpd and Varnish as they come.
const PROXIES_TAKE: usize = 8_190;

/// The longest tokens would be refused by what stands in front of the application, each time it is somebody's first.
pub(crate) fn warn_of_long_headers(config: &JwtConfig) {
    let line = config.header_name.len() + ": ".len() + config.header_type.len() + " ".len() + config.max_token_size;
    if config.token_location.contains(&Location::Headers) && line > PROXIES_TAKE {
        log::warn!(
            "JWT_MAX_TOKEN_SIZE = {} allows headers of {line} bytes; nginx, Apache httpd and Varnish refuse more than \
             {PROXIES_TAKE} unless they are told otherwise",
            config.max_token_size
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_or_networks() {
        let of = |text: &str| TrustedProxies::of(&JwtConfig::new().trusted_proxies(["10.0.0.1", text]));
        for right in ["10.0.0.1", " 10.0.0.0/8 ", "::1", "fd00::/8", "0.0.0.0/0", "::ffff:10.0.0.1"] {
            assert!(of(right).is_some(), "{right}");
        }
        for wrong in ["", "10.0.0.0/33", "10.0.0", "10.0.0.0/", "proxy.example", "10.0.0.1:80", "*"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
