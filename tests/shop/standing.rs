//! A node keeps what it sold by last, and sells by what the database has: whatever changed since, wherever it was
//! changed, counts at the next purchase. No window is reloaded here, as on a node that nobody rang for.

use simfront::catalog::overrides::{self, Override};
use simfront::catalog::{lift_stop, stop};
use simfront::ground::Currency;
use simfront::pricing::{self, Markup, Rounding};
use simfront::tax::{self, Country, Mode, NewRate};
use time::Duration;

use crate::support::browser::{Answer, Fields};
use crate::support::{FRANCE, Stand};

const BY: &str = "olga@example.com";

fn with(form: &Fields, field: &str, value: &str) -> Fields {
    let mut form = form.clone();
    form.retain(|(name, _)| name != field);
    form.push((field.to_owned(), value.to_owned()));
    form
}

/// Sends a form that was filled in at the price shown and carries no quote: it is held against today's price alone.
async fn send(stand: &Stand, form: &Fields, key: &str) -> Answer {
    let key = key.replace(' ', "");
    stand.post("/checkout", &with(&with(form, "quote", ""), "form_key", &key)).await
}

/// A shop that sold one already, and the form.
async fn warm() -> (Stand, Fields) {
    let stand = Stand::new().await;
    let form = stand.form(FRANCE, 1).await;
    send(&stand, &form, "the first of these forms").await.to();
    (stand, form)
}

async fn rate(stand: &Stand, percent: u32, after: Duration) {
    let now = stand.shop.now();
    let country = Country::parse("it").unwrap();
    let rate = NewRate { country, percent: percent.into(), holds_from: now + after };
    let mut conn = stand.shop.db.acquire().await.unwrap();
    tax::set_rate(&mut conn, &rate, BY, now).await.unwrap();
}

#[tokio::test]
async fn a_rule_published_since_makes_the_price_of_the_next_purchase() {
    let (stand, form) = warm().await;
    let currency = Currency::parse("USD").unwrap();
    let markup = Markup { percent: 50.into(), fixed: 0.into(), currency, rounding: Rounding::None };
    let mut conn = stand.shop.db.acquire().await.unwrap();
    pricing::publish(&mut conn, &markup, BY, stand.shop.now()).await.unwrap();
    drop(conn);
    let asked = send(&stand, &form, "sent after a publication").await;
    assert_eq!(asked.status.as_u16(), 409, "{}", asked.body);
    assert!(asked.body.contains("$6.30"), "{}", asked.body);
    stand.end().await;
}

#[tokio::test]
async fn a_plan_hidden_or_stopped_since_is_not_sold_and_sold_again_when_it_is_back() {
    let (stand, form) = warm().await;
    let mut conn = stand.shop.db.acquire().await.unwrap();
    for (edits, hidden, status, key) in
        [(0, true, 409, "sent while it is hidden"), (1, false, 303, "sent when it is shown again")]
    {
        let said = Override::typed("", "", hidden, false);
        overrides::set_override(&mut conn, FRANCE, &said, Some(edits), BY, stand.shop.now()).await.unwrap();
        let answer = send(&stand, &form, key).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    stop(&mut conn, FRANCE, "the wrong country", stand.shop.now()).await.unwrap();
    let stopped = send(&stand, &form, "sent while it is stopped").await;
    assert_eq!(stopped.status.as_u16(), 409, "{}", stopped.body);
    lift_stop(&mut conn, FRANCE, BY, stand.shop.now()).await.unwrap();
    send(&stand, &form, "sent when it is sold again").await.to();
    drop(conn);
    stand.end().await;
}

#[tokio::test]
async fn a_tax_told_since_is_asked_for_and_a_rate_entered_ahead_holds_from_its_day() {
    let (stand, form) = warm().await;
    let mut conn = stand.shop.db.acquire().await.unwrap();
    tax::set_mode(&mut conn, Mode::Inclusive, BY, stand.shop.now()).await.unwrap();
    drop(conn);
    assert_eq!(send(&stand, &form, "nobody said a country").await.status.as_u16(), 422);
    rate(&stand, 22, Duration::ZERO).await;
    rate(&stand, 25, Duration::minutes(10)).await;
    let form = with(&form, "country", "it");
    for (key, minutes) in [("at the rate of today", 9), ("until the other begins", 1)] {
        send(&stand, &form, key).await.to();
        stand.shop.clock.advance(Duration::minutes(minutes));
        send(&stand, &form, &format!("{key} and later")).await.to();
    }
    let percents = "select coalesce(tax_percent::text, '-') from orders order by id";
    assert_eq!(stand.texts(percents).await, ["-", "22", "22", "22", "25"]);
    stand.end().await;
}
