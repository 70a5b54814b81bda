//! The form: what it shows, with what was typed, and why it is here again.

use axum::http::StatusCode;

use super::Page;
use crate::checkout::draft::{self, Typed};
use crate::checkout::quote::{Offered, Quote};
use crate::ground::Price;
use crate::payments::{self, Method};
use crate::shop::Shop;
use crate::tax::{self, Country};
use crate::web::{Cache, FieldErrors, Visit, page};
use crate::window::{self, Plan, Snapshot, TicketRow};

/// What stands above the form: why it is here again.
#[derive(Clone, Copy)]
pub(super) struct Notice {
    pub(super) tone: &'static str,
    pub(super) key: &'static str,
}

pub(super) const MOVED: Notice = Notice { tone: "wait", key: "checkout-price-moved" };
pub(super) const CHANGED: Notice = Notice { tone: "wait", key: "checkout-plan-changed" };
pub(super) const REPRICED: Notice = Notice { tone: "wait", key: "checkout-repriced" };
pub(super) const RECOUNTED: Notice = Notice { tone: "wait", key: "checkout-recounted" };
pub(super) const GONE: Notice = Notice { tone: "bad", key: "checkout-gone" };
pub(super) const NOT_SELLING: Notice = Notice { tone: "wait", key: "checkout-not-open" };
pub(super) const LATER: Notice = Notice { tone: "wait", key: "checkout-later" };
pub(super) const NO_FUNDS: Notice = Notice { tone: "wait", key: "checkout-no-funds" };
pub(super) const KEY_USED: Notice = Notice { tone: "wait", key: "checkout-key-used" };

/// A way to pay: the contract's word, and the keys of its name and what it means.
pub(super) struct Way {
    pub(super) word: &'static str,
    name: &'static str,
    hint: &'static str,
}

fn way(method: Method) -> Way {
    match method {
        Method::BankTransfer => Way {
            word: method.word(),
            name: "checkout-method-transfer",
            hint: "checkout-method-transfer-hint",
        },
        Method::Stripe => {
            Way { word: method.word(), name: "checkout-method-stripe", hint: "checkout-method-stripe-hint" }
        }
        Method::Test => {
            Way { word: method.word(), name: "checkout-method-test", hint: "checkout-method-test-hint" }
        }
    }
}

/// The ways that the reseller chose, in their order.
pub(super) fn ways(shop: &Shop) -> Vec<Way> {
    let providers = payments::Providers::of_shop(shop);
    let methods = shop.settings.payment_methods.iter().filter_map(|word| Method::from_word(word));
    methods.filter(|method| providers.of(*method).is_some()).map(way).collect()
}

/// A wrong field in the summary above the form. Hidden fields have no place to link to.
struct Mistake {
    field: Option<&'static str>,
    key: &'static str,
}

#[derive(askama::Template)]
#[template(path = "checkout/form.html")]
struct FormPage {
    visit: Visit,
    notice: Option<Said>,
    errors: FieldErrors,
    mistakes: Vec<Mistake>,
    package_id: i64,
    quantity: u32,
    quantities: std::ops::RangeInclusive<u32>,
    ticket: TicketRow,
    price: Option<Price>,
    total: Option<Price>,
    ways: Vec<Way>,
    method: String,
    email: String,
    device_imei: String,
    /// Where a customer may live; none where nobody is asked.
    countries: Vec<(Country, String)>,
    country: Option<Country>,
    coupon: String,
    accepts_terms: bool,
    form_key: String,
    /// The price, signed; empty where there is none.
    quote: String,
    /// Whether it can be sent now.
    open: bool,
}

/// A notice in the visitor's words.
struct Said {
    tone: &'static str,
    text: String,
}

#[derive(askama::Template)]
#[template(path = "checkout/choose.html")]
struct ChoosePage {
    visit: Visit,
    notice: Option<Said>,
}

/// The form, or why it is here again.
pub(super) struct Showing<'a> {
    pub(super) shop: &'a Shop,
    pub(super) snapshot: &'a Snapshot,
    pub(super) typed: &'a Typed,
    pub(super) errors: FieldErrors,
    pub(super) notice: Option<Notice>,
    /// The price of now, where what the form said is not honoured; it may be newer than the window's.
    pub(super) today: Option<Offered>,
    pub(super) fresh_key: bool,
}

impl<'a> Showing<'a> {
    pub(super) fn new(shop: &'a Shop, snapshot: &'a Snapshot, typed: &'a Typed) -> Self {
        let errors = FieldErrors::new();
        Self { shop, snapshot, typed, errors, notice: None, today: None, fresh_key: false }
    }

    pub(super) fn because(mut self, notice: Notice) -> Self {
        self.notice = Some(notice);
        self
    }

    /// With a price that the customer is asked about.
    pub(super) fn moved_to(self, today: Offered) -> Self {
        Self { today: Some(today), ..self }.because(MOVED)
    }

