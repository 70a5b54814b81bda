//! Customers: each order is drawn from the seed, and its customer clicks until there is an answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::dice::Dice;
use crate::card;
use crate::stand::{attribute, http};

/// The checkout form's own limit.
const MOST: u64 = 10;
/// No new order while so many units are not final: a shop's customers come over days, not all at once.
const OPEN_AT_MOST: usize = 250;
const AT_ONCE: usize = 8;
/// A pause before somebody clicks again.
const AGAIN: Duration = Duration::from_millis(200);

/// One order as it was drawn.
#[derive(Clone, Debug)]
pub struct Planned {
    number: usize,
    package: i64,
    pub quantity: u64,
    /// What the bank answers, one after the other.
    outcomes: &'static [&'static str],
    /// Paid by card instead; whether the browser comes back from there.
    card: Option<bool>,
}

impl Planned {
    pub fn email(number: usize) -> String {
        format!("customer-{number}@example.com")
    }
}

/// Orders of so many units in all.
pub fn plan(seed: u64, units: u64, packages: &[i64]) -> Vec<Planned> {
    let mut orders = Vec::new();
    let mut left = units;
    while left > 0 {
        let number = orders.len();
        let mut dice = Dice::of(seed, 1_000_000 + u64::try_from(number).unwrap());
        let outcomes: &[&str] = match dice.below(20) {
            0 => &["decline", "pay"],
            1 => &["twice"],
            2 => &["late"],
            _ => &["pay"],
        };
        let quantity = (1 + dice.below(MOST)).min(left);
        left -= quantity;
        let package = dice.one_of(packages);
        // What only the test payment's bank can answer stays with it.
        let by_card = outcomes == ["pay"] && dice.below(2) == 0;
        let card = by_card.then(|| dice.below(2) == 0);
        orders.push(Planned { number, package, quantity, outcomes, card });
    }
    orders
}

/// Everybody who buys, at most a few at once.
pub struct Shoppers {
    pub buying: JoinSet<()>,
    /// How many units are not final, as whoever watches the shop knows it.
    pub open: Arc<AtomicUsize>,
}

impl Shoppers {
    pub fn go(shop: &str, orders: Vec<Planned>) -> Self {
        let (orders, next, open) =
            (Arc::new(orders), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut buying = JoinSet::new();
        for _ in 0..AT_ONCE {
            let shopper = Shopper { http: http(), shop: shop.to_owned() };
            let (orders, next, open) = (Arc::clone(&orders), Arc::clone(&next), Arc::clone(&open));
            buying.spawn(async move {
                while let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) {
                    while open.load(Ordering::Relaxed) > OPEN_AT_MOST {
                        tokio::time::sleep(AGAIN).await;
                    }
                    shopper.buy(order).await;
                }
            });
        }
        Self { buying, open }
    }
}

struct Shopper {
    http: reqwest::Client,
    shop: String,
}

impl Shopper {
    async fn buy(&self, order: &Planned) {
        let form = self.form(order).await;
        let pay = self.post("/checkout", &form).await;
        if let Some(returns) = order.card {
            card::pay(&self.http, &self.shop, &pay, returns).await;
            return;
        }
        for outcome in order.outcomes {
            self.post(&pay, &[("outcome", (*outcome).to_owned())]).await;
        }
    }

    async fn form(&self, order: &Planned) -> Vec<(&'static str, String)> {
        let Planned { number, package, quantity, .. } = order;
        let address = format!("{}/checkout?package_id={package}&quantity={quantity}", self.shop);
        let page = loop {
            let asked = async { self.http.get(&address).send().await?.error_for_status()?.text().await };
            match asked.await {
                Ok(page) => break page,
                Err(_) => tokio::time::sleep(AGAIN).await,
            }
        };
        vec![
            ("package_id", package.to_string()),
            ("quantity", quantity.to_string()),
            ("form_key", attribute(&page, "name=\"form_key\" value=\"")),
            ("shown_price", attribute(&page, "name=\"shown_price\" value=\"")),
            ("email", Planned::email(*number)),
            ("payment_method", if order.card.is_some() { "stripe" } else { "test" }.to_owned()),
            ("accept_terms", "on".to_owned()),
        ]
    }

    /// Posts until there is a redirect: its path.
    async fn post(&self, path: &str, fields: &[(&str, String)]) -> String {
        loop {
            let answer = self.http.post(format!("{}{path}", self.shop)).form(fields).send().await;
            if let Ok(answer) = answer {
                let status = answer.status();
                assert!(status == 303 || status.is_server_error(), "{path} was answered with {status}");
                if let Some(to) = answer.headers().get("location").filter(|_| status == 303) {
                    let to = to.to_str().unwrap();
                    return to.strip_prefix(&self.shop).unwrap_or(to).to_owned();
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
