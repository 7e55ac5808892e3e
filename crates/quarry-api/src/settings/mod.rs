//! Settings of an index: one table with every setting, its sub-route and its error code.
//!
//! A request is checked here for its shape only, and given on as JSON by [`Settings::to_json`].

mod attributes;
mod chat;
mod embedders;
mod faceting;
mod foreign_keys;
mod localized;
mod ranking_rules;
mod single;
mod typo_tolerance;

use std::collections::{BTreeMap, BTreeSet};

use deserr::Deserr;
use quarry_error::marker::*;
use quarry_error::{Code, ErrorResponse};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::features::{Feature, Features};
use crate::query_string::from_json;
use crate::request_error::JsonError;
use crate::setting::Setting;

pub use attributes::{FilterableAttribute, FilterableFeatures, FilterableRule, OperatorFeatures};
pub use chat::{ChatSearchParameters, ChatSettings};
pub use embedders::{EmbedderSettings, EmbedderSource};
pub use faceting::{FacetOrder, FacetingSettings, PaginationSettings};
pub use foreign_keys::ForeignKey;
pub use localized::LocalizedRule;
pub use ranking_rules::RankingRule;
pub use single::{PrefixSearch, ProximityPrecision};
pub use typo_tolerance::{MinWordSizeForTypos, TypoToleranceSettings};

/// The method that changes one setting through its sub-route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// The body replaces the setting.
    Put,
    /// The body is merged into the setting.
    Patch,
}

/// One setting in the table of all.
#[derive(Debug, Clone, Copy)]
pub struct SettingRoute {
    /// The key in the JSON object.
    pub key: &'static str,
    /// The last part of the path of its sub-route.
    pub path: &'static str,
    /// The method that changes it.
    pub verb: Verb,
    parse: fn(Value) -> Result<Settings, ErrorResponse>,
    reset: fn() -> Settings,
}

impl SettingRoute {
    /// Reads the body of the sub-route: the value itself, `null` to reset.
    ///
    /// # Errors
    /// The first error, with the code of the setting.
    pub fn parse(&self, body: Value) -> Result<Settings, ErrorResponse> {
        (self.parse)(body)
    }

    /// The change that `DELETE` on the sub-route makes.
    pub fn reset(&self) -> Settings {
        (self.reset)()
    }
}

macro_rules! settings {
    ($($field:ident, $key:literal, $path:literal, $verb:ident, $value:ty, $code:ident;)*) => {
        /// What a request changes.
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserr)]
        #[deserr(error = JsonError, rename_all = camelCase, deny_unknown_fields)]
        #[serde(rename_all = "camelCase")]
        #[allow(missing_docs)]
        pub struct Settings {
            $(
                #[deserr(default, error = JsonError<$code>)]
                #[serde(skip_serializing_if = "Setting::is_not_set")]
                pub $field: Setting<$value>,
            )*
        }

        /// Every setting, in the order of the API.
        pub const ROUTES: &[SettingRoute] = &[$(
            SettingRoute {
                key: $key,
                path: $path,
                verb: Verb::$verb,
                parse: |body| {
                    let $field = from_json::<Setting<$value>, $code>(body)?;
                    Ok(Settings { $field, ..Settings::default() })
                },
                reset: || Settings { $field: Setting::Reset, ..Settings::default() },
            },
        )*];

        impl Settings {
            /// Every setting back to its default.
            pub fn reset_all() -> Settings {
                Settings { $($field: Setting::Reset,)* }
            }
        }
    };
}

