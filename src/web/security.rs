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

#[cfg(test)]
mod tests {
    use super::super::problem;
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::routing::any;
    use tower::ServiceExt as _;

    async fn ask(public: &str, method: &str, path: &str, origin: Option<&str>) -> Response {
        let payment = ["https://checkout.stripe.com".to_owned()];
        let floor = Floor::new(PublicUrl::new(public), TrustedProxies::default(), &payment).unwrap();
        let own = [(header::CACHE_CONTROL, "public"), (header::CONTENT_SECURITY_POLICY, "sandbox")];
        let router = Router::new()
            .route("/own", any(move || async move { own }))
            .fallback(any(|| async {}))
            .layer(from_fn_with_state(floor.clone(), refuse_foreign))
            .layer(from_fn(problem::render))
            .layer(from_fn_with_state(floor, super::floor));
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "shop.example");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn every_answer_carries_the_floor_and_errors_too() {
        for origin in [None, Some("https://evil.example")] {
            let response = ask("https://shop.example", "POST", "/x", origin).await;
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert_eq!(header("x-content-type-options"), "nosniff");
            assert_eq!(header("referrer-policy"), "same-origin");
            assert_eq!(header("cache-control"), "no-store");
            assert_eq!(header("strict-transport-security"), "max-age=63072000");
            let policy = header("content-security-policy");
            assert!(policy.contains("form-action 'self';") && !policy.contains("unsafe"), "{policy}");
        }
        let plain = ask("http://127.0.0.1:3000", "GET", "/x", None).await;
        assert!(plain.headers().get("strict-transport-security").is_none());
    }

    #[tokio::test]
    async fn checkout_and_orders_may_lead_to_the_payment_page() {
        for path in ["/checkout", "/orders/abc"] {
            let response = ask("https://shop.example", "GET", path, None).await;
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("form-action 'self' https://checkout.stripe.com;"), "{policy}");
        }
    }

    #[tokio::test]
    async fn foreign_pages_are_refused_but_not_webhooks_and_not_reading() {
        let status =
            async |method, path, origin| ask("https://shop.example", method, path, origin).await.status();
        let evil = Some("https://evil.example");
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            assert_eq!(status(method, "/checkout", evil).await, StatusCode::FORBIDDEN, "{method}");
        }
        assert_eq!(status("POST", "/checkout", Some("https://shop.example")).await, StatusCode::OK);
        assert_eq!(status("POST", "/checkout", None).await, StatusCode::OK);
        assert_eq!(status("GET", "/checkout", evil).await, StatusCode::OK);
        assert_eq!(status("POST", "/webhooks/esimdual", evil).await, StatusCode::OK);
        assert_eq!(status("POST", "/webhooksy", evil).await, StatusCode::FORBIDDEN);
    }

    #[tokio::test]
    async fn what_a_handler_says_itself_stays() {
        let response = ask("https://shop.example", "GET", "/own", None).await;
        assert_eq!(response.headers()["cache-control"], "public");
        assert_eq!(response.headers()["content-security-policy"], "sandbox");
    }
}
