//! Makes the order of a checkout form, once.

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use time::OffsetDateTime;

use super::Draft;
use crate::catalog::{self, Data, Package};
use crate::ground::{Clock, Cost, Entropy, Language, Price};
use crate::orders::{self, NewLine, NewOrder, Order, OrderNumber, OrderStatus};
use crate::payments::{self, NewPayment, PaymentStatus};
use crate::shop::Settings;
use crate::{ledgers, pricing, settings as installation};

/// Two orders drew one number: so often another is drawn. One try in 10⁵ meets another at a million orders.
const DRAWS: u32 = 5;
const NUMBER_TAKEN: &str = "orders_number_unique";

/// The form has its order. No `Debug`: whoever knows the path sees the payment or the order.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// The order.
    pub order_id: i64,
    /// Where the customer goes on, without a language: the payment's page, or the order's when nothing is to be paid.
    pub path: String,
    /// False where an earlier post of the same form had made it.
    pub fresh: bool,
}

/// Why there is no order. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// One plan costs this now, which the customer has not seen.
    #[error("the price is another one now")]
    PriceMoved(Price),
    /// The plan is not on sale.
    #[error("the plan is not on sale")]
    Gone,
    /// The shop cannot sell it yet: no way to pay, no currency or no rule, or none for the cost's currency.
    #[error("the shop cannot sell this now")]
    NotSelling,
    /// The wallet at eSIMDual is known to hold too little for it: money is not taken for what cannot be bought.
    #[error("the wallet holds too little for this")]
    NoFunds,
    /// The form's key made an order of something else.
    #[error("the form was used for another purchase")]
    KeyUsed,
    /// The database's.
    #[error(transparent)]
    Fault(#[from] sqlx::Error),
}

/// Makes the order, its line, its units and its payment, and has it looked after when its time is over; all of it or
/// nothing. The same form again finds the same order, whatever became of the plan meanwhile. Ring for the jobs and the
/// order afterwards.
///
/// # Errors
/// [`Refusal`], and then nothing is stored.
pub async fn begin(
    conn: &mut PgConnection,
    clock: &Clock,
    entropy: &Entropy,
    settings: &Settings,
    draft: &Draft,
    language: Language,
) -> Result<Begun, Refusal> {
    let attempt = Attempt { clock, entropy, settings, draft, language };
    let mut draws = 1;
    let refusal = loop {
        match attempt.make(conn).await {
            Ok(begun) => return Ok(begun),
            Err(Refusal::Fault(sqlx::Error::Database(error)))
                if draws < DRAWS && error.constraint() == Some(NUMBER_TAKEN) =>
            {
                draws += 1;
            }
            Err(Refusal::Fault(fault)) => return Err(fault.into()),
            Err(refusal) => break refusal,
        }
    };
    // Writing would have found the order of an earlier post; what kept us from writing must not hide it.
    earlier(conn, draft).await?.ok_or(refusal)
}

/// The order that this form made before.
///
/// # Errors
/// [`Refusal::KeyUsed`] where it was made of something else, or the database's.
pub async fn earlier(conn: &mut PgConnection, draft: &Draft) -> Result<Option<Begun>, Refusal> {
    let Some((order, fingerprint)) = orders::by_form_key(conn, &draft.form_key).await? else {
        return Ok(None);
    };
    if fingerprint != draft.fingerprint() {
        return Err(Refusal::KeyUsed);
    }
    let path = way_on(conn, &order).await?;
    Ok(Some(Begun { order_id: order.id, path, fresh: false }))
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

/// Whether the wallet is known to hold too little for so many at this cost, besides what paid orders still need of it.
/// Whoever pays meanwhile for an order that was placed before is not counted here: their eSIMs wait for a top-up, and
/// their money goes back if none comes.
///
/// # Errors
/// The database's.
pub(super) async fn lacks_funds(
    conn: &mut PgConnection,
    cost: Cost,
    quantity: u32,
    settings: &Settings,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let stale_after = ledgers::stale_after(settings.times.reconcile_interval);
    let funds = ledgers::funds(conn).await?;
    Ok(funds.is_some_and(|funds| funds.too_little_for(cost, quantity, now, stale_after)))
}

/// What is sold, as it is in the database now.
struct Offer {
    package: Package,
    price: Price,
    total: Price,
    rule: i64,
}

/// Everything that one try needs.
struct Attempt<'a> {
    clock: &'a Clock,
    entropy: &'a Entropy,
    settings: &'a Settings,
    draft: &'a Draft,
    language: Language,
}

