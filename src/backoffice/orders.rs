//! `/admin/orders`: find an order.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::frame::{Frame, Part};
use super::gate::Gated;
use super::overview::start_of_day;
use super::store::{self, Filter, PAGE};
use super::words::{Badge, Moment, minor, sentence};
use crate::shop::Shop;
use crate::staff::{Act, Staff};
use crate::web::{Cache, Problem, page};

/// The contract's words, in the order of an order's life.
const STATUSES: [&str; 5] = ["awaiting_payment", "processing", "completed", "failed", "cancelled"];
const PAYMENT_STATUSES: [&str; 6] =
    ["pending", "paid", "partially_refunded", "refunded", "failed", "expired"];

pub(super) fn routes() -> Gated {
    Gated::new().get("/admin/orders", Act::Look, show)
}

/// What the address asks for; words that mean nothing are no filter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    status: String,
    payment_status: String,
    attention: String,
    open: String,
    paid: String,
    q: String,
    before: String,
}

impl Asked {
    fn filter(&self, now: time::OffsetDateTime) -> Filter {
        let known = |word: &str, words: &[&str]| words.contains(&word).then(|| word.to_owned());
        Filter {
            status: known(&self.status, &STATUSES),
            payment_status: known(&self.payment_status, &PAYMENT_STATUSES),
            attention: !self.attention.is_empty(),
            open: !self.open.is_empty(),
            paid_since: (self.paid == "today").then(|| start_of_day(now)),
            q: self.search(),
            before: self.before.parse().ok(),
        }
    }

    /// What is looked for, without what PostgreSQL's text cannot hold.
    fn search(&self) -> Option<String> {
        let clean: String = self.q.trim().chars().filter(|c| !c.is_control()).take(254).collect();
        (!clean.is_empty()).then_some(clean)
    }

    /// The address of the page after the order `before`, with the same filters.
    fn next(&self, before: i64) -> String {
        let mut query = Serializer::new(String::new());
        let kept = [
            ("status", &self.status),
            ("payment_status", &self.payment_status),
            ("attention", &self.attention),
            ("open", &self.open),
            ("paid", &self.paid),
            ("q", &self.q),
        ];
        for (name, value) in kept.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        format!("/admin/orders?{}", query.append_pair("before", &before.to_string()).finish())
    }
}

struct Choice {
    word: &'static str,
    name: String,
    chosen: bool,
}

fn choices(words: &[&'static str], chosen: &str) -> Vec<Choice> {
    words.iter().map(|word| Choice { word, name: sentence(word), chosen: *word == chosen }).collect()
}

struct OrderView {
    number: String,
    email: String,
    status: Badge,
    payment: Badge,
    attention: bool,
    total: String,
    units: String,
    placed: Moment,
}

#[derive(Template)]
#[template(path = "backoffice/orders.html")]
struct OrdersPage {
    frame: Frame,
    statuses: Vec<Choice>,
    payment_statuses: Vec<Choice>,
    asked: Asked,
    filtered: bool,
    orders: Vec<OrderView>,
    next: Option<String>,
}

async fn show(
    State(shop): State<Shop>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let filter = asked.filter(shop.now());
    let mut rows = store::orders(&shop.db, &filter).await?;
    let page_size = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = rows.len() > page_size;
    rows.truncate(page_size);
    let next = rows.last().filter(|_| more).map(|last| asked.next(last.id));
    let narrowed =
        [&asked.status, &asked.payment_status, &asked.attention, &asked.open, &asked.paid, &asked.q];
    let view = OrdersPage {
        frame: Frame::new(&shop, &staff, Part::Orders),
        statuses: choices(&STATUSES, &asked.status),
        payment_statuses: choices(&PAYMENT_STATUSES, &asked.payment_status),
        filtered: narrowed.iter().any(|part| !part.is_empty()),
        orders: rows.into_iter().map(order).collect(),
        asked,
        next,
    };
    page(StatusCode::OK, Cache::Private, &view)
}

fn order(row: store::ListedOrder) -> OrderView {
    OrderView {
        status: Badge::of(&row.status),
        payment: Badge::of(&row.payment_status),
        attention: row.attention,
        total: minor(row.total_minor, &row.currency),
        units: format!("{} of {}", row.delivered, row.units),
        placed: Moment::of(row.created_at),
        number: row.number,
        email: row.email,
    }
}
