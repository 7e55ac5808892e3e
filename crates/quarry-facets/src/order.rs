//! The values of a field in order, each with the candidates that hold it.

use quarry_storage::{StorageError, Txn};
use roaring::RoaringBitmap;

use crate::tree::{Node, Span};
use crate::{FacetTable, FieldId};

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The lowest value first.
    Ascending,
    /// The highest value first.
    Descending,
}

/// Values that some candidate holds, in order. Values without candidates are skipped, group-wise.
pub struct OrderedValues<'t, 'e> {
    table: FacetTable,
    txn: &'t Txn<'e>,
    field: FieldId,
    candidates: RoaringBitmap,
    direction: Direction,
    /// Nodes that hold candidates and were not given yet, the next one last.
    stack: Vec<Found>,
}

struct Found {
    level: u8,
    span: Span,
    documents: RoaringBitmap,
}

impl FacetTable {
    /// The values of `field` that some of `candidates` hold, lowest or highest first.
    ///
    /// A document with several values comes with each of them; tell the iterator which documents are done
    /// ([`OrderedValues::leave_out`]) to have each with its first value only.
    pub fn ordered<'t, 'e>(
        &self,
        txn: &'t Txn<'e>,
        field: FieldId,
        direction: Direction,
        candidates: &RoaringBitmap,
    ) -> Result<OrderedValues<'t, 'e>, StorageError> {
        let candidates = candidates.clone();
        let mut values = OrderedValues { table: *self, txn, field, candidates, direction, stack: Vec::new() };
        if let Some(top) = self.top_level(txn, field)? {
            values.push_nodes(top, &self.whole())?;
        }
        Ok(values)
    }

    /// The lowest or the highest value of `field` that some of `candidates` hold.
    pub fn first_value(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        direction: Direction,
        candidates: &RoaringBitmap,
    ) -> Result<Option<Vec<u8>>, StorageError> {
        let Some(top) = self.top_level(txn, field)? else { return Ok(None) };
        let mut span = self.whole();
        for level in (0..=top).rev() {
            let mut waiting = Vec::new();
            let mut nodes = self.nodes(txn, field, level, &span)?;
            let mut found = None;
            // Upwards the first node that fits ends the walk; downwards nodes are looked at from the end.
            while found.is_none()
                && let Some(node) = nodes.next()?
            {
                match direction {
                    Direction::Ascending => found = holding(node, candidates)?,
                    Direction::Descending => waiting.push(node),
                }
            }
            while found.is_none()
                && let Some(node) = waiting.pop()
            {
                found = holding(node, candidates)?;
            }
            match found {
                Some(found) => span = found,
                None => return Ok(None),
            }
        }
        Ok(Some(span.start))
    }
}

/// Where a node is, if it holds a candidate.
fn holding(node: Node<'_>, candidates: &RoaringBitmap) -> Result<Option<Span>, StorageError> {
    Ok(node.postings.first_in(candidates)?.map(|_| node.span))
}

impl OrderedValues<'_, '_> {
    /// Leaves `documents` out of what comes next.
    pub fn leave_out(&mut self, documents: &RoaringBitmap) {
        self.candidates -= documents;
    }

    /// The candidates that were not left out.
    pub fn candidates(&self) -> &RoaringBitmap {
        &self.candidates
    }

    /// Puts the nodes of `level` in `span` that hold candidates on the stack.
    fn push_nodes(&mut self, level: u8, span: &Span) -> Result<(), StorageError> {
        let first = self.stack.len();
        let mut nodes = self.table.nodes(self.txn, self.field, level, span)?;
        while let Some(Node { level, span, postings }) = nodes.next()? {
            let documents = postings.intersection(&self.candidates)?;
            if !documents.is_empty() {
                self.stack.push(Found { level, span, documents });
            }
        }
        if self.direction == Direction::Ascending {
            self.stack[first..].reverse();
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<(Vec<u8>, RoaringBitmap)>, StorageError> {
        while let Some(Found { level, span, mut documents }) = self.stack.pop() {
            documents &= &self.candidates;
            if documents.is_empty() {
                continue;
            }
            if level == 0 {
                return Ok(Some((span.start, documents)));
            }
            self.push_nodes(level - 1, &span)?;
        }
        Ok(None)
    }
}

impl Iterator for OrderedValues<'_, '_> {
    /// A value and the candidates that hold it.
    type Item = Result<(Vec<u8>, RoaringBitmap), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
