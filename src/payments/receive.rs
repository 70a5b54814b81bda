//! A person read on the account's statement that money arrived by transfer, or sent some back. Each receipt is written
//! once, and each cent of it counts, goes back, or waits for a person.

use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::store::{self, NewTransfer};
use super::transfer::{Worth, worth};
use super::{Method, NewPayment, Payment, PaymentStatus, payout, settle, told};
use crate::ground::{Entropy, Price};
use crate::orders::{self, Actor, Event, Happened, Order, OrderStatus};

/// What somebody read on the statement.
#[derive(Debug)]
pub struct Arrival<'a> {
    /// The payment that it is for.
    pub payment_id: i64,
    /// How many receipts of it they saw: another one meanwhile may be of the same money.
    pub seen: i64,
    /// How much.
    pub amount: Price,
    /// The statement's words.
    pub note: &'a str,
    /// Who.
    pub admin: &'a str,
    /// When.
    pub now: OffsetDateTime,
}

/// Why a receipt was not written, or a refund not marked.
#[derive(Debug, thiserror::Error)]
pub enum NotNoted {
    /// There is no such transfer, or it is past that.
    #[error("There is no such transfer any more.")]
    Unknown,
    /// Somebody confirmed another receipt of it since the page was drawn.
    #[error("Somebody confirmed a receipt for this order meanwhile. Look whether it is the same money.")]
    Meanwhile,
    /// The program or the database failed.
    #[error(transparent)]
    Fault(#[from] anyhow::Error),
}

impl From<sqlx::Error> for NotNoted {
    fn from(fault: sqlx::Error) -> Self {
        Self::Fault(fault.into())
    }
}

/// Writes a receipt and what it means, in the caller's transaction: the exact sum pays the order, less is noted and the
/// rest is asked for (by the caller, who is told), more pays it and what is above goes back, another currency is parked.
/// `public_url` is for mails.
///
/// # Errors
/// [`NotNoted`]; the caller's transaction must then not commit.
pub async fn receive(
    conn: &mut PgConnection,
    entropy: &Entropy,
    arrival: &Arrival<'_>,
    public_url: &str,
) -> Result<(Order, Worth), NotNoted> {
    let (payment, order) = lock(conn, arrival.payment_id).await?;
    let (known, before) = store::received(conn, payment.id).await?;
    if known != arrival.seen {
        return Err(NotNoted::Meanwhile);
    }
    let settled = payment.status == PaymentStatus::Paid;
    let worth = worth(payment.amount, before, settled, arrival.amount);
    // A part of an order that is over already completes nothing.
    let over = order.status != OrderStatus::AwaitingPayment;
    let goes_back = worth == Worth::Surplus || over && matches!(worth, Worth::Part { .. });
    let outcome = match worth {
        Worth::Foreign => "parked",
        _ if goes_back => "surplus",
        _ => "counted",
    };
    let number = i32::try_from(known + 1).map_err(anyhow::Error::from)?;
    let new = NewTransfer { payment_id: payment.id, number, amount: arrival.amount, outcome };
    store::insert_transfer(conn, &new, arrival).await?;
    let facts = json!({ "amount": arrival.amount.to_string(), "currency": arrival.amount.currency.code(),
        "note": arrival.note });
    let actor = Actor::Admin(arrival.admin.to_owned());
    let entry = Happened::to_order(actor, Event::TransferReceived).with(facts);
    orders::append(conn, order.id, &entry, arrival.now).await?;
    let desk = Desk { entropy, public_url, now: arrival.now };
    match worth {
        Worth::Foreign => park(conn, &payment, arrival).await?,
        _ if goes_back => send_back(conn, &desk, &payment, arrival.amount).await?,
        Worth::Part { .. } | Worth::Surplus => {}
        Worth::Whole { surplus } => {
            settle(conn, &payment, public_url, arrival.now).await?;
            if let Some(surplus) = surplus {
                send_back(conn, &desk, &payment, surplus).await?;
            }
        }
    }
    Ok((order, worth))
}

/// What money that goes back needs.
struct Desk<'a> {
    entropy: &'a Entropy,
    public_url: &'a str,
    now: OffsetDateTime,
}

/// A transfer's payment and order, with the order's row in hand: who changes either waits.
async fn lock(conn: &mut PgConnection, payment_id: i64) -> Result<(Payment, Order), NotNoted> {
    let found =
        store::by_id(conn, payment_id).await?.filter(|payment| payment.method == Method::BankTransfer);
    let order_id = found.ok_or(NotNoted::Unknown)?.order_id;
    let payment = store::lock_whole(conn, payment_id, order_id).await?.ok_or(NotNoted::Unknown)?;
    let order = orders::by_id(conn, order_id).await?.ok_or(NotNoted::Unknown)?;
    Ok((payment, order))
}

