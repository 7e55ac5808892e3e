//! Documents of any content: taken in, found by a filter on their id, shown as sent, cropped and highlighted.
//!
//! The input is a query on the first line, then a document as a JSON object; its `id` is set to 9.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use quarry_fuzz::films::Films;
use quarry_fuzz::pieces::line;
use quarry_search::{SearchRequest, search};
use serde_json::{Map, Value};

static FILMS: LazyLock<Films> = LazyLock::new(Films::open);

fuzz_target!(|input: &str| {
    let (query, document) = line(input);
    let Ok(mut document) = serde_json::from_str::<Map<String, Value>>(document) else { return };
    document.insert("id".to_owned(), Value::from(9));
    let json = serde_json::to_vec(&document).expect("a JSON object can be written");
    if !FILMS.add(&json) {
        return;
    }
    let snapshot = FILMS.index.snapshot().expect("the index can be read");
    let number = snapshot.document_id("9").expect("the index can be read").expect("the document was taken");
    let stored = snapshot.document_json(number).expect("the index can be read").expect("its record is there");
    let sent = serde_json::from_slice::<Value>(&json).expect("it was written as JSON");
    assert_eq!(Value::Object(stored), sent, "a document comes back as it was sent");
    let all = vec!["*".to_owned()];
    let request = SearchRequest {
        query: Some(query.to_owned()),
        filter: quarry_filter::parse_expression("id = 9").expect("it is well-formed"),
        facets: Some(all.clone()),
        attributes_to_crop: all.clone(),
        crop_length: 3,
        attributes_to_highlight: all,
        show_matches_position: true,
        ..SearchRequest::default()
    };
    let found = search(&snapshot, &request).expect("the settings allow this search");
    assert!(found.hits.len() <= 1);
});
