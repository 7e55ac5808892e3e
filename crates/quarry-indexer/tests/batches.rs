//! What a batch takes beside documents: settings, filters, a primary key, a stamp.

#![allow(clippy::unwrap_used)]

mod harness;

use harness::{Ask, Bench, assert_same, documents, rich_settings};
use quarry_error::{Code, ErrorResponse, HasCode};
use quarry_index::{SettingsUpdate, Snapshot};
use quarry_indexer::{Batch, IndexError, Operation, OperationReport, Progress};
use roaring::RoaringBitmap;
use serde_json::{Value, json};

fn write(bench: &Bench, batch: &Batch<'_>) -> Result<Vec<Result<OperationReport, IndexError>>, IndexError> {
    Ok(bench.indexer.write(&bench.index, batch, &|| false, &Progress::new())?.operations)
}

#[test]
fn a_refused_filter_fails_alone() {
    let bench = Bench::small();
    bench.write(&[Ask::Replace(documents(0..30))]);
    let resolve = |_: &Snapshot<'_>, filter: &Value| match filter.as_str() {
        Some("good") => Ok(RoaringBitmap::from_iter([1u32, 4, 9])),
        _ => Err(ErrorResponse::new("no such field", Code::InvalidDocumentFilter)),
    };
    let (good, bad) = (json!("good"), json!("bad"));
    let ids = ["5".to_owned(), "4".to_owned()];
    let operations =
        vec![Operation::DeleteByFilter(&bad), Operation::DeleteByFilter(&good), Operation::DeleteByIds(&ids)];
    let batch = Batch { resolve_filter: &resolve, ..Batch::new(operations) };
    let outcomes = write(&bench, &batch).unwrap();
    let refused = outcomes[0].as_ref().unwrap_err();
    assert_eq!((refused.code(), refused.is_payload()), (Code::InvalidDocumentFilter, false));
    assert_eq!(outcomes[1].as_ref().unwrap().deleted, 3);
    assert_eq!(outcomes[2].as_ref().unwrap().deleted, 1);
    let left = bench.index.snapshot().unwrap().documents_ids().unwrap();
    assert_eq!(left, (0..30).filter(|id| ![1, 4, 5, 9].contains(id)).collect());
}

#[test]
fn the_stamp_is_committed_with_the_batch() {
    let bench = Bench::small();
    let stamp =
        |outcomes: &[Result<OperationReport, IndexError>]| format!("{} done", outcomes.len()).into_bytes();
    let batch = Batch { stamp: &stamp, ..Batch::new(vec![Operation::Clear]) };
    write(&bench, &batch).unwrap();
    assert_eq!(bench.index.stamp().unwrap().as_deref(), Some(&b"1 done"[..]));
}

#[test]
fn the_primary_key_may_change_while_there_are_no_documents() {
    let bench = Bench::small();
    let set = |key| write(&bench, &Batch { primary_key: Some(key), ..Batch::new(Vec::new()) });
    set("sku").unwrap();
    set("id").unwrap();
    bench.write(&[Ask::Replace(vec![json!({"id": 1, "sku": 2})])]);
    set("id").unwrap();
    let error = set("sku").unwrap_err();
    assert_eq!(error.to_string(), "Index already has a primary key: `id`.");
    assert_eq!(error.code(), Code::IndexPrimaryKeyAlreadyExists);
    assert_eq!(bench.index.snapshot().unwrap().primary_key(), Some("id"));
}

#[test]
fn settings_and_documents_in_one_batch_are_as_one_after_the_other() {
    let expected = Bench::small();
    expected.write(&[Ask::Replace(documents(0..200))]);
    expected.settings(rich_settings());
    expected.write(&[Ask::Delete(vec!["3", "77"])]);

    let bench = Bench::small();
    bench.write(&[Ask::Replace(documents(0..200))]);
    let update: SettingsUpdate = serde_json::from_value(rich_settings()).unwrap();
    let ids = ["3".to_owned(), "77".to_owned()];
    let batch = Batch { settings: Some(&update), ..Batch::new(vec![Operation::DeleteByIds(&ids)]) };
    write(&bench, &batch).unwrap();
    assert_same(&bench.dump(), &expected.dump());
}

#[test]
fn settings_that_documents_do_not_fit_are_refused_whole() {
    let bench = Bench::small();
    bench.write(&[Ask::Replace(vec![json!({"id": "far", "_geo": "away"}), json!({"id": "near"})])]);
    let update: SettingsUpdate =
        serde_json::from_value(json!({"sortableAttributes": ["_geo", "x"]})).unwrap();
    let error = write(&bench, &Batch { settings: Some(&update), ..Batch::new(Vec::new()) }).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("The `_geo` field in the document with the id: `\"far\"` is not an object.")
    );
    assert!(bench.index.snapshot().unwrap().settings().sortable.is_empty());
}
