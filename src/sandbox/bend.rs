//! The order of a purchase as it is committed: as the mode says, bent by the faults that act there.

use std::time::Duration;

use rust_decimal::Decimal;

use super::book::Book;
use super::catalog::Package;
use super::courses;
use super::desk::Desk;
use super::faults::{About, Fault, Point, Struck};
use super::ledger::{Due, Esim, Order, OrderStatus, PackageSnapshot};
use super::moment;
use super::operation::Operation;
use super::settings::OrderMode;
use super::world::Asked;

/// How one order begins and goes on.
#[derive(Clone, Debug)]
pub(super) struct Course {
    status: OrderStatus,
    with_esim: bool,
    /// What it becomes after the delay, and after another one.
    becomes: Option<OrderStatus>,
    then: Option<OrderStatus>,
    delay: Duration,
    /// The eSIM is that of the newest completed order.
    esim_twice: bool,
    /// How much the wallet pays in place of the listed price: this, or twice as much.
    debit: Option<Option<Decimal>>,
    currency: Option<String>,
    /// How long its key is known; for ever where it is none.
    pub key_kept: Option<Duration>,
}

impl Course {
    /// The order's course as the sandbox's mode has it.
    fn of(mode: OrderMode, delay: Duration) -> Self {
        let (status, with_esim, becomes) = match mode {
            OrderMode::Completed => (OrderStatus::Completed, true, None),
            OrderMode::CompletedLater => (OrderStatus::Processing, false, Some(OrderStatus::Completed)),
            OrderMode::FailedLater => (OrderStatus::Processing, false, Some(OrderStatus::Failed)),
            OrderMode::Processing => (OrderStatus::Processing, false, None),
        };
        Self {
            status,
            with_esim,
            becomes,
            then: None,
            delay,
            esim_twice: false,
            debit: None,
            currency: None,
            key_kept: None,
        }
    }

    fn bend(&mut self, struck: &Struck) {
        let injection = &struck.injection;
        let delay = injection.delay();
        let later = |becomes, then| (OrderStatus::Processing, false, becomes, then);
        let going = match struck.fault() {
            Fault::CompletedWithoutEsim => (OrderStatus::Completed, false, None, None),
            Fault::CompletesLater => later(Some(OrderStatus::Completed), None),
            Fault::FailsLater => later(Some(OrderStatus::Failed), None),
            Fault::FailedThenCompleted => later(Some(OrderStatus::Failed), Some(OrderStatus::Completed)),
            Fault::StaysProcessing => later(None, None),
            Fault::CompletedThenFailed => (OrderStatus::Completed, true, Some(OrderStatus::Failed), None),
            Fault::EsimTwice => return self.esim_twice = true,
            Fault::DearerDebit => return self.debit = Some(injection.amount),
            Fault::OtherCurrency => return self.currency = Some(injection.text("currency").to_owned()),
            Fault::KeyForgotten => return self.key_kept = Some(delay.unwrap_or_default()),
            // No other fault acts here.
            _ => return,
        };
        (self.status, self.with_esim, self.becomes, self.then) = going;
        self.delay = delay.unwrap_or(self.delay);
    }
}

/// Whether a fault decides how an order goes on; the others add to it.
fn decides(fault: Fault) -> bool {
    !matches!(fault, Fault::EsimTwice | Fault::DearerDebit | Fault::OtherCurrency | Fault::KeyForgotten)
}

/// How the next order goes on: as faults say, else as the sandbox's mode says.
pub(super) fn course(desk: &Desk, key: Option<&str>, order_id: u64) -> Course {
    let about = About { idempotency_key: key.map(str::to_owned), order_id: Some(order_id) };
    let drawn = desk.faults.draw_each(Point::Course, Some(Operation::CreateOrder), &about, decides);
    let mut course = Course::of(desk.faults.mode(), desk.settings.processing_delay);
    drawn.iter().for_each(|struck| course.bend(struck));
    course
}

/// A new order under the next free id.
pub(super) fn new_order(
    book: &Book,
    package: &Package,
    key: Option<&str>,
    asked: &Asked,
    course: &Course,
) -> Order {
    let (id, now, snapshot) = (book.world().next_id, moment::now(), package.snapshot());
    let step_ms = u64::try_from(course.delay.as_millis()).unwrap_or(u64::MAX);
    let debit = course.debit.map(|amount| amount.unwrap_or(package.charge() * Decimal::TWO));
    Order {
        id,
        external_order_id: asked.external_order_id.clone(),
        idempotency_key: key.map(str::to_owned),
        status: course.status,
        currency: course.currency.clone().unwrap_or_else(|| book.world().currency.clone()),
        price: debit.unwrap_or_else(|| package.charge()),
        provider_cost: package.base_cost,
        created_at: now,
        device_imei: asked.device_imei.clone(),
        esim: course.with_esim.then(|| esim(book, course, id + 2, &snapshot)),
        due: course.becomes.map(|becomes| Due {
            at: now + course.delay,
            becomes,
            then: course.then,
            step_ms,
        }),
        credited: false,
        package: snapshot,
    }
}

/// A new eSIM, or that of the newest order that has one.
fn esim(book: &Book, course: &Course, id: u64, package: &PackageSnapshot) -> Esim {
    let newest = || book.world().orders.values().rev().find_map(|order| order.esim.clone());
    let handed_out = if course.esim_twice { newest() } else { None };
    handed_out.unwrap_or_else(|| courses::new_esim(id, package, moment::now()))
}
