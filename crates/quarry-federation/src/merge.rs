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

/// Merges lists up to `wanted` documents: at each step the best head is taken. A document that several lists of one
/// index hold shows once, at its best place.
pub(crate) fn merge(lists: Vec<RankedList>, wanted: usize) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut merged = Vec::new();
    let mut heads: Vec<_> = lists
        .into_iter()
        .map(|list| (list.position, list.index, list.candidates.into_iter().peekable()))
        .collect();
    while merged.len() < wanted {
        // What was seen goes here, not in a step of its own: equal lists would make a step of each of their documents.
        for (_, index, list) in &mut heads {
            while list.next_if(|head| seen.contains(&(*index, head.document))).is_some() {}
        }
        let best = heads
            .iter_mut()
            .enumerate()
            .filter_map(|(number, (position, _, list))| Some((number, *position, list.peek()?)))
            .min_by(first_of)
            .map(|(number, ..)| number);
        let Some((_, index, list)) = best.map(|number| &mut heads[number]) else { break };
        if let Some(candidate) = list.next() {
            seen.insert((*index, candidate.document));
            merged.push(candidate);
        }
    }
    merged
}

fn first_of(left: &(usize, usize, &Candidate), right: &(usize, usize, &Candidate)) -> Ordering {
    left.2.standing.compare(&right.2.standing).then(left.1.cmp(&right.1))
}

#[cfg(test)]
mod tests {
    use quarry_search::score::{Rank, ScoreDetail};

    use super::*;

    fn candidate(query: usize, document: DocumentId, rank: u32) -> Candidate {
        let details = [ScoreDetail::Words(Rank { rank, rank_max: 9 })];
        Candidate { query, document, standing: Standing::new(&details, 1.0) }
    }

    /// Lists of documents with their ranks; two lists in a row are of one index.
    fn lists(of_queries: &[Vec<(DocumentId, u32)>]) -> Vec<RankedList> {
        let list = |(query, documents): (usize, &Vec<(DocumentId, u32)>)| RankedList {
            position: query,
            index: query / 2,
            candidates: documents.iter().map(|&(document, rank)| candidate(query, document, rank)).collect(),
        };
        of_queries.iter().enumerate().map(list).collect()
    }

    /// All candidates sorted, then each document of an index at its first place.
    fn merged_by_sorting(lists: Vec<RankedList>) -> Vec<(usize, DocumentId)> {
        let mut all: Vec<_> = lists
            .into_iter()
            .flat_map(|list| list.candidates.into_iter().map(move |candidate| (list.index, candidate)))
            .collect();
        all.sort_by(|(_, left), (_, right)| {
            left.standing.compare(&right.standing).then(left.query.cmp(&right.query))
        });
        let mut seen = HashSet::new();
        all.retain(|(index, candidate)| seen.insert((*index, candidate.document)));
        all.iter().map(|(_, candidate)| (candidate.query, candidate.document)).collect()
    }

    #[test]
    fn each_document_at_its_best_place_and_no_more_than_wanted() {
        let mut state = 7_u32;
        let mut next = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..200 {
            let mut of_queries = vec![Vec::new(); 5];
            for documents in &mut of_queries {
                for document in 0..next(12) {
                    documents.push((document, 1 + next(4)));
                }
                documents.sort_by_key(|&(document, rank)| (std::cmp::Reverse(rank), document));
            }
            let expected = merged_by_sorting(lists(&of_queries));
            for wanted in [0, 1, 5, usize::MAX] {
                let merged = merge(lists(&of_queries), wanted);
                let found: Vec<_> =
                    merged.iter().map(|candidate| (candidate.query, candidate.document)).collect();
                assert_eq!(found, expected[..wanted.min(expected.len())], "{of_queries:?}");
            }
        }
    }
}
