//! What a transfer that arrived is worth: exactly what was asked, less, more, or something else. Pure.

use time::OffsetDateTime;

use crate::ground::Price;
use crate::shop::Times;

/// What a confirmed transfer means for its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// With what came before it is the whole sum; what is above it goes back.
    Whole {
        /// What is above it.
        surplus: Option<Price>,
    },
    /// So much is still missing.
    Part {
        /// The rest.
        rest: Price,
    },
    /// The payment had its whole sum before: all of this goes back.
    Surplus,
    /// It is in another currency: a person decides.
    Foreign,
}

/// Judges a transfer against what was asked, `before` being what earlier transfers counted in minor units, and `settled`
/// whether the payment had arrived in full.
pub fn worth(asked: Price, before: i64, settled: bool, arrived: Price) -> Worth {
    if arrived.currency != asked.currency {
        return Worth::Foreign;
    }
    if settled {
        return Worth::Surplus;
    }
    let missing = asked.minor.saturating_sub(before).saturating_sub(arrived.minor);
    match missing {
        0 => Worth::Whole { surplus: None },
        rest if rest > 0 => Worth::Part { rest: Price::new(rest, asked.currency) },
        over => Worth::Whole { surplus: Some(Price::new(over.saturating_neg(), asked.currency)) },
    }
}

/// When a customer is reminded who has not paid: so long before the end, and not before half of the time is over.
pub fn remind_at(placed: OffsetDateTime, ends: OffsetDateTime, times: &Times) -> OffsetDateTime {
    (ends - times.bank_transfer_reminder).max(placed + (ends - placed) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::Currency;

    fn dollars(minor: i64) -> Price {
        Price::new(minor, Currency::USD)
    }

    #[test]
    fn only_the_exact_sum_in_the_right_currency_is_whole_and_nothing_is_lost() {
        let part = |minor| Worth::Part { rest: dollars(minor) };
        let over = |minor| Worth::Whole { surplus: Some(dollars(minor)) };
        let exact = Worth::Whole { surplus: None };
        let table = [
            (0, 590, exact),
            (0, 589, part(1)),
            (0, 1, part(589)),
            (0, 591, over(1)),
            (500, 90, exact),
            (500, 89, part(1)),
            (500, 590, over(500)),
            (0, i64::MAX, over(i64::MAX - 590)),
        ];
        for (before, arrived, wanted) in table {
            assert_eq!(worth(dollars(590), before, false, dollars(arrived)), wanted, "{before} + {arrived}");
        }
        assert_eq!(worth(dollars(590), 590, true, dollars(590)), Worth::Surplus);
        let euro = Price::new(590, Currency::parse("EUR").unwrap());
        assert_eq!(worth(dollars(590), 0, false, euro), Worth::Foreign);
        assert_eq!(worth(dollars(590), 590, true, euro), Worth::Foreign);
    }
}
