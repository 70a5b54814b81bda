//! Ways to pay at which nobody outside is asked over a wire: the test payment, whose page says what a bank would, and the
//! bank transfer, whose statement a person reads (arrivals come in through [`super::super::receive`]).

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use serde_json::Value;
use time::OffsetDateTime;

use crate::ground::Price;
use crate::payments::provider::{
    Headers, Notice, Payout, Proof, Provider, Purchase, RefundStanding, Said, SeenRefund, Started, Truth,
};

const NOBODY: &str = "nobody outside is asked about this way to pay";

/// One of them, by how its refunds end when they are recorded.
#[derive(Clone, Copy, Debug)]
pub struct Inside(RefundStanding);

/// The page at `/pay/test/{token}`. No money moved in, so none moves out: the record is the refund.
pub static TEST_PAGE: Inside = Inside(RefundStanding::Done);
/// The reseller's account. A refund goes to the work list: a person pays it out and says so.
pub static BANK_TRANSFER: Inside = Inside(RefundStanding::ByHand);

impl Provider for Inside {
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

    fn refund<'a>(&'a self, payout: &'a Payout<'a>) -> BoxFuture<'a, Said<SeenRefund>> {
        let seen = SeenRefund {
            reference: None,
            key: Some(payout.key.to_owned()),
            amount: Some(payout.amount),
            standing: self.0,
            why: None,
        };
        ready(Said::Done(seen)).boxed()
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
