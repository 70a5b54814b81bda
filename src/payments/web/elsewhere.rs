//! `/pay/stripe/{token}`: leads to where a payment is made outside. Asked again it leads to the same place, and where the
//! first try ended, to another one for the same order.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::ground::token::Token;
use crate::orders;
use crate::payments::{Method, Payment, Providers, Till, Way, current, start, store};
use crate::shop::Shop;
use crate::web::{Problem, Visit};

pub(super) async fn stripe(
    State(shop): State<Shop>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let token = Token::parse(&token).ok_or(Problem::NotFound)?;
    Providers::of_shop(&shop).of(Method::Stripe).ok_or(Problem::NotFound)?;
    let found = store::by_token(&mut *shop.db.acquire().await?, &token).await?;
    let payment = found.filter(|payment| payment.method == Method::Stripe).ok_or(Problem::NotFound)?;
    let location = match lead(&shop, payment.order_id).await? {
        Way::Elsewhere(url) => url,
        Way::Here(path) => visit.href(&path),
        Way::NotNow => return Err(Problem::NotFound),
    };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// Where the customer of an order goes to pay it: an address outside, or the order's page where there is nothing to be
/// paid or nobody answers in time.
///
/// # Errors
/// The database's.
pub async fn lead(shop: &Shop, order_id: i64) -> anyhow::Result<Way> {
    let mut conn = shop.db.acquire().await?;
    let order = orders::by_id(&mut conn, order_id).await?.ok_or(sqlx::Error::RowNotFound)?;
    let payments = store::of_order(&mut conn, order_id).await?;
    drop(conn);
    let page = Way::Here(format!("/orders/{}", order.token.as_str()));
    let Some(payment) = payments.into_iter().rev().find(Payment::is_open) else { return Ok(page) };
    // In a task: what it learns is written down whoever still waits for it.
    let asking = tokio::spawn(ask(shop.clone(), payment));
    // Then the order's page has the button to try again, and the asking goes on.
    match tokio::time::timeout(shop.settings.times.pay_page_patience, asking).await {
        Ok(Ok(Ok(Way::NotNow))) | Err(_) => Ok(page),
        Ok(Ok(way)) => way,
        Ok(Err(panicked)) => Err(panicked.into()),
    }
}

async fn ask(shop: Shop, payment: Payment) -> anyhow::Result<Way> {
    let till = Till::of(&shop);
    match current(&till, &payment).await? {
        Some(payment) => start(&till, &payment).await,
        None => Ok(Way::NotNow),
    }
}
