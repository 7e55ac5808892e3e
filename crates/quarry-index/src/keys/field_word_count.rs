//! Key of `field-id-word-count-docids`: documents whose field holds so many words.
//!
//! Layout: field (u16, big endian), number of words (u8, 0 to 30).
//! Order: by field, then number.

use crate::FieldId;

/// Fields with more words have no entry.
pub const WORDS_MAX: u8 = 30;

/// The key of `words_count` words in `field`.
pub fn key(field: FieldId, words_count: u8) -> [u8; 3] {
    debug_assert!(words_count <= WORDS_MAX);
    let [high, low] = field.to_be_bytes();
    [high, low, words_count]
}

/// The field and the number of words of a key.
pub fn parse(key: &[u8]) -> Option<(FieldId, u8)> {
    match *key {
        [high, low, words_count @ 0..=WORDS_MAX] => Some((FieldId::from_be_bytes([high, low]), words_count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip_and_order(a in (any::<u16>(), 0..=30u8), b in (any::<u16>(), 0..=30u8)) {
            prop_assert_eq!(parse(&key(a.0, a.1)), Some(a));
            prop_assert_eq!(key(a.0, a.1).cmp(&key(b.0, b.1)), a.cmp(&b));
        }
    }
}
