//! Facets of small indexes, through the whole crate.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quarry_index::Index;
use roaring::RoaringBitmap;
use serde_json::{Value, json};

use super::*;
use crate::test_index::TestIndex;

/// All that is shown of all fields, as (distribution, stats) in their order.
fn answer(index: &TestIndex) -> (String, String) {
    let snapshot = index.index().snapshot().expect("the index can be read");
    let all = snapshot.documents_ids().expect("the index can be read");
    let answer = distribution(&snapshot, &["*".to_owned()], &all).expect("every field is filterable");
    (Value::Object(answer.distribution).to_string(), Value::Object(answer.stats).to_string())
}

fn check(faceting: Value, documents: Value, expected: Value) {
    let settings = json!({ "filterableAttributes": ["v", "w"], "faceting": faceting });
    let index = TestIndex::new(settings, documents);
    assert_eq!(answer(&index).0, expected.to_string());
}

fn by_count() -> Value {
    json!({ "sortFacetValuesBy": { "*": "count" } })
}

#[test]
fn values_in_order() {
    let documents = json!([
        {"id": 1, "v": ["b", 10]}, {"id": 2, "v": ["B ", 9, null]}, {"id": 3, "v": ["é", "e", 9, 9, true]},
        {"id": 4, "v": ""}, {"id": 5, "w": []},
    ]);
    check(
        json!({}),
        documents.clone(),
        json!({"v": {"10": 1, "9": 2, "b": 2, "e": 1, "é": 1, "true": 1}, "w": {}}),
    );
    check(by_count(), documents, json!({"v": {"9": 2, "10": 1, "b": 2, "true": 1, "é": 1, "e": 1}, "w": {}}));
}

#[test]
fn zero_values_are_none() {
    for order in ["alpha", "count"] {
        let faceting = json!({ "maxValuesPerFacet": 0, "sortFacetValuesBy": { "*": order } });
        check(faceting, json!([{"id": 1, "v": ["a", 1]}]), json!({"v": {}}));
    }
}

#[test]
fn both_zeros_are_one_value() {
    let index = TestIndex::new(
        json!({"filterableAttributes": ["v"]}),
        json!([{"id": 1, "v": -0.0}, {"id": 2, "v": 0}]),
    );
    assert_eq!(
        answer(&index),
        (json!({"v": {"0": 2}}).to_string(), json!({"v": {"min": 0.0, "max": 0.0}}).to_string())
    );
}

#[test]
fn a_number_and_its_text_are_one_value() {
    let documents = json!([
        {"id": 1, "v": 1}, {"id": 2, "v": "1"}, {"id": 3, "v": [1, " 1"]}, {"id": 4, "v": ["2", "01"]},
        {"id": 5, "v": [2.5, "2.50"]},
    ]);
    check(json!({}), documents.clone(), json!({"v": {"1": 3, "2.5": 1, "01": 1, "2": 1, "2.50": 1}}));
    check(by_count(), documents, json!({"v": {"1": 3, "2.5": 1, "2.50": 1, "2": 1, "01": 1}}));
}

#[test]
fn the_cut_keeps_numbers_first() {
    let documents = json!([{"id": 1, "v": ["b", "a", "c", 1]}, {"id": 2, "v": ["b", "a", "d"]}]);
    let faceting = |order: &str| json!({ "maxValuesPerFacet": 3, "sortFacetValuesBy": { "v": order } });
    check(faceting("alpha"), documents.clone(), json!({"v": {"1": 1, "a": 2, "b": 2}}));
    check(faceting("count"), documents, json!({"v": {"1": 1, "b": 2, "a": 2}}));
}

/// What one field shows, counted both ways.
fn count_both_ways(index: &Index, candidates: &RoaringBitmap) -> [(Value, Option<(f64, f64)>); 2] {
    let snapshot = index.snapshot().expect("the index can be read");
    let field = snapshot.fields().id("v").expect("some document has the field");
    let documents_count = snapshot.documents_count().expect("the index can be read");
    let facet = FieldFacet::new(&snapshot, field, "v", candidates, documents_count);
    facet
        .count_both_ways()
        .expect("the index can be read")
        .map(|counted| (counted.values.into(), counted.numbers))
}

