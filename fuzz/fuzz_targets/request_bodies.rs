//! Bodies of all routes but search and settings: any JSON gives a request or an error.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quarry_api::documents::{DeleteByFilter, EditDocuments, FetchDocuments};
use quarry_api::features::FeaturesUpdate;
use quarry_api::fields::ListFields;
use quarry_api::indexes::{CreateIndex, SwapIndexes, UpdateIndex};
use quarry_api::keys::{CreateKey, UpdateKey};
use quarry_api::query_string::from_json;
use quarry_error::marker::BadRequest;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let Ok(body) = serde_json::from_slice::<Value>(input) else { return };
    let _ = from_json::<FetchDocuments, BadRequest>(body.clone());
    let _ = from_json::<DeleteByFilter, BadRequest>(body.clone());
    let _ = from_json::<EditDocuments, BadRequest>(body.clone());
    let _ = from_json::<FeaturesUpdate, BadRequest>(body.clone());
    let _ = from_json::<ListFields, BadRequest>(body.clone());
    let _ = from_json::<CreateIndex, BadRequest>(body.clone());
    let _ = from_json::<UpdateIndex, BadRequest>(body.clone());
    let _ = from_json::<Vec<SwapIndexes>, BadRequest>(body.clone());
    let _ = from_json::<CreateKey, BadRequest>(body.clone());
    let _ = from_json::<UpdateKey, BadRequest>(body);
});
