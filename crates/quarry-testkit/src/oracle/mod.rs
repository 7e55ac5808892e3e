//! The slow twin: documents, settings, and the plan of a search.
//!
//! - [`document`]: what of a document counts: words with positions, facet values.
//! - [`terms`]: a query cut into terms, and what each term may stand for.
//! - [`path`]: every way through the query graph.
//! - [`rank`]: the ranking rules, each a cost of a document on a path.

mod document;
mod filter;
mod path;
mod rank;
mod terms;

use std::collections::BTreeSet;

use quarry_text::{Tokenizer, TokenizerOptions};
use serde_json::{Map, Value};

use document::Parsed;
pub use filter::OracleFilter;
pub use terms::Strategy;

/// What the twin knows of the settings.
#[derive(Debug, Clone)]
pub struct OracleSettings {
    /// Attributes in order, each with its weight; names are those of top-level fields.
    pub searchable: Vec<String>,
    /// Names of the ranking rules.
    pub ranking_rules: Vec<String>,
    /// One value per hit.
    pub distinct: Option<String>,
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
    /// Field and whether it ascends.
    pub sort: Vec<(String, bool)>,
}

/// A found document.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleHit {
    /// Its primary key value.
    pub id: String,
    /// The global ranking score.
    pub score: f64,
}

/// An engine in memory.
#[derive(Debug, Clone)]
pub struct Oracle {
    settings: OracleSettings,
    /// By document id; None where a document was deleted.
    slots: Vec<Option<(String, Map<String, Value>)>>,
}

impl Oracle {
    /// Without documents.
    pub fn new(settings: OracleSettings) -> Oracle {
        Oracle { settings, slots: Vec::new() }
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.as_ref().is_some_and(|(stored, _)| stored == id))
    }

    /// Adds a document or replaces the one with its id: a new one takes the smallest free number.
    pub fn replace(&mut self, id: &str, document: Map<String, Value>) {
        let at = self.position(id).or_else(|| self.slots.iter().position(Option::is_none));
        match at {
            Some(at) => self.slots[at] = Some((id.to_owned(), document)),
            None => self.slots.push(Some((id.to_owned(), document))),
        }
    }

    /// Sets top-level fields of a document, or adds it.
    pub fn update(&mut self, id: &str, fields: Map<String, Value>) {
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

    /// All hits in order, and the number of candidates before distinct.
    pub fn search(&self, query: &OracleQuery) -> (Vec<OracleHit>, usize) {
        let tokenizer = Tokenizer::new(&TokenizerOptions::default());
        let parsed: Vec<Parsed> = self
            .documents()
            .map(|(_, id, document)| Parsed::of(id, document, &self.settings.searchable, &tokenizer))
            .collect();
        let dictionary: BTreeSet<String> = parsed.iter().flat_map(Parsed::words).map(str::to_owned).collect();
        let terms = terms::Terms::parse(&query.text, query.strategy, &tokenizer, &dictionary, &parsed);
        let universe: Vec<&Parsed> = parsed
            .iter()
            .filter(|document| query.filter.as_ref().is_none_or(|filter| filter.matches(document.json)))
            .filter(|document| terms.may_match(document))
            .collect();
        let count = universe.len();
        let ranked = rank::rank(&self.settings, query, &terms, universe);
        (self.distinct(ranked), count)
    }

    fn distinct(&self, ranked: Vec<(&Parsed<'_>, f64)>) -> Vec<OracleHit> {
        let mut taken: BTreeSet<(bool, String)> = BTreeSet::new();
        let mut hits = Vec::new();
        for (document, score) in ranked {
            let values = self.settings.distinct.as_ref().map(|field| filter::values(document.json, field));
            let keys: Vec<(bool, String)> = values
                .unwrap_or_default()
                .into_iter()
                .map(|value| match value {
                    filter::FacetValue::Number(number) => (true, number.to_string()),
                    filter::FacetValue::Text(text) => (false, text),
                })
                .collect();
            if keys.iter().any(|key| taken.contains(key)) {
                continue;
            }
            taken.extend(keys);
            hits.push(OracleHit { id: document.id.to_owned(), score });
        }
        hits
    }
}
