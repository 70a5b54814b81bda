//! Movements of the wallet: which way the money went, how one is known again, and since when none is missing. Pure.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::esimdual::{Wallet, WalletTransaction};

/// The longest text that is kept of a movement, in characters.
const LONGEST: usize = 200;

/// Which way the money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Out of the wallet: a purchase, or whatever else the upstream takes.
    Out,
    /// Into it: a top-up, or a purchase that was given back.
    In,
    /// A kind that no document names, or an amount that could not be read.
    Other,
}

impl Direction {
    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
            Self::Other => "other",
        }
    }
}

/// One movement, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Known again by this: the upstream's id; without one, all of its fields and its place among equals.
    pub key: String,
    /// The upstream's id.
    pub upstream_id: Option<i64>,
    /// Which way.
    pub direction: Direction,
    /// As the upstream writes it, at most 200 characters.
    pub kind: String,
    /// Never negative, exact, in `currency`.
    pub amount: Option<Decimal>,
    /// In capitals; the wallet's where the movement names none.
    pub currency: String,
    /// The balance after it, exact.
    pub post_balance: Option<Decimal>,
    /// The upstream's reference, for staff.
    pub reference: Option<String>,
    /// The upstream's words, for staff.
    pub description: Option<String>,
    /// By the upstream's clock.
    pub happened_at: Option<OffsetDateTime>,
}

impl Movement {
    /// The movements of a reading, the oldest first, each once.
    pub fn of(wallet: &Wallet) -> Vec<Self> {
        let mut equals: HashMap<String, u32> = HashMap::new();
        let mut listed: HashSet<String> = HashSet::new();
        let rows = wallet.transactions.rows.iter();
        let mut movements: Vec<Self> = rows
            .map(|row| Self::one(row, &wallet.currency, &mut equals))
            // A list that names one twice has it once.
            .filter(|movement| listed.insert(movement.key.clone()))
            .collect();
        movements.sort_by_key(|movement| (movement.happened_at, movement.upstream_id));
        movements
    }

    fn one(row: &WalletTransaction, wallet_currency: &str, equals: &mut HashMap<String, u32>) -> Self {
        let kind = plain(row.kind.as_deref()).unwrap_or_default();
        let amount = row.amount.map(|amount| amount.abs());
        let negative = row.amount.is_some_and(|amount| amount.is_sign_negative() && !amount.is_zero());
        let direction = match (amount, kind.to_ascii_lowercase().as_str()) {
            (None, _) => Direction::Other,
            (Some(_), "debit") => Direction::Out,
            (Some(_), _) if negative => Direction::Out,
            (Some(_), "credit") => Direction::In,
            (Some(_), _) => Direction::Other,
        };
        let key = match row.id {
            Some(id) => format!("id:{id}"),
            None => {
                let hash = fingerprint(row);
                let ordinal = equals.entry(hash.clone()).and_modify(|n| *n += 1).or_insert(0);
                format!("row:{hash}:{ordinal}")
            }
        };
        Self {
            key,
            upstream_id: row.id,
            direction,
            kind,
            amount,
            currency: plain(row.currency.as_deref())
                .unwrap_or_else(|| wallet_currency.to_owned())
                .to_ascii_uppercase(),
            post_balance: row.post_balance,
            reference: plain(row.reference.as_deref()),
            description: plain(row.description.as_deref()),
            happened_at: row.created_at,
        }
    }

    /// What it did to the balance; `None` where that is not known.
    fn effect(&self) -> Option<Decimal> {
        match self.direction {
            Direction::Out => self.amount.map(|amount| -amount),
            Direction::In => self.amount,
            Direction::Other => None,
        }
    }
}

/// Whether every movement of a reading could be read, so that what is missing from it is missing upstream.
pub fn all_readable(wallet: &Wallet, movements: &[Movement]) -> bool {
    wallet.transactions.unreadable_count == 0
        && movements.iter().all(|movement| movement.direction != Direction::Other)
}

/// What is known before a reading.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    /// The balance then.
    pub balance: Decimal,
    /// Since when movements were known without a gap, by the upstream's clock; `None`: since the first one.
    pub known_from: Option<OffsetDateTime>,
}

/// Since when movements are known without a gap after a reading, by the upstream's clock; `None`: since the account's
/// first one.
///
/// The list may be cut to the newest: it continues what is known only where the two meet (a movement that was known
/// before is still listed) or where the new ones explain the whole change of the balance. Else everything before the
/// oldest one listed may be missing. `is_known` tells a movement of the list that was known before; `now` stands for the
/// upstream's clock where it told no time.
pub fn known_from(
    before: Option<Before>,
    balance: Decimal,
    listed: &[Movement],
    is_known: impl Fn(&Movement) -> bool,
    now: OffsetDateTime,
) -> Option<OffsetDateTime> {
    let oldest = listed.iter().filter_map(|movement| movement.happened_at).min();
    let Some(before) = before else {
        return if listed.is_empty() { None } else { Some(oldest.unwrap_or(now)) };
    };
    let meets = listed.iter().any(&is_known);
    let change = listed
        .iter()
        .filter(|movement| !is_known(movement))
        .try_fold(Decimal::ZERO, |sum, movement| sum.checked_add(movement.effect()?));
    let explained = change.and_then(|change| before.balance.checked_add(change)) == Some(balance);
    match before.known_from {
        // A longer list than before tells more of the past.
        Some(from) if meets || explained => Some(oldest.map_or(from, |oldest| from.min(oldest))),
        None if meets || explained => None,
        _ => Some(oldest.unwrap_or(now)),
    }
}

