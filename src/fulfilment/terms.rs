//! What a purchase would cost today, against what the customer paid for it. Pure.

use rust_decimal::Decimal;

use crate::ground::{Cost, Price, Rate};
use crate::orders::{HoldReason, Line};

/// What a unit would cost today.
#[derive(Clone, Copy, Debug)]
pub struct Today {
    /// The package's cost; `None` where it is not in the catalog, and the upstream will say what it thinks.
    pub cost: Option<Cost>,
    /// What of its price is not the shop's: the tax within it, and what the way it was paid takes; in whole units of the
    /// price's currency.
    pub taken: Decimal,
    /// What the currency of costs is worth now, where prices are in another one, by the newest rate that is known; `None`
    /// where there is none, and the one by which it was sold counts.
    pub rate: Option<Rate>,
}

/// Whether a unit may be bought as things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// It may.
    Fine,
    /// It costs more than was paid for it.
    AboveFloor,
    /// Its cost is in another currency than it was when it was sold, or in another one than its price without any rate
    /// between the two, so that nobody knows what it would cost.
    OtherCurrency,
}

impl Terms {
    /// Judges by what it costs today, with its tax and what the payment itself cost, and by the cost that a person accepted, exact, in
    /// the currency of the line's cost. A gift has no price to compare with. Cost and price in two currencies are compared
    /// in that of the price.
    pub fn of(line: &Line, today: Today, accepted: Option<Decimal>) -> Self {
        let Some(cost) = today.cost else { return Self::Fine };
        if cost.currency != line.cost.currency {
            return Self::OtherCurrency;
        }
        let price = line.unit_price;
        let sold_at = line.exchange.map(|exchange| exchange.rate);
        // What is worth more than it was when it was sold costs more, whether the cost rose or the rate did.
        let worth = in_currency_of(price, cost, [today.rate, sold_at]);
        let was_worth = in_currency_of(price, line.cost, [sold_at, today.rate]);
        if price.minor == 0 || accepted.is_some_and(|accepted| cost.amount <= accepted) {
            return Self::Fine;
        }
        let Some((worth, was_worth)) = worth.zip(was_worth) else { return Self::OtherCurrency };
        let covered = worth <= price.amount().saturating_sub(today.taken);
        // What was sold under its cost was sold so knowingly: only a rise since then is news.
        let risen = worth > was_worth;
        if covered || !risen { Self::Fine } else { Self::AboveFloor }
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

/// What a cost is worth in a price's currency by the first of these rates that fits; `None` where none does.
fn in_currency_of(price: Price, cost: Cost, rates: [Option<Rate>; 2]) -> Option<Decimal> {
    if cost.currency == price.currency {
        return Some(cost.amount);
    }
    let mut worth = rates.into_iter().flatten().filter_map(|rate| rate.exchange(cost));
    worth.find(|worth| worth.currency == price.currency).map(|worth| worth.amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;
    use crate::orders::LineRate;
    use proptest::prelude::*;

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
            exchange: None,
        }
    }

    fn rate(per_unit: &str) -> Rate {
        let euro = Currency::parse("EUR").unwrap();
        Rate { from: Currency::USD, to: euro, per_unit: per_unit.parse().unwrap() }
    }

    /// Sold for 4.93 EUR by a rate of 0.92 with two percent on it and a markup of a quarter: 4.20 USD were 3.864 EUR.
    fn line_in_euros(minor: i64, sold_at: Option<&str>) -> Line {
        let exchange = sold_at.map(|per_unit| LineRate { id: 1, rate: rate(per_unit), margin: Decimal::TWO });
        let unit_price = Price::new(minor, Currency::parse("EUR").unwrap());
        Line { unit_price, exchange, ..line(0) }
    }

    #[test]
    fn a_unit_is_bought_up_to_the_price_that_was_paid_for_it() {
        let of = |cost, accepted: Option<&str>| {
            let today = Today { cost, taken: Decimal::ZERO, rate: None };
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
        Today { cost: Some(cost(amount, "USD")), taken: taken.parse().unwrap(), rate: None }
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
    #[test]
    fn a_cost_in_another_currency_is_held_against_the_price_at_todays_rate() {
        let of = |amount: &str, fee: &str, now: Option<&str>| {
            let today = Today { rate: now.map(rate), ..today(amount, fee) };
            Terms::of(&line_in_euros(493, Some("0.92")), today, None)
        };
        assert_eq!(of("4.20", "0", None), Terms::Fine);
        assert_eq!(of("5.35", "0", None), Terms::Fine, "4.922 EUR by the rate of the sale");
        assert_eq!(of("5.36", "0", None), Terms::AboveFloor, "4.9312 EUR");
        assert_eq!(of("5.35", "0.01", None), Terms::AboveFloor, "the fee is in euros");
        assert_eq!(of("5.36", "0", Some("0.90")), Terms::Fine, "dollars are cheaper by now");
        assert_eq!(of("4.20", "0", Some("1.1738")), Terms::Fine, "4.92996 EUR");
        assert_eq!(
            of("4.20", "0", Some("1.174")),
            Terms::AboveFloor,
            "4.9308 EUR, though the cost is the same"
        );
    }

    #[test]
    fn what_was_sold_under_its_cost_is_held_by_a_rise_of_the_rate_too() {
        let of = |now: &str| {
            let today = Today { rate: Some(rate(now)), ..today("4.20", "0") };
            Terms::of(&line_in_euros(300, Some("0.92")), today, None)
        };
        assert_eq!(of("0.92"), Terms::Fine);
        assert_eq!(of("0.91"), Terms::Fine);
        assert_eq!(of("0.920001"), Terms::AboveFloor);
    }

    #[test]
    fn without_any_rate_nobody_knows_and_a_gift_needs_none() {
        let bare = today("4.20", "0");
        assert_eq!(Terms::of(&line_in_euros(493, None), bare, None), Terms::OtherCurrency);
        let yen = Rate { to: Currency::parse("JPY").unwrap(), ..rate("150") };
        let other = Today { rate: Some(yen), ..bare };
        assert_eq!(Terms::of(&line_in_euros(493, None), other, None), Terms::OtherCurrency);
        assert_eq!(
            Terms::of(&line_in_euros(493, Some("0.92")), other, None),
            Terms::Fine,
            "the sale's counts"
        );
        let known = Today { rate: Some(rate("0.92")), ..bare };
        assert_eq!(Terms::of(&line_in_euros(493, None), known, None), Terms::Fine);
        assert_eq!(Terms::of(&line_in_euros(0, None), bare, None), Terms::Fine);
        let accepted = Some("4.20".parse().unwrap());
        assert_eq!(Terms::of(&line_in_euros(1, None), bare, accepted), Terms::Fine, "a person accepted it");
    }

    proptest! {
        /// What is bought costs no more than was paid, by today's rate, or no more than it did when it was sold.
        #[test]
        fn nothing_is_bought_at_a_loss_that_is_news(
            minor in 1_i64..100_000, sold in 1_i64..2_000_000, now in 1_i64..2_000_000,
            cents in 1_i64..100_000, fee in 0_i64..500,
        ) {
            let (sold, now) = (Decimal::new(sold, 6), Decimal::new(now, 6));
            let line = line_in_euros(minor, Some(&sold.to_string()));
            let (cost, fee) = (Decimal::new(cents, 2), Decimal::new(fee, 2));
            let today = Today {
                cost: Some(Cost { amount: cost, currency: Currency::USD }),
                taken: fee,
                rate: Some(rate(&now.to_string())),
            };
            let loses = cost * now + fee > line.unit_price.amount() && cost * now > line.cost.amount * sold;
            let held = Terms::of(&line, today, None) == Terms::AboveFloor;
            prop_assert_eq!(held, loses);
        }
    }
}
