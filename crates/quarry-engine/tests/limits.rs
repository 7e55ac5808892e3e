//! Faults of the disk and of the system's limits: each gives an error that names its cause, and what was written
//! before is still there. docs/operations.md says what an operator does about them.

#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use quarry_engine::{
    Index, IndexError, IndexOptions, IndexProgress, Indexer, IndexerOptions, Method, Operation,
    SearchRequest, SettingsUpdate, Write as Batch, search, write,
};
use quarry_error::{Code, HasCode};
use quarry_index::{OpenError, TableId};
use quarry_storage::StorageError;

/// Tells a child the folder that it works in.
const FOLDER: &str = "QUARRY_TEST_LIMITS_FOLDER";

fn open(folder: &Path) -> Result<Index, OpenError> {
    Index::open(folder, &IndexOptions::default())
}

fn add(index: &Index, ids: std::ops::Range<u32>) -> Result<(), IndexError> {
    let mut payload = tempfile::NamedTempFile::new().unwrap();
    for id in ids {
        let words = (0..30).map(|word| format!("w{}", (id * 31 + word * 7) % 5000)).collect::<Vec<_>>();
        let text = words.join(" ");
        writeln!(
            payload,
            r#"{{"id":{id},"text":"{text}","year":{},"_geo":{{"lat":1,"lng":{}}}}}"#,
            id % 90,
            id % 50
        )
        .unwrap();
    }
    let addition = Operation::Documents {
        payload: payload.path(),
        method: Method::Replace,
        primary_key: Some("id"),
        skip_creation: false,
    };
    let options = IndexerOptions { max_memory_bytes: 16 << 20, max_threads: 2 };
    let report = write(
        &Indexer::new(&options)?,
        index,
        Batch::operations(vec![addition]),
        &|| false,
        &IndexProgress::new(),
    )?;
    report.operations.into_iter().try_for_each(|outcome| outcome.map(drop))
}

fn set_up(index: &Index) {
    let settings: SettingsUpdate = serde_json::from_str(
        r#"{"filterableAttributes":["year","text","_geo"],"sortableAttributes":["year"]}"#,
    )
    .unwrap();
    let indexer = Indexer::new(&IndexerOptions::default()).unwrap();
    write(&indexer, index, Batch::settings(&settings), &|| false, &IndexProgress::new()).unwrap();
}

fn documents_count(index: &Index) -> u64 {
    index.snapshot().unwrap().documents_count().unwrap()
}

fn assert_whole(index: &Index) {
    let differences = quarry_inspect::check(&index.snapshot().unwrap(), 5).unwrap();
    assert!(differences.is_empty(), "{differences:?}");
}

#[test]
fn the_map_grows_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let index =
        Index::open(folder.path(), &IndexOptions { map_size_bytes: 1 << 20, ..IndexOptions::default() });
    let index = index.unwrap();
    set_up(&index);
    for round in 0..4 {
        add(&index, round * 500..(round + 1) * 500).unwrap();
    }
    assert!(index.environment().map_size_bytes() > 1 << 20);
    assert_eq!(documents_count(&index), 2000);
    assert_whole(&index);
}

#[test]
fn another_format_version_is_refused() {
    for version in [0u32, 99] {
        let folder = tempfile::tempdir().unwrap();
        let index = open(folder.path()).unwrap();
        add(&index, 0..10).unwrap();
        let mut txn = index.environment().write_txn().unwrap();
        index.tables().main.put(&mut txn, b"format-version", &version.to_le_bytes()).unwrap();
        txn.commit().unwrap();
        drop(index);
        let error = open(folder.path()).err().unwrap();
        assert!(matches!(error, OpenError::FormatVersion { found, .. } if found == version), "{error}");
        assert!(error.to_string().contains(&format!("version {version}")), "{error}");
    }
}

