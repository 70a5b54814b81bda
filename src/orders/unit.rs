//! One single eSIM of a line: its states, what each carries, and the moves between them.

use rust_decimal::Decimal;
use time::OffsetDateTime;

use crate::ground::Currency;

/// Where a unit stands (CONTRACT section 5), without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitStatus {
    /// Nothing was asked of the upstream yet.
    Pending,
    /// An intention to buy is committed; the outcome is not known.
    Ordering,
    /// The upstream has it.
    Processing,
    /// It waits for balance, a person or time.
    OnHold,
    /// Its eSIM is stored.
    Completed,
    /// It will not come; its refund is recorded.
    Failed,
}

impl UnitStatus {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Ordering, Self::Processing, Self::OnHold, Self::Completed, Self::Failed];

    /// The contract's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ordering => "ordering",
            Self::Processing => "processing",
            Self::OnHold => "on_hold",
            Self::Completed => "completed",
            Self::Failed => "failed",
        }
    }

    /// Reads the contract's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }

    /// Whether nothing can happen any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// The states from which a unit may come into this one. Final states appear in no list: they are deaf.
    pub fn comes_from(self) -> &'static [Self] {
        match self {
            Self::Pending => &[],
            Self::Ordering => &[Self::Pending, Self::Ordering, Self::OnHold],
            Self::Processing => &[Self::Ordering, Self::Processing, Self::OnHold],
            Self::OnHold => &[Self::Pending, Self::Ordering, Self::Processing, Self::OnHold],
            Self::Completed => &[Self::Ordering, Self::Processing, Self::OnHold],
            Self::Failed => &[Self::Pending, Self::Ordering, Self::Processing, Self::OnHold],
        }
    }
}

/// Why a unit is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The wallet holds less than the unit costs; resumes by itself after a top-up.
    Balance,
    /// The upstream refused and the wallet could not be read; it is read again.
    WalletUnreadable,
    /// Nobody knows whether it was bought, and the key is too old to ask again: a person decides.
    DoubtExpired,
    /// The upstream answered with another order, another package, or an order that another unit has.
    AnswerMismatch,
    /// The upstream handed out an eSIM that another unit has.
    EsimSeenBefore,
    /// The upstream says completed but its code is no activation code.
    NoCode,
    /// It costs more today than was paid for it; resumes when the cost falls or a person accepts it.
    CostAboveFloor,
    /// Its cost, or the wallet, is in another currency than when it was sold.
    CurrencyDiffers,
}

impl HoldReason {
    const ALL: [Self; 8] = [
        Self::Balance,
        Self::WalletUnreadable,
        Self::DoubtExpired,
        Self::AnswerMismatch,
        Self::EsimSeenBefore,
        Self::NoCode,
        Self::CostAboveFloor,
        Self::CurrencyDiffers,
    ];

    /// The word in the database and on staff's pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::WalletUnreadable => "wallet_unreadable",
            Self::DoubtExpired => "doubt_expired",
            Self::AnswerMismatch => "answer_mismatch",
            Self::EsimSeenBefore => "esim_seen_before",
            Self::NoCode => "no_code",
            Self::CostAboveFloor => "cost_above_floor",
            Self::CurrencyDiffers => "currency_differs",
        }
    }

    /// Reads the database's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// Whether only a person can help.
    pub fn needs_a_person(self) -> bool {
        !matches!(self, Self::Balance | Self::WalletUnreadable)
    }
}

/// Where a unit stands, with what that state carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitState {
    /// Nothing was asked of the upstream yet.
    Pending,
    /// An intention to buy is committed.
    Ordering,
    /// The upstream has it under this id.
    Processing {
        /// The upstream's order.
        upstream_order_id: i64,
    },
    /// It waits.
    OnHold {
        /// For what.
        reason: HoldReason,
        /// The upstream's order, where it was bound before.
        upstream_order_id: Option<i64>,
    },
    /// Delivered.
    Completed {
        /// The upstream's order.
        upstream_order_id: i64,
        /// What was delivered.
        esim_id: i64,
    },
    /// Refunded.
    Failed {
        /// Why it did not come.
        failure: String,
        /// The upstream's order, where there was one.
        upstream_order_id: Option<i64>,
    },
}

impl UnitState {
    /// The state without its data.
    pub fn status(&self) -> UnitStatus {
        match self {
            Self::Pending => UnitStatus::Pending,
            Self::Ordering => UnitStatus::Ordering,
            Self::Processing { .. } => UnitStatus::Processing,
            Self::OnHold { .. } => UnitStatus::OnHold,
            Self::Completed { .. } => UnitStatus::Completed,
            Self::Failed { .. } => UnitStatus::Failed,
        }
    }

    /// The upstream's order, once the unit is bound to one.
    pub fn upstream_order_id(&self) -> Option<i64> {
        match self {
            Self::Pending | Self::Ordering => None,
            Self::Processing { upstream_order_id } | Self::Completed { upstream_order_id, .. } => {
                Some(*upstream_order_id)
            }
            Self::OnHold { upstream_order_id, .. } | Self::Failed { upstream_order_id, .. } => {
                *upstream_order_id
            }
        }
    }
}

/// One unit.
#[derive(Clone, Debug)]
pub struct Unit {
    /// Our own id.
    pub id: i64,
    /// Its order.
    pub order_id: i64,
    /// Its line.
    pub line_id: i64,
    /// The line's position, from 1.
    pub position: i32,
    /// Its number within the line, from 1.
    pub unit: i32,
    /// The upstream's name for it.
    pub external_order_id: String,
    /// Where it stands.
    pub state: UnitState,
    /// What it really cost: exact, in the currency beside it.
    pub real_cost: Option<(Decimal, Option<Currency>)>,
    /// The cost that a person accepted for it though it is above its price: exact, in the line's cost currency.
    pub accepted_cost: Option<Decimal>,
    /// When its state changed last.
    pub changed_at: OffsetDateTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_states_are_deaf_and_every_other_has_a_way_out() {
        for from in UnitStatus::ALL {
            let ways: Vec<_> =
                UnitStatus::ALL.into_iter().filter(|to| to.comes_from().contains(&from)).collect();
            assert_eq!(ways.is_empty(), from.is_final(), "{from:?} leads to {ways:?}");
        }
    }

    #[test]
    fn words_read_back() {
        for status in UnitStatus::ALL {
            assert_eq!(UnitStatus::from_word(status.word()), Some(status));
        }
        for reason in HoldReason::ALL {
            assert_eq!(HoldReason::from_word(reason.word()), Some(reason));
        }
        assert_eq!(UnitStatus::from_word("refunded"), None);
    }
}
