//! The mechanism of the rules that rank documents by their cheapest path through the query graph.

use std::rc::Rc;

use quarry_storage::StorageError;
use roaring::RoaringBitmap;

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::graph::cheapest_paths::{CheapestPaths, EdgeCosts};
use crate::graph::rebuild::GraphBuilder;
use crate::ranking::{Bucket, Buckets};
use crate::score::{Rank, ScoreDetail};
use crate::space::{LargeSpace, SmallSpace, Space};

/// A rule that gives costs to edges.
pub(crate) trait GraphRule: EdgeCosts {
    /// Whether it leaves out derivations of the nodes.
    const NARROWS: bool;

    /// How hits show the rank of a document.
    fn detail(&self, rank: Rank) -> ScoreDetail;
}

/// What a rule starts from.
pub(crate) struct Start<'s, 'c, 'i> {
    pub context: &'c SearchContext<'i>,
    pub universe: &'s RoaringBitmap,
    pub graph: &'s Rc<QueryGraph>,
    /// Whether a later rule reads the graph.
    pub hands_graph_on: bool,
}

impl<'c, 'i> Start<'_, 'c, 'i> {
    /// Sets a graph rule to work.
    pub(crate) fn run<R: GraphRule + 'c>(&self, rule: R) -> Result<Box<dyn Buckets<'i> + 'c>, StorageError> {
        match SmallSpace::new(self.universe) {
            Some(space) => Ok(Box::new(GraphBuckets::new(self, rule, space)?)),
            None => Ok(Box::new(GraphBuckets::new(self, rule, LargeSpace::new(self.universe.clone()))?)),
        }
    }
}

/// A graph rule at work.
struct GraphBuckets<'i, R: EdgeCosts, S: Space> {
    rule: R,
    space: S,
    graph: Rc<QueryGraph>,
    rebuilds_graph: bool,
    paths: CheapestPaths<'i, S, R>,
    next_cost: u32,
}

impl<'i, R: GraphRule, S: Space> GraphBuckets<'i, R, S> {
    fn new(start: &Start<'_, '_, 'i>, rule: R, space: S) -> Result<Self, StorageError> {
        let paths = CheapestPaths::new(start.context, &rule, &space, start.graph)?;
        let rebuilds_graph = start.hands_graph_on && (R::NARROWS || !start.graph.is_single_path());
        Ok(GraphBuckets { rule, space, graph: Rc::clone(start.graph), rebuilds_graph, paths, next_cost: 0 })
    }
}

impl<'i, R: GraphRule, S: Space> Buckets<'i> for GraphBuckets<'i, R, S> {
    fn next(
        &mut self,
        context: &SearchContext<'i>,
        remaining: &RoaringBitmap,
    ) -> Result<Option<Bucket>, StorageError> {
        let cost_max = self.paths.cost_max;
        let remaining = self.space.project(remaining);
        while self.next_cost <= cost_max {
            let cost = self.next_cost;
            self.next_cost += 1;
            let reached = self.paths.documents_at(context, &self.rule, &self.space, cost)?;
            let bucket = self.space.intersection(&remaining, reached);
            if S::is_empty(&bucket) {
                continue;
            }
            let graph = if self.rebuilds_graph {
                let mut builder = GraphBuilder::default();
                let first = self.paths.paths(&self.space, cost, &bucket, &mut builder);
                Rc::new(builder.build(&first))
            } else {
                Rc::clone(&self.graph)
            };
            let detail = self.rule.detail(Rank { rank: cost_max + 1 - cost, rank_max: cost_max + 1 });
            return Ok(Some(Bucket { documents: self.space.to_bitmap(&bucket), graph, detail }));
        }
        Ok(None)
    }
}
