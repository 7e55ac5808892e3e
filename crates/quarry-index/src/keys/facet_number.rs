//! Key of `facet-id-f64-docids`: a number of a field, or a group of numbers above it.
//!
//! Layout: field (u16, big endian), level (u8, 0 for values), ordered f64 (8 bytes).
//! Order: by field, level, number.
//!
//! An ordered f64 is the big-endian form of its bits with the sign bit turned for numbers at or above
//! zero and all bits turned for numbers below: bytes then order as the numbers do. `-0` is stored as `0`.
//! NaN does not occur in JSON and is not stored.

use quarry_facets::FacetKey;

use crate::FieldId;

const SIGN: u64 = 1 << 63;

/// The ordered bytes of `number`.
pub fn ordered(number: f64) -> [u8; 8] {
    // Adding zero turns -0 into 0.
    let bits = (number + 0.0).to_bits();
    let ordered = if bits & SIGN == 0 { bits ^ SIGN } else { !bits };
    ordered.to_be_bytes()
}

/// The number of ordered bytes.
pub fn number(ordered: [u8; 8]) -> f64 {
    let ordered = u64::from_be_bytes(ordered);
    f64::from_bits(if ordered & SIGN == 0 { !ordered } else { ordered ^ SIGN })
}

/// The key of the value `number` of `field`.
pub fn key(field: FieldId, number: f64) -> Vec<u8> {
    FacetKey { field, level: 0, value: &ordered(number) }.to_bytes()
}

/// Puts the key of the value `number` of `field` in `buffer`.
pub fn put(buffer: &mut Vec<u8>, field: FieldId, number: f64) {
    FacetKey { field, level: 0, value: &ordered(number) }.put(buffer);
}

/// The field, the level and the number of a key.
pub fn parse(key: &[u8]) -> Option<(FieldId, u8, f64)> {
    let FacetKey { field, level, value } = FacetKey::parse(key)?;
    Some((field, level, number(value.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_zeros_are_one() {
        assert_eq!(ordered(-0.0), ordered(0.0));
    }

    proptest! {
        #[test]
        fn round_trip_and_order(
            a in any::<f64>().prop_filter("JSON has no NaN", |number| !number.is_nan()),
            b in any::<f64>().prop_filter("JSON has no NaN", |number| !number.is_nan()),
        ) {
            prop_assert_eq!(parse(&key(7, a)), Some((7, 0, a)));
            prop_assert_eq!(key(7, a).cmp(&key(7, b)), a.partial_cmp(&b).unwrap());
        }
    }
}
