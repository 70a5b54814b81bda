//! An order's changes as they happen (server-sent events). Holds no connection to the database while it waits.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{self, Stream};
use sha2::{Digest as _, Sha256};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::{PayLink, find, show};
use crate::orders::view::OrderView;
use crate::plumbing::bell::Ring;
use crate::shop::Shop;
use crate::web::Problem;

/// A comment this often keeps proxies from closing the connection.
const BREATH: Duration = Duration::from_secs(15);
/// Nobody relies on the bell: an order that changed without a ring is seen after this.
const LOOK_AGAIN: Duration = Duration::from_secs(3);

pub(super) async fn follow(
    State(shop): State<Shop>,
    Extension(pay_link): Extension<PayLink>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    // Listen first, so that nothing is missed between the reading and the waiting.
    let bell = shop.bell.listen();
    let mut conn = shop.db.acquire().await?;
    let order = find(&mut conn, &token).await?;
    drop(conn);
    // To a browser that comes back, 204 means: that was all.
    if headers.contains_key("last-event-id") && order.status.is_final() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let follower = Follower { shop, pay_link, token, order_id: order.id, bell, told: None, ended: false };
    let events = Sse::new(follower.stream()).keep_alive(KeepAlive::new().interval(BREATH).text("waiting"));
    // nginx would hold events back until its buffer is full.
    Ok(([(header::CACHE_CONTROL.as_str(), "no-store"), ("x-accel-buffering", "no")], events).into_response())
}

/// Names what a view shows: the same view, the same name. The page carries it too, so that its script knows whether
/// an event tells anything new.
pub(super) fn state_id(view_without_esims: &str) -> String {
    hex::encode(Sha256::digest(view_without_esims)).chars().take(16).collect()
}

struct Follower {
    shop: Shop,
    pay_link: PayLink,
    token: String,
    order_id: i64,
    bell: broadcast::Receiver<Ring>,
    /// The name of what was told last.
    told: Option<String>,
    ended: bool,
}

impl Follower {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next change; `None` after a final state, and when the program stops.
    async fn next(&mut self) -> Option<Event> {
        if self.ended {
            return None;
        }
        loop {
            if let Some(event) = self.look().await {
                return Some(event);
            }
            if self.ended || !self.wait().await {
                return None;
            }
        }
    }

    /// An event, where the order is not as it was told last.
    async fn look(&mut self) -> Option<Event> {
        let view = match self.read().await {
            Ok(view) => view,
            Err(Problem::NotFound) => {
                self.ended = true;
                return None;
            }
            // The database is away: the next look may find it.
            Err(problem) => {
                tracing::debug!(?problem, "an order that is being followed could not be read");
                return None;
            }
        };
        let data = serde_json::to_string(&view.without_esims()).ok()?;
        let id = state_id(&data);
        if self.told.as_ref() == Some(&id) {
            return None;
        }
        self.told = Some(id.clone());
        Some(Event::default().event("status").id(id).data(data))
    }

    async fn read(&mut self) -> Result<OrderView, Problem> {
        let mut conn = self.shop.db.acquire().await?;
        let order = find(&mut conn, &self.token).await?;
        let (view, _) = show::read(&mut conn, &self.shop, self.pay_link, &order).await?;
        self.ended = order.status.is_final();
        Ok(view)
    }

    /// Waits until it may be worth looking; false when the program stops.
    async fn wait(&mut self) -> bool {
        let mine = Ring::Thing(self.order_id);
        let rung = async {
            loop {
                match self.bell.recv().await {
                    Ok(ring) if ring != mine => {}
                    Ok(_) | Err(RecvError::Lagged(_)) => break,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = self.shop.stop.cancelled() => false,
            () = rung => true,
            () = tokio::time::sleep(LOOK_AGAIN) => true,
        }
    }
}
