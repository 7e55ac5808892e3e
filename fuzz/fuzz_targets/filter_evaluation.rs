//! Filters that parse, evaluated on an index with every kind of value: `NOT` is the complement.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_filter::{Wording, parse_expression};
use quarry_fuzz::films::Films;
use quarry_search::filter::evaluate;

static FILMS: LazyLock<Films> = LazyLock::new(Films::open);

fuzz_target!(|text: &str| {
    let snapshot = FILMS.index.snapshot().expect("the index can be read");
    let Ok(Some(filter)) = parse_expression(text) else { return };
    let found = match evaluate(&snapshot, &filter, Wording::AsSent, None) {
        Ok(found) => found,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let all = snapshot.documents_ids().expect("the index can be read");
    assert!(found.is_subset(&all));
    let Ok(Some(negated)) = parse_expression(&format!("NOT ({text})")) else { return };
    if let Ok(others) = evaluate(&snapshot, &negated, Wording::AsSent, None) {
        assert_eq!(all - found, others, "{text:?} and its negation");
    }
});
