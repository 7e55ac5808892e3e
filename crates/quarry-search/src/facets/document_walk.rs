//! Counting by document: reads what each candidate holds. Cheap for few candidates, whatever the values.

use std::collections::BTreeMap;

use quarry_index::keys::{document_facet, facet_number, facet_string};
use quarry_index::{DocumentId, FieldId, Snapshot, number_text};
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use super::counted::Shown;
use super::field_facet::Kinds;

/// The values of one field in some documents.
#[derive(Debug, Default)]
pub(super) struct DocumentWalk {
    numbers: BTreeMap<Vec<u8>, Vec<DocumentId>>,
    strings: BTreeMap<Vec<u8>, Vec<DocumentId>>,
}

impl DocumentWalk {
    /// Reads all candidates.
    pub(super) fn read(
        snapshot: &Snapshot<'_>,
        field: FieldId,
        kinds: Kinds,
        candidates: &RoaringBitmap,
    ) -> Result<DocumentWalk, StorageError> {
        let (tables, txn) = (snapshot.tables(), snapshot.txn());
        let mut walk = DocumentWalk::default();
        for document in candidates {
            let key = document_facet::key(field, document);
            if kinds.numbers
                && let Some(stored) = tables.document_facet_numbers.get(txn, &key)?
            {
                for number in document_facet::numbers(stored) {
                    let value = facet_number::ordered(number).to_vec();
                    walk.numbers.entry(value).or_default().push(document);
                }
            }
            if kinds.strings
                && let Some(stored) = tables.document_facet_strings.get(txn, &key)?
            {
                for (normalised, _) in document_facet::strings(stored) {
                    walk.strings.entry(facet_string::value(normalised)).or_default().push(document);
                }
            }
        }
        walk.join_equal_texts();
        Ok(walk)
    }

    /// A number and the string that shows like it are one value: the number.
    fn join_equal_texts(&mut self) {
        if self.strings.is_empty() {
            return;
        }
        for (value, documents) in &mut self.numbers {
            let Some(number) = number_of(value) else { continue };
            let text = facet_string::value(&number_text::format(number));
            if let Some(others) = self.strings.remove(&text) {
                documents.extend(others);
                documents.sort_unstable();
                documents.dedup();
            }
        }
    }

    /// The least and the greatest number.
    pub(super) fn number_range(&self) -> Option<(f64, f64)> {
        let (min, _) = self.numbers.first_key_value()?;
        let (max, _) = self.numbers.last_key_value()?;
        Some((number_of(min)?, number_of(max)?))
    }

    /// Gives the numbers to `shown`, ascending.
    pub(super) fn give_numbers(&self, shown: &mut Shown) {
        give(&self.numbers, shown);
    }

    /// Gives the strings to `shown`, ascending, without those that show like a number.
    pub(super) fn give_strings(&self, shown: &mut Shown) {
        give(&self.strings, shown);
    }
}

fn give(values: &BTreeMap<Vec<u8>, Vec<DocumentId>>, shown: &mut Shown) {
    for (value, documents) in values {
        if shown.is_complete() {
            break;
        }
        // A document holds a value once, and documents are read in order.
        shown.push(value, documents.len() as u64, documents.first().copied());
    }
}

/// The number of a value of the table of numbers.
pub(super) fn number_of(value: &[u8]) -> Option<f64> {
    Some(facet_number::number(value.try_into().ok()?))
}
