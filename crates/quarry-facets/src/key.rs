//! Key of a value, or of a group of values.
//!
//! Layout: field (u16, big endian), level (u8: 0 for values, above for groups), value. The value of a group
//! is the one it begins at; the first group of a level begins at the lowest possible value.
//! Order: by field, level, value: one level of one field is one scan.

use quarry_storage::StorageError;

use crate::FieldId;

/// The parts of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FacetKey<'v> {
    /// The field.
    pub field: FieldId,
    /// 0 for a value; the level of a group.
    pub level: u8,
    /// The value, or the first possible value of the group.
    pub value: &'v [u8],
}

impl<'v> FacetKey<'v> {
    /// Bytes before the value.
    const VALUE_START: usize = 3;

    /// The key as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(FacetKey::VALUE_START + self.value.len());
        self.put(&mut bytes);
        bytes
    }

    /// Replaces the content of `buffer` by the key.
    pub fn put(&self, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&FacetKey::scan_level(self.field, self.level));
        buffer.extend_from_slice(self.value);
    }

    /// The parts of `key`; `None` when it is too short.
    pub fn parse(key: &'v [u8]) -> Option<FacetKey<'v>> {
        let (&[high, low, level], value) = key.split_first_chunk()?;
        Some(FacetKey { field: FieldId::from_be_bytes([high, low]), level, value })
    }

    /// The value of `key`, as a cursor over one level of a field gives it.
    ///
    /// # Errors
    /// [`StorageError::Corrupted`] when the key is too short: a damaged table holds any bytes.
    pub fn value_of(key: &[u8]) -> Result<&[u8], StorageError> {
        let damaged = StorageError::Corrupted { table: "facets", detail: "a key is too short" };
        key.get(FacetKey::VALUE_START..).ok_or(damaged)
    }

    /// What all keys of one level of a field begin with.
    pub fn scan_level(field: FieldId, level: u8) -> [u8; FacetKey::VALUE_START] {
        let [high, low] = field.to_be_bytes();
        [high, low, level]
    }

    /// What all keys of a field begin with.
    pub fn scan_field(field: FieldId) -> [u8; 2] {
        field.to_be_bytes()
    }
}
