//! Whatever the history, the same documents and settings give the same tables.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Ask, Bench, assert_same, document, documents, rich_settings};
use serde_json::json;

/// More than enough for each prefix of the little world to be kept.
const DOCUMENTS: u32 = 700;

fn in_one_batch() -> Bench {
    let bench = Bench::new(1, 32 << 20);
    bench.settings(rich_settings());
    bench.write(&[Ask::Replace(documents(0..DOCUMENTS))]);
    bench
}

#[test]
fn tables_hold_what_documents_do() {
    let bench = in_one_batch();
    let dump = bench.dump();
    for (table, lines) in &dump {
        assert!(!lines.is_empty() || *table == "main", "{table} is empty");
    }
    assert_eq!(bench.document("7").unwrap(), document(7));
}

#[test]
fn what_waits_is_settled_when_it_is_much() {
    let bench = in_one_batch();
    let waiting_bytes = || {
        let txn = bench.index.environment().read_txn().unwrap();
        bench.index.tables().late_postings.size_bytes(&txn).unwrap()
    };
    assert_eq!(waiting_bytes(), 0);
    bench.write(&[Ask::Replace(documents(DOCUMENTS..DOCUMENTS + 1))]);
    let little = waiting_bytes();
    bench.indexer.settle(&bench.index).unwrap();
    assert!(little > 0 && waiting_bytes() == little);
    for start in (DOCUMENTS..).step_by(20) {
        assert!(waiting_bytes() >= little, "settled before it was much");
        bench.write(&[Ask::Replace(documents(start..start + 20))]);
        if waiting_bytes() > 128 << 10 {
            break;
        }
    }
    let expected = bench.dump();
    bench.indexer.settle(&bench.index).unwrap();
    assert_eq!(waiting_bytes(), 0);
    assert_same(&bench.dump(), &expected);
}

#[test]
fn threads_and_batches_do_not_show() {
    let expected = in_one_batch().dump();
    let two_threads = Bench::small();
    two_threads.settings(rich_settings());
    two_threads.write(&[Ask::Replace(documents(0..DOCUMENTS))]);
    assert_same(&two_threads.dump(), &expected);

    let many_batches = Bench::small();
    many_batches.settings(rich_settings());
    for start in (0..DOCUMENTS).step_by(20) {
        many_batches.write(&[Ask::Replace(documents(start..start + 20))]);
    }
    assert_same(&many_batches.dump(), &expected);
}

#[test]
fn settings_may_come_after_documents() {
    let expected = in_one_batch().dump();
    let bench = Bench::small();
    bench.write(&[Ask::Replace(documents(0..DOCUMENTS))]);
    bench.settings(rich_settings());
    assert_same(&bench.dump(), &expected);

    bench.settings(json!({ "searchableAttributes": ["title"], "filterableAttributes": null, "prefixSearch": "disabled" }));
    assert!(bench.dump()["facet-id-exists-docids"].len() < expected["facet-id-exists-docids"].len());
    bench.settings(json!({ "proximityPrecision": "byAttribute" }));
    bench.settings(rich_settings());
    bench.settings(json!({ "prefixSearch": "indexingTime", "proximityPrecision": null }));
    assert_same(&bench.dump(), &expected);
}

#[test]
fn documents_that_changed_are_as_if_they_came_so() {
    let expected = in_one_batch().dump();
    let bench = Bench::small();
    bench.settings(rich_settings());
    let mut others = documents(0..DOCUMENTS);
    for (id, other) in others.iter_mut().enumerate().filter(|(id, _)| id % 7 == 0) {
        *other = document(id as u32 + 5000);
        other["id"] = json!(id);
    }
    bench.write(&[Ask::Replace(others)]);
    let changed: Vec<_> = (0..DOCUMENTS).filter(|id| id % 7 == 0).map(document).collect();
    // A few at a time, so that prefixes follow document by document.
    for changed in changed.chunks(13) {
        bench.write(&[Ask::Replace(changed.to_vec())]);
    }
    let mut found = bench.dump();
    // Fields are never forgotten, and come in the order of their documents.
    found.remove("fields");
    let mut expected = expected;
    expected.remove("fields");
    assert_same(&found, &expected);
}

#[test]
fn nothing_is_left_of_deleted_documents() {
    let bench = in_one_batch();
    let ids: Vec<String> = (0..DOCUMENTS).map(|id| id.to_string()).collect();
    let (first, rest) = ids.split_at(20);
    for ids in [first, rest] {
        let ids: Vec<&'static str> = ids.iter().map(|id| &*id.clone().leak()).collect();
        let report = bench.write(&[Ask::Delete(ids.clone()), Ask::Delete(ids.clone())]);
        let deleted: Vec<u64> =
            report.operations.iter().map(|report| report.as_ref().unwrap().deleted).collect();
        assert_eq!(deleted, [ids.len() as u64, 0]);
    }
    for (table, lines) in bench.dump() {
        assert!(lines.is_empty() || table == "fields", "{table}: {lines:?}");
    }
}

#[test]
fn clear_leaves_nothing_and_what_comes_after_it_stays() {
    let bench = in_one_batch();
    let report = bench.write(&[Ask::Replace(documents(9000..9010)), Ask::Clear, Ask::Clear]);
    assert_eq!(report.operations[1].as_ref().unwrap().deleted, u64::from(DOCUMENTS));
    assert_eq!(report.operations[2].as_ref().unwrap().deleted, 0);
    for (table, lines) in bench.dump() {
        assert!(lines.is_empty() || table == "fields", "{table}: {lines:?}");
    }
    let again = in_one_batch();
    again.write(&[Ask::Clear, Ask::Replace(documents(0..DOCUMENTS))]);
    assert_same(&again.dump(), &in_one_batch().dump());
}

#[test]
fn short_memory_changes_nothing() {
    let expected = in_one_batch().dump();
    let bench = Bench::new(2, 1 << 20);
    bench.settings(rich_settings());
    // Long texts: each thread spills several runs.
    let long = |id: u32| {
        let mut long = document(id);
        let texts: Vec<String> =
            (0..40).map(|more| document(id + 1000 * more)["text"].as_str().unwrap().to_owned()).collect();
        long["text"] = json!(texts.join(" "));
        long
    };
    let all: Vec<_> = (0..DOCUMENTS).map(long).collect();
    bench.write(&[Ask::Replace(all.clone())]);
    let roomy = Bench::small();
    roomy.settings(rich_settings());
    roomy.write(&[Ask::Replace(all)]);
    assert_same(&bench.dump(), &roomy.dump());
    bench.write(&[Ask::Replace(documents(0..DOCUMENTS))]);
    assert_same(&bench.dump(), &expected);
}
