//! How much one customer may have open, spend and have declined before the shop waits for payments first
//! (`UNPAID_ORDERS_*`, `SPEND_PER_EMAIL_PER_DAY`, `DECLINED_PAYMENTS_PER_HOUR`). Soft limits: two nodes that decide in
//! the same moment may let one order more through.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::begin::{Refusal, Wanted};
use crate::ground::{Currency, Price};
use crate::orders::{self, Count, Counted};
use crate::payments;
use crate::shop::{OrderLimits, Settings};

const HOUR: time::Duration = time::Duration::hours(1);
const DAY: time::Duration = time::Duration::days(1);

/// What is known of the customers of some forms. Each form that is let in counts for the next.
#[derive(Debug, Default)]
pub(super) struct Counts {
    of_email: HashMap<String, Counted>,
    of_client: HashMap<String, Counted>,
}

impl Counts {
    /// Reads what the limits need, and nothing where there are none.
    pub(super) async fn read(
        conn: &mut PgConnection,
        wanted: &[Wanted],
        currency: Option<Currency>,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let limits = applying(settings);
        let by_email = limits.unpaid_per_email > 0 || !limits.spend_per_day.is_zero();
        let by_client = limits.unpaid_per_address > 0;
        let both = limits.declines_per_hour > 0;
        let emails =
            wanted.iter().filter(|_| by_email || both).map(|one| one.draft.email.as_str().to_owned());
        let clients = wanted.iter().filter(|_| by_client || both).filter_map(|one| one.client.clone());
        let (emails, clients) = (each_once(emails), each_once(clients));
        if emails.is_empty() && clients.is_empty() {
            return Ok(Self::default());
        }
        let count = Count {
            orders_since: now - payments::longest_expiry(&settings.times).max(DAY.unsigned_abs()),
            declines_since: now - HOUR,
            spent_since: now - DAY,
            currency: currency.as_ref().map(|currency| currency.code()),
        };
        let (of_email, of_client) = orders::count_of(conn, &emails, &clients, count).await?;
        Ok(Self { of_email, of_client })
    }

    /// Lets a form in that costs so much, and counts it. Pure.
    pub(super) fn admit(
        &mut self,
        wanted: &Wanted,
        total: Price,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> Result<(), Refusal> {
        let limits = applying(settings);
        let customer = self.of_email.entry(wanted.draft.email.as_str().to_owned()).or_default();
        let mut unknown = Counted::default();
        let network = wanted.client.as_ref().and_then(|client| self.of_client.get_mut(client));
        let network = network.unwrap_or(&mut unknown);
        let waits = [&*customer, network].map(|counted| wait(counted, limits.declines_per_hour, now));
        if let Some(wait) = waits.into_iter().flatten().max() {
            return Err(Refusal::Declined(wait));
        }
        if reached(customer.unpaid, limits.unpaid_per_email) {
            return Err(Refusal::UnpaidOfEmail);
        }
        if reached(network.unpaid, limits.unpaid_per_address) {
            return Err(Refusal::UnpaidOfAddress);
        }
        let with_this = Price::new(customer.spent.saturating_add(total.minor), total.currency);
        if !limits.spend_per_day.is_zero() && with_this.amount() > limits.spend_per_day {
            return Err(Refusal::SpentToday);
        }
        customer.unpaid += 1;
        customer.spent = with_this.minor;
        network.unpaid += 1;
        Ok(())
    }
}

/// How long somebody waits whose payments were declined too often within the hour.
fn wait(counted: &Counted, most: u32, now: OffsetDateTime) -> Option<Duration> {
    let left = Duration::try_from(counted.first_decline? + HOUR - now).unwrap_or_default();
    reached(counted.declines, most).then_some(left.max(Duration::from_secs(1)))
}

fn each_once(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = all.collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// `RATE_LIMITS=off` leaves those that are no matter of how often.
fn applying(settings: &Settings) -> OrderLimits {
    match settings.rate_limits {
        true => settings.order_limits,
        false => OrderLimits {
            unpaid_per_email: 0,
            unpaid_per_address: 0,
            declines_per_hour: 0,
            ..settings.order_limits
        },
    }
}

fn reached(count: i64, limit: u32) -> bool {
    limit > 0 && count >= i64::from(limit)
}
