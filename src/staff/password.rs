//! Passwords: which are good enough, and how they are kept.
//!
//! Kept as Argon2id with 19 MiB, two passes, one lane: the OWASP floor, and what the `argon2` crate starts from. The
//! rules are those of NIST 800-63B: length and a list of common ones, no composition rules, and no cutting: every
//! character counts.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::ground::Entropy;

/// Fewest characters.
pub const SHORTEST: usize = 8;
/// Most characters: enough for any sentence, and little enough to refuse a megabyte before it is hashed.
pub const LONGEST: usize = 256;

/// Each hash takes 19 MiB and a core for some 30 ms: two at once leave a small server able to sell meanwhile.
static AT_ONCE: Semaphore = Semaphore::const_new(2);
/// How long a sign-in waits for its turn before it is asked to come back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Verified where nobody has the address, so that the answer takes as long as for somebody. Matches no password that
/// anyone could find, and a match would not be believed.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c2ltZnJvbnQtbm8tb25l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

/// A password that was good enough to be chosen.
#[derive(Debug)]
pub struct Password(SecretString);

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Under [`SHORTEST`] characters.
    #[error("the password needs at least {SHORTEST} characters; a short sentence is a good one")]
    TooShort,
    /// Over [`LONGEST`] characters.
    #[error("the password may have at most {LONGEST} characters")]
    TooLong,
    /// Everyone's first guess.
    #[error("this password is among the first that anyone would try; choose another one")]
    Common,
}

impl Password {
    /// Judges a password that a person chose for the account `email`. Nothing is trimmed: spaces count.
    ///
    /// # Errors
    /// [`PasswordRefusal`] with a sentence for the person.
    pub fn choose(typed: &str, email: &str) -> Result<Self, PasswordRefusal> {
        // Counting stops at the limit, so that a megabyte costs nothing.
        let length = typed.chars().take(LONGEST + 1).count();
        if length > LONGEST {
            return Err(PasswordRefusal::TooLong);
        }
        if length < SHORTEST {
            return Err(PasswordRefusal::TooShort);
        }
        if is_common(&typed.to_lowercase(), &email.to_lowercase()) {
            return Err(PasswordRefusal::Common);
        }
        Ok(Self(SecretString::from(typed)))
    }
}

fn is_common(typed: &str, email: &str) -> bool {
    let local = email.split('@').next().unwrap_or_default();
    let first = typed.chars().next();
    let one_character = typed.chars().all(|c| Some(c) == first);
    // "password1", "password123!", "Password 2026": the list's words with a tail of digits and signs.
    let stem = typed.trim_end_matches(|c: char| !c.is_alphabetic());
    let known = |word: &str| COMMON.contains(&word);
    one_character || typed == email || (!local.is_empty() && stem == local) || known(typed) || known(stem)
}

/// No turn came in time: too many sign-ins at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once")]
pub struct Busy;

/// What a comparison found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the account's.
    pub matches: bool,
    /// It was hashed with weaker parameters than today's: hash it anew.
    pub outdated: bool,
}

/// Hashes a password with its own salt, in PHC form (`$argon2id$…`).
///
/// # Errors
/// [`Busy`] inside where no turn came in time; else a fault of the hasher.
pub async fn hash(password: &Password, entropy: &Entropy) -> anyhow::Result<String> {
    hash_secret(password.0.clone(), entropy.bytes()).await
}

/// Hashes again a password that was just verified.
pub(super) async fn hash_again(typed: SecretString, entropy: &Entropy) -> anyhow::Result<String> {
    hash_secret(typed, entropy.bytes()).await
}

async fn hash_secret(secret: SecretString, salt: [u8; 16]) -> anyhow::Result<String> {
    let turn = turn().await?;
    let hashed = tokio::task::spawn_blocking(move || {
        let hashed: Result<PasswordHash, _> =
            hasher().hash_password_with_salt(secret.expose_secret().as_bytes(), &salt);
        drop(turn);
        hashed.map(|hash| hash.to_string())
    })
    .await?;
    hashed.map_err(|error| anyhow::anyhow!("a password could not be hashed: {error}"))
}

