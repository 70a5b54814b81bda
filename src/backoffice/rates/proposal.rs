//! What rates or terms would do to every price, and the form that publishes exactly those.

use time::OffsetDateTime;

use super::super::rehearsal::{Compared, View, compare};
use super::{InForceView, doubts, in_force};
use crate::pricing::{self, Doubt, Exchange, Judged, RateChange, RateStanding};
use crate::shop::Shop;
use crate::web::Problem;

/// The rehearsal with its form.
pub(super) struct Proposal {
    pub shown: View,
    /// The rate that makes prices then; `None` where none does.
    pub in_force: Option<InForceView>,
    pub standing: RateStanding,
    /// How many of the rates stand there already.
    pub same: usize,
    /// Nothing would be written.
    pub is_nothing: bool,
    pub publish: Publish,
    /// The revision that it was rehearsed on.
    pub seen: String,
}

/// The form that publishes what was rehearsed.
pub(super) struct Publish {
    pub action: &'static str,
    pub button: &'static str,
    /// A file's size, and in a form's ordinary writing each comma and line takes three times the room.
    pub as_parts: bool,
    pub fields: Vec<(&'static str, String)>,
    /// What asks to be confirmed, as sentences.
    pub doubts: Vec<String>,
}

/// What is judged of entered rates; nothing of terms.
#[derive(Default)]
pub(super) struct Weighed {
    pub same: usize,
    pub doubts: Vec<Doubt>,
    pub is_nothing: bool,
}

impl From<Judged> for Weighed {
    fn from(judged: Judged) -> Self {
        Self { same: judged.same, is_nothing: judged.new.is_empty(), doubts: judged.doubts }
    }
}

/// Rehearses a change over everything on sale.
pub(super) async fn propose(
    shop: &Shop,
    change: &RateChange,
    weighed: Weighed,
    publish: Publish,
) -> Result<Proposal, Problem> {
    let now = shop.now();
    let at = change.shown_at(now);
    let set = pricing::rules(&mut *shop.db.acquire().await?).await?;
    let list = |exchange: &Exchange| set.prices(at).exchanged(exchange, at);
    let one = Compared { before: list(&change.before), then: list(&change.then), from: later(at, now) };
    let shown = compare(shop, vec![one]).await?;
    let terms = change.before.terms.as_ref();
    Ok(Proposal {
        shown,
        in_force: in_force(&change.then, at),
        standing: change.then.standing(now),
        same: weighed.same,
        is_nothing: weighed.is_nothing,
        publish: Publish { doubts: doubts(&weighed.doubts, terms), ..publish },
        seen: super::seen(&change.before),
    })
}

fn later(at: OffsetDateTime, now: OffsetDateTime) -> Option<OffsetDateTime> {
    (at > now).then_some(at)
}
