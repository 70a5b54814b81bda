//! Addresses: the shop's own, and the one a request came from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::{HeaderMap, request::Parts};
use ipnet::IpNet;

/// The shop's address as visitors see it, without a slash at its end. A request extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Arc<str>);

impl PublicUrl {
    /// From `PUBLIC_URL`; a slash at its end is dropped.
    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').into())
    }

    /// The address; empty where nobody told it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for PublicUrl {
    fn default() -> Self {
        Self::new("")
    }
}

/// The proxies whose forwarded headers count. A request extension.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// From `TRUSTED_PROXIES`.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// Whether the forwarded headers of this peer count.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.0.iter().any(|network| network.contains(&peer))
    }
}

/// The address of whoever asks: for rate limits, never for deciding what may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitorAddress(pub IpAddr);

impl VisitorAddress {
    /// What stands where a request came over no socket (tests).
    const NOWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED);

    /// The nearest address that is not a trusted proxy: `X-Forwarded-For` is read from its end, since only the
    /// entries that our own proxies added can be believed. One that cannot be read ends the reading.
    pub fn find(peer: IpAddr, headers: &HeaderMap, trusted: &TrustedProxies) -> Self {
        let mut nearest = peer.to_canonical();
        let named: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .collect();
        for entry in named.into_iter().rev() {
            let Some(before) = trusted.trusts(nearest).then(|| read(entry.trim())).flatten() else { break };
            nearest = before;
        }
        Self(nearest)
    }
}

/// An address with or without its port, with or without brackets.
fn read(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    let address =
        bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

impl<S: Send + Sync> FromRequestParts<S> for VisitorAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let trusted = parts.extensions.get::<TrustedProxies>().cloned().unwrap_or_default();
        let peer =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Self::NOWHERE, |peer| peer.0.ip());
        Ok(Self::find(peer, &parts.headers, &trusted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn seen(peer: &str, forwarded: &[&'static str]) -> String {
        let trusted = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(line));
        }
        VisitorAddress::find(peer.parse().unwrap(), &headers, &trusted).0.to_string()
    }

    #[test]
    fn only_trusted_proxies_may_say_who_asks() {
        assert_eq!(seen("203.0.113.9", &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", &["198.51.100.1"]), "203.0.113.9", "a visitor's own claim");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 198.51.100.1"]), "198.51.100.1", "1.2.3.4 was only claimed");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4, 198.51.100.1, 10.0.0.2"]), "198.51.100.1", "two proxies");
        assert_eq!(seen("10.0.0.1", &["1.2.3.4", "198.51.100.1"]), "198.51.100.1", "two lines are one list");
        assert_eq!(seen("10.0.0.1", &["198.51.100.1, nonsense"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn addresses_come_in_several_spellings() {
        assert_eq!(seen("::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(seen("::ffff:10.0.0.1", &["198.51.100.1:9000"]), "198.51.100.1");
    }
}
