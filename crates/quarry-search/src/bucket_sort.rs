//! Rules in order, bucket by bucket: the first rule splits the universe, the next one each of its buckets, and
//! so on, as far as the wanted documents need it. What no rule tells apart stays in the order of ids.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use quarry_index::DocumentId;
use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::deadline::Deadline;
use crate::distinct::Distinct;
use crate::explain;
use crate::graph::QueryGraph;
use crate::graph::removal::RemovalOrder;
use crate::ranking::Rule;
use crate::request::Window;
use crate::score::{ScoreDetail, global_score};

/// A document with what each rule said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedDocument {
    /// Its id.
    pub document: DocumentId,
    /// One entry per rule that ran, in order.
    pub details: Arc<[ScoreDetail]>,
}

/// How documents are ranked.
pub(crate) struct BucketSort<'c, 'i> {
    pub context: &'c SearchContext<'i>,
    pub rules: &'c [Rule],
    pub removal: &'c RemovalOrder,
    pub distinct: Option<&'c Distinct<'i>>,
    pub threshold: Option<f64>,
    pub deadline: Deadline,
    pub window: Window,
    pub outcome: Outcome,
    /// What the rules above said of the bucket at work.
    pub details: Vec<ScoreDetail>,
    /// Documents that went by, before the window or into it.
    pub passed: usize,
}

/// What ranking gave.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The documents of the window.
    pub documents: Vec<RankedDocument>,
    /// Documents that share a value with one that went by.
    pub excluded: RoaringBitmap,
    /// Documents below the threshold.
    pub dropped: RoaringBitmap,
    /// Whether time was over before ranking was.
    pub degraded: bool,
}

impl BucketSort<'_, '_> {
    /// Ranks `universe`.
    pub(crate) fn run(
        mut self,
        universe: RoaringBitmap,
        graph: Rc<QueryGraph>,
    ) -> Result<Outcome, StorageError> {
        self.split(0, universe, &graph)?;
        Ok(self.outcome)
    }

    fn is_full(&self) -> bool {
        self.outcome.documents.len() >= self.window.length
    }

    /// Splits a bucket by the rules from `level` on.
    fn split(
        &mut self,
        level: usize,
        mut remaining: RoaringBitmap,
        graph: &Rc<QueryGraph>,
    ) -> Result<(), StorageError> {
        remaining -= &self.outcome.excluded;
        if self.is_full() || remaining.is_empty() {
            return Ok(());
        }
        let Some(rule) = self.rules.get(level) else { return self.emit(&remaining) };
        if self.passed as u64 + remaining.len() <= self.window.offset as u64 {
            return self.emit(&remaining);
        }
        if self.deadline.is_over() {
            return self.give_up(&remaining);
        }
        let hands_graph_on = self.rules[level + 1..].iter().any(Rule::reads_graph);
        let mut started = Instant::now();
        let mut buckets = rule.start(self.context, self.removal, &remaining, graph, hands_graph_on)?;
        while !remaining.is_empty() && !self.is_full() {
            if self.deadline.is_over() {
                return self.give_up(&remaining);
            }
            let Some(bucket) = buckets.next(self.context, &remaining)? else {
                // No rule leaves documents out: what it has nothing to say about is for the next one.
                return self.split(level + 1, remaining, graph);
            };
            explain::bucket(rule, level, &bucket, started);
            remaining -= &bucket.documents;
            self.details.push(bucket.detail);
            if self.is_below_threshold() {
                self.details.pop();
                self.outcome.dropped |= &bucket.documents;
                self.outcome.dropped |= &remaining;
                return Ok(());
            }
            self.split(level + 1, bucket.documents, &bucket.graph)?;
            self.details.pop();
            remaining -= &self.outcome.excluded;
            started = Instant::now();
        }
        Ok(())
    }

    fn is_below_threshold(&self) -> bool {
        self.threshold.is_some_and(|threshold| global_score(&self.details) < threshold)
    }

    /// Out of time: the rest of a bucket as it is.
    fn give_up(&mut self, remaining: &RoaringBitmap) -> Result<(), StorageError> {
        self.outcome.degraded = true;
        self.details.push(ScoreDetail::Skipped);
        if self.is_below_threshold() {
            self.outcome.dropped |= remaining;
        } else {
            self.emit(remaining)?;
        }
        self.details.pop();
        Ok(())
    }

    /// Lets the documents of a bucket go by, in the order of ids.
    fn emit(&mut self, documents: &RoaringBitmap) -> Result<(), StorageError> {
        let details: Arc<[ScoreDetail]> = self.details.as_slice().into();
        // A bucket of rules counts as a whole in what it excludes; documents that nothing ranks do not.
        let excludes_to_the_end = self.distinct.is_some() && !self.rules.is_empty();
        for document in documents {
            if self.is_full() && !excludes_to_the_end {
                break;
            }
            if let Some(distinct) = self.distinct {
                if self.outcome.excluded.contains(document) {
                    continue;
                }
                distinct.exclude_others(document, &mut self.outcome.excluded)?;
            }
            self.passed += 1;
            if self.passed > self.window.offset && !self.is_full() {
                self.outcome.documents.push(RankedDocument { document, details: Arc::clone(&details) });
            }
        }
        Ok(())
    }
}
