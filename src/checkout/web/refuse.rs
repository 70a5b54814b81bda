//! What a refused form is answered: the form with what was typed, and a sentence.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};

use super::form::{CHANGED, GONE, KEY_USED, LATER, NO_FUNDS, NOT_SELLING, Notice, Showing};
use super::{NOT_OPEN, Page, SOON};
use crate::checkout::begin::Refusal;
use crate::web::Visit;

const TOO_OFTEN: Notice = Notice { tone: "wait", key: "checkout-too-often" };
const DECLINED: Notice = Notice { tone: "bad", key: "checkout-declined-often" };
const UNPAID_HERE: Notice = Notice { tone: "wait", key: "checkout-unpaid-here" };

pub(super) async fn refuse(mut showing: Showing<'_>, visit: Visit, refusal: Refusal) -> Page {
    match refusal {
        Refusal::PriceMoved(today) => showing.moved_to(today).with(StatusCode::CONFLICT, visit).await,
        Refusal::Changed => showing.because(CHANGED).with(StatusCode::CONFLICT, visit).await,
        Refusal::Gone => showing.because(GONE).with(StatusCode::CONFLICT, visit).await,
        Refusal::KeyUsed => {
            Showing { fresh_key: true, ..showing }.because(KEY_USED).with(StatusCode::CONFLICT, visit).await
        }
        Refusal::NotSelling => later(showing.because(NOT_SELLING), visit, NOT_OPEN).await,
        Refusal::NoFunds => {
            // By then the wallet was read again.
            let wait = showing.shop.settings.times.reconcile_interval * 2;
            later(showing.because(NO_FUNDS), visit, wait).await
        }
        // Asked for already; whoever comes again is asked for anew.
        Refusal::Stale => later(showing.because(LATER), visit, SOON).await,
        Refusal::NoCountry => {
            showing.errors.add("country", "checkout-error-country");
            showing.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await
        }
        Refusal::UnpaidOfEmail => {
            showing.errors.add("email", "checkout-error-unpaid");
            showing.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await
        }
        Refusal::SpentToday => {
            showing.errors.add("email", "checkout-error-spent");
            showing.with(StatusCode::UNPROCESSABLE_ENTITY, visit).await
        }
        Refusal::UnpaidOfAddress => {
            let wait = showing.shop.settings.times.payment_expiry;
            waiting(showing.because(UNPAID_HERE), visit, StatusCode::TOO_MANY_REQUESTS, wait).await
        }
        Refusal::Declined(wait) => {
            waiting(showing.because(DECLINED), visit, StatusCode::TOO_MANY_REQUESTS, wait).await
        }
    }
}

/// Other forms than this one were sent too often from here.
pub(super) async fn too_often(showing: Showing<'_>, visit: Visit, wait: Duration) -> Page {
    waiting(showing.because(TOO_OFTEN), visit, StatusCode::TOO_MANY_REQUESTS, wait).await
}

pub(super) async fn later(showing: Showing<'_>, visit: Visit, wait: Duration) -> Page {
    waiting(showing, visit, StatusCode::SERVICE_UNAVAILABLE, wait).await
}

async fn waiting(showing: Showing<'_>, visit: Visit, status: StatusCode, wait: Duration) -> Page {
    let mut response = showing.with(status, visit).await?;
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    Ok(response)
}
