//! A change of settings, as a task carries it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Change, ChatUpdate, EmbeddersUpdate, FacetingUpdate, FilterableRule, ForeignKey, LocalizedRule,
    PaginationUpdate, PrefixSearch, ProximityPrecision, TypoUpdate,
};

macro_rules! settings_update {
    ($($(#[$doc:meta])* $field:ident: $type:ty,)*) => {
        /// A change of settings, as a task carries it. In JSON: the keys and values that clients send;
        /// absent keys change nothing, `null` resets.
        #[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default, deny_unknown_fields)]
        pub struct SettingsUpdate {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Change::is_unchanged")]
                pub $field: Change<$type>,
            )*
        }

        impl SettingsUpdate {
            /// Resets every setting.
            pub fn reset_all() -> SettingsUpdate {
                SettingsUpdate { $($field: Change::Reset,)* }
            }

            /// Whether nothing is said about any setting.
            pub fn is_empty(&self) -> bool {
                $(self.$field.is_unchanged())&&*
            }

            fn replace_by(&mut self, later: SettingsUpdate) {
                $(self.$field.replace_by(later.$field);)*
            }
        }
    };
}

settings_update! {
    /// `displayedAttributes`
    displayed_attributes: Vec<String>,
    /// `searchableAttributes`
    searchable_attributes: Vec<String>,
    /// `filterableAttributes`
    filterable_attributes: Vec<FilterableRule>,
    /// `sortableAttributes`
    sortable_attributes: BTreeSet<String>,
    /// `foreignKeys`
    foreign_keys: Vec<ForeignKey>,
    /// `rankingRules`
    ranking_rules: Vec<String>,
    /// `stopWords`, as sent
    stop_words: BTreeSet<String>,
    /// `nonSeparatorTokens`
    non_separator_tokens: BTreeSet<String>,
    /// `separatorTokens`
    separator_tokens: BTreeSet<String>,
    /// `dictionary`
    dictionary: BTreeSet<String>,
    /// `synonyms`: replaced as a whole
    synonyms: BTreeMap<String, Vec<String>>,
    /// `distinctAttribute`
    distinct_attribute: String,
    /// `proximityPrecision`
    proximity_precision: ProximityPrecision,
    /// `typoTolerance`: changed field by field
    typo_tolerance: TypoUpdate,
    /// `faceting`: changed field by field
    faceting: FacetingUpdate,
    /// `pagination`: changed field by field
    pagination: PaginationUpdate,
    /// `embedders`: changed by name, and each field by field
    embedders: EmbeddersUpdate,
    /// `searchCutoffMs`
    search_cutoff_ms: u64,
    /// `localizedAttributes`, with the codes that were sent
    localized_attributes: Vec<LocalizedRule>,
    /// `facetSearch`
    facet_search: bool,
    /// `prefixSearch`
    prefix_search: PrefixSearch,
    /// `chat`: changed field by field
    chat: ChatUpdate,
}

impl SettingsUpdate {
    /// Puts a later update after this one: applying the result is applying both, one after the other.
    pub fn merge(&mut self, mut later: SettingsUpdate) {
        let typo_tolerance = std::mem::take(&mut later.typo_tolerance);
        self.typo_tolerance.merge(typo_tolerance, TypoUpdate::all_reset, TypoUpdate::merge);
        let faceting = std::mem::take(&mut later.faceting);
        self.faceting.merge(faceting, FacetingUpdate::all_reset, FacetingUpdate::merge);
        let pagination = std::mem::take(&mut later.pagination);
        self.pagination.merge(pagination, PaginationUpdate::all_reset, PaginationUpdate::merge);
        let chat = std::mem::take(&mut later.chat);
        self.chat.merge(chat, ChatUpdate::all_reset, ChatUpdate::merge);
        let embedders = std::mem::take(&mut later.embedders);
        self.embedders.merge(embedders, EmbeddersUpdate::all_reset, EmbeddersUpdate::merge);
        self.replace_by(later);
    }
}
