//! `faceting`: how many values of a facet are shown, and in which order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Change;

/// Values of a facet that are shown, when the setting is not given.
pub const DEFAULT_MAX_VALUES: usize = 100;

/// The entry that stands for all attributes without one of their own.
const ALL_ATTRIBUTES: &str = "*";

/// The order in which the values of a facet are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FacetOrder {
    /// By value.
    #[default]
    Alpha,
    /// By number of documents, most first.
    Count,
}

/// The setting, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetingSettings {
    /// `maxValuesPerFacet`
    pub max_values: usize,
    /// `sortFacetValuesBy`: by attribute; `*` is always there.
    pub sort_by: BTreeMap<String, FacetOrder>,
}

impl Default for FacetingSettings {
    fn default() -> Self {
        FacetingSettings { max_values: DEFAULT_MAX_VALUES, sort_by: with_all_attributes(BTreeMap::new()) }
    }
}

impl FacetingSettings {
    /// The order of the values of `attribute`.
    pub fn order_of(&self, attribute: &str) -> FacetOrder {
        let order = self.sort_by.get(attribute).or_else(|| self.sort_by.get(ALL_ATTRIBUTES));
        order.copied().unwrap_or_default()
    }
}

fn with_all_attributes(mut sort_by: BTreeMap<String, FacetOrder>) -> BTreeMap<String, FacetOrder> {
    sort_by.entry(ALL_ATTRIBUTES.to_owned()).or_default();
    sort_by
}

/// A change of the setting, field by field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct FacetingUpdate {
    /// `maxValuesPerFacet`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub max_values_per_facet: Change<usize>,
    /// `sortFacetValuesBy`: replaced as a whole.
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub sort_facet_values_by: Change<BTreeMap<String, FacetOrder>>,
}

impl FacetingUpdate {
    pub(super) fn all_reset() -> FacetingUpdate {
        FacetingUpdate { max_values_per_facet: Change::Reset, sort_facet_values_by: Change::Reset }
    }

    pub(super) fn merge(&mut self, later: FacetingUpdate) {
        self.max_values_per_facet.replace_by(later.max_values_per_facet);
        self.sort_facet_values_by.replace_by(later.sort_facet_values_by);
    }
}

/// The setting after an update.
pub(super) fn apply(before: &FacetingSettings, update: &Change<FacetingUpdate>) -> FacetingSettings {
    match update {
        Change::Unchanged => before.clone(),
        Change::Reset => FacetingSettings::default(),
        Change::Set(update) => FacetingSettings {
            max_values: update.max_values_per_facet.apply_or(&before.max_values, || DEFAULT_MAX_VALUES),
            sort_by: with_all_attributes(update.sort_facet_values_by.apply_to(&before.sort_by)),
        },
    }
}
