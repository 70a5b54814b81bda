//! Small secrets at rest (an upstream token, a second factor's seed): sealed with a key made from `SECRET_KEY`.
//!
//! XChaCha20-Poly1305 with a random nonce of 24 bytes: nonces may be drawn at random without ever meeting. The
//! purpose is authenticated too, so that a sealed value moved to another column does not open there.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::ground::Entropy;

/// The first byte of a sealed value, should the scheme ever change.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// The key for sealing, and what the database may know of it.
#[derive(Clone)]
pub struct SealingKey {
    cipher: XChaCha20Poly1305,
    fingerprint: String,
    marks: SecretString,
    signatures: SecretString,
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealingKey").field("fingerprint", &self.fingerprint).finish_non_exhaustive()
    }
}

impl SealingKey {
    /// Makes the sealing key from the program's secret. Its other uses derive under other labels, so that none can
    /// be turned against another.
    pub fn derive(secret: &SecretString) -> Self {
        let key = labelled(secret, b"simfront sealed secrets v1");
        let fingerprint = labelled(secret, b"simfront secret key fingerprint v1");
        Self {
            cipher: XChaCha20Poly1305::new((&key).into()),
            fingerprint: hex::encode(fingerprint.get(..8).unwrap_or_default()),
            marks: hex::encode(labelled(secret, b"simfront marks of secrets v1")).into(),
            signatures: hex::encode(labelled(secret, b"simfront signatures v1")).into(),
        }
    }

    /// Sixteen hex digits by which the database tells whether a secret of the configuration is still the same one.
    /// Without our key they tell nothing, not even whether a guess is right.
    pub fn mark(&self, purpose: &str, secret: &SecretString) -> String {
        let text = format!("{purpose}\0{}", secret.expose_secret());
        hex::encode(labelled(&self.marks, text.as_bytes()).get(..8).unwrap_or_default())
    }

    /// Signs what goes out and comes back, for one purpose (`"quote"`): every node with our key knows it again, and nobody
    /// else can make or change it. What is signed can be read by whoever has it.
    pub fn sign(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        labelled(&self.of_purpose(purpose), message)
    }

    /// Whether [`SealingKey::sign`] made this signature of this message for this purpose; in constant time.
    pub fn is_signed(&self, purpose: &str, message: &[u8], signature: &[u8; 32]) -> bool {
        self.sign(purpose, message).ct_eq(signature).into()
    }

    /// A key of its own for each purpose.
    fn of_purpose(&self, purpose: &str) -> SecretString {
        hex::encode(labelled(&self.signatures, purpose.as_bytes())).into()
    }

    /// Seals `plain` for one purpose (`"upstream token"`); sealing twice gives different bytes.
    ///
    /// # Panics
    /// Never in practice: the cipher refuses only texts of 256 GiB.
    #[expect(
        clippy::expect_used,
        reason = "the cipher fails only beyond 256 GiB, and losing a secret is worse"
    )]
    pub fn seal(&self, entropy: &Entropy, purpose: &str, plain: &[u8]) -> Vec<u8> {
        let nonce = entropy.bytes::<NONCE_BYTES>();
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let hidden = self.cipher.encrypt((&nonce).into(), payload).expect("a small secret can be sealed");
        [&[VERSION], nonce.as_slice(), &hidden].concat()
    }

    /// Opens what [`SealingKey::seal`] made; `None` for another key, another purpose, or changed bytes.
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (&VERSION, rest) = sealed.split_first()? else { return None };
        let (nonce, hidden) = rest.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher.decrypt(nonce.into(), Payload { msg: hidden, aad: purpose.as_bytes() }).ok()
    }

    /// Sixteen hex digits that tell one key from another and nothing else; the database keeps them.
    pub fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

/// HMAC-SHA-256 of a label under the secret: the expand step of HKDF (RFC 5869) for one block.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104)")]
fn labelled(secret: &SecretString, label: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(secret.expose_secret().as_bytes())
        .expect("HMAC takes keys of every length");
    mac.update(label);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_tells_secrets_purposes_and_keys_apart_and_stays_the_same() {
        let key = SealingKey::derive(&"a".into());
        let mark = key.mark("login", &"password".into());
        assert_eq!((mark.len(), &mark), (16, &key.mark("login", &"password".into())));
        for other in [
            key.mark("login", &"passwore".into()),
            key.mark("token", &"password".into()),
            SealingKey::derive(&"b".into()).mark("login", &"password".into()),
        ] {
            assert_ne!(mark, other);
        }
    }

    #[test]
    fn a_signature_is_of_one_message_for_one_purpose_by_one_key() {
        let signature = key("a").sign("quote", b"5.25");
        assert!(key("a").is_signed("quote", b"5.25", &signature), "on another node with the same key too");
        assert!(!key("a").is_signed("quote", b"5.24", &signature));
        assert!(!key("a").is_signed("ticket", b"5.25", &signature));
        assert!(!key("b").is_signed("quote", b"5.25", &signature));
    }

    fn key(secret: &str) -> SealingKey {
        SealingKey::derive(&SecretString::from(secret))
    }

    #[test]
    fn what_was_sealed_opens_for_the_same_key_and_purpose_alone() {
        let sealed = key("a").seal(&Entropy::system(), "token", b"1|secret");
        assert_eq!(key("a").open("token", &sealed).as_deref(), Some(&b"1|secret"[..]));
        assert_eq!(key("b").open("token", &sealed), None);
        assert_eq!(key("a").open("seed", &sealed), None);
    }

    #[test]
    fn changed_or_short_bytes_do_not_open() {
        let sealed = key("a").seal(&Entropy::system(), "token", b"1|secret");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key("a").open("token", &changed), None, "byte {at}");
            assert_eq!(key("a").open("token", &sealed[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes_and_never_the_plain_text() {
        let entropy = Entropy::system();
        let (one, two) = (key("a").seal(&entropy, "p", b"plain"), key("a").seal(&entropy, "p", b"plain"));
        assert_ne!(one, two);
        assert!(!one.windows(5).any(|window| window == b"plain"));
    }

    #[test]
    fn a_fingerprint_tells_keys_apart_and_stays() {
        assert_eq!(key("a").fingerprint(), key("a").fingerprint());
        assert_ne!(key("a").fingerprint(), key("b").fingerprint());
        assert_eq!(key("a").fingerprint().len(), 16);
    }
}
