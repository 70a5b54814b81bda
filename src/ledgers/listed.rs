//! How far the upstream's list of orders reaches, reading after reading. Pure.

use time::OffsetDateTime;

use crate::esimdual::Order;

/// What the readings before say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The newest order that was listed; `None`: the list was empty.
    pub newest_id: Option<i64>,
    /// Since when orders are known without a gap, by the upstream's clock; `None`: since the first one.
    pub known_from: Option<OffsetDateTime>,
}

/// What a reading says together with those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The newest order that was ever listed.
    pub newest_id: Option<i64>,
    /// Since when orders are known without a gap.
    pub known_from: Option<OffsetDateTime>,
}

/// Joins a reading to those before; `None` where it is not believed: an empty list from an account that has orders.
///
/// The list may be cut to the newest orders. It continues what is known only where it reaches back to an order that was
/// listed before; after an empty list, where it reaches back to the oldest order that anybody told us of
/// (`oldest_known`). Else there is a gap before its oldest order. `now` stands for the upstream's clock where it told no
/// time.
pub fn reach(
    before: Option<Before>,
    orders: &[Order],
    oldest_known: Option<i64>,
    now: OffsetDateTime,
) -> Option<Reach> {
    let Some(oldest) = orders.iter().map(|order| order.id).min() else {
        let began_empty = before.is_none_or(|before| before.newest_id.is_none()) && oldest_known.is_none();
        return began_empty.then_some(Reach { newest_id: None, known_from: None });
    };
    let newest = orders.iter().map(|order| order.id).max();
    let time = orders.iter().filter_map(|order| order.created_at).min().unwrap_or(now);
    let (newest_before, known_from) = match before {
        None => (None, Some(time)),
        Some(before) => {
            let meets = match before.newest_id {
                Some(newest) => oldest <= newest,
                None => oldest_known.is_none_or(|known| oldest <= known),
            };
            // A longer list than before tells more of the past.
            (before.newest_id, if meets { before.known_from.map(|from| from.min(time)) } else { Some(time) })
        }
    };
    Some(Reach { newest_id: newest.max(newest_before), known_from })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::{Extra, OrderStatus};
    use time::Duration;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn order(id: i64) -> Order {
        Order {
            id,
            external_order_id: None,
            package_id: None,
            status: OrderStatus::Completed,
            price: None,
            currency: None,
            created_at: Some(NOON + Duration::seconds(id)),
            esim: None,
            extra: Extra::default(),
        }
    }

    #[test]
    fn a_list_reaches_as_far_as_it_meets_what_was_listed_before() {
        let at = |id| Some(NOON + Duration::seconds(id));
        let joined = |before: Option<(Option<i64>, Option<i64>)>, ids: &[i64], oldest_known| {
            let before = before.map(|(newest_id, from)| Before { newest_id, known_from: from.and_then(at) });
            let orders: Vec<_> = ids.iter().map(|id| order(*id)).collect();
            reach(before, &orders, oldest_known, NOON).map(|reach| (reach.newest_id, reach.known_from))
        };
        assert_eq!(joined(None, &[], None), Some((None, None)), "an account that began empty");
        assert_eq!(joined(None, &[], Some(3)), None, "bought something, and lists nothing");
        assert_eq!(joined(None, &[5, 9], None), Some((Some(9), at(5))), "older ones may be cut off");
        assert_eq!(joined(Some((None, None)), &[5, 9], Some(5)), Some((Some(9), None)));
        assert_eq!(joined(Some((None, None)), &[7, 9], Some(5)), Some((Some(9), at(7))), "5 is cut off");
        assert_eq!(joined(Some((Some(9), None)), &[9, 12], Some(5)), Some((Some(12), None)));
        assert_eq!(joined(Some((Some(9), Some(5))), &[8, 12], Some(5)), Some((Some(12), at(5))));
        assert_eq!(joined(Some((Some(9), None)), &[10, 12], Some(5)), Some((Some(12), at(10))), "a gap");
        assert_eq!(
            joined(Some((Some(9), Some(7))), &[3, 12], Some(3)),
            Some((Some(12), at(3))),
            "a longer list"
        );
        assert_eq!(joined(Some((Some(9), None)), &[], Some(5)), None);
        assert_eq!(joined(Some((Some(9), None)), &[3, 5], Some(3)), Some((Some(9), None)), "the newest lag");
    }
}