fn facet_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3..4i32).prop_map(|number| json!(number)),
        (-3..4i32).prop_map(|number| json!(number.to_string())),
        "[aAbé]{1,2}".prop_map(|text| json!(text)),
        (0..200u32).prop_map(|number| json!(format!("v{number}"))),
        (0..200u32).prop_map(|number| json!(f64::from(number) / 8.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn both_walks_agree(
        values in prop::collection::vec(prop::collection::vec(facet_value(), 0..4), 1..120),
        wanted in prop::collection::vec(any::<bool>(), 120),
        counts: bool,
        values_max in prop::sample::select(vec![0, 1, 3, 10, 1000]),
    ) {
        let documents: Vec<Value> =
            values.iter().enumerate().map(|(id, values)| json!({"id": id, "v": values})).collect();
        let faceting = json!({
            "maxValuesPerFacet": values_max, "sortFacetValuesBy": {"*": if counts { "count" } else { "alpha" }}
        });
        let settings = json!({"filterableAttributes": ["v"], "faceting": faceting});
        let index = TestIndex::new(settings, json!(documents));
        let wanted: RoaringBitmap = (0..values.len() as u32).filter(|id| wanted[*id as usize]).collect();
        let all: RoaringBitmap = (0..values.len() as u32).collect();
        for candidates in [wanted, all] {
            let [by_document, by_value] = count_both_ways(index.index(), &candidates);
            prop_assert_eq!(by_document.1, by_value.1);
            // Which of equally frequent values stay at the cut is another matter.
            let is_cut = by_value.0.as_object().is_some_and(|values| values.len() == values_max);
            if counts && is_cut {
                let counts = |shown: &Value| {
                    shown.as_object().map(|values| values.values().cloned().collect::<Vec<_>>())
                };
                prop_assert_eq!(counts(&by_document.0), counts(&by_value.0));
            } else {
                // As text, for the order.
                prop_assert_eq!(by_document.0.to_string(), by_value.0.to_string());
            }
        }
    }
}

/// The spelling and the count of each value, by its normalised form.
fn spellings_and_counts(
    documents: &[Vec<String>],
    candidates: &RoaringBitmap,
) -> BTreeMap<String, (String, u64)> {
    let mut shown = BTreeMap::new();
    for (_, values) in (0..).zip(documents).filter(|(id, _)| candidates.contains(*id)) {
        let forms: BTreeMap<String, &String> =
            values.iter().rev().map(|value| (value.to_lowercase(), value)).collect();
        for (form, spelling) in forms {
            shown.entry(form).or_insert_with(|| (spelling.clone(), 0)).1 += 1;
        }
    }
    shown
}

#[test]
fn many_values_of_few_documents_are_spelled_as_in_the_first() {
    // Documents share values, each spelled in one of four ways.
    let spelled = |id: u32, value: u32| match (id + value) % 4 {
        0 => format!("tag{value}"),
        1 => format!("Tag{value}"),
        2 => format!("TAG{value}"),
        _ => format!("taG{value}"),
    };
    let values = |id: u32| (0..2000).map(move |place| spelled(id, (place * (id % 3 + 1) + id * 300) % 6000));
    let mut documents: Vec<Vec<String>> = (0..20).map(|id| values(id).collect()).collect();
    // Two spellings in one document; zeros, which are escaped in keys.
    documents[3].extend(["twice", "TWICE", "z\0ero", "\0\0"].map(str::to_owned));
    documents[5].extend(["Twice", "Z\0ERO"].map(str::to_owned));
    let json: Vec<Value> =
        documents.iter().enumerate().map(|(id, values)| json!({"id": id, "v": values})).collect();
    let index = TestIndex::new(json!({"filterableAttributes": ["v"]}), json!(json));
    for order in ["alpha", "count"] {
        index.configure(json!({
            "faceting": {"maxValuesPerFacet": 1_000_000, "sortFacetValuesBy": {"*": order}}
        }));
        for candidates in [RoaringBitmap::from_iter(0..20), RoaringBitmap::from_iter([4, 5, 11, 19])] {
            let expected: BTreeMap<String, Value> = spellings_and_counts(&documents, &candidates)
                .into_values()
                .map(|(spelling, count)| (spelling, count.into()))
                .collect();
            for (shown, _) in count_both_ways(index.index(), &candidates) {
                let shown: BTreeMap<String, Value> =
                    serde_json::from_value(shown).expect("values are an object");
                assert_eq!(shown, expected, "{order} {}", candidates.len());
            }
        }
    }
}

#[test]
fn facet_search_finds_values_by_their_beginning() {
    let settings = json!({"filterableAttributes": ["v", "w"], "faceting": {"maxValuesPerFacet": 3}});
    let documents = json!([
        {"id": 1, "v": ["Éclair", "magnolia", 12]}, {"id": 2, "v": "eclair"}, {"id": 3, "v": "éclair", "w": "x"},
        {"id": 4, "v": "Eclat"}, {"id": 5, "v": "magnificent"}, {"id": 6, "v": "mango"}, {"id": 7, "v": "12"},
    ]);
    let index = TestIndex::new(settings, documents);
    let found = |query: Option<&str>| {
        let snapshot = index.index().snapshot().expect("the index can be read");
        let request = FacetSearchRequest {
            facet_name: "v".to_owned(),
            facet_query: query.map(str::to_owned),
            ..FacetSearchRequest::default()
        };
        let hits = facet_search(&snapshot, &request).expect("the field is facet-searchable");
        hits.into_iter().map(|hit| format!("{} {}", hit.value, hit.count)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(found(Some("ecl")), "eclair 1, Éclair 2, Eclat 1");
    assert_eq!(found(Some("écla")), "eclair 1, Éclair 2, Eclat 1");
    assert_eq!(found(Some("mgnolia")), "magnolia 1");
    assert_eq!(found(Some("mag")), "magnificent 1, magnolia 1");
    assert_eq!(found(Some("lair")), "");
    assert_eq!(found(Some("1")), "12 1");
    assert_eq!(found(Some("")), "12 1, eclair 1, Éclair 2");
    assert_eq!(found(None), "12 1, eclair 1, Eclat 1");
}

#[test]
fn facet_search_counts_one_document_per_distinct_value() {
    let settings = json!({"filterableAttributes": ["v"], "distinctAttribute": "sku"});
    let documents = json!([
        {"id": 1, "sku": "a", "v": "black"}, {"id": 2, "sku": "A", "v": "brown"}, {"id": 3, "v": "black"},
    ]);
    let index = TestIndex::new(settings, documents);
    let snapshot = index.index().snapshot().expect("the index can be read");
    for exhaustive_count in [false, true] {
        let request = FacetSearchRequest {
            facet_name: "v".to_owned(),
            exhaustive_count,
            ..FacetSearchRequest::default()
        };
        let hits = facet_search(&snapshot, &request).expect("the field is facet-searchable");
        assert_eq!(hits, [FacetHit { value: "black".to_owned(), count: 2 }]);
    }
}
