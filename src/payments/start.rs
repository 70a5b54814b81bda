//! Opens a payment where it is made: at a page of the shop, or outside, asked under a key and with parameters that were
//! stored before, so that a second asking is the same one.

use sqlx::PgConnection;

use super::provider::{Provider, Purchase, Said};
use super::{NewPayment, Payment, PaymentStatus, Till, jobs, store};
use crate::orders::{self, Order, OrderStatus};

/// So many askings of unknown end, and another payment is opened in place of this one: nobody was ever shown where to
/// pay the first.
const DOUBTS: i32 = 3;

/// Where a customer goes to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A path of the shop.
    Here(String),
    /// A whole address outside.
    Elsewhere(String),
    /// Not now: the order's page tells more, and has the button to try again.
    NotNow,
}

/// What came of asking once more.
pub(super) enum Repeated {
    Opened,
    NotYet,
    Over,
}

/// Opens a payment, or finds where it was opened; asks outside at most once.
///
/// # Errors
/// The database's.
pub async fn start(till: &Till<'_>, payment: &Payment) -> anyhow::Result<Way> {
    let Some(provider) = till.providers.of(payment.method) else { return Ok(Way::NotNow) };
    let mut conn = till.db.acquire().await?;
    let order = orders::by_id(&mut conn, payment.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    if order.status != OrderStatus::AwaitingPayment || !payment.is_open() {
        return Ok(Way::NotNow);
    }
    if let Some(url) = &payment.url {
        return Ok(Way::Elsewhere(url.clone()));
    }
    if payment.reference.is_some() {
        return Ok(Way::NotNow);
    }
    if store::start_of(&mut conn, payment.id).await?.is_none() {
        let Some(request) = prepare(&mut conn, till, provider, payment, &order).await? else {
            return Ok(Way::Here(payment.method.page(&payment.token)));
        };
        let key = format!("checkout-{}", till.entropy.uuid());
        let now = till.clock.now();
        let mut tx = sqlx::Connection::begin(&mut *conn).await?;
        store::note_start(&mut tx, payment.id, &key, &request, now).await?;
        // Whatever becomes of this asking, somebody comes back to it.
        jobs::ask_look(&mut tx, payment.id, now + till.poll, now).await?;
        tx.commit().await?;
    }
    drop(conn);
    Ok(match ask(till, provider, payment).await? {
        Asked::Opened(Some(url)) => Way::Elsewhere(url),
        Asked::Opened(None) | Asked::Refused | Asked::Unknown => Way::NotNow,
    })
}

/// What came of one asking.
enum Asked {
    /// It is open outside, with its address while it can be paid.
    Opened(Option<String>),
    Refused,
    Unknown,
}

/// What is bought, in the provider's words.
async fn prepare(
    conn: &mut PgConnection,
    till: &Till<'_>,
    provider: &dyn Provider,
    payment: &Payment,
    order: &Order,
) -> sqlx::Result<Option<serde_json::Value>> {
    let lines = orders::lines(conn, order.id).await?;
    let name = lines.iter().map(|line| match line.quantity {
        1 => line.name.clone(),
        quantity => format!("{quantity} × {}", line.name),
    });
    let prefix = order.language.prefix();
    Ok(provider.prepare(&Purchase {
        number: order.number.as_str(),
        name: &name.collect::<Vec<_>>().join(", "),
        email: order.email.as_str(),
        language: order.language,
        amount: payment.amount,
        order_url: &format!("{}{prefix}/orders/{}", till.public_url, order.token.as_str()),
        expires_at: order.expires_at,
        now: till.clock.now(),
    }))
}

async fn ask(till: &Till<'_>, provider: &dyn Provider, payment: &Payment) -> anyhow::Result<Asked> {
    let stored = store::start_of(&mut *till.db.acquire().await?, payment.id).await?;
    let Some(start) = stored else { return Ok(Asked::Unknown) };
    let said = provider.start(&start.key, &start.request).await;
    let mut conn = till.db.acquire().await?;
    match said {
        Said::Done(started) => {
            store::note_started(&mut conn, payment.id, &started.reference, &started.url).await?;
            let read = store::by_id(&mut conn, payment.id).await?;
            Ok(Asked::Opened(read.and_then(|payment| payment.url)))
        }
        Said::Refused(why) => {
            tracing::error!(payment = payment.id, why, "a payment cannot be opened at its provider");
            store::mark_failed(&mut conn, payment.id).await?;
            Ok(Asked::Refused)
        }
        Said::Later(_) => Ok(Asked::Unknown),
        Said::Doubt(why) => {
            tracing::warn!(payment = payment.id, why, "whether a payment was opened is unknown: asked again");
            store::note_doubt(&mut conn, payment.id).await?;
            Ok(Asked::Unknown)
        }
    }
}

/// Asks once more with what was stored, whether the order still waits or not: what was opened outside must be known, to
/// be closed there.
pub(super) async fn repeat(till: &Till<'_>, payment: &Payment) -> anyhow::Result<Repeated> {
    let Some(provider) = till.providers.of(payment.method) else { return Ok(Repeated::NotYet) };
    let stored = store::start_of(&mut *till.db.acquire().await?, payment.id).await?;
    // One that was given up was never shown to anybody.
    if stored.is_none_or(|start| start.doubts >= DOUBTS) || payment.status == PaymentStatus::Failed {
        return Ok(Repeated::Over);
    }
    Ok(match ask(till, provider, payment).await? {
        Asked::Opened(_) => Repeated::Opened,
        Asked::Refused => Repeated::Over,
        Asked::Unknown => Repeated::NotYet,
    })
}

/// The payment by which an order can be paid now: this one, or another in place of one that was declined or cannot be
/// opened. `None` where the order does not wait any more.
///
/// # Errors
/// The database's.
pub async fn current(till: &Till<'_>, payment: &Payment) -> anyhow::Result<Option<Payment>> {
    let mut tx = till.db.begin().await?;
    orders::lock_order(&mut tx, payment.order_id).await?;
    let order = orders::by_id(&mut tx, payment.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    if order.status != OrderStatus::AwaitingPayment {
        return Ok(None);
    }
    let payments = store::of_order(&mut tx, order.id).await?;
    let newest = payments.iter().rev().find(|one| one.method == payment.method);
    let Some(newest) = newest.filter(|one| one.is_open()) else { return Ok(None) };
    let doubts = store::start_of(&mut tx, newest.id).await?.map_or(0, |start| start.doubts);
    let given_up = newest.reference.is_none() && doubts >= DOUBTS;
    if newest.parked.is_some() || (newest.status == PaymentStatus::Pending && !given_up) {
        return Ok(Some(newest.clone()));
    }
    store::mark_failed(&mut tx, newest.id).await?;
    let (token, now) = (till.entropy.token(), till.clock.now());
    let another = NewPayment {
        order_id: order.id,
        method: newest.method,
        token: &token,
        amount: newest.amount,
        fee: newest.fee,
        now,
        expires_at: order.expires_at,
    };
    store::open(&mut tx, &another).await?;
    let opened = store::by_token(&mut tx, &token).await?;
    tx.commit().await?;
    Ok(opened)
}
