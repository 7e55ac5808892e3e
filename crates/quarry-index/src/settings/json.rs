//! The settings as clients read them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::embedders::{self, Secrets};
use super::{Settings, attribute_list};

/// Names of the settings, in the order in which clients read them.
pub const NAMES: [&str; 22] = [
    "displayedAttributes",
    "searchableAttributes",
    "filterableAttributes",
    "sortableAttributes",
    "foreignKeys",
    "rankingRules",
    "stopWords",
    "nonSeparatorTokens",
    "separatorTokens",
    "dictionary",
    "synonyms",
    "distinctAttribute",
    "proximityPrecision",
    "typoTolerance",
    "faceting",
    "pagination",
    "embedders",
    "searchCutoffMs",
    "localizedAttributes",
    "facetSearch",
    "prefixSearch",
    "chat",
];

fn value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("settings hold strings, numbers, maps with string keys")
}

impl Settings {
    /// All settings, with their defaults filled in and secrets redacted. `chat` and `foreignKeys` are there
    /// only when asked for.
    pub fn to_json(&self, show_chat: bool, show_foreign_keys: bool) -> Value {
        let is_shown = |name: &&str| match *name {
            "chat" => show_chat,
            "foreignKeys" => show_foreign_keys,
            _ => true,
        };
        self.object(NAMES.into_iter().filter(is_shown), Secrets::Redacted)
    }

    /// All settings with secrets in clear: for backups.
    pub fn to_json_with_secrets(&self) -> Value {
        self.object(NAMES.into_iter(), Secrets::Shown)
    }

    /// One setting, by its name (`typoTolerance`), as clients read it; `None` for other names.
    pub fn setting_json(&self, name: &str) -> Option<Value> {
        NAMES.contains(&name).then(|| self.shown(name, Secrets::Redacted))
    }

    fn object(&self, names: impl Iterator<Item = &'static str>, secrets: Secrets) -> Value {
        let object: Map<String, Value> =
            names.map(|name| (name.to_owned(), self.shown(name, secrets))).collect();
        Value::Object(object)
    }

    fn shown(&self, name: &str, secrets: Secrets) -> Value {
        match name {
            "displayedAttributes" => value(&attribute_list::shown(&self.displayed)),
            "searchableAttributes" => value(&attribute_list::shown(&self.searchable)),
            "filterableAttributes" => value(&self.filterable),
            "sortableAttributes" => value(&self.sortable),
            "foreignKeys" => value(&self.foreign_keys),
            "rankingRules" => value(&self.ranking_rules),
            "stopWords" => value(&self.stop_words),
            "nonSeparatorTokens" => value(&self.non_separators),
            "separatorTokens" => value(&self.separators),
            "dictionary" => value(&self.dictionary),
            "synonyms" => value(&self.synonyms),
            "distinctAttribute" => value(&self.distinct),
            "proximityPrecision" => value(&self.proximity),
            "typoTolerance" => self.typo_json(),
            "faceting" => json!({
                "maxValuesPerFacet": self.faceting.max_values,
                "sortFacetValuesBy": self.faceting.sort_by,
            }),
            "pagination" => json!({ "maxTotalHits": self.max_total_hits }),
            "embedders" => {
                let shown = |(name, fields): (&String, _)| (name.clone(), embedders::shown(fields, secrets));
                Value::Object(self.embedders.iter().map(shown).collect())
            }
            "searchCutoffMs" => value(&self.search_cutoff_ms),
            "localizedAttributes" => value(&self.localized),
            "facetSearch" => value(&self.facet_search),
            "prefixSearch" => value(&self.prefix_search),
            "chat" => value(&self.chat),
            _ => Value::Null,
        }
    }

    fn typo_json(&self) -> Value {
        json!({
            "enabled": self.typo.enabled,
            "minWordSizeForTypos": { "oneTypo": self.typo.one_typo, "twoTypos": self.typo.two_typos },
            "disableOnWords": self.typo.disable_on_words,
            "disableOnAttributes": self.typo.disable_on_attributes,
            "disableOnNumbers": self.typo.disable_on_numbers,
        })
    }
}
