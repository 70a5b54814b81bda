//! The mails of an order, in the language in which it was bought: paid, delivered, failed, refunded, replaced. Each is written in the
//! transaction that makes it true, and once.

mod note;

use anyhow::Context as _;
use askama::Template;
use base64::Engine as _;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::view::{self, OrderView};
use super::web::wording;
use super::{Order, OrderNumber};
use crate::ground::Price;
use crate::plumbing::mailer::{self, Mail, Picture};
use crate::plumbing::qr;
use crate::web::{PublicUrl, Visit};

pub use note::{failed, payment_failed, refund_under_way, refunded};

/// Pixels a module: about 250 pixels for a usual code.
const SCALE: u32 = 8;

/// What every mail is made from.
struct Letter {
    visit: Visit,
    /// The order's page, as a whole address.
    link: String,
    view: OrderView,
    total: String,
    /// What the total includes of tax.
    tax: Option<String>,
}

impl Letter {
    async fn of(conn: &mut PgConnection, order: &Order, public_url: &str) -> sqlx::Result<Self> {
        let path = format!("/orders/{}", order.token.as_str());
        let mut visit = Visit::to(order.language, &path);
        visit.public_url = PublicUrl::new(public_url);
        let view = view::read(conn, order, None).await?;
        let (link, total) = (visit.whole(order.language, &path), visit.money(&order.total));
        let tax = wording::tax(&visit, order);
        Ok(Self { visit, link, view, total, tax })
    }

    /// One eSIM, with the name under which its picture travels.
    fn passes(&self) -> Vec<Pass> {
        let pass = |(line, unit, esim): (&view::LineView, &view::UnitView, &view::EsimView)| Pass {
            picture: format!("qr-{}-{}", line.position, unit.unit),
            name: line.name.clone(),
            expires: esim.expires_on.as_deref().map(|day| wording::day(self.visit.language, day)),
            esim: esim.clone(),
        };
        self.view.delivered().map(pass).collect()
    }
}

struct Pass {
    picture: String,
    name: String,
    expires: Option<String>,
    esim: view::EsimView,
}

#[derive(Template)]
#[template(path = "orders/mail/received.html")]
struct ReceivedPage<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "orders/mail/received.txt")]
struct ReceivedText<'a> {
    letter: &'a Letter,
}

#[derive(Template)]
#[template(path = "orders/mail/delivered.html")]
struct DeliveredPage<'a> {
    letter: &'a Letter,
    passes: &'a [Pass],
    missing: usize,
}

#[derive(Template)]
#[template(path = "orders/mail/delivered.txt")]
struct DeliveredText<'a> {
    letter: &'a Letter,
    passes: &'a [Pass],
    missing: usize,
}

#[derive(Template)]
#[template(path = "orders/mail/replacement.html")]
struct ReplacementPage<'a> {
    letter: &'a Letter,
    instead_of: &'a str,
}

#[derive(Template)]
#[template(path = "orders/mail/replacement.txt")]
struct ReplacementText<'a> {
    letter: &'a Letter,
    instead_of: &'a str,
}

#[derive(Template)]
#[template(path = "orders/mail/transfer.html")]
struct TransferPage<'a> {
    letter: &'a Letter,
    transfer: &'a TransferView<'a>,
}

#[derive(Template)]
#[template(path = "orders/mail/transfer.txt")]
struct TransferText<'a> {
    letter: &'a Letter,
    transfer: &'a TransferView<'a>,
}

struct TransferView<'a> {
    title: String,
    due: String,
    until: String,
    lines: Vec<&'a str>,
}

/// Which mail about a bank transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferAsk {
    /// How to pay.
    First,
    /// The time is nearly over.
    Reminder,
    /// A part arrived, by the receipt of this number; the rest is asked for.
    Rest(i64),
}

/// What a customer is asked to transfer.
#[derive(Clone, Copy, Debug)]
pub struct TransferAsked<'a> {
    /// Which mail.
    pub kind: TransferAsk,
    /// What is due.
    pub due: Price,
    /// The reseller's account, line by line.
    pub instructions: &'a str,
}

/// How to pay by bank transfer, with the order's number as its reference. Writes nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn transfer(
    conn: &mut PgConnection,
    order: &Order,
    asked: &TransferAsked<'_>,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = &Letter::of(conn, order, public_url).await?;
    let (cause, subject, title) = match asked.kind {
        TransferAsk::First => ("transfer".to_owned(), "mail-transfer-subject", "transfer-title"),
        TransferAsk::Reminder => {
            ("transfer-reminder".to_owned(), "mail-transfer-reminder-subject", "mail-transfer-reminder-title")
        }
        TransferAsk::Rest(number) => {
            (format!("transfer-rest-{number}"), "mail-transfer-rest-subject", "transfer-rest-title")
        }
    };
    let transfer = &TransferView {
        title: letter.visit.t(title),
        due: letter.visit.money(&asked.due),
        until: wording::Moment::of(order.language, order.expires_at).text,
        lines: asked.instructions.lines().collect(),
    };
    let bodies = (TransferPage { letter, transfer }.render()?, TransferText { letter, transfer }.render()?);
    Ok(mailer::enqueue(conn, &plain(&cause, subject, order, letter, bodies), now).await?)
}

