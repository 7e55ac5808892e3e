//! Every setting, changed on a full index, leaves the entries of an index that had it from the start; changed back,
//! those of the index before.
#![allow(clippy::unwrap_used)]

mod films;

use std::path::Path;

use quarry_index::{Index, IndexOptions, SettingsUpdate, TableId};
use quarry_indexer::{Batch, Indexer, IndexerOptions, Method, Operation, Progress};
use quarry_inspect::compare;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

const FILMS: usize = 140;

/// Documents with everything that settings look at, beside films.
const DOCUMENTS: &str = r#"[
    { "id": "a", "title": "The well-known J. R. R. was here: C# & co", "info": { "size": 3, "colour": ["Red", "blue"] },
      "_geo": { "lat": 48.1, "lng": 2.3 }, "overview": "Der Kraftfahrzeugführer, the captain and the ship-owner" },
    { "id": "b", "title": ["one two", "three"], "info": { "size": "large", "colour": null }, "year": -0.0,
      "_geojson": { "type": "Point", "coordinates": [2.3, 48.1] }, "overview": "sep|between#words 12.5 and 1984" },
    { "id": "c", "title": "東京の夜 北京大学", "info": {}, "year": [1999, "unknown", null], "empty": "",
      "_geo": { "lat": -33.9, "lng": 151.2 }, "_vectors": { "mine": [0.1, 0.2, 0.3] } },
    { "id": "d", "title": "", "info": [], "year": null, "genres": "Drama", "flag": true,
      "parts": [{ "name": "one", "size": 1 }, { "name": "two words", "size": 2.5 }] }
]"#;

/// Settings that differ from the default ones in nearly everything.
fn rich() -> Value {
    json!({
        "displayedAttributes": ["title", "year"],
        "searchableAttributes": ["title", "overview", "info", "parts.name"],
        "filterableAttributes": [
            "genres",
            "_geo",
            { "attributePatterns": ["year", "info.*"], "features": { "filter": { "comparison": true } } },
        ],
        "sortableAttributes": ["title", "_geo"],
        "rankingRules": ["words", "typo", "sort", "proximity", "exactness", "year:desc"],
        "stopWords": ["the", "of", "a"],
        "nonSeparatorTokens": ["#"],
        "separatorTokens": ["|", "qu"],
        "dictionary": ["J. R. R."],
        "synonyms": { "film": ["movie"] },
        "distinctAttribute": "info.size",
        "typoTolerance": {
            "disableOnAttributes": ["overview"],
            "disableOnNumbers": true,
            "minWordSizeForTypos": { "oneTypo": 4 },
        },
        "localizedAttributes": [{ "attributePatterns": ["over*"], "locales": ["deu"] }],
    })
}

/// Changes, each of one setting.
fn changes() -> Vec<Value> {
    let off = json!({ "filter": { "equality": false, "comparison": false } });
    let embedder = json!({ "mine": { "source": "userProvided", "dimensions": 3 } });
    vec![
        json!({ "displayedAttributes": ["overview"] }),
        json!({ "displayedAttributes": [] }),
        json!({ "searchableAttributes": ["title"] }),
        json!({ "searchableAttributes": ["overview", "title", "info", "parts.name"] }),
        json!({ "searchableAttributes": ["cast", "info.colour"] }),
        json!({ "searchableAttributes": ["parts", "unknown"] }),
        json!({ "searchableAttributes": [] }),
        json!({ "searchableAttributes": null }),
        json!({ "filterableAttributes": ["year", "cast", "info"] }),
        json!({ "filterableAttributes": ["_geojson", "_geo"] }),
        json!({ "filterableAttributes": ["_geojson"] }),
        json!({ "filterableAttributes": [{ "attributePatterns": ["*"] }] }),
        json!({ "filterableAttributes": [
            { "attributePatterns": ["*e*"], "features": { "facetSearch": true, "filter": { "comparison": true } } },
        ] }),
        json!({ "filterableAttributes": [{ "attributePatterns": ["year", "genres"], "features": off }, "year"] }),
        json!({ "filterableAttributes": ["genres", { "attributePatterns": ["parts.*", "*_eur"] }] }),
        json!({ "filterableAttributes": null }),
        json!({ "sortableAttributes": ["year", "info"] }),
        json!({ "sortableAttributes": ["_geo"] }),
        json!({ "sortableAttributes": [] }),
        json!({ "foreignKeys": [{ "foreignIndexUid": "others", "fieldName": "cast" }] }),
        json!({ "rankingRules": ["words", "title:asc", "parts.size:desc"] }),
        json!({ "rankingRules": [] }),
        json!({ "stopWords": ["and", "The", "ship"] }),
        json!({ "stopWords": [] }),
        json!({ "nonSeparatorTokens": ["-", "#", "&"] }),
        json!({ "nonSeparatorTokens": [] }),
        json!({ "separatorTokens": ["|", "e"] }),
        json!({ "separatorTokens": [] }),
        json!({ "dictionary": ["well-known", "co"] }),
        json!({ "dictionary": [] }),
        json!({ "synonyms": { "ship": ["boat", "large vessel"], "new york": ["nyc"] } }),
        json!({ "distinctAttribute": "year" }),
        json!({ "distinctAttribute": "cast" }),
        json!({ "distinctAttribute": null }),
        json!({ "proximityPrecision": "byAttribute" }),
        json!({ "typoTolerance": { "enabled": false } }),
        json!({ "typoTolerance": { "minWordSizeForTypos": { "oneTypo": 2, "twoTypos": 3 } } }),
        json!({ "typoTolerance": { "disableOnWords": ["ship"] } }),
        json!({ "typoTolerance": { "disableOnAttributes": ["title"] } }),
        json!({ "typoTolerance": { "disableOnAttributes": [] } }),
        json!({ "typoTolerance": { "disableOnNumbers": true } }),
        json!({ "typoTolerance": { "disableOnNumbers": false } }),
        json!({ "faceting": { "maxValuesPerFacet": 3, "sortFacetValuesBy": { "*": "count" } } }),
        json!({ "pagination": { "maxTotalHits": 7 } }),
        json!({ "embedders": embedder }),
        json!({ "searchCutoffMs": 50 }),
        json!({ "localizedAttributes": [{ "attributePatterns": ["*"], "locales": ["jpn"] }] }),
        json!({ "localizedAttributes": [{ "attributePatterns": ["title"], "locales": ["zho", "swe"] }] }),
        json!({ "localizedAttributes": null }),
        json!({ "facetSearch": false }),
        json!({ "prefixSearch": "disabled" }),
        json!({ "chat": { "description": "films" } }),
    ]
}

