//! The one source of randomness: everything that must not be guessed, and every random choice, is drawn here.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::{StdRng, SysRng};
use rand::{Rng as _, SeedableRng as _, TryRng as _};
use uuid::Uuid;

use super::token::Token;

/// A cheap handle on the source of randomness.
#[derive(Clone, Debug, Default)]
pub struct Entropy(Option<Arc<Mutex<StdRng>>>);

impl Entropy {
    /// The operating system's generator: the only one that a running shop uses.
    pub fn system() -> Self {
        Self(None)
    }

    /// A repeatable source, for tests and for the sandbox's catalog.
    pub fn seeded(seed: u64) -> Self {
        Self(Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))))
    }

    /// `N` random bytes.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing may be sold without it.
    #[expect(
        clippy::expect_used,
        reason = "without randomness no token may be made; ending is the safe answer"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        match &self.0 {
            None => SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives randomness"),
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes),
        }
        bytes
    }

    /// A number from `0` up to, and without, `end`; `0` when `end` is `0`. The bias is below 2⁻³² for small ends.
    pub fn below(&self, end: u64) -> u64 {
        u64::from_le_bytes(self.bytes()).checked_rem(end).unwrap_or(0)
    }

    /// A secret of 160 bits in 32 letters and digits that survive being read aloud (RFC 4648 base32, lower case).
    pub fn token(&self) -> Token {
        Token::from_bytes(&self.bytes::<20>())
    }

    /// A random (version 4) UUID: for idempotency keys, never as a secret.
    pub fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_sources_repeat_and_system_ones_do_not() {
        assert_eq!(Entropy::seeded(7).bytes::<16>(), Entropy::seeded(7).bytes::<16>());
        assert_ne!(Entropy::system().bytes::<16>(), Entropy::system().bytes::<16>());
        assert_eq!(Entropy::system().below(0), 0);
        assert!(Entropy::system().below(3) < 3);
    }
}
