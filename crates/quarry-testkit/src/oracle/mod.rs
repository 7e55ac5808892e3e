//! The slow twin: documents, settings, and the plan of a search.
//!
//! - [`document`]: what of a document counts for words: which ones, and where they stand.
//! - [`values`]: what of a document counts for everything else; [`filter`] and [`facets`] look at it.
//! - [`terms`]: a query cut into terms, and what each term may stand for.
//! - [`path`]: every way through the query graph.
//! - [`rules`]: the ranking rules, each a cost of a document on a path.
//! - [`rank`]: the rules one inside the other, as far as a page of hits needs them; distinct, threshold, totals.

mod document;
mod facets;
mod filter;
mod path;
mod rank;
mod rules;
mod terms;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use quarry_text::{Tokenizer, TokenizerOptions};
use serde_json::{Map, Value};

use document::Parsed;
pub use filter::{OracleFilter, OracleOperator};
pub use terms::Strategy;

/// What the twin knows of the settings.
#[derive(Debug, Clone, Default)]
pub struct OracleSettings {
    /// Attributes in order, each with its weight; names are those of top-level fields.
    pub searchable: Vec<String>,
    /// Attributes that can be filtered, with those nested in them.
    pub filterable: Vec<(String, FilterFeatures)>,
    /// Names of the ranking rules.
    pub ranking_rules: Vec<String>,
    /// One hit per value.
    pub distinct: Option<String>,
    /// Fields of which the most frequent values come first; `*` for all.
    pub counted_facets: Vec<String>,
    /// Values shown of a field.
    pub facet_values_max: usize,
    /// Hits that can be reached.
    pub total_hits_max: usize,
    /// Words that are not indexed.
    pub stop_words: BTreeSet<String>,
    /// Words in a row, and what they may stand for.
    pub synonyms: Vec<(Vec<String>, Vec<Vec<String>>)>,
    /// What may be misspelled.
    pub typos: OracleTypos,
    /// Whether the last word of a query need not be whole.
    pub searches_prefixes: bool,
    /// Whether words are near to each other as soon as they are in one attribute.
    pub proximity_by_attribute: bool,
}

/// What may be misspelled.
#[derive(Debug, Clone, Default)]
pub struct OracleTypos {
    /// Whether anything may.
    pub enabled: bool,
    /// Characters of a word from which on one typo is allowed, and two.
    pub word_sizes: [usize; 2],
    /// Words of queries that must be right.
    pub exact_words: BTreeSet<String>,
}

impl OracleTypos {
    fn allowed(&self, word: &str) -> usize {
        if !self.enabled || self.exact_words.contains(word) {
            return 0;
        }
        let length = word.chars().count();
        self.word_sizes.iter().filter(|size| length >= **size).count()
    }
}

/// Which operators a field allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilterFeatures {
    /// `=`, `!=`, `IN`.
    pub equality: bool,
    /// `<`, `<=`, `>`, `>=`, `TO`.
    pub comparison: bool,
}

impl OracleSettings {
    fn filter_features(&self, field: &str) -> FilterFeatures {
        let covers = |name: &str| name == field || field.starts_with(&format!("{name}."));
        let rule = self.filterable.iter().find(|(name, _)| covers(name));
        rule.map_or(FilterFeatures { equality: false, comparison: false }, |(_, features)| *features)
    }

    fn is_filterable(&self, field: &str) -> bool {
        let features = self.filter_features(field);
        features.equality || features.comparison
    }
}

/// A search.
#[derive(Debug, Clone, Default)]
pub struct OracleQuery {
    /// Words, phrases in double quotes, negative words.
    pub text: String,
    /// Which terms may be left out.
    pub strategy: Strategy,
    /// Which documents count.
    pub filter: Option<OracleFilter>,
    /// Fields and whether they ascend.
    pub sort: Vec<(String, bool)>,
    /// One hit per value, in place of the field of the settings.
    pub distinct: Option<String>,
    /// Names of fields, or `*`: their values are counted.
    pub facets: Vec<String>,
    /// Hits that score below are left out.
    pub threshold: Option<f64>,
    /// Which hits come back.
    pub page: OraclePage,
}

/// Which hits come back.
#[derive(Debug, Clone, Copy)]
pub enum OraclePage {
    /// So many, after so many.
    Window {
        /// Hits to skip.
        offset: usize,
        /// Hits to show.
        limit: usize,
    },
    /// The n-th page from 1; totals are exact.
    Page {
        /// Its number.
        page: usize,
        /// Hits to show.
        hits: usize,
    },
}

impl Default for OraclePage {
    fn default() -> OraclePage {
        OraclePage::Window { offset: 0, limit: 20 }
    }
}

/// A found document.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleHit {
    /// Its primary key value.
    pub id: String,
    /// The global ranking score.
    pub score: f64,
}

