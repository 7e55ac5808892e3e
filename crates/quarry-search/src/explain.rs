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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tracing_subscriber::fmt::MakeWriter;

    use crate::test_index::{TestIndex, plain};

    /// Keeps what is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Log {
        type Writer = Log;

        fn make_writer(&'w self) -> Log {
            self.clone()
        }
    }

    #[test]
    fn terms_and_buckets_are_traced() {
        let index = TestIndex::new(json!({}), json!([{"id": 1, "t": "red car"}, {"id": 2, "t": "red"}]));
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter("quarry_search::explain=trace")
            .with_writer(log.clone())
            .with_ansi(false)
            .finish();
        tracing::subscriber::with_default(subscriber, || index.search("red car", plain()));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("term text=\"redcar\""), "{text}");
        assert!(text.contains("query terms=3 universe=2"), "{text}");
        assert!(text.contains("bucket rule=Words level=0 documents=1"), "{text}");
        assert!(text.contains("bucket rule=ExactWords"), "{text}");
    }
}
