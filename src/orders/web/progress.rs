//! What an order's page says first: the board of its progress, and one honest sentence. Pure.

use std::time::Duration;

use time::OffsetDateTime;

use super::wording::Moment;
use crate::orders::view::OrderView;
use crate::orders::{Order, OrderStatus, PaymentStatus};
use crate::web::Visit;

/// A delivery that takes longer than this is called late, even where nothing is held.
const USUAL: Duration = Duration::from_secs(300);

/// One line of the board.
pub(super) struct Step {
    pub label: String,
    /// `done`, `now`, `next` or `off`.
    pub state: &'static str,
    pub at: Option<Moment>,
}

/// What is true now, and what happens next.
pub(super) struct Headline {
    /// `good`, `wait`, `bad` or `idle`.
    pub tone: &'static str,
    pub title: String,
    pub text: String,
}

/// Ordered, paid, prepared, ready. A step is named as done only once it is.
pub(super) fn board(visit: &Visit, order: &Order) -> Vec<Step> {
    let moment = |at| Moment::of(visit.language, at);
    let step = |label: &str, state, at: Option<OffsetDateTime>| Step {
        label: visit.t(label),
        state,
        at: at.map(moment),
    };
    let finished = order.finished_at;
    let [paid, prepared, ready] = match order.status {
        OrderStatus::AwaitingPayment => [
            step("step-payment", "now", None),
            step("step-preparing", "next", None),
            step("step-ready", "next", None),
        ],
        OrderStatus::Processing => [
            step("step-paid", "done", order.paid_at),
            step("step-preparing", "now", None),
            step("step-ready", "next", None),
        ],
        OrderStatus::Completed => [
            step("step-paid", "done", order.paid_at),
            step("step-prepared", "done", finished),
            step("step-ready", "done", finished),
        ],
        OrderStatus::Failed => [
            step("step-paid", "done", order.paid_at),
            step("step-preparing", "off", None),
            step("step-not-delivered", "off", finished),
        ],
        OrderStatus::Cancelled => [
            step("step-payment", "off", None),
            step("step-preparing", "off", None),
            step("step-cancelled", "off", finished),
        ],
    };
    vec![step("step-ordered", "done", Some(order.created_at)), paid, prepared, ready]
}

/// What the headline is made from, beyond the order itself.
pub(super) struct Situation<'a> {
    pub view: &'a OrderView,
    pub delivery_deadline: Duration,
    pub now: OffsetDateTime,
}

pub(super) fn headline(visit: &Visit, order: &Order, situation: &Situation<'_>) -> Headline {
    let until = Moment::of(visit.language, order.expires_at).text;
    let say = |tone, title: &str, text: String| Headline { tone, title: visit.t(title), text };
    match order.status {
        OrderStatus::AwaitingPayment if order.payment_status == PaymentStatus::Failed => {
            say("bad", "order-declined-title", visit.t1("order-declined-text", "time", until))
        }
        OrderStatus::AwaitingPayment => {
            say("wait", "order-awaiting-title", visit.t1("order-awaiting-text", "time", until))
        }
        OrderStatus::Processing => processing(visit, order, situation),
        OrderStatus::Completed => completed(visit, order, situation.view),
        OrderStatus::Failed if order.is_gift() => {
            say("bad", "order-failed-title", visit.t("order-gift-failed"))
        }
        OrderStatus::Failed => say("bad", "order-failed-title", visit.t(money_back(order.payment_status))),
        OrderStatus::Cancelled => {
            let text = match order.payment_status {
                PaymentStatus::Refunded => "order-cancelled-refunded",
                _ => "order-cancelled-text",
            };
            say("idle", "order-cancelled-title", visit.t(text))
        }
    }
}

/// A refund that is under way is not called done.
fn money_back(status: PaymentStatus) -> &'static str {
    match status {
        PaymentStatus::Refunded => "order-failed-refunded",
        _ => "order-failed-text",
    }
}