/// What a search finds.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleAnswer {
    /// The hits of the page, in order.
    pub hits: Vec<OracleHit>,
    /// Documents that match, less what distinct and the threshold took out.
    pub candidates_count: usize,
    /// Their values.
    pub facets: OracleFacets,
}

/// Values by field.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OracleFacets {
    /// Values with their counts, in the order in which they are shown.
    pub distribution: BTreeMap<String, Vec<(String, u64)>>,
    /// The least and the greatest number.
    pub stats: BTreeMap<String, (f64, f64)>,
}

/// An engine in memory.
#[derive(Debug, Clone)]
pub struct Oracle {
    settings: OracleSettings,
    /// By document id; None where a document was deleted.
    slots: Vec<Option<(String, Map<String, Value>)>>,
    /// Names of all fields that a document ever had.
    fields: BTreeSet<String>,
}

impl Oracle {
    /// Without documents.
    pub fn new(settings: OracleSettings) -> Oracle {
        Oracle { settings, slots: Vec::new(), fields: BTreeSet::new() }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|(stored, _)| stored == id))
    }

    fn knows(&self, field: &str) -> bool {
        self.fields.contains(field)
    }

    /// Adds a document or replaces the one with its id: a new one takes the smallest free number.
    pub fn replace(&mut self, id: &str, document: Map<String, Value>) {
        self.fields.extend(values::fields(&document));
        let at = self.position(id).or_else(|| self.slots.iter().position(Option::is_none));
        match at {
            Some(at) => self.slots[at] = Some((id.to_owned(), document)),
            None => self.slots.push(Some((id.to_owned(), document))),
        }
    }

    /// Sets top-level fields of a document, or adds it.
    pub fn update(&mut self, id: &str, fields: Map<String, Value>) {
        self.fields.extend(values::fields(&fields));
        match self.position(id).and_then(|at| self.slots[at].as_mut()) {
            Some((_, document)) => document.extend(fields),
            None => self.replace(id, fields),
        }
    }

    /// Takes a document out.
    pub fn delete(&mut self, id: &str) {
        if let Some(at) = self.position(id) {
            self.slots[at] = None;
        }
        while self.slots.last().is_some_and(Option::is_none) {
            self.slots.pop();
        }
    }

    /// The documents, by number.
    pub fn documents(&self) -> impl Iterator<Item = (u32, &str, &Map<String, Value>)> {
        self.slots.iter().enumerate().filter_map(|(number, slot)| {
            slot.as_ref().map(|(id, document)| (number as u32, id.as_str(), document))
        })
    }

    /// The documents as they are now, cut into words.
    pub fn view(&self) -> View<'_> {
        let stop_words = self.settings.stop_words.clone();
        let tokenizer = Tokenizer::new(&TokenizerOptions { stop_words, ..TokenizerOptions::default() });
        let parsed: Vec<Parsed<'_>> =
            self.documents().map(|document| Parsed::of(document, &self.settings, &tokenizer)).collect();
        let words = parsed.iter().flat_map(Parsed::words).map(str::to_owned).collect();
        View { oracle: self, tokenizer, words, parsed }
    }
}

/// The documents at one time, for many searches.
pub struct View<'o> {
    oracle: &'o Oracle,
    tokenizer: Tokenizer,
    words: BTreeSet<String>,
    parsed: Vec<Parsed<'o>>,
}

impl View<'_> {
    /// What a search finds; None if the settings do not allow its filter.
    pub fn search(&self, query: &OracleQuery) -> Option<OracleAnswer> {
        let (oracle, settings) = (self.oracle, &self.oracle.settings);
        if query.filter.as_ref().is_some_and(|filter| !filter.is_allowed(oracle)) {
            return None;
        }
        let dictionaries = terms::Dictionaries { settings, words: &self.words, documents: &self.parsed };
        let terms = terms::Terms::parse(&query.text, query.strategy, &self.tokenizer, &dictionaries);
        let matching = self.parsed.iter().filter(|document| {
            query.filter.as_ref().is_none_or(|filter| filter.matches(oracle, document.json))
                && terms.may_match(document)
        });
        let universe: Vec<&Parsed<'_>> = matching.collect();
        let ranked = rank::rank(settings, query, &terms, &self.parsed, &universe);
        let candidates: Vec<&Parsed<'_>> =
            universe.into_iter().filter(|document| !ranked.left_out.contains(&document.number)).collect();
        let hits = ranked
            .hits
            .iter()
            .map(|(document, score)| OracleHit { id: document.id.to_owned(), score: *score });
        Some(OracleAnswer {
            hits: hits.collect(),
            candidates_count: candidates.len(),
            facets: oracle.facets(&query.facets, &candidates),
        })
    }
}
