//! The customer's view of an order: CONTRACT section 6, field by field. Nothing of cost, margin or the upstream's raw
//! answers is in it, and no type of it could hold that.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::PgConnection;
use time::{Date, macros::format_description};

use super::{Line, Order, Unit, UnitState};
use crate::esims::{self, Esim};
use crate::ground::token::Token;

/// An order as its buyer may see it. Money is a string with a dot.
#[derive(Clone, Serialize)]
pub struct OrderView {
    /// The number.
    pub number: String,
    /// The contract's word.
    pub status: &'static str,
    /// The contract's word.
    pub payment_status: &'static str,
    /// A person is needed.
    pub attention: bool,
    /// The currency of every amount.
    pub currency: &'static str,
    /// What the customer pays.
    pub total: String,
    /// What was taken off.
    pub discount: String,
    /// The tax within the total.
    pub tax: String,
    /// Where it can be paid, as a whole address; none once it is paid or cancelled.
    pub pay_url: Option<String>,
    /// What was bought.
    pub lines: Vec<LineView>,
}

/// A plan in a quantity.
#[derive(Clone, Serialize)]
pub struct LineView {
    /// From 1.
    pub position: i32,
    /// The plan.
    pub package_id: i64,
    /// Its name at the purchase.
    pub name: String,
    /// How many.
    pub quantity: i32,
    /// The price of one.
    pub unit_price: String,
    /// Each single eSIM.
    pub units: Vec<UnitView>,
}

/// One single eSIM.
#[derive(Clone, Serialize)]
pub struct UnitView {
    /// From 1, within its line.
    pub unit: i32,
    /// The contract's word.
    pub status: &'static str,
    /// Handed to a traveller by a claim link; there are none in this version.
    pub claimed: bool,
    /// What was delivered; none until then.
    pub esim: Option<EsimView>,
}

/// What was delivered. The codes are secrets, so it has no `Debug`.
#[derive(Clone, Serialize)]
pub struct EsimView {
    /// The card's number.
    pub iccid: Option<String>,
    /// The code, byte for byte as the upstream gave it.
    pub activation_code: String,
    /// Its first part, for typing it in.
    pub smdp_address: String,
    /// Its second part.
    pub matching_id: String,
    /// The path of its picture.
    pub qr_svg: String,
    /// The phone number, where the plan has one.
    pub phone_number: Option<String>,
    /// The last day, as `2026-04-14`.
    pub expires_on: Option<String>,
    /// Opens the installation on the iPhone that shows it.
    #[serde(skip)]
    pub apple_link: String,
    /// The same for newer Android phones.
    #[serde(skip)]
    pub android_link: String,
}

impl OrderView {
    /// The same without any eSIM: what may go out over a connection that stays open.
    pub fn without_esims(mut self) -> Self {
        for unit in self.lines.iter_mut().flat_map(|line| &mut line.units) {
            unit.esim = None;
        }
        self
    }

    /// Every delivered eSIM with its line and unit, in order.
    pub fn delivered(&self) -> impl Iterator<Item = (&LineView, &UnitView, &EsimView)> {
        let units = self.lines.iter().flat_map(|line| line.units.iter().map(move |unit| (line, unit)));
        units.filter_map(|(line, unit)| Some((line, unit, unit.esim.as_ref()?)))
    }
}

/// Reads what belongs to an order, in three statements.
///
/// # Errors
/// The database's.
pub async fn read(
    conn: &mut PgConnection,
    order: &Order,
    pay_url: Option<String>,
) -> sqlx::Result<OrderView> {
    let lines = super::lines(conn, order.id).await?;
    let units = super::units(conn, order.id).await?;
    let delivered: Vec<i64> = units.iter().filter_map(esim_of).collect();
    let esims = match delivered.is_empty() {
        true => Vec::new(),
        false => esims::by_ids(conn, &delivered).await?,
    };
    let esims: HashMap<i64, Esim> = esims.into_iter().map(|esim| (esim.id, esim)).collect();
    Ok(of(order, &lines, &units, &esims, pay_url))
}

fn esim_of(unit: &Unit) -> Option<i64> {
    match unit.state {
        UnitState::Completed { esim_id, .. } => Some(esim_id),
        _ => None,
    }
}

fn of(
    order: &Order,
    lines: &[Line],
    units: &[Unit],
    esims: &HashMap<i64, Esim>,
    pay_url: Option<String>,
) -> OrderView {
    let unit = |unit: &Unit| UnitView {
        unit: unit.unit,
        status: unit.state.status().word(),
        claimed: false,
        esim: esim_of(unit)
            .and_then(|id| esims.get(&id))
            .map(|esim| esim_view(esim, &qr_path(&order.token, unit.position, unit.unit))),
    };
    let line = |line: &Line| LineView {
        position: line.position,
        package_id: line.package_id,
        name: line.name.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price.to_string(),
        units: units.iter().filter(|of| of.line_id == line.id).map(unit).collect(),
    };
    let payable = order.status == super::OrderStatus::AwaitingPayment;
    OrderView {
        number: order.number.to_string(),
        status: order.status.word(),
        payment_status: order.payment_status.word(),
        attention: order.attention,
        currency: order.total.currency.code(),
        total: order.total.to_string(),
        discount: order.discount.to_string(),
        tax: order.tax.to_string(),
        pay_url: pay_url.filter(|_| payable),
        lines: lines.iter().map(line).collect(),
    }
}

