//! What becomes of an eSIM after it was sold: it is installed, used, and runs out. By itself it lives a life that
//! follows from its id and the time alone; the control side may take a hand in it.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::ledger::{Esim, Order};
use super::tiers::{MB, UNLIMITED};

/// What a person or a test does to an eSIM: `POST /_sandbox/esims/{id}`. What is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EsimChange {
    /// So many megabytes more are used up. Using an eSIM installs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_mb: Option<u64>,
    /// `true`: installed and active from now on, if it was not; `false`: never installed, and nothing used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed: Option<bool>,
    /// `true`: its validity ends now; `false`: as it would be without that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired: Option<bool>,
    /// `true`: the provider tells nothing of its usage; `false`: it tells again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silent: Option<bool>,
}

impl EsimChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What was done to an eSIM by hand so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ByHand {
    /// Installed then, or never by itself.
    installed: Option<Option<OffsetDateTime>>,
    used_mb: u64,
    expired_at: Option<OffsetDateTime>,
    silent: bool,
}

impl ByHand {
    /// Takes a change that was made then.
    pub(super) fn take(&mut self, change: EsimChange, at: OffsetDateTime) {
        let installs = change.installed == Some(true) || change.use_mb.is_some_and(|mb| mb > 0);
        if change.installed == Some(false) {
            (self.installed, self.used_mb, self.expired_at) = (Some(None), 0, None);
        } else if installs && !matches!(self.installed, Some(Some(_))) {
            self.installed = Some(Some(at));
        }
        self.used_mb = self.used_mb.saturating_add(change.use_mb.unwrap_or(0));
        match change.expired {
            Some(true) => self.expired_at = self.expired_at.or(Some(at)),
            Some(false) => self.expired_at = None,
            None => {}
        }
        self.silent = change.silent.unwrap_or(self.silent);
    }
}

/// How much data an eSIM came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Total {
    Megabytes(u64),
    Unlimited,
    /// Voice or messages alone, or nobody wrote it down.
    None,
}

/// Where an eSIM stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub installed_at: Option<OffsetDateTime>,
    /// When it was first used; its validity runs from then on.
    pub activated_at: Option<OffsetDateTime>,
    /// When its validity ends or ended.
    pub expires_at: Option<OffsetDateTime>,
    pub expired: bool,
    pub total: Total,
    pub used_mb: u64,
    /// Whether the provider tells nothing of its usage.
    pub silent: bool,
}

/// The life of an eSIM up to `now`.
pub(super) fn line(order: &Order, esim: &Esim, by_hand: ByHand, now: OffsetDateTime) -> Line {
    let habits = Habits::of(esim.id);
    let made_at = esim.made_at.unwrap_or(order.created_at);
    let (installed_at, activated_at) = match by_hand.installed {
        Some(None) => (None, None),
        // Whoever plays the traveller by hand wants to see it in use.
        Some(Some(at)) if at < made_at + habits.installed_after => (Some(at), Some(at)),
        _ => {
            let installed = made_at + habits.installed_after;
            (Some(installed), Some(installed + habits.activated_after))
        }
    };
    let past = |at: &OffsetDateTime| *at <= now;
    let (installed_at, activated_at) = (installed_at.filter(past), activated_at.filter(past));
    let validity = Duration::days(i64::from(order.package.days));
    let by_time = activated_at.map(|at| at + validity);
    let expires_at = by_hand.expired_at.or(by_time);
    let total = total(order);
    let used_until = expires_at.map_or(now, |end| end.min(now));
    let elapsed = activated_at.map_or(Duration::ZERO, |at| (used_until - at).max(Duration::ZERO));
    let used = habits.used_mb(total, elapsed, validity).saturating_add(by_hand.used_mb);
    Line {
        installed_at,
        activated_at,
        expires_at,
        expired: expires_at.is_some_and(|end| end <= now),
        total,
        used_mb: if let Total::Megabytes(all) = total { used.min(all) } else { used },
        silent: by_hand.silent,
    }
}

