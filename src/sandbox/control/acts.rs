//! What a person does with the page's forms. Each act ends at its place on the page, with a sentence that says what
//! was done, or at its form, with what was typed and what is wrong with it.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{OriginalUri, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::filled::{Filled, Mistake};
use super::notices::Notice;
use super::page::{self, View};
use super::{act_catalog, act_faults, is_form, no_such_thing};
use crate::ground::money::exact_decimal;
use crate::sandbox::answers::Broken;
use crate::sandbox::book::{FULLEST, fits_a_wallet};
use crate::sandbox::desk::Desk;
use crate::sandbox::ledger::OrderStatus;
use crate::sandbox::settings::{OrderMode, is_web_address};
use crate::sandbox::usage::EsimChange;
use crate::sandbox::world::Event;
use crate::sandbox::{courses, moment, purchase, tokens, webhooks};
use rust_decimal::Decimal;

/// The longest form: a fault with a body of its own.
const LONGEST: usize = 256 * 1024;

/// How an act ended.
pub(super) enum Act {
    Done(Notice),
    Wrong(Mistake),
    /// The thing that it was about does not exist.
    Nothing,
}

impl Act {
    pub(super) fn done(at: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self::Done(Notice { at: at.into(), sentence: sentence.into() })
    }
}

impl From<Mistake> for Act {
    fn from(mistake: Mistake) -> Self {
        Self::Wrong(mistake)
    }
}

