//! A trace of every decision of a search, on the tracing target `quarry_search::explain` at level `trace`.
//!
//! Fields are stable enough to test on: `rule`, `level`, `documents`, `detail`, `micros`.

use std::time::Instant;

use tracing::{Level, enabled, trace};

use crate::context::SearchContext;
use crate::graph::QueryGraph;
use crate::query::TermKind;
use crate::ranking::{Bucket, Rule};

const TARGET: &str = "quarry_search::explain";

/// One bucket of one rule.
pub(crate) fn bucket(rule: &Rule, level: usize, bucket: &Bucket, started: Instant) {
    if !enabled!(target: TARGET, Level::TRACE) {
        return;
    }
    trace!(
        target: TARGET,
        rule = ?rule,
        level,
        documents = bucket.documents.len(),
        detail = ?bucket.detail,
        nodes = bucket.graph.nodes.len(),
        micros = started.elapsed().as_micros() as u64,
        "bucket"
    );
}

/// The query graph and what its terms match.
pub(crate) fn query(context: &SearchContext<'_>, graph: &QueryGraph, universe: u64, started: Instant) {
    if !enabled!(target: TARGET, Level::TRACE) {
        return;
    }
    for node in graph.terms() {
        let term = context.term(node.term);
        let text = match (term.kind, term.word) {
            (TermKind::Phrase(phrase), _) => format!("{:?}", context.phrase_text(phrase)),
            (_, Some(word)) => context.text(word).to_string(),
            (_, None) => String::new(),
        };
        trace!(
            target: TARGET,
            text,
            indexes = ?term.indexes,
            positions = ?term.positions,
            is_prefix = term.is_prefix,
            typos_allowed = term.typos_allowed,
            words = term.without_typos.words.len(),
            "term"
        );
    }
    let micros = started.elapsed().as_micros() as u64;
    trace!(target: TARGET, terms = graph.terms().count(), universe, micros, "query");
}
