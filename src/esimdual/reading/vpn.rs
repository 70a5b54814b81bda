//! `GET /vpn/plans`, which the quick start names and no document describes: each row is kept as written.

use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{Undocumented, Unreadable, filled};
use crate::esimdual::answer::{VpnPlan, VpnRow};
use crate::esimdual::fields::VpnPlanFields;
use crate::esimdual::wire::{decimal, text, there};

/// A larger row is not kept.
const RAW_LIMIT: usize = 16 * 1024;

/// One row of `GET /vpn/plans`, of whatever form.
///
/// # Errors
/// None; it fits where a list's rows are read.
pub fn vpn_row(row: &RawValue, seen: &mut Undocumented) -> Result<VpnRow, Unreadable> {
    let raw = Some(row.get()).filter(|raw| raw.len() <= RAW_LIMIT).map(Box::from);
    Ok(VpnRow { plan: plan(row, seen), raw })
}

/// A plan needs its id, its name, its price at the top or in `pricing`, and its currency beside it or at the top.
fn plan(row: &RawValue, seen: &mut Undocumented) -> Option<VpnPlan> {
    let fields = VpnPlanFields::read(Some(row), seen)?;
    let pricing = VpnPlanFields::read(fields.pricing, seen).unwrap_or_default();
    // The first price that is there counts; an unreadable one is not replaced by another.
    let price = there(fields.price_for_reseller).or(there(pricing.price_for_reseller));
    let currency = there(pricing.currency).or(there(fields.currency));
    Some(VpnPlan {
        id: filled(text(fields.id))?,
        name: filled(text(fields.name))?,
        price: decimal(price).filter(|price| *price > Decimal::ZERO)?,
        currency: filled(text(currency))?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> VpnRow {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        vpn_row(&raw, &mut Undocumented::default()).unwrap()
    }

    #[test]
    fn a_plan_is_recognised_by_four_fields_and_kept_raw_in_any_case() {
        let plan =
            read(r#"{"id":7,"name":"VPN 30 days","price_for_reseller":"1.50","currency":"USD","devices":5}"#);
        assert_eq!(plan.plan.unwrap().price.to_string(), "1.50");
        assert!(plan.raw.unwrap().contains("devices"));
        let inside = r#"{"id":"v-7","name":"VPN","pricing":{"price_for_reseller":1.5,"currency":"EUR"}}"#;
        assert_eq!(read(inside).plan.unwrap().currency, "EUR");
        for strange in [
            r#"{"id":7,"name":"VPN","price_for_reseller":1.5}"#,
            r#"{"id":7,"name":"VPN","price":1.5,"currency":"USD"}"#,
            r#"{"id":7,"name":"","price_for_reseller":1.5,"currency":"USD"}"#,
            r#"{"id":7,"name":"VPN","price_for_reseller":0,"currency":"USD"}"#,
            r#"{"id":7,"name":"VPN","price_for_reseller":"x","currency":"USD","pricing":{"price_for_reseller":1}}"#,
            "[1]",
            "null",
        ] {
            assert_eq!(
                (read(strange).plan, read(strange).raw.as_deref()),
                (None, Some(strange)),
                "{strange}"
            );
        }
    }
}