/// Copies the files of an index, changed by `damage`, and opens them.
fn open_damaged(index: &Index, damage: impl FnOnce(&Path)) -> Result<Index, OpenError> {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.mdb");
    index.environment().copy_compacted(&data).unwrap();
    damage(&data);
    Index::open_existing(folder.path(), &IndexOptions::default())
}

#[test]
fn a_file_that_was_cut_short_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path()).unwrap();
    set_up(&index);
    add(&index, 0..500).unwrap();
    let whole = folder.path().join("copy");
    index.environment().copy_compacted(&whole).unwrap();
    let bytes = whole.metadata().unwrap().len();
    for left in [0, 1, 4095, 4096, 8192, bytes / 2, bytes - 4096] {
        let cut = |data: &Path| {
            std::fs::File::options().write(true).open(data).unwrap().set_len(left).unwrap();
        };
        match open_damaged(&index, cut) {
            Err(error) => assert!(error.to_string().contains("damaged"), "{left} bytes: {error}"),
            Ok(_) => panic!("an index of {left} bytes is opened"),
        }
    }
    let missing = open_damaged(&index, |data| std::fs::remove_file(data).unwrap());
    let error = missing.err().unwrap();
    assert_eq!(error.to_string(), "the store is damaged: table `(file)`: data.mdb is missing");
    let foreign = open_damaged(&index, |data| std::fs::write(data, vec![b'x'; 100_000]).unwrap());
    assert!(foreign.err().unwrap().to_string().contains("not a store file"));
}

#[test]
fn a_crash_while_the_file_is_made_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data.mdb"), b"").unwrap();
    let error = open(folder.path()).err().unwrap();
    assert!(error.to_string().contains("data.mdb is empty, it was cut short"), "{error}");
    std::fs::write(folder.path().join("creating"), b"").unwrap();
    add(&open(folder.path()).unwrap(), 0..10).unwrap();
    assert!(!folder.path().join("creating").exists());
    assert_eq!(documents_count(&open(folder.path()).unwrap()), 10);
}

/// Searches, filters, sorts and reads everything; the texts of all that is refused.
fn read_everything(index: &Index) -> Vec<String> {
    let snapshot = match index.snapshot() {
        Ok(snapshot) => snapshot,
        Err(error) => return vec![error.to_string()],
    };
    let mut refused = Vec::new();
    let filters = ["year > 3", "text = w1", "year EXISTS", "text IS EMPTY", "_geoRadius(1, 2, 3000)"];
    for filter in filters {
        let request = SearchRequest {
            query: Some("w12 w19 w2".to_owned()),
            filter: quarry_filter::parse_expression(filter).unwrap(),
            sort: vec!["year:desc".parse().unwrap()],
            facets: Some(vec!["*".to_owned()]),
            ..SearchRequest::default()
        };
        refused.extend(search(&snapshot, &request).err().map(|error| error.to_string()));
    }
    for request in [
        SearchRequest::default(),
        SearchRequest { query: Some("\"w1 w8\" w3 -w9".to_owned()), ..SearchRequest::default() },
    ] {
        refused.extend(search(&snapshot, &request).err().map(|error| error.to_string()));
    }
    for document in 0..100 {
        refused.extend(snapshot.document_json(document).err().map(|error| error.to_string()));
    }
    refused
}

#[test]
fn damaged_entries_are_named_and_nothing_panics() {
    let folder = tempfile::tempdir().unwrap();
    let index = open(folder.path()).unwrap();
    set_up(&index);
    add(&index, 0..100).unwrap();
    assert_eq!(read_everything(&index), [""; 0]);
    for &table in TableId::ALL.iter().filter(|&&table| table != TableId::Main) {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("data.mdb");
        index.environment().copy_compacted(&copy).unwrap();
        let damaged = open(folder.path()).unwrap();
        let entries = damaged.tables().entries(table);
        let mut txn = damaged.environment().write_txn().unwrap();
        let keys: Vec<Vec<u8>> = entries.iter(&txn).unwrap().map(|entry| entry.unwrap().0.to_vec()).collect();
        for (number, key) in keys.iter().enumerate() {
            let garbage = [&[0xff, 0x13, 0x00, 0x80, 0x7f][..], &[0; 40], &[0xff; 30]][number % 3];
            entries.put(&mut txn, key, garbage).unwrap();
        }
        txn.commit().unwrap();
        for text in read_everything(&damaged) {
            assert!(text.contains("damaged"), "{table:?}: {text}");
        }
        // Writing meets the damage too, and says so.
        if let Err(error) = add(&damaged, 50..60) {
            assert!(error.to_string().contains("damaged"), "{table:?}: {error}");
        }
    }
}

