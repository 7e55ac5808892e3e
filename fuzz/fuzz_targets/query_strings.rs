//! Query strings of every route that has one, and the parts of paths.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_api::document_id::document_identifier;
use quarry_api::documents::{AddDocuments, CustomMetadata, FetchDocuments, GetDocument};
use quarry_api::index_uid::{IndexUid, IndexUidPattern};
use quarry_api::indexes::{ListIndexes, StatsQuery};
use quarry_api::keys::ListKeys;
use quarry_api::query_string::{decode, from_query_string};
use quarry_api::search::{SearchQuery, split_sort};
use quarry_api::similar::SimilarQuery;
use quarry_api::tasks::{ListTasks, SelectTasks, batch_uid, task_uid};

fuzz_target!(|text: &str| {
    let _ = SearchQuery::from_query_string(text);
    let _ = SimilarQuery::from_query_string(text);
    let _ = FetchDocuments::from_query_string(text);
    let _ = AddDocuments::from_query_string(text);
    let _ = from_query_string::<GetDocument>(text);
    let _ = from_query_string::<CustomMetadata>(text);
    let _ = from_query_string::<ListIndexes>(text);
    let _ = from_query_string::<StatsQuery>(text);
    let _ = from_query_string::<ListKeys>(text);
    let _ = from_query_string::<ListTasks>(text);
    let _ = from_query_string::<SelectTasks>(text);
    let _ = (text.parse::<IndexUid>(), IndexUidPattern::try_from(text.to_owned()));
    let _ = (task_uid(text), batch_uid(text), document_identifier(&text.into()));
    split_sort(text);
    assert!(decode(text, false).len() <= text.len() * 3, "decoding only shortens, save for broken UTF-8");
});
