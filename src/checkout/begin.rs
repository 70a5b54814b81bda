//! Makes orders of checkout forms, of each form once.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::Draft;
use super::limits::Counts;
use super::quote::Offered;
use super::sold::{Offer, Sold};
use super::standing::Kept;
use crate::catalog::{Data, Package};
use crate::ground::token::Token;
use crate::ground::{Clock, Entropy, Language, Price};
use crate::orders::{self, LineRate, NewLine, NewOrder, Order, OrderNumber, OrderStatus};
use crate::payments::{self, NewPayment, PaymentStatus};
use crate::shop::Settings;

/// Two orders drew one number: so often others are drawn. One try in 10⁵ meets another at a million orders.
const DRAWS: u32 = 5;
const NUMBER_TAKEN: &str = "orders_number_unique";

/// A form that was sent.
pub struct Wanted {
    /// What it says.
    pub draft: Draft,
    /// The language of the purchase.
    pub language: Language,
    /// A keyed hash of the network that sent it, where that is known.
    pub client: Option<String>,
    /// Whether eSIMDual was asked about the plan just now, so that the catalog's age is no matter.
    pub asked: bool,
}

/// The form has its order. No `Debug`: whoever knows the path sees the payment or the order.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// The order.
    pub order_id: i64,
    /// Where the customer goes on, without a language: the payment's page, or the order's when nothing is to be paid.
    pub path: String,
}

/// Why there is no order. Nothing was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One plan costs this now, which the customer has not seen, and what they saw is not honoured.
    #[error("the price is another one now")]
    PriceMoved(Offered),
    /// The plan promises something else than what the customer looked at.
    #[error("the plan is another one now")]
    Changed,
    /// The plan is not on sale.
    #[error("the plan is not on sale")]
    Gone,
    /// Tax is told, and nobody said where the customer lives.
    #[error("the country of residence is missing")]
    NoCountry,
    /// The shop cannot sell it now: no way to pay, no currency, no rule, or no exchange rate that is young enough.
    #[error("the shop cannot sell this now")]
    NotSelling,
    /// The wallet at eSIMDual is known to hold too little for it: money is not taken for what cannot be bought.
    #[error("the wallet holds too little for this")]
    NoFunds,
    /// The catalog is too old to be trusted: eSIMDual is to be asked about the plan first.
    #[error("the catalog is too old")]
    Stale,
    /// This e-mail has as many unpaid orders as it may.
    #[error("this e-mail has too many unpaid orders")]
    UnpaidOfEmail,
    /// This network has as many unpaid orders as it may.
    #[error("this network has too many unpaid orders")]
    UnpaidOfAddress,
    /// This e-mail would order for more than it may within a day.
    #[error("this e-mail ordered enough for today")]
    SpentToday,
    /// Payments of this e-mail or network were declined too often; for so long.
    #[error("payments were declined too often")]
    Declined(Duration),
    /// The form's key made an order of something else.
    #[error("the form was used for another purchase")]
    KeyUsed,
}

/// What orders are made with.
pub struct Maker<'a> {
    /// The time.
    pub clock: &'a Clock,
    /// Draws numbers and tokens.
    pub entropy: &'a Entropy,
    /// The limits, and the ways to pay.
    pub settings: &'a Settings,
    /// What plans were sold by at the last purchase.
    pub kept: &'a Kept,
}

/// What a form's key made before: its order, or the refusal of another purchase under it.
async fn earlier(conn: &mut PgConnection, draft: &Draft) -> sqlx::Result<Option<Result<Begun, Refusal>>> {
    let Some((order, fingerprint)) = orders::by_form_key(conn, &draft.form_key).await? else {
        return Ok(None);
    };
    if fingerprint != draft.fingerprint() {
        return Ok(Some(Err(Refusal::KeyUsed)));
    }
    let path = way_on(conn, &order).await?;
    Ok(Some(Ok(Begun { order_id: order.id, path })))
}