settings! {
    displayed_attributes, "displayedAttributes", "displayed-attributes", Put, Vec<String>, InvalidSettingsDisplayedAttributes;
    searchable_attributes, "searchableAttributes", "searchable-attributes", Put, Vec<String>, InvalidSettingsSearchableAttributes;
    filterable_attributes, "filterableAttributes", "filterable-attributes", Put, Vec<FilterableAttribute>, InvalidSettingsFilterableAttributes;
    sortable_attributes, "sortableAttributes", "sortable-attributes", Put, BTreeSet<String>, InvalidSettingsSortableAttributes;
    foreign_keys, "foreignKeys", "foreign-keys", Put, Vec<ForeignKey>, InvalidSettingsForeignKeys;
    ranking_rules, "rankingRules", "ranking-rules", Put, Vec<RankingRule>, InvalidSettingsRankingRules;
    stop_words, "stopWords", "stop-words", Put, BTreeSet<String>, InvalidSettingsStopWords;
    non_separator_tokens, "nonSeparatorTokens", "non-separator-tokens", Put, BTreeSet<String>, InvalidSettingsNonSeparatorTokens;
    separator_tokens, "separatorTokens", "separator-tokens", Put, BTreeSet<String>, InvalidSettingsSeparatorTokens;
    dictionary, "dictionary", "dictionary", Put, BTreeSet<String>, InvalidSettingsDictionary;
    synonyms, "synonyms", "synonyms", Put, BTreeMap<String, Vec<String>>, InvalidSettingsSynonyms;
    distinct_attribute, "distinctAttribute", "distinct-attribute", Put, String, InvalidSettingsDistinctAttribute;
    proximity_precision, "proximityPrecision", "proximity-precision", Put, ProximityPrecision, InvalidSettingsProximityPrecision;
    typo_tolerance, "typoTolerance", "typo-tolerance", Patch, TypoToleranceSettings, InvalidSettingsTypoTolerance;
    faceting, "faceting", "faceting", Patch, FacetingSettings, InvalidSettingsFaceting;
    pagination, "pagination", "pagination", Patch, PaginationSettings, InvalidSettingsPagination;
    embedders, "embedders", "embedders", Patch, BTreeMap<String, Setting<EmbedderSettings>>, InvalidSettingsEmbedders;
    search_cutoff_ms, "searchCutoffMs", "search-cutoff-ms", Put, u64, InvalidSettingsSearchCutoffMs;
    localized_attributes, "localizedAttributes", "localized-attributes", Put, Vec<LocalizedRule>, InvalidSettingsLocalizedAttributes;
    facet_search, "facetSearch", "facet-search", Put, bool, InvalidSettingsFacetSearch;
    prefix_search, "prefixSearch", "prefix-search", Put, PrefixSearch, InvalidSettingsPrefixSearch;
    chat, "chat", "chat", Patch, ChatSettings, InvalidSettingsIndexChat;
}

impl Settings {
    /// Checks what the types cannot say: experimental features, ranking rules together, embedders.
    ///
    /// # Errors
    /// `feature_not_enabled`, `invalid_settings_ranking_rules` or `invalid_settings_embedders`.
    pub fn validate(&self, features: &Features) -> Result<(), ErrorResponse> {
        let gated = |feature: Feature, name: &str| {
            let action = format!("setting `{name}` in the index settings");
            features.require(feature, &action)
        };
        if self.chat.as_set().is_some() {
            gated(Feature::ChatCompletions, "chat")?;
        }
        if self.foreign_keys.as_set().is_some() {
            gated(Feature::ForeignKeys, "foreignKeys")?;
        }
        if let Some(rules) = self.ranking_rules.as_set() {
            ranking_rules::check_mixture(rules)?;
        }
        match self.embedders.as_set() {
            Some(embedders) => embedders::validate(embedders, features),
            None => Ok(()),
        }
    }

    /// The change as a JSON object: absent keys stay as they are, `null` resets, save that an attribute
    /// list is reset by `["*"]`. Secrets are in clear.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut map = match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            // Every key is text and every number finite, so this cannot happen.
            Ok(_) | Err(_) => Map::new(),
        };
        for key in ["displayedAttributes", "searchableAttributes"] {
            if let Some(value) = map.get_mut(key).filter(|value| value.is_null()) {
                *value = Value::Array(vec![Value::String("*".to_owned())]);
            }
        }
        map
    }
}

/// An error about the embedders as a whole.
fn embedders_error(message: String) -> ErrorResponse {
    ErrorResponse::new(message, Code::InvalidSettingsEmbedders)
}

#[cfg(test)]
mod tests;
