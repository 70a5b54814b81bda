//! What was just done, in a sentence, for the page that a person is sent back to. Kept here and not in the address,
//! so that no link can put words on the page.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// How many are remembered: enough for several open pages.
const KEPT: usize = 64;

/// One sentence, and the place of the page that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct Notice {
    /// The id of the element.
    pub at: String,
    pub sentence: String,
}

/// The newest notices, by number.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Notices(Mutex<(u64, VecDeque<(u64, Notice)>)>);

impl Notices {
    /// Keeps a notice and gives its number.
    pub(super) fn keep(&self, notice: Notice) -> u64 {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0 += 1;
        let number = kept.0;
        kept.1.push_back((number, notice));
        if kept.1.len() > KEPT {
            kept.1.pop_front();
        }
        number
    }

    /// The notice of a number, while it is remembered.
    pub(super) fn find(&self, number: u64) -> Option<Notice> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.1.iter().find(|(known, _)| *known == number).map(|(_, notice)| notice.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_found_by_their_number() {
        let notices = Notices::default();
        let notice = |n: u64| Notice { at: "wallet".into(), sentence: n.to_string() };
        let numbers: Vec<u64> = (0..100).map(|n| notices.keep(notice(n))).collect();
        assert_eq!(notices.find(numbers[99]), Some(notice(99)));
        assert_eq!(notices.find(numbers[0]), None);
        assert_eq!(notices.find(4711), None);
    }
}
