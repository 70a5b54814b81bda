//! The ways to pay, each behind the seam of [`super::provider`].

mod inside;
mod stripe;

use super::Method;
use super::provider::Provider;
use crate::shop::Shop;
use inside::{BANK_TRANSFER, TEST_PAGE};

/// Whoever stands behind each method.
#[derive(Clone, Copy)]
pub struct Providers<'a> {
    stripe: Option<&'a crate::stripe::Client>,
}

impl<'a> Providers<'a> {
    /// The ones that a shop has.
    pub fn of_shop(shop: &'a Shop) -> Self {
        Self { stripe: shop.stripe.as_ref() }
    }

    /// Whoever stands behind a method; none where it is not configured.
    pub fn of(self, method: Method) -> Option<&'a dyn Provider> {
        match method {
            Method::Test => Some(&TEST_PAGE),
            Method::BankTransfer => Some(&BANK_TRANSFER),
            Method::Stripe => self.stripe.map(|client| client as &dyn Provider),
        }
    }
}
