//! How much one customer may have open, spend and have declined before the shop waits for payments first
//! (`UNPAID_ORDERS_*`, `SPEND_PER_EMAIL_PER_DAY`, `DECLINED_PAYMENTS_PER_HOUR`). Soft limits: two nodes that decide in
//! the same moment may let one order more through.

use std::collections::HashMap;
use std::time::Duration;

use sqlx::PgConnection;
use time::OffsetDateTime;

use super::begin::{Refusal, Wanted};
use crate::ground::{Currency, Price};
use crate::orders::{self, Declined};
use crate::shop::{OrderLimits, Settings};

const HOUR: time::Duration = time::Duration::hours(1);
const DAY: time::Duration = time::Duration::days(1);

/// What is known of the customers of some forms. Each form that is let in counts for the next.
#[derive(Debug, Default)]
pub(super) struct Counts {
    unpaid_of_email: HashMap<String, i64>,
    unpaid_of_client: HashMap<String, i64>,
    spent: HashMap<String, i64>,
    declined: Vec<Declined>,
}

impl Counts {
    /// Reads what the limits that are set need, and nothing else.
    pub(super) async fn read(
        conn: &mut PgConnection,
        wanted: &[Wanted],
        currency: Option<Currency>,
        settings: &Settings,
        now: OffsetDateTime,
    ) -> sqlx::Result<Self> {
        let limits = applying(settings);
        let mut emails: Vec<String> = wanted.iter().map(|one| one.draft.email.as_str().to_owned()).collect();
        let mut clients: Vec<String> = wanted.iter().filter_map(|one| one.client.clone()).collect();
        for all in [&mut emails, &mut clients] {
            all.sort_unstable();
            all.dedup();
        }
        let mut counts = Self::default();
        if limits.unpaid_per_email > 0 {
            let most = limits.unpaid_per_email;
            counts.unpaid_of_email = orders::unpaid_of_emails(conn, &emails, most).await?;
        }
        if limits.unpaid_per_address > 0 && !clients.is_empty() {
            let most = limits.unpaid_per_address;
            counts.unpaid_of_client = orders::unpaid_of_clients(conn, &clients, most).await?;
        }
        if let Some(currency) = currency.filter(|_| !limits.spend_per_day.is_zero()) {
            counts.spent = orders::ordered_since(conn, &emails, currency.code(), now - DAY).await?;
        }
        if limits.declines_per_hour > 0 {
            counts.declined = orders::declined_since(conn, &emails, &clients, now - HOUR).await?;
        }
        Ok(counts)
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
        let email = wanted.draft.email.as_str();
        if let Some(wait) = self.too_often_declined(wanted, limits.declines_per_hour, now) {
            return Err(Refusal::Declined(wait));
        }
        let unpaid = self.unpaid_of_email.entry(email.to_owned()).or_default();
        if reached(*unpaid, limits.unpaid_per_email) {
            return Err(Refusal::UnpaidOfEmail);
        }
        let here = wanted.client.as_ref().and_then(|client| self.unpaid_of_client.get(client));
        if here.is_some_and(|unpaid| reached(*unpaid, limits.unpaid_per_address)) {
            return Err(Refusal::UnpaidOfAddress);
        }
        let spent = self.spent.entry(email.to_owned()).or_default();
        let with_this = Price::new(spent.saturating_add(total.minor), total.currency);
        if !limits.spend_per_day.is_zero() && with_this.amount() > limits.spend_per_day {
            return Err(Refusal::SpentToday);
        }
        (*unpaid, *spent) = (*unpaid + 1, with_this.minor);
        if let Some(unpaid) = wanted.client.as_ref().and_then(|client| self.unpaid_of_client.get_mut(client))
        {
            *unpaid += 1;
        }
        Ok(())
    }

    /// How long somebody waits whose payments were declined too often within the hour.
    fn too_often_declined(&self, wanted: &Wanted, most: u32, now: OffsetDateTime) -> Option<Duration> {
        let (email, client) = (wanted.draft.email.as_str(), wanted.client.as_deref());
        let of_email = |one: &&Declined| one.email == email;
        let of_client = |one: &&Declined| client.is_some() && one.client.as_deref() == client;
        let waits = [self.wait(of_email, most, now), self.wait(of_client, most, now)];
        waits.into_iter().flatten().max()
    }

    fn wait(&self, of_one: impl Fn(&&Declined) -> bool, most: u32, now: OffsetDateTime) -> Option<Duration> {
        let times: i64 = self.declined.iter().filter(&of_one).map(|one| one.times).sum();
        let first = self.declined.iter().filter(&of_one).map(|one| one.first).min()?;
        let left = Duration::try_from(first + HOUR - now).unwrap_or_default();
        reached(times, most).then_some(left.max(Duration::from_secs(1)))
    }
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
