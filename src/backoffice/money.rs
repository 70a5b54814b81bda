//! An order's money on its page: what its lines were sold for and cost, payments and refunds.

use rust_decimal::{Decimal, RoundingStrategy};

use super::store::{LineRow, PaymentRow, RefundRow, UnitRow};
use super::words::{Badge, Moment, exact, margin, minor, sentence};
use crate::ground::{Cost, Currency, Price, Rate, tax};
use crate::payments;

pub(super) struct LineView {
    pub(super) position: i32,
    pub(super) package_id: i64,
    pub(super) name: String,
    pub(super) quantity: i32,
    /// How many of them failed: they cost nothing, and their price goes back.
    pub(super) failed: usize,
    pub(super) unit_price: String,
    pub(super) price: String,
    pub(super) cost: String,
    /// The cost is what the upstream really charged for every unit that did not fail; else as it was listed.
    pub(super) cost_is_real: bool,
    /// By which rate the cost was exchanged when it was sold, in words.
    pub(super) rate: Option<String>,
    pub(super) margin: Option<(String, String)>,
    pub(super) rule: i64,
}

pub(super) struct MoneyView {
    pub(super) what: String,
    pub(super) amount: String,
    pub(super) status: Badge,
    pub(super) note: String,
    pub(super) at: Moment,
    pub(super) settled: Option<Moment>,
    /// A refund that failed, for who may try it again: its id and its last try.
    pub(super) failed: Option<(i64, i32)>,
}

/// What the payment of an order cost, where one is expected or came.
pub(super) struct Fee {
    price: Price,
    /// What it was taken of, in minor units.
    of: i64,
}

impl Fee {
    /// Of the payment that counts, else of the newest.
    pub(super) fn of(payments: &[PaymentRow]) -> Option<Self> {
        let counted = payments.iter().find(|payment| payment.counted);
        let payment = counted.or(payments.last())?;
        let price = Price::new(payment.fee_minor, Currency::parse(&payment.currency)?);
        Some(Self { price, of: payment.amount_minor })
    }

    /// It in words; `None` where there is none.
    pub(super) fn text(&self) -> Option<String> {
        (self.price.minor > 0).then(|| format!("{} {}", self.price, self.price.currency))
    }
}

/// Its margin is the price of what did not fail, less the tax within it (at so many percent), its cost and the whole line's
/// share of what the payment cost: a way to pay gives nothing back of that with a refund.
pub(super) fn line_view(
    line: &LineRow,
    units: &[UnitRow],
    fee: Option<&Fee>,
    tax_percent: Decimal,
    currency: &str,
) -> LineView {
    let price = line.unit_price_minor.saturating_mul(i64::from(line.quantity));
    let share = fee.map_or(Decimal::ZERO, |fee| payments::share(fee.price, price, fee.of));
    let of_line = || units.iter().filter(|unit| unit.line_id == line.id);
    let kept: Vec<&UnitRow> = of_line().filter(|unit| unit.status != "failed").collect();
    let real: Vec<Decimal> = kept.iter().filter_map(|unit| charged(unit, &line.cost_currency)).collect();
    let cost_is_real = !kept.is_empty() && real.len() == kept.len();
    let cost = match cost_is_real {
        true => real.into_iter().sum(),
        false => line.cost * Decimal::from(kept.len()),
    };
    let earned = line.unit_price_minor.saturating_mul(i64::try_from(kept.len()).unwrap_or(i64::MAX));
    let worth = worth(line, cost, currency);
    let net = earned - tax::within(earned, tax_percent);
    LineView {
        position: line.position,
        package_id: line.package_id,
        name: line.name.clone(),
        quantity: line.quantity,
        failed: of_line().count() - kept.len(),
        unit_price: minor(line.unit_price_minor, currency),
        price: minor(price, currency),
        cost: exact(cost, &line.cost_currency),
        cost_is_real,
        rate: rate_text(line, currency),
        margin: worth.and_then(|worth| margin(net, worth + share, currency)),
        rule: line.markup_rule_id,
    }
}

