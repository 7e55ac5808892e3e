//! The settings after an update.

use std::collections::BTreeSet;

use quarry_text::normalize_stop_word;

use super::{
    Change, Settings, SettingsDiff, SettingsError, SettingsUpdate, attribute_list, chat, embedders, faceting,
    localized_attributes, pagination, ranking_rules, typo_tolerance,
};

impl Settings {
    /// The settings after `update`, and what the change makes wrong on disk.
    ///
    /// # Errors
    /// Nothing changes then: a refused update has no effect at all.
    pub fn apply(&self, update: &SettingsUpdate) -> Result<(Settings, SettingsDiff), SettingsError> {
        let after = Settings {
            primary_key: self.primary_key.clone(),
            displayed: attributes(&self.displayed, &update.displayed_attributes),
            searchable: attributes(&self.searchable, &update.searchable_attributes),
            filterable: update.filterable_attributes.apply_to(&self.filterable),
            sortable: update.sortable_attributes.apply_to(&self.sortable),
            foreign_keys: update.foreign_keys.apply_to(&self.foreign_keys),
            ranking_rules: ranking_rules::apply(&self.ranking_rules, &update.ranking_rules)?,
            stop_words: stop_words(&self.stop_words, &update.stop_words),
            non_separators: update.non_separator_tokens.apply_to(&self.non_separators),
            separators: update.separator_tokens.apply_to(&self.separators),
            dictionary: update.dictionary.apply_to(&self.dictionary),
            synonyms: update.synonyms.apply_to(&self.synonyms),
            distinct: optional(&self.distinct, &update.distinct_attribute),
            proximity: update.proximity_precision.apply_to(&self.proximity),
            typo: typo_tolerance::apply(&self.typo, &update.typo_tolerance)?,
            faceting: faceting::apply(&self.faceting, &update.faceting),
            max_total_hits: pagination::apply(self.max_total_hits, &update.pagination),
            embedders: embedders::apply(&self.embedders, &update.embedders)?,
            search_cutoff_ms: optional(&self.search_cutoff_ms, &update.search_cutoff_ms),
            localized: localized_attributes::apply(&self.localized, &update.localized_attributes)?,
            facet_search: update.facet_search.apply_or(&self.facet_search, || true),
            prefix_search: update.prefix_search.apply_to(&self.prefix_search),
            chat: chat::apply(&self.chat, &update.chat)?,
        };
        let diff = SettingsDiff::between(self, &after);
        Ok((after, diff))
    }
}

fn attributes(before: &Option<Vec<String>>, change: &Change<Vec<String>>) -> Option<Vec<String>> {
    match change {
        Change::Unchanged => before.clone(),
        Change::Reset => None,
        Change::Set(given) => attribute_list::stored(given),
    }
}

fn optional<T: Clone>(before: &Option<T>, change: &Change<T>) -> Option<T> {
    match change {
        Change::Unchanged => before.clone(),
        Change::Reset => None,
        Change::Set(value) => Some(value.clone()),
    }
}

fn stop_words(before: &BTreeSet<String>, change: &Change<BTreeSet<String>>) -> BTreeSet<String> {
    match change {
        Change::Set(given) => given.iter().map(|word| normalize_stop_word(word)).collect(),
        other => other.apply_to(before),
    }
}