/// Compares what was typed with what is stored; with `None` it takes as long and never matches.
///
/// # Errors
/// [`Busy`] inside where no turn came in time; else a stored hash that cannot be read.
pub async fn verify(typed: SecretString, stored: Option<String>) -> anyhow::Result<Verdict> {
    let turn = turn().await?;
    tokio::task::spawn_blocking(move || {
        let known = stored.is_some();
        let text = stored.unwrap_or_else(|| NOBODY.to_owned());
        let hash = PasswordHash::new(&text)
            .map_err(|error| anyhow::anyhow!("a stored hash is unreadable: {error}"))?;
        let matches = hasher().verify_password(typed.expose_secret().as_bytes(), &hash).is_ok() && known;
        drop(turn);
        Ok(Verdict { matches, outdated: is_outdated(&hash) })
    })
    .await?
}

fn is_outdated(hash: &PasswordHash) -> bool {
    let today = Params::default();
    let weaker = |params: Params| params.m_cost() < today.m_cost() || params.t_cost() < today.t_cost();
    hash.algorithm.as_str() != Algorithm::Argon2id.as_str() || Params::try_from(hash).map_or(true, weaker)
}

fn hasher() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

async fn turn() -> Result<SemaphorePermit<'static>, Busy> {
    match tokio::time::timeout(PATIENCE, AT_ONCE.acquire()).await {
        Ok(Ok(turn)) => Ok(turn),
        Ok(Err(_)) | Err(_) => Err(Busy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_common_ones_are_refused() {
        let judge = |typed: &str| Password::choose(typed, "ada@example.com").map(|_| ());
        for good in
            ["correct horse battery staple", "p\u{1F600}\u{1F600}nine!x", "a b c d e f g", &"xy".repeat(128)]
        {
            assert_eq!(judge(good), Ok(()), "{good}");
        }
        let refused = [
            ("seven77", PasswordRefusal::TooShort),
            ("", PasswordRefusal::TooShort),
            ("password", PasswordRefusal::Common),
            ("Password123!", PasswordRefusal::Common),
            ("PASSWORD2026", PasswordRefusal::Common),
            ("qwertyuiop", PasswordRefusal::Common),
            ("12345678", PasswordRefusal::Common),
            ("        ", PasswordRefusal::Common),
            ("zzzzzzzzzzzz", PasswordRefusal::Common),
            ("ada@example.com", PasswordRefusal::Common),
            ("ada123456", PasswordRefusal::Common),
        ];
        for (bad, why) in refused {
            assert_eq!(judge(bad), Err(why), "{bad}");
        }
        assert_eq!(judge(&"x".repeat(LONGEST + 1)), Err(PasswordRefusal::TooLong));
        assert_eq!(judge(&"ab".repeat(500_000)), Err(PasswordRefusal::TooLong));
    }

    #[tokio::test]
    async fn a_hash_is_argon2id_with_its_own_salt_and_every_character_counts() {
        let entropy = Entropy::seeded(1);
        let same_start = "a long sentence whose first seventy-two bytes do not tell it from another one, ";
        let chosen = format!("{same_start}left");
        let password = Password::choose(&chosen, "ada@example.com").unwrap();
        let (one, two) = (hash(&password, &entropy).await.unwrap(), hash(&password, &entropy).await.unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, two);
        let try_it = |typed: String, stored: &str| verify(SecretString::from(typed), Some(stored.to_owned()));
        let right = try_it(chosen.clone(), &one).await.unwrap();
        assert_eq!(right, Verdict { matches: true, outdated: false });
        assert!(!try_it(format!("{same_start}right"), &one).await.unwrap().matches);
        assert!(!verify(SecretString::from(chosen), None).await.unwrap().matches);
    }

    #[test]
    fn weaker_parameters_are_outdated_and_the_hash_of_nobody_is_like_todays() {
        let weak =
            "$argon2id$v=19$m=4096,t=1,p=1$c2ltZnJvbnQtbm8tb25l$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(is_outdated(&PasswordHash::new(weak).unwrap()));
        assert!(!is_outdated(&PasswordHash::new(NOBODY).unwrap()));
    }
}
