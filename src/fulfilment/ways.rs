//! What a person may decide about a unit that the shop cannot settle by itself. Pure.

use super::attempt::{Attempt, Outcome};
use crate::orders::{HoldReason, Unit, UnitState};

/// A way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Look what is next now, without waiting for a pause.
    LookNow,
    /// eSIMDual has it under this id: the upstream is asked, and it is bound if that is so.
    Bind,
    /// The code came by another way, from eSIMDual's support say: it is stored and shown.
    Deliver,
    /// Buy it at today's cost although that is above the price.
    Buy,
    /// It will not come: refund it.
    GiveUp,
}

impl Way {
    /// Every way, the most harmless first.
    pub const ALL: [Self; 5] = [Self::LookNow, Self::Bind, Self::Deliver, Self::Buy, Self::GiveUp];

    /// The word in forms and in the audit log.
    pub fn word(self) -> &'static str {
        match self {
            Self::LookNow => "look_now",
            Self::Bind => "bind",
            Self::Deliver => "deliver",
            Self::Buy => "buy",
            Self::GiveUp => "give_up",
        }
    }

    /// Reads the word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.word() == word)
    }

    /// Whether a unit of a paid order may go this way.
    pub fn is_open(self, unit: &Unit, attempts: &[Attempt]) -> bool {
        if unit.state.status().is_final() {
            return false;
        }
        let bound = unit.state.upstream_order_id().is_some();
        let held = match unit.state {
            UnitState::OnHold { reason, .. } => Some(reason),
            _ => None,
        };
        // A request may be on its way at this very moment: nobody decides before its answer is noted.
        let under_way = attempts.iter().any(|attempt| attempt.outcome == Outcome::Open);
        let in_doubt = attempts.iter().any(Attempt::in_doubt);
        match self {
            Self::LookNow => true,
            Self::Bind => !bound && in_doubt,
            Self::Deliver => bound,
            Self::Buy => held == Some(HoldReason::CostAboveFloor),
            Self::GiveUp => !under_way && (held.is_some() || in_doubt || bound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn open(state: UnitState, outcome: Option<Outcome>) -> Vec<&'static str> {
        let at = datetime!(2026-11-22 12:00 UTC);
        let unit = Unit {
            id: 1,
            order_id: 1,
            line_id: 1,
            position: 1,
            unit: 1,
            external_order_id: "SF-22222222-1-1".into(),
            state,
            real_cost: None,
            accepted_cost: None,
            changed_at: at,
        };
        let attempts: Vec<Attempt> = outcome
            .map(|outcome| Attempt {
                id: 1,
                number: 1,
                key: "K1".into(),
                committed_at: at,
                known_upstream_id: None,
                outcome,
                http_status: None,
                named_fields: vec![],
                judged: None,
                answered_at: Some(at),
                looked_at: None,
                retry_at: None,
                reason: None,
            })
            .into_iter()
            .collect();
        Way::ALL.into_iter().filter(|way| way.is_open(&unit, &attempts)).map(Way::word).collect()
    }

    #[test]
    fn each_state_has_its_ways_out_and_final_ones_none() {
        let doubt = Some(Outcome::Doubt { settled: None });
        let held = |reason, id| UnitState::OnHold { reason, upstream_order_id: id };
        assert_eq!(open(UnitState::Pending, None), ["look_now"]);
        assert_eq!(open(UnitState::Ordering, Some(Outcome::Open)), ["look_now", "bind"]);
        assert_eq!(open(UnitState::Ordering, doubt), ["look_now", "bind", "give_up"]);
        assert_eq!(open(held(HoldReason::DoubtExpired, None), doubt), ["look_now", "bind", "give_up"]);
        assert_eq!(open(held(HoldReason::CostAboveFloor, None), None), ["look_now", "buy", "give_up"]);
        for reason in [HoldReason::NoCode, HoldReason::EsimSeenBefore, HoldReason::AnswerMismatch] {
            assert_eq!(open(held(reason, Some(5)), None), ["look_now", "deliver", "give_up"], "{reason:?}");
        }
        let failed = UnitState::Failed { failure: "refused".into(), upstream_order_id: None };
        for last in [UnitState::Completed { upstream_order_id: 5, esim_id: 1 }, failed] {
            assert!(open(last, None).is_empty());
        }
    }
}
