//! The settings of an index: one file per setting that has rules of its own.
//!
//! - [`Settings`]: all of them, as stored and as used. Sets are sorted, defaults are filled in.
//! - [`SettingsUpdate`] ([`update`]): what a task changes. Every field has three states ([`Change`]).
//! - [`Settings::apply`] ([`apply`]): the settings after an update, or why it is refused; [`SettingsDiff`]
//!   says which tables the change makes wrong.
//! - [`Settings::to_json`] ([`json`]): what clients read.
//!
//! Stored form (entry `settings` of `main`): JSON of [`Settings`].

pub mod apply;
pub mod attribute_list;
pub mod change;
pub mod chat;
pub mod diff;
pub mod embedders;
pub mod error;
pub mod faceting;
pub mod filterable_attributes;
pub mod foreign_keys;
pub mod json;
pub mod localized_attributes;
pub mod pagination;
pub mod prefix_search;
pub mod proximity_precision;
pub mod ranking_rules;
pub mod synonyms;
pub mod typo_tolerance;
pub mod update;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use quarry_storage::{StorageError, Txn, WriteTxn};
use quarry_text::{Tokenizer, TokenizerOptions};
use serde::{Deserialize, Serialize};

pub use change::Change;
pub use chat::{ChatSettings, ChatUpdate};
pub use diff::SettingsDiff;
pub use embedders::{EmbedderFields, EmbeddersUpdate};
pub use error::SettingsError;
pub use faceting::{FacetOrder, FacetingSettings, FacetingUpdate};
pub use filterable_attributes::{FilterFeatures, FilterableFeatures, FilterableRule, PatternRule};
pub use foreign_keys::ForeignKey;
pub use localized_attributes::LocalizedRule;
pub use pagination::PaginationUpdate;
pub use prefix_search::PrefixSearch;
pub use proximity_precision::ProximityPrecision;
pub use ranking_rules::RankingRule;
pub use synonyms::Synonyms;
pub use typo_tolerance::{MinWordSizeUpdate, TypoSettings, TypoUpdate};
pub use update::SettingsUpdate;

use crate::{Tables, main_table};

/// Milliseconds after which ranking stops, when the setting is not given.
pub const DEFAULT_CUTOFF_MS: u64 = 1500;

/// Every setting of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The attribute that identifies documents, once it is known. Not a setting to clients.
    pub primary_key: Option<String>,
    /// `displayedAttributes`; `None` for all.
    pub displayed: Option<Vec<String>>,
    /// `searchableAttributes`, best first; `None` for all, with equal ranks.
    pub searchable: Option<Vec<String>>,
    /// `filterableAttributes`, as given.
    pub filterable: Vec<FilterableRule>,
    /// `sortableAttributes`.
    pub sortable: BTreeSet<String>,
    /// `foreignKeys`.
    pub foreign_keys: Vec<ForeignKey>,
    /// `rankingRules`, as given.
    pub ranking_rules: Vec<RankingRule>,
    /// `stopWords`, decomposed, not lower-cased.
    pub stop_words: BTreeSet<String>,
    /// `nonSeparatorTokens`.
    pub non_separators: BTreeSet<String>,
    /// `separatorTokens`.
    pub separators: BTreeSet<String>,
    /// `dictionary`.
    pub dictionary: BTreeSet<String>,
    /// `synonyms`, as given. [`crate::Snapshot::synonyms`] has them as words.
    pub synonyms: BTreeMap<String, Vec<String>>,
    /// `distinctAttribute`.
    pub distinct: Option<String>,
    /// `proximityPrecision`.
    pub proximity: ProximityPrecision,
    /// `typoTolerance`.
    pub typo: TypoSettings,
    /// `faceting`.
    pub faceting: FacetingSettings,
    /// `pagination.maxTotalHits`.
    pub max_total_hits: usize,
    /// `embedders`: for each, the fields that were given.
    pub embedders: BTreeMap<String, EmbedderFields>,
    /// `searchCutoffMs`; see [`Settings::cutoff_ms`] for the effective one.
    pub search_cutoff_ms: Option<u64>,
    /// `localizedAttributes`.
    pub localized: Option<Vec<LocalizedRule>>,
    /// `facetSearch`.
    pub facet_search: bool,
    /// `prefixSearch`.
    pub prefix_search: PrefixSearch,
    /// `chat`.
    pub chat: ChatSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            primary_key: None,
            displayed: None,
            searchable: None,
            filterable: Vec::new(),
            sortable: BTreeSet::new(),
            foreign_keys: Vec::new(),
            ranking_rules: ranking_rules::default_rules(),
            stop_words: BTreeSet::new(),
            non_separators: BTreeSet::new(),
            separators: BTreeSet::new(),
            dictionary: BTreeSet::new(),
            synonyms: BTreeMap::new(),
            distinct: None,
            proximity: ProximityPrecision::default(),
            typo: TypoSettings::default(),
            faceting: FacetingSettings::default(),
            max_total_hits: pagination::DEFAULT_MAX_TOTAL_HITS,
            embedders: BTreeMap::new(),
            search_cutoff_ms: None,
            localized: None,
            facet_search: true,
            prefix_search: PrefixSearch::default(),
            chat: ChatSettings::default(),
        }
    }
}

