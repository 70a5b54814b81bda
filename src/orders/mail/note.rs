//! Mails that say one thing: money that goes back or went back, and a payment that failed.

use askama::Template;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Letter, plain, wording};
use crate::ground::Price;
use crate::orders::Order;
use crate::plumbing::mailer;

#[derive(Template)]
#[template(path = "orders/mail/note.html")]
struct NotePage<'a> {
    letter: &'a Letter,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "orders/mail/note.txt")]
struct NoteText<'a> {
    letter: &'a Letter,
    title: &'a str,
    text: &'a str,
}

/// What caused a mail, and its subject's key.
struct Cause<'a> {
    cause: &'a str,
    subject: &'a str,
    now: OffsetDateTime,
}

async fn send(
    conn: &mut PgConnection,
    order: &Order,
    letter: &Letter,
    cause: Cause<'_>,
    (title, text): (&str, &str),
) -> anyhow::Result<()> {
    let bodies = (NotePage { letter, title, text }.render()?, NoteText { letter, title, text }.render()?);
    let mail = plain(cause.cause, cause.subject, order, letter, bodies);
    Ok(mailer::enqueue(conn, &mail, cause.now).await?)
}

/// The order failed and its money is on its way back. Writes nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn failed(
    conn: &mut PgConnection,
    order: &Order,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = Letter::of(conn, order, public_url).await?;
    let words = (&*letter.visit.t("mail-failed-title"), &*letter.visit.t("mail-failed-text"));
    let cause = Cause { cause: "failed", subject: "mail-failed-subject", now };
    send(conn, order, &letter, cause, words).await
}

/// A refund was taken by whoever pays it out, and has not arrived; `refund` is its key and its sum. Writes nothing where
/// this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn refund_under_way(
    conn: &mut PgConnection,
    order: &Order,
    refund: (&str, Price),
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = Letter::of(conn, order, public_url).await?;
    let text = letter.visit.t1("mail-refund-text", "amount", letter.visit.money(&refund.1));
    let text = with_tax(text, &letter, order, &[refund.1]);
    let words = (&*letter.visit.t("mail-refund-title"), &*text);
    let cause = Cause { cause: &format!("refund-{}", refund.0), subject: "mail-refund-subject", now };
    send(conn, order, &letter, cause, words).await
}

/// Refunds arrived; `refunds` names them and has their sums, one a currency. Writes nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn refunded(
    conn: &mut PgConnection,
    order: &Order,
    refunds: (&str, &[Price]),
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = Letter::of(conn, order, public_url).await?;
    let sums: Vec<String> = refunds.1.iter().map(|sum| letter.visit.money(sum)).collect();
    let text = letter.visit.t1("mail-refunded-text", "amount", sums.join(" + "));
    let text = with_tax(text, &letter, order, refunds.1);
    let words = (&*letter.visit.t("mail-refunded-title"), &*text);
    let cause = Cause { cause: &format!("refunded-{}", refunds.0), subject: "mail-refunded-subject", now };
    send(conn, order, &letter, cause, words).await
}

/// The text with what part of a refund is tax, where the order was sold with one and the refund is in its currency.
fn with_tax(text: String, letter: &Letter, order: &Order, sums: &[Price]) -> String {
    let own = sums.iter().find(|sum| sum.currency == order.total.currency);
    match own.and_then(|sum| wording::refunded_tax(&letter.visit, order, *sum)) {
        Some(tax) => format!("{text} {tax}"),
        None => text,
    }
}

/// A payment that took its time will not arrive: the order's page has another way to pay, until the order's end. Writes
/// nothing where this was mailed before.
///
/// # Errors
/// The database's, and a template's.
pub async fn payment_failed(
    conn: &mut PgConnection,
    order: &Order,
    payment_id: i64,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    let letter = Letter::of(conn, order, public_url).await?;
    let until = wording::Moment::of(order.language, order.expires_at).text;
    let text = letter.visit.t1("mail-payment-failed-text", "time", until);
    let words = (&*letter.visit.t("mail-payment-failed-title"), &*text);
    let cause =
        Cause { cause: &format!("payment-failed-{payment_id}"), subject: "mail-payment-failed-subject", now };
    send(conn, order, &letter, cause, words).await
}
