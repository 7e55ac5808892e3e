//! For tests: a small index made by the indexer, and searches in the JSON of the API.

#![allow(clippy::unwrap_used)]

use std::fs::File;

use quarry_index::{Index, IndexOptions, SettingsUpdate};
use quarry_indexer::payload::{self, PayloadFormat};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::request::{MatchingStrategy, Pagination, SearchRequest};
use crate::score::{details_to_json, global_score};
use crate::{Deadline, Ranked, rank};

/// An index in a folder of its own.
pub(crate) struct TestIndex {
    folder: TempDir,
    index: Index,
    indexer: Indexer,
}

impl TestIndex {
    /// An index with these settings and documents; the primary key is `id`.
    pub(crate) fn new(settings: Value, documents: Value) -> TestIndex {
        let folder = tempfile::tempdir().unwrap();
        let index = Index::open(&folder.path().join("index"), &IndexOptions::default()).unwrap();
        let options = IndexerOptions { max_threads: 1, ..IndexerOptions::default() };
        let test_index = TestIndex { folder, index, indexer: Indexer::new(&options).unwrap() };
        test_index.configure(settings);
        test_index.add(documents);
        test_index
    }

    /// Changes settings.
    pub(crate) fn configure(&self, settings: Value) {
        let update: SettingsUpdate = serde_json::from_value(settings).unwrap();
        let batch = Batch { settings: Some(&update), ..Batch::new(Vec::new()) };
        self.write(&batch);
    }

    /// Adds documents.
    pub(crate) fn add(&self, documents: Value) {
        let path = self.folder.path().join("payload");
        let mut output = File::create(&path).unwrap();
        payload::convert(PayloadFormat::Json, documents.to_string().as_bytes(), &mut output).unwrap();
        let operation = Operation::Documents {
            payload: &path,
            method: Method::Replace,
            primary_key: Some("id"),
            skip_creation: false,
        };
        self.write(&Batch::new(vec![operation]));
    }

    fn write(&self, batch: &Batch<'_>) {
        let report = self.indexer.write(&self.index, batch, &|| false, &Progress::default()).unwrap();
        for operation in report.operations {
            operation.unwrap();
        }
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Ranks for a request.
    pub(crate) fn rank(&self, request: &SearchRequest) -> Ranked {
        let snapshot = self.index.snapshot().unwrap();
        let deadline = Deadline::of_search(snapshot.settings());
        rank(&snapshot, request, quarry_filter::Wording::AsSent, deadline).unwrap()
    }

    /// Ranks for `q` with other parameters of the API: `limit`, `offset`, `sort`, `matchingStrategy`, `distinct`,
    /// `rankingScoreThreshold`, `attributesToSearchOn`. Hits are `[id, score, details]`.
    pub(crate) fn search(&self, query: &str, parameters: Value) -> Found {
        let request = request(query, &parameters);
        let ranked = self.rank(&request);
        let snapshot = self.index.snapshot().unwrap();
        let hits = ranked.documents.iter().map(|found| FoundHit {
            id: snapshot.external_id(found.document).unwrap().unwrap().parse().unwrap(),
            score: global_score(&found.details),
            details: Value::Object(details_to_json(&found.details, snapshot.settings())),
        });
        Found { hits: hits.collect(), candidates: ranked.candidates.len(), degraded: ranked.degraded }
    }
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Found {
    pub hits: Vec<FoundHit>,
    pub candidates: u64,
    pub degraded: bool,
}

#[derive(Debug)]
pub(crate) struct FoundHit {
    pub id: u32,
    pub score: f64,
    pub details: Value,
}

impl Found {
    pub(crate) fn ids(&self) -> Vec<u32> {
        self.hits.iter().map(|hit| hit.id).collect()
    }

    /// Checks ids and scores.
    pub(crate) fn assert_scores(&self, expected: &[(u32, f64)]) {
        let close =
            |(hit, (id, score)): (&FoundHit, &(u32, f64))| hit.id == *id && (hit.score - score).abs() < 1e-5;
        let found: Vec<(u32, f64)> = self.hits.iter().map(|hit| (hit.id, hit.score)).collect();
        let same = expected.len() == found.len() && self.hits.iter().zip(expected).all(close);
        assert!(same, "found {found:?}, not {expected:?}: {:#?}", self.hits);
    }
}

fn request(query: &str, parameters: &Value) -> SearchRequest {
    let texts = |name: &str| {
        let list = parameters[name].as_array()?;
        Some(list.iter().map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>())
    };
    let number = |name: &str, default: u64| parameters[name].as_u64().unwrap_or(default) as usize;
    let pagination = if parameters["hitsPerPage"].is_null() {
        Pagination::Offset { offset: number("offset", 0), limit: number("limit", 20) }
    } else {
        Pagination::Page { page: number("page", 1), hits_per_page: number("hitsPerPage", 20) }
    };
    SearchRequest {
        query: Some(query.to_owned()),
        pagination,
        sort: texts("sort").unwrap_or_default().iter().map(|text| text.parse().unwrap()).collect(),
        distinct: parameters["distinct"].as_str().map(str::to_owned),
        matching_strategy: match parameters["matchingStrategy"].as_str() {
            Some("all") => MatchingStrategy::All,
            Some("frequency") => MatchingStrategy::Frequency,
            _ => MatchingStrategy::Last,
        },
        attributes_to_search_on: texts("attributesToSearchOn"),
        ranking_score_threshold: parameters["rankingScoreThreshold"].as_f64(),
        ..SearchRequest::default()
    }
}

/// No parameters.
pub(crate) fn plain() -> Value {
    json!({})
}
