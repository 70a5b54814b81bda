//! The origin rule (CONTRACT section 4): who may make a visitor's browser change something here. It replaces CSRF
//! tokens, so that a form has no secret to carry and a page is the same for everyone.

use axum::http::{HeaderMap, Method, header};
use url::{Host, Url};

/// Whether a method may not change anything (RFC 9110, 9.2.1).
pub fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether an unsafe request may pass. `own_host` is the host that the request was sent to, `public_url` the shop's.
///
/// A foreign `Origin` and a cross-site `Sec-Fetch-Site` are refused; `Origin: null` (a page that hides where it is
/// from) passes only where the browser says that it is our own; with neither header it is a script, which passes,
/// since no browser of a visitor was involved.
pub fn passes(headers: &HeaderMap, own_host: Option<&str>, public_url: &str) -> bool {
    let fetch_site = headers.get("sec-fetch-site").map(|value| value.as_bytes());
    if fetch_site == Some(b"cross-site") {
        return false;
    }
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let Some(origin) = origins.next() else { return true };
    match origin.to_str() {
        _ if origins.next().is_some() => false,
        Ok("null") => fetch_site == Some(b"same-origin"),
        Ok(origin) => is_ours(origin, own_host, public_url),
        Err(_) => false,
    }
}

/// An origin is ours if it equals the public address's, or if its host is the one that the request was sent to.
fn is_ours(origin: &str, own_host: Option<&str>, public_url: &str) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let public = Url::parse(public_url).ok().filter(|public| public.scheme() == origin.scheme());
    // `Host` does not say its scheme: the origin's decides which port is meant by none.
    let own = own_host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    [public, own].into_iter().flatten().any(|ours| same_place(&origin, &ours))
}

fn same_place(one: &Url, other: &Url) -> bool {
    let same_host = match (one.host(), other.host()) {
        (Some(one), Some(other)) => one == other || (is_loopback(&one) && is_loopback(&other)),
        _ => false,
    };
    same_host && one.port_or_known_default() == other.port_or_known_default()
}

/// All names of this machine are one host.
fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn asked(origin: Option<&'static str>, site: Option<&'static str>, host: &str, public: &str) -> bool {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        if let Some(site) = site {
            headers.insert("sec-fetch-site", HeaderValue::from_static(site));
        }
        passes(&headers, Some(host), public)
    }

    #[test]
    fn our_own_origins_pass_and_foreign_ones_do_not() {
        let shop = |origin, site| asked(Some(origin), site, "10.0.0.7:3000", "https://shop.example");
        assert!(shop("https://shop.example", Some("same-origin")));
        assert!(shop("https://shop.example:443", None), "the default port, said aloud");
        assert!(shop("http://10.0.0.7:3000", None), "the request's own host");
        assert!(!shop("http://shop.example", None), "another scheme on the public name");
        assert!(!shop("https://shop.example:8443", None));
        assert!(!shop("https://evil.example", None));
        assert!(!shop("https://shop.example.evil.example", None));
        assert!(!shop("https://evil.example", Some("same-origin")), "headers that contradict each other");
        assert!(!shop("https://shop.example", Some("cross-site")));
        assert!(!shop("http://10.0.0.7:3001", None));
        assert!(!shop("chrome-extension://abc", None) && !shop("nonsense", None) && !shop("", None));
    }

    #[test]
    fn a_hidden_origin_passes_only_as_our_own() {
        let hidden = |site| asked(Some("null"), site, "shop.example", "https://shop.example");
        assert!(hidden(Some("same-origin")));
        assert!(
            !hidden(None)
                && !hidden(Some("same-site"))
                && !hidden(Some("none"))
                && !hidden(Some("cross-site"))
        );
    }

    #[test]
    fn scripts_pass_and_cross_site_requests_without_origin_do_not() {
        assert!(asked(None, None, "shop.example", "https://shop.example"));
        assert!(asked(None, Some("same-origin"), "shop.example", "https://shop.example"));
        assert!(asked(None, Some("none"), "shop.example", "https://shop.example"));
        assert!(!asked(None, Some("cross-site"), "shop.example", "https://shop.example"));
    }

    #[test]
    fn the_names_of_this_machine_are_one_host() {
        let here = |origin| asked(Some(origin), None, "127.0.0.1:3000", "http://127.0.0.1:3000");
        assert!(here("http://localhost:3000") && here("http://[::1]:3000") && here("http://127.0.0.1:3000"));
        assert!(!here("http://localhost:3001") && !here("http://localhost"));
        assert!(!here("http://localhost.evil.example:3000") && !here("http://192.168.0.1:3000"));
    }

    #[test]
    fn two_origins_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(header::ORIGIN, HeaderValue::from_static("https://shop.example"));
        headers.append(header::ORIGIN, HeaderValue::from_static("https://evil.example"));
        assert!(!passes(&headers, Some("shop.example"), "https://shop.example"));
    }
}
