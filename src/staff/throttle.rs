//! A growing delay for whoever guesses passwords, per account and per address.
//!
//! Each try counts when it begins, so fifty at once count as fifty; a right password takes its account's count back.
//! While a delay runs, nothing is compared and nothing more is counted, so that the delay cannot be prolonged from
//! outside; it never exceeds two minutes for an account, and the address from which somebody signed in lately does not
//! wait for what others did to the account. Kept in memory: each node counts for itself, a restart forgets.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

use crate::plumbing::buckets::Network;

/// Tries that cost no delay: people mistype.
const FREE_TRIES: u32 = 5;
/// The longest delay for an account: a guesser gets 30 tries an hour, its owner never waits long.
const LONGEST_FOR_ACCOUNT: Duration = Duration::minutes(2);
/// The longest delay for an address.
const LONGEST_FOR_ADDRESS: Duration = Duration::minutes(15);
/// Tries are forgotten after this long without another one.
pub(super) const FORGET_AFTER: Duration = Duration::hours(1);
/// How many accounts, and how many addresses, are remembered: some 2 MB in all.
const REMEMBERED: usize = 10_000;
/// How long an address counts as one of the account's own.
const OWN_ADDRESS_FOR: Duration = Duration::days(30);

/// Counts tries to sign in.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    accounts: HashMap<[u8; 32], Tries>,
    addresses: HashMap<Network, Tries>,
    own: HashMap<([u8; 32], Network), OffsetDateTime>,
}

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    last: OffsetDateTime,
}

/// One try: who it is for and where it comes from.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// Names the account without being it: a hash over the address typed and the stored password hash, so that a reset
    /// password begins without a delay.
    pub account: [u8; 32],
    /// Where it comes from; `None` where that is not known.
    pub address: Option<IpAddr>,
}

impl Throttle {
    /// Begins a try: counts it, or says how long to wait.
    ///
    /// # Errors
    /// The time until the next try.
    pub fn begin(&self, attempt: Try, now: OffsetDateTime) -> Result<(), Duration> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let network = attempt.address.map(Network::of);
        let own = network.is_some_and(|network| counts.is_own(attempt.account, network, now));
        let for_account = match own {
            true => Duration::ZERO,
            false => wait(counts.accounts.get(&attempt.account), LONGEST_FOR_ACCOUNT, now),
        };
        let for_address =
            network.map_or(Duration::ZERO, |n| wait(counts.addresses.get(&n), LONGEST_FOR_ADDRESS, now));
        let longest = for_account.max(for_address);
        if longest > Duration::ZERO {
            return Err(longest);
        }
        if !own {
            count(&mut counts.accounts, attempt.account, now);
        }
        if let Some(network) = network {
            count(&mut counts.addresses, network, now);
        }
        Ok(())
    }

    /// The password was right: the account's tries are forgotten, and this try of the address.
    pub fn succeeded(&self, attempt: Try, now: OffsetDateTime) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.accounts.remove(&attempt.account);
        if let Some(network) = attempt.address.map(Network::of) {
            // Not all of its tries: who owns one account may not use it to guess at others without a delay.
            if let Some(tries) = counts.addresses.get_mut(&network) {
                tries.count = tries.count.saturating_sub(1);
            }
            if counts.own.len() >= REMEMBERED {
                counts.own.clear();
            }
            counts.own.insert((attempt.account, network), now);
        }
    }
}

impl Counts {
    fn is_own(&self, account: [u8; 32], network: Network, now: OffsetDateTime) -> bool {
        self.own.get(&(account, network)).is_some_and(|at| now < *at + OWN_ADDRESS_FOR)
    }
}

/// How long the next try must wait: nothing for the first five, then 1, 2, 4 … seconds after the last one.
fn wait(tries: Option<&Tries>, longest: Duration, now: OffsetDateTime) -> Duration {
    let Some(tries) = tries.filter(|tries| now < tries.last + FORGET_AFTER) else {
        return Duration::ZERO;
    };
    let Some(doublings) = tries.count.checked_sub(FREE_TRIES) else {
        return Duration::ZERO;
    };
    let delay = Duration::seconds(1 << doublings.min(20)).min(longest);
    (tries.last + delay - now).max(Duration::ZERO)
}

/// The same delay for an account whose tries are counted elsewhere.
pub(super) fn wait_of_account(count: u32, last: Option<OffsetDateTime>, now: OffsetDateTime) -> Duration {
    let tries = last.map(|last| Tries { count, last });
    wait(tries.as_ref(), LONGEST_FOR_ACCOUNT, now)
}

