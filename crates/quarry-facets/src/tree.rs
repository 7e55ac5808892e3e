//! Walking down the tree: the nodes of a level, each with where it begins and where the next one begins.

use std::ops::Bound;

use quarry_storage::{Postings, PostingsCursor, StorageError, Txn};

use crate::{FacetKey, FacetTable, FieldId};

/// A span of values: from `start`, included, to `end`, excluded (`None`: to the end of the field).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: Vec<u8>,
    pub(crate) end: Option<Vec<u8>>,
}

/// One value, or one group of values.
pub(crate) struct Node<'t> {
    pub(crate) level: u8,
    /// For a value: the value, and where the next one begins.
    pub(crate) span: Span,
    pub(crate) postings: Postings<'t>,
}

impl Node<'_> {
    /// The value, if it is one and not a group.
    pub(crate) fn into_value(self) -> Vec<u8> {
        self.span.start
    }

    pub(crate) fn is_value(&self) -> bool {
        self.level == 0
    }
}

/// The nodes of one level in a span, ascending.
pub(crate) struct Nodes<'t> {
    cursor: PostingsCursor<'t>,
    level: u8,
    end: Option<Vec<u8>>,
    /// The node that was read last: where it ends is known once the next one is read.
    waiting: Option<(Vec<u8>, Postings<'t>)>,
}

impl FacetTable {
    /// The whole of a field.
    pub(crate) fn whole(&self) -> Span {
        Span { start: self.kind.lowest_value().to_vec(), end: None }
    }

    /// The nodes of `level` that begin in `span`.
    pub(crate) fn nodes<'t>(
        &self,
        txn: &'t Txn<'_>,
        field: FieldId,
        level: u8,
        span: &Span,
    ) -> Result<Nodes<'t>, StorageError> {
        let start = FacetKey { field, level, value: &span.start }.to_bytes();
        let end = match &span.end {
            Some(end) => FacetKey { field, level, value: end }.to_bytes(),
            None => FacetKey::scan_level(field, level + 1).to_vec(),
        };
        let mut cursor = self.postings.range_cursor(txn, Bound::Included(&start), Bound::Excluded(&end))?;
        let waiting = next_entry(&mut cursor)?;
        Ok(Nodes { cursor, level, end: span.end.clone(), waiting })
    }
}

impl<'t> Nodes<'t> {
    /// The next node; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Node<'t>>, StorageError> {
        let Some((start, postings)) = self.waiting.take() else { return Ok(None) };
        self.waiting = next_entry(&mut self.cursor)?;
        let end = self.waiting.as_ref().map(|(next, _)| next.clone()).or_else(|| self.end.clone());
        Ok(Some(Node { level: self.level, span: Span { start, end }, postings }))
    }
}

fn next_entry<'t>(cursor: &mut PostingsCursor<'t>) -> Result<Option<(Vec<u8>, Postings<'t>)>, StorageError> {
    let Some((key, postings)) = cursor.next()? else { return Ok(None) };
    Ok(Some((FacetKey::value_of(key)?.to_vec(), postings)))
}
