//! One try to buy a unit, and what became of it.

use time::OffsetDateTime;

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Committed, and perhaps sent: nothing is known yet. After a crash this is a doubt.
    Open,
    /// The unit was bound to an upstream order.
    Done,
    /// A definite no.
    Refused,
    /// Nothing happened; the same key may be tried again.
    Later,
    /// It may have happened.
    Doubt {
        /// `Some(true)`: the order was found. `Some(false)`: a list that reaches back far enough lacks it.
        settled: Option<bool>,
    },
}

/// What the wallet said after a 422.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It holds less than the unit costs.
    Balance,
    /// It holds enough: the refusal has another cause.
    Sufficient,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Our own id.
    pub id: i64,
    /// From 1.
    pub number: i32,
    /// The key under which it was sent.
    pub key: String,
    /// When the intention was committed.
    pub committed_at: OffsetDateTime,
    /// The newest upstream order known then.
    pub known_upstream_id: Option<i64>,
    /// What became of it.
    pub outcome: Outcome,
    /// The status of the answer.
    pub http_status: Option<i32>,
    /// The fields that a 422 named.
    pub named_fields: Vec<String>,
    /// What the wallet said about a refusal.
    pub judged: Option<Judged>,
    /// When the answer came, or the silence was noticed.
    pub answered_at: Option<OffsetDateTime>,
    /// When the list was asked for that was last looked through for this doubt.
    pub looked_at: Option<OffsetDateTime>,
    /// Not before this moment.
    pub retry_at: Option<OffsetDateTime>,
    /// The upstream's words, for staff.
    pub reason: Option<String>,
}

impl Attempt {
    /// Whether it may have bought something that we do not know of.
    pub fn in_doubt(&self) -> bool {
        matches!(self.outcome, Outcome::Open | Outcome::Doubt { settled: None })
    }

    /// Whether eSIMDual definitely said no: a refusal, or one that came after a doubt and was confirmed by a list
    /// without the order.
    pub fn definitely_refused(&self) -> bool {
        match self.outcome {
            Outcome::Refused => true,
            Outcome::Doubt { settled: Some(false) } => matches!(self.http_status, Some(400 | 404 | 422)),
            Outcome::Open | Outcome::Done | Outcome::Later | Outcome::Doubt { .. } => false,
        }
    }
}
