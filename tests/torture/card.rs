//! Somebody who pays at Stripe's page, and clicks again where no answer comes.

use std::time::{Duration, Instant};

use reqwest::header::LOCATION;
use serde_json::Value;

/// Far longer than a program that was killed, or a database that was restarted, stays away.
const PATIENCE: Duration = Duration::from_secs(300);
const AGAIN: Duration = Duration::from_millis(150);

/// Whoever was sent from checkout to `first` pays, and comes back or closes the window: the path of the order. Where
/// Stripe was slow, checkout leads to the order's page, whose button leads on.
pub async fn pay(http: &reqwest::Client, shop: &str, first: &str, returns: bool) -> String {
    let (began, mut to) = (Instant::now(), first.to_owned());
    let back = loop {
        assert!(began.elapsed() < PATIENCE, "nobody leads to a page to pay at: {to}");
        if to.starts_with('/') {
            match button(http, shop, &to).await {
                Some(page) if !page.starts_with('/') => to = page,
                _ => tokio::time::sleep(AGAIN).await,
            }
            continue;
        }
        // The page answers and leads back to the shop.
        let paid = http.post(&to).send().await.unwrap();
        assert_eq!(paid.status(), 303, "{to} can be paid");
        let back = paid.headers()[LOCATION].to_str().unwrap().to_owned();
        break back.strip_prefix(shop).expect("it leads back to the shop").to_owned();
    };
    if returns {
        while !is_shown(http, &format!("{shop}{back}")).await {
            assert!(began.elapsed() < PATIENCE, "nobody shows the order to who comes back");
            tokio::time::sleep(AGAIN).await;
        }
    }
    back.split('?').next().unwrap().to_owned()
}

/// Presses the button of an order's page: where it leads, where there is one and somebody answers.
async fn button(http: &reqwest::Client, shop: &str, order: &str) -> Option<String> {
    let request = http.get(format!("{shop}{order}")).header("accept", "application/json");
    let seen: Value = request.send().await.ok()?.error_for_status().ok()?.json().await.ok()?;
    let answer = http.get(seen["pay_url"].as_str()?).send().await.ok()?;
    let to = answer.headers().get(LOCATION)?.to_str().ok()?;
    Some(to.strip_prefix(shop).unwrap_or(to).to_owned())
}

async fn is_shown(http: &reqwest::Client, page: &str) -> bool {
    http.get(page).send().await.is_ok_and(|answer| answer.status() == 200)
}
