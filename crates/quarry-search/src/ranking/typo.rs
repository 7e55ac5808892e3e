//! `typo`: fewer typos first, counted over the whole query. Words of the query taken as one cost as many typos
//! as there are words.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::ranking::graph_rule::GraphRule;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

pub(crate) struct Typo;

/// Typos for taking words as one.
fn joining_cost(context: &SearchContext<'_>, node: NodeTerm) -> u32 {
    match context.term(node.term).words_count() {
        1 => 0,
        several => several,
    }
}

impl EdgeCosts for Typo {
    type Prepared<'i, S: Space> = ();

    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        let term = context.term(right.term);
        // A word that allows no typo counts as if it could still be split, even when it cannot any more.
        let typos_max = match term.typos_allowed {
            0 => Some(term.class_max()),
            _ => right.classes().last(),
        };
        typos_max.map_or(0, u32::from) + joining_cost(context, right)
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        _: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let joining_cost = joining_cost(context, right);
        let edge = |typos| Edge {
            cost: u32::from(typos) + joining_cost,
            term: Some(right.with_typos(typos)),
            documents: EdgeDocuments::Deferred(u16::from(typos)),
        };
        Ok(right.classes().map(edge).collect())
    }

    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        (): &(),
        right: NodeTerm,
        typos: u16,
    ) -> Result<S::Set, StorageError> {
        Ok(space.project(&*context.node_documents(right.with_typos(typos as u8))?))
    }
}

impl GraphRule for Typo {
    const NARROWS: bool = true;

    fn detail(&self, Rank { rank, rank_max }: Rank) -> ScoreDetail {
        ScoreDetail::Typo { typos: rank_max - rank, typos_max: rank_max - 1 }
    }
}
