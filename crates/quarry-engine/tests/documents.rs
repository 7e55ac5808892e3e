//! Documents read back: fields, filters, ids, order, pages.

#![allow(clippy::unwrap_used)]

use quarry_engine::Engine;
use quarry_engine::documents::{FetchRequest, Shown, fetch, get};
use serde_json::{Value, json};

fn films() -> (tempfile::TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let settings = json!({"filterableAttributes": ["year"], "sortableAttributes": ["year", "by.name"]});
    engine.update_settings(&serde_json::from_value(settings).unwrap()).unwrap();
    let documents = json!([
        {"id": 1, "year": 1901, "by": {"name": "Moor", "age": 40}},
        {"id": 2, "year": [1950, 1888], "by": {"name": "Zahn"}},
        {"id": 3, "year": "late", "by": {"name": "Berg"}},
        {"id": 4, "year": null, "by": {"name": "Abel"}, "_vectors": {"own": [1.0]}},
        {"id": 5, "year": 1901, "by": {"name": "Cole"}}
    ]);
    engine.add_documents(documents.to_string().as_bytes()).unwrap();
    (folder, engine)
}

fn all() -> FetchRequest {
    FetchRequest { limit: 20, ..FetchRequest::default() }
}

/// `expected`: ids in order.
fn check(engine: &Engine, request: FetchRequest, expected: &[u64], total: u64) {
    let result = fetch(&engine.snapshot().unwrap(), &request).unwrap();
    let ids: Vec<u64> = result.documents.iter().map(|document| document["id"].as_u64().unwrap()).collect();
    assert_eq!((ids.as_slice(), result.total), (expected, total), "{request:?}");
}

fn sorted(criteria: &[&str]) -> FetchRequest {
    let sort = criteria.iter().map(|&criterion| criterion.to_owned()).collect();
    FetchRequest { sort: Some(sort), ..all() }
}

#[test]
fn pages_filters_and_ids() {
    let (_folder, engine) = films();
    check(&engine, all(), &[1, 2, 3, 4, 5], 5);
    check(&engine, FetchRequest { offset: 1, limit: 2, ..all() }, &[2, 3], 5);
    check(&engine, FetchRequest { offset: 9, ..all() }, &[], 5);
    check(&engine, FetchRequest { filter: Some(json!("year = 1901")), ..all() }, &[1, 5], 2);
    let ids = Some(vec!["5".to_owned(), "2".to_owned(), "none".to_owned()]);
    check(&engine, FetchRequest { ids: ids.clone(), ..all() }, &[2, 5], 2);
    check(&engine, FetchRequest { ids, filter: Some(json!(["year > 1900"])), ..all() }, &[2, 5], 2);
}

#[test]
fn numbers_come_before_text_and_nothing_comes_last() {
    let (_folder, engine) = films();
    check(&engine, sorted(&["year:asc"]), &[2, 1, 5, 3, 4], 5);
    check(&engine, sorted(&["year:desc"]), &[2, 1, 5, 3, 4], 5);
    check(&engine, sorted(&["year:asc", "by.name:asc"]), &[2, 5, 1, 3, 4], 5);
    check(&engine, sorted(&["by.name:desc"]), &[2, 1, 5, 3, 4], 5);
    check(&engine, FetchRequest { offset: 2, limit: 2, ..sorted(&["year:asc"]) }, &[5, 3], 5);
}

#[test]
fn coordinates_are_numbers_even_as_texts() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let settings = json!({"sortableAttributes": ["_geo", "lat"]});
    engine.update_settings(&serde_json::from_value(settings).unwrap()).unwrap();
    let documents = json!([
        {"id": 1, "_geo": {"lat": 51.0, "lng": 3.5}, "lat": 51.0},
        {"id": 2, "_geo": {"lat": "9.5", "lng": "3.25"}, "lat": "9.5"},
        {"id": 3, "_geo": {"lat": 50, "lng": "-3"}, "lat": 50}
    ]);
    engine.add_documents(documents.to_string().as_bytes()).unwrap();
    check(&engine, sorted(&["_geo.lat:asc"]), &[2, 3, 1], 3);
    check(&engine, sorted(&["_geo.lng:desc"]), &[1, 2, 3], 3);
    check(&engine, sorted(&["lat:asc"]), &[3, 1, 2], 3);
    engine.add_documents(br#"[{"id": 3, "_geo": {"lat": "4", "lng": "9"}}]"#).unwrap();
    check(&engine, sorted(&["_geo.lat:asc"]), &[3, 2, 1], 3);
    check(&engine, sorted(&["_geo.lng:asc"]), &[2, 1, 3], 3);
}

#[test]
fn the_last_of_many_criteria_decides() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::open(folder.path()).unwrap();
    let settings = json!({"sortableAttributes": ["_geo", "none", "id"]});
    engine.update_settings(&serde_json::from_value(settings).unwrap()).unwrap();
    let document = |id: u32| json!({"id": id, "_geo": {"lat": 1, "lng": 2}});
    engine.add_documents(json!([document(1), document(2), document(3)]).to_string().as_bytes()).unwrap();
    for tied in ["_geoPoint(3,4):asc", "none:desc", "id.none:asc"] {
        // More than a thread's stack could hold a call for.
        let mut criteria = vec![tied; 50_000];
        criteria.push("id:desc");
        check(&engine, sorted(&criteria), &[3, 2, 1], 3);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let (_folder, engine) = films();
    let snapshot = engine.snapshot().unwrap();
    let refusal = |request: FetchRequest| fetch(&snapshot, &request).unwrap_err().to_string();
    assert_eq!(
        refusal(sorted(&["id:asc"])),
        "Attribute `id` is not sortable. Available sortable attributes are: `by.name, year`."
    );
    assert_eq!(
        refusal(sorted(&["year"])),
        "Invalid syntax for the sort parameter: expected expression ending by `:asc` or `:desc`, found `year`."
    );
    let filter = FetchRequest { filter: Some(json!("id = 1")), ..all() };
    assert!(refusal(filter).starts_with("Attribute `id` is not filterable."));
}

#[test]
fn only_the_fields_asked_for_are_shown() {
    let (_folder, engine) = films();
    let snapshot = engine.snapshot().unwrap();
    let shown = |id: &str, fields: Option<&[&str]>, vectors: bool| {
        let fields = fields.map(|fields| fields.iter().map(|&field| field.to_owned()).collect());
        get(&snapshot, id, &Shown { fields, vectors }).unwrap().map(Value::Object)
    };
    let whole = json!({"id": 1, "year": 1901, "by": {"name": "Moor", "age": 40}});
    assert_eq!(shown("1", None, false), Some(whole.clone()));
    assert_eq!(shown("1", Some(&["*"]), false), Some(whole));
    assert_eq!(shown("1", Some(&["by.age", "nope"]), false), Some(json!({"by": {"age": 40}})));
    assert_eq!(shown("1", Some(&[]), false), Some(json!({})));
    assert_eq!(shown("4", Some(&["id"]), false), Some(json!({"id": 4})));
    assert_eq!(shown("4", Some(&["id"]), true), Some(json!({"id": 4, "_vectors": {"own": [1.0]}})));
    assert_eq!(shown("9", None, false), None);
}
