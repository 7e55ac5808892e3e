//! `proximity`: words that stand closer together first, in the order of the query if possible.

use std::rc::Rc;

use quarry_index::keys::word_pair::DISTANCE_MAX;
use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::graph::cheapest_paths::{Edge, EdgeCosts, EdgeDocuments};
use crate::query::WordId;
use crate::ranking::graph_rule::GraphRule;
use crate::resolve::Derivation;
use crate::score::{Rank, ScoreDetail};
use crate::space::Space;

/// Number of the deferred edge, and cost, of words that are far from each other or in any order.
const FAR: u16 = DISTANCE_MAX as u16;

pub(crate) struct Proximity;

/// One end of a derivation that faces a neighbour.
struct Facing<Set> {
    word: WordId,
    text: Rc<str>,
    /// The word stands for all that begin with it.
    is_kept_prefix: bool,
    is_phrase: bool,
    /// Documents of the derivation.
    documents: Set,
}

/// Two derivations that some document of the space matches both.
struct Pair<Set> {
    left: Rc<Facing<Set>>,
    right: Rc<Facing<Set>>,
    both: Set,
}

/// The derivations of two neighbours, in pairs.
pub(crate) struct Pairs<Set>(Vec<Pair<Set>>);

/// Of words that are no neighbours.
impl<Set> Default for Pairs<Set> {
    fn default() -> Self {
        Pairs(Vec::new())
    }
}

impl<Set> Pairs<Set> {
    fn of<S: Space<Set = Set>>(
        context: &SearchContext<'_>,
        space: &S,
        left: NodeTerm,
        right: NodeTerm,
    ) -> Result<Pairs<Set>, StorageError> {
        let mut pairs = Vec::new();
        let right = facing(context, space, right, Side::First)?;
        for left in facing(context, space, left, Side::Last)? {
            for right in &right {
                let both = space.intersection(&left.documents, &right.documents);
                if !S::is_empty(&both) {
                    pairs.push(Pair { left: Rc::clone(&left), right: Rc::clone(right), both });
                }
            }
        }
        Ok(Pairs(pairs))
    }
}

/// Whether `right` comes right behind `left` in the query, so that their distance counts.
fn are_neighbours(context: &SearchContext<'_>, left: Option<NodeTerm>, right: NodeTerm) -> bool {
    left.is_some_and(|left| {
        let end = *context.term(left.term).positions.end();
        end.checked_add(1) == Some(*context.term(right.term).positions.start())
    })
}

impl EdgeCosts for Proximity {
    type Prepared<'i, S: Space> = Pairs<S::Set>;

    const DEPENDS_ON_LEFT: bool = true;

    fn largest_cost(&self, context: &SearchContext<'_>, left: Option<NodeTerm>, right: NodeTerm) -> u32 {
        let joints = context.term(right.term).words_count() - 1;
        joints + if are_neighbours(context, left, right) { u32::from(FAR) } else { 0 }
    }

    fn edges<S: Space>(
        &self,
        context: &SearchContext<'_>,
        _: &S,
        left: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Vec<Edge<S>>, StorageError> {
        let joints = context.term(right.term).words_count() - 1;
        let edge = |number: u16, cost| Edge {
            cost: cost + joints,
            term: Some(right),
            documents: EdgeDocuments::Deferred(number),
        };
        if !are_neighbours(context, left, right) {
            return Ok(vec![edge(FAR, 0)]);
        }
        Ok((0..=FAR).map(|number| edge(number, u32::from(number))).collect())
    }

    fn prepare<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        left: Option<NodeTerm>,
        right: NodeTerm,
    ) -> Result<Pairs<S::Set>, StorageError> {
        let Some(left) = left.filter(|left| are_neighbours(context, Some(*left), right)) else {
            return Ok(Pairs::default());
        };
        Pairs::of(context, space, left, right)
    }

    /// Documents where the words stand at distance `number + 1` in order, or at distance `number` the other way
    /// round; for [`FAR`], where `right` matches at all.
    fn deferred<'i, S: Space>(
        &self,
        context: &SearchContext<'i>,
        space: &S,
        pairs: &Pairs<S::Set>,
        right: NodeTerm,
        number: u16,
    ) -> Result<S::Set, StorageError> {
        if number == FAR {
            return Ok(space.project(&*context.node_documents(right)?));
        }
        let mut near = S::Set::default();
        for pair in &pairs.0 {
            let documents = documents_of_pair(context, space, &pair.left, &pair.right, usize::from(number))?;
            S::unite(&mut near, &space.intersection(&pair.both, &documents));
        }
        Ok(near)
    }
}

/// Documents where two words stand at distance `number + 1`, or at distance `number` the other way round.
fn documents_of_pair<S: Space>(
    context: &SearchContext<'_>,
    space: &S,
    left: &Facing<S::Set>,
    right: &Facing<S::Set>,
    number: usize,
) -> Result<S::Set, StorageError> {
    let (left_word, right_word) = ((left.word, &*left.text), (right.word, &*right.text));
    let in_order = if right.is_kept_prefix {
        context.postings.pair_with_prefix(left_word, right_word)?
    } else {
        context.postings.pair(left_word, right_word)?
    };
    let mut documents = space.project_postings(&in_order[number])?;
    // A kept prefix stands here for the word that it may be itself.
    if let (Some(distance), false) = (number.checked_sub(1), left.is_phrase || right.is_phrase) {
        let turned = context.postings.pair(right_word, left_word)?;
        S::unite(&mut documents, &space.project_postings(&turned[distance])?);
    }
    Ok(documents)
}

/// Which end of a derivation faces the neighbour.
#[derive(Clone, Copy)]
enum Side {
    First,
    Last,
}

/// The derivations of a node that some document of the universe matches, by the word at one end. Phrases that
/// have a hole there have no neighbour.
fn facing<S: Space>(
    context: &SearchContext<'_>,
    space: &S,
    node: NodeTerm,
    side: Side,
) -> Result<Vec<Rc<Facing<S::Set>>>, StorageError> {
    let mut found = Vec::new();
    context.for_each_derivation(node, |derivation| {
        let documents = context.derivation_documents(space, derivation)?;
        if S::is_empty(&documents) {
            return Ok(());
        }
        let word = match derivation {
            Derivation::Word(word) => Some(word.word),
            Derivation::KeptPrefix(prefix) => Some(prefix),
            Derivation::Phrase(phrase) => {
                let words = context.phrase_words(phrase);
                match side {
                    Side::First => words.first().copied().flatten(),
                    Side::Last => words.last().copied().flatten(),
                }
            }
        };
        if let Some(word) = word {
            found.push(Rc::new(Facing {
                word,
                text: context.text(word),
                is_kept_prefix: matches!(derivation, Derivation::KeptPrefix(_)),
                is_phrase: matches!(derivation, Derivation::Phrase(_)),
                documents,
            }));
        }
        Ok(())
    })?;
    Ok(found)
}

impl GraphRule for Proximity {
    const NARROWS: bool = false;

    fn detail(&self, rank: Rank) -> ScoreDetail {
        ScoreDetail::Proximity(rank)
    }
}
