//! How many slips of a finger lie between two words.

/// Longer words are compared with nothing: no destination has so many letters.
const LONGEST: usize = 32;

/// How many slips a word of so many letters may have and still mean another: none in a short one, where every letter
/// tells (`iran`, `iraq` are one apart).
pub fn forgiven(letters: usize) -> u8 {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// A word made ready to be compared with many.
#[derive(Clone, Debug, Default)]
pub struct Spelling {
    letters: Vec<char>,
    /// A bit for each letter that occurs: words whose letters differ too much need no comparison.
    mask: u32,
}

impl Spelling {
    pub fn of(word: &str) -> Self {
        let letters: Vec<char> = word.chars().collect();
        let mask = letters.iter().fold(0, |mask, letter| mask | 1 << (u32::from(*letter) & 31));
        Self { letters, mask }
    }

    /// How many slips it may have.
    pub fn forgiven(&self) -> u8 {
        forgiven(self.letters.len())
    }

    /// The slips from one to the other, a letter too many, too few, wrong, or two swapped being one each; `None` for
    /// more than `most`.
    pub fn slips_to(&self, other: &Self, most: u8) -> Option<u8> {
        let (one, two) = (&self.letters, &other.letters);
        let apart = one.len().abs_diff(two.len());
        let missing = (self.mask & !other.mask).count_ones().max((other.mask & !self.mask).count_ones());
        if apart > usize::from(most) || missing > u32::from(most) || one.len().max(two.len()) > LONGEST {
            return None;
        }
        Some(optimal_alignment(one, two)).filter(|slips| *slips <= most)
    }
}

/// The distance of optimal string alignment, in three rows of its table. Words are at most [`LONGEST`] letters.
fn optimal_alignment(one: &[char], two: &[char]) -> u8 {
    let mut before: Vec<u8> = vec![0; two.len() + 1];
    let mut last: Vec<u8> = (0..=u8::try_from(two.len()).unwrap_or(u8::MAX)).collect();
    let mut row = last.clone();
    let at = |row: &[u8], place: usize| row.get(place).copied().unwrap_or(u8::MAX);
    for (i, a) in one.iter().enumerate() {
        let mut left = u8::try_from(i + 1).unwrap_or(u8::MAX);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (j, b) in two.iter().enumerate() {
            let mut slips = (at(&last, j) + u8::from(a != b)).min(at(&last, j + 1) + 1).min(left + 1);
            let swapped = i > 0 && j > 0 && one.get(i - 1) == Some(b) && two.get(j - 1) == Some(a);
            if swapped {
                slips = slips.min(at(&before, j - 1) + 1);
            }
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = slips;
            }
            left = slips;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    at(&last, two.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slips(one: &str, two: &str) -> u8 {
        Spelling::of(one).slips_to(&Spelling::of(two), 40).unwrap()
    }

    #[test]
    fn slips_are_counted() {
        for (one, two, count) in [
            ("france", "france", 0),
            ("frnace", "france", 1),
            ("frace", "france", 1),
            ("frrance", "france", 1),
            ("frenze", "france", 2),
            ("", "abc", 3),
            ("thialand", "thailand", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(slips(one, two), count, "{one} {two}");
        }
        assert_eq!([3, 4, 7, 8].map(forgiven), [0, 1, 1, 2]);
    }

    proptest! {
        #[test]
        fn the_short_cut_never_changes_what_is_found(one in "[a-e]{0,9}", two in "[a-e]{0,9}") {
            let exact = optimal_alignment(&one.chars().collect::<Vec<_>>(), &two.chars().collect::<Vec<_>>());
            prop_assert_eq!(slips(&one, &two), slips(&two, &one));
            for most in 0..4 {
                let found = Spelling::of(&one).slips_to(&Spelling::of(&two), most);
                prop_assert_eq!(found, Some(exact).filter(|slips| *slips <= most));
            }
        }
    }
}