fn esim_view(esim: &Esim, qr: &str) -> EsimView {
    EsimView {
        iccid: esim.iccid.clone(),
        activation_code: esim.code.as_str().to_owned(),
        smdp_address: esim.code.smdp_address().to_owned(),
        matching_id: esim.code.matching_id().to_owned(),
        qr_svg: format!("{qr}.svg"),
        phone_number: esim.phone_number.clone(),
        expires_on: esim.expires_on.map(day),
        apple_link: esim.code.apple_link(),
        android_link: esim.code.android_link(),
    }
}

fn day(date: Date) -> String {
    date.format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

/// The path of an eSIM's picture, without its ending.
fn qr_path(token: &Token, position: i32, unit: i32) -> String {
    format!("/orders/{}/items/{position}/{unit}/qr", token.as_str())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::esims::ActivationCode;
    use crate::ground::{Cost, Currency, EmailAddress, Language, Price};
    use crate::orders::{HoldReason, OrderNumber, OrderStatus, PaymentStatus};
    use serde_json::json;
    use time::macros::{date, datetime};

    fn usd(minor: i64) -> Price {
        Price::new(minor, Currency::parse("USD").unwrap())
    }

    pub(crate) fn order(status: OrderStatus, payment_status: PaymentStatus) -> Order {
        let paid = !matches!(status, OrderStatus::AwaitingPayment | OrderStatus::Cancelled);
        Order {
            id: 7,
            number: OrderNumber::parse("SF-7K3M9QWX").unwrap(),
            token: Token::parse(&"a".repeat(32)).unwrap(),
            email: EmailAddress::parse("ada@example.com").unwrap(),
            language: Language::En,
            device_imei: None,
            status,
            payment_status,
            attention: false,
            total: usd(1180),
            discount: usd(0),
            tax: usd(0),
            tax_terms: None,
            replaces_unit_id: None,
            created_at: datetime!(2026-11-22 11:50 UTC),
            expires_at: datetime!(2026-11-22 12:50 UTC),
            paid_at: paid.then_some(datetime!(2026-11-22 11:52 UTC)),
            finished_at: status.is_final().then_some(datetime!(2026-11-22 11:53 UTC)),
        }
    }

    pub(crate) fn view(order: &Order, states: [UnitState; 2]) -> OrderView {
        let line = Line {
            id: 1,
            position: 1,
            package_id: 1120,
            name: "France 5 GB - 30 Days".into(),
            facts: json!({}),
            quantity: 2,
            unit_price: usd(590),
            cost: Cost { amount: "4.2".parse().unwrap(), currency: Currency::parse("USD").unwrap() },
            exchange: None,
        };
        let units: Vec<Unit> = (1..).zip(states).map(|(number, state)| unit(number, state)).collect();
        let esim = Esim {
            id: 1,
            iccid: Some("8988207000000000001".into()),
            code: ActivationCode::parse("LPA:1$example.com$CODE").unwrap(),
            phone_number: None,
            expires_on: Some(date!(2026 - 04 - 14)),
        };
        of(order, &[line], &units, &HashMap::from([(1, esim)]), Some("http://shop/pay/test/x".into()))
    }

    fn unit(number: i32, state: UnitState) -> Unit {
        Unit {
            id: i64::from(number),
            order_id: 7,
            line_id: 1,
            position: 1,
            unit: number,
            external_order_id: format!("SF-7K3M9QWX-1-{number}"),
            state,
            real_cost: None,
            accepted_cost: None,
            changed_at: datetime!(2026-11-22 11:53 UTC),
        }
    }

    pub(crate) fn delivered() -> UnitState {
        UnitState::Completed { upstream_order_id: 9, esim_id: 1 }
    }

    #[test]
    fn the_json_is_the_contracts() {
        let order = order(OrderStatus::Completed, PaymentStatus::Paid);
        let failed = UnitState::Failed { failure: "refused".into(), upstream_order_id: None };
        let esim = json!({"iccid": "8988207000000000001", "activation_code": "LPA:1$example.com$CODE",
            "smdp_address": "example.com", "matching_id": "CODE", "phone_number": null, "expires_on": "2026-04-14",
            "qr_svg": format!("/orders/{}/items/1/1/qr.svg", "a".repeat(32))});
        let expected = json!({"number": "SF-7K3M9QWX", "status": "completed", "payment_status": "paid",
            "attention": false, "currency": "USD", "total": "11.80", "discount": "0.00", "tax": "0.00",
            "pay_url": null, "lines": [{"position": 1, "package_id": 1120, "name": "France 5 GB - 30 Days",
            "quantity": 2, "unit_price": "5.90", "units": [
                {"unit": 1, "status": "completed", "claimed": false, "esim": esim},
                {"unit": 2, "status": "failed", "claimed": false, "esim": null}]}]});
        let seen = view(&order, [delivered(), failed]);
        assert_eq!(serde_json::to_value(&seen).unwrap(), expected);
        assert_eq!(seen.delivered().count(), 1);
        let bare = serde_json::to_string(&seen.without_esims()).unwrap();
        assert!(!bare.contains("CODE") && !bare.contains("898820"), "{bare}");
    }

    #[test]
    fn only_an_order_that_waits_for_its_payment_can_be_paid() {
        let held = || UnitState::OnHold { reason: HoldReason::Balance, upstream_order_id: None };
        for (status, payment, payable) in [
            (OrderStatus::AwaitingPayment, PaymentStatus::Pending, true),
            (OrderStatus::AwaitingPayment, PaymentStatus::Failed, true),
            (OrderStatus::Processing, PaymentStatus::Paid, false),
            (OrderStatus::Cancelled, PaymentStatus::Expired, false),
        ] {
            let seen = view(&order(status, payment), [held(), UnitState::Pending]);
            assert_eq!(seen.pay_url.is_some(), payable, "{status:?}");
        }
    }
}
