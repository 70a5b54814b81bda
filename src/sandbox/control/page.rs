//! The control page: everything that a person who plays the upstream sees and may do, on one page that needs no
//! script.

mod catalog;
mod faults;
mod orders;
mod webhooks;

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};

use super::filled::{Filled, Mistake};
use super::notices::Notice;
use super::token_list::word;
use crate::sandbox::answers::Broken;
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::TransactionKind;
use crate::sandbox::moment::{legible, now};
use crate::sandbox::settings::OrderMode;
use crate::sandbox::tokens::{self, Standing};
use crate::sandbox::world::World;
use catalog::CatalogPart;
use faults::FaultsPart;
use orders::{EsimRow, OrderRow};
use webhooks::WebhookRow;

/// How many of the newest orders, eSIMs and webhooks are shown.
const SHOWN: usize = 25;
/// How many movements of the wallet.
const MOVEMENTS: usize = 8;

/// What the page is looked at with: its address's parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Only orders whose id, name, key or ICCID holds this.
    orders: String,
    /// Only packages whose id or name holds this.
    package: String,
    /// The fault whose form is open.
    fault: String,
    said: Option<u64>,
}

impl View {
    pub(super) fn of(query: &str) -> Self {
        let form = Filled::parse(query.as_bytes());
        let text = |field: &str| form.get(field).chars().take(200).collect();
        Self {
            orders: text("orders"),
            package: text("package"),
            fault: text("fault"),
            said: form.get("said").parse().ok(),
        }
    }

    /// The parameters that bring a person back to what they were looking at.
    fn back(&self) -> String {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        let kept = [("orders", &self.orders), ("package", &self.package), ("fault", &self.fault)];
        for (name, value) in kept.into_iter().filter(|(_, value)| !value.is_empty()) {
            text.append_pair(name, value);
        }
        text.finish()
    }

    /// The same, with a notice to read.
    pub(super) fn with_notice(&self, number: u64) -> String {
        let back = self.back();
        let between = if back.is_empty() { "" } else { "&" };
        format!("{back}{between}said={number}")
    }
}

#[derive(Template)]
#[template(path = "sandbox/control.html")]
struct ControlPage {
    view: View,
    notice: Option<Notice>,
    mistake: Option<(Mistake, Filled)>,
    email: String,
    balance: String,
    currency: String,
    movements: Vec<Movement>,
    mode: OrderMode,
    webhook_url: String,
    orders: Vec<OrderRow>,
    orders_in_all: usize,
    esims: Vec<EsimRow>,
    esims_in_all: usize,
    webhooks: Vec<WebhookRow>,
    webhooks_in_all: usize,
    faults: FaultsPart,
    catalog: CatalogPart,
    tokens: Vec<TokenRow>,
    lifetime: String,
}

/// What is wrong at a field.
#[derive(Clone, Copy)]
struct Wrong<'a> {
    sentence: &'a str,
    /// The browser goes to the first mistake only.
    first: bool,
}

struct Movement {
    made: String,
    what: String,
    amount: String,
    balance: String,
}

struct TokenRow {
    id: u64,
    device: String,
    made: String,
    standing: &'static str,
    valid: bool,
}

impl ControlPage {
    /// What was just done at this place.
    fn said(&self, at: &str) -> Option<&str> {
        self.notice.as_ref().filter(|notice| notice.at == at).map(|notice| notice.sentence.as_str())
    }

