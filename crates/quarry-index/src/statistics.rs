//! What is known about the documents as a whole.
//!
//! - The set of all document ids is the set `ALL` of the table `document-sets`: one changed document
//!   rewrites one block of it. Its length is the number of documents.
//! - Entry `field-distribution` of `main`: for each top-level field that some document has, by id: field
//!   (varint), documents that have it (varint).
//! - Entries `created-at` and `updated-at` of `main`: nanoseconds since 1970-01-01 UTC (i128, little endian).

use std::collections::BTreeMap;

use quarry_storage::{StorageError, Txn, WriteTxn};
use roaring::RoaringBitmap;
use time::OffsetDateTime;

use crate::keys::document_set;
use crate::{FieldId, Fields, Tables, main_table, varint};

/// The ids of all documents.
pub fn documents_ids(tables: &Tables, txn: &Txn<'_>) -> Result<RoaringBitmap, StorageError> {
    Ok(tables.document_sets.get(txn, &document_set::ALL)?.unwrap_or_default())
}

/// Number of documents.
pub fn documents_count(tables: &Tables, txn: &Txn<'_>) -> Result<u64, StorageError> {
    tables.document_sets.len_of(txn, &document_set::ALL)
}

/// How many documents have each top-level field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldDistribution {
    documents_count: BTreeMap<FieldId, u64>,
}

impl FieldDistribution {
    /// The stored distribution.
    pub fn read(tables: &Tables, txn: &Txn<'_>) -> Result<FieldDistribution, StorageError> {
        let bytes = tables.main.get(txn, main_table::FIELD_DISTRIBUTION)?.unwrap_or_default();
        FieldDistribution::decode(bytes).ok_or(main_table::damaged("the field distribution cannot be read"))
    }

    /// Stores the distribution.
    pub fn write(&self, tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        let mut bytes = Vec::new();
        for (&field, &count) in &self.documents_count {
            varint::put(&mut bytes, u64::from(field));
            varint::put(&mut bytes, count);
        }
        tables.main.put(txn, main_table::FIELD_DISTRIBUTION, &bytes)
    }

    fn decode(mut bytes: &[u8]) -> Option<FieldDistribution> {
        let mut documents_count = BTreeMap::new();
        while !bytes.is_empty() {
            let field = FieldId::try_from(varint::take(&mut bytes)?).ok()?;
            documents_count.insert(field, varint::take(&mut bytes)?);
        }
        Some(FieldDistribution { documents_count })
    }

    /// Counts documents that gained `field` (above zero) or lost it (below).
    pub fn add(&mut self, field: FieldId, documents: i64) {
        let count = self.documents_count.entry(field).or_default();
        *count = count.saturating_add_signed(documents);
        if *count == 0 {
            self.documents_count.remove(&field);
        }
    }

    /// Documents that have `field`.
    pub fn documents_with(&self, field: FieldId) -> u64 {
        self.documents_count.get(&field).copied().unwrap_or_default()
    }

    /// Forgets every document.
    pub fn clear(&mut self) {
        self.documents_count.clear();
    }

    /// By name, as statistics show it.
    pub fn by_name(&self, fields: &Fields) -> BTreeMap<String, u64> {
        let named =
            self.documents_count.iter().filter_map(|(&field, &count)| Some((fields.get(field)?, count)));
        named.map(|(name, count)| (name.to_owned(), count)).collect()
    }
}

/// When the index was created, and when it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dates {
    /// Creation of the index.
    pub created_at: OffsetDateTime,
    /// The last batch that changed it.
    pub updated_at: OffsetDateTime,
}

impl Dates {
    /// The stored dates.
    pub fn read(tables: &Tables, txn: &Txn<'_>) -> Result<Dates, StorageError> {
        let date = |name| -> Result<OffsetDateTime, StorageError> {
            let bytes = tables.main.get(txn, name)?.ok_or(main_table::damaged("a date is missing"))?;
            let bytes = bytes.try_into().map_err(|_| main_table::damaged("a date is not 16 bytes"))?;
            OffsetDateTime::from_unix_timestamp_nanos(i128::from_le_bytes(bytes))
                .map_err(|_| main_table::damaged("a date is out of range"))
        };
        Ok(Dates { created_at: date(main_table::CREATED_AT)?, updated_at: date(main_table::UPDATED_AT)? })
    }

    /// Stores both dates: at creation, and when an index is imported.
    pub fn write(&self, tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        let bytes = |date: OffsetDateTime| date.unix_timestamp_nanos().to_le_bytes();
        tables.main.put(txn, main_table::CREATED_AT, &bytes(self.created_at))?;
        tables.main.put(txn, main_table::UPDATED_AT, &bytes(self.updated_at))
    }
}

/// Says that the index changed now.
pub fn touch(tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
    let now = OffsetDateTime::now_utc().unix_timestamp_nanos().to_le_bytes();
    tables.main.put(txn, main_table::UPDATED_AT, &now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_field_without_documents_is_forgotten() {
        let mut distribution = FieldDistribution::default();
        distribution.add(3, 2);
        distribution.add(1, 1);
        distribution.add(1, -1);
        let mut fields = Fields::default();
        for name in ["a", "b", "c", "d"] {
            fields.insert(name).unwrap();
        }
        assert_eq!(distribution.by_name(&fields), BTreeMap::from([("d".to_owned(), 2)]));
        assert_eq!((distribution.documents_with(3), distribution.documents_with(1)), (2, 0));
    }
}
