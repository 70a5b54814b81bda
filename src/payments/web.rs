//! The test payment page: what a bank would answer, at the click of a button. No money moves.

mod elsewhere;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;
use sqlx::PgConnection;

pub use elsewhere::lead;

use super::{
    Method, NewPayment, Payment, PaymentStatus, Settled, decline, expire_of_order, receive, settle, store,
};
use crate::ground::{Price, token::Token};
use crate::orders::{self, Order};
use crate::plumbing::bell::Ring;
use crate::plumbing::db;
use crate::shop::Shop;
use crate::web::{Cache, Problem, Visit, page};

/// How often a payment's arrival is written anew when it loses against other transactions.
const TRIES: u32 = 4;

/// The addresses at which customers pay.
pub fn routes() -> axum::Router<Shop> {
    axum::Router::new()
        .route("/pay/test/{token}", get(show).post(answer))
        .route("/pay/bank_transfer/{token}", get(lead_to_instructions))
        .route("/pay/stripe/{token}", get(elsewhere::stripe))
}

/// For the order page, as an `Extension`: [`super::returned`] in the form in which orders asks for it.
pub const RETURNED: orders::Returned = orders::Returned(|shop, order_id, reference| {
    Box::pin(async move {
        let looked = super::returned(&super::Till::of(shop), order_id, reference).await?;
        if looked {
            shop.bell.ring(Ring::Jobs);
            shop.bell.ring(Ring::Thing(order_id));
        }
        Ok(looked)
    })
});

/// For the order page, as an `Extension`: [`pay_path`] in the form in which orders asks for it.
pub const PAY_LINK: orders::PayLink = orders::PayLink(|conn, order_id| Box::pin(pay_path(conn, order_id)));

/// For the order page, as an `Extension`: what is still to be transferred.
pub const TRANSFER_DUE: orders::TransferDue =
    orders::TransferDue(|conn, order_id| Box::pin(receive::due(conn, order_id)));

/// A transfer has no page of its own: how to make it stands on the order's.
async fn lead_to_instructions(
    State(shop): State<Shop>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let token = Token::parse(&token).ok_or(Problem::NotFound)?;
    let payment = store::by_token(&mut conn, &token).await?;
    let payment = payment.filter(|one| one.method == Method::BankTransfer).ok_or(Problem::NotFound)?;
    let order = orders::by_id(&mut conn, payment.order_id).await?.ok_or(Problem::NotFound)?;
    Ok(to_order(&visit, &order))
}

/// The path of the newest payment of an order that can still be made; none where there is none.
///
/// # Errors
/// The database's.
pub async fn pay_path(conn: &mut PgConnection, order_id: i64) -> sqlx::Result<Option<String>> {
    let payments = store::of_order(conn, order_id).await?;
    Ok(payments
        .iter()
        .rev()
        .find(|payment| payment.is_open())
        .map(|payment| payment.method.page(&payment.token)))
}

#[derive(askama::Template)]
#[template(path = "payments/test.html")]
struct TestPage<'a> {
    visit: Visit,
    number: &'a str,
    amount: &'a Price,
    /// Its page.
    order: String,
}

async fn show(
    State(shop): State<Shop>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let (payment, order) = find(&mut conn, &shop, &token).await?;
    drop(conn);
    if payment.status == PaymentStatus::Paid {
        return Ok(to_order(&visit, &order));
    }
    let template = TestPage {
        number: order.number.as_str(),
        amount: &payment.amount,
        order: order_path(&visit, &order),
        visit,
    };
    page(StatusCode::OK, Cache::Private, &template)
}

/// The payment of a token with its order, where the shop takes test payments.
async fn find(conn: &mut PgConnection, shop: &Shop, token: &str) -> Result<(Payment, Order), Problem> {
    if !shop.settings.payment_methods.iter().any(|method| method == Method::Test.word()) {
        return Err(Problem::NotFound);
    }
    let token = Token::parse(token).ok_or(Problem::NotFound)?;
    let payment = store::by_token(conn, &token).await?;
    let payment = payment.filter(|one| one.method == Method::Test).ok_or(Problem::NotFound)?;
    let order = orders::by_id(conn, payment.order_id).await?.ok_or(Problem::NotFound)?;
    Ok((payment, order))
}

