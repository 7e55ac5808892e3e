//! Key of `word-docids`, `exact-word-docids` and `word-prefix-docids`: a word, or a kept prefix.
//!
//! Layout: word (UTF-8, 1 to 250 bytes), 0x00.
//! Order: bytes of the word.

use super::{put_word, take_word};

/// The key of `word`.
pub fn key(word: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(word.len() + 1);
    put_word(&mut key, word);
    key
}

/// Puts the key of `word` in `buffer`.
pub fn put(buffer: &mut Vec<u8>, word: impl AsRef<[u8]>) {
    buffer.clear();
    put_word(buffer, word);
}

/// The word of a key.
pub fn parse(mut key: &[u8]) -> Option<&str> {
    take_word(&mut key).filter(|_| key.is_empty())
}

/// What the keys of all words that begin with `prefix` begin with.
pub fn scan_words_with_prefix(prefix: &str) -> &[u8] {
    prefix.as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip_and_order(a in "[^\0]{1,20}", b in "[^\0]{1,20}") {
            let left = key(&a);
            prop_assert_eq!(parse(&left), Some(a.as_str()));
            prop_assert_eq!(key(&a).cmp(&key(&b)), a.cmp(&b));
        }
    }

    #[test]
    fn other_bytes_are_no_key() {
        assert_eq!(parse(b"word"), None);
        assert_eq!(parse(b"word\0x"), None);
        assert_eq!(parse(b"\xff\0"), None);
    }
}
