//! Which documents hold a value between two bounds.

use std::ops::Bound;

use quarry_storage::{StorageError, Txn};
use roaring::RoaringBitmap;

use crate::tree::{Node, Span};
use crate::{FacetTable, FieldId};

impl FacetTable {
    /// The documents that hold a value of `field` between two bounds; with `candidates`, only those of them.
    ///
    /// Groups that lie inside are taken whole; the values are read only at the two ends.
    pub fn range(
        &self,
        txn: &Txn<'_>,
        field: FieldId,
        start: Bound<&[u8]>,
        end: Bound<&[u8]>,
        candidates: Option<&RoaringBitmap>,
    ) -> Result<RoaringBitmap, StorageError> {
        let mut found = RoaringBitmap::new();
        let Some(top) = self.top_level(txn, field)? else { return Ok(found) };
        let wanted = self.wanted_span(start, end);
        if wanted.end.as_ref().is_none_or(|end| wanted.start < *end) {
            let walk = Walk { table: self, txn, field, wanted: &wanted, candidates };
            walk.collect(top, &self.whole(), &mut found)?;
        }
        if let Some(candidates) = candidates {
            found &= candidates;
        }
        Ok(found)
    }

    /// The documents that hold some value of `field`, whatever it is.
    pub fn all_documents(&self, txn: &Txn<'_>, field: FieldId) -> Result<RoaringBitmap, StorageError> {
        self.range(txn, field, Bound::Unbounded, Bound::Unbounded, None)
    }

    /// Two bounds as a span. No value begins with another, so nothing lies between a value and the same
    /// value followed by a zero byte.
    fn wanted_span(&self, start: Bound<&[u8]>, end: Bound<&[u8]>) -> Span {
        let after = |value: &[u8]| [value, &[0]].concat();
        Span {
            start: match start {
                Bound::Unbounded => self.kind.lowest_value().to_vec(),
                Bound::Included(value) => value.to_vec(),
                Bound::Excluded(value) => after(value),
            },
            end: match end {
                Bound::Unbounded => None,
                Bound::Included(value) => Some(after(value)),
                Bound::Excluded(value) => Some(value.to_vec()),
            },
        }
    }
}

struct Walk<'w, 't> {
    table: &'w FacetTable,
    txn: &'w Txn<'t>,
    field: FieldId,
    wanted: &'w Span,
    candidates: Option<&'w RoaringBitmap>,
}

impl Walk<'_, '_> {
    fn collect(&self, level: u8, span: &Span, found: &mut RoaringBitmap) -> Result<(), StorageError> {
        let clipped;
        let span = if level == 0 {
            clipped = self.clip(span);
            &clipped
        } else {
            span
        };
        let mut nodes = self.table.nodes(self.txn, self.field, level, span)?;
        while let Some(node) = nodes.next()? {
            if self.is_below(&node.span) {
                continue;
            }
            if self.is_above(&node.span) {
                break;
            }
            if node.is_value() || self.holds(&node.span) {
                self.add(&node, found)?;
            } else {
                self.collect(level - 1, &node.span, found)?;
            }
        }
        Ok(())
    }

    fn add(&self, node: &Node<'_>, found: &mut RoaringBitmap) -> Result<(), StorageError> {
        match self.candidates {
            Some(candidates) => *found |= node.postings.intersection(candidates)?,
            None => node.postings.union_into(found)?,
        }
        Ok(())
    }

    /// Values are looked up only where they are wanted.
    fn clip(&self, span: &Span) -> Span {
        let end = match (&span.end, &self.wanted.end) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.as_ref().or(b.as_ref()),
        };
        Span { start: span.start.clone().max(self.wanted.start.clone()), end: end.cloned() }
    }

    fn is_below(&self, span: &Span) -> bool {
        span.end.as_ref().is_some_and(|end| *end <= self.wanted.start)
    }

    fn is_above(&self, span: &Span) -> bool {
        self.wanted.end.as_ref().is_some_and(|end| span.start >= *end)
    }

    fn holds(&self, span: &Span) -> bool {
        let ends_inside = match (&span.end, &self.wanted.end) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(end), Some(wanted)) => end <= wanted,
        };
        span.start >= self.wanted.start && ends_inside
    }
}
