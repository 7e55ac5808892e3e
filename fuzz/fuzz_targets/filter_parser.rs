//! Filters: any text, any JSON. What is accepted can be written in its canonical form and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_filter::{Wording, parse, parse_expression};

fuzz_target!(|input: &[u8]| {
    if let Ok(json) = serde_json::from_slice(input) {
        let _ = parse(&json).map_err(|error| error.to_string());
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    let filter = match parse_expression(text) {
        Ok(Some(filter)) => filter,
        Ok(None) => return,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for token in filter.fields() {
        filter.explain("why", token, Wording::AsSent);
        filter.explain("why", token, Wording::Rewritten);
    }
    let _ = (filter.uses_contains(), filter.uses_vectors(), filter.uses_foreign());
    let rewritten = filter.rewritten();
    match parse_expression(&rewritten) {
        Ok(Some(again)) => assert_eq!(again.rewritten(), rewritten, "the canonical text is not stable"),
        Ok(None) => panic!("the canonical text {rewritten:?} is no filter"),
        // Parentheses may take it past the depth that a text may have.
        Err(error) => assert!(rewritten.matches('(').count() > 50, "{rewritten:?}: {error}"),
    }
});
