//! `filterableAttributes`: rules, the first of which that matches a field decides.

use serde::{Deserialize, Serialize};

use crate::attribute_pattern;
use crate::fields::is_in;

/// One rule: a plain attribute, which allows everything, or patterns with features.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FilterableRule {
    /// The attribute and what is nested in it. Not a pattern, whatever it holds.
    Attribute(String),
    /// The fields that match a pattern.
    Patterns(PatternRule),
}

/// A rule with patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatternRule {
    /// See [`crate::attribute_pattern`].
    pub attribute_patterns: Vec<String>,
    /// What the rule allows.
    #[serde(default = "FilterableFeatures::not_given")]
    pub features: FilterableFeatures,
}

/// What a rule allows. Nothing by default: what a rule allows without saying is
/// [`FilterableFeatures::not_given`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterableFeatures {
    /// Values may be searched.
    #[serde(default)]
    pub facet_search: bool,
    /// Operators of filters.
    #[serde(default = "FilterFeatures::not_given")]
    pub filter: FilterFeatures,
}

/// Which operators of filters a rule allows. None by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FilterFeatures {
    /// `=`, `!=`, `IN`
    #[serde(default = "on")]
    pub equality: bool,
    /// `<`, `<=`, `>`, `>=`, `TO`
    #[serde(default)]
    pub comparison: bool,
}

fn on() -> bool {
    true
}

impl FilterFeatures {
    /// What a rule allows that does not say: equality.
    pub fn not_given() -> FilterFeatures {
        FilterFeatures { equality: true, comparison: false }
    }
}

impl FilterableFeatures {
    /// What a plain attribute allows.
    pub const ALL: FilterableFeatures = FilterableFeatures {
        facet_search: true,
        filter: FilterFeatures { equality: true, comparison: true },
    };

    /// What a rule allows that does not say: equality.
    pub fn not_given() -> FilterableFeatures {
        FilterableFeatures { facet_search: false, filter: FilterFeatures::not_given() }
    }

    /// Whether filters may name the fields of the rule at all.
    pub fn is_filterable(&self) -> bool {
        self.filter.equality || self.filter.comparison
    }
}

impl FilterableRule {
    /// Whether the rule decides about the field `name`.
    pub fn matches(&self, name: &str) -> bool {
        match self {
            FilterableRule::Attribute(attribute) => is_in(name, attribute),
            FilterableRule::Patterns(rule) => attribute_pattern::any_matches(&rule.attribute_patterns, name),
        }
    }

    /// What it allows.
    pub fn features(&self) -> FilterableFeatures {
        match self {
            FilterableRule::Attribute(_) => FilterableFeatures::ALL,
            FilterableRule::Patterns(rule) => rule.features,
        }
    }

    /// The attribute, or the patterns: what error messages list.
    pub fn patterns(&self) -> &[String] {
        match self {
            FilterableRule::Attribute(attribute) => std::slice::from_ref(attribute),
            FilterableRule::Patterns(rule) => &rule.attribute_patterns,
        }
    }
}
