//! What a change of settings makes wrong on disk.

use super::{Settings, attribute_list};
use crate::{FieldId, Fields};

/// The families of tables that must be built again from the documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SettingsDiff {
    /// Some setting is another one. False: there is nothing to write at all.
    pub any: bool,
    /// Words, exact words, their fields, positions and counts, and both dictionaries.
    pub words: bool,
    /// Word pairs.
    pub pairs: bool,
    /// Kept prefixes and their unions. Also right after `words` changed.
    pub prefixes: bool,
    /// Facet values, of the fields that [`Settings::changed_facet_fields`] names.
    pub facets: bool,
    /// What facet search needs beside the facet values.
    pub facet_search: bool,
    /// Points of documents.
    pub geo: bool,
    /// Vectors.
    pub vectors: bool,
}

impl SettingsDiff {
    /// Whether documents have to be read again.
    pub fn needs_documents(&self) -> bool {
        self.words || self.pairs || self.facets || self.geo || self.vectors
    }

    /// What follows from going from `before` to `after`.
    pub fn between(before: &Settings, after: &Settings) -> SettingsDiff {
        let cut_is_other = before.stop_words != after.stop_words
            || before.separators != after.separators
            || before.non_separators != after.non_separators
            || before.dictionary != after.dictionary
            || before.localized != after.localized
            || !attribute_list::are_same_fields(&before.searchable, &after.searchable);
        let exactness_is_other = before.typo.disable_on_attributes != after.typo.disable_on_attributes
            || before.typo.disable_on_numbers != after.typo.disable_on_numbers;
        let words = cut_is_other || exactness_is_other;
        let geo = before.is_geo_stored() != after.is_geo_stored();
        SettingsDiff {
            any: before != after,
            words,
            pairs: cut_is_other || before.proximity != after.proximity,
            prefixes: words || before.prefix_search != after.prefix_search,
            facets: before.filterable != after.filterable
                || before.sortable != after.sortable
                || before.distinct != after.distinct
                || before.ranking_rules != after.ranking_rules,
            facet_search: before.facet_search != after.facet_search || before.filterable != after.filterable,
            geo,
            vectors: before.embedders != after.embedders,
        }
    }
}

impl Settings {
    /// The fields whose facet values, or whose `EXISTS`, `IS NULL` and `IS EMPTY`, are to be stored or to be
    /// taken out when these settings become `after`.
    pub fn changed_facet_fields(&self, after: &Settings, fields: &Fields) -> Vec<FieldId> {
        let stored = |settings: &Settings, name: &str| {
            let features = settings.field_features(name);
            (features.faceted, features.is_presence_stored())
        };
        let changed = fields.iter().filter(|(_, name)| stored(self, name) != stored(after, name));
        changed.map(|(field, _)| field).collect()
    }
}
