//! What was heard after a request: an answer, silence, or the proof that nothing left.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

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

    /// A hash of the body, to see a page that comes again.
    pub fn fingerprint(&self) -> Option<[u8; 32]> {
        match self {
            Self::Reply { body: Ok(body), .. } => Some(Sha256::digest(body).into()),
            _ => None,
        }
    }
}
