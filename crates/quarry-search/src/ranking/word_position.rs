//! `wordPosition`: words nearer to the position that the query gives them first.
//!
//! Positions are compared by the buckets in which the index keeps them, whatever the attribute.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::ranking::Half;
use crate::ranking::graph_rule::GraphRule;
use crate::ranking::placed::PlacedDerivations;
use crate::resolve::Place;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

/// The cost of the farthest position of one word.
const COST_MAX: u32 = 10;

/// The position buckets of the index.
const POSITION_BUCKETS: [u16; 29] = {
    let mut buckets = [0; 29];
    let mut bucket = 0;
    while bucket < 16 {
        buckets[bucket] = bucket as u16;
        bucket += 1;
    }
    buckets[16] = 24;
    // Powers of two from 32 on; the last one does not fit and is stored as the greatest number.
    while bucket < 28 {
        buckets[bucket + 1] = if bucket == 27 { u16::MAX } else { 1 << (bucket - 11) };
        bucket += 1;
    }
    buckets
};

pub(crate) struct WordPosition {
    pub half: Half,
}

/// Cost of a distance between a position of the document and one of the query.
fn step(distance: u32) -> u32 {
    match distance {
        0 => 0,
        1 => 1,
        2..=4 => 2,
        5..=7 => 3,
        8..=11 => 4,
        12..=16 => 5,
        17..=24 => 6,
        25..=64 => 7,
        65..=256 => 8,
        257..=1024 => 9,
        1025.. => COST_MAX,
    }
}

/// Cost of a node of `words_count` words, asked for from `wanted` on and found from `found` on.
fn cost(wanted: u16, found: u16, words_count: u32) -> u32 {
    let distance = u32::from(wanted.abs_diff(found));
    (0..words_count).map(|word| step(distance + word)).sum()
}

impl EdgeCosts for WordPosition {
    type Prepared<'i, S: Space> = PlacedDerivations<'i, S>;

    const DEPENDS_ON_LEFT: bool = false;

    fn largest_cost(&self, context: &SearchContext<'_>, _: Option<NodeTerm>, right: NodeTerm) -> u32 {
        COST_MAX * context.term(right.term).words_count()
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        _: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let term = context.term(right.term);
        let (wanted, words_count) = (*term.positions.start(), term.words_count());
        let mut costs: Vec<u32> =
            POSITION_BUCKETS.iter().map(|&found| cost(wanted, found, words_count)).collect();
        costs.sort_unstable();
        costs.dedup();
        let edge = |cost| Edge { cost, term: Some(right), documents: EdgeDocuments::Deferred(cost as u16) };
        Ok(costs.into_iter().map(edge).collect())
    }

    fn prepare<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        _: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<PlacedDerivations<'i, S>, StorageError> {
        PlacedDerivations::of(context, space, right, Place::Position)
    }

    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        derivations: &PlacedDerivations<'i, S>,
        right: NodeTerm,
        number: u16,
    ) -> Result<S::Set, StorageError> {
        let term = context.term(right.term);
        let (wanted, words_count) = (*term.positions.start(), term.words_count());
        derivations.documents(space, |found, _| cost(wanted, found, words_count) == u32::from(number))
    }
}

impl GraphRule for WordPosition {
    const NARROWS: bool = false;

    fn detail(&self, rank: Rank) -> ScoreDetail {
        match self.half {
            Half::Whole => ScoreDetail::WordPosition(rank),
            Half::OfAttribute => ScoreDetail::AttributeSecond(rank),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_grow_with_the_distance() {
        let of_distance = |distance: u16| cost(0, distance, 1);
        let found = [0, 1, 2, 4, 5, 8, 11, 12, 16, 24, 32, 64, 128, 256, 1024, 2048, 65_535].map(of_distance);
        assert_eq!(found, [0, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 7, 8, 8, 9, 10, 10]);
        assert_eq!(cost(3, 1, 1), 2);
    }

    #[test]
    fn every_position_has_its_bucket() {
        let mut buckets: Vec<u16> = (0..=u16::MAX).map(quarry_text::bucket_position).collect();
        buckets.dedup();
        assert_eq!(buckets, POSITION_BUCKETS);
    }

    #[test]
    fn several_words_stand_in_a_row() {
        assert_eq!(cost(0, 0, 2), 1);
        assert_eq!(cost(0, 0, 3), 3);
        assert_eq!(cost(0, 1, 2), 3);
    }
}
