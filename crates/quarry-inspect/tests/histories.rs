//! The same documents give the same entries in every table, whatever the threads and batches.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::path::Path;

use quarry_index::tables::TableKind;
use quarry_index::{Index, IndexOptions, SettingsUpdate, TableId};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};
use quarry_inspect::{check, compare};
use serde_json::json;

const DOCUMENTS: usize = 3000;

fn films() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../quarry/demo-data/movies.ndjson.gz");
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    // Late films have texts, early ones have not.
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len() - DOCUMENTS..].iter().map(|line| (*line).to_owned()).collect()
}

fn settings() -> SettingsUpdate {
    serde_json::from_value(json!({
        "searchableAttributes": ["title", "overview", "cast"],
        "filterableAttributes": ["genres", "year", "cast"],
        "sortableAttributes": ["title"],
        "typoTolerance": { "disableOnNumbers": true, "disableOnAttributes": ["cast"] },
    }))
    .unwrap()
}

struct Made {
    _folder: tempfile::TempDir,
    index: Index,
}

fn write(index: &Index, indexer: &Indexer, operation: Operation<'_>) {
    let report = indexer.write(index, &Batch::new(vec![operation]), &|| false, &Progress::new()).unwrap();
    for outcome in report.operations {
        outcome.unwrap();
    }
}

fn add(index: &Index, indexer: &Indexer, lines: &[String]) {
    let mut payload = tempfile::NamedTempFile::new().unwrap();
    payload.write_all(lines.join("\n").as_bytes()).unwrap();
    payload.flush().unwrap();
    let documents = Operation::Documents {
        payload: payload.path(),
        method: Method::Replace,
        primary_key: Some("id"),
        skip_creation: false,
    };
    write(index, indexer, documents);
}

fn build(lines: &[String], threads: usize, batches: usize, memory_bytes: usize) -> Made {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let indexer =
        Indexer::new(&IndexerOptions { max_memory_bytes: memory_bytes, max_threads: threads }).unwrap();
    let settings = settings();
    let batch = Batch { settings: Some(&settings), ..Batch::new(Vec::new()) };
    indexer.write(&index, &batch, &|| false, &Progress::new()).unwrap();
    for lines in lines.chunks(lines.len().div_ceil(batches)) {
        add(&index, &indexer, lines);
    }
    Made { _folder: folder, index }
}

fn assert_same(a: &Made, b: &Made) {
    let differences = compare(&a.index.snapshot().unwrap(), &b.index.snapshot().unwrap(), None, 5).unwrap();
    let shown: Vec<String> = differences.iter().map(ToString::to_string).collect();
    assert!(shown.is_empty(), "{shown:#?}");
}

const PLENTY: usize = 256 << 20;

#[test]
fn threads_batches_and_memory_leave_no_trace() {
    let films = films();
    let one = build(&films, 1, 1, PLENTY);
    assert_same(&one, &build(&films, 2, 1, PLENTY));
    assert_same(&one, &build(&films, 2, 40, PLENTY));
    assert_same(&one, &build(&films, 2, 1, 12 << 20));
}

#[test]
fn changes_leave_what_the_documents_say_and_nothing_when_all_are_gone() {
    let films = films();
    let made = build(&films, 2, 3, PLENTY);
    let indexer = Indexer::new(&IndexerOptions::default()).unwrap();
    let changed: Vec<String> =
        films.iter().step_by(7).map(|line| line.replace("the", "thee").replace("19", "20")).collect();
    add(&made.index, &indexer, &changed);
    let id = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
    let some: Vec<String> = films.iter().step_by(5).map(id).collect();
    write(&made.index, &indexer, Operation::DeleteByIds(&some));
    let differences = check(&made.index.snapshot().unwrap(), 5).unwrap();
    assert!(differences.is_empty(), "{:#?}", differences.iter().map(ToString::to_string).collect::<Vec<_>>());

    let rest: Vec<String> = films.iter().map(id).collect();
    write(&made.index, &indexer, Operation::DeleteByIds(&rest));
    let snapshot = made.index.snapshot().unwrap();
    for &table in TableId::ALL.iter().filter(|table| table.kind() != TableKind::Plain) {
        let entries = made.index.tables().entries(table);
        assert!(entries.is_empty(snapshot.txn()).unwrap(), "{} is not empty", table.name());
    }
    assert!(snapshot.dictionary().unwrap().is_empty());
}
