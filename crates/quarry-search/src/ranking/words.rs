//! `words`: documents that match more of the query first. Words are given up in the order of the matching
//! strategy, one step after the other.
//!
//! The universe of a search comes from here too: what matches when all is given up that may be.

use std::rc::Rc;

use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::cheapest_paths::{CheapestPaths, Edge, EdgeCosts, EdgeDocuments, largest_cost};
use crate::graph::rebuild::GraphBuilder;
use crate::graph::removal::RemovalOrder;
use crate::graph::{NodeTerm, QueryGraph};
use crate::query::TermKind;
use crate::ranking::graph_rule::Start;
use crate::ranking::{Bucket, Buckets};
use crate::score::{Rank, ScoreDetail};
use crate::space::{LargeSpace, SmallSpace, Space};

/// The terms after some steps of giving up.
struct AfterSteps<'r> {
    removal: &'r RemovalOrder,
    steps: u8,
}

impl EdgeCosts for AfterSteps<'_> {
    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        if self.removal.is_removed(right.term, self.steps) {
            context.term(right.term).words_count()
        } else {
            0
        }
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        space: &S,
        left: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let edge = if self.removal.is_removed(right.term, self.steps) {
            let cost = self.largest_cost(context, left, right);
            Edge { cost, term: None, documents: EdgeDocuments::Known(space.all()) }
        } else {
            Edge { cost: 0, term: Some(right), documents: EdgeDocuments::Deferred(0) }
        };
        Ok(vec![edge])
    }

    fn deferred<S: Space>(
        &self,
        context: &SearchContext<'_>,
        space: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
        _: u8,
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
    let costs = AfterSteps { removal, steps: removal.steps_count };
    let mut paths = CheapestPaths::new(context, &costs, &space, graph)?;
    let mut matching = Rc::default();
    for cost in 0..=paths.cost_max {
        LargeSpace::unite(&mut matching, paths.documents_at(context, &costs, &space, cost)?);
    }
    Ok(Rc::unwrap_or_clone(matching))
}

/// Sets the rule to work.
pub(crate) fn start<'c>(
    start: &Start<'_, 'c, '_>,
    removal: &RemovalOrder,
) -> Result<Box<dyn Buckets + 'c>, StorageError> {
    match SmallSpace::new(start.universe) {
        Some(space) => Ok(Box::new(WordsBuckets::new(start, removal, space)?)),
        None => {
            let space = LargeSpace::new(start.universe.clone());
            Ok(Box::new(WordsBuckets::new(start, removal, space)?))
        }
    }
}

/// The rule at work.
struct WordsBuckets<S: Space> {
    space: S,
    removal: RemovalOrder,
    graph: Rc<QueryGraph>,
    /// Paths after 0, 1, 2 … steps.
    after_steps: Vec<Stage<S>>,
    cost_max: u32,
    /// Words of phrases that show in the rank beside the first.
    more_words_in_phrases: u32,
    next_cost: u32,
}

/// The paths after some steps.
struct Stage<S: Space> {
    /// The smallest cost of a path that was no path one step before; none if there is no such path.
    smallest_cost: Option<u32>,
    /// Made when first needed.
    paths: Option<CheapestPaths<S>>,
}

impl<S: Space> WordsBuckets<S> {
    fn new(start: &Start<'_, '_, '_>, removal: &RemovalOrder, space: S) -> Result<Self, StorageError> {
        let context = start.context;
        let stage = |steps| {
            let smallest_cost = smallest_cost_of_step(context, removal, steps, start.graph);
            Stage { smallest_cost, paths: None }
        };
        let given_up = AfterSteps { removal, steps: removal.steps_count };
        Ok(WordsBuckets {
            space,
            removal: removal.clone(),
            graph: Rc::clone(start.graph),
            after_steps: (0..=removal.steps_count).map(stage).collect(),
            cost_max: largest_cost(context, &given_up, start.graph),
            more_words_in_phrases: words_in_phrases(context, start.graph).saturating_sub(1),
            next_cost: 0,
        })
    }

    /// All documents of some path of this cost.
    fn documents_at(&mut self, context: &SearchContext<'_>, cost: u32) -> Result<S::Set, StorageError> {
        let mut documents = S::Set::default();
        for (steps, stage) in self.after_steps.iter_mut().enumerate() {
            if stage.smallest_cost.is_none_or(|smallest| smallest > cost) {
                continue;
            }
            let costs = AfterSteps { removal: &self.removal, steps: steps as u8 };
            let paths = match &mut stage.paths {
                Some(paths) => paths,
                none => none.insert(CheapestPaths::new(context, &costs, &self.space, &self.graph)?),
            };
            S::unite(&mut documents, paths.documents_at(context, &costs, &self.space, cost)?);
        }
        Ok(documents)
    }

    /// The graph of the paths of this cost.
    fn graph_of(&self, cost: u32, bucket: &S::Set) -> Rc<QueryGraph> {
        let mut builder = GraphBuilder::default();
        let mut first = Vec::new();
        for stage in &self.after_steps {
            if let Some(paths) = &stage.paths {
                first.extend(paths.paths(&self.space, cost, bucket, &mut builder));
            }
        }
        Rc::new(builder.build(&first))
    }
}

fn words_in_phrases(context: &SearchContext<'_>, graph: &QueryGraph) -> u32 {
    let words_of = |node: NodeTerm| match context.term(node.term).kind {
        TermKind::Phrase(phrase) => context.phrase_words(phrase).iter().flatten().count() as u32,
        TermKind::Word | TermKind::Ngram => 0,
    };
    graph.terms().map(words_of).sum()
}

/// The smallest cost of a path that skips a term given up in the last of `steps` steps; 0 before the first.
fn smallest_cost_of_step(
    context: &SearchContext<'_>,
    removal: &RemovalOrder,
    steps: u8,
    graph: &QueryGraph,
) -> Option<u32> {
    let costs = AfterSteps { removal, steps };
    // By node: the smallest cost of a path to it without, and with, such a skip.
    let mut smallest = vec![(Some(0), (steps == 0).then_some(0)); graph.nodes.len()];
    for (at, node) in graph.nodes.iter().enumerate().skip(1) {
        let before = || node.predecessors.iter().map(|before| smallest[*before as usize]);
        let without = before().filter_map(|(without, _)| without).min();
        let with = before().filter_map(|(_, with)| with).min();
        smallest[at] = match node.term {
            None => (without, with),
            Some(node) => {
                let cost = costs.largest_cost(context, None, node);
                let with = if removal.is_removed_last(node.term, steps) {
                    without.into_iter().chain(with).min()
                } else {
                    with
                };
                (without.map(|before| before + cost), with.map(|before| before + cost))
            }
        };
    }
    smallest[graph.end()].1
}

impl<S: Space> Buckets for WordsBuckets<S> {
    fn next(
        &mut self,
        context: &SearchContext<'_>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        let remaining = self.space.project(remaining);
        while self.next_cost <= self.cost_max {
            let cost = self.next_cost;
            self.next_cost += 1;
            let bucket = self.documents_at(context, cost)?;
            let bucket = self.space.intersection(&bucket, &remaining);
            if S::is_empty(&bucket) {
                continue;
            }
            let graph = self.graph_of(cost, &bucket);
            let rank_max = self.cost_max + 1 + self.more_words_in_phrases;
            let detail = ScoreDetail::Words(Rank { rank: rank_max - cost, rank_max });
            return Ok(Some(Bucket { documents: self.space.to_bitmap(&bucket), graph, detail }));
        }
        Ok(None)
    }
}
