//! What the settings make of one field: which data is stored for it, and what may be asked of it.

use quarry_text::Language;

use crate::attribute_pattern;
use crate::fields::{is_in, parents};
use crate::settings::{FilterableFeatures, FilterableRule, RankingRule, Settings};

/// What the settings make of one field. All off by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldFeatures {
    /// Number of the first rule of `filterableAttributes` that matches, from 0.
    pub filterable_rule: Option<usize>,
    /// What that rule allows.
    pub filterable: FilterableFeatures,
    /// Named by `sortableAttributes`.
    pub sortable: bool,
    /// The distinct attribute.
    pub distinct: bool,
    /// Ordered by a ranking rule `field:asc` or `field:desc`.
    pub custom_ranked: bool,
    /// Its values are stored: for filters, facets, sort or distinct.
    pub faceted: bool,
    /// Rank of the field if it is searched: 0 is best.
    pub searchable_weight: Option<u16>,
    /// Typos are off for its words.
    pub exact: bool,
    /// The languages that its text may be in; none: any.
    pub locales: Vec<Language>,
}

impl FieldFeatures {
    /// Whether filters may name the field at all: a rule without any filter feature does not count.
    pub fn is_filterable(&self) -> bool {
        self.filterable_rule.is_some() && self.filterable.is_filterable()
    }

    /// Whether `EXISTS`, `IS NULL` and `IS EMPTY` are stored for the field.
    pub fn is_presence_stored(&self) -> bool {
        self.is_filterable() || self.faceted
    }
}

/// The field with the vectors of a document.
const VECTORS_FIELD: &str = "_vectors";

/// Whether a field is one of `_geo`, `_geojson` and `_vectors`, or nested in one.
pub fn is_reserved(name: &str) -> bool {
    ["_geo", "_geojson", VECTORS_FIELD].iter().any(|reserved| is_in(name, reserved))
}

impl Settings {
    /// What the settings make of the field `name`, known or not.
    pub fn field_features(&self, name: &str) -> FieldFeatures {
        let rule = self.filterable_rule(name);
        let filterable = rule.map(|(_, features)| features).unwrap_or_default();
        let sortable = self.is_sortable(name);
        let distinct = self.distinct.as_deref().is_some_and(|distinct| is_in(name, distinct));
        let custom_ranked = self.is_custom_ranked(name);
        let has_filterable_values =
            (filterable.is_filterable() || filterable.facet_search) && self.filterable_values_reach(name);
        FieldFeatures {
            filterable_rule: rule.map(|(number, _)| number),
            filterable,
            sortable,
            distinct,
            custom_ranked,
            faceted: has_filterable_values || sortable || distinct || custom_ranked,
            searchable_weight: self.searchable_weight(name),
            exact: self.typo.disable_on_attributes.iter().any(|attribute| is_in(name, attribute)),
            locales: self.locales(name),
        }
    }

    /// The first rule of `filterableAttributes` that matches a field: its number, from 0, and what it allows.
    ///
    /// Patterns never match a reserved field. An attribute matches `_geo` and `_geojson`, whose numbers then
    /// filter like all others.
    pub fn filterable_rule(&self, name: &str) -> Option<(usize, FilterableFeatures)> {
        let is_reserved = is_reserved(name);
        if is_in(name, VECTORS_FIELD) {
            return None;
        }
        let decides = |rule: &FilterableRule| {
            (!is_reserved || matches!(rule, FilterableRule::Attribute(_))) && rule.matches(name)
        };
        let (number, rule) = self.filterable.iter().enumerate().find(|(_, rule)| decides(rule))?;
        Some((number, rule.features()))
    }

    /// Whether documents may be sorted by a field.
    pub fn is_sortable(&self, name: &str) -> bool {
        parents(name).chain([name]).any(|path| self.sortable.contains(path))
    }

    /// Whether a field is shown in search results: it, or one of its parents, is a displayed attribute.
    pub fn is_displayed(&self, name: &str) -> bool {
        let Some(displayed) = &self.displayed else { return true };
        displayed.iter().any(|attribute| is_in(name, attribute))
    }

    /// Rank of a field if it is searched: the place of the first entry of `searchableAttributes` that is the
    /// field or a parent of it; 0 for every field when all are searched.
    pub fn searchable_weight(&self, name: &str) -> Option<u16> {
        if is_reserved(name) {
            return None;
        }
        let Some(searchable) = &self.searchable else { return Some(0) };
        let place = searchable.iter().position(|attribute| is_in(name, attribute))?;
        Some(u16::try_from(place).unwrap_or(u16::MAX))
    }

    /// The highest weight that a field can have.
    pub fn searchable_weight_max(&self) -> u16 {
        let places = self.searchable.as_ref().map_or(0, |searchable| searchable.len().saturating_sub(1));
        u16::try_from(places).unwrap_or(u16::MAX)
    }

    /// The languages that the text of a field may be in, by the first rule that matches; none: any.
    pub fn locales(&self, name: &str) -> Vec<Language> {
        let mut rules = self.localized.iter().flatten();
        let rule = rules.find(|rule| attribute_pattern::any_matches(&rule.attribute_patterns, name));
        rule.map(|rule| rule.languages()).unwrap_or_default()
    }

    fn is_custom_ranked(&self, name: &str) -> bool {
        self.ranking_rules.iter().any(|rule| match rule {
            RankingRule::Ascending(field) | RankingRule::Descending(field) => is_in(name, field),
            _ => false,
        })
    }

    /// Whether the values of a field are looked at for `filterableAttributes`. An object is opened only if
    /// some pattern matches it or begins with its path, so `*_eur` alone never reaches `prices.x_eur`.
    fn filterable_values_reach(&self, name: &str) -> bool {
        let opens = |parent: &str| {
            self.filterable.iter().any(|rule| match rule {
                FilterableRule::Attribute(attribute) => is_in(parent, attribute) || is_in(attribute, parent),
                FilterableRule::Patterns(rule) => rule
                    .attribute_patterns
                    .iter()
                    .any(|pattern| attribute_pattern::leads_into(pattern, parent)),
            })
        };
        let mut parents = parents(name).peekable();
        parents.peek().is_none() || parents.any(opens)
    }
}
