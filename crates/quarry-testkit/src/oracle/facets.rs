//! Which values the candidates hold, counted one document after the other.

use std::collections::BTreeMap;

use super::document::Parsed;
use super::values::{self, FacetValue};
use super::{Oracle, OracleFacets};

/// One entry of a distribution.
struct Entry {
    value: FacetValue,
    shown: String,
    count: u64,
}

impl Oracle {
    /// The values of the fields that match a pattern: a name, the parent of a name, or `*`.
    pub(crate) fn facets(&self, patterns: &[String], candidates: &[&Parsed<'_>]) -> OracleFacets {
        let is_asked_for = |field: &str| {
            let fits = |pattern: &String| {
                pattern == "*" || pattern == field || field.starts_with(&format!("{pattern}."))
            };
            patterns.iter().any(fits)
        };
        let fields = self.fields.iter().filter(|field| self.settings.is_filterable(field));
        let mut facets = OracleFacets::default();
        for field in fields.filter(|field| is_asked_for(field)) {
            let shown = self.distribution(field, candidates);
            facets.distribution.insert(field.clone(), shown);
            let numbers = candidates.iter().flat_map(|document| values::of(document.json, field));
            let numbers = numbers.filter_map(|value| match value {
                FacetValue::Number(number) => Some(number),
                FacetValue::Text(_) => None,
            });
            let range = numbers.fold(None, |range: Option<(f64, f64)>, number| {
                let (least, greatest) = range.unwrap_or((number, number));
                Some((least.min(number), greatest.max(number)))
            });
            facets.stats.extend(range.map(|range| (field.clone(), range)));
        }
        facets
    }

    /// Values and counts of one field, numbers first, in the order of the settings, cut where they say.
    fn distribution(&self, field: &str, candidates: &[&Parsed<'_>]) -> Vec<(String, u64)> {
        let entries = count(field, candidates);
        let (mut numbers, mut texts): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| matches!(entry.value, FacetValue::Number(_)));
        if self.settings.counted_facets.iter().any(|counted| counted == field || counted == "*") {
            let by_count = |a: &Entry, b: &Entry| b.count.cmp(&a.count).then(b.value.order(&a.value));
            numbers.sort_by(by_count);
            texts.sort_by(by_count);
        } else {
            numbers.sort_by(|a, b| a.shown.cmp(&b.shown));
            texts.sort_by(|a, b| a.value.order(&b.value));
        }
        let all = numbers.into_iter().chain(texts).map(|entry| (entry.shown, entry.count));
        all.take(self.settings.facet_values_max).collect()
    }
}

/// The values of one field. A number and a string that shows like it are one entry, the number, as soon as some
/// candidate holds the number.
fn count(field: &str, candidates: &[&Parsed<'_>]) -> Vec<Entry> {
    let numbers: BTreeMap<String, FacetValue> = candidates
        .iter()
        .flat_map(|document| values::spelled(document.json, field))
        .filter(|(value, _)| matches!(value, FacetValue::Number(_)))
        .map(|(value, shown)| (shown, value))
        .collect();
    let mut entries: Vec<Entry> = Vec::new();
    for document in candidates {
        let mut seen: Vec<FacetValue> = Vec::new();
        for (value, spelling) in values::spelled(document.json, field) {
            let number = match &value {
                FacetValue::Text(text) => numbers.get_key_value(text),
                FacetValue::Number(_) => None,
            };
            let (shown, value) = match number {
                Some((shown, number)) => (shown.clone(), number.clone()),
                None => (spelling, value),
            };
            if seen.contains(&value) {
                continue;
            }
            seen.push(value.clone());
            match entries.iter_mut().find(|entry| entry.value == value) {
                Some(entry) => entry.count += 1,
                None => entries.push(Entry { value, shown, count: 1 }),
            }
        }
    }
    entries
}
