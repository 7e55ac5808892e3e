//! Which terms a document may do without, and in which order they are given up.

use std::collections::BTreeSet;

use quarry_storage::StorageError;

use crate::context::SearchContext;
use crate::graph::NodeTerm;
use crate::query::{TermId, TermKind};
use crate::request::MatchingStrategy;

/// The order in which terms are given up: terms of one step together, and only after all steps before.
#[derive(Debug, Default, Clone)]
pub(crate) struct RemovalOrder {
    /// By term: its step, from 1; none for terms that every document must match.
    steps: Vec<Option<u8>>,
    /// Number of steps.
    pub steps_count: u8,
}

impl RemovalOrder {
    /// Whether `term` is given up once `steps` steps are taken.
    pub(crate) fn is_removed(&self, term: TermId, steps: u8) -> bool {
        self.steps[term.index()].is_some_and(|step| step <= steps)
    }

    /// Whether `term` is given up in the last of `steps` steps.
    pub(crate) fn is_removed_last(&self, term: TermId, steps: u8) -> bool {
        self.steps[term.index()] == Some(steps)
    }

    /// The order of a strategy for the terms of the query.
    pub(crate) fn new(
        context: &SearchContext<'_>,
        strategy: MatchingStrategy,
    ) -> Result<RemovalOrder, StorageError> {
        let terms = &context.terms;
        let costs = match strategy {
            MatchingStrategy::All => {
                return Ok(RemovalOrder { steps: vec![None; terms.len()], steps_count: 0 });
            }
            MatchingStrategy::Last => {
                let count = terms.iter().map(|term| term.indexes.end() + 1).max().unwrap_or(0);
                (0..count).map(|index| count - index).collect()
            }
            MatchingStrategy::Frequency => frequency_costs(context)?,
        };
        // A n-gram goes with the last of its words.
        let cost_of = |term: &crate::query::Term| {
            term.indexes.clone().map(|index| costs[usize::from(index)]).max().unwrap_or(0)
        };
        let is_mandatory = |term: &crate::query::Term| matches!(term.kind, TermKind::Phrase(_));
        let mut removable: BTreeSet<u8> =
            terms.iter().filter(|term| !is_mandatory(term)).map(cost_of).collect();
        if !terms.iter().any(is_mandatory) {
            removable.pop_last();
        }
        let step_of = |cost: u8| removable.contains(&cost).then(|| removable.range(..=cost).count() as u8);
        let steps =
            terms.iter().map(|term| if is_mandatory(term) { None } else { step_of(cost_of(term)) }).collect();
        Ok(RemovalOrder { steps, steps_count: removable.len() as u8 })
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
