//! Recovery codes: ten that each stand once for the device that was lost. Pure but for their drawing.

use sha2::{Digest as _, Sha256};

use crate::ground::Entropy;
use crate::ground::token::Token;

/// How many are made at once.
pub const CODES: usize = 10;
/// Characters of one: 80 bits, which nobody guesses and no slow hash must guard.
const LENGTH: usize = 16;

/// Draws ten, as they are shown: four groups of four.
pub(super) fn draw(entropy: &Entropy) -> Vec<String> {
    (0..CODES).map(|_| written(Token::from_bytes(&entropy.bytes::<10>()).as_str())).collect()
}

fn written(code: &str) -> String {
    let groups: Vec<&str> = (0..LENGTH).step_by(4).filter_map(|at| code.get(at..at + 4)).collect();
    groups.join("-")
}

/// The hash of one as it was typed, for one account; `None` where it cannot be one. Case, spaces and dashes are no
/// matter.
pub(super) fn hash(admin_id: i64, typed: &str) -> Option<[u8; 32]> {
    let kept = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(LENGTH + 1);
    let code: String = kept.map(|c| c.to_ascii_lowercase()).collect();
    let is_code =
        code.len() == LENGTH && code.bytes().all(|b| b.is_ascii_lowercase() || (b'2'..=b'7').contains(&b));
    is_code.then(|| Sha256::new().chain_update(admin_id.to_be_bytes()).chain_update(code).finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ten_codes_differ_and_read_back_however_they_are_typed() {
        let codes = draw(&Entropy::seeded(1));
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), CODES);
        for code in &codes {
            let same = [code.to_uppercase(), code.replace('-', ""), format!(" {} ", code.replace('-', " "))];
            for typed in same {
                assert_eq!(hash(7, &typed), hash(7, code), "{typed}");
            }
            assert_ne!(hash(7, code), hash(8, code), "another account's");
        }
        for wrong in ["", "123456", "aaaa-bbbb-cccc", "aaaa-bbbb-cccc-ddd1", "aaaa-bbbb-cccc-dddd-e"] {
            assert_eq!(hash(7, wrong), None, "{wrong}");
        }
    }
}
