//! Key of `facet-id-string-docids`: a normalised string of a field, or a group of strings above it.
//!
//! Layout: field (u16, big endian), level (u8, 0 for values), value.
//! A value is its UTF-8 bytes, each 0x00 followed by 0xFF, then 0x00 0x00.
//! Order: by field, level, bytes of the string.

use std::borrow::Cow;

use quarry_facets::FacetKey;

use crate::FieldId;

/// Longest value in a key without its end, in bytes. A normalised string has at most 468 bytes
/// (quarry-text), so this cuts only strings that hold more than a dozen characters U+0000.
const ESCAPED_BYTES_MAX: usize = 480;

/// The bytes of a whole value: escaped and ended; any string gives a key that fits.
pub fn value(normalised: &str) -> Vec<u8> {
    let mut value = value_prefix(normalised);
    value.extend_from_slice(&[0, 0]);
    value
}

/// What the bytes of all values that begin with `prefix` begin with.
pub fn value_prefix(prefix: &str) -> Vec<u8> {
    let mut value = Vec::with_capacity(prefix.len() + 2);
    // Nearly all strings are their own value.
    if prefix.len() <= ESCAPED_BYTES_MAX && !prefix.as_bytes().contains(&0) {
        value.extend_from_slice(prefix.as_bytes());
        return value;
    }
    for character in prefix.chars() {
        let escaped_bytes = character.len_utf8() + usize::from(character == '\0');
        if value.len() + escaped_bytes > ESCAPED_BYTES_MAX {
            break;
        }
        value.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        if character == '\0' {
            value.push(0xff);
        }
    }
    value
}

/// The string of a value.
pub fn string(value: &[u8]) -> Option<Cow<'_, str>> {
    let escaped = value.strip_suffix(&[0, 0])?;
    if !escaped.contains(&0) {
        return std::str::from_utf8(escaped).ok().map(Cow::Borrowed);
    }
    let mut string = Vec::with_capacity(escaped.len());
    let mut bytes = escaped.iter();
    while let Some(&byte) = bytes.next() {
        if byte == 0 && bytes.next() != Some(&0xff) {
            return None;
        }
        string.push(byte);
    }
    String::from_utf8(string).ok().map(Cow::Owned)
}

/// The key of the value `normalised` of `field`.
pub fn key(field: FieldId, normalised: &str) -> Vec<u8> {
    FacetKey { field, level: 0, value: &value(normalised) }.to_bytes()
}

/// Puts the key of the value `normalised` of `field` in `buffer`.
pub fn put(buffer: &mut Vec<u8>, field: FieldId, normalised: &str) {
    FacetKey { field, level: 0, value: &value(normalised) }.put(buffer);
}

/// The field, the level and the string of a key.
pub fn parse(key: &[u8]) -> Option<(FieldId, u8, Cow<'_, str>)> {
    let FacetKey { field, level, value } = FacetKey::parse(key)?;
    Some((field, level, string(value)?))
}

/// What the keys of all values of `field` that begin with `prefix` begin with.
pub fn scan_values_with_prefix(field: FieldId, prefix: &str) -> Vec<u8> {
    FacetKey { field, level: 0, value: &value_prefix(prefix) }.to_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn round_trip_and_order(a in "[\0\u{1}ab\u{e9}]{0,6}", b in "[\0\u{1}ab\u{e9}]{0,6}") {
            let left = key(3, &a);
            prop_assert_eq!(parse(&left), Some((3, 0, Cow::Borrowed(a.as_str()))));
            prop_assert_eq!(key(3, &a).cmp(&key(3, &b)), a.cmp(&b));
            prop_assert!(a == b || !key(3, &a).starts_with(&key(3, &b)));
            let scan = scan_values_with_prefix(3, &b);
            prop_assert_eq!(key(3, &a).starts_with(&scan), a.starts_with(&b));
        }

        #[test]
        fn any_string_fits_a_key(text in any::<String>(), zeros in 0..600usize) {
            let text = "\0".repeat(zeros) + &text.repeat(20);
            let key = key(3, &text);
            prop_assert!(key.len() <= 3 + ESCAPED_BYTES_MAX + 2);
            prop_assert!(text.starts_with(&*parse(&key).unwrap().2));
        }
    }

    #[test]
    fn other_bytes_are_no_value() {
        assert_eq!(string(b"abc"), None);
        assert_eq!(string(b"a\0b\0\0"), None);
        assert_eq!(string(b"\xff\0\0"), None);
    }
}
