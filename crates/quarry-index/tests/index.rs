//! Opening an index, and what snapshots keep in memory.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use quarry_index::format_version::CURRENT;
use quarry_index::statistics::{self, Dates, FieldDistribution};
use quarry_index::{
    Dictionary, DictionaryKind, Fields, Index, IndexOptions, OpenError, Settings, SettingsUpdate, keys,
    main_table,
};
use quarry_storage::StorageError;
use serde_json::json;
use time::macros::datetime;

fn update(json: serde_json::Value) -> SettingsUpdate {
    serde_json::from_value(json).unwrap()
}

fn change_settings(index: &Index, json: serde_json::Value) {
    let mut txn = index.environment().write_txn().unwrap();
    let before = Settings::read(index.tables(), &txn).unwrap();
    let (after, _) = before.apply(&update(json)).unwrap();
    after.write(index.tables(), &mut txn).unwrap();
    txn.commit().unwrap();
}

#[test]
fn an_index_reopens_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    assert_eq!(index.stamp().unwrap(), None);
    let dates = index.snapshot().unwrap().dates().unwrap();
    assert_eq!(dates.created_at, dates.updated_at);
    change_settings(&index, json!({ "stopWords": ["of", "Über"] }));
    let mut txn = index.environment().write_txn().unwrap();
    main_table::set_stamp(index.tables(), &mut txn, b"batch 7").unwrap();
    let imported = Dates { created_at: datetime!(2020-01-02 03:04:05.006 UTC), updated_at: dates.updated_at };
    imported.write(index.tables(), &mut txn).unwrap();
    txn.commit().unwrap();
    drop(index);

    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    assert_eq!(index.stamp().unwrap().as_deref(), Some(&b"batch 7"[..]));
    let snapshot = index.snapshot().unwrap();
    assert_eq!(snapshot.dates().unwrap(), imported);
    assert!(snapshot.settings().stop_words.contains("U\u{308}ber"));
}

#[test]
fn another_format_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let mut txn = index.environment().write_txn().unwrap();
    index.tables().main.put(&mut txn, b"format-version", &9u32.to_le_bytes()).unwrap();
    txn.commit().unwrap();
    drop(index);
    let error = Index::open(folder.path(), &IndexOptions::default()).err().unwrap();
    assert!(matches!(error, OpenError::FormatVersion { found: 9, expected: CURRENT }), "{error}");
}

#[test]
fn a_damaged_dictionary_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let mut txn = index.environment().write_txn().unwrap();
    let (tables, words) = (index.tables(), ["one", "three", "two"]);
    Dictionary::update(tables, &mut txn, DictionaryKind::Words, words.into_iter(), [].into_iter()).unwrap();
    let mut bytes = tables.main.get(&txn, b"words-base").unwrap().unwrap().to_vec();
    bytes[20] ^= 0xff;
    tables.main.put(&mut txn, b"words-base", &bytes).unwrap();
    txn.commit().unwrap();
    drop(index);
    let error = Index::open(folder.path(), &IndexOptions::default()).err().unwrap();
    assert!(matches!(error, OpenError::Storage(StorageError::Corrupted { .. })), "{error}");
}

#[test]
fn settings_and_fields_are_read_again_only_when_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    let before = index.snapshot().unwrap();
    assert!(Arc::ptr_eq(before.settings(), index.snapshot().unwrap().settings()));
    assert!(Arc::ptr_eq(before.fields(), index.snapshot().unwrap().fields()));

    let mut txn = index.environment().write_txn().unwrap();
    let mut fields = Fields::default();
    for name in ["id", "title", "author.name", "_geo.lat"] {
        fields.insert(name).unwrap();
    }
    fields.write(index.tables(), &mut txn).unwrap();
    txn.commit().unwrap();
    let after = index.snapshot().unwrap();
    assert!(Arc::ptr_eq(before.tokenizer(), after.tokenizer()));
    assert_eq!(after.searchable_fields(), [(0, 0), (1, 0), (2, 0)]);

    change_settings(
        &index,
        json!({ "searchableAttributes": ["author", "title"], "sortableAttributes": ["title"] }),
    );
    let last = index.snapshot().unwrap();
    assert_eq!(last.searchable_fields(), [(2, 0), (1, 1)]);
    assert!(last.features(1).sortable && !last.features(2).sortable && !last.features(99).faceted);
    // Snapshots of before still see what was there.
    assert!(before.fields().is_empty() && after.settings().sortable.is_empty());
    let again = index.snapshot().unwrap();
    assert!(Arc::ptr_eq(last.settings(), again.settings()));
}

#[test]
fn documents_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(folder.path(), &IndexOptions::default()).unwrap();
    assert_eq!(index.snapshot().unwrap().documents_count().unwrap(), 0);
    let mut txn = index.environment().write_txn().unwrap();
    let tables = index.tables();
    let mut fields = Fields::default();
    let title = fields.insert("title").unwrap();
    fields.write(tables, &mut txn).unwrap();
    let mut distribution = FieldDistribution::default();
    distribution.add(title, 3);
    distribution.write(tables, &mut txn).unwrap();
    let mut sets = tables.document_sets.direct_writer(&mut txn);
    sets.apply(&keys::document_set::ALL, &[1, 2, 300_000], &[]).unwrap();
    sets.apply(&keys::document_set::WITH_POINT, &[2], &[]).unwrap();
    sets.finish().unwrap();
    statistics::touch(tables, &mut txn).unwrap();
    txn.commit().unwrap();

    let snapshot = index.snapshot().unwrap();
    assert_eq!(snapshot.documents_count().unwrap(), 3);
    assert_eq!(snapshot.documents_ids().unwrap().iter().collect::<Vec<_>>(), [1, 2, 300_000]);
    assert_eq!(snapshot.geo_documents().unwrap().iter().collect::<Vec<_>>(), [2]);
    assert_eq!(snapshot.field_distribution().unwrap(), BTreeMap::from([("title".to_owned(), 3)]));
    let dates = snapshot.dates().unwrap();
    assert!(dates.updated_at > dates.created_at);
}
