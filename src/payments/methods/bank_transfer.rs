//! Bank transfer: whoever holds the money is an account whose statement a person reads. Nobody is asked over a wire;
//! arrivals come in through [`super::super::receive`], and what goes back is paid out by hand.

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use serde_json::Value;
use time::OffsetDateTime;

use crate::ground::Price;
use crate::payments::provider::{
    Headers, Notice, Payout, Proof, Provider, Purchase, RefundStanding, Said, SeenRefund, Started, Truth,
};

const NOBODY: &str = "a bank's statement is read by a person";

/// The reseller's account.
#[derive(Clone, Copy, Debug)]
pub struct BankTransfer;

impl Provider for BankTransfer {
    fn takes(&self, _: Price) -> bool {
        true
    }

    fn prepare(&self, _: &Purchase<'_>) -> Option<Value> {
        None
    }

    fn start<'a>(&'a self, _: &'a str, _: &'a Value) -> BoxFuture<'a, Said<Started>> {
        ready(Said::Refused(NOBODY.to_owned())).boxed()
    }

    fn truth<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Said<Truth>> {
        ready(Said::Refused(NOBODY.to_owned())).boxed()
    }

    fn close<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Said<Truth>> {
        ready(Said::Refused(NOBODY.to_owned())).boxed()
    }

    /// The refund goes to the work list: a person pays it out and says so.
    fn refund<'a>(&'a self, payout: &'a Payout<'a>) -> BoxFuture<'a, Said<SeenRefund>> {
        let by_hand = SeenRefund {
            reference: None,
            key: Some(payout.key.to_owned()),
            amount: Some(payout.amount),
            standing: RefundStanding::ByHand,
            why: None,
        };
        ready(Said::Done(by_hand)).boxed()
    }

    fn hears_webhooks(&self) -> bool {
        false
    }

    fn bears_proof(&self, _: &Headers<'_>) -> bool {
        false
    }

    fn prove(&self, _: &Headers<'_>, _: &[u8], _: OffsetDateTime) -> Proof {
        Proof::Wrong
    }

    fn notice(&self, _: &[u8]) -> Option<Notice> {
        None
    }
}