fn order_path(visit: &Visit, order: &Order) -> String {
    visit.href(&format!("/orders/{}", order.token.as_str()))
}

fn to_order(visit: &Visit, order: &Order) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, order_path(visit, order))]).into_response()
}

#[derive(Deserialize)]
struct Answer {
    outcome: String,
}

/// What the bank answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Pay,
    Decline,
    Late,
    Twice,
}

impl Outcome {
    fn from_word(word: &str) -> Option<Self> {
        match word {
            "pay" => Some(Self::Pay),
            "decline" => Some(Self::Decline),
            "late" => Some(Self::Late),
            "twice" => Some(Self::Twice),
            _ => None,
        }
    }
}

async fn answer(
    State(shop): State<Shop>,
    visit: Visit,
    Path(token): Path<String>,
    Form(form): Form<Answer>,
) -> Result<Response, Problem> {
    let mut conn = shop.db.acquire().await?;
    let (payment, order) = find(&mut conn, &shop, &token).await?;
    drop(conn);
    if payment.status == PaymentStatus::Paid {
        return Ok(to_order(&visit, &order));
    }
    let Some(outcome) = Outcome::from_word(&form.outcome) else {
        return Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response());
    };
    let mut tries = 1;
    while let Err(fault) = happen_whole(&shop, &payment, outcome).await {
        if tries == TRIES || !db::lost(&fault) {
            return Err(fault.into());
        }
        tries += 1;
    }
    shop.bell.ring(Ring::Jobs);
    shop.bell.ring(Ring::Thing(order.id));
    Ok(to_order(&visit, &order))
}

/// One transaction, which may be run again where it lost against another one: what is true of the payment is read in it.
async fn happen_whole(shop: &Shop, payment: &Payment, outcome: Outcome) -> anyhow::Result<()> {
    let mut tx = shop.db.begin().await?;
    happen(&mut tx, shop, payment, outcome).await?;
    Ok(tx.commit().await?)
}

/// Makes an outcome happen, in the caller's transaction.
async fn happen(
    conn: &mut PgConnection,
    shop: &Shop,
    payment: &Payment,
    outcome: Outcome,
) -> anyhow::Result<()> {
    let now = shop.now();
    match outcome {
        Outcome::Pay => arrive(conn, shop, payment).await.map(drop),
        Outcome::Decline => Ok(decline(conn, payment, now).await.map(drop)?),
        Outcome::Late => {
            orders::expire_now(conn, payment.order_id, now).await?;
            // Only an order that still waited ends here; the payments of one that was paid before stay as they are.
            if orders::cancel(conn, payment.order_id, now).await? {
                expire_of_order(conn, payment.order_id, now).await?;
            }
            arrive(conn, shop, payment).await.map(drop)
        }
        Outcome::Twice => {
            // A second click on this button finds the first payment made, and opens no third.
            if arrive(conn, shop, payment).await? != Settled::Already {
                let second = open_another(conn, shop, payment).await?;
                arrive(conn, shop, &second).await?;
            }
            Ok(())
        }
    }
}

async fn arrive(conn: &mut PgConnection, shop: &Shop, payment: &Payment) -> anyhow::Result<Settled> {
    settle(conn, payment, &shop.settings.public_url, shop.now()).await
}

async fn open_another(conn: &mut PgConnection, shop: &Shop, first: &Payment) -> anyhow::Result<Payment> {
    let (token, now) = (shop.entropy.token(), shop.now());
    let second = NewPayment {
        order_id: first.order_id,
        method: first.method,
        token: &token,
        amount: first.amount,
        fee: first.fee,
        now,
        expires_at: now,
    };
    store::open(conn, &second).await?;
    let opened = store::by_token(conn, &token).await?;
    opened.ok_or_else(|| anyhow::anyhow!("a payment that was just opened is not there"))
}
