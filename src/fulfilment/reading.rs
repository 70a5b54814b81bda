//! What a reading of the upstream's list of orders proves, and when another one is needed. Pure.

use std::collections::HashSet;
use std::time::Duration;

use time::OffsetDateTime;

use super::attempt::{Attempt, Outcome};
use crate::esimdual::{Listing, Order, OrderStatus};

/// A reading, as far as it can prove that an order is absent.
#[derive(Debug)]
pub struct Reading {
    /// When it was asked for: what was bought later may be missing from it.
    begun: OffsetDateTime,
    /// The lowest id that it holds.
    oldest: Option<i64>,
    /// It holds every order that was ever listed to us or bound by us.
    holds_all_known: bool,
    /// Some of its rows could not be read: the order that is looked for may be one of them.
    has_gaps: bool,
}

impl Reading {
    /// Of a list that was asked for at `begun`, against every upstream order that was known then.
    pub fn of(listing: &Listing, begun: OffsetDateTime, ever_known: &[i64]) -> Self {
        let ids: HashSet<i64> = listing.orders.iter().map(|order| order.id).collect();
        Self {
            begun,
            oldest: ids.iter().min().copied(),
            holds_all_known: ever_known.iter().all(|id| ids.contains(id)),
            has_gaps: listing.unreadable > 0,
        }
    }

    /// When it was asked for.
    pub fn begun(&self) -> OffsetDateTime {
        self.begun
    }

    /// Whether an order that is not in the list was not bought by this attempt: it had time to appear, and the list
    /// reaches back beyond it, because it holds an order that was known before it, or every order ever known.
    pub fn proves_absence(&self, attempt: &Attempt, settling: Duration) -> bool {
        let doubt = attempt.outcome == Outcome::Doubt { settled: None };
        let had_time = attempt.answered_at.is_some_and(|at| self.begun - at >= settling);
        let holds_older =
            attempt.known_upstream_id.is_some_and(|known| self.oldest.is_some_and(|id| id <= known));
        doubt && had_time && !self.has_gaps && (holds_older || self.holds_all_known)
    }
}

/// The order under this name: should there ever be two, one that lives before one that failed, and the first of those.
pub fn found<'a>(orders: impl Iterator<Item = &'a Order>, name: &str) -> Option<&'a Order> {
    let ours = orders.filter(|order| order.external_order_id.as_deref() == Some(name));
    ours.min_by_key(|order| (order.status == OrderStatus::Failed, order.id))
}

/// Whether the list must be read for a unit, or what was read last, for whichever unit, has told all that can be known
/// now. A doubt is looked for once soon after it arose, once when it has settled, and then at every interval.
pub fn is_needed(
    listed: bool,
    attempts: &[Attempt],
    now: OffsetDateTime,
    settling: Duration,
    interval: Duration,
) -> bool {
    let unseen = |attempt: &Attempt| {
        let (Some(arose), Some(looked)) = (attempt.answered_at, attempt.looked_at) else { return true };
        let settled = arose + settling;
        looked < arose || (settled <= now && looked < settled) || now - looked >= interval
    };
    !listed || attempts.iter().filter(|attempt| attempt.in_doubt()).any(unseen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::Extra;
    use time::Duration as Span;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
    const SETTLING: Duration = Duration::from_secs(60);

    fn order(id: i64, name: &str) -> Order {
        Order {
            id,
            external_order_id: Some(name.into()),
            package_id: None,
            status: OrderStatus::Completed,
            price: None,
            currency: None,
            created_at: None,
            esim: None,
            extra: Extra::default(),
        }
    }

    fn doubt(known: Option<i64>) -> Attempt {
        Attempt {
            id: 1,
            number: 1,
            key: "K1".into(),
            committed_at: NOON,
            known_upstream_id: known,
            outcome: Outcome::Doubt { settled: None },
            http_status: None,
            named_fields: vec![],
            judged: None,
            answered_at: Some(NOON),
            looked_at: None,
            retry_at: None,
            reason: None,
        }
    }

    fn proves(listed: &[i64], known: Option<i64>, ever_known: &[i64], after: i64) -> bool {
        let orders = listed.iter().map(|id| order(*id, "X")).collect();
        let listing = Listing { orders, unreadable: 0 };
        Reading::of(&listing, NOON + Span::seconds(after), ever_known).proves_absence(&doubt(known), SETTLING)
    }

    #[test]
    fn a_list_proves_absence_only_where_it_reaches_back_and_is_young_enough() {
        assert!(proves(&[], None, &[], 60), "an account that began empty");
        assert!(proves(&[9, 8, 5], Some(5), &[5, 4], 60), "it holds an order known before the attempt");
        assert!(!proves(&[9, 8, 7], Some(5), &[5, 4], 60), "only newer ones: truncated");
        assert!(proves(&[9, 5, 4], None, &[5, 4], 60), "it holds all that was ever known");
        assert!(!proves(&[], Some(5), &[5], 60), "an empty list from an account that has orders");
        assert!(!proves(&[9, 8, 5], Some(5), &[5, 4], 59), "the order may not have appeared yet");
        let gaps = Listing { orders: vec![order(5, "X")], unreadable: 1 };
        let reading = Reading::of(&gaps, NOON + Span::seconds(60), &[5]);
        assert!(!reading.proves_absence(&doubt(Some(5)), SETTLING), "one of its rows may be the order");
    }

    #[test]
    fn what_was_settled_or_never_in_doubt_is_not_judged_again() {
        let listing = Listing { orders: vec![], unreadable: 0 };
        let reading = Reading::of(&listing, NOON + Span::seconds(60), &[]);
        for outcome in [Outcome::Done, Outcome::Open, Outcome::Doubt { settled: Some(true) }] {
            let attempt = Attempt { outcome, ..doubt(None) };
            assert!(!reading.proves_absence(&attempt, SETTLING), "{outcome:?}");
        }
    }

    #[test]
    fn the_first_of_two_under_one_name_is_meant() {
        let orders = [order(9, "A"), order(7, "A"), order(3, "B")];
        assert_eq!(found(orders.iter(), "A").map(|order| order.id), Some(7));
        assert_eq!(found(orders.iter(), "C"), None);
        let refused_first = [Order { status: OrderStatus::Failed, ..order(7, "A") }, order(9, "A")];
        assert_eq!(found(refused_first.iter(), "A").map(|order| order.id), Some(9));
    }

    #[test]
    fn a_doubt_is_looked_for_when_another_reading_can_tell_more() {
        let needed = |looked: Option<i64>, now: i64| {
            let at = |seconds| NOON + Span::seconds(seconds);
            let attempt = Attempt { looked_at: looked.map(at), ..doubt(None) };
            is_needed(true, &[attempt], at(now), SETTLING, Duration::from_secs(30))
        };
        assert!(needed(None, 1), "it was never looked for");
        assert!(needed(Some(-5), 1), "not since it arose");
        assert!(!needed(Some(1), 10), "looked for since, and not settled yet");
        assert!(needed(Some(50), 60), "now it has settled");
        assert!(!needed(Some(60), 80), "looked for since it settled");
        assert!(needed(Some(60), 90), "an interval later it is worth another look");
        let day = Duration::from_secs(86_400);
        assert!(is_needed(false, &[], NOON, SETTLING, day), "before the first purchase");
        assert!(!is_needed(true, &[], NOON, SETTLING, day));
    }
}