/// To the payment while there is something to pay, else to the order.
async fn way_on(conn: &mut PgConnection, order: &Order) -> sqlx::Result<String> {
    let payments = match order.status {
        OrderStatus::AwaitingPayment => payments::of_order(conn, order.id).await?,
        _ => Vec::new(),
    };
    let open = |status| matches!(status, PaymentStatus::Pending | PaymentStatus::Failed);
    Ok(payments.iter().rev().find(|payment| open(payment.status)).map_or_else(
        || format!("/orders/{}", order.token.as_str()),
        |payment| payment.method.page(&payment.token),
    ))
}

/// A form with what it will cost, and the names that were drawn for its order.
struct Placing<'a> {
    wanted: &'a Wanted,
    offer: &'a Offer<'a>,
    fee: Price,
    fingerprint: [u8; 32],
    number: OrderNumber,
    order_token: Token,
    payment_token: Token,
}

impl Maker<'_> {
    /// Makes an order of each form, its line, its units and its payment, and has it looked after when its time is over;
    /// in one transaction, all of them or none. The same form again finds the same order, whatever became of the plan
    /// meanwhile. Reads first, then writes; nothing of what is read is held: whatever changes between the two could as
    /// well have changed right after the order.
    ///
    /// # Errors
    /// The database's, and then nothing is stored. An answer for each form otherwise, in their order; a form that was
    /// refused has stored nothing.
    pub async fn begin(
        &self,
        conn: &mut PgConnection,
        wanted: &[Wanted],
    ) -> sqlx::Result<Vec<Result<Begun, Refusal>>> {
        let now = self.clock.now();
        let sold = Sold::read(conn, self.kept, wanted.iter().map(|one| one.draft.package_id), now).await?;
        let mut counts = Counts::read(conn, wanted, sold.currency(), self.settings, now).await?;
        let mut offers = Vec::with_capacity(wanted.len());
        for one in wanted {
            let offer = sold.offer(one, self.settings, now);
            offers.push(offer.and_then(|offer| {
                counts.admit(one, offer.total, self.settings, now)?;
                Ok(offer)
            }));
        }
        let placed = self.place(conn, wanted, &offers).await?;
        let mut answers = Vec::with_capacity(wanted.len());
        for (at, (one, offer)) in wanted.iter().zip(offers).enumerate() {
            let answer = match (placed.get(&at), offer) {
                (Some(begun), _) => Ok(begun.clone()),
                // What kept us from writing must not hide the order of an earlier post.
                (None, Err(refusal)) => earlier(conn, &one.draft).await?.unwrap_or(Err(refusal)),
                // Another post of the same form was first; it has committed, or its key would still be free.
                (None, Ok(_)) => earlier(conn, &one.draft).await?.ok_or(sqlx::Error::RowNotFound)?,
            };
            answers.push(answer);
        }
        Ok(answers)
    }

    /// Writes the orders of the forms that have an offer; which of them have one now, by their place.
    async fn place(
        &self,
        conn: &mut PgConnection,
        wanted: &[Wanted],
        offers: &[Result<Offer<'_>, Refusal>],
    ) -> sqlx::Result<HashMap<usize, Begun>> {
        let good: Vec<_> = wanted.iter().zip(offers).enumerate().collect();
        let good: Vec<_> =
            good.into_iter().filter_map(|(at, (one, offer))| Some((at, one, offer.as_ref().ok()?))).collect();
        let mut draws = 1;
        while !good.is_empty() {
            let placing: Vec<_> = good.iter().map(|(_, one, offer)| self.draw(one, offer)).collect();
            match self.write(conn, &placing).await {
                Ok(written) => {
                    let by_place =
                        good.iter().zip(written).filter_map(|((at, ..), begun)| Some((*at, begun?)));
                    return Ok(by_place.collect());
                }
                Err(sqlx::Error::Database(error))
                    if draws < DRAWS && error.constraint() == Some(NUMBER_TAKEN) =>
                {
                    draws += 1;
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(HashMap::new())
    }

    fn draw<'a>(&self, wanted: &'a Wanted, offer: &'a Offer<'a>) -> Placing<'a> {
        Placing {
            wanted,
            offer,
            fee: payments::fee(&self.settings.payment_fees, wanted.draft.method, offer.total),
            fingerprint: wanted.draft.fingerprint(),
            number: OrderNumber::draw(self.entropy),
            order_token: self.entropy.token(),
            payment_token: self.entropy.token(),
        }
    }

    /// One transaction; leaving it early rolls it back. `None` for a form whose key has an order by now.
    async fn write(
        &self,
        conn: &mut PgConnection,
        placing: &[Placing<'_>],
    ) -> sqlx::Result<Vec<Option<Begun>>> {
        let now = self.clock.now();
        let expires_at =
            |one: &Placing<'_>| now + payments::expiry(one.wanted.draft.method, &self.settings.times);
        let orders: Vec<_> = placing.iter().map(|one| (one.order(expires_at(one)), one.line())).collect();
        let mut tx = conn.begin().await?;
        let ids = orders::insert_all(&mut tx, &orders, now).await?;
        let id_of = |one: &Placing<'_>| ids.get(one.number.as_str()).copied();
        let payments: Vec<_> =
            placing.iter().filter_map(|one| Some(one.payment(id_of(one)?, now, expires_at(one)))).collect();
        payments::open_all(&mut tx, &payments).await?;
        for payment in &payments {
            payments::announce(&mut tx, payment).await?;
        }
        tx.commit().await?;
        Ok(placing.iter().map(|one| id_of(one).map(|id| one.begun(id))).collect())
    }
}

impl Placing<'_> {
    fn order(&self, expires_at: OffsetDateTime) -> NewOrder<'_> {
        let Wanted { draft, language, client, .. } = self.wanted;
        NewOrder {
            number: &self.number,
            token: &self.order_token,
            form_key: &draft.form_key,
            form_fingerprint: &self.fingerprint,
            email: &draft.email,
            language: *language,
            device_imei: draft.device_imei.as_deref(),
            total: self.offer.total,
            tax: self.offer.tax,
            tax_terms: self.offer.tax_terms.as_ref(),
            expires_at,
            client: client.as_deref(),
        }
    }

    fn line(&self) -> NewLine<'_> {
        line(self.offer, self.wanted.draft.quantity)
    }

    fn payment(&self, order_id: i64, now: OffsetDateTime, expires_at: OffsetDateTime) -> NewPayment<'_> {
        let (method, amount) = (self.wanted.draft.method, self.offer.total);
        NewPayment { order_id, method, token: &self.payment_token, amount, fee: self.fee, now, expires_at }
    }

    fn begun(&self, order_id: i64) -> Begun {
        Begun { order_id, path: self.wanted.draft.method.page(&self.payment_token) }
    }
}

