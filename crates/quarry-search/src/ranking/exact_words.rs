//! Second half of `exactness`: more words as they were asked for first.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::ranking::graph_rule::GraphRule;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

pub(crate) struct ExactWords;

/// Numbers of deferred edges.
const EXACT: u16 = 0;
const ANY: u16 = 1;

impl EdgeCosts for ExactWords {
    type Prepared<'i, S: Space> = ();

    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        context.term(right.term).words_count()
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        _: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let cost = context.term(right.term).words_count();
        let any = Edge { cost, term: Some(right), documents: EdgeDocuments::Deferred(ANY) };
        if !context.has_exact_form(right) {
            return Ok(vec![any]);
        }
        let documents = EdgeDocuments::Deferred(EXACT);
        Ok(vec![Edge { cost: 0, term: Some(right.exact()), documents }, any])
    }

    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        (): &(),
        right: NodeTerm,
        number: u16,
    ) -> Result<S::Set, StorageError> {
        let node = if number == EXACT { right.exact() } else { right };
        Ok(space.project(&*context.node_documents(node)?))
    }
}

impl GraphRule for ExactWords {
    const NARROWS: bool = true;

    fn detail(&self, rank: Rank) -> ScoreDetail {
        ScoreDetail::ExactWords(rank)
    }
}