async fn park(conn: &mut PgConnection, payment: &Payment, arrival: &Arrival<'_>) -> sqlx::Result<()> {
    let why = "a transfer came in another currency";
    store::park(conn, payment.id, why).await?;
    let alarm = format!("{why}: {} {}", arrival.amount, arrival.amount.currency);
    orders::raise_alarm(conn, payment.order_id, &alarm, arrival.now).await
}

/// Money that does not count is a payment of its own, which the order's next step sends back whole, as it does with any
/// second or late one.
async fn send_back(
    conn: &mut PgConnection,
    desk: &Desk<'_>,
    payment: &Payment,
    amount: Price,
) -> anyhow::Result<()> {
    let token = desk.entropy.token();
    let surplus = NewPayment {
        order_id: payment.order_id,
        method: payment.method,
        token: &token,
        amount,
        // What goes back earns nothing, and what its way costs is no order's.
        fee: Price::new(0, amount.currency),
        now: desk.now,
        expires_at: desk.now,
    };
    store::open(conn, &surplus).await?;
    let opened = store::by_token(conn, &token).await?.ok_or(sqlx::Error::RowNotFound)?;
    settle(conn, &opened, desk.public_url, desk.now).await?;
    Ok(())
}

/// An order that ended unpaid: the parts of its sum that had arrived go back, in the transaction that ends it.
///
/// # Errors
/// The database's.
pub async fn return_parts(
    conn: &mut PgConnection,
    entropy: &Entropy,
    order_id: i64,
    public_url: &str,
    now: OffsetDateTime,
) -> anyhow::Result<()> {
    for payment in store::of_order(conn, order_id).await? {
        if payment.method != Method::BankTransfer || payment.status == PaymentStatus::Paid {
            continue;
        }
        let counted = store::return_counted(conn, payment.id).await?;
        if counted > 0 {
            let amount = Price::new(counted, payment.amount.currency);
            send_back(conn, &Desk { entropy, public_url, now }, &payment, amount).await?;
        }
    }
    Ok(())
}

/// A parked transfer is to go back: it joins the work list of what is paid back by hand, in its own currency.
///
/// # Errors
/// [`NotNoted`].
pub async fn return_parked(
    conn: &mut PgConnection,
    entropy: &Entropy,
    transfer_id: i64,
    now: OffsetDateTime,
) -> Result<Order, NotNoted> {
    let (payment_id, amount) = store::return_parked(conn, transfer_id).await?.ok_or(NotNoted::Unknown)?;
    let (payment, order) = lock(conn, payment_id).await?;
    let token = entropy.token();
    let foreign = NewPayment {
        order_id: order.id,
        method: payment.method,
        token: &token,
        amount,
        // What goes back earns nothing, and what its way costs is no order's.
        fee: Price::new(0, amount.currency),
        now,
        expires_at: now,
    };
    store::open(conn, &foreign).await?;
    let opened = store::by_token(conn, &token).await?.ok_or(sqlx::Error::RowNotFound)?;
    // Never by `settle`: an order that waits still must not be paid with it.
    store::mark_paid(conn, opened.id, now).await?;
    orders::nudge(conn, order.id, now, now).await?;
    Ok(order)
}

/// When something was told, and where its links lead.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// The shop's address.
    pub public_url: &'a str,
    /// Now.
    pub now: OffsetDateTime,
}

/// A person paid a refund out by hand and says so; the customer is told.
///
/// # Errors
/// [`NotNoted`].
pub async fn paid_back(
    conn: &mut PgConnection,
    refund_id: i64,
    admin: &str,
    note: &str,
    post: &Post<'_>,
) -> Result<Order, NotNoted> {
    let (now, public_url) = (post.now, post.public_url);
    let order_id = store::order_of_refund(conn, refund_id).await?.ok_or(NotNoted::Unknown)?;
    orders::lock_order(conn, order_id).await?;
    let refund = store::pending_refund(conn, refund_id).await?;
    let refund = refund.filter(|refund| refund.by_hand).ok_or(NotNoted::Unknown)?;
    store::sign_refund(conn, refund.id, admin, note).await?;
    payout::arrived(conn, &refund, false, now).await?;
    told::arrived(conn, order_id, public_url, now).await?;
    orders::by_id(conn, order_id).await?.ok_or(NotNoted::Unknown)
}

/// What is still to be transferred for an order that waits for it; `None` where it does not.
///
/// # Errors
/// The database's.
pub async fn due(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Option<Price>> {
    let payments = store::of_order(conn, order_id).await?;
    let newest = payments.iter().rev().find(|payment| payment.is_open());
    let Some(payment) = newest.filter(|payment| payment.method == Method::BankTransfer) else {
        return Ok(None);
    };
    let (_, before) = store::received(conn, payment.id).await?;
    Ok(Some(Price::new(payment.amount.minor.saturating_sub(before), payment.amount.currency)))
}
