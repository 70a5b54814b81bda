//! What an upstream order's report means for a unit. Pure; the same for an answer, a poll, a list and a webhook.

use super::step::Failure;
use crate::esimdual::{Order, OrderStatus};
use crate::esims::ActivationCode;
use crate::orders::{HoldReason, Unit, UnitState};

/// What to do about a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing: it tells nothing new.
    Nothing,
    /// It contradicts what is known: do nothing, but call a person.
    Alarm(&'static str),
    /// Bind the unit to the upstream order, and wait.
    Bind,
    /// Store the eSIM.
    Deliver(ActivationCode),
    /// Bind it and hold it.
    Hold(HoldReason),
    /// The upstream says that it failed.
    Failed(Failure),
}

/// Judges a report about an upstream order that claims to be this unit, whose line sells `package_id`.
pub fn judge(unit: &Unit, package_id: i64, report: &Order) -> Judgement {
    let ours = report.external_order_id.as_deref().is_none_or(|name| name == unit.external_order_id);
    if !ours {
        return Judgement::Alarm("the upstream named another order");
    }
    let bound = unit.state.upstream_order_id();
    if bound.is_some_and(|id| id != report.id) {
        return Judgement::Alarm("the upstream has a second order for this unit");
    }
    match &unit.state {
        UnitState::Completed { .. } if report.status == OrderStatus::Failed => {
            return Judgement::Alarm("the upstream says failed about a delivered unit");
        }
        UnitState::Failed { .. } if report.status == OrderStatus::Completed => {
            return Judgement::Alarm("the upstream delivered a unit that was refunded");
        }
        UnitState::Completed { .. } | UnitState::Failed { .. } => return Judgement::Nothing,
        // Nothing was asked for, perhaps not even paid: whatever this is, it is not the answer.
        UnitState::Pending => {
            return Judgement::Alarm("the upstream reports an order that was never placed");
        }
        UnitState::Ordering | UnitState::Processing { .. } | UnitState::OnHold { .. } => {}
    }
    if report.package_id.is_some_and(|id| id != package_id) {
        return Judgement::Hold(HoldReason::AnswerMismatch);
    }
    match &report.status {
        OrderStatus::Failed => Judgement::Failed(Failure::UpstreamFailed),
        OrderStatus::Completed => delivered(report),
        OrderStatus::Pending | OrderStatus::Processing | OrderStatus::Other(_) => Judgement::Bind,
    }
}

/// Completed for us means: a code that a phone can read. Without one we go on asking.
fn delivered(report: &Order) -> Judgement {
    match report.esim.as_ref().and_then(|esim| esim.qr_code.as_deref()).map(ActivationCode::parse) {
        None => Judgement::Bind,
        Some(Ok(code)) => Judgement::Deliver(code),
        Some(Err(_)) => Judgement::Hold(HoldReason::NoCode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::{Esim, Extra};
    use time::macros::datetime;

    fn unit(state: UnitState) -> Unit {
        Unit {
            id: 1,
            order_id: 1,
            line_id: 1,
            position: 1,
            unit: 1,
            external_order_id: "SF-22222222-1-1".into(),
            state,
            real_cost: None,
            accepted_cost: None,
            changed_at: datetime!(2026-11-22 12:00 UTC),
        }
    }

    fn report(status: OrderStatus, code: Option<&str>) -> Order {
        Order {
            id: 45,
            external_order_id: Some("SF-22222222-1-1".into()),
            package_id: Some(1120),
            status,
            price: None,
            currency: None,
            created_at: None,
            esim: Some(Esim {
                id: None,
                iccid: None,
                qr_code: code.map(str::to_owned),
                phone_number: None,
                expires_on: None,
                extra: Extra::default(),
            }),
            extra: Extra::default(),
        }
    }

    #[test]
    fn a_report_is_judged_by_what_the_unit_knows() {
        let good = "LPA:1$h.example$X";
        let ordering = unit(UnitState::Ordering);
        let judged = |report| judge(&ordering, 1120, &report);
        assert!(matches!(judged(report(OrderStatus::Completed, Some(good))), Judgement::Deliver(_)));
        assert_eq!(judged(report(OrderStatus::Completed, None)), Judgement::Bind);
        let bad = judged(report(OrderStatus::Completed, Some("https://x")));
        assert_eq!(bad, Judgement::Hold(HoldReason::NoCode));
        assert_eq!(judged(report(OrderStatus::Other("refunded".into()), None)), Judgement::Bind);
        assert_eq!(judged(report(OrderStatus::Failed, None)), Judgement::Failed(Failure::UpstreamFailed));
        let other_package = Order { package_id: Some(7), ..report(OrderStatus::Completed, Some(good)) };
        assert_eq!(judged(other_package), Judgement::Hold(HoldReason::AnswerMismatch));
        let foreign =
            Order { external_order_id: Some("X-1-1".into()), ..report(OrderStatus::Completed, Some(good)) };
        assert!(matches!(judged(foreign), Judgement::Alarm(_)));
    }

    #[test]
    fn final_units_are_deaf_but_contradictions_call_a_person() {
        let done = unit(UnitState::Completed { upstream_order_id: 45, esim_id: 1 });
        assert_eq!(judge(&done, 1120, &report(OrderStatus::Completed, None)), Judgement::Nothing);
        assert_eq!(judge(&done, 1120, &report(OrderStatus::Processing, None)), Judgement::Nothing);
        assert!(matches!(judge(&done, 1120, &report(OrderStatus::Failed, None)), Judgement::Alarm(_)));
        let second = Order { id: 46, ..report(OrderStatus::Completed, None) };
        assert!(matches!(judge(&done, 1120, &second), Judgement::Alarm(_)));
        let refunded = unit(UnitState::Failed { failure: "refused".into(), upstream_order_id: None });
        assert!(matches!(judge(&refunded, 1120, &report(OrderStatus::Completed, None)), Judgement::Alarm(_)));
    }
}
