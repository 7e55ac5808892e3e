//! The query graph: every way to read the query as a sequence of terms.
//!
//! A path from start to end covers the query with terms that do not overlap: `new york times` is `new`, `york`,
//! `times`; or `newyork`, `times`; and so on. Rules give costs to paths; what one rule keeps, the next one ranks.
//!
//! - this file: the graph, and the graph of a whole query;
//! - [`removal`]: which terms a document may do without, and in which order they are given up;
//! - [`cheapest_paths`]: the documents of each cost;
//! - [`rebuild`]: the graph of the paths that gave a bucket.

pub(crate) mod cheapest_paths;
pub(crate) mod rebuild;
pub(crate) mod removal;

use crate::query::{Term, TermId};

/// A term, or what is left of it: some classes of its derivations, or only the term as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeTerm {
    pub term: TermId,
    /// Bit n: derivations with n typos.
    classes: u8,
    /// Only the word or phrase itself.
    pub is_exact: bool,
    /// Documents need not match it: the path goes by.
    pub is_skipped: bool,
}

impl NodeTerm {
    /// All of a term.
    pub(crate) fn whole(id: TermId, term: &Term) -> NodeTerm {
        NodeTerm { term: id, classes: (2 << term.class_max()) - 1, is_exact: false, is_skipped: false }
    }

    /// Numbers of typos that are left, ascending.
    pub(crate) fn classes(self) -> impl Iterator<Item = u8> {
        let left = if self.is_exact { 1 } else { self.classes };
        (0..3).filter(move |typos| left & (1 << typos) != 0)
    }

    pub(crate) fn has_class(self, typos: u8) -> bool {
        self.classes().any(|left| left == typos)
    }

    /// Only its derivations with `typos` typos.
    pub(crate) fn with_typos(self, typos: u8) -> NodeTerm {
        NodeTerm { classes: 1 << typos, ..self }
    }

    /// On a path that goes by.
    pub(crate) fn skipped(self) -> NodeTerm {
        NodeTerm { is_skipped: true, ..self }
    }

    /// Only the word or phrase itself.
    pub(crate) fn exact(self) -> NodeTerm {
        NodeTerm { classes: 1, is_exact: true, ..self }
    }
}

/// One node: start, end, or a term.
#[derive(Debug, Clone)]
pub(crate) struct GraphNode {
    /// None for start and end.
    pub term: Option<NodeTerm>,
    /// Nodes right before it; all have smaller numbers.
    pub predecessors: Vec<u32>,
}

/// A directed graph without cycles. The first node is the start, the last one the end; every other node lies
/// on a path between both.
#[derive(Debug, Clone)]
pub(crate) struct QueryGraph {
    pub nodes: Vec<GraphNode>,
}

impl QueryGraph {
    /// The number of the end.
    pub(crate) fn end(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether there is one path only.
    pub(crate) fn is_single_path(&self) -> bool {
        let follows = |(at, node): (usize, &GraphNode)| match node.predecessors[..] {
            [one] => one as usize + 1 == at,
            _ => at == 0,
        };
        self.nodes.iter().enumerate().all(follows)
    }

    /// The terms of all nodes.
    pub(crate) fn terms(&self) -> impl Iterator<Item = NodeTerm> {
        self.nodes.iter().filter_map(|node| node.term)
    }

    /// The graph of a whole query: a term is followed by all that start where it ends.
    pub(crate) fn of_terms(terms: &[Term]) -> QueryGraph {
        let mut order: Vec<usize> = (0..terms.len()).collect();
        order.sort_by_key(|&term| (*terms[term].indexes.start(), *terms[term].indexes.end()));
        let length = terms.iter().map(|term| term.indexes.end() + 1).max().unwrap_or(0);
        // Nodes after which the n-th term of the query comes.
        let mut nodes_before = vec![Vec::new(); usize::from(length) + 1];
        nodes_before[0].push(0);
        let mut nodes = vec![GraphNode { term: None, predecessors: Vec::new() }];
        for term in order {
            let predecessors = nodes_before[usize::from(*terms[term].indexes.start())].clone();
            nodes_before[usize::from(*terms[term].indexes.end()) + 1].push(nodes.len() as u32);
            let id = TermId(term as u16);
            nodes.push(GraphNode { term: Some(NodeTerm::whole(id, &terms[term])), predecessors });
        }
        let predecessors = nodes_before.pop().unwrap_or_default();
        nodes.push(GraphNode { term: None, predecessors });
        QueryGraph { nodes }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;
    use std::ops::RangeInclusive;

    use super::*;
    use crate::query::{Class, TermKind};

    pub(crate) fn term(indexes: RangeInclusive<u8>) -> Term {
        let positions = u16::from(*indexes.start())..=u16::from(*indexes.end());
        Term {
            kind: if indexes.start() == indexes.end() { TermKind::Word } else { TermKind::Ngram },
            word: None,
            is_prefix: false,
            typos_allowed: 0,
            indexes,
            positions,
            exact: None,
            without_typos: Class::default(),
            with_typos: OnceCell::new(),
        }
    }

    #[test]
    fn ngrams_are_side_ways() {
        let graph = QueryGraph::of_terms(&[term(0..=0), term(1..=1), term(2..=2), term(0..=1), term(1..=2)]);
        let predecessors: Vec<&[u32]> = graph.nodes.iter().map(|node| &node.predecessors[..]).collect();
        // start, 0, 0-1, 1, 1-2, 2, end
        let expected: [&[u32]; 7] = [&[], &[0], &[0], &[1], &[1], &[2, 3], &[4, 5]];
        assert_eq!(predecessors, expected);
        assert!(!graph.is_single_path());
        assert!(QueryGraph::of_terms(&[term(0..=0), term(1..=1)]).is_single_path());
    }

    #[test]
    fn classes_are_left() {
        let node = NodeTerm { term: TermId(0), classes: 0b111, is_exact: false, is_skipped: false };
        assert_eq!(node.classes().collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(node.with_typos(1).classes().collect::<Vec<_>>(), [1]);
        assert_eq!(node.exact().classes().collect::<Vec<_>>(), [0]);
    }
}
