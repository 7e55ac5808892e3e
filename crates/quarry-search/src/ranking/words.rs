//! `words`: documents that match more of the query first. Words are given up in the order of the matching
//! strategy, one step after the other.
//!
//! The universe of a search comes from here too: what matches when all is given up that may be.

use std::rc::Rc;

use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::cheapest_paths::{CheapestPaths, Edge, EdgeCosts, EdgeDocuments};
use crate::graph::rebuild::GraphBuilder;
use crate::graph::removal::RemovalOrder;
use crate::graph::{NodeTerm, QueryGraph};
use crate::query::TermKind;
use crate::ranking::graph_rule::Start;
use crate::ranking::{Bucket, Buckets};
use crate::score::{Rank, ScoreDetail};
use crate::space::{LargeSpace, SmallSpace, Space};

/// What going by a term costs: its words.
struct Skips;

impl EdgeCosts for Skips {
    type Prepared<'i, S: Space> = ();

    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        if right.is_skipped { context.term(right.term).words_count() } else { 0 }
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        space: &S,
        left: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let (term, documents) = if right.is_skipped {
            (None, EdgeDocuments::Known(space.all()))
        } else {
            (Some(right), EdgeDocuments::Deferred(0))
        };
        Ok(vec![Edge { cost: self.largest_cost(context, left, right), term, documents }])
    }

    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        (): &(),
        right: NodeTerm,
        _: u16,
    ) -> Result<S::Set, StorageError> {
        Ok(space.project(&*context.node_documents(right)?))
    }
}

/// The documents of `candidates` that match the query when all is given up that may be.
pub(crate) fn matching_documents(
    context: &SearchContext<'_>,
    graph: &QueryGraph,
    removal: &RemovalOrder,
    candidates: RoaringBitmap,
) -> Result<RoaringBitmap, StorageError> {
    let space = LargeSpace::new(candidates);
    let mut paths = CheapestPaths::new(context, &Skips, &space, &removal.given_up(graph))?;
    let mut matching = Rc::default();
    for cost in 0..=paths.cost_max {
        LargeSpace::unite(&mut matching, paths.documents_at(context, &Skips, &space, cost)?);
    }
    Ok(Rc::unwrap_or_clone(matching))
}

/// Sets the rule to work.
pub(crate) fn start<'c, 'i>(
    start: &Start<'_, 'c, 'i>,
    removal: &RemovalOrder,
) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
    match SmallSpace::new(start.universe) {
        Some(space) => Ok(Box::new(WordsBuckets::new(start, removal, space)?)),
        None => {
            let space = LargeSpace::new(start.universe.clone());
            Ok(Box::new(WordsBuckets::new(start, removal, space)?))
        }
    }
}

/// The rule at work.
struct WordsBuckets<'i, S: Space> {
    space: S,
    paths: CheapestPaths<'i, S, Skips>,
    /// Words of phrases that show in the rank beside the first.
    more_words_in_phrases: u32,
    next_cost: u32,
}

impl<'i, S: Space> WordsBuckets<'i, S> {
    fn new(start: &Start<'_, '_, 'i>, removal: &RemovalOrder, space: S) -> Result<Self, StorageError> {
        let graph = removal.with_ways_around(start.graph);
        let paths = CheapestPaths::new(start.context, &Skips, &space, &graph)?;
        let more_words_in_phrases = words_in_phrases(start.context, start.graph).saturating_sub(1);
        Ok(WordsBuckets { space, paths, more_words_in_phrases, next_cost: 0 })
    }
}

fn words_in_phrases(context: &SearchContext<'_>, graph: &QueryGraph) -> u32 {
    let words_of = |node: NodeTerm| match context.term(node.term).kind {
        TermKind::Phrase(phrase) => context.phrase_words(phrase).iter().flatten().count() as u32,
        TermKind::Word | TermKind::Ngram => 0,
    };
    graph.terms().map(words_of).sum()
}

impl<'i, S: Space> Buckets<'i> for WordsBuckets<'i, S> {
    fn next(
        &mut self,
        context: &SearchContext<'i>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        let remaining = self.space.project(remaining);
        while self.next_cost <= self.paths.cost_max {
            let cost = self.next_cost;
            self.next_cost += 1;
            let matching = self.paths.documents_at(context, &Skips, &self.space, cost)?;
            let bucket = self.space.intersection(matching, &remaining);
            if S::is_empty(&bucket) {
                continue;
            }
            let mut builder = GraphBuilder::default();
            let first = self.paths.paths(&self.space, cost, &bucket, &mut builder);
            let rank_max = self.paths.cost_max + 1 + self.more_words_in_phrases;
            return Ok(Some(Bucket {
                documents: self.space.to_bitmap(&bucket),
                graph: Rc::new(builder.build(&first)),
                detail: ScoreDetail::Words(Rank { rank: rank_max - cost, rank_max }),
            }));
        }
        Ok(None)
    }
}
