//! inbox: webhooks, stored before they are answered and believed only later.
//!
//! Owns `webhook_deliveries`, `webhook_refusals`, `webhook_secret_marks` and `webhook_signatures`. Promises that a
//! delivery answered with 200 survives whatever comes next and ends as done, ignored, or shown to staff; that the same
//! delivery has one effect; and that nothing unsigned is stored but a count. Never decides what an event means for an
//! order: it reads the body and knocks at the room concerned.

pub mod delivery;
mod dispatch;
mod queue;
mod receive;
mod signatures;
mod store;
mod tally;
mod web;

pub use dispatch::{DELIVERY, work};
pub use queue::Queue;
pub use receive::{Arrived, Refused, receive};
pub use signatures::{SecretSeen, Signatures, signatures};
pub use tally::Tally;
pub use web::routes;

use delivery::Source;

/// What one node holds of the inbox in memory. A clone is a handle on the same one.
#[derive(Clone, Debug)]
pub struct Inbox {
    /// Webhooks that wait for their commit.
    pub queue: Queue,
    /// What was counted of eSIMDual's since it was last written.
    pub tally: Tally,
    /// What was counted of Stripe's since it was last written.
    pub stripe_tally: Tally,
    /// What bodies may hold.
    room: web::Room,
}

impl Default for Inbox {
    fn default() -> Self {
        Self {
            queue: Queue::default(),
            tally: Tally::of(Source::Esimdual),
            stripe_tally: Tally::of(Source::Stripe),
            room: web::Room::default(),
        }
    }
}
