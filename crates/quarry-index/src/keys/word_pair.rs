//! Key of `word-pair-proximity-docids`: documents where the second word follows the first at a distance.
//!
//! Layout: first word (UTF-8), 0x00, second word (UTF-8), distance (u8, 1 to 3). The distance ends the second
//! word: normalisation takes the control characters 0x01 to 0x03 out of every word, and all others are above.
//! Order: by first word, second word, distance: the distances of a pair are neighbours, and all right
//! words that begin with a prefix are one scan.

use super::{WORD_END, put_word, take_word};

/// The largest distance that is kept.
pub const DISTANCE_MAX: u8 = 3;

/// The key of `first` followed by `second` at `distance`.
pub fn key(first: &str, second: &str, distance: u8) -> Vec<u8> {
    let mut key = Vec::with_capacity(first.len() + second.len() + 2);
    put(&mut key, first, second, distance);
    key
}

/// Puts the key of `first` followed by `second` at `distance` in `buffer`.
pub fn put(buffer: &mut Vec<u8>, first: impl AsRef<[u8]>, second: impl AsRef<[u8]>, distance: u8) {
    debug_assert!((1..=DISTANCE_MAX).contains(&distance));
    buffer.clear();
    put_word(buffer, first);
    buffer.extend_from_slice(second.as_ref());
    buffer.push(distance);
}

/// The two words and the distance of a key.
pub fn parse(mut key: &[u8]) -> Option<(&str, &str, u8)> {
    let first = take_word(&mut key)?;
    let (&distance, second) = key.split_last()?;
    let second = std::str::from_utf8(second).ok().filter(|second| !second.is_empty())?;
    (1..=DISTANCE_MAX).contains(&distance).then_some((first, second, distance))
}

/// The first and the last key of `first` followed by `second`: between them are those of other distances.
pub fn range_of_pair(first: &str, second: &str) -> [Vec<u8>; 2] {
    [1, DISTANCE_MAX].map(|distance| key(first, second, distance))
}

/// What the keys of `first` followed by any word that begins with `prefix`, at any distance, begin with.
pub fn scan_second_with_prefix(first: &str, prefix: &str) -> Vec<u8> {
    let mut scan = Vec::with_capacity(first.len() + 1 + prefix.len());
    scan.extend_from_slice(first.as_bytes());
    scan.push(WORD_END);
    scan.extend_from_slice(prefix.as_bytes());
    scan
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip_and_order(
            a in ("[^\0-\x03]{1,9}", "[^\0-\x03]{1,9}", 1..=3u8),
            b in ("[^\0-\x03]{1,9}", "[^\0-\x03]{1,9}", 1..=3u8),
        ) {
            let (left, right) = (key(&a.0, &a.1, a.2), key(&b.0, &b.1, b.2));
            prop_assert_eq!(parse(&left), Some((a.0.as_str(), a.1.as_str(), a.2)));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            let [start, end] = range_of_pair(&a.0, &a.1);
            prop_assert_eq!((start..=end).contains(&right), (&a.0, &a.1) == (&b.0, &b.1));
        }
    }

    #[test]
    fn scan_by_prefix_of_the_second_word() {
        assert!(key("red", "carpet", 2).starts_with(&scan_second_with_prefix("red", "car")));
        assert!(!key("redo", "carpet", 2).starts_with(&scan_second_with_prefix("red", "car")));
    }
}
