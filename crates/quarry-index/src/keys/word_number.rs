//! Key of a word, or of a kept prefix, with a number: a field in `word-field-id-docids` and
//! `word-prefix-field-id-docids`, a position bucket (quarry-text's `bucket_position` gives it) in
//! `word-position-docids` and `word-prefix-position-docids`.
//!
//! Layout: word (UTF-8, 1 to 250 bytes), 0x00, number (u16, big endian).
//! Order: by word, then number, so one scan reads one word.

use super::{put_word, take_u16, take_word};

/// The key of `word` with `number`.
pub fn key(word: &str, number: u16) -> Vec<u8> {
    let mut key = Vec::with_capacity(word.len() + 3);
    put(&mut key, word, number);
    key
}

/// Puts the key of `word` with `number` in `buffer`.
pub fn put(buffer: &mut Vec<u8>, word: impl AsRef<[u8]>, number: u16) {
    buffer.clear();
    put_word(buffer, word);
    buffer.extend_from_slice(&number.to_be_bytes());
}

/// The word and the number of a key.
pub fn parse(mut key: &[u8]) -> Option<(&str, u16)> {
    let parts = (take_word(&mut key)?, take_u16(&mut key)?);
    key.is_empty().then_some(parts)
}

/// What all keys of `word` begin with.
pub fn scan_word(word: &str) -> Vec<u8> {
    super::word::key(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip_and_order(a in ("[^\0]{1,9}", any::<u16>()), b in ("[^\0]{1,9}", any::<u16>())) {
            let left = key(&a.0, a.1);
            prop_assert_eq!(parse(&left), Some((a.0.as_str(), a.1)));
            prop_assert_eq!(key(&a.0, a.1).cmp(&key(&b.0, b.1)), a.cmp(&b));
            prop_assert!(key(&a.0, a.1).starts_with(&scan_word(&a.0)));
        }
    }
}