fn total(order: &Order) -> Total {
    match order.package.data_volume {
        Some(UNLIMITED) => Total::Unlimited,
        Some(bytes) if bytes > 0 => Total::Megabytes(u64::try_from(bytes / MB).unwrap_or(0)),
        _ => Total::None,
    }
}

/// How the owner of an eSIM behaves.
#[derive(Clone, Copy, Debug)]
struct Habits {
    installed_after: Duration,
    activated_after: Duration,
    /// How many percent of the data are used within its validity.
    appetite: u64,
    /// How much of unlimited data is used in a day.
    mb_a_day: u64,
}

impl Habits {
    /// They follow from the id: neighbours differ, and every start of the sandbox agrees.
    fn of(id: u64) -> Self {
        let drawn = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let between = |shift: u32, least: u64, most: u64| least + (drawn >> shift) % (most - least + 1);
        let minutes = |n: u64| Duration::minutes(i64::try_from(n).unwrap_or(0));
        Self {
            installed_after: minutes(between(8, 5, 65)),
            activated_after: minutes(between(20, 1, 30)),
            appetite: between(32, 30, 130),
            mb_a_day: between(44, 200, 1500),
        }
    }

    fn used_mb(self, total: Total, elapsed: Duration, validity: Duration) -> u64 {
        let seconds = u64::try_from(elapsed.whole_seconds()).unwrap_or(0);
        let whole = u64::try_from(validity.whole_seconds()).unwrap_or(0).max(1);
        match total {
            Total::Megabytes(all) => {
                // 365 days of seconds times a terabyte of megabytes times 130 stays far below 2⁶⁴.
                all.saturating_mul(self.appetite).saturating_mul(seconds) / whole / 100
            }
            Total::Unlimited => self.mb_a_day.saturating_mul(seconds) / 86_400,
            Total::None => 0,
        }
    }
}

/// An amount of data as the documents show it: `1.8 GB`, below one gigabyte `700 MB`, nothing `0 GB`.
pub(super) fn words(megabytes: u64) -> String {
    if (1..1024).contains(&megabytes) {
        return format!("{megabytes} MB");
    }
    let tenths = megabytes.saturating_mul(10).saturating_add(512) / 1024;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} GB"),
        (whole, tenth) => format!("{whole}.{tenth} GB"),
    }
}

