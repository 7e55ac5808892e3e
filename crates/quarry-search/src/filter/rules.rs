//! Which rule of `filterableAttributes` decides about a field.

use quarry_index::Settings;
use quarry_index::settings::FilterableRule;

/// The field with the point of a document.
pub(super) const GEO_FIELD: &str = "_geo";

/// The field with the shape of a document.
pub(super) const GEOJSON_FIELD: &str = "_geojson";

/// The first rule that matches a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MatchedRule {
    /// Its number, from 0.
    pub(super) number: usize,
    /// Whether it allows `=`, `!=` and `IN`.
    pub(super) equality: bool,
    /// Whether it allows `<`, `>`, `<=`, `>=` and `TO`.
    pub(super) comparison: bool,
}

impl MatchedRule {
    /// Whether filters may name the field at all.
    pub(super) fn is_filterable(&self) -> bool {
        self.equality || self.comparison
    }
}

/// The first rule that matches `field`.
pub(super) fn matched(settings: &Settings, field: &str) -> Option<MatchedRule> {
    let (number, features) = settings.filterable_rule(field)?;
    let features = features.filter;
    Some(MatchedRule { number, equality: features.equality, comparison: features.comparison })
}

/// Whether `attribute` is listed as a plain attribute: what geographic filters need.
pub(super) fn has_attribute(settings: &Settings, attribute: &str) -> bool {
    settings
        .filterable
        .iter()
        .any(|rule| matches!(rule, FilterableRule::Attribute(listed) if listed == attribute))
}

/// The patterns of all rules that make fields filterable, sorted.
pub(super) fn filterable_patterns(settings: &Settings) -> Vec<String> {
    let rules = settings.filterable.iter().filter(|rule| rule.features().is_filterable());
    let mut patterns: Vec<String> = rules.flat_map(|rule| rule.patterns()).cloned().collect();
    patterns.sort_unstable();
    patterns.dedup();
    patterns
}
