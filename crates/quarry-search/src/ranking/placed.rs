//! The derivations of a node with the places where they are: what the two rules about attributes look at.

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::postings_cache::NumberedPostings;
use crate::query::Reach;
use crate::resolve::Place;
use crate::space::Space;

/// One derivation that some document of the space matches.
struct Placed<'i, S: Space> {
    /// The documents that match it.
    matching: S::Set,
    places: NumberedPostings<'i>,
    reach: Reach,
}

/// The derivations of one node.
pub(crate) struct PlacedDerivations<'i, S: Space>(Vec<Placed<'i, S>>);

/// Of no node.
impl<S: Space> Default for PlacedDerivations<'_, S> {
    fn default() -> Self {
        PlacedDerivations(Vec::new())
    }
}

impl<'i, S: Space> PlacedDerivations<'i, S> {
    /// Of `node`.
    pub(crate) fn of(
        context: &SearchContext<'i>,
        space: &S,
        node: NodeTerm,
        place: Place,
    ) -> Result<Self, StorageError> {
        let mut derivations = Vec::new();
        context.for_each_derivation(node, |derivation| {
            let matching = context.derivation_documents(space, derivation)?;
            if !S::is_empty(&matching) {
                let (places, reach) = context.places(derivation, place)?;
                derivations.push(Placed { matching, places, reach });
            }
            Ok(())
        })?;
        Ok(PlacedDerivations(derivations))
    }

    /// The documents where one of them is at a place that `is_wanted`, given its number and how far words reach.
    pub(crate) fn documents(
        &self,
        space: &S,
        is_wanted: impl Fn(u16, Reach) -> bool,
    ) -> Result<S::Set, StorageError> {
        let mut there = S::Set::default();
        for Placed { matching, places, reach } in &self.0 {
            for (_, postings) in places.iter().filter(|(number, _)| is_wanted(*number, *reach)) {
                let documents = space.project_postings(postings)?;
                S::unite(&mut there, &space.intersection(matching, &documents));
            }
        }
        Ok(there)
    }
}
