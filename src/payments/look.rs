//! Fetches what is true of a payment and writes it down. Asked by a webhook, a returning browser, a refund and a clock;
//! safe to ask any number of times, in parallel.

use std::time::Duration;

use super::judge::Judgement;
use super::provider::{Provider, Said, Truth};
use super::{Payment, PaymentStatus, Till, hear, start, store};
use crate::orders;
use crate::plumbing::jobs::Verdict;

/// After which a provider is asked again that did not answer well.
const SOON: Duration = Duration::from_secs(20);
/// The longest pause between two looks at a payment that can still be made.
const RARELY: Duration = Duration::from_secs(900);

/// Fetches the truth about a payment that was opened outside and writes it down; `None` where nobody could tell it now.
///
/// # Errors
/// The database's, and a provider that says nothing usable: to be tried again.
pub(super) async fn look(till: &Till<'_>, payment_id: i64) -> anyhow::Result<Option<Judgement>> {
    let found = store::by_id(&mut *till.db.acquire().await?, payment_id).await?;
    let Some(payment) = found else { return Ok(None) };
    let (Some(provider), Some(reference)) = (till.providers.of(payment.method), &payment.reference) else {
        return Ok(None);
    };
    let truth = understood(provider.truth(reference).await)?;
    let judgement = write(till, &payment, &truth).await?;
    if judgement != Judgement::Close {
        return Ok(Some(judgement));
    }
    close(till, provider, &payment, reference).await.map(Some)
}

/// Our order is over and the payment is open outside: it is closed there too. It may have been paid meanwhile.
async fn close(
    till: &Till<'_>,
    provider: &dyn Provider,
    payment: &Payment,
    reference: &str,
) -> anyhow::Result<Judgement> {
    let truth = understood(provider.close(reference).await)?;
    write(till, payment, &truth).await
}

async fn write(till: &Till<'_>, payment: &Payment, truth: &Truth) -> anyhow::Result<Judgement> {
    let mut tries = 1;
    loop {
        let now = till.clock.now();
        let mut tx = till.db.begin().await?;
        match hear::hear(&mut tx, payment, truth, till.public_url, now).await {
            Ok(judgement) => {
                tx.commit().await?;
                return Ok(judgement);
            }
            // Lost against another transaction: what it wrote is read now.
            Err(fault) if tries < 4 && crate::plumbing::db::lost(&fault) => tries += 1,
            Err(fault) => return Err(fault),
        }
    }
}

fn understood(said: Said<Truth>) -> anyhow::Result<Truth> {
    match said {
        Said::Done(truth) => Ok(truth),
        Said::Refused(why) | Said::Doubt(why) => anyhow::bail!("a payment could not be looked at: {why}"),
        Said::Later(_) => anyhow::bail!("a payment could not be looked at now"),
    }
}

/// The job's run: opens what was not opened, looks, and comes back while it can still be paid.
pub(super) async fn attend(till: &Till<'_>, payment_id: i64) -> anyhow::Result<Verdict> {
    let found = store::by_id(&mut *till.db.acquire().await?, payment_id).await?;
    let Some(payment) = found else { return Ok(Verdict::GiveUp("no such payment".to_owned())) };
    if payment.reference.is_none() {
        return match start::repeat(till, &payment).await? {
            start::Repeated::Opened => Ok(Verdict::Again(Duration::ZERO)),
            start::Repeated::NotYet => Ok(Verdict::Again(SOON)),
            start::Repeated::Over => Ok(Verdict::Done),
        };
    }
    let judgement = look(till, payment_id).await?;
    let mut conn = till.db.acquire().await?;
    let order = orders::by_id(&mut conn, payment.order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let waits = matches!(judgement, Some(Judgement::Wait | Judgement::Close));
    let over = order.status != orders::OrderStatus::AwaitingPayment && payment.status == PaymentStatus::Paid;
    Ok(match waits && !over {
        true => Verdict::Again(pause(till, &payment)),
        false => Verdict::Done,
    })
}

/// Often while a customer is likely to be paying, and less and less often afterwards.
fn pause(till: &Till<'_>, payment: &Payment) -> Duration {
    let age = Duration::try_from(till.clock.now() - payment.created_at).unwrap_or_default();
    (age / 10).clamp(till.poll.min(RARELY), RARELY)
}
