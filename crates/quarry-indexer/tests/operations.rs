//! What each operation does to documents, and what it reports.

#![allow(clippy::unwrap_used)]

mod harness;

use std::sync::atomic::{AtomicUsize, Ordering};

use harness::{Ask, Bench, assert_same, documents, rich_settings};
use quarry_indexer::payload::{PayloadFormat, convert};
use quarry_indexer::{Batch, Method, Operation, OperationReport, Progress};
use serde_json::json;

#[test]
fn replace_update_and_skip_creation() {
    let bench = Bench::small();
    bench.write(&[
        Ask::Replace(vec![json!({"id": 1, "a": 1, "b": {"c": 1}}), json!({"id": 2, "a": 2})]),
        Ask::Update(vec![json!({"id": 1, "b": {"d": 2}}), json!({"id": 1, "e": null})]),
        Ask::Replace(vec![json!({"id": "2", "z": true})]),
    ]);
    assert_eq!(bench.document("1"), Some(json!({"id": 1, "a": 1, "b": {"d": 2}, "e": null})));
    assert_eq!(bench.document("2"), Some(json!({"id": "2", "z": true})));

    let report =
        bench.write(&[Ask::UpdateExisting(vec![json!({"id": 2, "w": 1}), json!({"id": 3, "new": 3})])]);
    let expected = OperationReport { received: 2, indexed: 2, ..OperationReport::default() };
    assert_eq!(*report.operations[0].as_ref().unwrap(), expected);
    assert_eq!(bench.document("2"), Some(json!({"id": 2, "z": true, "w": 1})));
    assert_eq!(bench.document("3"), None);
    assert!(!bench.dump()["fields"].contains(&"new".to_owned()));
}

#[test]
fn a_bad_payload_fails_alone() {
    let bench = Bench::small();
    let report = bench.write(&[
        Ask::Replace(vec![json!({"id": "good", "t": "x"})]),
        Ask::Replace(vec![json!({"id": "fine", "lost": 1}), json!({"id": "not fine"})]),
        Ask::Replace(vec![json!({"t": "no id"})]),
        Ask::Update(vec![json!({"id": "good", "u": "y"})]),
    ]);
    let errors: Vec<Option<String>> = report
        .operations
        .iter()
        .map(|outcome| {
            outcome.as_ref().err().map(|error| {
                assert!(error.is_payload());
                error.to_string()
            })
        })
        .collect();
    assert!(errors[1].as_ref().unwrap().starts_with("Document identifier `\"not fine\"` is invalid."));
    assert_eq!(errors[2].as_deref(), Some("Document doesn't have a `id` attribute: `{\"t\":\"no id\"}`."));
    assert!(errors[0].is_none() && errors[3].is_none());
    assert_eq!(bench.document("good"), Some(json!({"id": "good", "t": "x", "u": "y"})));
    assert_eq!(bench.document("fine"), None);
    assert!(!bench.dump()["fields"].contains(&"lost".to_owned()));
}

#[test]
fn freed_ids_are_given_again() {
    let bench = Bench::small();
    bench.write(&[Ask::Replace(["a", "b", "c"].map(|id| json!({ "id": id })).to_vec())]);
    bench.write(&[Ask::Delete(vec!["a", "nobody"])]);
    bench.write(&[Ask::Replace(["d", "e"].map(|id| json!({ "id": id })).to_vec())]);
    let snapshot = bench.index.snapshot().unwrap();
    let ids = ["a", "b", "c", "d", "e"].map(|id| snapshot.document_id(id).unwrap());
    assert_eq!(ids, [None, Some(1), Some(2), Some(0), Some(3)]);
}

#[test]
fn a_cancelled_or_failed_batch_leaves_no_trace() {
    let bench = Bench::small();
    bench.settings(rich_settings());
    bench.write(&[Ask::Replace(documents(0..50))]);
    let before = bench.dump();
    for stop_at in [1, 3, 10, 14] {
        let asked = AtomicUsize::new(0);
        let cancelled = || asked.fetch_add(1, Ordering::Relaxed) >= stop_at;
        let error = bench.try_write(&[Ask::Replace(documents(0..3000))], &cancelled).unwrap_err();
        assert!(error.is_cancelled(), "{error}");
        assert_same(&bench.dump(), &before);
    }
    let bad_point = json!({"id": 3, "_geo": "nowhere"});
    let error = bench.try_write(&[Ask::Replace(vec![bad_point])], &|| false).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("The `_geo` field in the document with the id: `\"3\"` is not an object.")
    );
    assert_same(&bench.dump(), &before);
}

#[test]
fn functions_edit_documents() {
    let bench = Bench::small();
    bench.write(&[Ask::Replace(vec![json!({"id": 1, "n": 2}), json!({"id": 2, "n": 50, "old": true})])]);
    let report =
        bench.write(&[Ask::Edit("if doc.n < 10 { doc = () } else { doc.n += 1; doc.remove(\"old\"); }")]);
    assert_eq!(report.operations[0].as_ref().unwrap().edited, 2);
    assert_eq!(bench.document("1"), None);
    assert_eq!(bench.document("2"), Some(json!({"id": 2, "n": 51})));
    let report = bench.write(&[Ask::Edit("doc.id = 77")]);
    let error = report.operations[0].as_ref().unwrap_err();
    assert_eq!(error.to_string(), "Document editions cannot modify a document's primary key");
}

#[test]
fn nesting_is_bounded_with_a_clear_refusal() {
    let bench = Bench::small();
    let mut deep = json!(1);
    for _ in 0..126 {
        deep = json!([deep]);
    }
    let report = bench.write(&[Ask::Replace(vec![json!({"id": "deep", "n": deep})])]);
    assert!(report.operations[0].is_ok());
    let deeper = json!([deep]);
    let report = bench.write(&[Ask::Replace(vec![json!({"id": "deeper", "n": deeper})])]);
    let error = report.operations[0].as_ref().unwrap_err();
    assert!(error.to_string().contains("`deeper`") && error.to_string().contains("127"), "{error}");
}

#[test]
fn bottomless_documents_are_refused_and_not_followed() {
    let bench = Bench::small();
    let text = format!(r#"[{{"id":1,"n":{}1{}}}]"#, r#"{"a":["#.repeat(200_000), "]}".repeat(200_000));
    let mut payload = tempfile::NamedTempFile::new().unwrap();
    convert(PayloadFormat::Json, text.as_bytes(), &mut payload).unwrap();
    let addition = Operation::Documents {
        payload: payload.path(),
        method: Method::Replace,
        primary_key: None,
        skip_creation: false,
    };
    let batch = Batch::new(vec![addition]);
    let report = bench.indexer.write(&bench.index, &batch, &|| false, &Progress::new()).unwrap();
    assert!(report.operations[0].as_ref().unwrap_err().to_string().contains("nested too deeply"));
}

/// The writer sees that the batch has failed before it sees why.
#[test]
fn a_document_that_fails_in_extraction_is_named_whatever_the_writer_does() {
    let bench = Bench::new(4, 32 << 20);
    bench.settings(json!({ "filterableAttributes": ["_geo"] }));
    let mut sent: Vec<_> = (0..20_000).map(|id| json!({ "id": id, "text": format!("w{id}") })).collect();
    sent.push(json!({ "id": "last", "_geo": "nowhere" }));
    let asks = [Ask::Replace(sent)];
    for _ in 0..5 {
        let error = bench.try_write(&asks, &|| false).unwrap_err();
        assert!(!error.is_cancelled() && error.to_string().contains("_geo"), "{error}");
    }
    assert_eq!(bench.document("1"), None);
}
