//! The security floor: what every answer carries, and which requests are refused before a handler sees them.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::address::{PublicUrl, TrustedProxies};
use super::{Problem, origin};

/// What the floor is made of; a clone is cheap.
#[derive(Clone, Debug)]
pub struct Floor(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    public_url: PublicUrl,
    trusted_proxies: TrustedProxies,
    /// The policy of every page, and of the pages that lead to a payment page elsewhere.
    policy: HeaderValue,
    paying_policy: HeaderValue,
    https: bool,
}

impl Floor {
    /// `payment_origins`: where checkout's and the order page's forms may lead by a redirect besides here (Stripe's
    /// hosted page); without them Chromium blocks that redirect.
    ///
    /// # Errors
    /// Where an origin cannot stand in a header.
    pub fn new(
        public_url: PublicUrl,
        trusted_proxies: TrustedProxies,
        payment_origins: &[String],
    ) -> anyhow::Result<Self> {
        let https = public_url.as_str().starts_with("https://");
        let policy = HeaderValue::from_str(&policy(&[]))?;
        let paying_policy = HeaderValue::from_str(&self::policy(payment_origins))?;
        Ok(Self(Arc::new(Inner { public_url, trusted_proxies, policy, paying_policy, https })))
    }

    /// The host that a request was sent to: a trusted proxy may say which one the visitor used.
    fn own_host<'a>(&self, request: &'a Request) -> Option<&'a str> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
        let forwarded = peer
            .filter(|peer| self.0.trusted_proxies.trusts(*peer))
            .and_then(|_| request.headers().get("x-forwarded-host"));
        let host = forwarded.or_else(|| request.headers().get(header::HOST));
        let named = host.and_then(|host| host.to_str().ok());
        named.or_else(|| request.uri().authority().map(|authority| authority.as_str()))
    }
}

/// Nothing but our own files, no inline script or style, no frame around us.
fn policy(payment_origins: &[String]) -> String {
    let form_action = ["'self'"].into_iter().chain(payment_origins.iter().map(String::as_str));
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         manifest-src 'self'; form-action {}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
        form_action.collect::<Vec<_>>().join(" ")
    )
}

/// Whether a page's form may end at the payment page.
fn leads_to_payment(path: &str) -> bool {
    matches!(path.split('/').nth(1), Some("checkout" | "orders" | "cart"))
}

/// A layer: puts the shop's address and the trusted proxies at every extractor's hand, and gives every answer the
/// floor's headers. What a handler set itself stays, so that one that needs a stricter policy can have it. An answer
/// that says nothing of its keeping is kept by nobody. Outside [`super::problem::render`].
pub async fn floor(State(floor): State<Floor>, mut request: Request, next: Next) -> Response {
    let policy = match leads_to_payment(request.uri().path()) {
        true => floor.0.paying_policy.clone(),
        false => floor.0.policy.clone(),
    };
    request.extensions_mut().insert(floor.0.public_url.clone());
    request.extensions_mut().insert(floor.0.trusted_proxies.clone());
    let mut response = next.run(request).await;
    furnish(response.headers_mut(), &policy, floor.0.https);
    response
}

/// A layer: refuses unsafe requests that a foreign page made (webhooks excepted, which prove themselves). Inside
/// [`super::problem::render`], which shows the refusal.
pub async fn refuse_foreign(State(floor): State<Floor>, request: Request, next: Next) -> Response {
    let excepted = origin::is_safe(request.method()) || request.uri().path().starts_with("/webhooks/");
    let public_url = floor.0.public_url.as_str();
    match excepted || origin::passes(request.headers(), floor.own_host(&request), public_url) {
        true => next.run(request).await,
        false => Problem::Forbidden.into_response(),
    }
}

fn furnish(headers: &mut HeaderMap, policy: &HeaderValue, https: bool) {
    const FIXED: [(HeaderName, &str); 6] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), \
             payment=(), usb=()",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert_with(|| policy.clone());
    if https {
        let two_years = HeaderValue::from_static("max-age=63072000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(two_years);
    }
}