impl Settings {
    /// The stored settings.
    ///
    /// # Errors
    /// `Corrupted` when they are not what was written.
    pub fn read(tables: &Tables, txn: &Txn<'_>) -> Result<Settings, StorageError> {
        match tables.main.get(txn, main_table::SETTINGS)? {
            Some(bytes) => {
                serde_json::from_slice(bytes).map_err(|_| main_table::damaged("the settings cannot be read"))
            }
            None => Ok(Settings::default()),
        }
    }

    /// Stores the settings, if they are others than those stored.
    pub fn write(&self, tables: &Tables, txn: &mut WriteTxn<'_>) -> Result<(), StorageError> {
        let bytes = serde_json::to_vec(self).expect("settings hold strings, numbers, maps with string keys");
        if tables.main.get(txn, main_table::SETTINGS)? != Some(&bytes) {
            tables.main.put(txn, main_table::SETTINGS, &bytes)?;
            main_table::next_generation(tables, txn)?;
        }
        Ok(())
    }

    /// The tokenizer that these settings ask for.
    pub fn tokenizer(&self) -> Arc<Tokenizer> {
        Tokenizer::shared(TokenizerOptions {
            stop_words: self.stop_words.clone(),
            separators: self.separators.iter().cloned().collect(),
            non_separators: self.non_separators.iter().cloned().collect(),
            dictionary: self.dictionary.iter().cloned().collect(),
        })
    }

    /// Milliseconds after which ranking stops.
    pub fn cutoff_ms(&self) -> u64 {
        self.search_cutoff_ms.unwrap_or(DEFAULT_CUTOFF_MS)
    }

    /// Whether points of documents may be filtered by: `_geo` is filterable by its plain name.
    pub fn is_geo_filterable(&self) -> bool {
        self.names_filterable("_geo")
    }

    /// Whether shapes of documents may be filtered by: `_geojson` is filterable by its plain name.
    pub fn is_geojson_filterable(&self) -> bool {
        self.names_filterable("_geojson")
    }

    /// Whether documents may be sorted by distance.
    pub fn is_geo_sortable(&self) -> bool {
        self.sortable.contains("_geo")
    }

    /// Whether points of documents are stored, and checked when documents come.
    pub fn is_geo_stored(&self) -> bool {
        self.is_geo_filterable() || self.is_geo_sortable()
    }

    fn names_filterable(&self, name: &str) -> bool {
        self.filterable.iter().any(|rule| matches!(rule, FilterableRule::Attribute(given) if given == name))
    }
}
