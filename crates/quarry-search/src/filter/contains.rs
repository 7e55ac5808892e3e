//! `CONTAINS` and `STARTS WITH`: parts of strings. Numbers are left aside.

use std::ops::Bound;

use memchr::memmem::Finder;
use quarry_facets::FacetKey;
use quarry_filter::Token;
use quarry_index::FieldId;
use quarry_index::keys::facet_string;
use quarry_storage::StorageError;
use quarry_text::normalize_facet_uncut;
use roaring::RoaringBitmap;

use super::Evaluation;

impl Evaluation<'_> {
    /// The documents with a string that has `part` anywhere. Reads all strings of the field.
    pub(super) fn contains(&self, field: FieldId, part: &Token) -> Result<RoaringBitmap, StorageError> {
        // Escaping goes character by character, so that an escaped part is a part of the escaped string.
        let part = facet_string::value_prefix(&normalize_facet_uncut(part.value()));
        let finder = Finder::new(&part);
        let postings = self.snapshot.tables().facet_strings.postings();
        let mut found = RoaringBitmap::new();
        let mut values = postings.cursor(self.snapshot.txn(), &FacetKey::scan_level(field, 0))?;
        while let Some((key, documents)) = values.next()? {
            if finder.find(FacetKey::value_of(key)?).is_some() {
                documents.union_into(&mut found)?;
            }
        }
        Ok(found)
    }

    /// The documents with a string that begins with `prefix`; an empty one asks only for the field.
    pub(super) fn starts_with(&self, field: FieldId, prefix: &Token) -> Result<RoaringBitmap, StorageError> {
        let start = facet_string::value_prefix(&normalize_facet_uncut(prefix.value()));
        if start.is_empty() {
            return self.exists(field);
        }
        let mut end = start.clone();
        // No byte of a value's text is 0xFF, but the one that follows an escaped zero.
        while end.last() == Some(&0xff) {
            end.pop();
        }
        if let Some(last) = end.last_mut() {
            *last += 1;
        }
        let strings = &self.snapshot.tables().facet_strings;
        strings.range(self.snapshot.txn(), field, Bound::Included(&start), Bound::Excluded(&end), None)
    }
}