    /// What is wrong at this field of this form.
    fn wrong(&self, form: &str, field: &str) -> Option<Wrong<'_>> {
        let (mistake, _) = self.mistake.as_ref().filter(|(mistake, _)| mistake.form == form)?;
        mistake.at(field).map(|(sentence, first)| Wrong { sentence, first })
    }

    /// What was typed there, where the form comes back with a mistake; else what stands there at first.
    fn typed<'a>(&'a self, form: &str, field: &str, first: &'a str) -> &'a str {
        match &self.mistake {
            Some((mistake, typed)) if mistake.form == form => typed.get(field),
            _ => first,
        }
    }

    /// Whether a fold has to stand open: something was said or is wrong in it.
    fn is_open(&self, at: &str) -> bool {
        let (said, wrong) = (self.said(at).is_some(), self.mistake.as_ref());
        said || wrong
            .is_some_and(|(mistake, _)| mistake.form == at || mistake.form.ends_with(&format!("-{at}")))
    }

    fn is_mode(&self, mode: &str) -> bool {
        serde_json::to_string(&self.mode).is_ok_and(|text| text.trim_matches('"') == mode)
    }
}

pub(super) async fn show(
    State(desk): State<Arc<Desk>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Broken> {
    let view = View::of(&query.unwrap_or_default());
    let notice = view.said.and_then(|number| desk.notices.find(number));
    drawn(&desk, view, notice, None)
}

/// The page as of now. A mistake brings its form back as it was sent.
pub(super) fn drawn(
    desk: &Desk,
    mut view: View,
    notice: Option<Notice>,
    mistake: Option<(Mistake, Filled)>,
) -> Result<Response, Broken> {
    if let Some(fault) = mistake.as_ref().and_then(|(mistake, _)| mistake.form.strip_prefix("arm-")) {
        view.fault = fault.to_owned();
    }
    let page = {
        let faults = FaultsPart::of(desk, &view.fault, notice.as_ref());
        let book = desk.book();
        let world = book.world();
        let orders: Vec<_> = world.orders.values().rev().filter(|o| orders::holds(o, &view.orders)).collect();
        let with_esim: Vec<_> =
            orders.iter().filter_map(|o| o.esim.as_ref().map(|esim| (*o, esim))).collect();
        ControlPage {
            email: desk.settings.email.clone(),
            balance: world.balance.to_string(),
            currency: world.currency.clone(),
            movements: movements(world),
            mode: desk.faults.mode(),
            webhook_url: desk.sender.url().unwrap_or_default(),
            orders_in_all: orders.len(),
            orders: orders.iter().take(SHOWN).map(|order| OrderRow::of(order)).collect(),
            esims_in_all: with_esim.len(),
            esims: with_esim.iter().take(SHOWN).map(|(o, e)| EsimRow::of(world, o, e)).collect(),
            webhooks_in_all: world.deliveries.len(),
            webhooks: world.deliveries.iter().rev().take(SHOWN).map(WebhookRow::of).collect(),
            catalog: CatalogPart::of(&world.catalog, &view.package),
            tokens: token_rows(desk, world),
            lifetime: desk.settings.token_lifetime.map(|t| t.as_secs().to_string()).unwrap_or_default(),
            view,
            notice,
            mistake,
            faults,
        }
    };
    let headers = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    Ok((headers, Html(page.render()?)).into_response())
}

fn movements(world: &World) -> Vec<Movement> {
    let newest = world.transactions.iter().rev().take(MOVEMENTS);
    let sign = |kind| if kind == TransactionKind::Debit { "−" } else { "+" };
    newest
        .map(|one| Movement {
            made: legible(one.created_at),
            what: one.description.clone(),
            amount: format!("{}{}", sign(one.kind), one.amount),
            balance: one.post_balance.to_string(),
        })
        .collect()
}

fn token_rows(desk: &Desk, world: &World) -> Vec<TokenRow> {
    let at = now();
    let newest = world.tokens.values().rev().take(SHOWN);
    newest
        .map(|token| {
            let standing = tokens::standing(token, desk.settings.token_lifetime, at);
            TokenRow {
                id: token.id,
                device: token.device_name.clone().unwrap_or_else(|| "no name".to_owned()),
                made: token.made_at.map(legible).unwrap_or_default(),
                standing: word(standing),
                valid: standing == Standing::Valid,
            }
        })
        .collect()
}

pub(super) async fn style() -> Response {
    let css = include_str!("../../../templates/sandbox/control.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], css)
        .into_response()
}