fn line<'a>(offer: &Offer<'a>, quantity: u32) -> NewLine<'a> {
    NewLine {
        position: 1,
        package_id: offer.package.id,
        name: &offer.package.name,
        facts: facts(offer.package),
        // At most ten.
        quantity: i32::try_from(quantity).unwrap_or(i32::MAX),
        unit_price: offer.price,
        // The order has one line.
        tax_minor: offer.tax.minor,
        cost: offer.package.cost.amount,
        cost_currency: offer.package.cost.currency,
        markup_rule_id: offer.rule,
        exchange: offer.rate.map(|rate| LineRate { id: rate.id, rate: rate.rate, margin: rate.margin }),
    }
}

/// What was promised, as it was at the purchase.
fn facts(package: &Package) -> Value {
    let data_bytes = match package.data {
        Data::Bytes(bytes) => Some(bytes),
        Data::Unlimited | Data::NotStated => None,
    };
    json!({
        "data_bytes": data_bytes,
        "unlimited": package.data == Data::Unlimited,
        "voice_minutes": package.voice_minutes,
        "sms_count": package.sms_count,
        "validity_days": package.validity_days,
        "network_speed": package.network_speed,
        "coverage": package.coverage.word(),
        "region": package.region,
        "countries": package.countries,
    })
}
