//! The order's status, derived from its units by one function. Nobody sets it.

use super::{OrderStatus, UnitStatus};

/// The status of a paid order:
///
/// - `failed`: every unit failed;
/// - `completed`: every unit is final and at least one was delivered;
/// - `processing`: anything else.
///
/// Orders that were not paid keep the status that their payment gave them; they are not derived.
pub fn of_paid_order(units: &[UnitStatus]) -> OrderStatus {
    if units.iter().any(|unit| !unit.is_final()) || units.is_empty() {
        OrderStatus::Processing
    } else if units.contains(&UnitStatus::Completed) {
        OrderStatus::Completed
    } else {
        OrderStatus::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use UnitStatus::{Completed, Failed, OnHold, Ordering, Pending, Processing};

    #[test]
    fn the_order_follows_its_units() {
        let table: [(&[UnitStatus], OrderStatus); 8] = [
            (&[Pending], OrderStatus::Processing),
            (&[Completed], OrderStatus::Completed),
            (&[Failed], OrderStatus::Failed),
            (&[Completed, Failed], OrderStatus::Completed),
            (&[Failed, Failed], OrderStatus::Failed),
            (&[Completed, OnHold], OrderStatus::Processing),
            (&[Failed, Ordering], OrderStatus::Processing),
            (&[Completed, Processing], OrderStatus::Processing),
        ];
        for (units, status) in table {
            assert_eq!(of_paid_order(units), status, "{units:?}");
        }
    }
}