struct Workshop {
    indexer: Indexer,
    documents: String,
}

impl Workshop {
    fn new() -> Workshop {
        let indexer = Indexer::new(&IndexerOptions { max_memory_bytes: 64 << 20, max_threads: 1 }).unwrap();
        let special: Vec<Value> = serde_json::from_str(DOCUMENTS).unwrap();
        let mut lines = films::last(FILMS);
        lines.extend(special.iter().map(Value::to_string));
        Workshop { indexer, documents: lines.join("\n") }
    }

    fn open(folder: &Path) -> Index {
        Index::open(folder, &IndexOptions::default()).unwrap()
    }

    /// An index that has `settings` from the start.
    fn build(&self, settings: &[&Value]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let index = Workshop::open(folder.path());
        settings.iter().for_each(|settings| self.set(&index, settings));
        let payload = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(payload.path(), &self.documents).unwrap();
        let documents = Operation::Documents {
            payload: payload.path(),
            method: Method::Replace,
            primary_key: Some("id"),
            skip_creation: false,
        };
        let report =
            self.indexer.write(&index, &Batch::new(vec![documents]), &|| false, &Progress::new()).unwrap();
        for outcome in report.operations {
            outcome.unwrap();
        }
        folder
    }

    fn set(&self, index: &Index, settings: &Value) {
        let update: SettingsUpdate = serde_json::from_value(settings.clone()).unwrap();
        let batch = Batch { settings: Some(&update), ..Batch::new(Vec::new()) };
        self.indexer.write(index, &batch, &|| false, &Progress::new()).unwrap();
    }

    /// What differs between two indexes.
    fn differences(left: &Path, right: &Path) -> Vec<String> {
        let (left, right) = (Workshop::open(left), Workshop::open(right));
        let found = compare(&left.snapshot().unwrap(), &right.snapshot().unwrap(), None, 4).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    /// Changes settings on the full index at `before`, which has the settings `base`, and then back.
    fn check(&self, before: &Path, base: &Value, change: &Value) -> Vec<String> {
        let expected = self.build(&[base, change]);
        let folder = tempfile::tempdir().unwrap();
        copy(before, folder.path());
        let index = Workshop::open(folder.path());
        self.set(&index, change);
        drop(index);
        let mut wrong = Vec::new();
        let mut note = |what: &str, differences: Vec<String>| {
            wrong.extend(differences.into_iter().map(|difference| format!("{what} {change}: {difference}")));
        };
        note("set", Workshop::differences(folder.path(), expected.path()));
        let index = Workshop::open(folder.path());
        // Objects are changed field by field: reset first.
        let keys = || change.as_object().unwrap().keys();
        let reset: Map<String, Value> = keys().map(|key| (key.clone(), Value::Null)).collect();
        let back: Map<String, Value> = keys().map(|key| (key.clone(), base[key].clone())).collect();
        self.set(&index, &Value::Object(reset));
        self.set(&index, &Value::Object(back));
        drop(index);
        note("back", Workshop::differences(folder.path(), before));
        wrong
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn check_all(base: &Value, changes: &[Value]) {
    let workshop = Workshop::new();
    let before = workshop.build(&[base]);
    let wrong: Vec<String> =
        changes.iter().flat_map(|change| workshop.check(before.path(), base, change)).collect();
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn settings_changed_on_default_ones() {
    check_all(&json!({}), &changes());
}

#[test]
fn settings_changed_on_rich_ones() {
    check_all(&rich(), &changes());
}

#[test]
fn all_settings_at_once() {
    check_all(&json!({}), &[rich()]);
}

#[test]
fn the_changes_name_every_setting_and_reach_the_tables() {
    let all = serde_json::to_value(SettingsUpdate::reset_all()).unwrap();
    let changes = changes();
    for setting in all.as_object().unwrap().keys() {
        assert!(changes.iter().any(|change| change.get(setting).is_some()), "{setting} is never changed");
    }
    let workshop = Workshop::new();
    let (default, rich) = (workshop.build(&[]), workshop.build(&[&rich()]));
    let (default, rich) = (Workshop::open(default.path()), Workshop::open(rich.path()));
    let found = compare(&default.snapshot().unwrap(), &rich.snapshot().unwrap(), None, usize::MAX).unwrap();
    for table in TableId::ALL {
        let same = [TableId::Documents, TableId::ExternalDocumentIds, TableId::LatePostings];
        let differs = found.iter().any(|difference| difference.table == *table);
        assert_eq!(differs, !same.contains(table), "{}", table.name());
    }
}