fn processing(visit: &Visit, order: &Order, situation: &Situation<'_>) -> Headline {
    let units = || situation.view.lines.iter().flat_map(|line| &line.units);
    let held = units().any(|unit| unit.status == "on_hold");
    let late = order.paid_at.is_some_and(|paid| situation.now - paid > USUAL);
    let deadline = order.paid_at.map(|paid| paid + situation.delivery_deadline);
    let (title, text) = match deadline {
        // Without a time: a person decides here, and nothing is promised by the clock.
        _ if order.attention || (order.is_gift() && (held || late)) => {
            ("order-late-title", visit.t("order-person-text"))
        }
        Some(deadline) if (held || late) && deadline > situation.now => {
            let time = Moment::of(visit.language, deadline).text;
            ("order-late-title", visit.t1("order-late-text", "time", time))
        }
        _ if held || late => ("order-late-title", visit.t("order-person-text")),
        _ => ("order-processing-title", visit.t("order-processing-text")),
    };
    Headline { tone: "wait", title: visit.t(title), text }
}

fn completed(visit: &Visit, order: &Order, view: &OrderView) -> Headline {
    let delivered = view.delivered().count();
    let all: usize = view.lines.iter().map(|line| line.units.len()).sum();
    let text = match (delivered == all, order.payment_status) {
        (true, _) => visit.t("order-ready-text"),
        (false, PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded) => {
            visit.t1("order-partly-refunded", "count", all - delivered)
        }
        (false, _) => visit.t1("order-partly-text", "count", all - delivered),
    };
    Headline { tone: "good", title: visit.t1("order-ready-title", "count", delivered), text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Language;
    use crate::orders::view::tests::{delivered, order, view};
    use crate::orders::{HoldReason, UnitState};
    use time::macros::datetime;

    fn told(status: OrderStatus, payment: PaymentStatus, states: [UnitState; 2], minutes: i64) -> Headline {
        let order = order(status, payment);
        let view = view(&order, states);
        let now = datetime!(2026-11-22 11:52 UTC) + time::Duration::minutes(minutes);
        let situation = Situation { view: &view, delivery_deadline: Duration::from_secs(3600), now };
        headline(&Visit::to(Language::En, "/"), &order, &situation)
    }

    fn pending() -> [UnitState; 2] {
        [UnitState::Pending, UnitState::Pending]
    }

    #[test]
    fn what_is_not_so_is_not_said() {
        use OrderStatus::{AwaitingPayment, Cancelled, Failed, Processing};
        for (status, payment) in [
            (AwaitingPayment, PaymentStatus::Pending),
            (AwaitingPayment, PaymentStatus::Failed),
            (Cancelled, PaymentStatus::Expired),
        ] {
            let labels: String = board(&Visit::to(Language::En, "/"), &order(status, payment))
                .iter()
                .map(|step| step.label.clone())
                .collect();
            assert!(!labels.contains("Paid"), "{status:?}: {labels}");
        }
        let unknown = told(Processing, PaymentStatus::Paid, [UnitState::Ordering, UnitState::Pending], 1);
        assert_eq!(unknown.tone, "wait");
        assert!(told(Failed, PaymentStatus::Paid, pending(), 1).text.contains("on its way back"));
        assert!(told(Failed, PaymentStatus::Refunded, pending(), 1).text.contains("went back"));
    }

    #[test]
    fn a_late_delivery_names_its_deadline_only_where_the_clock_decides() {
        let held = |reason| [UnitState::OnHold { reason, upstream_order_id: None }, UnitState::Pending];
        let paid = PaymentStatus::Paid;
        let balance = told(OrderStatus::Processing, paid, held(HoldReason::Balance), 1);
        assert!(balance.text.contains("22 Nov, 12:52 UTC"), "{}", balance.text);
        let slow = told(OrderStatus::Processing, paid, pending(), 6);
        assert!(slow.text.contains("22 Nov, 12:52 UTC"), "{}", slow.text);
        let over = told(OrderStatus::Processing, paid, held(HoldReason::Balance), 90);
        assert!(!over.text.contains("UTC"), "{}", over.text);
    }

    #[test]
    fn a_partial_delivery_says_how_many_did_not_come() {
        let failed = UnitState::Failed { failure: "refused".into(), upstream_order_id: None };
        let told = told(OrderStatus::Completed, PaymentStatus::Paid, [delivered(), failed], 1);
        assert_eq!((told.tone, told.title.as_str()), ("good", "Your eSIM is ready"));
        assert!(told.text.contains("One eSIM"), "{}", told.text);
    }
}
