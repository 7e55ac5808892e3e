//! Key of `facet-id-is-null-docids`, `facet-id-is-empty-docids` and `facet-id-exists-docids`: a field.
//!
//! Layout: field (u16, big endian).

use crate::FieldId;

/// The key of `field`.
pub fn key(field: FieldId) -> [u8; 2] {
    field.to_be_bytes()
}

/// The field of a key.
pub fn parse(key: &[u8]) -> Option<FieldId> {
    key.try_into().ok().map(FieldId::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip() {
        assert_eq!(parse(&key(259)), Some(259));
        assert_eq!(parse(&[1]), None);
    }
}
