//! Values of keys, and comparison of secrets.
//!
//! The value of a key is the lower-case hexadecimal HMAC-SHA256 of its uid (lower case, hyphens) under
//! the master key. Nothing but the uid is stored, so a new master key gives every key a new value.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// The value of the key `uid` under a master key.
pub(crate) fn key_value(master_key: &str, uid: Uuid) -> String {
    hexadecimal(&authenticate(master_key.as_bytes(), uid.hyphenated().to_string().as_bytes()))
}

/// HMAC-SHA256 of `message` under `key`.
fn authenticate(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A keyed fingerprint of a secret. Equal secrets have equal fingerprints; the time it takes to compare
/// or look up fingerprints tells nothing of the secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Whether both are of the same secret, in constant time.
    pub(crate) fn matches(&self, other: &Fingerprint) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// Makes fingerprints under a secret that lives as long as the process.
pub(crate) struct Fingerprinter {
    secret: [u8; 32],
}

impl Fingerprinter {
    /// A maker with a fresh random secret.
    pub(crate) fn random() -> Self {
        let mut secret = [0; 32];
        // Without randomness the secret is weak, but fingerprints never leave the process.
        if getrandom::fill(&mut secret).is_err() {
            let fallback = [Uuid::now_v7(), Uuid::now_v7()];
            secret[..16].copy_from_slice(fallback[0].as_bytes());
            secret[16..].copy_from_slice(fallback[1].as_bytes());
        }
        Fingerprinter { secret }
    }

    /// The fingerprint of a secret.
    pub(crate) fn fingerprint(&self, secret: &str) -> Fingerprint {
        Fingerprint(authenticate(&self.secret, secret.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn values_follow_from_the_uid() {
        let uid = Uuid::parse_str("6f3c2a10-0001-4b6e-8d11-0242ac120002").unwrap();
        assert_eq!(
            key_value("a-master-key-of-some-length", uid),
            "c597885809760f0b9a24f73a8056a3a1ad4d6c2bc6d4b2be2197fa3b75f78083"
        );
    }
}