/// Takes what comes from the page's forms; scripts, which send JSON, go on to the handlers of the addresses.
pub(super) async fn take(
    State(desk): State<Arc<Desk>>,
    OriginalUri(uri): OriginalUri,
    request: Request,
    next: Next,
) -> Result<Response, Broken> {
    if request.method() != Method::POST || !is_form(request.headers()) {
        return Ok(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST).await else {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    if body.trim_ascii_start().starts_with(b"{") {
        // `curl -d '{…}'` calls everything a form.
        return Ok(next.run(Request::from_parts(parts, body.into())).await);
    }
    let form = Filled::parse(&body);
    let view = View::of(form.get("back"));
    let path: Vec<&str> = uri.path().trim_start_matches("/_sandbox/").split('/').collect();
    Ok(match act(&desk, &path, &form).await? {
        Act::Done(notice) => {
            let at = notice.at.clone();
            let number = desk.notices.keep(notice);
            Redirect::to(&format!("/_sandbox/?{}#{at}", view.with_notice(number))).into_response()
        }
        Act::Wrong(mistake) => {
            let page = page::drawn(&desk, view, None, Some((mistake, form)))?;
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
        Act::Nothing => no_such_thing(),
    })
}

async fn act(desk: &Arc<Desk>, path: &[&str], form: &Filled) -> Result<Act, Broken> {
    let id = |text: &str| text.parse::<u64>().ok();
    Ok(match *path {
        ["wallet"] => wallet(desk, form)?,
        ["orders", one] => order(desk, id(one), form)?,
        ["esims", one] => esim(desk, id(one), form)?,
        ["tokens"] => {
            tokens::revoke_all(desk)?;
            Act::done("tokens", "All tokens are revoked. Every client has to log in again.")
        }
        ["tokens", one] => token(desk, id(one))?,
        ["ping"] => ping(desk)?,
        ["webhook"] => webhook(desk, form),
        ["webhooks", one] => resend(desk, one),
        ["mode"] => mode(desk, form),
        ["catalog"] => act_catalog::change(desk, form)?,
        ["faults"] => act_faults::arm(desk, form),
        ["faults", place] => act_faults::stop(desk, place, form),
        ["keys", "forget"] => forget_key(desk, form.get("key"), "orders")?,
        _ => Act::Nothing,
    })
}

fn wallet(desk: &Desk, form: &Filled) -> anyhow::Result<Act> {
    let mut book = desk.book();
    let currency = book.world().currency.clone();
    if form.has("top_up") {
        let amount = match form.price("wallet-top-up", "top_up") {
            Ok(amount) => amount,
            Err(mistake) => return Ok(mistake.into()),
        };
        let Some(balance) = book.topped_up(amount) else {
            return Ok(Filled::mistake("wallet-top-up", "top_up", too_full()).into());
        };
        book.set_balance(balance)?;
        let sentence = format!("{amount} {currency} came in. The wallet holds {balance} {currency}.");
        return Ok(Act::done("wallet", sentence));
    }
    match exact_decimal(form.get("balance")).filter(|balance| *balance >= Decimal::ZERO) {
        Some(balance) if !fits_a_wallet(balance) => {
            Ok(Filled::mistake("wallet-set", "balance", too_full()).into())
        }
        Some(balance) => {
            book.set_balance(balance)?;
            Ok(Act::done("wallet", format!("The wallet holds {balance} {currency}.")))
        }
        None => {
            let sentence = "Write an amount of zero or more, such as 250.";
            Ok(Filled::mistake("wallet-set", "balance", sentence).into())
        }
    }
}

fn too_full() -> String {
    format!("A wallet holds at most {FULLEST}.")
}

fn order(desk: &Arc<Desk>, id: Option<u64>, form: &Filled) -> anyhow::Result<Act> {
    let Some(id) = id else { return Ok(Act::Nothing) };
    let at = format!("order-{id}");
    if form.has("forget_key") {
        let order = desk.book().world().orders.get(&id).cloned();
        let Some(order) = order else { return Ok(Act::Nothing) };
        let Some(key) = &order.idempotency_key else {
            return Ok(Act::done(at, format!("Order {id} was made without a key.")));
        };
        return forget_key(desk, key, &at);
    }
    let (status, what) = match form.get("status") {
        "completed" => (OrderStatus::Completed, "is completed"),
        "failed" => (OrderStatus::Failed, "has failed"),
        "processing" => (OrderStatus::Processing, "is being processed again"),
        "pending" => (OrderStatus::Pending, "is pending again, which no webhook tells"),
        _ => return Ok(Act::Nothing),
    };
    match courses::move_order(desk, id, status)? {
        Some(_) => Ok(Act::done(at, format!("Order {id} {what}."))),
        None => Ok(Act::Nothing),
    }
}

fn forget_key(desk: &Desk, key: &str, at: &str) -> anyhow::Result<Act> {
    purchase::forget_key(desk, key)?;
    Ok(Act::done(at, format!("The key {key} is forgotten: the next request under it buys again.")))
}

fn esim(desk: &Desk, id: Option<u64>, form: &Filled) -> anyhow::Result<Act> {
    let Some(id) = id.filter(|id| desk.book().world().esim(*id).is_some()) else {
        return Ok(Act::Nothing);
    };
    let said = |field: &str| match form.get(field) {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    let mut change = EsimChange {
        use_mb: None,
        installed: said("installed"),
        expired: said("expired"),
        silent: said("silent"),
    };
    if change.is_empty() {
        match form.whole(&format!("esim-use-{id}"), "use_mb", (1, 100_000_000)) {
            Ok(megabytes) => change.use_mb = Some(megabytes),
            Err(mistake) => return Ok(mistake.into()),
        }
    }
    desk.book().record(Event::EsimChanged { id, at: moment::now(), change })?;
    let sentence = match change {
        EsimChange { use_mb: Some(megabytes), .. } => format!("{megabytes} MB more are used."),
        EsimChange { installed: Some(true), .. } => "It is installed and active.".to_owned(),
        EsimChange { installed: Some(false), .. } => "It is not installed, and nothing is used.".to_owned(),
        EsimChange { expired: Some(true), .. } => "Its validity has ended.".to_owned(),
        EsimChange { expired: Some(false), .. } => "Its validity is its own again.".to_owned(),
        EsimChange { silent: Some(true), .. } => "Its provider tells nothing of its usage.".to_owned(),
        _ => "Its provider tells its usage again.".to_owned(),
    };
    Ok(Act::done(format!("esim-{id}"), sentence))
}

fn token(desk: &Desk, id: Option<u64>) -> anyhow::Result<Act> {
    let Some(id) = id.filter(|id| desk.book().world().tokens.contains_key(id)) else {
        return Ok(Act::Nothing);
    };
    tokens::revoke(desk, id)?;
    Ok(Act::done(format!("token-{id}"), format!("Token {id} is revoked.")))
}

fn ping(desk: &Arc<Desk>) -> anyhow::Result<Act> {
    Ok(match webhooks::ping(desk)? {
        Some(_) => Act::done("webhooks", "A ping is on its way. Its answer stands below in a moment."),
        None => {
            let sentence = "There is nobody to ping: give an address first.";
            Filled::mistake("webhook-address", "url", sentence).into()
        }
    })
}

fn webhook(desk: &Desk, form: &Filled) -> Act {
    let address = form.get("url");
    if address.is_empty() {
        desk.sender.set_url(None);
        return Act::done("webhooks", "No webhooks are sent from now on.");
    }
    if !is_web_address(address) {
        let sentence = "Write an address that begins with http:// or https://, or nothing.";
        return Filled::mistake("webhook-address", "url", sentence).into();
    }
    desk.sender.set_url(Some(address.to_owned()));
    Act::done("webhooks", format!("Webhooks go to {address} from now on."))
}

fn resend(desk: &Arc<Desk>, id: &str) -> Act {
    match super::deliveries::resend(desk, id) {
        Some(delivery) => {
            let at = format!("webhook-{}", delivery.id);
            Act::done(at, "It is being sent once more, under the same delivery id.")
        }
        None => Act::Nothing,
    }
}

fn mode(desk: &Desk, form: &Filled) -> Act {
    let name = serde_json::Value::String(form.get("mode").to_owned());
    match serde_json::from_value::<OrderMode>(name) {
        Ok(mode) => {
            desk.faults.set_mode(mode);
            let sentence = match mode {
                OrderMode::Completed => "New orders are completed at once.",
                OrderMode::CompletedLater => "New orders are processed first and completed a little later.",
                OrderMode::FailedLater => "New orders are processed first and fail a little later.",
                OrderMode::Processing => "New orders wait until you finish or fail them.",
            };
            Act::done("mode", sentence)
        }
        Err(_) => Filled::mistake("mode-form", "mode", "Choose how new orders go on.").into(),
    }
}