/// Without control characters, cut, and nothing where nothing is left.
fn plain(text: Option<&str>) -> Option<String> {
    let kept: String = text?.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    Some(kept).filter(|kept| !kept.is_empty())
}

fn fingerprint(row: &WalletTransaction) -> String {
    let WalletTransaction {
        kind, amount, currency, post_balance, reference, description, created_at, ..
    } = row;
    let text = format!(
        "{kind:?}\n{amount:?}\n{currency:?}\n{post_balance:?}\n{reference:?}\n{description:?}\n{created_at:?}"
    );
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::esimdual::{Extra, Rows};
    use time::Duration;
    use time::macros::datetime;

    const NOON: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);

    fn row(id: Option<i64>, kind: &str, amount: &str) -> WalletTransaction {
        WalletTransaction {
            id,
            kind: Some(kind.to_owned()),
            amount: amount.parse().ok(),
            currency: Some("usd".to_owned()),
            post_balance: None,
            reference: None,
            description: Some("eSIM order\npayment".to_owned()),
            created_at: id.map(|id| NOON + Duration::seconds(id)),
            extra: Extra::default(),
        }
    }

    fn wallet(rows: Vec<WalletTransaction>) -> Wallet {
        let transactions = Rows { rows, unreadable: vec![], unreadable_count: 0 };
        Wallet { balance: Decimal::ONE, currency: "USD".to_owned(), transactions }
    }

    #[test]
    fn a_movement_is_known_again_by_its_id_or_by_all_that_it_says() {
        let listed = [
            row(Some(7), "debit", "4.2"),
            row(None, "debit", "4.2"),
            row(None, "debit", "4.2"),
            row(Some(7), "debit", "4.2"),
            row(None, "debit", "4.3"),
        ];
        let keys = |rows: &[WalletTransaction]| -> Vec<String> {
            Movement::of(&wallet(rows.to_vec())).into_iter().map(|movement| movement.key).collect()
        };
        let mut first = keys(&listed);
        assert_eq!(first.len(), 4, "the repeated id is one: {first:?}");
        let mut again: Vec<_> = listed.to_vec();
        again.reverse();
        let mut again = keys(&again);
        first.sort();
        again.sort();
        assert_eq!(first, again, "whatever their order");
    }

    #[test]
    fn only_what_is_understood_has_a_direction() {
        let table = [
            ("debit", "4.2", Direction::Out),
            ("Debit", "-4.2", Direction::Out),
            ("credit", "100", Direction::In),
            ("adjustment", "-3", Direction::Out),
            ("adjustment", "3", Direction::Other),
            ("debit", "lots", Direction::Other),
        ];
        for (kind, amount, direction) in table {
            let wallet = wallet(vec![row(Some(1), kind, amount)]);
            let movement = Movement::of(&wallet).remove(0);
            assert_eq!(movement.direction, direction, "{kind} {amount}");
            assert!(movement.amount.is_none_or(|amount| !amount.is_sign_negative()));
            assert_eq!(all_readable(&wallet, &[movement]), direction != Direction::Other);
        }
        let movement = Movement::of(&wallet(vec![row(Some(1), "debit", "1")])).remove(0);
        assert_eq!(
            (movement.currency.as_str(), movement.description.as_deref()),
            ("USD", Some("eSIM orderpayment"))
        );
    }

    #[test]
    fn a_list_continues_what_is_known_or_begins_anew() {
        let listed =
            |ids: &[i64]| Movement::of(&wallet(ids.iter().map(|id| row(Some(*id), "debit", "2")).collect()));
        let before = |balance: i64| Some(Before { balance: balance.into(), known_from: Some(NOON) });
        let from = |before, balance: i64, ids: &[i64], known: &[i64]| {
            let is_known = |movement: &Movement| movement.upstream_id.is_some_and(|id| known.contains(&id));
            known_from(before, balance.into(), &listed(ids), is_known, NOON + Duration::hours(1))
        };
        let at = |second| Some(NOON + Duration::seconds(second));
        assert_eq!(from(None, 10, &[], &[]), None, "an account without movements begins here");
        assert_eq!(from(None, 10, &[5, 6], &[]), at(5), "what was before the oldest is not known");
        assert_eq!(from(before(10), 4, &[7, 8, 9], &[7]), Some(NOON), "it meets what is known");
        assert_eq!(from(before(10), 6, &[8, 9], &[]), Some(NOON), "it explains the balance");
        assert_eq!(from(before(10), 6, &[-5, 8], &[8]), at(-5), "a longer list tells more of the past");
        assert_eq!(from(before(10), 2, &[8, 9], &[]), at(8), "two movements are missing");
        assert_eq!(from(before(10), 10, &[], &[]), Some(NOON));
        assert_eq!(
            from(before(10), 8, &[], &[]),
            at(3600),
            "an upstream that lists none is never judged by them"
        );
    }
}
