//! Bodies of the routes that search: any JSON gives a request or an error with a text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_api::facet_search::FacetSearchQuery;
use quarry_api::multi_search::MultiSearch;
use quarry_api::query_string::from_json;
use quarry_api::search::SearchQuery;
use quarry_api::similar::SimilarQuery;
use quarry_error::marker::BadRequest;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(input) else { return };
    let _ = from_json::<SearchQuery, BadRequest>(body.clone());
    let _ = from_json::<MultiSearch, BadRequest>(body.clone());
    let _ = from_json::<FacetSearchQuery, BadRequest>(body.clone());
    let _ = from_json::<SimilarQuery, BadRequest>(body);
});
