//! `EXISTS`, `IS NULL` and `IS EMPTY`.

use quarry_index::FieldId;
use quarry_index::keys::field;
use quarry_storage::{PostingsTable, StorageError};
use roaring::RoaringBitmap;

use super::Evaluation;

impl Evaluation<'_> {
    /// The documents that have the field, whatever it holds.
    pub(super) fn exists(&self, field: FieldId) -> Result<RoaringBitmap, StorageError> {
        self.documents_of(&self.snapshot.tables().facet_exists, field)
    }

    /// The documents where the field itself is null.
    pub(super) fn is_null(&self, field: FieldId) -> Result<RoaringBitmap, StorageError> {
        self.documents_of(&self.snapshot.tables().facet_null, field)
    }

    /// The documents where the field itself is `""`, `[]` or `{}`.
    pub(super) fn is_empty(&self, field: FieldId) -> Result<RoaringBitmap, StorageError> {
        self.documents_of(&self.snapshot.tables().facet_empty, field)
    }

    fn documents_of(&self, table: &PostingsTable, field: FieldId) -> Result<RoaringBitmap, StorageError> {
        Ok(table.get(self.snapshot.txn(), &field::key(field))?.unwrap_or_default())
    }
}