    /// Shows the form; without a plan that is in the window there is none, and the page leads to one.
    pub(super) async fn with(self, status: StatusCode, visit: Visit) -> Page {
        let snapshot = self.snapshot;
        match self.typed.package_id().and_then(|id| snapshot.plan(id)) {
            Some(plan) => {
                let asks_country = asks_country(self.shop).await;
                page(status, Cache::Private, &self.form(visit, plan, asks_country))
            }
            None => {
                // Its price is no matter of a page that cannot show the plan.
                let notice = self.notice.map(|notice| if notice.key == MOVED.key { LATER } else { notice });
                let notice = notice.map(|notice| said(&visit, notice, None));
                page(status, Cache::Private, &ChoosePage { visit, notice })
            }
        }
    }

    /// What the form shows of a plan: the price that the customer is asked about; else the quote that came with the form,
    /// while it holds, so that a mistake in a field moves no price; else the window's price. `None` where it does not sell.
    pub(super) fn quote(&self, plan: &Plan) -> Option<Quote> {
        let Shop { settings, clock, .. } = self.shop;
        let now = clock.now();
        let fresh = |offered| Quote { package_id: plan.id, mark: plan.mark, offered, issued_at: now };
        let price = plan.price?;
        if let Some(today) = self.today {
            return Some(fresh(today));
        }
        let kept = Quote::read(&settings.sealing_key, self.typed.of("form_key"), self.typed.quote());
        let kept = kept.filter(|quote| {
            let of_plan = (quote.package_id, quote.mark) == (plan.id, plan.mark);
            let shown = self.typed.shown_price().is_none_or(|shown| shown == quote.offered.price.minor);
            let same_currency = quote.offered.price.currency == price.currency;
            of_plan && shown && same_currency && quote.is_alive(now, settings.times.quote_lifetime)
        });
        kept.or_else(|| Some(fresh(Offered { price, rule: plan.rule? })))
    }

    fn form(self, mut visit: Visit, plan: &Plan, asks_country: bool) -> FormPage {
        let quantity = self.typed.quantity().unwrap_or(1);
        // So that the language switch keeps what is being bought.
        visit.path = format!("/checkout?package_id={}&quantity={quantity}", plan.id);
        let mut ticket = window::ticket(&visit, self.snapshot, plan);
        let gone = self.notice.is_some_and(|notice| notice.key == GONE.key);
        let quote = self.quote(plan).filter(|_| !gone);
        let price = quote.map(|quote| quote.offered.price);
        if gone {
            ticket.price = visit.t("gone-title");
        }
        let ways = ways(self.shop);
        let sells = !ways.is_empty() && price.is_some();
        let notice = self.notice.or((!sells).then_some(NOT_SELLING));
        let form_key = key(self.shop, self.typed, self.fresh_key);
        FormPage {
            notice: notice.map(|notice| said(&visit, notice, price)),
            mistakes: mistakes(&self.errors),
            errors: self.errors,
            package_id: plan.id,
            quantity,
            quantities: 1..=self.shop.settings.order_limits.quantity,
            ticket,
            price,
            total: price.and_then(|price| price.times(quantity)),
            method: chosen(&ways, self.typed),
            open: sells,
            ways,
            email: self.typed.echo("email"),
            device_imei: self.typed.echo("device_imei"),
            countries: if asks_country { Country::all(visit.language) } else { Vec::new() },
            country: self.typed.country(),
            coupon: self.typed.echo("coupon"),
            accepts_terms: self.typed.accepts_terms(),
            quote: quote
                .map(|quote| quote.write(&self.shop.settings.sealing_key, &form_key))
                .unwrap_or_default(),
            form_key,
            visit,
        }
    }
}

/// Whether a customer has to say where they live. A form without the question can still be read, and the post decides:
/// so a database that does not answer hides the question and not the form.
pub(super) async fn asks_country(shop: &Shop) -> bool {
    let terms = async {
        let mut conn = shop.db.acquire().await?;
        tax::terms(&mut conn, shop.now()).await
    };
    terms.await.is_ok_and(|terms| terms.ask_country())
}

fn said(visit: &Visit, notice: Notice, price: Option<Price>) -> Said {
    let price = price.filter(|_| notice.key == MOVED.key);
    let text = match price {
        Some(price) => visit.t1(notice.key, "price", visit.money(&price)),
        None => visit.t(notice.key),
    };
    Said { tone: notice.tone, text }
}

/// The way that was chosen, else the first.
fn chosen(ways: &[Way], typed: &Typed) -> String {
    let typed = typed.of("payment_method");
    let way = ways.iter().find(|way| way.word == typed).or(ways.first());
    way.map(|way| way.word.to_owned()).unwrap_or_default()
}

/// A form keeps its key until it has made its order; a key that is none is replaced.
fn key(shop: &Shop, typed: &Typed, fresh: bool) -> String {
    let sent = Some(typed.of("form_key")).filter(|key| !fresh && draft::is_form_key(key));
    sent.map_or_else(|| shop.entropy.token().as_str().to_owned(), str::to_owned)
}

fn mistakes(errors: &FieldErrors) -> Vec<Mistake> {
    let hidden = |field: &str| matches!(field, "form_key" | "package_id");
    errors.iter().map(|(field, key)| Mistake { field: Some(field).filter(|f| !hidden(f)), key }).collect()
}
