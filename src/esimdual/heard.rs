//! What was heard after a request: an answer, silence, or the proof that nothing left.

use std::time::Duration;

/// What was heard after a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The request provably never left: name, connection or TLS.
    NeverSent(&'static str),
    /// It may have left, and no answer came.
    Silence(&'static str),
    /// An answer began.
    Reply {
        /// Its status.
        status: u16,
        /// What it asks us to wait, capped.
        retry_after: Option<Duration>,
        /// Its body, or why it could not be read to its end.
        body: Result<Vec<u8>, Cut>,
    },
}

/// Why a body has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It was larger than any honest one, counted after decompression.
    TooLarge,
    /// The connection broke, the compression was broken, or the time was over.
    BrokeOff,
}

impl Cut {
    /// In words for staff.
    pub fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "an answer larger than any honest one",
            Self::BrokeOff => "the answer broke off",
        }
    }
}

impl Heard {
    /// The status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Reply { status, .. } => Some(*status),
            Self::NeverSent(_) | Self::Silence(_) => None,
        }
    }

    /// Whether the upstream itself fails, as opposed to answering something that we do not like: what the circuit
    /// breaker counts. A 3xx, 4xx or an unreadable 2xx is an answer of somebody who is there.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::NeverSent(_) | Self::Silence(_) => true,
            Self::Reply { status, body, .. } => *status >= 500 || *body == Err(Cut::BrokeOff),
        }
    }

    /// Whether asking again soon may help: it never left, nobody answered, or a gateway had nobody behind it. A 500 is
    /// the upstream's own fault in this very question and comes again, as a rule; and who asks us to wait is not asked
    /// again soon.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NeverSent(_) | Self::Silence(_) => true,
            Self::Reply { status, body, retry_after } => {
                let broke_off = *status < 300 && *body == Err(Cut::BrokeOff);
                retry_after.is_none() && (broke_off || matches!(status, 502..=504))
            }
        }
    }
}
