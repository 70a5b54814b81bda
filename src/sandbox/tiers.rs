//! The sizes that packages come in: the well-known ones first, then every other sensible combination.

/// Bytes.
pub(super) const MB: i64 = 1024 * 1024;
/// In place of a number of megabytes, and of every number that the API makes of it.
pub(super) const UNLIMITED: i64 = -1;

/// A size that is sold everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tier {
    /// `DATA`, `VOICE`, `SMS` or `DATA_VOICE_SMS`.
    pub kind: &'static str,
    /// Megabytes; −1 for unlimited.
    pub megabytes: i64,
    pub minutes: u32,
    pub texts: u32,
    pub days: u32,
}

pub(super) const fn data(megabytes: i64, days: u32) -> Tier {
    Tier { kind: "DATA", megabytes, minutes: 0, texts: 0, days }
}

const fn voice(minutes: u32, days: u32) -> Tier {
    Tier { kind: "VOICE", megabytes: 0, minutes, texts: 0, days }
}

const fn sms(texts: u32, days: u32) -> Tier {
    Tier { kind: "SMS", megabytes: 0, minutes: 0, texts, days }
}

const fn bundle(megabytes: i64, (minutes, texts): (u32, u32), days: u32) -> Tier {
    Tier { kind: "DATA_VOICE_SMS", megabytes, minutes, texts, days }
}

const GB: i64 = 1024;

/// What most shops sell, the best-known first.
pub(super) const TIERS: &[Tier] = &[
    data(5 * GB, 30),
    data(GB, 7),
    data(10 * GB, 30),
    data(3 * GB, 30),
    data(20 * GB, 30),
    data(UNLIMITED, 7),
    data(2 * GB, 15),
    bundle(5 * GB, (60, 50), 30),
    data(500, 3),
    data(UNLIMITED, 15),
    data(50 * GB, 90),
    voice(100, 30),
    data(GB, 1),
    sms(200, 30),
    data(UNLIMITED, 30),
    data(3 * GB, 15),
];

/// Sizes in the order in which shops add them.
const SIZES: &[i64] = &[
    GB,
    3 * GB,
    5 * GB,
    10 * GB,
    20 * GB,
    2 * GB,
    UNLIMITED,
    50 * GB,
    500,
    15 * GB,
    30 * GB,
    6 * GB,
    8 * GB,
    100 * GB,
    4 * GB,
    25 * GB,
    12 * GB,
    40 * GB,
    7 * GB,
    60 * GB,
    75 * GB,
    300,
    9 * GB,
    200,
    18 * GB,
    35 * GB,
    100,
    120 * GB,
    150 * GB,
    200 * GB,
];
const DAYS: &[u32] = &[30, 7, 15, 14, 10, 5, 3, 1, 20, 21, 28, 60, 90, 45, 180, 365, 120, 2, 4, 6];
const BUNDLES: &[(u32, u32)] = &[(60, 50), (100, 100), (30, 20), (200, 100)];
const MINUTES: &[u32] = &[30, 60, 50, 200, 20, 150, 300, 500];
const TEXTS: &[u32] = &[50, 100, 500, 20];

/// Every tier, each once: enough for far more than 200,000 packages. Of eight, five are data, two are bundles, and
/// one is voice or messages, while there are any.
pub(super) fn all_tiers() -> Vec<Tier> {
    let mut data_only = diagonal(SIZES, DAYS).map(|(mb, days)| data(*mb, *days)).filter(is_further);
    let mut bundles = BUNDLES
        .iter()
        .flat_map(|words| diagonal(SIZES, DAYS).map(|(mb, days)| bundle(*mb, *words, *days)))
        .filter(is_further);
    let mut voices = diagonal(MINUTES, DAYS).map(|(minutes, days)| voice(*minutes, *days)).filter(is_further);
    let mut messages = diagonal(TEXTS, DAYS).map(|(texts, days)| sms(*texts, *days)).filter(is_further);
    let mut tiers = TIERS.to_vec();
    for n in 0_usize.. {
        let wanted = match n % 16 {
            5 | 6 | 13 | 14 => bundles.next(),
            7 => voices.next(),
            15 => messages.next(),
            _ => data_only.next(),
        };
        match wanted.or_else(|| bundles.next()).or_else(|| data_only.next()) {
            Some(tier) => tiers.push(tier),
            None => break,
        }
    }
    tiers
}

fn is_further(tier: &Tier) -> bool {
    !TIERS.contains(tier)
}

/// All pairs, those of early members first.
fn diagonal<'a, A, B>(left: &'a [A], right: &'a [B]) -> impl Iterator<Item = (&'a A, &'a B)> {
    (0..left.len() + right.len()).flat_map(move |sum| {
        (0..=sum).filter_map(move |at| Some((left.get(at)?, right.get(sum.checked_sub(at)?)?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tier_comes_twice_and_none_is_empty() {
        let tiers = all_tiers();
        assert!(tiers.len() > 900, "{}", tiers.len());
        for (n, tier) in tiers.iter().enumerate() {
            assert!(!tiers[..n].contains(tier), "{tier:?}");
            assert!(tier.days > 0 && (tier.megabytes != 0 || tier.minutes > 0 || tier.texts > 0));
        }
    }
}
