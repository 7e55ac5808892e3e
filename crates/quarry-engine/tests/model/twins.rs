//! The engine and its twin side by side: what is written to one is written to the other, what is asked of one is
//! asked of the other.

use proptest::prelude::*;
use quarry_engine::{Engine, EngineError, Method, PayloadFormat, SearchError, SearchRequest};
use quarry_search::{MatchingStrategy, Pagination, SearchResult, SortCriterion};
use quarry_testkit::{
    FilterFeatures, Oracle, OracleAnswer, OracleFacets, OracleHit, OraclePage, OracleQuery, OracleSettings,
    OracleTypos, Strategy as Matching, View,
};
use serde_json::{Map, Value, json};

use crate::corpus::{STOP_WORDS, SYNONYMS, Setting, TextSetting, Write, first_document};

/// Two engines that must agree.
pub(crate) struct Twins {
    _folder: tempfile::TempDir,
    engine: Engine,
    pub(crate) oracle: Oracle,
    sorts: bool,
}

fn id(number: u8) -> String {
    format!("d{number}")
}

impl Twins {
    pub(crate) fn new(setting: &Setting) -> Twins {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path()).unwrap();
        engine.update_settings(&serde_json::from_value(settings_json(setting)).unwrap()).unwrap();
        let oracle = Oracle::new(oracle_settings(setting));
        let sorts = setting.rules.contains(&"sort");
        let mut twins = Twins { _folder: folder, engine, oracle, sorts };
        twins.write(&Write::Replace(vec![(200, first_document())])).unwrap();
        twins
    }

    pub(crate) fn write(&mut self, write: &Write) -> Result<(), EngineError> {
        let with_id = |number: u8, document: &Map<String, Value>| {
            let mut document = document.clone();
            document.insert("id".into(), id(number).into());
            document
        };
        match write {
            Write::Replace(documents) | Write::Update(documents) => {
                let method =
                    if matches!(write, Write::Replace(_)) { Method::Replace } else { Method::Update };
                let documents: Vec<(String, Map<String, Value>)> = documents
                    .iter()
                    .map(|(number, document)| (id(*number), with_id(*number, document)))
                    .collect();
                let lines: Vec<String> = documents
                    .iter()
                    .map(|(_, document)| Value::Object(document.clone()).to_string())
                    .collect();
                let lines = lines.join("\n");
                self.engine.write_documents(PayloadFormat::Ndjson, lines.as_bytes(), method, Some("id"))?;
                for (id, document) in documents {
                    match method {
                        Method::Replace => self.oracle.replace(&id, document),
                        Method::Update => self.oracle.update(&id, document),
                    }
                }
            }
            Write::Delete(numbers) => {
                let ids: Vec<String> = numbers.iter().map(|number| id(*number)).collect();
                self.engine.delete_documents(&ids)?;
                ids.iter().for_each(|id| self.oracle.delete(id));
            }
        }
        Ok(())
    }

    /// Asks both; `view` shows the twin's documents as they are now.
    pub(crate) fn compare(&self, view: &View<'_>, query: &OracleQuery) -> Result<(), TestCaseError> {
        let expected = view.search(query);
        let found = match self.engine.search(&self.request(query)) {
            Ok(result) => Some(answer(&result)),
            Err(SearchError::Filter(_)) => None,
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{query:?}"))),
        };
        let same = match (&expected, &found) {
            (None, None) => true,
            (Some(expected), Some(found)) => {
                expected.candidates_count == found.candidates_count
                    && expected.facets == found.facets
                    && expected.hits.len() == found.hits.len()
                    && expected.hits.iter().zip(&found.hits).all(|(a, b)| is_same(a, b))
            }
            _ => false,
        };
        prop_assert!(same, "{}", self.explain(query, &expected, &found));
        Ok(())
    }

    fn explain(
        &self,
        query: &OracleQuery,
        expected: &Option<OracleAnswer>,
        found: &Option<OracleAnswer>,
    ) -> String {
        let documents: Vec<String> = self
            .oracle
            .documents()
            .map(|(number, _, document)| format!("{number}: {}", Value::Object(document.clone())))
            .collect();
        let filter = query.filter.as_ref().map(ToString::to_string);
        format!(
            "{query:?}\nfilter {filter:?}\ndocuments {documents:#?}\nexpected {expected:?}\nfound {found:?}"
        )
    }

    fn request(&self, query: &OracleQuery) -> SearchRequest {
        let filter = query.filter.as_ref().map(|filter| filter.to_string());
        let criterion = |(field, ascending): &(String, bool)| {
            let direction = if *ascending { "asc" } else { "desc" };
            format!("{field}:{direction}").parse::<SortCriterion>().unwrap()
        };
        SearchRequest {
            query: Some(query.text.clone()),
            pagination: match query.page {
                OraclePage::Window { offset, limit } => Pagination::Offset { offset, limit },
                OraclePage::Page { page, hits } => Pagination::Page { page, hits_per_page: hits },
            },
            filter: filter.and_then(|text| quarry_filter::parse_expression(&text).unwrap()),
            sort: query.sort.iter().filter(|_| self.sorts).map(criterion).collect(),
            distinct: query.distinct.clone(),
            facets: Some(query.facets.clone()),
            matching_strategy: match query.strategy {
                Matching::Last => MatchingStrategy::Last,
                Matching::All => MatchingStrategy::All,
                Matching::Frequency => MatchingStrategy::Frequency,
            },
            ranking_score_threshold: query.threshold,
            show_ranking_score: true,
            ..SearchRequest::default()
        }
    }
}