fn count<K: Copy + Eq + std::hash::Hash>(map: &mut HashMap<K, Tries>, key: K, now: OffsetDateTime) {
    if map.len() >= REMEMBERED && !map.contains_key(&key) {
        make_room(map, now);
    }
    let tries = map.entry(key).or_insert(Tries { count: 0, last: now });
    if now >= tries.last + FORGET_AFTER {
        tries.count = 0;
    }
    *tries = Tries { count: tries.count.saturating_add(1), last: now };
}

/// Forgets what is old; if that is not enough, half of what has the fewest tries, so that a flood of addresses does
/// not wash away the account that is really under attack.
fn make_room<K: Copy + Eq + std::hash::Hash>(map: &mut HashMap<K, Tries>, now: OffsetDateTime) {
    map.retain(|_, tries| now < tries.last + FORGET_AFTER);
    if map.len() < REMEMBERED {
        return;
    }
    let mut by_tries: Vec<(u32, OffsetDateTime, K)> =
        map.iter().map(|(key, tries)| (tries.count, tries.last, *key)).collect();
    by_tries.sort_by_key(|(count, last, _)| (*count, *last));
    for (_, _, key) in by_tries.into_iter().take(REMEMBERED / 2) {
        map.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-22 08:00 UTC);

    fn from(last_byte: u8) -> Try {
        Try { account: [1; 32], address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last_byte))) }
    }

    #[test]
    fn an_account_under_attack_from_many_addresses_slows_down_and_never_locks() {
        let throttle = Throttle::default();
        for guess in 0..5 {
            assert_eq!(throttle.begin(from(guess), NOW), Ok(()));
        }
        assert_eq!(throttle.begin(from(6), NOW), Err(Duration::seconds(1)));
        let mut now = NOW;
        for guess in 10..40 {
            now += throttle.begin(from(guess), now).err().unwrap_or_default();
            assert_eq!(throttle.begin(from(guess), now), Ok(()));
        }
        assert_eq!(throttle.begin(from(99), now), Err(LONGEST_FOR_ACCOUNT));
        // Another account is not concerned.
        assert_eq!(throttle.begin(Try { account: [2; 32], ..from(99) }, now), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_accounts_slows_down() {
        let throttle = Throttle::default();
        for account in 0..5 {
            assert_eq!(throttle.begin(Try { account: [account; 32], ..from(7) }, NOW), Ok(()));
        }
        assert!(throttle.begin(Try { account: [9; 32], ..from(7) }, NOW).is_err());
        assert_eq!(throttle.begin(Try { account: [9; 32], ..from(8) }, NOW), Ok(()));
    }

    #[test]
    fn the_owners_own_address_does_not_wait_for_what_others_did() {
        let throttle = Throttle::default();
        throttle.begin(from(1), NOW).unwrap();
        throttle.succeeded(from(1), NOW);
        for guess in 50..60 {
            let _ = throttle.begin(from(guess), NOW);
        }
        assert!(throttle.begin(from(61), NOW).is_err());
        assert_eq!(throttle.begin(from(1), NOW), Ok(()));
    }

    #[test]
    fn a_right_password_forgets_and_so_does_time() {
        let throttle = Throttle::default();
        for guess in 0..5 {
            throttle.begin(from(guess), NOW).unwrap();
        }
        throttle.succeeded(from(4), NOW);
        assert_eq!(throttle.begin(from(77), NOW), Ok(()));
        for guess in 100..110 {
            let _ = throttle.begin(from(guess), NOW);
        }
        assert!(throttle.begin(from(120), NOW).is_err());
        assert_eq!(throttle.begin(from(120), NOW + FORGET_AFTER), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_a_flood_does_not_wash_away_the_attacked_account() {
        let throttle = Throttle::default();
        let flood = |n: u64| Try {
            account: {
                let mut account = [0; 32];
                account[..8].copy_from_slice(&n.to_le_bytes());
                account
            },
            address: Some(IpAddr::V6(Ipv6Addr::from(u128::from(n) << 64))),
        };
        for guess in 0..5 {
            throttle.begin(from(guess), NOW).unwrap();
        }
        for n in 1000..32_000 {
            let _ = throttle.begin(flood(n), NOW);
        }
        let counts = throttle.0.lock().unwrap();
        assert!(counts.accounts.len() <= REMEMBERED && counts.addresses.len() <= REMEMBERED);
        assert_eq!(counts.accounts.get(&[1; 32]).map(|tries| tries.count), Some(5));
    }

    #[test]
    fn one_ipv6_customer_is_one_address() {
        let throttle = Throttle::default();
        let from = |n: u128| Try {
            account: [u8::try_from(n).unwrap(); 32],
            address: Some(IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | n))),
        };
        for n in 0..5 {
            throttle.begin(from(n), NOW).unwrap();
        }
        assert!(throttle.begin(from(6), NOW).is_err());
    }
}