/// The order was paid: what was bought, and where its page is. Writes nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn received(
    conn: &mut PgConnection,
    order: &Order,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = &Letter::of(conn, order, public_url).await?;
    let bodies = (ReceivedPage { letter }.render()?, ReceivedText { letter }.render()?);
    Ok(mailer::enqueue(conn, &plain("received", "mail-received-subject", order, letter, bodies), now).await?)
}

/// The order is final and at least one eSIM was delivered: each with its QR and its codes. Writes nothing where this
/// was mailed before, or where nothing was delivered.
///
/// # Errors
/// The database's, a template's, and where a code is too long to be drawn.
pub async fn delivered(
    conn: &mut PgConnection,
    order: &Order,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = Letter::of(conn, order, public_url).await?;
    let passes = letter.passes();
    if passes.is_empty() {
        return Ok(());
    }
    let mail = delivery(order, &letter, &passes)?;
    Ok(mailer::enqueue(conn, &mail, now).await?)
}

fn delivery(order: &Order, letter: &Letter, passes: &[Pass]) -> anyhow::Result<Mail> {
    let all: usize = letter.view.lines.iter().map(|line| line.units.len()).sum();
    let missing = all.saturating_sub(passes.len());
    Ok(Mail {
        key: format!("delivered:{}", order.number),
        recipient: order.email.clone(),
        subject: letter.visit.tn(
            "mail-delivered-subject",
            &[("count", passes.len().into()), ("number", order.number.as_str().into())],
        ),
        html: DeliveredPage { letter, passes, missing }.render()?,
        plain: DeliveredText { letter, passes, missing }.render()?,
        pictures: passes.iter().map(picture).collect::<anyhow::Result<_>>()?,
    })
}

fn picture(pass: &Pass) -> anyhow::Result<Picture> {
    let png = qr::png(&pass.esim.activation_code, SCALE).context("the QR of a mail cannot be drawn")?;
    let png_base64 = base64::engine::general_purpose::STANDARD.encode(png);
    Ok(Picture { name: pass.picture.clone(), png_base64 })
}

/// Another eSIM is on its way, for nothing, in place of one of `instead_of`. Writes nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn replacement(
    conn: &mut PgConnection,
    order: &Order,
    instead_of: &OrderNumber,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = &Letter::of(conn, order, public_url).await?;
    let instead_of = instead_of.as_str();
    let bodies =
        (ReplacementPage { letter, instead_of }.render()?, ReplacementText { letter, instead_of }.render()?);
    let mail = plain("replacement", "mail-replacement-subject", order, letter, bodies);
    Ok(mailer::enqueue(conn, &mail, now).await?)
}

/// A mail without pictures; `bodies` are the page and the plain text.
fn plain(cause: &str, subject: &str, order: &Order, letter: &Letter, bodies: (String, String)) -> Mail {
    Mail {
        key: format!("{cause}:{}", order.number),
        recipient: order.email.clone(),
        subject: letter.visit.t1(subject, "number", order.number.as_str()),
        html: bodies.0,
        plain: bodies.1,
        pictures: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Language;
    use crate::orders::view::tests::{delivered, order, view};
    use crate::orders::{OrderStatus, PaymentStatus, UnitState};

    #[test]
    fn the_delivery_carries_the_codes_in_both_forms_and_the_picture() {
        let order = order(OrderStatus::Completed, PaymentStatus::Paid);
        let failed = UnitState::Failed { failure: "refused".into(), upstream_order_id: None };
        for language in Language::ALL {
            let letter = Letter {
                visit: Visit::to(language, "/"),
                link: "https://shop.example/orders/x".into(),
                view: view(&order, [delivered(), failed.clone()]),
                total: "$11.80".into(),
                tax: None,
            };
            let mail = delivery(&order, &letter, &letter.passes()).unwrap();
            for part in ["LPA:1$example.com$CODE", "https://shop.example/orders/x"] {
                assert!(mail.plain.contains(part) && mail.html.contains(part), "{part}: {}", mail.plain);
            }
            assert!(
                mail.plain.contains(" CODE\n") && mail.plain.contains(" example.com\n"),
                "{}",
                mail.plain
            );
            assert!(mail.html.contains("src=\"cid:qr-1-1\"") && mail.pictures.len() == 1);
            assert_eq!(mail.pictures[0].name, "qr-1-1");
            assert!(!mail.plain.contains("&#"), "{}", mail.plain);
        }
    }
}
