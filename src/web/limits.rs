//! Who asks too often waits: searches, checkouts, sign-ins, look-ups that find nothing, and webhooks that are signed
//! wrongly, each counted for itself by the network that asks (CONTRACT section 3, `RATE_LIMITS`).
//!
//! This is the one place that says what is limited. Catalog pages, codes, events and rightly signed webhooks are not, and
//! touch no bucket; an order's page is not either, as long as the order exists. What came over no socket has no address
//! and no limit.

use std::collections::{HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{Problem, TrustedProxies, VisitorAddress};
use crate::ground::Clock;
use crate::plumbing::buckets::{Buckets, Network};
use crate::shop::RateLimits;

/// How many forms are remembered, so that one that is sent again does not count: some 3 MB.
const FORMS: usize = 20_000;
/// The longest key of a form that is remembered.
const LONGEST_KEY: usize = 64;

/// When a request counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Counts {
    /// Always.
    Always,
    /// When it was answered so: nobody can tell before.
    Answered(StatusCode),
}

/// The limits of one node. A clone is a handle on the same ones.
#[derive(Clone, Debug)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// None of them all where they are switched off.
    rates: Option<RateLimits>,
    clock: Clock,
    searches: Buckets,
    checkouts: Buckets,
    sign_ins: Buckets,
    look_ups: Buckets,
    failed_signatures: Buckets,
    forms: Mutex<Forms>,
}

/// Forms that counted, the oldest first.
#[derive(Debug, Default)]
struct Forms {
    known: HashSet<(Network, String)>,
    order: VecDeque<(Network, String)>,
}

impl Forms {
    fn knows(&self, form: &(Network, String)) -> bool {
        self.known.contains(form)
    }

    fn remember(&mut self, form: (Network, String)) {
        if self.known.insert(form.clone()) {
            self.order.push_back(form);
        }
        while self.order.len() > FORMS {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

/// One kind of request: its rate and its buckets.
struct Kind<'a> {
    per_minute: u32,
    buckets: &'a Buckets,
    counts: Counts,
}

impl Limits {
    /// New ones; none apply without `rates`.
    pub fn new(rates: Option<RateLimits>, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            rates,
            clock,
            searches: Buckets::default(),
            checkouts: Buckets::default(),
            sign_ins: Buckets::default(),
            look_ups: Buckets::default(),
            failed_signatures: Buckets::default(),
            forms: Mutex::default(),
        }))
    }

    /// Counts a checkout's form, once for its key however often it is sent.
    ///
    /// # Errors
    /// The time until another form counts.
    pub fn take_form(&self, address: VisitorAddress, form_key: &str) -> Result<(), Duration> {
        let inner = &*self.0;
        let per_minute = inner.rates.map_or(0, |rates| rates.checkouts);
        let Some(who) = network(address.0).filter(|_| per_minute > 0) else { return Ok(()) };
        let form = (who, form_key.to_owned());
        let nameable = (1..=LONGEST_KEY).contains(&form_key.len());
        let mut forms = inner.forms.lock().unwrap_or_else(PoisonError::into_inner);
        if nameable && forms.knows(&form) {
            return Ok(());
        }
        inner.checkouts.take(who, per_minute, inner.clock.now())?;
        if nameable {
            forms.remember(form);
        }
        Ok(())
    }

    /// What limits a request, if anything does. The language is no part of the path any more.
    fn kind_of(&self, method: &Method, path: &str) -> Option<Kind<'_>> {
        let inner = &*self.0;
        let rates = inner.rates?;
        let page_of = |room: &str| path.strip_prefix(room).is_some_and(|rest| !rest.contains('/'));
        let posted = *method == Method::POST;
        let (per_minute, buckets, counts) = if matches!(path, "/search" | "/search/suggest") {
            (rates.searches, &inner.searches, Counts::Always)
        } else if posted && (matches!(path, "/admin/login" | "/account/sign-in") || page_of("/admin/join/")) {
            (rates.sign_ins, &inner.sign_ins, Counts::Always)
        } else if page_of("/orders/") || path.starts_with("/pay/") {
            (rates.look_ups, &inner.look_ups, Counts::Answered(StatusCode::NOT_FOUND))
        } else if posted && path.starts_with("/webhooks/") {
            let wrong = Counts::Answered(StatusCode::UNAUTHORIZED);
            (rates.failed_signatures, &inner.failed_signatures, wrong)
        } else {
            return None;
        };
        (per_minute > 0).then_some(Kind { per_minute, buckets, counts })
    }
}

/// Whose requests are counted together; nobody's where a request came over no socket.
fn network(address: IpAddr) -> Option<Network> {
    (!address.is_unspecified()).then(|| Network::of(address))
}

