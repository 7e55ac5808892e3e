//! How many candidates hold each value of a field.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use quarry_storage::{StorageError, Txn};
use roaring::RoaringBitmap;

use crate::order::Direction;
use crate::tree::{Node, Span};
use crate::{FacetTable, FieldId};

/// A value and the candidates that hold it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueCount {
    /// The value, as bytes of the key.
    pub value: Vec<u8>,
    /// Candidates that hold it: one at least.
    pub count: u64,
    /// The lowest of them: its spelling of the value is shown.
    pub first_document: u32,
}

impl FacetTable {
    /// Calls `each` with the values of `field` that some of `candidates` hold, ascending, until it breaks.
    pub fn distribution_by_value(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        candidates: &RoaringBitmap,
        mut each: impl FnMut(ValueCount) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        for found in self.ordered(txn, field, Direction::Ascending, candidates)? {
            let (value, documents) = found?;
            let Some(first_document) = documents.min() else { continue };
            if each(ValueCount { value, count: documents.len(), first_document }).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the values of `field` that some of `candidates` hold, those of most candidates
    /// first and of equal counts the highest value first, until it breaks.
    ///
    /// A group holds at least as many candidates as each of its values, so a group is opened only when no
    /// value met so far has more.
    pub fn distribution_by_count(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        candidates: &RoaringBitmap,
        mut each: impl FnMut(ValueCount) -> ControlFlow<()>,
    ) -> Result<(), StorageError> {
        let Some(top) = self.top_level(txn, field)? else { return Ok(()) };
        let mut heap = BinaryHeap::new();
        self.push_counts(txn, field, (top, &self.whole()), candidates, &mut heap)?;
        while let Some(Counted { count, level, span, first_document }) = heap.pop() {
            if level > 0 {
                self.push_counts(txn, field, (level - 1, &span), candidates, &mut heap)?;
            } else if each(ValueCount { value: span.start, count, first_document }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn push_counts(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        (level, span): (u8, &Span),
        candidates: &RoaringBitmap,
        heap: &mut BinaryHeap<Counted>,
    ) -> Result<(), StorageError> {
        let mut nodes = self.nodes(txn, field, level, span)?;
        while let Some(Node { level, span, postings }) = nodes.next()? {
            let documents = postings.intersection(candidates)?;
            if let Some(first_document) = documents.min() {
                heap.push(Counted { count: documents.len(), level, span, first_document });
            }
        }
        Ok(())
    }
}

/// A node and how many candidates it holds.
#[derive(PartialEq, Eq)]
struct Counted {
    count: u64,
    level: u8,
    span: Span,
    first_document: u32,
}

impl Ord for Counted {
    /// Most candidates first; then groups, which may hold a value of as many; then the highest value.
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |node: &Counted| (node.count, node.level);
        rank(self).cmp(&rank(other)).then_with(|| self.span.start.cmp(&other.span.start))
    }
}

impl PartialOrd for Counted {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
