//! `>`, `>=`, `<`, `<=` and `TO`.
//!
//! Numbers are compared with numbers and strings with strings; a document matches if one of its values of either kind
//! does. Bounds that do not read as numbers select no numbers.

use std::ops::Bound;

use quarry_filter::{Operator, Token};
use quarry_index::FieldId;
use quarry_index::keys::{facet_number, facet_string};
use quarry_storage::StorageError;
use quarry_text::normalize_facet_uncut;
use roaring::RoaringBitmap;

use super::Evaluation;

impl Evaluation<'_> {
    /// The documents with a value in the range that `operator` gives; none for other operators.
    pub(super) fn range(&self, field: FieldId, operator: &Operator) -> Result<RoaringBitmap, StorageError> {
        let (from, to) = match operator {
            Operator::GreaterThan(value) => (Bound::Excluded(value), Bound::Unbounded),
            Operator::GreaterThanOrEqual(value) => (Bound::Included(value), Bound::Unbounded),
            Operator::LowerThan(value) => (Bound::Unbounded, Bound::Excluded(value)),
            Operator::LowerThanOrEqual(value) => (Bound::Unbounded, Bound::Included(value)),
            Operator::Between { from, to } => (Bound::Included(from), Bound::Included(to)),
            _ => return Ok(RoaringBitmap::new()),
        };
        let (txn, tables) = (self.snapshot.txn(), self.snapshot.tables());
        let (start, end) = (string_value(from), string_value(to));
        let (start, end) = (start.as_ref().map(Vec::as_slice), end.as_ref().map(Vec::as_slice));
        let mut found = tables.facet_strings.range(txn, field, start, end, None)?;
        if let (Some(start), Some(end)) = (number_value(from), number_value(to)) {
            let (start, end) =
                (start.as_ref().map(<[u8; 8]>::as_slice), end.as_ref().map(<[u8; 8]>::as_slice));
            found |= tables.facet_numbers.range(txn, field, start, end, None)?;
        }
        Ok(found)
    }
}

/// A bound as the bytes that strings are stored under.
fn string_value(bound: Bound<&Token>) -> Bound<Vec<u8>> {
    bound.map(|token| facet_string::value(&normalize_facet_uncut(token.value())))
}

/// A bound as the bytes that numbers are stored under; none if it is no number.
fn number_value(bound: Bound<&Token>) -> Option<Bound<[u8; 8]>> {
    Some(match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(token) => Bound::Included(facet_number::ordered(token.finite_number()?)),
        Bound::Excluded(token) => Bound::Excluded(facet_number::ordered(token.finite_number()?)),
    })
}
