//! The graph of some of the paths of a graph.
//!
//! Paths come as states, from the end backwards: a state is a term with the states that may follow it. States
//! with the same term and the same followers are one, so the graph stays as small as its paths allow.

use rustc_hash::FxHashMap;

use crate::graph::{GraphNode, NodeTerm, QueryGraph};

/// A state, made after all that follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StateId(u32);

/// Collects paths and makes a graph of them.
#[derive(Debug, Default)]
pub(crate) struct GraphBuilder {
    numbers: FxHashMap<(NodeTerm, Vec<StateId>), StateId>,
    states: Vec<(NodeTerm, Vec<StateId>)>,
}

impl GraphBuilder {
    /// The end of all paths: what follows the last term.
    pub(crate) const END: StateId = StateId(u32::MAX);

    /// The state of `term` followed by `followers`; sorts those.
    pub(crate) fn state(&mut self, term: NodeTerm, followers: &mut Vec<StateId>) -> StateId {
        followers.sort_unstable();
        followers.dedup();
        let key = (term, followers.clone());
        if let Some(state) = self.numbers.get(&key) {
            return *state;
        }
        let state = StateId(self.states.len() as u32);
        self.states.push(key.clone());
        self.numbers.insert(key, state);
        state
    }

    /// The graph of the paths that begin with the states `first`.
    pub(crate) fn build(self, first: &[StateId]) -> QueryGraph {
        // Followers have smaller numbers, so that the reverse order is that of the paths.
        let count = self.states.len();
        let node_of = |state: StateId| {
            if state == GraphBuilder::END { count + 1 } else { count - state.0 as usize }
        };
        let mut nodes: Vec<GraphNode> = vec![GraphNode { term: None, predecessors: Vec::new() }; count + 2];
        for state in first {
            nodes[node_of(*state)].predecessors.push(0);
        }
        for (number, (term, followers)) in self.states.iter().enumerate().rev() {
            let node = count - number;
            nodes[node].term = Some(*term);
            if nodes[node].predecessors.is_empty() {
                continue;
            }
            for follower in followers {
                nodes[node_of(*follower)].predecessors.push(node as u32);
            }
        }
        without_unreachable(nodes)
    }
}

/// Takes out the nodes that no path reaches.
fn without_unreachable(nodes: Vec<GraphNode>) -> QueryGraph {
    let last = nodes.len() - 1;
    let mut numbers = vec![0u32; nodes.len()];
    let mut kept: Vec<GraphNode> = Vec::with_capacity(nodes.len());
    for (at, mut node) in nodes.into_iter().enumerate() {
        if at != 0 && at != last && node.predecessors.is_empty() {
            continue;
        }
        numbers[at] = kept.len() as u32;
        for predecessor in &mut node.predecessors {
            *predecessor = numbers[*predecessor as usize];
        }
        node.predecessors.sort_unstable();
        node.predecessors.dedup();
        kept.push(node);
    }
    QueryGraph { nodes: kept }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::TermId;

    fn node(term: u16) -> NodeTerm {
        NodeTerm { term: TermId(term), classes: 1, is_exact: false, is_skipped: false }
    }

    #[test]
    fn equal_ends_are_shared() {
        let mut builder = GraphBuilder::default();
        let c = builder.state(node(2), &mut vec![GraphBuilder::END]);
        let same = builder.state(node(2), &mut vec![GraphBuilder::END]);
        assert_eq!(c, same);
        let b = builder.state(node(1), &mut vec![c]);
        let unused = builder.state(node(7), &mut vec![c]);
        assert_ne!(b, unused);
        let a = builder.state(node(0), &mut vec![b]);
        let joined = builder.state(node(3), &mut vec![c, c]);
        let graph = builder.build(&[joined, a]);
        let terms: Vec<u16> = graph.terms().map(|node| node.term.0).collect();
        assert_eq!(terms, [3, 0, 1, 2]);
        let predecessors: Vec<&[u32]> = graph.nodes.iter().map(|node| &node.predecessors[..]).collect();
        let expected: [&[u32]; 6] = [&[], &[0], &[0], &[2], &[1, 3], &[4]];
        assert_eq!(predecessors, expected);
    }

    #[test]
    fn the_empty_path() {
        let graph = GraphBuilder::default().build(&[GraphBuilder::END]);
        assert_eq!(graph.nodes.len(), 2);
        assert_eq!(graph.nodes[1].predecessors, [0]);
    }
}
