//! An index in a temporary folder, batches from JSON, and every table as text.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::io::Write;

use quarry_index::dictionary::KeptPrefixes;
use quarry_index::statistics::FieldDistribution;
use quarry_index::{Dictionary, DictionaryKind, Index, IndexOptions, SettingsUpdate, TableId};
use quarry_indexer::payload::{PayloadFormat, convert};
use quarry_indexer::{Batch, BatchReport, IndexError, Indexer, IndexerOptions, Method, Operation, Progress};
use quarry_storage::{BlockTable, LayeredPostings, Postings, PostingsTable};
use serde_json::Value;
use tempfile::{NamedTempFile, TempDir};

/// An index with its indexer.
pub struct Bench {
    pub index: Index,
    pub indexer: Indexer,
    _folder: TempDir,
}

/// What a test asks for; turned into an operation with its payload file.
pub enum Ask {
    Replace(Vec<Value>),
    Update(Vec<Value>),
    UpdateExisting(Vec<Value>),
    Delete(Vec<&'static str>),
    Clear,
    Edit(&'static str),
}

impl Bench {
    pub fn new(threads: usize, memory_bytes: usize) -> Bench {
        let folder = TempDir::new().unwrap();
        let options = IndexOptions { map_size_bytes: 64 << 20, ..IndexOptions::default() };
        let index = Index::open(folder.path(), &options).unwrap();
        let options = IndexerOptions { max_memory_bytes: memory_bytes, max_threads: threads };
        Bench { index, indexer: Indexer::new(&options).unwrap(), _folder: folder }
    }

    pub fn small() -> Bench {
        Bench::new(2, 32 << 20)
    }

    pub fn settings(&self, settings: Value) {
        let update: SettingsUpdate = serde_json::from_value(settings).unwrap();
        let batch = Batch { settings: Some(&update), ..Batch::new(Vec::new()) };
        self.indexer.write(&self.index, &batch, &|| false, &Progress::new()).unwrap();
    }

    pub fn write(&self, asks: &[Ask]) -> BatchReport {
        self.try_write(asks, &|| false).unwrap()
    }

    pub fn try_write(
        &self,
        asks: &[Ask],
        cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Result<BatchReport, IndexError> {
        let files: Vec<NamedTempFile> = asks.iter().map(payload_of).collect();
        let ids: Vec<Vec<String>> = asks.iter().map(ids_of).collect();
        let operations = asks.iter().zip(&files).zip(&ids).map(|((ask, file), ids)| {
            let documents = |method, skip_creation| Operation::Documents {
                payload: file.path(),
                method,
                primary_key: None,
                skip_creation,
            };
            match ask {
                Ask::Replace(_) => documents(Method::Replace, false),
                Ask::Update(_) => documents(Method::Update, false),
                Ask::UpdateExisting(_) => documents(Method::Update, true),
                Ask::Delete(_) => Operation::DeleteByIds(ids),
                Ask::Clear => Operation::Clear,
                Ask::Edit(function) => Operation::Edit { function, filter: None, context: None },
            }
        });
        let batch = Batch::new(operations.collect());
        self.indexer.write(&self.index, &batch, cancelled, &Progress::new())
    }

    /// Every table with its entries decoded, as lines of text.
    pub fn dump(&self) -> BTreeMap<&'static str, Vec<String>> {
        let snapshot = self.index.snapshot().unwrap();
        let (tables, txn) = (self.index.tables(), snapshot.txn());
        let mut dump = BTreeMap::new();
        // Late changes are seen in the tables that they are for.
        for &table in TableId::ALL.iter().filter(|&&table| table != TableId::LatePostings) {
            let entries = tables.entries(table);
            let lines = match table {
                TableId::Main => Vec::new(),
                TableId::Documents => {
                    let ids = snapshot.documents_ids().unwrap();
                    ids.iter().map(|id| format!("{id} {:?}", snapshot.document_json(id).unwrap())).collect()
                }
                TableId::ExternalDocumentIds => {
                    entries.iter(txn).unwrap().map(|entry| format!("{:?}", entry.unwrap())).collect()
                }
                TableId::DocumentFacetNumbers | TableId::DocumentFacetStrings | TableId::GeoPoints => {
                    block_lines(BlockTable::from(entries), txn)
                }
                TableId::FacetNumbers => postings_lines(tables.facet_numbers.postings(), txn),
                TableId::FacetStrings => postings_lines(tables.facet_strings.postings(), txn),
                _ => match tables.layered().into_iter().find(|layered| layered.is(table.number())) {
                    Some(layered) => layered_lines(layered, txn),
                    None => postings_lines(PostingsTable::from(entries), txn),
                },
            };
            dump.insert(table.name(), lines);
        }
        for (name, kind) in [("words", DictionaryKind::Words), ("exact words", DictionaryKind::ExactWords)] {
            dump.insert(name, Dictionary::open(tables, txn, kind).unwrap().words());
        }
        dump.insert("prefixes", KeptPrefixes::open(tables, txn).unwrap().to_vec());
        dump.insert("fields", snapshot.fields().iter().map(|(_, name)| name.to_owned()).collect());
        let distribution = FieldDistribution::read(tables, txn).unwrap().by_name(snapshot.fields());
        dump.insert("distribution", distribution.iter().map(|entry| format!("{entry:?}")).collect());
        dump
    }

    pub fn document(&self, id: &str) -> Option<Value> {
        let snapshot = self.index.snapshot().unwrap();
        let document = snapshot.document_id(id).unwrap()?;
        snapshot.document_json(document).unwrap().map(Value::Object)
    }
}

fn block_lines(table: BlockTable, txn: &quarry_storage::Txn<'_>) -> Vec<String> {
    let mut cursor = table.cursor(txn, &[]).unwrap();
    let mut lines = Vec::new();
    while let Some((key, value)) = cursor.next().unwrap() {
        lines.push(format!("{key:?} {value:?}"));
    }
    lines
}

fn postings_lines(table: PostingsTable, txn: &quarry_storage::Txn<'_>) -> Vec<String> {
    let mut cursor = table.cursor(txn, &[]).unwrap();
    let mut lines = Vec::new();
    while let Some((key, postings)) = cursor.next().unwrap() {
        lines.push(postings_line(key, &postings));
    }
    lines
}

fn layered_lines(table: LayeredPostings, txn: &quarry_storage::Txn<'_>) -> Vec<String> {
    let mut cursor = table.cursor(txn, &[]).unwrap();
    let mut lines = Vec::new();
    while let Some((key, postings)) = cursor.next().unwrap() {
        lines.push(postings_line(key, &postings));
    }
    lines
}

fn postings_line(key: &[u8], postings: &Postings<'_>) -> String {
    let ids: Vec<u32> = postings.decode().unwrap().iter().collect();
    format!("{} {ids:?}", key.escape_ascii())
}

fn payload_of(ask: &Ask) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    if let Ask::Replace(documents) | Ask::Update(documents) | Ask::UpdateExisting(documents) = ask {
        let body = serde_json::to_vec(documents).unwrap();
        convert(PayloadFormat::Json, &body, &mut file).unwrap();
    }
    file.flush().unwrap();
    file
}

fn ids_of(ask: &Ask) -> Vec<String> {
    match ask {
        Ask::Delete(ids) => ids.iter().map(|id| (*id).to_owned()).collect(),
        _ => Vec::new(),
    }
}

/// Fails with the first line that differs.
pub fn assert_same(
    found: &BTreeMap<&'static str, Vec<String>>,
    expected: &BTreeMap<&'static str, Vec<String>>,
) {
    for (table, expected) in expected {
        let found = &found[table];
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found, expected, "in {table}");
        }
        assert_eq!(found.len(), expected.len(), "lines of {table}");
    }
}

