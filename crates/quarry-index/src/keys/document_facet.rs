//! Key and values of `field-id-docid-facet-f64s` and `field-id-docid-facet-strings`: what one document
//! holds in one field, for sort, distinct and the spelling of facet values.
//!
//! Key: field (u16, big endian), document (u32, big endian). Order: by field, then document.
//!
//! Numbers: ordered f64 (`facet_number`, 8 bytes each), ascending, each once.
//! Strings: for each, ascending by normalised form, each form once: normalised length (varint),
//! normalised form (UTF-8), original length + 1 (varint), original (UTF-8). An original equal to the
//! normalised form is left out, with 0 in place of its length.

use super::facet_number;
use crate::{DocumentId, FieldId, varint};

/// The key of `document` in `field`.
pub fn key(field: FieldId, document: DocumentId) -> [u8; 6] {
    let mut key = [0; 6];
    key[..2].copy_from_slice(&field.to_be_bytes());
    key[2..].copy_from_slice(&document.to_be_bytes());
    key
}

/// The field and the document of a key.
pub fn parse(key: &[u8]) -> Option<(FieldId, DocumentId)> {
    let (field, document) = key.split_first_chunk()?;
    Some((FieldId::from_be_bytes(*field), DocumentId::from_be_bytes(document.try_into().ok()?)))
}

/// What the keys of all documents in `field` begin with.
pub fn scan_field(field: FieldId) -> [u8; 2] {
    field.to_be_bytes()
}

/// Puts the value of a document with these numbers in `buffer`; sorts them.
pub fn put_numbers(buffer: &mut Vec<u8>, numbers: &mut [f64]) {
    numbers.sort_unstable_by(f64::total_cmp);
    buffer.clear();
    let mut last = None;
    for ordered in numbers.iter().map(|&number| facet_number::ordered(number)) {
        // -0 and 0 have one ordered form, and total_cmp puts them side by side.
        if last.replace(ordered) != Some(ordered) {
            buffer.extend_from_slice(&ordered);
        }
    }
}

/// The numbers of a value, ascending.
pub fn numbers(value: &[u8]) -> impl DoubleEndedIterator<Item = f64> + ExactSizeIterator + '_ {
    value.as_chunks::<8>().0.iter().map(|&ordered| facet_number::number(ordered))
}

/// Puts the value of a document with these (normalised, original) strings in `buffer`; sorts them and
/// keeps the first original of each normalised form.
pub fn put_strings<'s>(buffer: &mut Vec<u8>, strings: &mut Vec<(&'s str, &'s str)>) {
    strings.sort_by_key(|&(normalised, _)| normalised);
    strings.dedup_by_key(|&mut (normalised, _)| normalised);
    buffer.clear();
    for &(normalised, original) in strings.iter() {
        varint::put_slice(buffer, normalised.as_bytes());
        if original == normalised {
            varint::put(buffer, 0);
        } else {
            varint::put(buffer, original.len() as u64 + 1);
            buffer.extend_from_slice(original.as_bytes());
        }
    }
}

/// The (normalised, original) strings of a value, ascending by normalised form. Ends early on bytes that
/// are no such value.
pub fn strings(mut value: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        let normalised = std::str::from_utf8(varint::take_slice(&mut value)?).ok()?;
        let original = match varint::take(&mut value)? {
            0 => normalised,
            length => {
                let (original, rest) = value.split_at_checked(usize::try_from(length - 1).ok()?)?;
                value = rest;
                std::str::from_utf8(original).ok()?
            }
        };
        Some((normalised, original))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_round_trip_and_order(a: (u16, u32), b: (u16, u32)) {
            prop_assert_eq!(parse(&key(a.0, a.1)), Some(a));
            prop_assert_eq!(key(a.0, a.1).cmp(&key(b.0, b.1)), a.cmp(&b));
        }

        #[test]
        fn numbers_come_back_sorted_once(mut given in prop::collection::vec(-3..3i8, 0..20)) {
            let mut buffer = Vec::new();
            let mut numbers: Vec<f64> = given.iter().map(|&number| f64::from(number) * -0.5).collect();
            put_numbers(&mut buffer, &mut numbers);
            given.sort_unstable_by(|a, b| b.cmp(a));
            given.dedup();
            let expected: Vec<f64> = given.iter().map(|&number| f64::from(number) * -0.5).collect();
            prop_assert_eq!(super::numbers(&buffer).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn strings_come_back_sorted_once(given in prop::collection::vec("[aAbB]{1,2}", 0..9)) {
            let lower: Vec<String> = given.iter().map(|original| original.to_lowercase()).collect();
            let mut pairs = lower.iter().map(String::as_str).zip(given.iter().map(String::as_str)).collect();
            let mut buffer = Vec::new();
            put_strings(&mut buffer, &mut pairs);
            let mut expected = std::collections::BTreeMap::new();
            for (normalised, original) in lower.iter().zip(&given) {
                expected.entry(normalised.as_str()).or_insert(original.as_str());
            }
            prop_assert_eq!(strings(&buffer).collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            strings(&bytes).count();
            numbers(&bytes).count();
        }
    }
}