impl Line {
    /// Total, remaining and used in words; `None` where the provider has no figures to tell.
    pub(super) fn figures(&self) -> Option<[String; 3]> {
        let unlimited = || "Unlimited".to_owned();
        match self.total {
            _ if self.silent => None,
            Total::None => None,
            Total::Unlimited => Some([unlimited(), unlimited(), words(self.used_mb)]),
            Total::Megabytes(all) => {
                Some([words(all), words(all.saturating_sub(self.used_mb)), words(self.used_mb)])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;
    use time::macros::datetime;

    use super::*;
    use crate::sandbox::courses::new_esim;
    use crate::sandbox::ledger::{OrderStatus, PackageSnapshot};

    const MADE: OffsetDateTime = datetime!(2026-03-15 10:00 UTC);

    fn order(data_volume: i64) -> (Order, Esim) {
        let package = PackageSnapshot {
            id: 1120,
            provider_plan_id: "FR-5GB-30D".into(),
            name: "France 5 GB - 30 Days".into(),
            slug: "france-5gb-30-days".into(),
            days: 30,
            data: None,
            data_volume: Some(data_volume),
            has_voice: false,
        };
        let esim = new_esim(4711, &package, MADE);
        let order = Order {
            id: 4709,
            external_order_id: None,
            idempotency_key: None,
            status: OrderStatus::Completed,
            currency: "USD".into(),
            price: Decimal::ONE,
            provider_cost: Decimal::ONE,
            created_at: MADE,
            package,
            device_imei: None,
            esim: Some(esim.clone()),
            due: None,
            credited: false,
        };
        (order, esim)
    }

    fn after(hand: ByHand, volume: i64, passed: Duration) -> Line {
        let (order, esim) = order(volume);
        line(&order, &esim, hand, MADE + passed)
    }

    fn hand(changes: &[(EsimChange, Duration)]) -> ByHand {
        let mut hand = ByHand::default();
        changes.iter().for_each(|(change, passed)| hand.take(*change, MADE + *passed));
        hand
    }

    #[test]
    fn it_is_installed_then_used_more_and_more_and_ends() {
        let at = |passed| after(ByHand::default(), 5 << 30, passed);
        let fresh = at(Duration::ZERO);
        assert_eq!((fresh.installed_at, fresh.activated_at, fresh.used_mb), (None, None, 0));
        assert_eq!(fresh.figures().unwrap(), ["5 GB", "5 GB", "0 GB"]);
        let used: Vec<u64> = (0..40).map(|days| at(Duration::days(days)).used_mb).collect();
        assert!(used.is_sorted() && used[1] > 0 && used[39] <= 5 * 1024, "{used:?}");
        let end = at(Duration::days(40));
        assert!(end.expired && end.installed_at < end.activated_at);
        assert_eq!(end.expires_at.unwrap() - end.activated_at.unwrap(), Duration::days(30));
        assert_eq!(at(Duration::days(3)), at(Duration::days(3)), "the same at every look");
    }

    #[test]
    fn a_hand_uses_installs_ends_and_silences() {
        let used = EsimChange { use_mb: Some(500), ..EsimChange::default() };
        let minute = Duration::minutes(1);
        let by_hand = hand(&[(used, minute), (used, minute)]);
        let line = after(by_hand, 5 << 30, minute);
        assert_eq!((line.used_mb, line.installed_at), (1000, Some(MADE + minute)));
        assert_eq!(line.figures().unwrap(), ["5 GB", "4 GB", "1000 MB"]);
        let all = hand(&[(EsimChange { use_mb: Some(9_000_000), ..EsimChange::default() }, minute)]);
        assert_eq!(after(all, 5 << 30, minute).figures().unwrap(), ["5 GB", "0 GB", "5 GB"]);

        let never = EsimChange { installed: Some(false), ..EsimChange::default() };
        let line = after(hand(&[(used, minute), (never, minute)]), 5 << 30, Duration::days(10));
        assert_eq!((line.installed_at, line.used_mb), (None, 0));

        let ended = EsimChange { expired: Some(true), ..EsimChange::default() };
        let line = after(hand(&[(used, minute), (ended, Duration::days(2))]), 5 << 30, Duration::days(9));
        assert_eq!((line.expired, line.expires_at), (true, Some(MADE + Duration::days(2))));
        let then = after(hand(&[(used, minute), (ended, Duration::days(2))]), 5 << 30, Duration::days(2));
        assert_eq!(line.used_mb, then.used_mb, "after its end nothing more is used");

        let silent = EsimChange { silent: Some(true), ..EsimChange::default() };
        assert_eq!(after(hand(&[(silent, minute)]), 5 << 30, minute).figures(), None);
    }

    #[test]
    fn unlimited_data_is_told_in_words_and_voice_alone_has_no_figures() {
        let line = after(ByHand::default(), UNLIMITED, Duration::days(2));
        let [total, remaining, used] = line.figures().unwrap();
        assert_eq!((total.as_str(), remaining.as_str()), ("Unlimited", "Unlimited"));
        assert!(used.ends_with("MB") || used.ends_with("GB"));
        assert_eq!(after(ByHand::default(), 0, Duration::days(2)).figures(), None);
    }

    #[test]
    fn amounts_read_as_in_the_documents() {
        let cases = [(0, "0 GB"), (700, "700 MB"), (1024, "1 GB"), (1844, "1.8 GB"), (5120, "5 GB")];
        for (megabytes, text) in cases {
            assert_eq!(words(megabytes), text);
        }
    }
}
