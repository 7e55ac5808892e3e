//! `chat`: how an index is described to a language model.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::embedders::{DEFAULT_DOCUMENT_TEMPLATE, DEFAULT_DOCUMENT_TEMPLATE_MAX_BYTES};
use super::{Change, SettingsError};

/// The setting, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatSettings {
    /// What the index is about.
    pub description: String,
    /// How a document is written as text.
    pub document_template: String,
    /// Longest such text, in bytes.
    pub document_template_max_bytes: usize,
    /// Parameters of the searches that the model makes, as given.
    pub search_parameters: Map<String, Value>,
}

impl Default for ChatSettings {
    fn default() -> Self {
        ChatSettings {
            description: String::new(),
            document_template: DEFAULT_DOCUMENT_TEMPLATE.to_owned(),
            document_template_max_bytes: DEFAULT_DOCUMENT_TEMPLATE_MAX_BYTES,
            search_parameters: Map::new(),
        }
    }
}

/// A change of the setting, field by field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ChatUpdate {
    /// `description`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub description: Change<String>,
    /// `documentTemplate`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub document_template: Change<String>,
    /// `documentTemplateMaxBytes`
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub document_template_max_bytes: Change<usize>,
    /// `searchParameters`: each key is replaced, or reset by `null`.
    #[serde(skip_serializing_if = "Change::is_unchanged")]
    pub search_parameters: Change<Map<String, Value>>,
}

impl ChatUpdate {
    pub(super) fn all_reset() -> ChatUpdate {
        ChatUpdate {
            description: Change::Reset,
            document_template: Change::Reset,
            document_template_max_bytes: Change::Reset,
            search_parameters: Change::Reset,
        }
    }

    pub(super) fn merge(&mut self, later: ChatUpdate) {
        self.description.replace_by(later.description);
        self.document_template.replace_by(later.document_template);
        self.document_template_max_bytes.replace_by(later.document_template_max_bytes);
        let all_reset = || SEARCH_PARAMETERS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        self.search_parameters
            .merge(later.search_parameters, all_reset, |earlier, later| earlier.extend(later));
    }
}

const SEARCH_PARAMETERS: [&str; 7] = [
    "hybrid",
    "limit",
    "sort",
    "distinct",
    "matchingStrategy",
    "attributesToSearchOn",
    "rankingScoreThreshold",
];

/// The setting after an update.
pub(super) fn apply(
    before: &ChatSettings,
    update: &Change<ChatUpdate>,
) -> Result<ChatSettings, SettingsError> {
    let defaults = ChatSettings::default;
    let update = match update {
        Change::Unchanged => return Ok(before.clone()),
        Change::Reset => return Ok(defaults()),
        Change::Set(update) => update,
    };
    let template = &update.document_template;
    let max_bytes = &update.document_template_max_bytes;
    let after = ChatSettings {
        description: update.description.apply_to(&before.description),
        document_template: template.apply_or(&before.document_template, || defaults().document_template),
        document_template_max_bytes: max_bytes
            .apply_or(&before.document_template_max_bytes, || defaults().document_template_max_bytes),
        search_parameters: search_parameters(&before.search_parameters, &update.search_parameters),
    };
    if after.document_template_max_bytes == 0 {
        return Err(SettingsError::ZeroTemplateBytes { path: ".chat".to_owned() });
    }
    if let Change::Set(template) = template {
        quarry_template::check(template).map_err(SettingsError::ChatTemplate)?;
    }
    Ok(after)
}

fn search_parameters(before: &Map<String, Value>, update: &Change<Map<String, Value>>) -> Map<String, Value> {
    match update {
        Change::Unchanged => before.clone(),
        Change::Reset => Map::new(),
        Change::Set(given) => {
            let mut after = before.clone();
            after.extend(given.clone());
            after.retain(|_, value| !value.is_null());
            after
        }
    }
}