/// Documents of a small world: words that share prefixes, nested fields, facets, points.
pub fn documents(range: std::ops::Range<u32>) -> Vec<Value> {
    range.map(document).collect()
}

pub fn document(id: u32) -> Value {
    let mut state = u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let word = |number: u64| {
        let stems = ["car", "cat", "sun", "win", "é"];
        format!("{}{:x}", stems[(number % 5) as usize], number / 5)
    };
    let text: Vec<String> = (0..12 + next(20)).map(|_| word(next(900))).collect();
    let mut document = serde_json::json!({
        "id": id,
        "title": format!("{} {}", word(next(50)), word(next(50))),
        "text": format!("{}. {}", text[..6].join(" "), text[6..].join(", ")),
        "genres": (0..next(4)).map(|_| ["Drama", "drama", "Comedy", "War"][next(4) as usize]).collect::<Vec<_>>(),
        "year": 1900 + next(60),
        "author": { "name": word(next(30)), "tags": [{ "tag": word(next(9)) }, { "tag": next(7) }] },
        "note": null,
    });
    if id.is_multiple_of(3) {
        document["_geo"] = serde_json::json!({ "lat": next(80), "lng": next(170) });
        document["extra"] = serde_json::json!(if id.is_multiple_of(2) { "" } else { "12 é4" });
    }
    document
}

pub fn rich_settings() -> Value {
    serde_json::json!({
        "filterableAttributes": ["genres", "author", "note", "extra", "_geo"],
        "sortableAttributes": ["year"],
        "searchableAttributes": ["title", "text", "author", "extra"],
        "stopWords": ["car1"],
        "typoTolerance": { "disableOnNumbers": true, "disableOnAttributes": ["author.tags"] },
    })
}
