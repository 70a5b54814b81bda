//! A rule: whom it prices, when, and how. Pure.

use rust_decimal::Decimal;
use time::OffsetDateTime;

use super::markup::{Markup, NoPrice};
use super::scope::Scope;
use crate::ground::{Cost, Price};

/// A rule of a published set, or of one that is to be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// An order line names it; 0 before it is published.
    pub id: i64,
    /// Whom it prices.
    pub scope: Scope,
    /// Among rules of one scope the higher wins.
    pub priority: i32,
    /// Percent, fixed amount and ending.
    pub markup: Markup,
    /// The price instead, for the scope of one package; in the rule's currency. It gets no other ending.
    pub fixed_price: Option<Price>,
    /// In whole units of the rule's currency, not negative: no price is under the cost plus this.
    pub min_margin: Decimal,
    /// It holds from this moment on.
    pub starts_at: Option<OffsetDateTime>,
    /// It holds before this moment.
    pub ends_at: Option<OffsetDateTime>,
    /// Who published it first: an admin's e-mail, or `first start`.
    pub published_by: String,
    /// When it was published first; later versions of the set keep it.
    pub published_at: OffsetDateTime,
}

/// What a rule makes of a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// What the customer pays.
    pub price: Price,
    /// The rule's formula, or its fixed price, lay under the cost plus the minimum margin, and was lifted to it.
    pub lifted: bool,
}

impl Rule {
    /// A rule for the whole shop without dates or anything special.
    pub fn shop_wide(markup: Markup, by: &str, at: OffsetDateTime) -> Self {
        Self {
            id: 0,
            scope: Scope::Shop,
            priority: 0,
            markup,
            fixed_price: None,
            min_margin: Decimal::ZERO,
            starts_at: None,
            ends_at: None,
            published_by: by.to_owned(),
            published_at: at,
        }
    }

    /// Whether it is the one shop-wide rule that always holds, behind all others.
    pub fn is_shop_wide(&self) -> bool {
        self.scope == Scope::Shop && self.starts_at.is_none() && self.ends_at.is_none()
    }

    /// Whether it holds at a moment.
    pub fn holds_at(&self, now: OffsetDateTime) -> bool {
        self.starts_at.is_none_or(|from| from <= now) && self.ends_at.is_none_or(|until| now < until)
    }

    /// What it makes of a cost: never under the cost plus the minimum margin, and at least one minor unit.
    ///
    /// # Errors
    /// [`NoPrice`] where the currencies differ or the amount does not fit.
    pub fn price(&self, cost: Cost) -> Result<Made, NoPrice> {
        let floor = self.floor(cost)?;
        match self.fixed_price {
            Some(fixed) if fixed.currency == self.markup.currency => {
                let least = Price::at_least(floor, fixed.currency).ok_or(NoPrice::TooLarge)?;
                let lifted = fixed.minor < least.minor;
                Ok(Made { price: if lifted { least } else { fixed }, lifted })
            }
            Some(_) => Err(NoPrice::Currency),
            None => self.markup.price_above(cost, floor).map(|(price, lifted)| Made { price, lifted }),
        }
    }

    /// The cost plus the minimum margin, exact.
    ///
    /// # Errors
    /// As [`Rule::price`].
    pub(super) fn floor(&self, cost: Cost) -> Result<Decimal, NoPrice> {
        if cost.currency != self.markup.currency {
            return Err(NoPrice::Currency);
        }
        cost.amount.checked_add(self.min_margin).ok_or(NoPrice::TooLarge)
    }
}
