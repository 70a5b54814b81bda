//! What a purchase would cost today, against what the customer paid for it. Pure.

use rust_decimal::Decimal;

use crate::ground::{Cost, Price};
use crate::orders::{HoldReason, Line};

/// What a unit would cost today.
#[derive(Clone, Copy, Debug)]
pub struct Today {
    /// The package's cost; `None` where it is not in the catalog, and the upstream will say what it thinks.
    pub cost: Option<Cost>,
    /// What of its price is not the shop's: the tax within it, and what the way it was paid takes; in whole units of the
    /// price's currency.
    pub taken: Decimal,
}

/// Whether a unit may be bought as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// It may.
    Fine,
    /// It costs more than was paid for it.
    AboveFloor,
    /// Its cost is in another currency than it was when it was sold, so that nobody knows what it would cost.
    OtherCurrency,
}

impl Terms {
    /// Judges by what it costs today, with its tax and what the payment itself cost, and by the cost that a person accepted, exact, in
    /// the currency of the line's cost. A gift has no price to compare with.
    pub fn of(line: &Line, today: Today, accepted: Option<Decimal>) -> Self {
        let taken = today.taken;
        let Some(today) = today.cost else { return Self::Fine };
        if today.currency != line.cost.currency {
            return Self::OtherCurrency;
        }
        let covered = line.unit_price.minor == 0 || !exceeds(today, taken, line.unit_price);
        let allowed = accepted.is_some_and(|accepted| today.amount <= accepted);
        // What was sold under its cost was sold so knowingly: only a rise since then is news.
        let risen = today.amount > line.cost.amount;
        if covered || allowed || !risen { Self::Fine } else { Self::AboveFloor }
    }

    /// Why the unit is held, if it is.
    pub fn hold(self) -> Option<HoldReason> {
        match self {
            Self::Fine => None,
            Self::AboveFloor => Some(HoldReason::CostAboveFloor),
            Self::OtherCurrency => Some(HoldReason::CurrencyDiffers),
        }
    }
}

/// Whether a cost and what is taken are above a price in the cost's currency; amounts in different ones cannot be compared here.
fn exceeds(cost: Cost, taken: Decimal, price: Price) -> bool {
    cost.currency == price.currency && cost.amount > price.amount().saturating_sub(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;

    fn cost(amount: &str, code: &str) -> Cost {
        Cost { amount: amount.parse().unwrap(), currency: Currency::parse(code).unwrap() }
    }

    fn line(price_minor: i64) -> Line {
        Line {
            id: 1,
            position: 1,
            package_id: 1120,
            name: "France 5 GB - 30 Days".into(),
            facts: serde_json::json!({}),
            quantity: 1,
            unit_price: Price::new(price_minor, Currency::parse("USD").unwrap()),
            cost: cost("4.20", "USD"),
        }
    }

    #[test]
    fn a_unit_is_bought_up_to_the_price_that_was_paid_for_it() {
        let of = |cost, accepted: Option<&str>| {
            let today = Today { cost, taken: Decimal::ZERO };
            Terms::of(&line(525), today, accepted.map(|amount| amount.parse().unwrap()))
        };
        assert_eq!(of(None, None), Terms::Fine);
        assert_eq!(of(Some(cost("4.20", "USD")), None), Terms::Fine);
        assert_eq!(of(Some(cost("5.25", "USD")), None), Terms::Fine, "nothing is earned, and nothing lost");
        assert_eq!(of(Some(cost("5.2501", "USD")), None), Terms::AboveFloor);
        assert_eq!(of(Some(cost("5.26", "USD")), Some("5.26")), Terms::Fine, "a person accepted it");
        assert_eq!(of(Some(cost("5.27", "USD")), Some("5.26")), Terms::AboveFloor, "it rose again");
        assert_eq!(of(Some(cost("4.20", "EUR")), Some("9")), Terms::OtherCurrency);
    }

    fn today(amount: &str, taken: &str) -> Today {
        Today { cost: Some(cost(amount, "USD")), taken: taken.parse().unwrap() }
    }

    #[test]
    fn what_the_payment_cost_lowers_what_a_unit_may_cost() {
        let of = |amount: &str, fee: &str| Terms::of(&line(525), today(amount, fee), None);
        assert_eq!(of("4.80", "0.45"), Terms::Fine);
        assert_eq!(of("4.81", "0.45"), Terms::AboveFloor);
        assert_eq!(of("4.20", "2"), Terms::Fine, "it was sold so: only a rise is news");
        assert_eq!(Terms::of(&line(0), today("99", "1"), None), Terms::Fine, "a gift");
    }

    #[test]
    fn a_gift_has_no_price_and_an_old_bargain_is_no_news() {
        assert_eq!(Terms::of(&line(0), today("99", "0"), None), Terms::Fine);
        assert_eq!(Terms::of(&line(400), today("4.20", "0"), None), Terms::Fine);
        assert_eq!(Terms::of(&line(400), today("4.21", "0"), None), Terms::AboveFloor);
    }
}