impl Attempt<'_> {
    /// Reads, then writes in one transaction; leaving that early rolls it back. Nothing of what is read is held: whatever
    /// changes between the two could as well have changed right after the order.
    async fn make(&self, conn: &mut PgConnection) -> Result<Begun, Refusal> {
        let offer = self.offer(conn).await?;
        if self.draft.shown_price != Some(offer.price.minor) {
            return Err(Refusal::PriceMoved(offer.price));
        }
        let Draft { quantity, .. } = *self.draft;
        if lacks_funds(conn, offer.package.cost, quantity, self.settings, self.clock.now()).await? {
            return Err(Refusal::NoFunds);
        }
        let mut tx = conn.begin().await?;
        let begun = match self.write(&mut tx, &offer).await? {
            Some(begun) => begun,
            // Another post of the same form was first; it has committed, or its key would still be free.
            None => earlier(&mut tx, self.draft).await?.ok_or(sqlx::Error::RowNotFound)?,
        };
        tx.commit().await?;
        Ok(begun)
    }

    /// Prices the plan anew: nothing of what the form says is believed.
    async fn offer(&self, conn: &mut PgConnection) -> Result<Offer, Refusal> {
        let offered = |method: &String| method == self.draft.method.word();
        if !self.settings.payment_methods.iter().any(offered) {
            return Err(Refusal::NotSelling);
        }
        let package = catalog::package_for_sale(conn, self.draft.package_id).await?.ok_or(Refusal::Gone)?;
        let rule = pricing::current(conn).await?.ok_or(Refusal::NotSelling)?;
        let currency = installation::installation(conn).await?.currency;
        if currency != Some(rule.markup.currency) {
            return Err(Refusal::NotSelling);
        }
        let price = rule.markup.price(package.cost).map_err(|_| Refusal::NotSelling)?;
        let total = price.times(self.draft.quantity).ok_or(Refusal::NotSelling)?;
        Ok(Offer { package, price, total, rule: rule.id })
    }

    /// `None` where the form's key has an order by now.
    async fn write(&self, conn: &mut PgConnection, offer: &Offer) -> Result<Option<Begun>, Refusal> {
        let now = self.clock.now();
        let expires_at = now + payments::expiry(self.draft.method, &self.settings.times);
        let (number, order_token) = (OrderNumber::draw(self.entropy), self.entropy.token());
        let order = NewOrder {
            number: &number,
            token: &order_token,
            form_key: &self.draft.form_key,
            form_fingerprint: &self.draft.fingerprint(),
            email: &self.draft.email,
            language: self.language,
            device_imei: self.draft.device_imei.as_deref(),
            total: offer.total,
            now,
            expires_at,
        };
        let line = line(offer, self.draft.quantity);
        let Some(order_id) = orders::insert(conn, &order, &line).await? else { return Ok(None) };
        let token = self.entropy.token();
        let (method, amount) = (self.draft.method, offer.total);
        let payment = NewPayment { order_id, method, token: &token, amount, now, expires_at };
        payments::open(conn, &payment).await?;
        payments::announce(conn, &payment).await?;
        Ok(Some(Begun { order_id, path: method.page(&token), fresh: true }))
    }
}

fn line(offer: &Offer, quantity: u32) -> NewLine<'_> {
    NewLine {
        position: 1,
        package_id: offer.package.id,
        name: &offer.package.name,
        facts: facts(&offer.package),
        // At most ten.
        quantity: i32::try_from(quantity).unwrap_or(i32::MAX),
        unit_price: offer.price,
        cost: offer.package.cost.amount,
        cost_currency: offer.package.cost.currency,
        markup_rule_id: offer.rule,
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
