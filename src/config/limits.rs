//! What ways to pay take, and how much and how often one customer may: `PAYMENT_FEE_*` and the limits.

use rust_decimal::Decimal;

use super::reader::Reader;
use crate::ground::money::exact_decimal;
use crate::payments::Method;
use crate::shop::{OrderLimits, PaymentFee, RateLimits};

const FIXED: &str = "an amount from 0 to 1000, with a dot";
const PERCENT: &str = "a number from 0 to 100";

fn up_to(most: i64) -> impl Fn(&str) -> Option<Decimal> {
    move |text| exact_decimal(text).filter(|value| !value.is_sign_negative() && *value <= Decimal::from(most))
}

pub(super) fn payment_fees(reader: &mut Reader<'_>) -> Vec<PaymentFee> {
    let (percent, fixed) = (up_to(100), up_to(1000));
    let read = [
        (
            Method::Stripe,
            reader.parsed("PAYMENT_FEE_STRIPE_PERCENT", PERCENT, &percent),
            reader.parsed("PAYMENT_FEE_STRIPE_FIXED", FIXED, &fixed),
        ),
        (
            Method::BankTransfer,
            reader.parsed("PAYMENT_FEE_BANK_TRANSFER_PERCENT", PERCENT, &percent),
            reader.parsed("PAYMENT_FEE_BANK_TRANSFER_FIXED", FIXED, &fixed),
        ),
        (
            Method::Test,
            reader.parsed("PAYMENT_FEE_TEST_PERCENT", PERCENT, &percent),
            reader.parsed("PAYMENT_FEE_TEST_FIXED", FIXED, &fixed),
        ),
    ];
    let fee = |(method, percent, fixed): (Method, Option<Decimal>, Option<Decimal>)| PaymentFee {
        method: method.word(),
        percent: percent.unwrap_or_default(),
        fixed: fixed.unwrap_or_default(),
    };
    read.into_iter().map(fee).collect()
}

pub(super) fn order_limits(reader: &mut Reader<'_>) -> OrderLimits {
    let should_be = "an amount from 0 to 1000000000, with a dot";
    OrderLimits {
        quantity: small(reader.number("ORDER_MAX_QUANTITY", 10, 1..=100)),
        unpaid_per_email: small(reader.number("UNPAID_ORDERS_PER_EMAIL", 20, 0..=1_000_000)),
        unpaid_per_address: small(reader.number("UNPAID_ORDERS_PER_ADDRESS", 100, 0..=1_000_000)),
        declines_per_hour: small(reader.number("DECLINED_PAYMENTS_PER_HOUR", 10, 0..=1_000_000)),
        spend_per_day: reader
            .parsed("SPEND_PER_EMAIL_PER_DAY", should_be, up_to(1_000_000_000))
            .unwrap_or_default(),
    }
}

pub(super) fn rates(reader: &mut Reader<'_>) -> RateLimits {
    RateLimits {
        searches: small(reader.number("SEARCHES_PER_MINUTE", 300, 0..=1_000_000)),
        checkouts: small(reader.number("CHECKOUTS_PER_MINUTE", 60, 0..=1_000_000)),
        sign_ins: small(reader.number("SIGN_INS_PER_MINUTE", 60, 0..=1_000_000)),
        look_ups: small(reader.number("LOOK_UPS_PER_MINUTE", 60, 0..=1_000_000)),
        failed_signatures: small(reader.number("FAILED_SIGNATURES_PER_MINUTE", 300, 0..=1_000_000)),
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