fn asks(request: &Request) -> Option<Network> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
    let trusted = request.extensions().get::<TrustedProxies>().cloned().unwrap_or_default();
    network(VisitorAddress::find(peer, request.headers(), &trusted).0)
}

/// Lets a request in, or says when to come again.
pub async fn guard(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Some(Kind { per_minute, buckets, counts }) = limits.kind_of(request.method(), request.uri().path())
    else {
        return next.run(request).await;
    };
    let Some(who) = asks(&request) else { return next.run(request).await };
    let now = limits.0.clock.now();
    match counts {
        Counts::Always => match buckets.take(who, per_minute, now) {
            Ok(()) => next.run(request).await,
            Err(wait) => Problem::TooMany(wait).into_response(),
        },
        // A guesser learns nothing while they wait; a right signature is known by its answer alone, and always gets it.
        Counts::Answered(StatusCode::NOT_FOUND) if let Some(wait) = buckets.wait(who, per_minute, now) => {
            Problem::TooMany(wait).into_response()
        }
        Counts::Answered(status) => {
            let response = next.run(request).await;
            match response.status() == status {
                true => match buckets.take(who, per_minute, now) {
                    Ok(()) => response,
                    Err(wait) => Problem::TooMany(wait).into_response(),
                },
                false => response,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use time::macros::datetime;

    fn limits(rates: Option<RateLimits>) -> Limits {
        Limits::new(rates, Clock::by_hand(datetime!(2026-11-22 12:00 UTC)))
    }

    const SOME: RateLimits =
        RateLimits { searches: 1, checkouts: 2, sign_ins: 3, look_ups: 4, failed_signatures: 5 };

    #[test]
    fn what_is_limited_and_what_never_is() {
        let limits = limits(Some(SOME));
        let rate = |method: Method, path: &str| limits.kind_of(&method, path).map(|kind| kind.per_minute);
        for (method, path, limited) in [
            (Method::GET, "/search", Some(1)),
            (Method::GET, "/search/suggest", Some(1)),
            (Method::POST, "/admin/login", Some(3)),
            (Method::GET, "/admin/login", None),
            (Method::POST, "/admin/join/abc", Some(3)),
            (Method::POST, "/account/sign-in", Some(3)),
            (Method::GET, "/orders/abc", Some(4)),
            (Method::GET, "/orders/abc/events", None),
            (Method::GET, "/orders/abc/items/1/1/qr.svg", None),
            (Method::GET, "/pay/test/abc", Some(4)),
            (Method::POST, "/pay/test/abc", Some(4)),
            (Method::POST, "/webhooks/esimdual", Some(5)),
            (Method::POST, "/webhooks/stripe", Some(5)),
            (Method::GET, "/", None),
            (Method::GET, "/destinations/france", None),
            (Method::GET, "/plans/1120", None),
            // Counted by its form's key, where that is read.
            (Method::POST, "/checkout", None),
        ] {
            assert_eq!(rate(method, path), limited, "{path}");
        }
    }

    #[test]
    fn a_form_counts_once_and_what_is_off_counts_nothing() {
        let address = VisitorAddress(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        let some = limits(Some(SOME));
        for _ in 0..9 {
            assert_eq!(some.take_form(address, "one"), Ok(()));
        }
        assert_eq!(some.take_form(address, "two"), Ok(()));
        assert_eq!(some.take_form(address, "three"), Err(Duration::from_secs(30)));
        assert_eq!(some.take_form(address, "one"), Ok(()), "it counted before");
        let nowhere = VisitorAddress(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let none = RateLimits { searches: 0, checkouts: 0, sign_ins: 0, look_ups: 0, failed_signatures: 0 };
        for key in ["a", "b", "c", "d"] {
            assert_eq!(some.take_form(nowhere, key), Ok(()));
            assert_eq!(limits(None).take_form(address, key), Ok(()));
            assert_eq!(limits(Some(none)).take_form(address, key), Ok(()));
        }
        assert!(limits(Some(none)).kind_of(&Method::GET, "/search").is_none());
        assert!(limits(None).kind_of(&Method::GET, "/search").is_none());
    }

    #[test]
    fn forms_are_remembered_within_bounds() {
        let mut forms = Forms::default();
        let network = Network::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        for number in 0..FORMS + 10 {
            forms.remember((network, number.to_string()));
        }
        assert_eq!((forms.known.len(), forms.order.len()), (FORMS, FORMS));
        assert!(!forms.knows(&(network, "0".to_owned())) && forms.knows(&(network, "20".to_owned())));
    }
}
