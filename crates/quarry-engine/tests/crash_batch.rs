//! A batch that is cut off anywhere leaves the index as it was before, or as it is after: never between.
//!
//! LMDB leaves no seam for a disk that fails, so the batch is cut where it asks whether it is cancelled, which it
//! does in every stage, and in the stamp, just before the commit. Three ways to cut it:
//! - the process aborts: this test runs itself again as a child, which dies, and opens the index after it;
//! - the batch is cancelled;
//! - the thread that asks panics.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use quarry_engine::{
    BatchReport, Index, IndexError, IndexOptions, IndexProgress, Indexer, IndexerOptions, Method, Operation,
    SettingsUpdate, Write as Batch, write,
};

/// Tells the child where the index is, and at which question it dies.
const FOLDER: &str = "QUARRY_TEST_CRASH_FOLDER";
const DIES_AT: &str = "QUARRY_TEST_CRASH_AT";

/// The child dies in the stamp, or behind the commit, rather than at a question.
const IN_STAMP: usize = usize::MAX;
const BEHIND_COMMIT: usize = usize::MAX - 1;

/// Questions at which a batch is cut, spread over all that it asks.
const CUTS: usize = 10;

const BEFORE: std::ops::Range<u32> = 0..300;
/// Replaces some, adds some.
const AFTER: std::ops::Range<u32> = 200..500;

fn documents(ids: std::ops::Range<u32>, word: &str) -> tempfile::NamedTempFile {
    let mut payload = tempfile::NamedTempFile::new().unwrap();
    for id in ids {
        let line = format!(
            r#"{{"id":{id},"title":"{word} harbour {}","year":{},"text":"light of the {word} number {id}"}}"#,
            id % 7,
            1900 + id % 100
        );
        writeln!(payload, "{line}").unwrap();
    }
    payload
}

fn indexer() -> Indexer {
    Indexer::new(&IndexerOptions { max_memory_bytes: 16 << 20, max_threads: 2 }).unwrap()
}

fn open(folder: &Path) -> Index {
    Index::open(folder, &IndexOptions::default()).unwrap()
}

/// Writes documents with the word as stamp.
fn write_documents(
    index: &Index,
    ids: std::ops::Range<u32>,
    word: &str,
    is_cancelled: &(dyn Fn() -> bool + Sync),
    in_stamp: &(dyn Fn() + Sync),
) -> Result<BatchReport, IndexError> {
    let payload = documents(ids, word);
    let stamp = |_: &[Result<_, _>]| {
        in_stamp();
        word.as_bytes().to_vec()
    };
    let addition = Operation::Documents {
        payload: payload.path(),
        method: Method::Replace,
        primary_key: Some("id"),
        skip_creation: false,
    };
    let batch = Batch { stamp: &stamp, ..Batch::operations(vec![addition]) };
    write(&indexer(), index, batch, is_cancelled, &IndexProgress::new())
}

/// An index with the first documents.
fn prepared(folder: &Path) -> Index {
    let index = open(folder);
    let settings: SettingsUpdate =
        serde_json::from_str(r#"{"filterableAttributes":["year"],"sortableAttributes":["title"]}"#).unwrap();
    write(&indexer(), &index, Batch::settings(&settings), &|| false, &IndexProgress::new()).unwrap();
    write_documents(&index, BEFORE, "before", &|| false, &|| ()).unwrap();
    index
}

/// Checks that the index is whole, either as before the second batch or as after it; its stamp.
fn check(index: &Index) -> String {
    let stamp = String::from_utf8(index.stamp().unwrap().unwrap()).unwrap();
    let snapshot = index.snapshot().unwrap();
    let count = snapshot.documents_count().unwrap();
    assert_eq!(count, if stamp == "after" { u64::from(AFTER.end) } else { u64::from(BEFORE.end) });
    let rewritten = snapshot.document_id("250").unwrap().unwrap();
    let title = &snapshot.document_json(rewritten).unwrap().unwrap()["title"];
    assert_eq!(title, &format!("{stamp} harbour {}", 250 % 7));
    let differences = quarry_inspect::check(&snapshot, 5).unwrap();
    assert!(differences.is_empty(), "{differences:?}");
    stamp
}

/// The index takes the second batch now.
fn goes_on(index: &Index) {
    write_documents(index, AFTER, "after", &|| false, &|| ()).unwrap();
    assert_eq!(check(index), "after");
}

/// How often the second batch asks, counted in a run of its own; and where it is cut.
fn cuts() -> Vec<usize> {
    let folder = tempfile::tempdir().unwrap();
    let (index, questions) = (prepared(folder.path()), AtomicUsize::new(0));
    let count = || {
        questions.fetch_add(1, Ordering::Relaxed);
        false
    };
    write_documents(&index, AFTER, "after", &count, &|| ()).unwrap();
    let asked = questions.into_inner();
    assert!(asked > 2, "the batch asks in several places");
    (0..CUTS.min(asked)).map(|cut| cut * asked / CUTS.min(asked)).collect()
}

#[test]
fn a_process_that_dies_leaves_a_whole_index() {
    let mut places = cuts();
    places.extend([IN_STAMP, BEHIND_COMMIT]);
    for place in places {
        let folder = tempfile::tempdir().unwrap();
        drop(prepared(folder.path()));
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_writes_and_dies", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(DIES_AT, place.to_string())
            .output()
            .unwrap();
        assert!(!child.status.success(), "the child lives at {place}");
        let index = open(folder.path());
        let stamp = check(&index);
        // The number of questions differs a little from run to run: a batch may end before the last ones.
        if place == IN_STAMP {
            assert_eq!(stamp, "before", "what was not committed is not there");
        }
        if place == BEHIND_COMMIT {
            assert_eq!(stamp, "after", "what was committed is there");
        }
        goes_on(&index);
    }
}

/// Not a test by itself: the child of the one above.
#[test]
fn child_writes_and_dies() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let dies_at: usize = std::env::var(DIES_AT).unwrap().parse().unwrap();
    let questions = AtomicUsize::new(0);
    let ask = || {
        if questions.fetch_add(1, Ordering::Relaxed) == dies_at {
            std::process::abort();
        }
        false
    };
    let in_stamp = || {
        if dies_at == IN_STAMP {
            std::process::abort();
        }
    };
    write_documents(&open(Path::new(&folder)), AFTER, "after", &ask, &in_stamp).unwrap();
    std::process::abort();
}

#[test]
fn a_cancelled_batch_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let index = prepared(folder.path());
    for place in cuts() {
        let questions = AtomicUsize::new(0);
        let cancel = || questions.fetch_add(1, Ordering::Relaxed) >= place;
        match write_documents(&index, AFTER, "after", &cancel, &|| ()) {
            Err(error) => assert!(error.is_cancelled(), "{error}"),
            // It ended before that question came.
            Ok(_) => return,
        }
        assert_eq!(check(&index), "before");
    }
    goes_on(&index);
}

#[test]
fn a_panic_fails_its_batch_alone() {
    let folder = tempfile::tempdir().unwrap();
    let index = prepared(folder.path());
    let panics = || panic!("a defect");
    let error = write_documents(&index, AFTER, "after", &|| false, &panics).unwrap_err();
    assert_eq!(error.to_string(), "An unexpected crash occurred when processing the task: a defect");
    assert_eq!(check(&index), "before");
    goes_on(&index);
}
