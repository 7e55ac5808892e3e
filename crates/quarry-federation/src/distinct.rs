//! One hit per value of a field, across indexes.

use std::collections::HashSet;

use quarry_index::keys::document_facet;
use quarry_index::{DocumentId, Snapshot, number_text};
use quarry_storage::StorageError;

/// The values of a field that were met.
pub(crate) struct SeenValues<'f> {
    field: &'f str,
    seen: HashSet<String>,
}

impl<'f> SeenValues<'f> {
    pub(crate) fn new(field: &'f str) -> Self {
        SeenValues { field, seen: HashSet::new() }
    }

    /// Whether no accepted hit holds a value of this document, which is accepted then.
    pub(crate) fn accepts(
        &mut self,
        snapshot: &Snapshot<'_>,
        document: DocumentId,
    ) -> Result<bool, StorageError> {
        let values = values(snapshot, self.field, document)?;
        if values.iter().any(|value| self.seen.contains(value)) {
            return Ok(false);
        }
        self.seen.extend(values);
        Ok(true)
    }
}

/// The normalised values of a field: numbers as text, marked so that they differ from texts.
fn values(snapshot: &Snapshot<'_>, field: &str, document: DocumentId) -> Result<Vec<String>, StorageError> {
    let mut values = Vec::new();
    let Some(field) = snapshot.fields().id(field) else { return Ok(values) };
    let (tables, txn) = (snapshot.tables(), snapshot.txn());
    let key = document_facet::key(field, document);
    if let Some(numbers) = tables.document_facet_numbers.get(txn, &key)? {
        values.extend(
            document_facet::numbers(numbers).map(|number| format!("#{}", number_text::format(number))),
        );
    }
    if let Some(strings) = tables.document_facet_strings.get(txn, &key)? {
        values.extend(document_facet::strings(strings).map(|(normalised, _)| format!("\"{normalised}")));
    }
    Ok(values)
}