/// Runs a test of this file again in a child that `prefix` gives a smaller world; whether it could be run.
fn in_child(name: &str, prefix: &[&str], folder: &Path) -> bool {
    let child = Command::new(prefix[0])
        .args(&prefix[1..])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(FOLDER, folder)
        .output();
    let Ok(child) = child else { return false };
    let words = [child.stdout, child.stderr].concat();
    let words = String::from_utf8_lossy(&words);
    if !child.status.success() && !words.contains("running 1 test") {
        return false;
    }
    assert!(child.status.success(), "{words}");
    true
}

#[test]
fn too_many_open_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let limit = ["sh", "-c", "ulimit -n 40 && exec \"$0\" \"$@\""];
    if !in_child("child_opens_many_indexes", &limit, folder.path()) {
        println!("SKIPPED: the limit of open files cannot be set here");
    }
}

/// Not a test by itself: the child of the one above.
#[test]
fn child_opens_many_indexes() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut indexes = Vec::new();
    let error = loop {
        assert!(indexes.len() < 40, "the limit was not reached");
        match open(&Path::new(&folder).join(indexes.len().to_string())) {
            Ok(index) => indexes.push(index),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, OpenError::Storage(StorageError::TooManyOpenFiles)), "{error:?}");
    assert!(error.to_string().contains("raise the limit of open files"), "{error}");
    // Those that are open go on, and with one closed there is room for another.
    drop(indexes.pop());
    drop(indexes.pop());
    assert_eq!(documents_count(&indexes[0]), 0);
    open(&Path::new(&folder).join("one-more")).unwrap();
}

/// A file system of its own, of some megabytes, that only the child sees.
const SMALL_DISK: [&str; 5] = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    "mount -t tmpfs -o size=24m none \"$QUARRY_TEST_LIMITS_FOLDER\" && exec \"$0\" \"$@\"",
];

#[test]
fn a_full_disk_is_named_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    if !in_child("child_fills_the_disk", &SMALL_DISK, folder.path()) {
        println!("SKIPPED: a small file system cannot be mounted here");
    }
}

/// Not a test by itself: the child of the one above.
#[test]
fn child_fills_the_disk() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let index = open(&folder.join("index")).unwrap();
    set_up(&index);
    add(&index, 0..500).unwrap();
    let ballast = folder.join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    let error = add(&index, 500..4000).unwrap_err();
    assert_eq!(error.code(), Code::NoSpaceLeftOnDevice, "{error:?}");
    assert!(error.to_string().contains("no more space left on the device"), "{error}");
    assert_eq!(documents_count(&index), 500);
    assert_whole(&index);
    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    add(&index, 500..1000).unwrap();
    assert_eq!(documents_count(&index), 1000);
    assert_whole(&index);
}

#[test]
fn a_read_only_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    if !in_child("child_opens_a_read_only_folder", &SMALL_DISK, folder.path()) {
        println!("SKIPPED: a file system cannot be made read-only here");
    }
}

/// Not a test by itself: the child of the one above.
#[test]
fn child_opens_a_read_only_folder() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    add(&open(folder).unwrap(), 0..10).unwrap();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(folder).status().unwrap();
    assert!(remounted.success());
    let error = open(folder).err().unwrap();
    assert!(error.to_string().contains("Read-only file system"), "{error}");
}
