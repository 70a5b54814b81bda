//! The events that the stand-in tells of by itself, as Stripe does: posted again until they are taken, in no order that
//! anybody may rely on; and what befalls them on the way.

use std::time::Duration;

use serde_json::Value;

use super::{Books, SECRET, Stripe, collapsed, event_of, signature};

/// Somebody who does not take an event is told again after this, for as long.
const AGAIN: Duration = Duration::from_millis(200);
const TRIES: u32 = 900;
/// How late an event is that is late.
const LATE: Duration = Duration::from_millis(700);

/// What befalls an event on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// It never leaves.
    Lost,
    /// It comes twice at once.
    Doubled,
    /// Others overtake it.
    Late,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    OnItsWay,
    /// Answered with 2xx.
    Taken,
    Lost,
    GivenUp,
}

/// An event that was told, and what became of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub id: String,
    pub name: String,
    pub standing: Standing,
}

impl Stripe {
    /// From now on events are posted there.
    pub fn post_events_to(&self, url: String) {
        self.books().post_to = Some(url);
    }

    /// Whether an event is still on its way.
    pub fn is_telling(&self) -> bool {
        self.books().told.iter().any(|told| told.standing == Standing::OnItsWay)
    }

    /// Tells of an object, where somebody listens.
    pub(super) fn tell(&self, books: &mut Books, name: &str, object: &Value) {
        let Some(url) = books.post_to.clone() else { return };
        let mishap = books.weather.as_mut().and_then(|weather| (weather.events)());
        let (id, body) = event_of(books, self.clock.now(), name, &collapsed(object));
        if let Some(mishap) = mishap {
            *books.struck.entry(format!("event {mishap:?}")).or_insert(0) += 1;
        }
        let lost = mishap == Some(Mishap::Lost);
        let standing = if lost { Standing::Lost } else { Standing::OnItsWay };
        books.told.push(Told { id: id.clone(), name: name.to_owned(), standing });
        let copies = match mishap {
            Some(Mishap::Lost) => 0,
            Some(Mishap::Doubled) => 2,
            Some(Mishap::Late) | None => 1,
        };
        for _ in 0..copies {
            let (stripe, url, id, body) = (self.clone(), url.clone(), id.clone(), body.clone());
            tokio::spawn(async move {
                if mishap == Some(Mishap::Late) {
                    tokio::time::sleep(LATE).await;
                }
                let taken = stripe.deliver(&url, &body).await;
                let mut books = stripe.books();
                let told = books.told.iter_mut().find(|told| told.id == id).unwrap();
                told.standing = if taken { Standing::Taken } else { Standing::GivenUp };
            });
        }
    }

    async fn deliver(&self, url: &str, body: &str) -> bool {
        for _ in 0..TRIES {
            let signed = signature(SECRET, self.clock.now().unix_timestamp(), body);
            let request = self.http.post(url).header("stripe-signature", signed);
            let answer =
                request.header("content-type", "application/json").body(body.to_owned()).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            tokio::time::sleep(AGAIN).await;
        }
        false
    }
}
