//! `attributeRank`: words in more important attributes first.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::postings_cache::NumberedPostings;
use crate::query::{Reach, WordRef};
use crate::ranking::Half;
use crate::ranking::graph_rule::GraphRule;
use crate::resolve::Derivation;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

pub(crate) struct AttributeRank {
    pub half: Half,
}

impl EdgeCosts for AttributeRank {
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

    fn deferred<S: Space>(
        &self,
        context: &SearchContext<'_>,
        space: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
        weight: u16,
    ) -> Result<S::Set, StorageError> {
        if context.scope.weight_max == 0 {
            // All attributes weigh the same: nothing to look up.
            return Ok(space.project(&*context.node_documents(right)?));
        }
        let mut there = S::Set::default();
        context.for_each_derivation(right, |derivation| {
            let matching = space.project(&*context.derivation_documents(derivation)?);
            if S::is_empty(&matching) {
                return Ok(());
            }
            let (fields, reach) = fields_of(context, derivation)?;
            for (field, postings) in fields.iter() {
                let is_reached = reach == Reach::Everywhere || !context.scope.exact_fields.contains(field);
                if is_reached && context.scope.weight(*field) == Some(weight) {
                    let documents = space.project(postings.documents()?);
                    S::unite(&mut there, &space.intersection(&matching, &documents));
                }
            }
            Ok(())
        })?;
        Ok(there)
    }
}

/// The fields that a derivation is in, by its first word.
fn fields_of<'s>(
    context: &SearchContext<'s>,
    derivation: Derivation,
) -> Result<(NumberedPostings<'s>, Reach), StorageError> {
    let of_word =
        |WordRef { word, reach }: WordRef| Ok((context.postings.fields(word, &context.text(word))?, reach));
    match derivation {
        Derivation::Word(word) => of_word(word),
        Derivation::KeptPrefix(prefix) => {
            Ok((context.postings.prefix_fields(prefix, &context.text(prefix))?, Reach::Tolerant))
        }
        Derivation::Phrase(phrase) => match context.locating_word(phrase) {
            Some(word) => of_word(WordRef { word, reach: Reach::Everywhere }),
            None => Ok((NumberedPostings::from([]), Reach::Everywhere)),
        },
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
