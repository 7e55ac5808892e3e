//! Many lists, each in its order, to one.

use std::cmp::Ordering;
use std::collections::HashSet;

use quarry_index::DocumentId;

use crate::compare::Standing;

/// A ranked document of one search.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The number of its search in the order in which searches run.
    pub(crate) query: usize,
    pub(crate) document: DocumentId,
    pub(crate) standing: Standing,
}

/// A list with what it is about.
pub(crate) struct RankedList {
    /// The place of its search in the request: lower wins among equals.
    pub(crate) position: usize,
    /// Lists of one index have one number.
    pub(crate) index: usize,
    /// Best first.
    pub(crate) candidates: Vec<Candidate>,
}

/// Merges lists: at each step the best head is taken. A document that several lists of one index hold
/// shows once, at its best place.
pub(crate) fn merge(lists: Vec<RankedList>) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut merged = Vec::with_capacity(lists.iter().map(|list| list.candidates.len()).sum());
    let mut heads: Vec<_> = lists
        .into_iter()
        .map(|list| (list.position, list.index, list.candidates.into_iter().peekable()))
        .collect();
    loop {
        let best = heads
            .iter_mut()
            .enumerate()
            .filter_map(|(number, (position, _, list))| Some((number, *position, list.peek()?)))
            .min_by(first_of)
            .map(|(number, ..)| number);
        let Some((_, index, list)) = best.map(|number| &mut heads[number]) else { return merged };
        if let Some(candidate) = list.next()
            && seen.insert((*index, candidate.document))
        {
            merged.push(candidate);
        }
    }
}

fn first_of(left: &(usize, usize, &Candidate), right: &(usize, usize, &Candidate)) -> Ordering {
    left.2.standing.compare(&right.2.standing).then(left.1.cmp(&right.1))
}
