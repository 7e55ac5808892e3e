//! `=`, `!=` and `IN`.

use quarry_filter::Token;
use quarry_index::FieldId;
use quarry_index::keys::{facet_number, facet_string};
use quarry_storage::{PostingsUnion, StorageError};
use quarry_text::{FACET_VALUE_BYTES_MAX, normalize_facet_uncut};
use roaring::RoaringBitmap;

use super::{Evaluation, FilterEvaluationError};

impl Evaluation<'_> {
    /// The documents that hold the string, or the number if it reads as one.
    pub(super) fn equal(
        &self,
        field: FieldId,
        value: &Token,
    ) -> Result<RoaringBitmap, FilterEvaluationError> {
        self.equal_to_any(field, std::slice::from_ref(value))
    }

    pub(super) fn equal_to_any(
        &self,
        field: FieldId,
        values: &[Token],
    ) -> Result<RoaringBitmap, FilterEvaluationError> {
        let mut found = PostingsUnion::default();
        for value in values {
            self.check_time()?;
            self.add_equal(field, value, &mut found)?;
        }
        Ok(found.finish())
    }

    fn add_equal(
        &self,
        field: FieldId,
        value: &Token,
        found: &mut PostingsUnion,
    ) -> Result<(), StorageError> {
        let (txn, tables) = (self.snapshot.txn(), self.snapshot.tables());
        if let Some(number) = value.finite_number() {
            let key = facet_number::key(field, number);
            if let Some(postings) = tables.facet_numbers.postings().find(txn, &key)? {
                found.add(&postings)?;
            }
        }
        let string = normalize_facet_uncut(value.value());
        // Stored strings are cut at this length, so a longer one equals none; and empty ones are not stored.
        if string.len() <= FACET_VALUE_BYTES_MAX {
            let key = facet_string::key(field, &string);
            if let Some(postings) = tables.facet_strings.postings().find(txn, &key)? {
                found.add(&postings)?;
            }
        }
        Ok(())
    }
}
