//! Token buckets, one for each network that asks: so many a minute, and a minute's worth at once. In memory, bounded; each
//! node counts for itself, and a restart forgets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;

/// How many networks are remembered: some 2 MB.
const REMEMBERED: usize = 20_000;
/// One token, in parts: what a rate of one a minute gains in a minute, counted by milliseconds.
const TOKEN: i64 = 60_000;

/// Whose requests are counted together: an IPv4 address, or the /64 that one IPv6 customer is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(u128);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(u128::from(v4.to_ipv6_mapped())),
            IpAddr::V6(v6) => Self(u128::from(v6) & (u128::MAX << 64)),
        }
    }

    /// The same network's text, to be marked with a key before it is kept anywhere.
    pub fn text(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// What one network has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bucket {
    /// In parts of a token.
    parts: i64,
    at: OffsetDateTime,
}

impl Bucket {
    fn full(per_minute: u32, now: OffsetDateTime) -> Self {
        Self { parts: i64::from(per_minute) * TOKEN, at: now }
    }

    /// What it holds by now. A clock that was set back gives nothing and takes nothing.
    fn refilled(self, per_minute: u32, now: OffsetDateTime) -> Self {
        let passed = i64::try_from((now - self.at).whole_milliseconds()).unwrap_or(i64::MAX).max(0);
        let gained = passed.saturating_mul(i64::from(per_minute));
        let parts = self.parts.saturating_add(gained).min(i64::from(per_minute) * TOKEN);
        Self { parts, at: self.at.max(now) }
    }

    /// How long until there is a token.
    fn wait(self, per_minute: u32) -> Option<Duration> {
        let missing = u64::try_from(TOKEN.saturating_sub(self.parts)).ok().filter(|missing| *missing > 0)?;
        Some(Duration::from_millis(missing.div_ceil(u64::from(per_minute.max(1)))))
    }
}

/// The buckets of one kind of request.
#[derive(Debug, Default)]
pub struct Buckets(Mutex<HashMap<Network, Bucket>>);

impl Buckets {
    /// Takes a token.
    ///
    /// # Errors
    /// The time until there is one.
    pub fn take(&self, who: Network, per_minute: u32, now: OffsetDateTime) -> Result<(), Duration> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED && !all.contains_key(&who) {
            make_room(&mut all, per_minute, now);
        }
        let bucket = all.entry(who).or_insert_with(|| Bucket::full(per_minute, now));
        *bucket = bucket.refilled(per_minute, now);
        match bucket.wait(per_minute) {
            Some(wait) => Err(wait),
            None => {
                bucket.parts -= TOKEN;
                Ok(())
            }
        }
    }

    /// How long until there is a token, without taking one; `None` where there is.
    pub fn wait(&self, who: Network, per_minute: u32, now: OffsetDateTime) -> Option<Duration> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&who)?.refilled(per_minute, now).wait(per_minute)
    }
}

/// Forgets who has everything again; where that is not enough, the half that has the most, so that a flood of addresses
/// does not wash away the one that asks too often.
fn make_room(all: &mut HashMap<Network, Bucket>, per_minute: u32, now: OffsetDateTime) {
    let full = Bucket::full(per_minute, now).parts;
    all.retain(|_, bucket| bucket.refilled(per_minute, now).parts < full);
    if all.len() < REMEMBERED {
        return;
    }
    let mut by_parts: Vec<(i64, Network)> =
        all.iter().map(|(who, bucket)| (bucket.refilled(per_minute, now).parts, *who)).collect();
    by_parts.sort_by_key(|(parts, _)| std::cmp::Reverse(*parts));
    for (_, who) in by_parts.into_iter().take(REMEMBERED / 2) {
        all.remove(&who);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn who(number: u32) -> Network {
        Network::of(IpAddr::V4(Ipv4Addr::from(number)))
    }

    #[test]
    fn a_minutes_worth_at_once_and_then_as_it_refills() {
        let buckets = Buckets::default();
        for _ in 0..30 {
            assert_eq!(buckets.take(who(1), 30, NOON), Ok(()));
        }
        assert_eq!(buckets.take(who(1), 30, NOON), Err(Duration::from_secs(2)));
        assert_eq!(buckets.wait(who(1), 30, NOON), Some(Duration::from_secs(2)));
        assert_eq!(buckets.take(who(2), 30, NOON), Ok(()), "others are not concerned");
        assert_eq!(buckets.take(who(1), 30, NOON + Duration::from_secs(2)), Ok(()));
        assert!(buckets.take(who(1), 30, NOON + Duration::from_secs(2)).is_err());
        assert_eq!(buckets.take(who(1), 30, NOON - Duration::from_secs(600)), Err(Duration::from_secs(2)));
    }

    #[test]
    fn one_ipv6_customer_is_one_network_and_a_mapped_address_is_the_same_one() {
        let v6 = |last: u128| Network::of(IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | last)));
        assert_eq!(v6(1), v6(2));
        let mapped = Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped();
        assert_eq!(Network::of(IpAddr::V6(mapped)), Network::of(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_does_not_wash_away_who_asks_too_often() {
        let buckets = Buckets::default();
        for _ in 0..5 {
            buckets.take(who(7), 5, NOON).unwrap();
        }
        for number in 1000..62_000 {
            let _ = buckets.take(who(number), 5, NOON);
        }
        assert!(buckets.0.lock().unwrap().len() <= REMEMBERED);
        assert!(buckets.take(who(7), 5, NOON).is_err());
    }

    proptest! {
        /// However requests are spread, no more pass than a minute's worth and what refilled since the first.
        #[test]
        fn no_more_pass_than_the_rate(per_minute in 1_u32..200, pauses in prop::collection::vec(0_u64..3000, 1..200)) {
            let buckets = Buckets::default();
            let (mut now, mut passed) = (NOON, 0_u64);
            for pause in pauses {
                now += Duration::from_millis(pause);
                if let Err(wait) = buckets.take(who(1), per_minute, now) {
                    now += wait;
                    prop_assert!(buckets.take(who(1), per_minute, now).is_ok(), "it said when to come again");
                }
                passed += 1;
                let millis = u64::try_from((now - NOON).whole_milliseconds()).unwrap() + 60_000;
                prop_assert!(passed <= u64::from(per_minute) + millis * u64::from(per_minute) / 60_000);
            }
        }
    }
}
