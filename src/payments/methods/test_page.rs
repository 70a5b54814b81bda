//! The test payment: nobody outside, no money. Its page says what a bank would.

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use serde_json::Value;
use time::OffsetDateTime;

use crate::ground::Price;
use crate::payments::provider::{
    Headers, Notice, Payout, Proof, Provider, Purchase, RefundStanding, Said, SeenRefund, Started, Truth,
};

const NOBODY: &str = "nobody stands behind the test payment";

/// The page at `/pay/test/{token}`.
#[derive(Clone, Copy, Debug)]
pub struct TestPage;

impl Provider for TestPage {
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

    /// No money moved in, so none moves out: the record is the refund.
    fn refund<'a>(&'a self, payout: &'a Payout<'a>) -> BoxFuture<'a, Said<SeenRefund>> {
        let done = SeenRefund {
            reference: None,
            key: Some(payout.key.to_owned()),
            amount: Some(payout.amount),
            standing: RefundStanding::Done,
            why: None,
        };
        ready(Said::Done(done)).boxed()
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
