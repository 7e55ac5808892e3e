//! A small index with every kind of value, on which searches, filters and sorts run.

use std::io::Write;

use quarry_index::{Index, IndexOptions, SettingsUpdate};
use quarry_indexer::payload::{PayloadFormat, convert};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};
use tempfile::TempDir;

/// An index and what writes to it.
pub struct Films {
    /// The index.
    pub index: Index,
    indexer: Indexer,
    _folder: TempDir,
}

const SETTINGS: &str = r#"{
    "filterableAttributes": ["_geo", { "attributePatterns": ["*"] }],
    "sortableAttributes": ["year", "title", "_geo", "cast.name"],
    "synonyms": { "film": ["movie"], "new york": ["nyc", "big apple"] },
    "stopWords": ["the", "of"],
    "dictionary": ["J. R. R."],
    "rankingRules": ["words", "typo", "proximity", "attribute", "sort", "exactness", "year:desc"]
}"#;

const DOCUMENTS: &str = r#"[
    { "id": 1, "title": "The Harbour of Lights", "year": 1951, "genres": ["drama", "sea"], "rating": 7.5,
      "overview": "A keeper of a lighthouse in New York writes letters; a film about waiting.",
      "cast": [{ "name": "Ann Lee" }, { "name": "Bo" }], "_geo": { "lat": 40.7, "lng": -74.0 } },
    { "id": 2, "title": "Midnight Orchard", "year": 2004, "genres": ["horror"], "rating": null,
      "overview": "Apples that grow at night, well-known to nobody. J. R. R. was here.",
      "_geo": { "lat": -33.9, "lng": 151.2 } },
    { "id": "three", "title": "東京の夜", "year": 1999, "genres": [], "overview": "映画 film ภาพยนตร์ Der Kraftfahrzeug" },
    { "id": 4, "title": "movie movie movie", "year": -0.0, "genres": "comedy", "rating": "8", "empty": {} },
    { "id": 5, "title": "Ночь", "overview": ["one two three four five six seven eight nine ten eleven", "twelve"] }
]"#;

impl Films {
    /// An index of this process with a few documents.
    pub fn open() -> Films {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let index = Index::open(folder.path(), &IndexOptions::default()).expect("an index can be made");
        let options = IndexerOptions { max_memory_bytes: 16 << 20, max_threads: 1 };
        let indexer = Indexer::new(&options).expect("threads can be made");
        let films = Films { index, indexer, _folder: folder };
        let settings: SettingsUpdate = serde_json::from_str(SETTINGS).expect("the settings are well-formed");
        films.write(Batch { settings: Some(&settings), ..Batch::new(Vec::new()) });
        films.add(DOCUMENTS.as_bytes());
        films
    }

    /// Adds documents; whether the index took them.
    pub fn add(&self, json: &[u8]) -> bool {
        let mut payload = tempfile::NamedTempFile::new().expect("a file can be made");
        if convert(PayloadFormat::Json, json, payload.as_file_mut()).is_err() {
            return false;
        }
        payload.flush().expect("a file can be written");
        self.write(Batch::new(vec![Operation::Documents {
            payload: payload.path(),
            method: Method::Replace,
            primary_key: Some("id"),
            skip_creation: false,
        }]))
    }

    fn write(&self, batch: Batch<'_>) -> bool {
        match self.indexer.write(&self.index, &batch, &|| false, &Progress::new()) {
            Ok(report) => report.operations.iter().all(Result::is_ok),
            Err(quarry_indexer::IndexError::Panicked { message }) => panic!("indexing panicked: {message}"),
            Err(_) => false,
        }
    }
}
