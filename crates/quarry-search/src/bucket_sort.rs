//! Rules in order, bucket by bucket: the first rule splits the universe, the next one each of its buckets, and
//! so on, as far as the wanted documents need it. What no rule tells apart stays in the order of ids.
//!
//! The rules at work are a list, not calls within calls: a request may name more rules than a thread's stack could hold.

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
use crate::ranking::{Buckets, Rule};
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
    /// The place of the last rule that reads the query graph.
    pub last_reader_of_graph: usize,
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

/// A rule that splits a bucket of the rule before it.
struct RuleAtWork<'c, 'i> {
    /// Its place among the rules.
    level: usize,
    /// Details of the bucket that it splits.
    details_count: usize,
    /// What came in none of its buckets yet.
    remaining: RoaringBitmap,
    graph: Rc<QueryGraph>,
    buckets: Box<dyn Buckets<'i> + 'c>,
    /// When it was set to work, until its first bucket.
    started: Option<Instant>,
}

impl<'c, 'i> BucketSort<'c, 'i> {
    /// Ranks `universe`.
    pub(crate) fn run(
        mut self,
        universe: RoaringBitmap,
        graph: Rc<QueryGraph>,
    ) -> Result<Outcome, StorageError> {
        let mut at_work = Vec::new();
        at_work.extend(self.start_rule(0, universe, graph)?);
        while let Some(rule) = at_work.pop() {
            self.take_bucket(rule, &mut at_work)?;
        }
        Ok(self.outcome)
    }

    fn is_full(&self) -> bool {
        self.outcome.documents.len() >= self.window.length
    }

    /// Sets the rule of `level` to work on a bucket of the rule before; none if the bucket needs no splitting, and has
    /// gone by.
    fn start_rule(
        &mut self,
        level: usize,
        mut remaining: RoaringBitmap,
        graph: Rc<QueryGraph>,
    ) -> Result<Option<RuleAtWork<'c, 'i>>, StorageError> {
        remaining -= &self.outcome.excluded;
        if self.is_full() || remaining.is_empty() {
            return Ok(None);
        }
        let goes_by = self.passed as u64 + remaining.len() <= self.window.offset as u64;
        let Some(rule) = self.rules.get(level).filter(|_| !goes_by) else {
            self.emit(&remaining)?;
            return Ok(None);
        };
        if self.deadline.is_over() {
            self.give_up(&remaining)?;
            return Ok(None);
        }
        let hands_graph_on = level < self.last_reader_of_graph;
        let started = Some(Instant::now());
        let buckets = rule.start(self.context, self.removal, &remaining, &graph, hands_graph_on)?;
        let details_count = self.details.len();
        Ok(Some(RuleAtWork { level, details_count, remaining, graph, buckets, started }))
    }

    /// Hands the next bucket of a rule to the rule after it.
    ///
    /// - `at_work`: the rules before it; a rule that may give more buckets goes back to them
    fn take_bucket(
        &mut self,
        mut rule: RuleAtWork<'c, 'i>,
        at_work: &mut Vec<RuleAtWork<'c, 'i>>,
    ) -> Result<(), StorageError> {
        self.details.truncate(rule.details_count);
        rule.remaining -= &self.outcome.excluded;
        if self.is_full() || rule.remaining.is_empty() {
            return Ok(());
        }
        if self.deadline.is_over() {
            return self.give_up(&rule.remaining);
        }
        let started = rule.started.take().unwrap_or_else(Instant::now);
        let next_level = rule.level + 1;
        let Some(bucket) = rule.buckets.next(self.context, &rule.remaining)? else {
            // No rule leaves documents out: what it has nothing to say about is for the next one.
            at_work.extend(self.start_rule(next_level, rule.remaining, rule.graph)?);
            return Ok(());
        };
        explain::bucket(&self.rules[rule.level], rule.level, &bucket, started);
        rule.remaining -= &bucket.documents;
        self.details.push(bucket.detail);
        if self.is_below_threshold() {
            self.outcome.dropped |= &bucket.documents;
            self.outcome.dropped |= &rule.remaining;
            return Ok(());
        }
        // A rule whose last bucket was taken is let go at once: documents that all rules hold for equal cost the memory
        // of one rule, however many there are.
        if !rule.remaining.is_empty() {
            at_work.push(rule);
        }
        at_work.extend(self.start_rule(next_level, bucket.documents, bucket.graph)?);
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