/// A cost of the line in the price's currency, by the rate of the sale; `None` where there was none. What was exchanged is
/// rounded up at two decimals more than the currency has.
fn worth(line: &LineRow, cost: Decimal, currency: &str) -> Option<Decimal> {
    if line.cost_currency == currency {
        return Some(cost);
    }
    let (from, to) = (Currency::parse(&line.cost_currency)?, Currency::parse(currency)?);
    let worth =
        Rate { from, to, per_unit: line.exchange_rate? }.exchange(Cost { amount: cost, currency: from })?;
    Some(worth.amount.round_dp_with_strategy(to.exponent() + 2, RoundingStrategy::ToPositiveInfinity))
}

/// "at 0.92 EUR, sold with 2 % on it".
fn rate_text(line: &LineRow, currency: &str) -> Option<String> {
    let (rate, margin) = line.exchange_rate.zip(line.exchange_margin)?;
    Some(format!("at {} {currency}, sold with {} % on it", rate.normalize(), margin.normalize()))
}

/// What the upstream charged for a unit, where that is known in the currency of its listed cost.
fn charged(unit: &UnitRow, currency: &str) -> Option<Decimal> {
    unit.real_cost.filter(|_| unit.real_cost_currency.as_deref() == Some(currency))
}

pub(super) fn payment(row: PaymentRow) -> MoneyView {
    let back = (row.refunded_minor > 0)
        .then(|| format!("{} promised back", minor(row.refunded_minor, &row.currency)));
    let fee = (row.fee_minor > 0).then(|| format!("fee {}", minor(row.fee_minor, &row.currency)));
    let uncounted =
        (row.status == "paid" && !row.counted).then(|| "not this order's payment: it goes back".to_owned());
    MoneyView {
        what: sentence(&row.method),
        amount: minor(row.amount_minor, &row.currency),
        status: Badge::of(&row.status),
        note: [uncounted, back, fee].into_iter().flatten().collect::<Vec<_>>().join("; "),
        at: Moment::of(row.created_at),
        settled: row.settled_at.map(Moment::of),
        failed: None,
    }
}

/// Refunds with what part of each is tax, at so many percent: the parts of those that did not fail add up to the tax of
/// their sum.
pub(super) fn refund_views(rows: Vec<RefundRow>, tax_percent: Decimal, may_settle: bool) -> Vec<MoneyView> {
    let counts: Vec<i64> =
        rows.iter().map(|row| if row.status == "failed" { 0 } else { row.amount_minor }).collect();
    let taxes = tax::split(&counts, tax_percent);
    rows.into_iter().zip(taxes).map(|(row, tax)| refund_view(row, tax, may_settle)).collect()
}

fn refund_view(row: RefundRow, tax: i64, may_settle: bool) -> MoneyView {
    let tries = (row.attempt > 1).then(|| format!("try {}", row.attempt));
    let by = format!("{}; asked for by {}", sentence(&row.reason), row.requested_by);
    let by_hand = (row.by_hand && row.status == "pending").then(|| "to be paid back by hand".to_owned());
    let tax = (tax > 0).then(|| format!("{} of it tax", minor(tax, &row.currency)));
    let note = [Some(by), tax, row.note, tries, by_hand, row.failure].into_iter().flatten();
    MoneyView {
        what: row.unit.map_or_else(
            || if row.reason == "by_person" { "By a person".to_owned() } else { "Whole payment".to_owned() },
            |place| format!("Unit {place}"),
        ),
        amount: minor(row.amount_minor, &row.currency),
        note: note.collect::<Vec<_>>().join("; "),
        failed: (may_settle && row.status == "failed").then_some((row.id, row.attempt)),
        status: Badge::of(&row.status),
        at: Moment::of(row.created_at),
        settled: row.settled_at.map(Moment::of),
    }
}

/// What is odd about where a payment came from: a flag for a person, nothing is blocked by it.
pub(super) fn odd_country(payments: &[PaymentRow]) -> Option<String> {
    payments.iter().find_map(|payment| {
        let (card, buyer) = (payment.card_country.as_ref()?, payment.buyer_country.as_ref()?);
        (card != buyer)
            .then(|| format!("The card was issued in {card}, and its payer gave an address in {buyer}."))
    })
}
