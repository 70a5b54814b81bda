//! The ways to pay, each behind the seam of [`super::provider`].

mod bank_transfer;
mod stripe;
mod test_page;

use super::Method;
use super::provider::Provider;
use crate::shop::Shop;
use bank_transfer::BankTransfer;
use test_page::TestPage;

/// Whoever stands behind each method.
#[derive(Clone, Copy)]
pub struct Providers<'a> {
    test: &'a TestPage,
    stripe: Option<&'a crate::stripe::Client>,
}

impl<'a> Providers<'a> {
    /// The ones that a shop has.
    pub fn of_shop(shop: &'a Shop) -> Self {
        Self { test: &TestPage, stripe: shop.stripe.as_ref() }
    }

    /// Whoever stands behind a method; none where it is not configured.
    pub fn of(self, method: Method) -> Option<&'a dyn Provider> {
        match method {
            Method::Test => Some(self.test),
            Method::BankTransfer => Some(&BankTransfer),
            Method::Stripe => self.stripe.map(|client| client as &dyn Provider),
        }
    }
}
