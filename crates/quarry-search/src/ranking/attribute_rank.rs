//! `attributeRank`: words in more important attributes first.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::query::Reach;
use crate::ranking::Half;
use crate::ranking::graph_rule::GraphRule;
use crate::ranking::placed::PlacedDerivations;
use crate::resolve::Place;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

pub(crate) struct AttributeRank {
    pub half: Half,
}

impl EdgeCosts for AttributeRank {
    type Prepared<'i, S: Space> = PlacedDerivations<'i, S>;

    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        u32::from(context.scope.weight_max) * context.term(right.term).words_count()
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        _: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let words_count = context.term(right.term).words_count();
        // Weights ascend.
        let mut weights: Vec<u16> = context.scope.weights.iter().map(|(_, weight)| *weight).collect();
        weights.dedup();
        let edge = |weight: u16| Edge {
            cost: u32::from(weight) * words_count,
            term: Some(right),
            documents: EdgeDocuments::Deferred(weight),
        };
        Ok(weights.into_iter().map(edge).collect())
    }

    fn prepare<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<PlacedDerivations<'i, S>, StorageError> {
        if context.scope.weight_max == 0 {
            // All attributes weigh the same: nothing to look up.
            return Ok(PlacedDerivations::default());
        }
        PlacedDerivations::of(context, space, right, Place::Field)
    }

    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        derivations: &PlacedDerivations<'i, S>,
        right: NodeTerm,
        weight: u16,
    ) -> Result<S::Set, StorageError> {
        let scope = &context.scope;
        if scope.weight_max == 0 {
            return Ok(space.project(&*context.node_documents(right)?));
        }
        derivations.documents(space, |field, reach| {
            let is_reached = reach == Reach::Everywhere || !scope.exact_fields.contains(&field);
            is_reached && scope.weight(field) == Some(weight)
        })
    }
}

impl GraphRule for AttributeRank {
    const NARROWS: bool = false;

    fn detail(&self, rank: Rank) -> ScoreDetail {
        match self.half {
            Half::Whole => ScoreDetail::AttributeRank(rank),
            Half::OfAttribute => ScoreDetail::AttributeFirst(rank),
        }
    }
}