fn is_same(a: &OracleHit, b: &OracleHit) -> bool {
    a.id == b.id && (a.score - b.score).abs() < 1e-5
}

fn answer(result: &SearchResult) -> OracleAnswer {
    let hits = result.hits.iter().map(|hit| OracleHit {
        id: hit.content.document["id"].as_str().unwrap().to_owned(),
        score: hit.score.unwrap(),
    });
    let mut facets = OracleFacets::default();
    if let Some(found) = &result.facets {
        for (field, values) in &found.distribution {
            let values = values.as_object().unwrap().iter();
            let values = values.map(|(value, count)| (value.clone(), count.as_u64().unwrap()));
            facets.distribution.insert(field.clone(), values.collect());
        }
        for (field, range) in &found.stats {
            let range = (range["min"].as_f64().unwrap(), range["max"].as_f64().unwrap());
            facets.stats.insert(field.clone(), range);
        }
    }
    OracleAnswer { hits: hits.collect(), candidates_count: result.candidates_count as usize, facets }
}

const EVERY: FilterFeatures = FilterFeatures { equality: true, comparison: true };
const EQUALITY: FilterFeatures = FilterFeatures { equality: true, comparison: false };
const COMPARISON: FilterFeatures = FilterFeatures { equality: false, comparison: true };

fn filterable(setting: &Setting) -> [(&'static str, FilterFeatures); 5] {
    let (tags, mark) = if setting.restricts_filters { (EQUALITY, COMPARISON) } else { (EVERY, EVERY) };
    [("year", EVERY), ("tags", tags), ("mark", mark), ("info", EVERY), ("ghost", EVERY)]
}

fn stop_words(text: &TextSetting) -> &'static [&'static str] {
    if text.has_stop_words { STOP_WORDS } else { &[] }
}

fn synonyms(text: &TextSetting) -> &'static [(&'static str, &'static [&'static str])] {
    if text.has_synonyms { SYNONYMS } else { &[] }
}

fn in_words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn oracle_settings(setting: &Setting) -> OracleSettings {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    OracleSettings {
        searchable: owned(&["title", "body"]),
        filterable: filterable(setting).map(|(name, features)| (name.to_owned(), features)).into(),
        ranking_rules: owned(setting.rules),
        distinct: setting.distinct.map(str::to_owned),
        counted_facets: owned(setting.counted_facets),
        facet_values_max: setting.facet_values_max,
        total_hits_max: setting.total_hits_max,
        stop_words: owned(stop_words(&setting.text)).into_iter().collect(),
        synonyms: synonyms(&setting.text)
            .iter()
            .map(|(key, values)| (in_words(key), values.iter().map(|value| in_words(value)).collect()))
            .collect(),
        typos: OracleTypos {
            enabled: setting.text.has_typos,
            word_sizes: setting.text.typo_sizes,
            exact_words: owned(setting.text.exact_words).into_iter().collect(),
        },
        searches_prefixes: setting.text.searches_prefixes,
        proximity_by_attribute: setting.text.proximity_by_attribute,
    }
}

fn settings_json(setting: &Setting) -> Value {
    let rule = |(name, features): (&str, FilterFeatures)| match features {
        EVERY => json!(name),
        FilterFeatures { equality, comparison } => json!({
            "attributePatterns": [name],
            "features": { "filter": { "equality": equality, "comparison": comparison } },
        }),
    };
    let text = &setting.text;
    let synonyms = synonyms(text).iter().map(|(key, values)| ((*key).to_owned(), json!(values)));
    let orders = setting.counted_facets.iter().map(|field| ((*field).to_owned(), json!("count")));
    json!({
        "searchableAttributes": ["title", "body"],
        "filterableAttributes": filterable(setting).map(rule),
        "sortableAttributes": ["year", "mark", "tags", "info"],
        "rankingRules": setting.rules,
        "distinctAttribute": setting.distinct,
        "faceting": {
            "maxValuesPerFacet": setting.facet_values_max,
            "sortFacetValuesBy": orders.collect::<Map<String, Value>>(),
        },
        "stopWords": stop_words(text),
        "synonyms": synonyms.collect::<Map<String, Value>>(),
        "typoTolerance": {
            "enabled": text.has_typos,
            "minWordSizeForTypos": { "oneTypo": text.typo_sizes[0], "twoTypos": text.typo_sizes[1] },
            "disableOnWords": text.exact_words,
        },
        "prefixSearch": if text.searches_prefixes { "indexingTime" } else { "disabled" },
        "proximityPrecision": if text.proximity_by_attribute { "byAttribute" } else { "byWord" },
        "pagination": { "maxTotalHits": setting.total_hits_max },
    })
}
