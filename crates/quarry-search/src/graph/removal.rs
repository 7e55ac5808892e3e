//! Which terms a document may do without, and in which order they are given up.

use std::collections::BTreeSet;

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::{GraphNode, NodeTerm, QueryGraph};
use crate::query::{Term, TermId, TermKind};
use crate::request::MatchingStrategy;

/// The order in which terms are given up.
#[derive(Debug, Default, Clone)]
pub(crate) struct RemovalOrder {
    /// By term: its step, from 1; none for terms that every document must match.
    steps: Vec<Option<u8>>,
}

impl RemovalOrder {
    /// The graph where all is given up that may be.
    pub(crate) fn given_up(&self, graph: &QueryGraph) -> QueryGraph {
        let mut graph = graph.clone();
        for term in graph.nodes.iter_mut().filter_map(|node| node.term.as_mut()) {
            term.is_skipped = self.steps[term.term.index()].is_some();
        }
        graph
    }

    /// The graph with a way around every term that may be given up.
    ///
    /// Behind a term that a path goes by, it must also go by those of earlier steps. What it matched before
    /// stays matched: paths are only held to the order from left to right.
    pub(crate) fn with_ways_around(&self, graph: &QueryGraph) -> QueryGraph {
        let mut nodes = vec![GraphNode { term: None, predecessors: Vec::new() }];
        // By node of `graph`: the nodes made of it, with the latest step that paths to them took.
        let mut made: Vec<Vec<(u8, u32)>> = vec![vec![(0, 0)]];
        for node in &graph.nodes[1..graph.end()] {
            let Some(term) = node.term else { continue };
            let step = self.steps[term.term.index()];
            let mut here: Vec<(u8, bool, u32)> = Vec::new();
            for (latest, before) in node.predecessors.iter().flat_map(|before| &made[*before as usize]) {
                let ways = [(step.is_none_or(|step| step >= *latest), false), (step.is_some(), true)];
                for (_, goes_by) in ways.into_iter().filter(|(is_open, _)| *is_open) {
                    let latest = if goes_by { step.unwrap_or(0).max(*latest) } else { *latest };
                    let known = here.iter().find(|way| (way.0, way.1) == (latest, goes_by));
                    let way = match known {
                        Some(way) => way.2,
                        None => {
                            let term = if goes_by { term.skipped() } else { term };
                            nodes.push(GraphNode { term: Some(term), predecessors: Vec::new() });
                            let way = nodes.len() as u32 - 1;
                            here.push((latest, goes_by, way));
                            way
                        }
                    };
                    nodes[way as usize].predecessors.push(*before);
                }
            }
            made.push(here.into_iter().map(|(latest, _, way)| (latest, way)).collect());
        }
        let last = &graph.nodes[graph.end()];
        let predecessors = last.predecessors.iter().flat_map(|before| &made[*before as usize]);
        let predecessors = predecessors.map(|(_, way)| *way).collect();
        nodes.push(GraphNode { term: None, predecessors });
        QueryGraph { nodes }
    }

    /// The order of a strategy for the terms of the query.
    pub(crate) fn new(
        context: &SearchContext<'_>,
        strategy: MatchingStrategy,
    ) -> Result<RemovalOrder, StorageError> {
        let terms = &context.terms;
        let costs = match strategy {
            MatchingStrategy::All => {
                return Ok(RemovalOrder { steps: vec![None; terms.len()] });
            }
            MatchingStrategy::Last => {
                let count = terms.iter().map(|term| term.indexes.end() + 1).max().unwrap_or(0);
                (0..count).map(|index| count - index).collect()
            }
            MatchingStrategy::Frequency => frequency_costs(context)?,
        };
        // A n-gram goes with the last of its words.
        let cost_of =
            |term: &Term| term.indexes.clone().map(|index| costs[usize::from(index)]).max().unwrap_or(0);
        let is_mandatory = |term: &Term| matches!(term.kind, TermKind::Phrase(_));
        let mut removable: BTreeSet<u8> =
            terms.iter().filter(|term| !is_mandatory(term)).map(cost_of).collect();
        if !terms.iter().any(is_mandatory) {
            removable.pop_last();
        }
        let step_of = |cost: u8| removable.contains(&cost).then(|| removable.range(..=cost).count() as u8);
        let steps =
            terms.iter().map(|term| if is_mandatory(term) { None } else { step_of(cost_of(term)) }).collect();
        Ok(RemovalOrder { steps })
    }
}

/// By index of the query: 1 for the words of most documents, and so on; the same for words of as many. Words
/// that match nothing come first.
fn frequency_costs(context: &SearchContext<'_>) -> Result<Vec<u8>, StorageError> {
    let mut counts = Vec::new();
    for (number, term) in context.terms.iter().enumerate() {
        if term.words_count() == 1 {
            let node = NodeTerm::whole(TermId(number as u16), term);
            let count = match context.node_documents(node)?.len() {
                0 => u64::MAX,
                count => count,
            };
            counts.push((*term.indexes.start(), count));
        }
    }
    counts.sort_by_key(|(index, count)| (std::cmp::Reverse(*count), *index));
    let mut costs = vec![0; counts.len()];
    let (mut cost, mut last) = (0, None);
    for (index, count) in counts {
        if last.replace(count) != Some(count) {
            cost += 1;
        }
        costs[usize::from(index)] = cost;
    }
    Ok(costs)
}
